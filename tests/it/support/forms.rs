//! Forms as a browser without script sends them.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{CONTENT_TYPE, COOKIE};

use super::{Answer, TestApp};

/// A browser that was shown a page, and keeps its cookie.
pub struct Browser<'a> {
    app: &'a TestApp,
    cookie: String,
}

impl<'a> Browser<'a> {
    /// Opens a page and keeps the cookie that it gives.
    pub async fn open(app: &'a TestApp, page: &str) -> Self {
        let shown = app.get(page).await;
        let cookie = shown.header("set-cookie").split(';').next().unwrap_or_default().to_owned();
        Self { app, cookie }
    }

    /// GETs a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.app.send(Request::get(path).header(COOKIE, &self.cookie).body(Body::empty()).unwrap()).await
    }

    /// POSTs a form from a page of ours.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.submit_from(path, fields, "same-origin").await
    }

    /// POSTs a form from a page of this site, in `sec-fetch-site`'s words.
    pub async fn submit_from(&self, path: &str, fields: &[(&str, &str)], site: &str) -> Answer {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(COOKIE, &self.cookie)
            .header("sec-fetch-site", site);
        self.app.send(request.body(Body::from(form.finish())).unwrap()).await
    }
}

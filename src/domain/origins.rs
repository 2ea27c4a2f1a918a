//! Which pages of other origins may call the API (API-7): each organisation lists its own. The
//! list itself is one of the organisation's settings.

use std::sync::atomic::{AtomicBool, Ordering};

use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use url::Url;

use super::validation::Checks;
use crate::db::pool::Pools;
use crate::db::scope::{Access, Door, Tx};
use crate::db::settings::origin_is_listed;
use crate::error::{Error, Result};

/// The longest list.
const MOST: usize = 20;

/// Whether any organisation lists it: enough for a browser to ask, never to be answered.
pub async fn is_listed_anywhere(pools: &Pools, origin: &str) -> Result<bool> {
    let entered = pools
        .enter(Door::Street, Access::Read, |mut connection| {
            let origin = origin.to_owned();
            async move { diesel::select(origin_is_listed(origin)).get_result(&mut connection).await.map(Some) }
                .boxed()
        })
        .await?;
    let Some(tx) = entered else { return Ok(false) };
    let listed: bool = *tx.scope();
    tx.commit().await?;
    Ok(listed)
}

/// A page of another origin that sent the request; that some organisation lists it was found at
/// the door of the API, the organisation that is entered decides whether it does.
#[derive(Debug)]
pub struct ForeignPage {
    origin: String,
    refused: AtomicBool,
}

impl ForeignPage {
    pub fn new(origin: String) -> Self {
        Self { origin, refused: AtomicBool::new(false) }
    }

    /// As the browser sent it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether an organisation was entered that does not list it.
    pub fn is_refused(&self) -> bool {
        AtomicBool::load(&self.refused, Ordering::Relaxed)
    }

    fn refuse(&self) -> Error {
        self.refused.store(true, Ordering::Relaxed);
        Error::Forbidden("The organisation does not list the origin of this page.")
    }
}

/// Refuses a page whose origin the organisation that was entered does not list. The caller rolls
/// the transaction back.
pub async fn admit<S>(page: Option<&ForeignPage>, tx: &Tx<S>) -> Result<()> {
    let Some(page) = page else { return Ok(()) };
    let listed: bool =
        diesel::select(origin_is_listed(page.origin())).get_result(&mut tx.connection()).await?;
    if listed { Ok(()) } else { Err(page.refuse()) }
}

/// Refuses every page of another origin, where there is no organisation yet that could list it.
pub fn admit_none(page: Option<&ForeignPage>) -> Result<()> {
    page.map_or(Ok(()), |page| Err(page.refuse()))
}

/// Checks a list as staff typed it: exact origins as browsers send them, https, or http on the
/// caller's own machine.
pub fn parse(checks: &mut Checks, path: &str, origins: Vec<String>) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for (index, origin) in origins.iter().enumerate() {
        match canonical(origin) {
            Some(origin) if !list.contains(&origin) => list.push(origin),
            Some(_) => {}
            None => checks.problem(
                &format!("{path}.{index}"),
                "Give an origin such as https://portal.example.com, without a path; http only for localhost.",
            ),
        }
    }
    if list.len() > MOST {
        checks.problem(path, format!("At most {MOST} origins can be listed."));
    }
    list
}

fn canonical(origin: &str) -> Option<String> {
    let url = Url::parse(origin.trim()).ok()?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let scheme = url.scheme() == "https" || (url.scheme() == "http" && local);
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    let text = url.origin().ascii_serialization();
    (scheme && bare && anonymous && !text.contains('*') && text.len() <= 200).then_some(text)
}

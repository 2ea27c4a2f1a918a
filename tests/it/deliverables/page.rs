//! Deliverables on the page (DEL-2, DEL-3): the form works without script.

use axum::http::StatusCode;
use regex::Regex;

use super::Work;
use crate::support::forms::Browser;

/// DEL-2, DEL-3
#[tokio::test]
async fn a_client_decides_on_the_page_and_takes_a_receipt_along() {
    let work = Work::ready().await;
    let home = format!("/portal/{}", work.app.acme().portals[0].token);
    let browser = Browser::open(&work.app, &home).await;
    let record = browser.get(&format!("{home}/records/{}", work.record)).await;
    let page = format!("{home}/deliverables/{}", work.deliverable);
    assert!(
        record.body().contains(&format!("href=\"{page}\""))
            && record.body().contains("Waiting for your word")
    );
    let shown = browser.get(&page).await;
    for part in ["Poster", "Design, PDF", "For your eyes", "Version 1", "value=\"APPROVED\"", "name=\"name\""]
    {
        assert!(shown.body().contains(part), "{part}: {}", shown.body());
    }
    let (_, form) = shown.body().split_once("<form class=\"compose\"").unwrap();
    let pressed_by_enter = form.split("<button").nth(1).unwrap().split('>').next().unwrap();
    assert!(pressed_by_enter.contains("disabled"), "nobody approves with Enter: {pressed_by_enter}");
    let fields =
        |verdict| [("version", work.version.as_str()), ("verdict", verdict), ("name", "Ada"), ("reason", "")];
    let refused = browser.submit(&page, &fields("REJECTED")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.body().contains("Please say why."));
    let foreign = browser.submit_from(&page, &fields("APPROVED"), "cross-site").await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    for _ in 0..2 {
        let decided = browser.submit(&page, &fields("APPROVED")).await;
        assert_eq!(decided.status, StatusCode::SEE_OTHER, "{}", decided.body());
        assert_eq!(decided.header("location"), page);
    }
    let late = browser
        .submit(&page, &[("version", work.version.as_str()), ("verdict", "REJECTED"), ("reason", "No.")])
        .await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.body().contains("decided already"));
    let done = browser.get(&page).await;
    assert!(done.body().contains("Approved") && !done.body().contains("<textarea"));
    let receipt = Regex::new("href=\"([^\"]*/receipts/[^\"]*)\"").unwrap();
    let receipt = receipt.captures(done.body()).unwrap()[1].to_owned();
    let printed = browser.get(&receipt).await;
    assert!(
        printed.body().contains("Poster, version 1") && printed.body().contains("Ada (name not verified)")
    );
    let file = browser.get(&format!("{receipt}/receipt.json")).await;
    assert_eq!(file.header("content-type"), "application/json");
    assert!(file.header("content-disposition").starts_with("attachment"));
    assert_eq!(file.json()["receipt"]["decision"], "APPROVED");
    let neighbour =
        work.app.acme().portals.iter().find(|portal| portal.title == work.app.acme().companies[1].name);
    let neighbour = format!("/portal/{}", neighbour.unwrap().token);
    for path in [page.replace(&home, &neighbour), receipt.replace(&home, &neighbour)] {
        assert_eq!(work.app.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(work.app.get(&format!("{path}/receipt.json")).await.status, StatusCode::NOT_FOUND);
    }
}

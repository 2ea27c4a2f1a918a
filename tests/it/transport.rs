//! API-2, API-3, API-5: what is a request, what is refused, and with which status.

use axum::body::Body;
use axum::http::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, TestApp};

const STRICT: &str = "application/graphql-response+json";
const PLAIN: &str = "application/json";
const VERSION: &str = "{ service { version } }";

async fn post(app: &TestApp, accept: &str, body: impl Into<String>) -> Answer {
    let request = Request::post("/graphql").header(CONTENT_TYPE, PLAIN).header(ACCEPT, accept);
    app.send(request.body(Body::from(body.into())).unwrap()).await
}

async fn ask(app: &TestApp, document: &str) -> Answer {
    post(app, STRICT, json!({ "query": document }).to_string()).await
}

fn url(pairs: &[(&str, &str)]) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/graphql?{query}")
}

/// API-2
#[tokio::test]
async fn a_caller_gets_the_media_type_that_it_asks_for() {
    let app = TestApp::empty().await;
    for (accept, expected) in [
        (STRICT, STRICT),
        (PLAIN, PLAIN),
        ("*/*", PLAIN),
        ("application/*", PLAIN),
        ("application/graphql-response+json; charset=utf-8, application/json;q=0.9", STRICT),
        ("application/graphql-response+json;q=0.5, application/json", PLAIN),
        ("text/html, application/json; charset=UTF-8; q=0.1", PLAIN),
    ] {
        let answer = post(&app, accept, json!({ "query": VERSION }).to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{accept}");
        assert_eq!(answer.header("content-type"), format!("{expected}; charset=utf-8"), "{accept}");
    }
    for accept in ["text/html", "application/json; charset=latin1", "application/json;q=0"] {
        let answer = post(&app, accept, json!({ "query": VERSION }).to_string()).await;
        assert_eq!(answer.status, StatusCode::NOT_ACCEPTABLE, "{accept}");
        assert_eq!(answer.code(), "VALIDATION");
    }
}

/// API-2: a page of any origin can send forms and plain text without asking first.
#[tokio::test]
async fn only_json_bodies_are_read() {
    let app = TestApp::empty().await;
    let body = json!({ "query": VERSION }).to_string();
    for (content_type, expected) in [
        ("application/json", StatusCode::OK),
        ("application/json; charset=utf-8", StatusCode::OK),
        ("Application/JSON;charset=\"UTF-8\"", StatusCode::OK),
        ("application/json; charset=utf-16", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("text/plain", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/x-www-form-urlencoded", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("multipart/form-data; boundary=x", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("application/graphql", StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ] {
        let request = Request::post("/graphql").header(CONTENT_TYPE, content_type);
        let answer = app.send(request.body(Body::from(body.clone())).unwrap()).await;
        assert_eq!(answer.status, expected, "{content_type}");
    }
    let untyped = app.send(Request::post("/graphql").body(Body::from(body)).unwrap()).await;
    assert_eq!(untyped.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(untyped.code(), "VALIDATION");
}

/// API-2, API-3
#[tokio::test]
async fn what_is_no_request_is_refused_with_400_and_a_code() {
    let app = TestApp::empty().await;
    let bodies = [
        "",
        "{",
        "null",
        "\"query\"",
        "{}",
        "[]",
        r#"[{"query":"{ service { version } }"}]"#,
        r#"{"query":1}"#,
        r#"{"query":null}"#,
        r#"{"query":"{ service { version } }","operationName":7}"#,
        r#"{"query":"{ service { version } }","variables":[]}"#,
        r#"{"query":"{ service { version } }","variables":"x"}"#,
        r#"{"query":"{ service { version } }","extensions":3}"#,
        r#"{"query":"{ service { version } }","extensions":{"persistedQuery":{"version":2}}}"#,
    ];
    for body in bodies {
        for accept in [STRICT, PLAIN] {
            let answer = post(&app, accept, body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
            assert_eq!(answer.code(), "VALIDATION", "{body}");
            assert_eq!(answer.json().get("data"), None, "{body}");
        }
    }
    let absent = r#"{"query":"{ service { version } }","variables":null,"operationName":null,"extensions":null,"more":1}"#;
    post(&app, STRICT, absent).await.succeeded();
}

/// API-2, API-3
#[tokio::test]
async fn a_document_that_cannot_run_is_400_without_data_and_200_for_older_clients() {
    let app = TestApp::empty().await;
    for (document, variables) in [
        ("{", json!({})),
        ("{ unknown }", json!({})),
        ("{ service { verison } }", json!({})),
        ("query A { service { version } } query B { service { version } }", json!({})),
        ("query($id: ID!) { staff { company(id: $id) { name } } }", json!({})),
        ("query($id: ID!) { staff { company(id: $id) { name } } }", json!({ "id": null })),
        ("query($n: Int) { staff { companies(first: $n) { totalCount } } }", json!({ "n": "many" })),
        ("subscription { x }", json!({})),
    ] {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let strict = post(&app, STRICT, body.clone()).await;
        assert_eq!(strict.status, StatusCode::BAD_REQUEST, "{document}: {}", strict.body());
        assert_eq!(strict.json().get("data"), None, "{document}");
        assert_eq!(strict.code(), "VALIDATION", "{document}");
        let plain = post(&app, PLAIN, body).await;
        assert_eq!(plain.status, StatusCode::OK, "{document}");
        assert_eq!(plain.json(), strict.json(), "{document}");
    }
}

/// API-3: neither the parser's drawing of the document, nor suggestions, nor a library's words.
#[tokio::test]
async fn an_error_is_in_our_words() {
    let app = TestApp::world().await;
    insta::assert_json_snapshot!(ask(&app, "{ service { version }").await.at("/errors/0"), @r#"
    {
      "extensions": {
        "code": "VALIDATION"
      },
      "locations": [
        {
          "column": 22,
          "line": 1
        }
      ],
      "message": "The document does not parse at line 1, column 22."
    }
    "#);
    let misspelt = ask(&app, "{ service { verison } }").await;
    assert!(!misspelt.body().contains("Did you mean"), "{}", misspelt.body());
    let wrong_id = app
        .query(
            &app.acme().staff_token,
            "query($id: ID!) { staff { company(id: $id) { name } } }",
            json!({ "id": "7" }),
        )
        .await;
    assert_eq!(wrong_id.code(), "VALIDATION");
    for answer in [misspelt, wrong_id] {
        for word in ["::", "Option<", "Uuid", "vestibule", "uuid"] {
            assert!(!answer.body().contains(word), "{word} in {}", answer.body());
        }
    }
}

/// API-2, LINK-3
#[tokio::test]
async fn a_query_can_be_sent_by_get_and_a_mutation_cannot() {
    let app = TestApp::empty().await;
    let read =
        app.get(&url(&[("query", VERSION), ("variables", "{}"), ("operationName", "")])).await.succeeded();
    assert_eq!(read.status, StatusCode::OK);
    let change = "mutation { access { openPortal(input: { token: \"x\" }) { sessionToken } } }";
    for accept in [STRICT, PLAIN] {
        let request =
            Request::get(url(&[("query", change)])).header(ACCEPT, accept).body(Body::empty()).unwrap();
        let refused = app.send(request).await;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refused.header("allow"), "POST");
        assert_eq!(refused.code(), "VALIDATION");
    }
    for query in
        [vec![], vec![("query", VERSION), ("variables", "[]")], vec![("query", VERSION), ("extensions", "{")]]
    {
        assert_eq!(app.get(&url(&query)).await.status, StatusCode::BAD_REQUEST, "{query:?}");
    }
}

/// API-2
#[tokio::test]
async fn other_methods_are_told_which_ones_there_are() {
    let app = TestApp::empty().await;
    for method in [Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE] {
        let request = Request::builder().method(method.clone()).uri("/graphql").body(Body::empty()).unwrap();
        let answer = app.send(request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header(ALLOW.as_str()), "GET, POST, OPTIONS", "{method}");
    }
    let request = Request::options("/graphql").body(Body::empty()).unwrap();
    assert_eq!(app.send(request).await.header("allow"), "GET, POST, OPTIONS");
}

/// API-2: the engine of later versions answers in the order of completion.
#[tokio::test]
async fn keys_are_answered_in_the_order_of_the_query() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let id = app.acme().companies[0].id;
    let document = "query($id: ID!) { staff { z: companies(first: 1) { totalCount edges { cursor } } company(id: $id) { version name id } a: companies(first: 2) { pageInfo { hasNextPage } } } service { version } }";
    let answer = app.query(token, document, json!({ "id": id })).await.succeeded();
    let keys = [
        "\"staff\"",
        "\"z\"",
        "\"totalCount\"",
        "\"edges\"",
        "\"company\"",
        "\"version\"",
        "\"name\"",
        "\"id\"",
        "\"a\"",
        "\"service\"",
    ];
    let places: Vec<usize> = keys.iter().map(|key| answer.body().find(key).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?} in {}", answer.body());
}

/// API-2: the engine of later versions drops the field that failed.
#[tokio::test]
async fn a_field_that_fails_is_null_and_its_siblings_stay() {
    let app = TestApp::world().await;
    let id = app.acme().companies[0].id;
    let answer = app
        .query(
            &app.acme().staff_token,
            "query($id: ID!, $none: ID!) { staff { before: company(id: $id) { id } lost: company(id: $none) { name } after: company(id: $id) { id } } }",
            json!({ "id": id, "none": uuid::Uuid::nil() }),
        )
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.at("/data/staff"),
        json!({ "before": { "id": id }, "lost": null, "after": { "id": id } })
    );
    assert_eq!(answer.at("/errors/0/path"), json!(["staff", "lost"]));
    assert_eq!(answer.code(), "NOT_FOUND");
}

/// API-5
#[tokio::test]
async fn queries_that_are_too_much_are_refused_before_they_run() {
    let app = TestApp::empty().await;
    let aliases: String = (0..101).map(|n| format!("a{n}: service {{ version }} ")).collect();
    let circle = "type { ".repeat(20) + "name" + &" }".repeat(20);
    let inward = "fields { type { ".repeat(6) + "name" + &" } }".repeat(6);
    let fan: String =
        (0..40).map(|n| format!("fragment f{n} on Query {{ ...f{m} ...f{m} }} ", m = n + 1)).collect();
    let chain: String =
        (0..200).map(|n| format!("fragment f{n} on Query {{ ...f{m} }} ", m = n + 1)).collect();
    let directives = "@include(if: true) ".repeat(9);
    for document in [
        format!("{{ {aliases} }}"),
        format!("{{ service {{ {} }} }}", "version ".repeat(1_500)),
        format!("{{ __type(name: \"Query\") {{ fields {{ {circle} }} }} }}"),
        format!("{{ __schema {{ types {{ {inward} }} }} }}"),
        format!("{{ ...f0 }} {fan} fragment f40 on Query {{ service {{ version }} }}"),
        format!("{{ ...f0 }} {fan}"),
        format!("{{ service {{ version }} }} {fan}"),
        format!("{{ ...f0 }} {chain} fragment f200 on Query {{ service {{ version }} }}"),
        format!("{{ service {{ version {directives} }} }}"),
        format!("{{ service {directives} {{ version }} }}"),
        format!("{{ ... on Query {directives} {{ service {{ version }} }} }}"),
        "{".repeat(100_000),
        "{a".repeat(2_000),
        format!("{{ a(b: {}", "[".repeat(100_000)),
        "a ".repeat(20_000),
        "# \n".repeat(40_000),
        "query { staff { companies(first: 100) { edges { node { id } edges { node { a: id b: id c: id d: id e: id } edges { node { id } } } } } } }".replace("node { id }", "edges { edges { node { id } } }"),
    ] {
        let answer = ask(&app, &document).await;
        let start: String = document.chars().take(60).collect();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{start}");
        assert_eq!(answer.code(), "QUERY_TOO_COMPLEX", "{start}: {}", answer.body());
    }
}

/// API-5
#[tokio::test]
async fn a_fragment_that_spreads_itself_is_refused() {
    let app = TestApp::empty().await;
    for document in [
        "{ ...a } fragment a on Query { ...a }",
        "{ ...a } fragment a on Query { ...b ...b } fragment b on Query { ...a ...a }",
        "{ service { version } } fragment a on Query { service { version } ...a }",
    ] {
        assert_eq!(ask(&app, document).await.code(), "VALIDATION", "{document}");
    }
}

/// API-5: one field many times is one field in the answer.
#[tokio::test]
async fn a_repeated_field_is_answered_once() {
    let app = TestApp::empty().await;
    let answer = ask(&app, &format!("{{ service {{ {} }} }}", "version ".repeat(500))).await.succeeded();
    assert_eq!(answer.body().matches("version").count(), 1);
}

/// API-5
#[tokio::test]
async fn variables_and_bodies_have_a_largest_size() {
    let app = TestApp::world_with([("GRAPHQL_VARIABLES", "1000"), ("HTTP_BODY_BYTES", "5000")]).await;
    let body = |length| json!({ "query": VERSION, "variables": { "x": "x".repeat(length) } }).to_string();
    post(&app, STRICT, body(900)).await.succeeded();
    assert_eq!(post(&app, STRICT, body(1_100)).await.code(), "QUERY_TOO_COMPLEX");
    let oversize = post(&app, STRICT, body(6_000)).await;
    assert_eq!(oversize.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(oversize.code(), "VALIDATION");
}

/// API-5
#[tokio::test]
async fn each_answer_states_what_it_cost() {
    let app = TestApp::world().await;
    let token = &app.acme().staff_token;
    let cost = async |document: &str, variables: Value| {
        app.query(token, document, variables).await.at("/extensions/cost/requested")
    };
    assert_eq!(cost(VERSION, json!({})).await, 2);
    let list = "query($n: Int) { staff { companies(first: $n) { totalCount edges { node { id } } } } }";
    assert_eq!(cost(list, json!({ "n": 10 })).await, 1 + 1 + 1 + 10 * 3);
    assert_eq!(cost(list, json!({})).await, 1 + 1 + 1 + 25 * 3);
    assert_eq!(cost(&list.replace("$n: Int", "$n: Int = 40"), json!({})).await, 1 + 1 + 1 + 40 * 3);
    assert_eq!(cost("{ staff { companies(first: 3) { ...c } } } fragment c on CompanyConnection { edges { node { id } } }", json!({})).await, 2 + 3 * 3);
}

/// API-5
#[tokio::test]
async fn a_query_above_the_highest_cost_is_refused() {
    let app = TestApp::world_with([("GRAPHQL_COMPLEXITY", "30")]).await;
    let token = &app.acme().staff_token;
    let list =
        |first: u32| format!("{{ staff {{ companies(first: {first}) {{ edges {{ node {{ id }} }} }} }} }}");
    app.query(token, &list(9), json!({})).await.succeeded();
    assert_eq!(app.query(token, &list(10), json!({})).await.code(), "QUERY_TOO_COMPLEX");
}

/// API-5: what is asked inside a plain list is asked of each item.
#[tokio::test]
async fn lists_within_lists_cost_what_they_multiply() {
    let app = TestApp::world().await;
    let ring = |times: usize| {
        let inside =
            (0..times).fold("id".to_owned(), |inside, _| format!("stages {{ type {{ {inside} }} }}"));
        format!("{{ staff {{ recordTypes(first: 1) {{ edges {{ node {{ {inside} }} }} }} }} }}")
    };
    let token = &app.acme().staff_token;
    let cheap = app.query(token, &ring(1), json!({})).await.succeeded();
    assert_eq!(cheap.at("/extensions/cost/requested"), 1 + 1 + 1 + 1 + 1 + 10 * 2);
    assert_eq!(app.query(token, &ring(5), json!({})).await.code(), "QUERY_TOO_COMPLEX");
}

/// API-5
#[tokio::test]
async fn introspection_can_be_switched_off() {
    let schema = "{ __schema { queryType { name } } }";
    let open = TestApp::empty().await;
    assert_eq!(ask(&open, schema).await.succeeded().text("/data/__schema/queryType/name"), "Query");
    let closed = TestApp::world_with([("GRAPHQL_INTROSPECTION", "false")]).await;
    let answer = ask(&closed, schema).await;
    assert!(!answer.body().contains("queryType\":{"), "{}", answer.body());
    assert!(!ask(&closed, "{ __type(name: \"Query\") { name } }").await.body().contains("\"name\":"));
    assert_eq!(ask(&closed, "{ __typename }").await.succeeded().text("/data/__typename"), "Query");
}

/// API-5
#[tokio::test]
async fn the_standard_introspection_query_passes() {
    let app = TestApp::empty().await;
    let type_ref = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }";
    let document = format!(
        "query IntrospectionQuery {{ __schema {{ queryType {{ name }} mutationType {{ name }} subscriptionType {{ name }} types {{ ...FullType }} directives {{ name description locations args {{ ...InputValue }} }} }} }} fragment FullType on __Type {{ kind name description fields(includeDeprecated: true) {{ name description args {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated deprecationReason }} inputFields {{ ...InputValue }} interfaces {{ ...TypeRef }} enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} possibleTypes {{ ...TypeRef }} }} fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue }} fragment TypeRef on __Type {{ {type_ref} }}"
    );
    ask(&app, &document).await.succeeded();
}

fn persisted(document: Option<&str>, hashed: &str) -> Value {
    let hash = hex::encode(Sha256::digest(hashed.as_bytes()));
    let mut body = json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": hash } } });
    if let Some(document) = document {
        body["query"] = json!(document);
    }
    body
}

/// API-5
#[tokio::test]
async fn a_document_sent_once_can_be_named_by_its_hash() {
    let app = TestApp::empty().await;
    let unknown = post(&app, PLAIN, persisted(None, VERSION).to_string()).await;
    assert_eq!(unknown.status, StatusCode::OK);
    assert_eq!(unknown.text("/errors/0/message"), "PersistedQueryNotFound");
    assert_eq!(unknown.code(), "PERSISTED_QUERY_NOT_FOUND");
    post(&app, PLAIN, persisted(Some(VERSION), VERSION).to_string()).await.succeeded();
    post(&app, PLAIN, persisted(None, VERSION).to_string()).await.succeeded();
    let extensions = persisted(None, VERSION)["extensions"].to_string();
    app.get(&url(&[("extensions", &extensions)])).await.succeeded();
}

/// API-5: nobody can put a document under another's hash, or change anything by GET.
#[tokio::test]
async fn a_persisted_document_is_what_its_hash_says_and_a_mutation_stays_a_post() {
    let app = TestApp::empty().await;
    let forged = post(&app, STRICT, persisted(Some("{ __typename }"), VERSION).to_string()).await;
    assert_eq!((forged.status, forged.code()), (StatusCode::BAD_REQUEST, "VALIDATION".to_owned()));
    assert_eq!(
        post(&app, STRICT, persisted(None, VERSION).to_string()).await.code(),
        "PERSISTED_QUERY_NOT_FOUND"
    );
    let change = "mutation { access { openPortal(input: { token: \"x\" }) { sessionToken } } }";
    let sent = post(&app, STRICT, persisted(Some(change), change).to_string()).await;
    assert_eq!(sent.code(), "LINK_INACTIVE");
    let extensions = persisted(None, change)["extensions"].to_string();
    assert_eq!(app.get(&url(&[("extensions", &extensions)])).await.status, StatusCode::METHOD_NOT_ALLOWED);
    post(&app, STRICT, persisted(Some("{ broken"), "{ broken").to_string()).await;
    assert_eq!(
        post(&app, STRICT, persisted(None, "{ broken").to_string()).await.code(),
        "PERSISTED_QUERY_NOT_FOUND"
    );
}

/// API-3
#[tokio::test]
async fn a_bearer_of_nonsense_is_answered_like_nobody() {
    let app = TestApp::world().await;
    for value in ["Bearer", "Bearer ", "Basic dnNfeA==", "vs_x", "Bearer vx_x", "Bearer vs", "Bearer é"] {
        let request = Request::post("/graphql").header(CONTENT_TYPE, PLAIN).header(AUTHORIZATION, value);
        let body = json!({ "query": "{ staff { __typename } }" }).to_string();
        let answer = app.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{value}");
    }
}

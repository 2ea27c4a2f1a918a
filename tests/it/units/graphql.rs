//! Documents and errors of GraphQL: what is refused before it is parsed, and what nobody may read (API-3,
//! API-5).

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use vestibule::config::{Env, GraphqlLimits};
use vestibule::graphql::errors::{Result, finish};
use vestibule::graphql::lists::is_plain_list;
use vestibule::graphql::tokens::check;

/// API-5
#[test]
fn lists_of_objects_are_known_and_pages_are_not() {
    for list in ["stages", "sections", "links", "watchers", "fields"] {
        assert!(is_plain_list(list), "{list}");
    }
    for other in ["edges", "companies", "modes", "name", "type"] {
        assert!(!is_plain_list(other), "{other}");
    }
}

struct Query;

#[Object]
impl Query {
    async fn planted(&self) -> Option<Result<bool>> {
        Some(Err("permission denied for table alloc::secrets".into()))
    }
}

/// API-3
#[tokio::test]
async fn an_error_without_a_code_is_masked() {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let mut answer = schema.execute("{ planted }").await;
    finish(&mut answer, "r1");
    let text = serde_json::to_string(&answer).unwrap();
    assert!(!text.contains("secrets") && text.contains("INTERNAL") && text.contains("r1"), "{text}");
}

fn limits() -> GraphqlLimits {
    GraphqlLimits::read(&Env::default()).unwrap()
}

/// API-5
#[test]
fn a_document_of_brackets_is_refused_before_it_is_parsed() {
    for bracket in ["{", "[", "(", "{a", "{a(b:["] {
        let error = check(&bracket.repeat(9_000), &limits()).unwrap_err();
        assert_eq!(error.code().as_str(), "QUERY_TOO_COMPLEX", "{bracket}");
    }
}

/// API-5
#[test]
fn brackets_inside_strings_and_comments_count_for_nothing() {
    let inside = "{".repeat(500);
    for document in [
        format!("{{ a(b: \"{inside}\") }}"),
        format!("{{ a(b: \"\"\"{inside}\n \\\"\"\" {inside}\"\"\") }}"),
        format!("{{ a # {inside}\n }}"),
    ] {
        check(&document, &limits()).unwrap();
    }
}

/// API-5
#[test]
fn a_string_without_an_end_hides_no_brackets() {
    for document in ["{ a(b: [\"\"\" \" [[[[", "{ a(b: \"{\n", "\"\\"] {
        assert_eq!(check(document, &limits()).unwrap_err().code().as_str(), "VALIDATION");
    }
}

/// API-5
#[test]
fn tokens_are_counted_as_the_parser_reads_them() {
    let words = "a ".repeat(5_001);
    assert_eq!(check(&words, &limits()).unwrap_err().code().as_str(), "QUERY_TOO_COMPLEX");
    check(&"a ".repeat(5_000), &limits()).unwrap();
}

//! GraphiQL.
pub async fn page() {}
pub async fn asset() {}

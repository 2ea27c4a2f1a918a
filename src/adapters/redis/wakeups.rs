//! Wake-ups between instances: the ids of organisations whose event log has grown (invariant 12).
//! Whoever hears of one reads the log under its own scope, so a message can wake a reader and tell
//! it nothing.
//!
//! Without Redis wake-ups are lost. Nothing else is: instances also ask Postgres how far logs have
//! come, twice a second.

use futures::{Stream, StreamExt as _};
use redis::RedisError;

use super::Redis;
use crate::db::ids::OrgId;
use crate::error::Result;

impl Redis {
    /// Tells every instance that these logs have grown.
    pub async fn announce(&self, orgs: &[OrgId]) -> Result<()> {
        let mut pipe = redis::pipe();
        for org in orgs {
            pipe.publish(self.wakeups(), org.to_string()).ignore();
        }
        self.ask(async |redis| pipe.query_async(redis).await).await
    }

    /// Listens, on a connection of its own, until that ends.
    pub async fn announcements(&self) -> Result<impl Stream<Item = OrgId> + Send + use<>, RedisError> {
        let mut connection = self.client()?.get_async_pubsub().await?;
        connection.subscribe(self.wakeups()).await?;
        let heard = connection.into_on_message();
        Ok(heard.filter_map(async |message| message.get_payload::<String>().ok()?.parse().ok().map(OrgId)))
    }

    fn wakeups(&self) -> String {
        self.key("events", "grown")
    }
}

//! Wake-ups between instances: the ids of organisations whose event log has grown (invariant 12).
//! Whoever hears of one reads the log under its own scope, so a message can wake a reader and tell
//! it nothing. An instance does not heed itself: it woke its own readers when it committed.
//!
//! Without Redis wake-ups are lost. Nothing else is: instances also ask Postgres how far logs have
//! come, twice a second.

use futures::{Stream, StreamExt as _, future};
use redis::{Msg, RedisError};
use uuid::Uuid;

use super::Redis;
use crate::db::ids::OrgId;
use crate::error::Result;

impl Redis {
    /// Tells the other instances that these logs have grown.
    pub async fn announce(&self, orgs: &[OrgId]) -> Result<()> {
        let mut pipe = redis::pipe();
        for org in orgs {
            pipe.publish(self.wakeups(), format!("{org} {}", self.instance)).ignore();
        }
        self.ask(async |redis| pipe.query_async(redis).await).await
    }

    /// Listens, on a connection of its own, until that ends.
    pub async fn announcements(&self) -> Result<impl Stream<Item = OrgId> + Send + use<>, RedisError> {
        let mut connection = self.client()?.get_async_pubsub().await?;
        connection.subscribe(self.wakeups()).await?;
        let own = self.instance;
        Ok(connection.into_on_message().filter_map(move |message| future::ready(grown(&message, own))))
    }

    fn wakeups(&self) -> String {
        self.key("events", "grown")
    }
}

/// Whose log has grown at another instance.
fn grown(message: &Msg, own: Uuid) -> Option<OrgId> {
    let text: String = message.get_payload().ok()?;
    let (org, instance) = text.split_once(' ')?;
    if instance.parse() == Ok(own) { None } else { org.parse().ok().map(OrgId) }
}

//! DataLoaders that run inside the request's own task: a batch is taken exactly when every sibling
//! resolver waits for it, on the request's transaction, and nothing of it outlives the request.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, Loader};
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use futures::{FutureExt as _, pin_mut, select_biased};

use super::errors::{Result, coded};
use crate::db::scope::Tx;
use crate::error::Error;

/// Takes the batches of a request's loaders.
#[derive(Clone)]
pub struct Inline(UnboundedSender<BoxFuture<'static, ()>>);

/// Where [`run`] finds the batches.
pub struct Batches(UnboundedReceiver<BoxFuture<'static, ()>>);

/// A pair for one request.
pub fn inline() -> (Inline, Batches) {
    let (sender, receiver) = unbounded();
    (Inline(sender), Batches(receiver))
}

/// Drives a request and its loaders' batches together, to the request's end.
///
/// Unconstrained: where many resolvers share a lock, tokio's budget would make some of them pause
/// half-way, and their batches would be taken before all siblings had asked. It pauses at every
/// batch anyway.
pub async fn run<T>(request: impl Future<Output = T>, mut batches: Batches) -> T {
    let request = tokio::task::unconstrained(request).fuse();
    pin_mut!(request);
    let mut running = FuturesUnordered::new();
    loop {
        select_biased! {
            done = request => return done,
            batch = batches.0.next() => running.extend(batch),
            _ = running.select_next_some() => {}
        }
    }
}

/// Loads by key in the scope `S`.
pub struct Batch<S>(pub Arc<Tx<S>>);

/// The loaders of one read transaction.
pub struct Loaders<S: Send + Sync + 'static>(DataLoader<Batch<S>>);

impl<S: Send + Sync + 'static> Loaders<S> {
    pub fn new(tx: Arc<Tx<S>>, inline: Inline) -> Self {
        let spawn = move |batch| {
            let _ = inline.0.unbounded_send(batch);
        };
        Self(DataLoader::new(Batch(tx), spawn).delay(Duration::ZERO))
    }

    /// What a key stands for, if anything.
    pub async fn one<K>(&self, key: K) -> Result<Option<<Batch<S> as Loader<K>>::Value>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch<S>: Loader<K, Error = Error>,
    {
        self.0.load_one(key).await.map_err(coded)
    }

    /// What a key must stand for: a foreign key says so.
    pub async fn required<K>(&self, key: K, noun: &'static str) -> Result<<Batch<S> as Loader<K>>::Value>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch<S>: Loader<K, Error = Error>,
    {
        self.one(key).await?.ok_or_else(|| coded(Error::NotFound(noun)))
    }

    /// The rows of a key that stands for many.
    pub async fn many<K, V>(&self, key: K) -> Result<Vec<V>>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch<S>: Loader<K, Value = Vec<V>, Error = Error>,
    {
        Ok(self.one(key).await?.unwrap_or_default())
    }
}

/// Declares keys that stand for something other than the row of an id, and how a batch of each is loaded:
/// by the ids in the keys, in the scope of a caller.
macro_rules! loaders {
    (for $caller:ty; $($(#[$doc:meta])* $key:ident($id:ty) -> $value:ty = $load:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        struct $key($id);

        impl async_graphql::dataloader::Loader<$key> for $crate::graphql::loaders::Batch<$caller> {
            type Value = $value;
            type Error = $crate::error::Error;

            async fn load(
                &self,
                keys: &[$key],
            ) -> Result<std::collections::HashMap<$key, $value>, $crate::error::Error> {
                let ids: Vec<$id> = keys.iter().map(|key| key.0).collect();
                $load(&self.0, ids).await
            }
        }
    )*};
}
pub(crate) use loaders;

/// Rows by the key each carries.
pub fn keyed<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, V> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

/// Rows gathered by the key they share, in their order.
pub fn gathered<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    let mut gathered: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        gathered.entry(key(&row)).or_default().push(row);
    }
    gathered
}

//! What is read of a portal in the same round trip as the portal itself: the home, and how much its
//! sections hold. Asked ahead of knowing who enters, it finds nothing where nobody does.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures::future::OptionFuture;

use super::home;
use super::sections::{self, Counting};

/// What will be wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefetch {
    pub home: bool,
    pub counting: Option<Counting>,
}

/// What was read of it; whoever uses a part takes it out.
#[derive(Debug, Default)]
pub struct Prefetched {
    pub home: Option<home::Rows>,
    pub counts: Option<sections::Counts>,
}

pub(super) async fn read(connection: &AsyncPgConnection, wanted: Prefetch) -> QueryResult<Prefetched> {
    let home = OptionFuture::from(wanted.home.then(|| home::rows(connection)));
    let counts = OptionFuture::from(wanted.counting.map(|counting| sections::counts(connection, counting)));
    let (home, counts) = futures::join!(home, counts);
    Ok(Prefetched { home: home.transpose()?, counts: counts.transpose()? })
}

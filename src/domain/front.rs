//! What is read of a portal in the same round trip as the portal itself: the home, and how much its
//! sections hold. Asked ahead of knowing who enters, it finds nothing where nobody does.

use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use futures::future::OptionFuture;

use super::home;
use super::sections::{self, Counting};

/// What will be wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    pub home: bool,
    pub counting: Option<Counting>,
}

/// What was read of it; whoever uses a part takes it out.
#[derive(Debug, Default)]
pub struct Front {
    pub home: Option<home::Rows>,
    pub counts: Option<sections::Counts>,
}

pub(super) async fn read(connection: &AsyncPgConnection, ahead: Ahead) -> QueryResult<Front> {
    let home = OptionFuture::from(ahead.home.then(|| home::rows(connection)));
    let counts = OptionFuture::from(ahead.counting.map(|counting| sections::counts(connection, counting)));
    let (home, counts) = futures::join!(home, counts);
    Ok(Front { home: home.transpose()?, counts: counts.transpose()? })
}

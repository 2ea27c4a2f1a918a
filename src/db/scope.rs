//! The only BEGIN. A transaction is entered through one door function, in one batch sent ahead of
//! the first query, and its connection goes back to the pool only if it ended cleanly.
//!
//! What is deliberately absent: a way from one scope into another, and a transaction without one.

use std::fmt::Write as _;

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

use super::ids::OrgId;
use super::pool::{Connection, Login, Pools};
use crate::error::{Error, Result};

/// SHA-256 of a credential; what door functions take.
pub type CredentialHash = [u8; 32];

/// Whether a transaction may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// One snapshot for the whole request, and no writing.
    Read,
    /// Read committed.
    Write,
}

/// What a portal's visitor presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortalPass {
    /// Of the link's token, or of a portal session's.
    pub hash: CredentialHash,
    /// With a link: of the session that the browser's cookie names.
    pub visit: Option<CredentialHash>,
    /// The mark of a passed access code.
    pub passed: Option<CredentialHash>,
}

/// Which door a transaction goes through.
#[derive(Clone, Copy, Debug)]
pub enum Door {
    /// `enter_staff`: a staff session.
    Staff(CredentialHash),
    /// `enter_key`: an API key.
    Key(CredentialHash),
    /// `enter_portal`: a link or a portal session.
    Portal(PortalPass),
    /// `enter_preview`: staff looking through a portal's eyes.
    Preview(CredentialHash),
    /// None: `app_portal` without context, for door functions that look at a link, and for the one
    /// that shows staff what a portal would expose (`enter_exposure`).
    Doorstep,
    /// `enter_organization`: the worker, in the organisation whose queued work it does.
    Organization(OrgId),
    /// None: `app_staff` without context, for sign-in and sign-up through door functions.
    Street,
    /// None: `app_system`, queue tables only.
    System,
}

impl Door {
    fn login(self) -> Login {
        match self {
            Self::Staff(_) | Self::Street => Login::Staff,
            Self::Key(_) => Login::Partner,
            Self::Portal(_) | Self::Preview(_) | Self::Doorstep => Login::Portal,
            Self::System | Self::Organization(_) => Login::System,
        }
    }

    /// One simple-protocol batch. Nothing but hexadecimal digits and ids is ever put into it.
    fn batch(self, access: Access) -> String {
        let mut sql = String::with_capacity(160);
        sql.push_str(match access {
            Access::Read => "begin isolation level repeatable read read only",
            Access::Write => "begin",
        });
        let _ = match self {
            Self::Staff(hash) => write!(sql, "; select enter_staff({})", bytes(Some(hash))),
            Self::Key(hash) => write!(sql, "; select enter_key({})", bytes(Some(hash))),
            Self::Preview(hash) => write!(sql, "; select enter_preview({})", bytes(Some(hash))),
            Self::Portal(PortalPass { hash, visit, passed }) => {
                let [hash, visit, passed] = [Some(hash), visit, passed].map(bytes);
                write!(sql, "; select enter_portal({hash}, {visit}, {passed})")
            }
            Self::Organization(org) => write!(sql, "; select enter_organization('{org}')"),
            Self::Street | Self::Doorstep | Self::System => Ok(()),
        };
        sql
    }
}

fn bytes(hash: Option<CredentialHash>) -> String {
    hash.map_or_else(|| "null".to_owned(), |hash| format!("'\\x{}'", hex::encode(hash)))
}

/// An open transaction of scope `S`. `S` holds who is asking, read under the scope itself.
///
/// Dropped without [`Tx::commit`] or [`Tx::rollback`] (client gone, panic, time-out), its
/// connection is closed instead of going back to the pool: invariant 3.
pub struct Tx<S> {
    held: Held,
    scope: S,
}

impl<S> Tx<S> {
    /// Who is asking.
    pub fn scope(&self) -> &S {
        &self.scope
    }

    /// The connection, shared: queries of siblings pipeline on it.
    pub fn connection(&self) -> &AsyncPgConnection {
        self.held.connection()
    }

    /// Commits, or says that it could not. The leading `select 1` fails in a transaction that
    /// an error has poisoned, where a bare COMMIT would quietly roll back.
    pub async fn commit(self) -> Result<()> {
        self.end("select 1; commit").await
    }

    /// Ends a transaction that only read, and whose answer has left: nothing depends on whether an
    /// error has poisoned it.
    pub async fn leave(self) -> Result<()> {
        self.end("commit").await
    }

    /// Gives up what was written and hands the connection back.
    pub async fn rollback(self) -> Result<()> {
        self.end("rollback").await
    }

    async fn end(self, batch: &str) -> Result<()> {
        (&mut self.connection()).batch_execute(batch).await?;
        self.held.release();
        Ok(())
    }
}

impl<S, T> Tx<(S, T)> {
    /// Parts who is asking from what was read beside it.
    pub fn split(self) -> (Tx<S>, T) {
        let Self { held, scope: (scope, beside) } = self;
        (Tx { held, scope }, beside)
    }
}

/// A connection in use. What is not handed back with [`Held::release`] is closed.
struct Held(Option<Connection>);

impl Held {
    fn connection(&self) -> &AsyncPgConnection {
        self.0.as_deref().expect("a transaction holds its connection until it ends")
    }

    /// Its transaction ended cleanly, or never began.
    fn release(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(unclean) = self.0.take() {
            drop(Connection::take(unclean));
        }
    }
}

impl Pools {
    /// Enters a scope. `first` runs in it, in the same round trip as BEGIN, and reads who is
    /// asking: `Ok(None)` means that the credential opens nothing.
    ///
    /// An idle connection may have died with the server: that is tried again once, on a new one.
    pub async fn enter<S, F>(&self, door: Door, access: Access, first: F) -> Result<Option<Tx<S>>>
    where
        F: for<'a> Fn(&'a AsyncPgConnection) -> futures::future::BoxFuture<'a, QueryResult<Option<S>>>,
    {
        match self.try_enter(door, access, &first).await {
            Err(Error::Unavailable(_)) => {
                self.forget_idle(door.login());
                self.try_enter(door, access, &first).await
            }
            outcome => outcome,
        }
    }

    async fn try_enter<S, F>(&self, door: Door, access: Access, first: &F) -> Result<Option<Tx<S>>>
    where
        F: for<'a> Fn(&'a AsyncPgConnection) -> futures::future::BoxFuture<'a, QueryResult<Option<S>>>,
    {
        let held = Held(Some(self.lend(door.login()).await?));
        let batch = door.batch(access);
        // `join!` polls in order: the batch is on the wire before the first query is.
        let (begun, read) = futures::join!(run_batch(held.connection(), &batch), first(held.connection()));
        begun?;
        let Some(scope) = read? else {
            Tx { held, scope: () }.rollback().await?;
            return Ok(None);
        };
        Ok(Some(Tx { held, scope }))
    }
}

async fn run_batch(mut connection: &AsyncPgConnection, batch: &str) -> QueryResult<()> {
    connection.batch_execute(batch).await
}

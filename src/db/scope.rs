//! The only BEGIN. A transaction is entered through one door function, sent with BEGIN ahead of the
//! first query, and its connection goes back to the pool only if it ended cleanly.
//!
//! What is deliberately absent: a way from one scope into another, and a transaction without one.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection};
use uuid::Uuid;

use super::ids::OrgId;
use super::pool::{Connection, Login, Pools, Wire};
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
    /// `act_in_portal`: the same, for a visitor who does something. The id is for their session, should it
    /// not be stored yet.
    Acting(PortalPass, Uuid),
    /// `enter_preview`: staff looking through a portal's eyes.
    Preview(CredentialHash),
    /// `enter_calendar`: a calendar program with a subscription's address.
    Calendar(CredentialHash),
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
            Self::Portal(_) | Self::Acting(..) | Self::Preview(_) | Self::Calendar(_) | Self::Doorstep => {
                Login::Portal
            }
            Self::System | Self::Organization(_) => Login::System,
        }
    }

    /// Its place among those that a connection has prepared; none if there is no function to call.
    fn bit(self) -> u8 {
        match self {
            Self::Staff(_) => 1,
            Self::Key(_) => 2,
            Self::Portal(_) => 4,
            Self::Preview(_) => 8,
            Self::Organization(_) => 16,
            Self::Acting(..) => 32,
            Self::Calendar(_) => 64,
            Self::Street | Self::Doorstep | Self::System => 0,
        }
    }

    async fn open(self, mut connection: &AsyncPgConnection) -> QueryResult<()> {
        use functions::{
            act_in_portal, enter_calendar, enter_key, enter_organization, enter_portal, enter_preview,
            enter_staff,
        };
        let connection = &mut connection;
        let opened = match self {
            Self::Staff(hash) => diesel::select(enter_staff(hash.to_vec())).execute(connection).await,
            Self::Key(hash) => diesel::select(enter_key(hash.to_vec())).execute(connection).await,
            Self::Preview(hash) => diesel::select(enter_preview(hash.to_vec())).execute(connection).await,
            Self::Calendar(hash) => diesel::select(enter_calendar(hash.to_vec())).execute(connection).await,
            Self::Portal(pass) => {
                let [visit, passed] = [pass.visit, pass.passed].map(|hash| hash.map(|hash| hash.to_vec()));
                diesel::select(enter_portal(pass.hash.to_vec(), visit, passed)).execute(connection).await
            }
            Self::Acting(pass, session) => {
                let [visit, passed] = [pass.visit, pass.passed].map(|hash| hash.map(|hash| hash.to_vec()));
                let acting = act_in_portal(pass.hash.to_vec(), visit, passed, session);
                diesel::select(acting).execute(connection).await
            }
            Self::Organization(org) => diesel::select(enter_organization(org)).execute(connection).await,
            Self::Street | Self::Doorstep | Self::System => Ok(0),
        };
        opened.map(drop)
    }
}

/// The door functions.
mod functions {
    use diesel::sql_types::{Binary, Nullable, Uuid};

    diesel::define_sql_function! { fn enter_staff(hash: Binary); }
    diesel::define_sql_function! { fn enter_key(hash: Binary); }
    diesel::define_sql_function! {
        fn enter_portal(hash: Binary, visit: Nullable<Binary>, passed: Nullable<Binary>);
    }
    diesel::define_sql_function! {
        fn act_in_portal(hash: Binary, visit: Nullable<Binary>, passed: Nullable<Binary>, session: Uuid);
    }
    diesel::define_sql_function! { fn enter_preview(hash: Binary); }
    diesel::define_sql_function! { fn enter_calendar(hash: Binary); }
    diesel::define_sql_function! { fn enter_organization(org: Uuid); }
}

impl Access {
    fn begin(self) -> &'static str {
        match self {
            Self::Read => "begin isolation level repeatable read read only",
            Self::Write => "begin",
        }
    }
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
    fn wire(&self) -> &Wire {
        self.0.as_deref().expect("a transaction holds its connection until it ends")
    }

    fn connection(&self) -> &AsyncPgConnection {
        &self.wire().connection
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
        let connection = held.connection();
        let read = if held.wire().has_prepared(door.bit()) {
            // `join!` polls in order: BEGIN and the door are on the wire before the first query is.
            let (begun, opened, read) =
                futures::join!(begin(connection, access), door.open(connection), first(connection));
            begun.and(opened)?;
            read?
        } else {
            // The door's statement is still to be prepared, which would let the first query overtake it.
            let (begun, opened) = futures::join!(begin(connection, access), door.open(connection));
            begun.and(opened)?;
            held.wire().notes_prepared(door.bit());
            first(connection).await?
        };
        let Some(scope) = read else {
            Tx { held, scope: () }.rollback().await?;
            return Ok(None);
        };
        Ok(Some(Tx { held, scope }))
    }
}

async fn begin(mut connection: &AsyncPgConnection, access: Access) -> QueryResult<()> {
    connection.batch_execute(access.begin()).await
}

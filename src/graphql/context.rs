//! What one request carries through its resolvers: who it claims to be, and its transactions.
//! Reads share one transaction; each mutation verb has its own (invariant 2).

use std::sync::Arc;

use async_graphql::Context;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::errors::{Result, coded};
use super::loaders::{Inline, Loaders};
use crate::app::App;
use crate::db::enums::{ApiKeyScope, PortalMode};
use crate::db::ids::{LinkId, OrgId};
use crate::db::scope::{Access, CredentialHash, PortalPass, Tx};
use crate::domain::callers::{self, Portal, Staff, StaffPass};
use crate::domain::changes::{Origin, Write};
use crate::domain::home;
use crate::domain::origins::{self, ForeignPage};
use crate::domain::portals::doors;
use crate::domain::prefetch::{Prefetch, Prefetched};
use crate::domain::sections::{self, Counting, Counts};
use crate::domain::tokens::Presented;
use crate::error::Error;
use crate::live::{Bearer, Pass, Subscription};
use crate::usage::{Returned, Seen, Visitor};

/// A credential as presented; what it opens, only the database knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// `vs_…`
    StaffSession(CredentialHash),
    /// `vk_…`
    ApiKey(CredentialHash),
    /// `vp_…`
    PortalSession(Presented),
    /// The token of a link, which the page presents, and the session of its cookie.
    Link(CredentialHash, Option<Presented>),
    /// `vw_…`
    Preview(CredentialHash),
}

impl Credential {
    /// What stands for it where it is counted.
    pub fn hash(self) -> CredentialHash {
        match self {
            Self::StaffSession(hash) | Self::ApiKey(hash) | Self::Link(hash, _) | Self::Preview(hash) => hash,
            Self::PortalSession(session) => session.hash,
        }
    }
}

/// A read transaction of staff, with the loaders that batch on it.
pub type StaffReading = Reading<Staff>;
/// A read transaction of a portal caller.
pub type PortalReading = Reading<Portal>;

/// A read transaction that sibling resolvers share.
pub struct Reading<S: Send + Sync + 'static> {
    pub tx: Arc<Tx<S>>,
    pub loaders: Loaders<S>,
}

/// What a request showed of which portal (LINK-6).
#[derive(Debug, Default)]
struct Shown {
    through: Option<Doorway>,
    sections: Vec<PortalMode>,
    left: bool,
}

/// The link that a request came through.
#[derive(Clone, Debug)]
struct Doorway {
    org: OrgId,
    link: LinkId,
    modes: Vec<PortalMode>,
    stored: bool,
}

/// The request, as resolvers see it.
pub struct RequestContext {
    pub app: Arc<App>,
    pub credential: Option<Credential>,
    pub origin: Origin,
    /// The caller's browser or client, for session lists.
    pub user_agent: Option<String>,
    /// Cancelled when a subscription's credential opens nothing any more.
    pub expel: CancellationToken,
    /// The cursor of the event that a reconnecting client saw last.
    pub last_seen: Option<String>,
    joined: std::sync::Mutex<Option<Subscription>>,
    inline: Inline,
    staff: Mutex<Option<Arc<StaffReading>>>,
    portal: Mutex<Option<Arc<PortalReading>>>,
    /// Read ahead by the first to enter the portal root.
    prefetched: std::sync::Mutex<Prefetched>,
    page: Option<Arc<ForeignPage>>,
    /// What was shown of a portal, for those who count it.
    shown: std::sync::Mutex<Shown>,
    /// Entered by the mutation root to check the caller; the first verb takes it over.
    prepared: Mutex<Option<Write>>,
}

impl RequestContext {
    pub fn new(
        app: Arc<App>,
        credential: Option<Credential>,
        origin: Origin,
        user_agent: Option<String>,
        inline: Inline,
    ) -> Self {
        Self {
            app,
            credential,
            origin,
            user_agent,
            expel: CancellationToken::new(),
            last_seen: None,
            joined: std::sync::Mutex::default(),
            inline,
            staff: Mutex::default(),
            portal: Mutex::default(),
            prepared: Mutex::default(),
            prefetched: std::sync::Mutex::default(),
            page: None,
            shown: std::sync::Mutex::default(),
        }
    }

    /// Says which page of another origin sent the request, if one did.
    pub fn sent_by(self, page: Option<Arc<ForeignPage>>) -> Self {
        Self { page, ..self }
    }

    /// For a subscription: whom to tell that it has ended, and from where it goes on.
    pub fn live(self, expel: CancellationToken, last_seen: Option<String>) -> Self {
        Self { expel, last_seen, ..self }
    }

    /// Notes that the caller is told of what happens from now on.
    pub fn join(&self, subscription: Subscription) {
        *self.joined.lock().expect("no panic while held") = Some(subscription);
    }

    /// The subscription that the request began, if it did.
    pub fn take_joined(&self) -> Option<Subscription> {
        self.joined.lock().expect("no panic while held").take()
    }

    /// The page of another origin that sent the request, if one did (API-7).
    pub fn page(&self) -> Option<&ForeignPage> {
        self.page.as_deref()
    }

    async fn admit<S>(&self, tx: Tx<S>) -> Result<Tx<S>> {
        match origins::admit(self.page(), &tx).await {
            Ok(()) => Ok(tx),
            Err(refused) => {
                tx.rollback().await.map_err(coded)?;
                Err(coded(refused))
            }
        }
    }

    /// The request's staff transaction for reading, for members. An API key is refused.
    pub async fn staff(&self) -> Result<Arc<StaffReading>> {
        let reading = self.organization().await?;
        reading.tx.scope().member().map_err(coded)?;
        Ok(reading)
    }

    /// The same, for members and for API keys with this scope.
    pub async fn staff_for(&self, scope: ApiKeyScope) -> Result<Arc<StaffReading>> {
        let reading = self.organization().await?;
        reading.tx.scope().require_scope(scope).map_err(coded)?;
        Ok(reading)
    }

    /// The same, whoever of staff it is: entered at its first use.
    pub async fn organization(&self) -> Result<Arc<StaffReading>> {
        let mut slot = self.staff.lock().await;
        if let Some(reading) = &*slot {
            return Ok(reading.clone());
        }
        let pass = self.staff_pass()?;
        let tx = callers::enter_staff(&self.app.pools, pass, Access::Read).await.map_err(coded)?;
        self.app.key_uses.note(pass, &self.app.clock);
        let reading = Arc::new(self.reading(self.admit(tx).await?));
        *slot = Some(reading.clone());
        Ok(reading)
    }

    /// The request's portal transaction for reading, entered at its first use.
    pub async fn portal(&self) -> Result<Arc<PortalReading>> {
        self.portal_for(Prefetch::default()).await
    }

    /// The same. What will be wanted costs no round trip of its own.
    pub async fn portal_for(&self, wanted: Prefetch) -> Result<Arc<PortalReading>> {
        let mut slot = self.portal.lock().await;
        if let Some(reading) = &*slot {
            return Ok(reading.clone());
        }
        let pools = &self.app.pools;
        let tx = match self.credential {
            Some(Credential::Preview(hash)) => callers::enter_preview(pools, hash).await,
            _ => {
                let entered =
                    callers::enter_portal_prefetching(pools, self.portal_pass().await?, wanted).await;
                entered.map(|(tx, prefetched)| {
                    *self.prefetched.lock().expect("no panic while held") = prefetched;
                    tx
                })
            }
        };
        let reading = Arc::new(self.reading(self.admit(tx.map_err(coded)?).await?));
        self.came_through(reading.tx.scope());
        *slot = Some(reading.clone());
        Ok(reading)
    }

    /// The rows of the home: those that came with the entry, or read now.
    pub async fn home_rows(&self, tx: &Tx<Portal>) -> Result<home::Rows> {
        let prefetched = self.prefetched.lock().expect("no panic while held").home.take();
        match prefetched {
            Some(rows) => Ok(rows),
            None => home::rows(tx.connection()).await.map_err(|error| coded(error.into())),
        }
    }

    /// How much the sections hold: as counted with the entry, or now.
    pub async fn section_counts(&self, tx: &Tx<Portal>, counting: Counting) -> Result<Counts> {
        let prefetched = self.prefetched.lock().expect("no panic while held").counts.take();
        match prefetched.filter(|counts| counts.counting() == counting) {
            Some(counts) => Ok(counts),
            None => sections::counts(tx.connection(), counting).await.map_err(|error| coded(error.into())),
        }
    }

    /// A preview comes through no link, and is not counted.
    fn came_through(&self, portal: &Portal) {
        let Some(link) = portal.link_id else { return };
        let (org, modes, stored) = (portal.org_id, portal.modes.clone(), portal.session_id.is_some());
        self.shown.lock().expect("no panic while held").through = Some(Doorway { org, link, modes, stored });
    }

    /// Notes that a section was resolved: what makes a request a view (LINK-6).
    pub fn shows(&self, section: PortalMode) {
        self.shown.lock().expect("no panic while held").sections.push(section);
    }

    /// Notes that the visitor signed out, for a browser whose session is not stored yet (DOOR-4).
    pub fn leaves(&self) {
        self.shown.lock().expect("no panic while held").left = true;
    }

    /// What there is to count of the request; its answer's length is not known yet.
    pub fn seen(&self) -> Option<Seen> {
        let shown = self.shown.lock().expect("no panic while held");
        let Doorway { org, link, modes, stored } = shown.through.clone()?;
        let visitor = match self.credential {
            Some(Credential::PortalSession(session)) => {
                Visitor::Known { session: session.hash, browser: None }
            }
            Some(Credential::Link(token, Some(cookie))) => {
                let browser = Returned { link: token, left: shown.left };
                let browser = (!stored && !cookie.coded).then_some(browser);
                Visitor::Known { session: cookie.hash, browser }
            }
            _ => Visitor::Unknown,
        };
        let sections = modes.into_iter().filter(|mode| shown.sections.contains(mode)).collect();
        Some(Seen { org, link, visitor, sections, bytes: 0, at: self.app.clock.now() })
    }

    fn reading<S: Send + Sync + 'static>(&self, tx: Tx<S>) -> Reading<S> {
        let tx = Arc::new(tx);
        Reading { loaders: Loaders::new(tx.clone(), self.inline.clone()), tx }
    }

    /// Checks that staff may enter the mutation root, and keeps the transaction for the first verb.
    /// `for_keys` says that all that is asked for is for API keys as well.
    pub async fn prepare_write(&self, for_keys: bool) -> Result<()> {
        if !for_keys {
            self.refuse_keys()?;
        }
        let write = self.enter_write().await?;
        *self.prepared.lock().await = Some(write);
        Ok(())
    }

    fn refuse_keys(&self) -> Result<()> {
        match self.credential {
            Some(Credential::ApiKey(_)) => Err(coded(Error::Forbidden("An API key cannot do this."))),
            _ => Ok(()),
        }
    }

    /// A transaction for one verb of members. What was read before it is read anew afterwards.
    pub async fn write(&self) -> Result<Write> {
        self.refuse_keys()?;
        self.next_write().await
    }

    /// The same for a verb that API keys with this scope may call as well.
    pub async fn write_for(&self, scope: ApiKeyScope) -> Result<Write> {
        let write = self.next_write().await?;
        match write.scope().require_scope(scope) {
            Ok(()) => Ok(write),
            Err(refused) => {
                write.abandon().await;
                Err(coded(refused))
            }
        }
    }

    async fn next_write(&self) -> Result<Write> {
        self.forget_readings().await;
        match self.prepared.lock().await.take() {
            Some(write) => Ok(write),
            None => self.enter_write().await,
        }
    }

    async fn enter_write(&self) -> Result<Write> {
        let pass = self.staff_pass()?;
        let tx = callers::enter_staff(&self.app.pools, pass, Access::Write).await.map_err(coded)?;
        self.app.key_uses.note(pass, &self.app.clock);
        let write = Write::new(self.admit(tx).await?, self.app.clock.clone(), self.origin.clone());
        Ok(write.measured_by(self.app.metrics.event_lag.clone()).observed_by(self.app.live.clone()))
    }

    /// A transaction for one verb of a portal's visitor. A preview is refused.
    pub async fn act(&self) -> Result<Write<Portal>> {
        self.forget_readings().await;
        let app = &self.app;
        let pass = self.portal_pass().await?;
        let tx = callers::act_in_portal(&app.pools, pass, app.clock.id().into()).await.map_err(coded)?;
        let write = Write::new(self.admit(tx).await?, app.clock.clone(), self.origin.clone());
        Ok(write.measured_by(app.metrics.event_lag.clone()).observed_by(app.live.clone()))
    }

    async fn forget_readings(&self) {
        if let Some(reading) = self.staff.lock().await.take() {
            close(reading).await;
        }
        if let Some(reading) = self.portal.lock().await.take() {
            close(reading).await;
        }
    }

    /// Ends what is still open, so that its connections go back to their pools.
    pub async fn finish(&self) {
        self.forget_readings().await;
        if let Some(unused) = self.prepared.lock().await.take() {
            unused.abandon().await;
        }
    }

    /// What a caller presents at the organisation's door.
    pub fn staff_pass(&self) -> Result<StaffPass> {
        match self.credential {
            Some(Credential::StaffSession(hash)) => Ok(StaffPass::Session(hash)),
            Some(Credential::ApiKey(hash)) => Ok(StaffPass::Key(hash)),
            Some(_) => Err(coded(Error::Forbidden("A portal session cannot enter the staff root."))),
            None => Err(coded(Error::Unauthenticated)),
        }
    }

    /// The hash of a member's session.
    pub fn session_hash(&self) -> Result<CredentialHash> {
        match self.staff_pass()? {
            StaffPass::Session(hash) => Ok(hash),
            StaffPass::Key(_) => {
                Err(coded(Error::Forbidden("This is for members; an API key cannot do it.")))
            }
        }
    }

    /// What a visitor presents at a portal's door, with what Redis knows of the session: only one
    /// that claims to have passed an access code is asked about.
    pub async fn present(&self) -> Result<PortalPass, Error> {
        let (hash, visit) = match self.credential {
            Some(Credential::PortalSession(session)) => (session.hash, Some(session)),
            Some(Credential::Link(hash, visit)) => (hash, visit),
            Some(Credential::StaffSession(_)) => {
                return Err(Error::Forbidden("A staff session cannot enter the portal root."));
            }
            Some(Credential::ApiKey(_)) => {
                return Err(Error::Forbidden("An API key cannot enter the portal root."));
            }
            Some(Credential::Preview(_)) => {
                return Err(Error::Forbidden("A preview shows what is there, and changes nothing."));
            }
            None => return Err(Error::Unauthenticated),
        };
        let passed = match visit {
            Some(Presented { hash: session, coded: true }) => self.passed(hash, session).await?,
            _ => None,
        };
        let visit = visit.map(|visit| visit.hash).filter(|visit| *visit != hash);
        Ok(PortalPass { hash, visit, passed })
    }

    /// The same, refused as resolvers do.
    pub async fn portal_pass(&self) -> Result<PortalPass> {
        self.present().await.map_err(coded)
    }

    /// The token of the visitor's session, if the request carries one.
    pub fn visit(&self) -> Option<CredentialHash> {
        match self.credential? {
            Credential::PortalSession(session) | Credential::Link(_, Some(session)) => Some(session.hash),
            _ => None,
        }
    }

    /// The mark of a session at a door. While Redis is away, only a door that asks for no code opens.
    async fn passed(
        &self,
        door: CredentialHash,
        session: CredentialHash,
    ) -> Result<Option<CredentialHash>, Error> {
        match self.app.redis.passed(&session).await {
            Err(away @ Error::Unavailable(_)) => match doors::find(&self.app.pools, door).await?.mark() {
                Some(_) => Err(away),
                None => Ok(None),
            },
            answered => answered,
        }
    }

    /// Whom a portal's transfer is for: its holder, or a preview, which has no pass.
    pub async fn portal_bearer(&self) -> Result<Bearer> {
        match self.credential {
            Some(Credential::Preview(hash)) => Ok(Bearer::Preview(hash)),
            _ => Ok(Bearer::Pass(Pass::Portal(self.portal_pass().await?))),
        }
    }
}

/// Ends a read transaction, unless somebody still holds it; then it is dropped with them.
async fn close<S: Send + Sync + 'static>(reading: Arc<Reading<S>>) {
    let Some(Reading { tx, loaders }) = Arc::into_inner(reading) else { return };
    drop(loaders);
    if let Some(tx) = Arc::into_inner(tx) {
        let _ = tx.leave().await;
    }
}

/// The request of a resolver.
pub fn request<'a>(ctx: &Context<'a>) -> &'a RequestContext {
    ctx.data_unchecked::<Arc<RequestContext>>()
}

//! Takes bytes in: on into storage as they come, hashed and counted on the way, and looked at before
//! anybody else can. Whatever goes wrong, neither bytes nor a row stay behind (FILE-2).

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};

use crate::adapters::storage::{Sink, Storage};
use crate::app::App;
use crate::db::ids::FileId;
use crate::db::scope::PortalPass;
use crate::domain::callers;
use crate::domain::changes::{Origin, Write};
use crate::domain::files::content::{self, Claim, Directory};
use crate::domain::files::objects;
use crate::domain::files::uploads::{self, Arrival, Received};
use crate::error::{Error, Result};
use crate::live::{Bearer, Escort, Pass};

/// Written to storage at once.
const PIECE: usize = 64 * 1024;
/// Read on after a refusal, so that the sender hears of it,
const READ_ON: u64 = 256 * 1024 * 1024;
/// for so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// What has to come in the time that an upload may stand still: about half a kilobyte a second, so that nobody
/// holds on for days with a byte now and then.
const SLOWEST: u64 = 16 * 1024;
/// What is said of an upload that nothing more comes of.
pub const STOOD_STILL: &str = "The upload stood still for too long.";
/// Archives that are looked into at once: a directory takes memory.
static LOOKING: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);
/// How long one may take, or an organisation's slow storage would keep everybody else's waiting.
const LOOK: Duration = Duration::from_secs(30);

/// Bytes that come, and whose.
pub struct Incoming<'a, S> {
    pub bytes: S,
    pub most: u64,
    pub escort: &'a Escort,
}

/// Takes a file in and adds it with `add`; takes everything back if either fails.
pub async fn take_in<S, E, F>(
    app: &Arc<App>,
    arrival: &Arrival,
    incoming: Incoming<'_, S>,
    add: impl FnOnce(Received) -> F,
) -> Result<FileId>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    F: Future<Output = Result<FileId>>,
{
    let (id, pools) = (arrival.id, &app.pools);
    let at_hand = (app.clock.as_ref(), &app.config.sealing);
    let place = objects::receive(pools, at_hand, id, (&arrival.folder, &arrival.name)).await?;
    let storage = match app.store(place.account.as_ref()) {
        Ok(storage) => storage,
        Err(error) => {
            // Nothing was written.
            objects::forget(pools, id).await?;
            return Err(error.into());
        }
    };
    let received = match pour(app, arrival, (&storage, &place.key), incoming).await {
        Ok(received) => received,
        Err(refusal) => {
            take_back(app, id, (&storage, &place.key)).await;
            return Err(refusal);
        }
    };
    let added = add(received).await;
    step("upload_added");
    match added {
        Ok(file) => {
            // What is not noted now, the sweeper notes.
            if let Err(error) = objects::keep(pools, id).await {
                tracing::warn!(%error, "an upload could not be settled");
            }
            Ok(file)
        }
        // The file may be there all the same: a connection can break after a commit and before its answer. The
        // sweeper looks.
        Err(unsure @ (Error::Internal(_) | Error::Unavailable(_) | Error::TooSlow)) => Err(unsure),
        Err(refusal) => {
            take_back(app, id, (&storage, &place.key)).await;
            Err(refusal)
        }
    }
}

/// Deletes bytes, then the row that tells of them.
async fn take_back(app: &App, id: objects::ObjectId, (storage, key): (&Storage, &str)) {
    match storage.delete(key).await {
        Ok(()) => {
            if let Err(error) = objects::forget(&app.pools, id).await {
                tracing::warn!(%error, "a refused upload waits for the sweeper");
            }
        }
        Err(error) => tracing::warn!(%error, "a refused upload waits for the sweeper"),
    }
}

async fn pour<S, E>(
    app: &App,
    arrival: &Arrival,
    (storage, key): (&Storage, &str),
    incoming: Incoming<'_, S>,
) -> Result<Received>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let mut sink = storage.write(key).await?;
    let poured = Pouring::new(app, arrival, incoming.most).all(&mut sink, incoming).await;
    let received = match poured {
        Ok(received) => received,
        Err(refusal) => {
            sink.abort().await;
            return Err(refusal);
        }
    };
    sink.close().await?;
    step("upload_closed");
    if let Some(claim) = arrival.claim.filter(|claim| claim.is_archive()) {
        look_into((storage, key), claim, received.size).await?;
    }
    objects::renew(&app.pools, &app.clock, arrival.id).await?;
    Ok(received)
}

/// What is known of the bytes so far.
struct Pouring<'a> {
    app: &'a App,
    arrival: &'a Arrival,
    most: u64,
    size: u64,
    hash: Sha256,
    head: Vec<u8>,
    media_type: Option<&'static str>,
    waiting: Vec<u8>,
    beat: chrono::DateTime<chrono::Utc>,
    /// How long the sender was waited for, and what there was, since it was last fast enough.
    waited: chrono::TimeDelta,
    had: u64,
}

impl<'a> Pouring<'a> {
    fn new(app: &'a App, arrival: &'a Arrival, most: u64) -> Self {
        Self {
            app,
            arrival,
            most,
            size: 0,
            hash: Sha256::new(),
            head: Vec::new(),
            media_type: None,
            waiting: Vec::with_capacity(PIECE),
            beat: app.clock.now(),
            waited: chrono::TimeDelta::zero(),
            had: 0,
        }
    }

    async fn all<S, E>(mut self, sink: &mut Sink, mut incoming: Incoming<'_, S>) -> Result<Received>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let silence = self.app.config.storage.silence;
        loop {
            let asked = self.app.clock.now();
            let next = tokio::time::timeout(silence, incoming.bytes.next());
            let next = tokio::select! {
                () = incoming.escort.expel().cancelled() => return Err(Error::LinkInactive),
                next = next => next.map_err(|_| Error::invalid("file", STOOD_STILL))?,
            };
            self.waited += self.app.clock.now() - asked;
            match next {
                Some(Ok(bytes)) => {
                    self.take(&bytes, sink).await?;
                    self.check_pace(silence)?;
                }
                Some(Err(_)) => return Err(Error::invalid("file", "The upload broke off.")),
                None => break,
            }
        }
        self.end(sink).await
    }

    /// Refuses who brings next to nothing. Only waiting counts: that storage is slow is nobody's fault here.
    fn check_pace(&mut self, silence: Duration) -> Result<()> {
        if self.size - self.had >= SLOWEST {
            (self.waited, self.had) = (chrono::TimeDelta::zero(), self.size);
        } else if self.waited.to_std().is_ok_and(|waited| waited > silence) {
            return Err(Error::invalid("file", "The upload came too slowly."));
        }
        Ok(())
    }

    async fn take(&mut self, bytes: &[u8], sink: &mut Sink) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.most {
            return Err(Error::invalid("file", too_large(self.most)));
        }
        self.hash.update(bytes);
        if self.head.len() < content::HEAD {
            let more = bytes.len().min(content::HEAD - self.head.len());
            self.head.extend_from_slice(&bytes[..more]);
            if self.head.len() == content::HEAD {
                self.look()?;
            }
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let more = rest.len().min(PIECE - self.waiting.len());
            self.waiting.extend_from_slice(&rest[..more]);
            rest = &rest[more..];
            if self.waiting.len() == PIECE {
                self.flush(sink).await?;
            }
        }
        self.stay().await
    }

    async fn flush(&mut self, sink: &mut Sink) -> Result<()> {
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
        sink.write(piece.into()).await?;
        step("upload_piece");
        Ok(())
    }

    /// Says that bytes are still coming, on a slow line too.
    async fn stay(&mut self) -> Result<()> {
        let now = self.app.clock.now();
        if now - self.beat >= objects::HEARTBEAT {
            self.beat = now;
            objects::renew(&self.app.pools, &self.app.clock, self.arrival.id).await?;
        }
        Ok(())
    }

    /// Looks at the first bytes.
    fn look(&mut self) -> Result<()> {
        if self.media_type.is_some() {
            return Ok(());
        }
        self.media_type = Some(match self.arrival.claim {
            Some(claim) => {
                content::check_head(claim, &self.head).map_err(|why| Error::invalid("file", why))?
            }
            None => content::media_type(&self.head, &self.arrival.name),
        });
        Ok(())
    }

    async fn end(mut self, sink: &mut Sink) -> Result<Received> {
        if self.size == 0 {
            return Err(Error::invalid("file", "This file is empty."));
        }
        self.look()?;
        if !self.waiting.is_empty() {
            self.flush(sink).await?;
        }
        let media_type = self.media_type.unwrap_or("application/octet-stream");
        Ok(Received { media_type, size: self.size, sha256: self.hash.finalize().into() })
    }
}

/// Reads an archive's directory back from storage, a piece at a time.
async fn look_into((storage, key): (&Storage, &str), claim: Claim, size: u64) -> Result<()> {
    let _turn = LOOKING.acquire().await;
    let looking = async {
        let mut directory = Directory::new(claim, size);
        while let Some((offset, length)) = directory.wants() {
            let bytes = storage.read_whole(key, offset..offset + length).await?;
            directory.feed(&bytes).map_err(|why| Error::invalid("file", why))?;
        }
        Ok::<_, Error>(())
    };
    tokio::time::timeout(LOOK, looking).await.unwrap_or(Err(Error::Unavailable("storage")))
}

/// What is said of a file above the limit.
pub(super) fn too_large(most: u64) -> String {
    if most >= 1024 * 1024 {
        format!("This file is too large: at most {} MB can be sent here.", most / (1024 * 1024))
    } else {
        format!("This file is too large: at most {most} bytes can be sent here.")
    }
}

/// Takes a client's file in, and adds it as the visitor's.
pub async fn take_from_client<S, E>(
    app: &Arc<App>,
    (arrival, pass, origin): (&Arrival, PortalPass, Origin),
    bytes: S,
) -> Result<FileId>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let escort = app.live.escort(Bearer::Pass(Pass::Portal(pass)));
    let incoming = Incoming { bytes, most: app.config.storage.client_bytes, escort: &escort };
    take_in(app, arrival, incoming, |received| async move {
        let tx = callers::act_in_portal(&app.pools, pass, app.clock.id().into()).await?;
        let write = Write::new(tx, app.clock.clone(), origin).observed_by(app.live.clone());
        let added = uploads::add_by_client(&write, arrival, &received).await;
        write.finish(added).await
    })
    .await
}

/// Whether to read on after a refusal. Who stood still was waited for already.
pub fn is_heard_out(refusal: &Error) -> bool {
    let Error::Validation(problems) = refusal else { return true };
    !problems.iter().any(|problem| problem.message.ends_with(STOOD_STILL))
}

/// Reads on after a refusal: a sender who is cut off in the middle never reads why.
pub async fn drain<S, E>(mut bytes: S)
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let mut read = 0_u64;
    let reading = async {
        while let Some(Ok(piece)) = bytes.next().await {
            read += piece.len() as u64;
            if read > READ_ON {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(PATIENCE, reading).await;
}

/// Where tests stop or kill a service.
fn step(name: &'static str) {
    tracing::trace!(upload.step = name, "receiving");
    fail::fail_point!(name);
}

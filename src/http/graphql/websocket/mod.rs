//! GraphQL over WebSocket, the protocol `graphql-transport-ws` (API-2), ours because the stock
//! transport passes half of its checks (decision 13). One task a connection: it hears, runs
//! operations side by side, and speaks as fast as the client reads. Cookies are never looked at: the
//! credential comes with `connection_init`, or with the header `Authorization` of programs.

mod messages;
mod operations;

use std::time::Duration;

use async_graphql::Value;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use self::messages::Heard;
use self::operations::{Operations, Said};
use super::running::Asker;
use crate::graphql::context::Credential;
use crate::graphql::loaders;
use crate::http::{Http, caller};
use crate::usage::Serving;

const PROTOCOL: &str = "graphql-transport-ws";
/// Between two pings; who has said nothing since the last one is gone.
const HEARTBEAT: Duration = Duration::from_secs(12);
/// How long a client may leave a message unread.
const PATIENCE: Duration = Duration::from_secs(30);
/// Read buffer of a connection, in bytes. The default is for those who send much.
const READ_BUFFER: usize = 4_096;

/// Why a connection ends.
enum End {
    /// With a code of the protocol, and its reason.
    Close(u16, String),
    /// Nobody is there to be told.
    Gone,
}

impl End {
    fn close(code: u16, reason: &str) -> Self {
        Self::Close(code, reason.to_owned())
    }
}

type Outcome = Result<(), End>;

/// Takes the connection over.
pub fn open(http: Http, asker: Asker, upgrade: WebSocketUpgrade) -> Response {
    let most = http.app.config.http.body_bytes;
    upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .max_message_size(most)
        .max_frame_size(most)
        .on_upgrade(move |mut socket| async move {
            let spoken = socket.protocol().is_some_and(|protocol| protocol == PROTOCOL);
            let end = if spoken {
                Conversation::new(http, asker).hold(&mut socket).await
            } else {
                End::close(4406, "Subprotocol not acceptable")
            };
            if let End::Close(code, reason) = end {
                let frame = CloseFrame { code, reason: reason.into() };
                let _ = timeout(PATIENCE, socket.send(Message::Close(Some(frame)))).await;
            }
        })
}

/// One connection.
struct Conversation {
    http: Http,
    asker: Asker,
    initialised: bool,
    acknowledged: bool,
    alive: bool,
    operations: Operations,
    /// What its subscriptions tell: a connection has one credential, so all of them tell of one portal.
    serving: Serving,
    expel: CancellationToken,
}

impl Conversation {
    fn new(http: Http, asker: Asker) -> Self {
        let asker = asker.apart();
        Self {
            serving: Serving::new(&http.app, asker.tracked.sighting.clone()),
            http,
            asker,
            initialised: false,
            acknowledged: false,
            alive: true,
            operations: Operations::default(),
            expel: CancellationToken::new(),
        }
    }

    async fn hold(mut self, socket: &mut WebSocket) -> End {
        let late = Instant::now() + self.http.app.config.live.init;
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let closing = self.http.app.live.closing();
        loop {
            let outcome = tokio::select! {
                () = self.expel.cancelled() => Err(End::close(4403, "Forbidden")),
                () = closing.cancelled() => Err(End::close(1001, "Going away")),
                () = sleep_until(late), if !self.initialised => {
                    Err(End::close(4408, "Connection initialisation timeout"))
                }
                message = socket.recv() => match message {
                    Some(Ok(message)) => self.hear(socket, message).await,
                    // Too long, most likely; whoever is cut off does not hear it.
                    Some(Err(_)) => Err(End::close(1009, "Message too big")),
                    None => Err(End::Gone),
                },
                Some(said) = self.operations.next() => self.say(socket, said).await,
                _ = heartbeat.tick() => self.knock(socket).await,
            };
            if let Err(end) = outcome {
                return end;
            }
        }
    }

    async fn hear(&mut self, socket: &mut WebSocket, message: Message) -> Outcome {
        self.alive = true;
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(End::close(4400, "Message is not text")),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(End::Gone),
        };
        match messages::read(&text).map_err(|wrong| End::Close(4400, wrong))? {
            Heard::Init(authorization) => self.welcome(socket, authorization).await,
            Heard::Ping(payload) => send(socket, messages::pong(payload)).await,
            Heard::Pong => Ok(()),
            Heard::Complete(id) => {
                self.operations.stop(&id);
                Ok(())
            }
            Heard::Subscribe(..) if !self.acknowledged => Err(End::close(4401, "Unauthorized")),
            Heard::Subscribe(id, _) if self.operations.holds(&id) => {
                Err(End::Close(4409, shortened(format!("Subscriber for {id} already exists"))))
            }
            Heard::Subscribe(id, parameters) => {
                let expel = self.expel.clone();
                let refused = self.operations.start(&self.http, &self.asker, id, *parameters, expel);
                match refused {
                    Some(message) => send(socket, message).await,
                    None => Ok(()),
                }
            }
        }
    }

    /// Lets in who presents a credential that lives, or none.
    async fn welcome(&mut self, socket: &mut WebSocket, authorization: Option<String>) -> Outcome {
        if self.initialised {
            return Err(End::close(4429, "Too many initialisation requests"));
        }
        self.initialised = true;
        if let Some(authorization) = authorization {
            let credential = caller::bearer(&authorization);
            self.asker.credential = Some(credential.ok_or_else(|| End::close(4403, "Forbidden"))?);
        }
        match entry(&self.http, &self.asker).await {
            Entry::Open => {}
            Entry::Refused => return Err(End::close(4403, "Forbidden")),
            Entry::Unknown => return Err(End::close(1013, "Try again later")),
        }
        self.acknowledged = true;
        send(socket, messages::ack()).await
    }

    async fn say(&mut self, socket: &mut WebSocket, said: Said) -> Outcome {
        match self.operations.message(said, &self.http.app.usage, &mut self.serving) {
            Some(message) => send(socket, message).await,
            None => Ok(()),
        }
    }

    /// Pings, unless the last ping has found nobody.
    async fn knock(&mut self, socket: &mut WebSocket) -> Outcome {
        if !std::mem::replace(&mut self.alive, false) {
            return Err(End::Gone);
        }
        self.serving.sent(0);
        deliver(socket, Message::Ping(Default::default())).await
    }
}

/// What becomes of who wants in.
enum Entry {
    Open,
    Refused,
    /// The database is away, or busy.
    Unknown,
}

/// Whether the credential opens something, if there is one.
async fn entry(http: &Http, asker: &Asker) -> Entry {
    let (inline, _) = loaders::inline();
    let context = asker.context(http, inline);
    let refusal = match asker.credential {
        None => None,
        Some(Credential::StaffSession(_) | Credential::ApiKey(_)) => context.organization().await.err(),
        Some(_) => context.portal().await.err(),
    };
    context.finish().await;
    let internal = Value::from("INTERNAL");
    match refusal.map(|error| error.extensions.and_then(|extensions| extensions.get("code").cloned())) {
        None => Entry::Open,
        Some(Some(code)) if code != internal => Entry::Refused,
        Some(_) => Entry::Unknown,
    }
}

async fn send(socket: &mut WebSocket, text: String) -> Outcome {
    deliver(socket, Message::Text(text.into())).await
}

async fn deliver(socket: &mut WebSocket, message: Message) -> Outcome {
    match timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

/// A close frame's reason holds 123 bytes.
fn shortened(reason: String) -> String {
    let end = reason.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= 123).last();
    reason[..end.unwrap_or(0)].to_owned()
}

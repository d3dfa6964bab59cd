//! Word of changes at an app's address: a client's WebSocket, and one to the shard's Realtime behind it. What goes through is decided by
//! [`Line`]; who a client is, is proven here.

use futures::{StreamExt as _, stream};
use js_sys::futures::spawn_local;
use worker::{
    Env, Fetch, Request, Response, WebSocket, WebSocketPair, WebsocketEvent, console_error,
};

use super::{Stop, admit, own_session};
use crate::{
    data::{
        gate::Service,
        realtime::{Due, Line, MOST_BYTES, Message, PATH, Step, Version},
        token::{self, Session},
        unavailable,
    },
    edge::{
        clock,
        data::{Tables, in_time},
        runtime, signature,
    },
    error::{Error, Result},
    ids::AppId,
};

/// The reasons for which a connection ends (RFC 6455, section 7.4.1), and of our own: the other side is gone.
const GOING_AWAY: u16 = 1001;
const UNSUPPORTED: u16 = 1003;
const TOO_BIG: u16 = 1009;

/// Opens a connection.
pub(super) async fn listen(
    request: &Request,
    env: &Env,
    app: &AppId,
    tables: Tables,
    version: Version,
) -> Result<Response, Stop> {
    let wanted = request.headers().get("upgrade").map_err(Error::internal)?;
    if !wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case("websocket")) {
        let message = "This is spoken over a WebSocket.";
        return Err(Service::Realtime.denied(426, "", message).into());
    }
    let shard = match connect(&tables).await {
        Ok(shard) => shard,
        Err(error) => {
            tables.doubt(&error).await;
            return Err(error.into());
        }
    };
    let pair = WebSocketPair::new().map_err(Error::internal)?;
    let relay = Relay {
        env: env.clone(),
        line: Line::new(app.clone(), clock::now()),
        app: app.clone(),
        client: pair.server,
        shard,
        tables,
        version,
    };
    spawn_local(relay.run());
    Ok(Response::from_websocket(pair.client).map_err(Error::internal)?)
}

/// The connection to the shard. There its key opens it; each channel is joined with a token of its own.
async fn connect(tables: &Tables) -> Result<WebSocket> {
    let shard = tables.shard();
    let key = shard.publishable_key();
    let address = format!("{}{PATH}?apikey={key}&vsn=1.0.0", shard.url());
    let asked = Fetch::Request(runtime::upgrade(&address)?);
    let answer = in_time(async |signal| asked.send_with_signal(signal).await).await?;
    let status = answer.status_code();
    let opened = answer.websocket();
    opened.ok_or_else(|| unavailable(format!("{status} in place of Realtime")))
}

/// Both connections of a client.
struct Relay {
    env: Env,
    app: AppId,
    tables: Tables,
    version: Version,
    line: Line,
    client: WebSocket,
    shard: WebSocket,
}

/// Who has shown themselves, and the token that the shard is shown; or why it is not taken.
type Proof = std::result::Result<(Option<Session>, String), String>;

/// What happens to one of the connections.
enum Event {
    Client(worker::Result<WebsocketEvent>),
    Shard(worker::Result<WebsocketEvent>),
}

impl Relay {
    /// Passes on what there is until one of the two is closed, and then closes the other.
    async fn run(mut self) {
        let (client, shard) = (self.client.clone(), self.shard.clone());
        // What cannot be sent goes to somebody who is gone.
        let (code, reason) = self.relayed().await.unwrap_or((GOING_AWAY, ""));
        for socket in [&client, &shard] {
            // One of them may be closed already.
            let _closed = socket.close(Some(code), Some(reason));
        }
    }

    async fn relayed(&mut self) -> worker::Result<(u16, &'static str)> {
        let (client, shard) = (self.client.clone(), self.shard.clone());
        let mut events = stream::select(
            client.events()?.map(Event::Client),
            shard.events()?.map(Event::Shard),
        );
        client.accept()?;
        shard.accept()?;
        while let Some(event) = events.next().await {
            let ended = match event {
                Event::Client(Ok(WebsocketEvent::Message(said))) => match said.text() {
                    Some(text) if text.len() <= MOST_BYTES => self.said(&text).await?,
                    Some(_) => Some((TOO_BIG, "a message is too long")),
                    None => Some((UNSUPPORTED, "messages are text")),
                },
                Event::Shard(Ok(WebsocketEvent::Message(said))) => {
                    let message = said.text().and_then(|text| Version::One.read(&text));
                    if let Some(message) = message.and_then(|message| self.line.heard(message)) {
                        self.tell(Vec::new(), vec![message])?;
                    }
                    None
                }
                Event::Client(_) => Some((GOING_AWAY, "the client is gone")),
                Event::Shard(_) => Some((GOING_AWAY, "the app's database is gone")),
            };
            if let Some(ended) = ended {
                return Ok(ended);
            }
        }
        Ok((GOING_AWAY, ""))
    }

    fn tell(&self, up: Vec<Message>, down: Vec<Message>) -> worker::Result<()> {
        for message in up {
            self.shard.send_with_str(Version::One.write(&message))?;
        }
        for message in down {
            self.client.send_with_str(self.version.write(&message))?;
        }
        Ok(())
    }

    /// What comes of a message of the client; why the connection ends with it, if it does. It does when the database does not answer, and when
    /// this connection may ask it no more (the platform counts): the client makes another one, after a while.
    async fn said(&mut self, text: &str) -> worker::Result<Option<(u16, &'static str)>> {
        let now = clock::now();
        match self.line.said(self.version.read(text), now) {
            Step::Nothing => {}
            Step::Up(message) => self.tell(vec![message], Vec::new())?,
            Step::Down(message) => self.tell(Vec::new(), vec![message])?,
            Step::Close(code, reason) => return Ok(Some((code, reason))),
            Step::Prove(audience, message) => {
                let proof = match self.proof(&message).await {
                    Ok(proof) => proof,
                    Err(error) => return Ok(Some(self.gave_up(&error))),
                };
                let (up, down) = self.line.proven(audience, message, proof, now);
                self.tell(up, down)?;
            }
        }
        let Some(due) = self.line.due(now) else {
            return Ok(None);
        };
        if self.has_moved().await {
            return Ok(Some((GOING_AWAY, "the app's data has moved")));
        }
        for due in due {
            match self.seen_to(due).await {
                Ok((up, down)) => self.tell(up, down)?,
                Err(error) => return Ok(Some(self.gave_up(&error))),
            }
        }
        Ok(None)
    }

    /// The end of a connection of which nobody knows any more whose it is.
    fn gave_up(&self, error: &Error) -> (u16, &'static str) {
        let source = error.source.as_deref().unwrap_or(&error.public);
        console_error!("changes of {}: {source}", self.app);
        (GOING_AWAY, "the app's database does not answer")
    }

    /// Whose token a message shows, and the token that the shard is shown for it; or why it is not taken.
    async fn proof(&self, message: &Message) -> Result<Proof> {
        let shown = message.payload.get("access_token");
        // A key of the app names nobody.
        let shown = shown.and_then(|shown| shown.as_str());
        let shown = shown.filter(|shown| token::is_token(shown));
        let mut session = None;
        if let Some(shown) = shown {
            match own_session(&self.tables, &self.app, shown, clock::now()).await {
                Ok(own) => session = Some(own),
                Err(error) => return Ok(Err(error.to_string())),
            }
        }
        let listening = self.admitted(session.as_ref()).await?;
        Ok(listening.map(|listening| (session, listening)))
    }

    /// A token for the shard's Realtime, for who is still a user of the app; or why not.
    async fn admitted(
        &self,
        session: Option<&Session>,
    ) -> Result<std::result::Result<String, String>> {
        let now = clock::now();
        if let Some(session) = session {
            let admitted = admit(&self.tables, &self.app, session, Service::Realtime, now).await;
            match admitted {
                Ok(()) => {}
                Err(Stop::Denied(_)) => {
                    return Ok(Err(
                        "This account is no user of this app any more".to_owned()
                    ));
                }
                Err(Stop::Failed(error)) => return Err(error),
            }
        }
        let claims = token::listening(session, &self.app, now);
        let signed = signature::signed(self.tables.shard(), &claims).await?;
        Ok(Ok(signed))
    }

    /// Renews the token of a channel, or ends it: what goes to the shard, and what to the client.
    async fn seen_to(&mut self, due: Due) -> Result<(Vec<Message>, Vec<Message>)> {
        let now = clock::now();
        let Due {
            audience,
            session,
            renews,
        } = due;
        let is_over = session.as_ref().is_some_and(|session| session.is_over(now));
        let admitted = if is_over {
            Err("The session's time is over".to_owned())
        } else {
            self.admitted(session.as_ref()).await?
        };
        Ok(match admitted {
            Err(reason) => self.line.ended(audience, &reason),
            Ok(token) if renews => {
                let renewed = self.line.renewed(audience, &token, now);
                (renewed.into_iter().collect(), Vec::new())
            }
            Ok(_) => (Vec::new(), Vec::new()),
        })
    }

    /// Whether the app's data is somewhere else by now, or gone.
    async fn has_moved(&self) -> bool {
        match Tables::if_any(&self.env, &self.app).await {
            Ok(Some(tables)) => tables.shard().url() != self.tables.shard().url(),
            Ok(None) => true,
            // What is not known is no reason.
            Err(_) => false,
        }
    }
}

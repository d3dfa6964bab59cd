//! The Durable Object of one app: holds the conversation, writes what it decides, drives its jobs.
//!
//! | request | answer |
//! |---|---|
//! | `POST /` with an [`Asked`]`<`[`ConversationCall`]`>` | the call's answer as JSON, `Ok` or `Err` |
//! | `GET /feed?name=&workspace=&after=` | the feed as server-sent events, or over a WebSocket (`sockets`) |
//!
//! Storage (SQLite; the tables are in `store`): `conversation` the machine's state, one row; `messages`;
//! `transcript` what a turn's model reads, in parts of ≤ 1 MB; `versions` with their manifests; `builds`,
//! `build_log`; `feed` the numbered events; `outbox` the jobs that are not done; `done` the answers to requests
//! that may come again. An object that was never opened has no table: what its app was accepted with is in the workspace, until then.
//!
//! One event that changes something is one transaction: state, feed, records, outbox, and the alarm. The alarm
//! runs the jobs; an object that starts with a full outbox arms it again, so a kill at any moment loses nothing.
//!
//! Once a turn or a build is over, older parts of the feed are compacted (`generation::feed::compact`), but for the newest
//! `FEED_WHOLE_EVENTS` events.
//! Readers of the feed read the table, each at its own pace, and are only told when there is more: nothing is held
//! for a slow one, and none sees a gap or a repetition.

mod calls;
mod deploy;
mod domains;
mod drive;
mod model;
mod monitoring;
mod sockets;
mod store;

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use futures::{
    Stream, StreamExt as _,
    channel::mpsc,
    future::{self, AbortHandle, Either},
    stream,
};
use worker::{
    Delay, DurableObject, Env, Method, Request, Response, State, WebSocket,
    WebSocketIncomingMessage, console_error, durable_object,
};

use self::store::Store;
use super::{
    clock,
    objects::{Asked, ConversationCall},
    preview, runtime, settings,
    witness::Witness,
};
use crate::{
    config::BuildPolicy,
    data::visit::Counted,
    error::{Error, Kind, Result},
    generation::{
        Answer, Conversation as Machine, Effect, Input,
        feed::{self, Event},
    },
    http::sse,
    ids::WorkspaceId,
    sorted::{SortedMap, SortedSet},
    time::Timestamp,
};

/// How many events of the feed are read at once.
const FEED_PAGE: u32 = 256;

/// After how much silence a reader of the feed hears that the stream lives.
const HEARTBEAT_SECONDS: u64 = 20;

/// One app's conversation.
#[durable_object]
pub struct Conversation {
    state: State,
    env: Env,
    store: Store,
    machine: RefCell<Option<Machine>>,
    /// Why the stored state cannot be read. Nothing is answered and nothing written over it then.
    unreadable: Option<Error>,
    /// Told when the feed has grown.
    readers: RefCell<Vec<mpsc::Sender<()>>>,
    /// Keys of the jobs that run.
    under_way: RefCell<SortedSet<String>>,
    /// What calls them off.
    call_offs: RefCell<SortedMap<String, AbortHandle>>,
    /// Tells the running driver that there may be more to do.
    nudge: RefCell<Option<mpsc::Sender<()>>>,
    armed: Cell<Option<Timestamp>>,
    /// How often somebody tried to sign in to the app.
    knocks: RefCell<Counted>,
    /// Who hears where the journal stands.
    witness: Witness,
    /// How often in a row the driver stopped because what came of a job could not be stored.
    unsettled: Cell<u32>,
}

impl DurableObject for Conversation {
    fn new(state: State, env: Env) -> Self {
        let store = Store::new(state.storage().sql());
        let (machine, unreadable) = match store.load() {
            Ok(machine) => (machine, None),
            Err(error) => (None, Some(error)),
        };
        let witness = Witness::of(&env);
        let object = Self {
            state,
            env,
            witness,
            store,
            machine: RefCell::new(machine),
            unreadable,
            readers: RefCell::default(),
            under_way: RefCell::default(),
            call_offs: RefCell::default(),
            nudge: RefCell::default(),
            armed: Cell::default(),
            knocks: RefCell::default(),
            unsettled: Cell::default(),
        };
        if object.machine.borrow().is_some()
            && let Err(error) = object.store.send_builds_again(clock::now())
        {
            console_error!("build messages could not be made due: {error}");
        }
        if let Err(error) = object.arm() {
            console_error!("the alarm could not be armed: {error}");
        }
        object
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if request.method() == Method::Get {
            return self.open_feed(&request).await;
        }
        let asked: Asked<ConversationCall> = crate::json::from_str(&request.text().await?)?;
        let answer = self.answer(asked).await;
        if let Err(error) = &answer
            && error.source.is_some()
        {
            console_error!("{error}");
        }
        Response::ok(serde_json::to_string(&answer)?)
    }

    async fn websocket_message(
        &self,
        socket: WebSocket,
        message: WebSocketIncomingMessage,
    ) -> worker::Result<()> {
        self.hear_socket(&socket, &message);
        Ok(())
    }

    async fn websocket_close(
        &self,
        socket: WebSocket,
        code: usize,
        _reason: String,
        _was_clean: bool,
    ) -> worker::Result<()> {
        // A close is answered; codes that say that there was none cannot be sent.
        let code = u16::try_from(code)
            .ok()
            .filter(|code| !matches!(code, 1005 | 1006 | 1015));
        let _answered = socket.close(code, None::<&str>);
        Ok(())
    }

    async fn websocket_error(
        &self,
        _socket: WebSocket,
        _error: worker::Error,
    ) -> worker::Result<()> {
        // The reader is gone, and comes again if it likes.
        Ok(())
    }

    async fn alarm(&self) -> worker::Result<Response> {
        // An error here would count against the platform's six retries, after which it gives up on the alarm.
        self.armed.set(None);
        if self.unreadable.is_some() {
            // Nothing can be done until a Worker comes that reads the state; its first event arms the alarm again.
            return Response::empty();
        }
        match self.drive().await {
            Ok(()) => self.unsettled.set(0),
            Err(error) => {
                console_error!("the driver stopped: {error}");
                self.unsettled.set(self.unsettled.get().saturating_add(1));
                let pause = BuildPolicy::DEFAULT.backoff(self.unsettled.get());
                runtime::arm(&self.state, clock::now().after(pause))?;
            }
        }
        Response::empty()
    }
}

impl Conversation {
    /// Runs an input through the machine and writes what comes of it, all or nothing.
    fn step(&self, input: Input) -> Result<Option<Answer>> {
        self.step_with(input, |_, _| Ok(()))
    }

    /// As [`Self::step`], with more to write in the same transaction.
    fn step_with(
        &self,
        input: Input,
        also: impl Fn(Option<&Answer>, Timestamp) -> worker::Result<()>,
    ) -> Result<Option<Answer>> {
        let now = clock::now();
        let mut machine = self.machine.borrow().clone().ok_or_else(no_app)?;
        let effects = machine.step(input, now)?;
        let answer = effects.iter().find_map(|effect| match effect {
            Effect::Answer(answer) => Some(answer.clone()),
            _ => None,
        });
        self.commit(machine, &effects, now, || also(answer.as_ref(), now))?;
        Ok(answer)
    }

    fn commit(
        &self,
        machine: Machine,
        effects: &[Effect],
        now: Timestamp,
        also: impl Fn() -> worker::Result<()>,
    ) -> Result<()> {
        if effects.is_empty() && self.machine.borrow().as_ref() == Some(&machine) {
            return Ok(());
        }
        let told = effects
            .iter()
            .any(|effect| matches!(effect, Effect::Feed(_)));
        runtime::transaction(&self.state, || {
            self.store.write(&machine, effects, now)?;
            also()?;
            Ok(self.arm()?)
        })
        .map_err(|error| {
            // The alarm may stand for what was not written.
            self.armed.set(None);
            if let Err(error) = self.arm() {
                console_error!("the alarm could not be armed: {error}");
            }
            Error::unavailable(
                "The change could not be stored. Nothing was changed; please try again.",
                error,
            )
        })?;
        preview::forget(&machine.app);
        self.machine.replace(Some(machine));
        self.call_off(effects);
        if told {
            // A full channel has a word in it already; a reader that is gone is dropped.
            let mut readers = self.readers.borrow_mut();
            readers.retain_mut(|reader| {
                reader
                    .try_send(())
                    .map_or_else(|error| error.is_full(), |()| true)
            });
            drop(readers);
            self.tell_sockets();
        }
        if let Some(nudge) = self.nudge.borrow_mut().as_mut() {
            // A full channel has a nudge in it already.
            let _ = nudge.try_send(());
        }
        let is_over = |effect: &Effect| {
            let Effect::Feed(event) = effect else {
                return false;
            };
            matches!(
                event,
                Event::TurnFinished { .. } | Event::BuildFinished { .. }
            )
        };
        if effects.iter().any(is_over)
            && let Err(error) = self.compact_feed()
        {
            // It is whole still; the end of the next turn comes back to it.
            console_error!("the feed could not be compacted: {error}");
        }
        Ok(())
    }

    /// Compacts what of the feed is over and before its newest events.
    fn compact_feed(&self) -> Result<()> {
        let newest = settings::feed_whole_events(&self.env)?;
        while let Some(part) = self.store.compactable(newest)? {
            let compacted = runtime::transaction(&self.state, || self.store.compact(&part));
            if let Err(error) = compacted {
                // What cannot be compacted does not keep the rest from it.
                console_error!("a part of the feed stays as it is: {error}");
                self.store.leave(&part).map_err(Error::internal)?;
            }
        }
        Ok(())
    }

    /// Calls off the jobs that are done with. One that was done hears nothing of it: it has come to its end.
    fn call_off(&self, effects: &[Effect]) {
        let call_offs = self.call_offs.borrow();
        for effect in effects {
            match effect {
                Effect::Finish { key } => {
                    if let Some(handle) = call_offs.get(key) {
                        handle.abort();
                    }
                }
                Effect::FinishAll => call_offs.values().for_each(AbortHandle::abort),
                _ => {}
            }
        }
    }

    /// Sets the alarm to the earliest job, also to one that runs: nothing else comes back to it when this process ends. The alarm that
    /// drives it goes on meanwhile, and in the end sets it to what is left.
    fn arm(&self) -> Result<()> {
        if self.unreadable.is_some()
            || (self.machine.borrow().is_none() && !self.store.is_created()?)
        {
            return Ok(());
        }
        if let Some(due) = self.store.first_due()?
            && self.armed.get() != Some(due)
        {
            runtime::arm(&self.state, due).map_err(Error::internal)?;
            self.armed.set(Some(due));
        }
        Ok(())
    }

    async fn open_feed(&self, request: &Request) -> worker::Result<Response> {
        let url = request.url()?;
        let parameter = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let workspace = parameter("workspace").and_then(|text| text.parse::<WorkspaceId>().ok());
        let after = parameter("after")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        if let (Some(name), Some(workspace)) = (parameter("name"), &workspace) {
            self.open_if_accepted(&name, workspace, true).await?;
        }
        let known = self.machine.borrow().as_ref().is_some_and(|machine| {
            !machine.is_deleted() && Some(&machine.workspace) == workspace.as_ref()
        });
        if !known {
            return Response::error("no such app", 404);
        }
        if request.headers().get("upgrade")?.is_some() {
            return self.open_socket(after);
        }
        let (sender, more) = mpsc::channel(1);
        self.readers.borrow_mut().push(sender);
        let start = stream::once(async { Ok(sse::PRELUDE.as_bytes().to_vec()) });
        let mut response =
            Response::from_stream(start.chain(events(self.store.clone(), after, more)))?;
        response
            .headers_mut()
            .set("content-type", "text/event-stream")?;
        response.headers_mut().set("cache-control", "no-store")?;
        Ok(response)
    }
}

/// A feed row as a client reads it.
fn event_json(row: &feed::Row) -> String {
    feed::as_json(row.seq, row.since, row.at, &row.event)
}

fn event_bytes(row: &feed::Row) -> Vec<u8> {
    sse::event(row.seq, &row.kind, &event_json(row)).into_bytes()
}

/// The feed from number `after` on, a page at a time, as fast as it is read; a comment now and then while there is
/// nothing, so that no proxy closes the stream. Ends with the conversation.
fn events(
    store: Store,
    after: u64,
    more: mpsc::Receiver<()>,
) -> impl Stream<Item = worker::Result<Vec<u8>>> {
    stream::unfold(
        (store, after, more),
        |(store, after, mut more)| async move {
            loop {
                let rows = match store.feed_after(after, FEED_PAGE) {
                    Ok(rows) => rows,
                    Err(error) => return Some((Err(error.into()), (store, after, more))),
                };
                if let Some(last) = rows.last() {
                    let after = last.seq;
                    let bytes = rows.iter().flat_map(event_bytes).collect();
                    return Some((Ok(bytes), (store, after, more)));
                }
                let silence = Delay::from(Duration::from_secs(HEARTBEAT_SECONDS));
                match future::select(more.next(), silence).await {
                    Either::Left((word, _)) => word?,
                    Either::Right(_) => {
                        let heartbeat = sse::HEARTBEAT.as_bytes().to_vec();
                        return Some((Ok(heartbeat), (store, after, more)));
                    }
                }
            }
        },
    )
}

impl Conversation {
    /// Looks at the machine as it is now.
    fn read_machine<T>(&self, look: impl FnOnce(&Machine) -> T) -> Result<T> {
        self.machine.borrow().as_ref().map(look).ok_or_else(no_app)
    }
}

fn no_app() -> Error {
    Error::new(Kind::NotFound, "There is no such app.")
}

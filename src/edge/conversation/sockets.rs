//! The feed over WebSockets, which hibernate: an object that nobody calls is evicted, its sockets stay, and what each has heard is
//! attached to it.
//!
//! Each message is one event, as JSON. A reader may say `{"ack": n}`: it has everything up to number n. Of what is not acknowledged, at
//! most [`WINDOW_BYTES`] and an event are sent: then the socket is closed with the code 1013, and the reader, when it has caught up, opens another
//! with `?after=` the last number that it has. `ping` is answered with `pong`, without waking anybody.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use worker::{
    Response, WebSocket, WebSocketIncomingMessage, WebSocketPair, console_error, worker_sys,
};

use super::{Conversation, FEED_PAGE, event_json};
use crate::{
    error::{Error, Result},
    sorted::SortedMap,
};

/// How much is sent that a reader has not acknowledged, in bytes.
const WINDOW_BYTES: u64 = 4 * 1024 * 1024;

/// "Try again later" (RFC 6455's registry of codes).
const TRY_AGAIN: u16 = 1013;

/// "Gone away".
const GONE: u16 = 1001;

/// What is attached to a socket.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Reader {
    /// The number of the last event that was sent.
    sent: u64,
    /// How many bytes of what was sent the reader has not acknowledged.
    unknown: u64,
}

/// What a reader says.
#[derive(Deserialize)]
struct Ack {
    ack: u64,
}

/// Events after a number: each with its own, as JSON.
type Page = Vec<(u64, String)>;

impl Conversation {
    /// Opens a socket for a reader that has everything up to number `after`.
    pub(super) fn open_socket(&self, after: u64) -> worker::Result<Response> {
        let pair = WebSocketPair::new()?;
        self.state.accept_web_socket(&pair.server);
        self.state
            .set_websocket_auto_response(&worker_sys::WebSocketRequestResponsePair::new(
                "ping", "pong",
            )?);
        let reader = Reader {
            sent: after,
            unknown: 0,
        };
        pair.server.serialize_attachment(reader)?;
        self.tell_socket(&pair.server, &mut SortedMap::new());
        Response::from_websocket(pair.client)
    }

    /// Sends what is new to all sockets.
    pub(super) fn tell_sockets(&self) {
        // Most readers are at the same place.
        let mut pages = SortedMap::new();
        for socket in self.state.get_websockets() {
            self.tell_socket(&socket, &mut pages);
        }
    }

    /// The app is gone.
    pub(super) fn close_sockets(&self) {
        for socket in self.state.get_websockets() {
            // One that is closed already needs no word.
            let _closed = socket.close(Some(GONE), Some("the app was deleted"));
        }
    }

    /// A reader says what it has.
    pub(super) fn hear_socket(&self, socket: &WebSocket, message: &WebSocketIncomingMessage) {
        let ack: Option<Ack> = match message {
            WebSocketIncomingMessage::String(text) => crate::json::from_str(text).ok(),
            WebSocketIncomingMessage::Binary(_) => None,
        };
        let Some(Ack { ack }) = ack else {
            // Nothing else has a meaning here.
            return;
        };
        if let Ok(Some(mut reader)) = socket.deserialize_attachment::<Reader>()
            && let Ok(unknown) = self.store.feed_bytes(ack, reader.sent)
        {
            // What was acknowledged before stays so.
            reader.unknown = reader.unknown.min(unknown);
            if socket.serialize_attachment(reader).is_ok() {
                self.tell_socket(socket, &mut SortedMap::new());
            }
        }
    }

    fn tell_socket(&self, socket: &WebSocket, pages: &mut SortedMap<u64, Rc<Page>>) {
        if let Err(error) = self.send_all(socket, pages) {
            console_error!("a reader of the feed is closed: {error}");
            let _closed = socket.close(Some(TRY_AGAIN), Some("come again"));
        }
    }

    fn send_all(&self, socket: &WebSocket, pages: &mut SortedMap<u64, Rc<Page>>) -> Result<()> {
        let attached = socket.deserialize_attachment::<Reader>();
        let Some(mut reader) = attached.map_err(Error::internal)? else {
            return Ok(());
        };
        loop {
            let page = match pages.get(&reader.sent) {
                Some(page) => Rc::clone(page),
                None => {
                    let page = Rc::new(self.page_after(reader.sent)?);
                    pages.insert(reader.sent, Rc::clone(&page));
                    page
                }
            };
            if page.is_empty() {
                break;
            }
            for (seq, event) in page.iter() {
                // A socket that is closed takes nothing, and is forgotten by the platform.
                if socket.send_with_str(event).is_err() {
                    return Ok(());
                }
                reader.sent = *seq;
                reader.unknown = reader.unknown.saturating_add(event.len() as u64);
                if reader.unknown > WINDOW_BYTES {
                    let reason = format!("slow down: come again with after={seq}");
                    let _closed = socket.close(Some(TRY_AGAIN), Some(reason));
                    return Ok(());
                }
            }
        }
        socket.serialize_attachment(reader).map_err(Error::internal)
    }

    fn page_after(&self, after: u64) -> Result<Page> {
        let rows = self.store.feed_after(after, FEED_PAGE)?;
        Ok(rows.iter().map(|row| (row.seq, event_json(row))).collect())
    }
}

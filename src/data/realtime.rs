//! What an app's address serves of Supabase Realtime: the three private channels on which its shard tells that rows have changed
//! (`migrations/0006_realtime.sql`), over a WebSocket below `/realtime/v1`, as `@supabase/supabase-js` speaks it
//! (<https://supabase.com/docs/guides/realtime/protocol>).
//!
//! | the client's channel | the shard's topic | who joins it |
//! |---|---|---|
//! | `everyone` | `app:<app>:everyone` | anybody |
//! | `members` | `app:<app>:members` | the app's users |
//! | `mine` | `app:<app>:user:<user>` | the user |
//!
//! A [`Line`] is one connection. To the shard it speaks version 1 of the protocol, in which all is JSON. What a client shows is proven by whoever
//! holds the connection, and the shard is shown a token that was made for it ([`token::listening`](super::token::listening)).

mod message;

use serde_json::{Value, json};

pub use message::{Message, Version};

use super::token::Session;
use crate::{ids::AppId, sorted::SortedMap, time::Timestamp};

/// Where it is, at an app's address and at a shard's.
pub const PATH: &str = "/realtime/v1/websocket";
/// The longest message of a client, in bytes: a token and little more.
pub const MOST_BYTES: usize = 16 * 1024;
/// How many messages a client may send in [`WINDOW_MILLIS`]. It sends one in 25 seconds, and one for each channel.
pub const MOST_MESSAGES: u32 = 100;
/// See [`MOST_MESSAGES`].
pub const WINDOW_MILLIS: u64 = 10_000;
/// How often it is seen to that somebody is still a user of the app, in milliseconds.
pub const CHECK_MILLIS: u64 = 30_000;
/// When a channel gets another token, in milliseconds: less than half of what one is good for, since it is thought of when the client says
/// something.
pub const RENEW_MILLIS: u64 = 240_000;

/// What the refs of our own messages begin with.
const OWN: &str = "overskill:";
/// What the names of all channels begin with.
const CHANNEL: &str = "realtime:";
/// The topic of the connection itself.
const PHOENIX: &str = "phoenix";
/// What of a shard's messages is passed on.
const PASSED: [&str; 5] = ["broadcast", "phx_close", "phx_error", "phx_reply", "system"];

/// Whom a channel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Whoever is at the app's address.
    Everyone,
    /// The app's users.
    Members,
    /// One of them.
    User,
}

impl Audience {
    const ALL: [Self; 3] = [Self::Everyone, Self::Members, Self::User];

    /// As the client calls it.
    const fn name(self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Members => "members",
            Self::User => "mine",
        }
    }

    fn of(topic: &str) -> Option<Self> {
        let name = topic.strip_prefix(CHANNEL)?;
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The shard's name for it; nothing for whoever may not join it.
    fn topic(self, app: &AppId, session: Option<&Session>) -> Option<String> {
        let whom = match (self, session) {
            (Self::Everyone, _) => "everyone".to_owned(),
            (Self::Members, Some(_)) => "members".to_owned(),
            (Self::User, Some(session)) => format!("user:{}", session.user),
            (_, None) => return None,
        };
        Some(format!("{CHANNEL}app:{app}:{whom}"))
    }
}

/// Something that one side said, and what is to become of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// It goes on to the shard.
    Up(Message),
    /// The client is told this.
    Down(Message),
    /// Nothing comes of it.
    Nothing,
    /// The client shows who it is to join a channel, or to stay in it: to be proven, and answered with [`Line::proven`].
    Prove(Audience, Message),
    /// The connection ends, with this code (RFC 6455, section 7.4) and reason.
    Close(u16, &'static str),
}

/// One connection of a client.
#[derive(Debug)]
pub struct Line {
    app: AppId,
    channels: SortedMap<Audience, Channel>,
    window: (Timestamp, u32),
    checked: Timestamp,
}

/// A channel that was joined.
#[derive(Debug)]
struct Channel {
    topic: String,
    /// Which joining of the topic it is: the end of another one is none of it. The ref of the message that asked for it.
    join_ref: Option<String>,
    session: Option<Session>,
    renewed: Timestamp,
}

impl Channel {
    /// A message of ours about it.
    fn message(&self, event: &str, payload: Value) -> Message {
        Message {
            topic: self.topic.clone(),
            event: event.to_owned(),
            reference: Some(format!("{OWN}{event}")),
            join_ref: self.join_ref.clone(),
            payload,
        }
    }
}

/// A channel that needs something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub audience: Audience,
    /// Who has joined it; nobody is known in a channel of everyone.
    pub session: Option<Session>,
    /// Whether it needs another token.
    pub renews: bool,
}

impl Line {
    /// A connection that begins now.
    #[must_use]
    pub const fn new(app: AppId, now: Timestamp) -> Self {
        Self {
            app,
            channels: SortedMap::new(),
            window: (now, 0),
            checked: now,
        }
    }

    /// What becomes of a message of the client.
    pub fn said(&mut self, message: Option<Message>, now: Timestamp) -> Step {
        let (since, count) = &mut self.window;
        if since.after(WINDOW_MILLIS) <= now {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        if *count > MOST_MESSAGES {
            return Step::Close(1008, "too many messages");
        }
        let Some(message) = message else {
            return Step::Close(1007, "no message of the protocol");
        };
        if message.topic == PHOENIX {
            return match message.event.as_str() {
                "heartbeat" => Step::Up(message),
                _ => Step::Nothing,
            };
        }
        let Some(audience) = Audience::of(&message.topic) else {
            return Step::Down(message.refused(
                "An app has the channels `everyone`, `members` and `mine`, on which it hears of changes: use `db.subscribe`",
            ));
        };
        match message.event.as_str() {
            "phx_join" => Step::Prove(audience, message),
            "access_token" if self.channels.contains_key(&audience) => {
                Step::Prove(audience, message)
            }
            "access_token" => Step::Nothing,
            "phx_leave" => match self.channels.remove(&audience) {
                Some(Channel {
                    topic, join_ref, ..
                }) => Step::Up(Message {
                    topic,
                    join_ref,
                    ..message
                }),
                None => Step::Down(message.answer("ok", &json!({}))),
            },
            _ => Step::Down(message.refused("The database alone tells something here")),
        }
    }

    /// What follows when it is known who has shown themselves by a message: what goes to the shard, and what to the client. `session` is that
    /// of the client, nothing when it has none, `token` what the shard is shown; or why neither is taken.
    pub fn proven(
        &mut self,
        audience: Audience,
        message: Message,
        proof: Result<(Option<Session>, String), String>,
        now: Timestamp,
    ) -> (Vec<Message>, Vec<Message>) {
        let is_join = message.event == "phx_join";
        let proof = proof.and_then(|(session, token)| {
            let topic = audience.topic(&self.app, session.as_ref());
            let topic = topic.ok_or("Sign in to join this channel")?;
            Ok((session, token, topic))
        });
        let (session, token, topic) = match proof {
            Ok(proof) => proof,
            Err(reason) if is_join => {
                let up = self.left(audience);
                return (up, vec![message.refused(&reason)]);
            }
            Err(reason) => return self.ended(audience, &reason),
        };
        let is_other = self
            .channels
            .get(&audience)
            .is_some_and(|known| known.topic != topic);
        if is_other && !is_join {
            return self.ended(audience, "Somebody else has signed in");
        }
        let mut up = if is_other {
            self.left(audience)
        } else {
            Vec::new()
        };
        let payload = if is_join {
            json!({
                "access_token": token,
                "config": {
                    "private": true, "presence": { "enabled": false }, "postgres_changes": [],
                    // What is told before Realtime reads the database's log is told to nobody: it says when it does.
                    "broadcast": { "ack": false, "self": false, "replication_ready": true },
                },
            })
        } else {
            json!({ "access_token": token })
        };
        let join_ref = if is_join {
            message.reference.clone()
        } else {
            let channel = self.channels.get(&audience);
            channel.and_then(|channel| channel.join_ref.clone())
        };
        up.push(Message {
            topic: topic.clone(),
            event: message.event,
            reference: message.reference,
            join_ref: join_ref.clone(),
            payload,
        });
        let channel = Channel {
            topic,
            join_ref,
            session,
            renewed: now,
        };
        self.channels.insert(audience, channel);
        (up, Vec::new())
    }

    /// What the client hears of a message of the shard.
    pub fn heard(&mut self, message: Message) -> Option<Message> {
        let is_own = |reference: &String| reference.starts_with(OWN);
        if !PASSED.contains(&message.event.as_str())
            || message.reference.as_ref().is_some_and(is_own)
        {
            return None;
        }
        if message.topic == PHOENIX {
            return Some(message);
        }
        let is_reply = message.event == "phx_reply";
        let is_end = matches!(message.event.as_str(), "phx_close" | "phx_error");
        let is_refusal =
            is_reply && message.payload.get("status").and_then(Value::as_str) == Some("error");
        let mut known = self.channels.iter();
        let audience = match known.find(|(_, channel)| channel.topic == message.topic) {
            Some((audience, channel)) => {
                let audience = *audience;
                let is_of_it = message.reference == channel.join_ref;
                if is_end && message.reference.is_some() && !is_of_it {
                    return None;
                }
                // A refusal may come so late that the client has left and joined again.
                if is_end || is_refusal && is_of_it {
                    self.channels.remove(&audience);
                }
                audience
            }
            // The answer to somebody who leaves comes when they have left.
            None if is_reply => self.audience_of(&message.topic)?,
            None => return None,
        };
        // A channel that the shard closes is one that the client may join again.
        let event = match message.event.as_str() {
            "phx_close" => "phx_error".to_owned(),
            _ => message.event,
        };
        let topic = format!("{CHANNEL}{}", audience.name());
        Some(Message {
            topic,
            event,
            ..message
        })
    }

    /// Whose channel a topic of the shard is.
    fn audience_of(&self, topic: &str) -> Option<Audience> {
        let whom = topic.strip_prefix(&format!("{CHANNEL}app:{}:", self.app))?;
        match whom {
            "everyone" => Some(Audience::Everyone),
            "members" => Some(Audience::Members),
            _ => whom.strip_prefix("user:").map(|_| Audience::User),
        }
    }

    /// When it is time again to see whether who has joined may still hear: all channels that are joined.
    pub fn due(&mut self, now: Timestamp) -> Option<Vec<Due>> {
        if self.checked.after(CHECK_MILLIS) > now {
            return None;
        }
        self.checked = now;
        let channels = self.channels.iter();
        let due = channels.map(|(audience, channel)| Due {
            audience: *audience,
            session: channel.session.clone(),
            renews: channel.renewed.after(RENEW_MILLIS) <= now,
        });
        Some(due.collect())
    }

    /// Shows the shard another token for a channel.
    pub fn renewed(&mut self, audience: Audience, token: &str, now: Timestamp) -> Option<Message> {
        let channel = self.channels.get_mut(&audience)?;
        channel.renewed = now;
        let payload = json!({ "access_token": token });
        Some(channel.message("access_token", payload))
    }

    /// Ends a channel that somebody may not hear any more: what goes to the shard, and what to the client.
    pub fn ended(&mut self, audience: Audience, reason: &str) -> (Vec<Message>, Vec<Message>) {
        let topic = format!("{CHANNEL}{}", audience.name());
        let message = |event: &str, payload| Message {
            event: event.to_owned(),
            topic: topic.clone(),
            reference: None,
            join_ref: None,
            payload,
        };
        let said = json!({ "extension": "system", "status": "error", "message": reason, "channel": audience.name() });
        let down = vec![message("system", said), message("phx_error", json!({}))];
        (self.left(audience), down)
    }

    fn left(&mut self, audience: Audience) -> Vec<Message> {
        let channel = self.channels.remove(&audience);
        let leaving = channel.map(|channel| channel.message("phx_leave", json!({})));
        leaving.into_iter().collect()
    }
}

#[cfg(test)]
mod tests;

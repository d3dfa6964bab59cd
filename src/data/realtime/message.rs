//! The messages of the protocol, and both ways of writing them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How a client writes its messages (<https://hexdocs.pm/phoenix/Phoenix.Socket.Serializer.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `{topic, event, payload, ref}`
    One,
    /// `[join_ref, ref, topic, event, payload]`
    Two,
}

/// A message of the protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// What it is about.
    pub topic: String,
    /// What it is.
    pub event: String,
    /// What it says.
    #[serde(default)]
    pub payload: Value,
    /// By what the answer to it is known.
    #[serde(default, rename = "ref")]
    pub reference: Option<String>,
    /// Which joining of the channel it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_ref: Option<String>,
}

impl Version {
    /// The one that the query of the address names.
    #[must_use]
    pub fn of(query: &str) -> Option<Self> {
        let named = query.split('&').find_map(|pair| pair.strip_prefix("vsn="));
        match named {
            None | Some("1.0.0") => Some(Self::One),
            Some("2.0.0") => Some(Self::Two),
            Some(_) => None,
        }
    }

    /// Reads a message.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Message> {
        match self {
            Self::One => crate::json::from_str(text).ok(),
            Self::Two => {
                let (join_ref, reference, topic, event, payload) =
                    crate::json::from_str(text).ok()?;
                Some(Message {
                    topic,
                    event,
                    payload,
                    reference,
                    join_ref,
                })
            }
        }
    }

    /// Writes one.
    #[must_use]
    pub fn write(self, message: &Message) -> String {
        match self {
            Self::One => json!(message),
            Self::Two => json!([
                message.join_ref,
                message.reference,
                message.topic,
                message.event,
                message.payload
            ]),
        }
        .to_string()
    }
}

impl Message {
    pub(super) fn answer(self, status: &str, response: &Value) -> Self {
        Self {
            event: "phx_reply".to_owned(),
            payload: json!({ "status": status, "response": response }),
            ..self
        }
    }

    /// The answer that says why not.
    #[must_use]
    pub fn refused(self, reason: &str) -> Self {
        self.answer("error", &json!({ "reason": reason }))
    }
}

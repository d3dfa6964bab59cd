//! Somebody at the door of an app: who they say they are, and how often they may try.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{gate::Way, token};
use crate::{ids::AppId, time::Timestamp};

/// How long attempts are counted together, in milliseconds.
pub const WINDOW_MILLIS: u64 = 300_000;
/// How many attempts one client address has in that time. Of IPv6 the first 64 bits count.
pub const MOST_OF_ADDRESS: u32 = 100;
/// How many attempts there are for one e-mail address, whoever makes them.
pub const MOST_AT_EMAIL: u32 = 20;
/// How many mails are sent to one e-mail address.
pub const MOST_MAILS: u32 = 5;
/// How many names are counted at once; the older half is forgotten when there are more.
pub const MOST_COUNTED: usize = 4_096;
/// How much of an e-mail address tells it from others, in bytes.
const MOST_NAME_BYTES: usize = 256;

/// What stands in the body of a call to the authorization. One that is no JSON object says nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said(Map<String, Value>);

impl Said {
    /// Reads a body.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        let text = std::str::from_utf8(body).ok();
        Self(
            text.and_then(|text| crate::json::from_str(text).ok())
                .unwrap_or_default(),
        )
    }

    /// A member that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The e-mail address.
    #[must_use]
    pub fn email(&self) -> Option<String> {
        self.text("email").map(|email| email.trim().to_lowercase())
    }

    /// Whether the client keeps the proof of the flow that begins (PKCE).
    #[must_use]
    pub fn has_proof(&self) -> bool {
        self.text("code_challenge").is_some()
    }

    /// The same with another text.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> String {
        self.0.insert(name.to_owned(), text.into());
        Value::Object(self.0).to_string()
    }

    /// What whoever signs up is answered until they have confirmed their address. It is the same whether they have an account or not, and
    /// is of nobody who is there: `id` is made of the address. `at` is a time as ISO 8601 writes it.
    #[must_use]
    pub fn pending(&self, app: &AppId, secret: &str, at: &str) -> String {
        let email = self.email().unwrap_or_default();
        json!({
            "id": token::stand_in(&email, app, secret), "aud": "authenticated", "role": "authenticated", "email": email, "phone": "",
            "confirmation_sent_at": at, "app_metadata": { "provider": "email", "providers": ["email"] },
            "user_metadata": self.0.get("data").filter(|data| data.is_object()).cloned().unwrap_or_else(|| json!({})), "identities": [],
            "created_at": at, "updated_at": at, "is_anonymous": false,
        })
        .to_string()
    }
}

/// What is counted of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    name: String,
    most: u32,
}

/// What counts when somebody calls. `address` is the client's; without one, that is not counted. To renew a session counts for nothing:
/// what does it was given to the app before, and cannot be guessed.
#[must_use]
pub fn attempts(way: Way, said: &Said, address: Option<&str>) -> Vec<Attempt> {
    let is_counted = !matches!(way, Way::Other | Way::Account);
    if !is_counted || said.text("refresh_token").is_some() {
        return Vec::new();
    }
    let mut attempts = Vec::new();
    let mut count = |kind: char, name: &str, most| {
        let cut = name.floor_char_boundary(MOST_NAME_BYTES);
        let name = format!("{kind}{}", name.get(..cut).unwrap_or_default());
        attempts.push(Attempt { name, most });
    };
    if let Some(address) = address {
        count('a', &network(address), MOST_OF_ADDRESS);
    }
    if let Some(email) = said.email() {
        count('e', &email, MOST_AT_EMAIL);
        if matches!(way, Way::SignUp | Way::Link | Way::Mail) {
            count('m', &email, MOST_MAILS);
        }
    }
    attempts
}

/// The part of an address that one client has to itself.
fn network(address: &str) -> String {
    address.parse::<std::net::Ipv6Addr>().map_or_else(
        |_| address.to_owned(),
        |address| {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        },
    )
}

/// Attempts that were counted, in windows of [`WINDOW_MILLIS`] that begin with the first.
#[derive(Debug, Default)]
pub struct Counted(Vec<Window>);

/// The windows stand in the order in which they have begun.
#[derive(Debug)]
struct Window {
    name: String,
    begun: Timestamp,
    count: u32,
}

impl Counted {
    /// Counts attempts that are made together, unless one of them is too many: then for how many seconds to wait.
    pub fn wait(&mut self, attempts: &[Attempt], now: Timestamp) -> Option<u64> {
        let over = self.0.iter();
        let over = over
            .take_while(|window| now.since(window.begun) >= WINDOW_MILLIS)
            .count();
        self.0.drain(..over);
        let mut wait = 0;
        for attempt in attempts {
            if let Some(window) = self.window(&attempt.name)
                && window.count >= attempt.most
            {
                let left = WINDOW_MILLIS.saturating_sub(now.since(window.begun));
                wait = wait.max(left).max(1);
            }
        }
        if wait > 0 {
            return Some(wait.div_ceil(1_000));
        }
        for attempt in attempts {
            if let Some(window) = self.window(&attempt.name) {
                window.count = window.count.saturating_add(1);
                continue;
            }
            if self.0.len() >= MOST_COUNTED {
                self.0.drain(..MOST_COUNTED / 2);
            }
            self.0.push(Window {
                name: attempt.name.clone(),
                begun: now,
                count: 1,
            });
        }
        None
    }

    fn window(&mut self, name: &str) -> Option<&mut Window> {
        self.0.iter_mut().find(|window| window.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn app() -> AppId {
        "kitchen1".parse().unwrap()
    }

    fn said(body: &Value) -> Said {
        Said::read(body.to_string().as_bytes())
    }

    fn names(way: Way, body: &Value, address: Option<&str>) -> Vec<String> {
        let attempts = attempts(way, &said(body), address);
        attempts.into_iter().map(|attempt| attempt.name).collect()
    }

    #[test]
    fn a_body_says_who_comes_and_how() {
        let all = said(&json!({ "email": " Cook@Example.com ", "code_challenge": "x" }));
        assert_eq!(all.email().as_deref(), Some("cook@example.com"));
        assert!(all.has_proof());
        for body in [
            "",
            "[]",
            "null",
            "{",
            "\"a\"",
            "{\"email\": 5, \"code_challenge\": null}",
        ] {
            let said = Said::read(body.as_bytes());
            assert_eq!((said.email(), said.has_proof()), (None, false), "{body}");
        }
        assert_eq!(Said::read(&[0xff]), Said::default());
        assert_eq!(
            said(&json!({ "refresh_token": "a", "b": 1 })).with("refresh_token", "c"),
            json!({ "refresh_token": "c", "b": 1 }).to_string()
        );
    }

    #[test]
    fn whoever_signs_up_is_answered_the_same_whether_they_have_an_account_or_not() {
        let answer = |body: &Value, app: &AppId| -> Value {
            serde_json::from_str(&said(body).pending(app, "a secret", "2026-01-01T00:00:00Z"))
                .unwrap()
        };
        let body = json!({ "email": "Cook@example.com", "password": "secret words", "data": { "name": "Cook" } });
        let first = answer(&body, &app());
        assert_eq!(first, answer(&body, &app()));
        assert_eq!(
            (
                &first["email"],
                &first["user_metadata"]["name"],
                &first["identities"]
            ),
            (&json!("cook@example.com"), &json!("Cook"), &json!([]))
        );
        assert!(!first.to_string().contains("secret words"));
        let id = |answer: &Value| answer["id"].as_str().unwrap().to_owned();
        assert_eq!(id(&first).len(), 36);
        let other = answer(&json!({ "email": "guest@example.com", "data": 5 }), &app());
        assert_ne!(id(&first), id(&other));
        assert_eq!(other["user_metadata"], json!({}));
        assert_ne!(id(&first), id(&answer(&body, &"garden12".parse().unwrap())));
    }

    #[test]
    fn what_can_be_guessed_is_counted_by_where_it_comes_from_and_whom_it_is_about() {
        let cook = json!({ "email": "Cook@example.com" });
        assert_eq!(
            names(Way::In, &cook, Some("1.2.3.4")),
            ["a1.2.3.4", "ecook@example.com"]
        );
        assert_eq!(names(Way::In, &cook, None), ["ecook@example.com"]);
        for way in [Way::SignUp, Way::Link, Way::Mail] {
            assert_eq!(
                names(way, &cook, None),
                ["ecook@example.com", "mcook@example.com"]
            );
        }
        assert_eq!(
            names(Way::Landing, &json!({}), Some("1.2.3.4")),
            ["a1.2.3.4"]
        );
        for way in [Way::Other, Way::Account] {
            assert_eq!(names(way, &cook, Some("1.2.3.4")), [""; 0]);
        }
        assert_eq!(
            names(Way::In, &json!({ "refresh_token": "x" }), Some("1.2.3.4")),
            [""; 0]
        );
        assert_eq!(
            names(Way::Provider, &json!({}), Some("2001:db8:1:2:3:4:5:6")),
            names(Way::Provider, &json!({}), Some("2001:db8:1:2::9"))
        );
        let long = json!({ "email": "ä".repeat(1_000) });
        assert!(
            names(Way::In, &long, None)
                .iter()
                .all(|name| name.len() <= 1 + MOST_NAME_BYTES)
        );
    }

    #[test]
    fn too_many_attempts_wait_until_the_first_of_them_is_long_over() {
        let mut counted = Counted::default();
        let cook = attempts(
            Way::In,
            &said(&json!({ "email": "cook@example.com" })),
            Some("1.2.3.4"),
        );
        for _ in 0..MOST_AT_EMAIL {
            assert_eq!(counted.wait(&cook, NOW), None);
        }
        assert_eq!(counted.wait(&cook, NOW.after(1)), Some(300));
        assert_eq!(counted.wait(&cook, NOW.after(WINDOW_MILLIS - 1)), Some(1));
        let guest = attempts(
            Way::In,
            &said(&json!({ "email": "guest@example.com" })),
            Some("1.2.3.4"),
        );
        assert_eq!(counted.wait(&guest, NOW), None, "others are not held up");
        assert_eq!(counted.wait(&cook, NOW.after(WINDOW_MILLIS)), None);
        let mut counted = Counted::default();
        for index in 0..MOST_OF_ADDRESS {
            let email = json!({ "email": format!("{index}@example.com") });
            assert_eq!(
                counted.wait(&attempts(Way::In, &said(&email), Some("1.2.3.4")), NOW),
                None
            );
        }
        assert_eq!(counted.wait(&guest, NOW), Some(300));
    }

    #[test]
    fn what_is_counted_stays_small_and_keeps_what_is_newest() {
        let mut counted = Counted::default();
        let at = |index: u64| {
            let email = json!({ "email": format!("{index}@example.com") });
            attempts(Way::In, &said(&email), None)
        };
        for index in 0..3 * MOST_COUNTED as u64 {
            assert_eq!(counted.wait(&at(index), NOW.after(index)), None);
            assert!(counted.0.len() <= MOST_COUNTED);
        }
        let last = 3 * MOST_COUNTED as u64 - 1;
        for _ in 1..MOST_AT_EMAIL {
            assert_eq!(counted.wait(&at(last), NOW.after(last)), None);
        }
        assert!(counted.wait(&at(last), NOW.after(last)).is_some());
        counted.wait(&[], NOW.after(last + WINDOW_MILLIS));
        assert_eq!(counted.0.len(), 0, "what is over is forgotten at once");
    }
}

//! The way of one prompt, seen from outside: post it, follow the feed, across restarts of the stack.
//! Knows the API and the feed's kinds of event; prints nothing.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::{Api, Event};
use crate::stack::{self, Record, state};

/// Longer than a turn may take (20 minutes).
const TURN_LIMIT: Duration = Duration::from_secs(25 * 60);
/// How long the stack may be away before it counts as gone.
const AWAY_LIMIT: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(150);

/// A turn that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    /// The app.
    pub(crate) app: String,
    /// The turn.
    pub(crate) id: String,
    /// Time from sending the prompt to its acceptance.
    pub(crate) accepted: Duration,
}

/// How a turn ended.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    /// Whether it completed.
    pub(crate) completed: bool,
    /// What it says of itself.
    pub(crate) summary: String,
}

/// A stack to send prompts to. Where it listens is read anew whenever it was away.
#[derive(Clone, Debug)]
pub(crate) struct Journey {
    state: PathBuf,
    api: Api,
}

impl Journey {
    /// A journey on the running stack of a state folder.
    ///
    /// # Errors
    /// When its token cannot be read.
    pub(crate) fn on(state: &Path, record: &Record) -> Result<Self> {
        Ok(Self {
            state: state.to_path_buf(),
            api: Api::new(record.port, &state::token(state)?),
        })
    }

    /// The API of the stack.
    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    fn find_again(&mut self) -> Result<()> {
        if let Some(record) = stack::ready(&self.state)? {
            self.api = Api::new(record.port, &state::token(&self.state)?);
        }
        Ok(())
    }

    /// Posts a prompt: for a new app (of that name, when given), or to an existing one. Repeats itself with one key while the
    /// stack is away, so it arrives once.
    ///
    /// # Errors
    /// When the prompt is refused or the stack stays away.
    pub(crate) fn send(
        &mut self,
        prompt: &str,
        name: Option<&str>,
        app: Option<&str>,
    ) -> Result<Turn> {
        let key = state::secret()?;
        let (path, body) = match app {
            Some(app) => (
                format!("/v1/apps/{app}/messages"),
                json!({ "content": prompt }),
            ),
            None => {
                let mut body = json!({ "prompt": prompt });
                if let (Some(name), Some(members)) = (name, body.as_object_mut()) {
                    members.insert("name".to_owned(), Value::from(name));
                }
                ("/v1/apps".to_owned(), body)
            }
        };
        let begin = Instant::now();
        loop {
            let sent = Instant::now();
            match self.api.post(&path, &key, &body) {
                Ok(answer) if answer.status < 500 || answer.status == 501 => {
                    let accepted = sent.elapsed();
                    let body = answer.success().context("the prompt was refused")?;
                    let id = text(&body, "/turn/id")?;
                    let app =
                        app.map_or_else(|| text(&body, "/app/id"), |app| Ok(app.to_owned()))?;
                    return Ok(Turn { app, id, accepted });
                }
                Ok(answer) if begin.elapsed() > AWAY_LIMIT => {
                    answer.success()?;
                }
                Err(error) if begin.elapsed() > AWAY_LIMIT => {
                    return Err(error.context("the stack does not answer"));
                }
                Ok(_) | Err(_) => {}
            }
            thread::sleep(PAUSE);
            self.find_again()?;
        }
    }

    /// Follows a turn to its end and shows every event that belongs to it.
    ///
    /// # Errors
    /// When the feed is refused, the stack stays away or the turn takes too long.
    pub(crate) fn follow(&mut self, turn: &Turn, mut show: impl FnMut(&Event)) -> Result<Ending> {
        let begin = Instant::now();
        let mut after = 0;
        let mut begun = false;
        let mut heard = Instant::now();
        loop {
            let mut ending = None;
            let api = self.api.clone();
            api.feed(&turn.app, after, |event| {
                heard = Instant::now();
                // A feed replays from where it was left; what came twice is shown once.
                if let Some(id) = event.id {
                    if id <= after {
                        return Ok(false);
                    }
                    after = id;
                }
                let owner = event.text("turn");
                begun |= owner == Some(turn.id.as_str());
                if !begun || owner.is_some_and(|owner| owner != turn.id) {
                    return Ok(false);
                }
                show(&event);
                if event.kind == "turn_finished" {
                    ending = Some(Ending {
                        completed: event.text("outcome") == Some("completed"),
                        summary: event.text("summary").unwrap_or_default().to_owned(),
                    });
                }
                Ok(ending.is_some())
            })?;
            if let Some(ending) = ending {
                return Ok(ending);
            }
            if begin.elapsed() > TURN_LIMIT {
                bail!(
                    "the turn did not end within {} minutes",
                    TURN_LIMIT.as_secs() / 60
                );
            }
            if heard.elapsed() > AWAY_LIMIT && !self.api.healthy() {
                bail!(
                    "the stack does not answer any more: see {}",
                    self.state.join("logs").display()
                );
            }
            thread::sleep(PAUSE);
            self.find_again()?;
        }
    }

    /// The app's preview address. Asks again while the stack is away.
    ///
    /// # Errors
    /// When the app cannot be shown or the stack stays away.
    pub(crate) fn preview_url(&mut self, app: &str) -> Result<String> {
        let begin = Instant::now();
        loop {
            match self.api.get(&format!("/v1/apps/{app}")) {
                Ok(answer) if answer.status < 500 || begin.elapsed() > AWAY_LIMIT => {
                    return text(&answer.success()?, "/app/preview_url");
                }
                Err(error) if begin.elapsed() > AWAY_LIMIT => {
                    return Err(error.context("the stack does not answer"));
                }
                Ok(_) | Err(_) => {}
            }
            thread::sleep(PAUSE);
            self.find_again()?;
        }
    }
}

fn text(body: &Value, pointer: &str) -> Result<String> {
    let found = body.pointer(pointer).and_then(Value::as_str);
    Ok(found
        .with_context(|| format!("the API's answer has no {pointer}: {body}"))?
        .to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    /// Answers one connection and closes it; returns the head of the request, in small letters.
    fn answer(listener: &TcpListener, status: &str, body: &str) -> String {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = String::new();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        while lines.read_line(&mut head).unwrap() > 2 {}
        write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
        head.to_lowercase()
    }

    #[test]
    fn a_turn_is_followed_over_a_restart() {
        let event = |id: u64, kind: &str| {
            format!(
                "id: {id}\nevent: {kind}\ndata: {{\"turn\":\"t\",\"outcome\":\"completed\",\"summary\":\"done\"}}\n\n"
            )
        };
        let first = event(1, "turn_started") + &event(2, "build_started");
        // Cut off inside an event, and one event twice.
        let cut = first.clone() + "id: 3\nevent: turn_fin";
        let rest = event(2, "build_started") + &event(3, "turn_finished");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let one = answer(&listener, "200 OK", &cut);
            drop(listener);
            // Nothing listens for a while, then something that does not know yet what to say.
            thread::sleep(PAUSE * 3);
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
            answer(&listener, "503 Service Unavailable", "starting");
            let two = answer(&listener, "200 OK", &rest);
            (one, two)
        });
        let mut journey = Journey {
            state: std::env::temp_dir().join("overskill-no-such-state"),
            api: Api::new(port, "token"),
        };
        let turn = Turn {
            app: "a".to_owned(),
            id: "t".to_owned(),
            accepted: Duration::ZERO,
        };
        let mut seen = Vec::new();
        let ending = journey
            .follow(&turn, |event| seen.push(event.id.unwrap()))
            .unwrap();
        assert!(ending.completed);
        assert_eq!(seen, [1, 2, 3]);
        let (one, two) = server.join().unwrap();
        assert!(one.contains("last-event-id: 0"), "{one}");
        assert!(two.contains("last-event-id: 2"), "{two}");
    }
}

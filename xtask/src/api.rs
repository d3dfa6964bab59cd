//! A client of the local HTTP API: plain HTTP to 127.0.0.1, with the Host header of whoever is meant.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;

const CALL_LIMIT: Duration = Duration::from_secs(30);
/// A feed connection is renewed this often; a dead one is noticed no later.
const FEED_LIMIT: Duration = Duration::from_secs(60);

/// A client of one stack.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    agent: Agent,
    port: u16,
    token: String,
}

/// An answer of the API.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// HTTP status.
    pub(crate) status: u16,
    /// The body when it was JSON, else its text.
    pub(crate) body: Value,
}

impl Answer {
    /// The body when the call succeeded.
    ///
    /// # Errors
    /// With the problem's title and detail when it did not.
    pub(crate) fn success(self) -> Result<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let text = |name: &str| {
            self.body
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        match (text("title"), text("detail")) {
            (title, _) if title.is_empty() => {
                bail!("the API answered {}: {}", self.status, self.body)
            }
            (title, detail) if detail.is_empty() || detail == title => {
                bail!("{title} ({})", self.status)
            }
            (title, detail) => bail!("{title} ({}): {detail}", self.status),
        }
    }
}

/// One event of a feed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    /// Its number in the feed.
    pub(crate) id: Option<u64>,
    /// Its kind.
    pub(crate) kind: String,
    /// Its data.
    pub(crate) data: Value,
}

impl Event {
    /// A text member of the data.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.data.get(name)?.as_str()
    }

    /// A whole number of the data.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.data.get(name)?.as_u64()
    }
}

impl Api {
    /// A client for the stack on `port`.
    pub(crate) fn new(port: u16, token: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(CALL_LIMIT))
            .timeout_recv_body(Some(FEED_LIMIT))
            .proxy(None)
            .build();
        Self {
            agent: config.into(),
            port,
            token: token.to_owned(),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Whether the Worker answers `GET /healthz` with 200.
    pub(crate) fn healthy(&self) -> bool {
        self.agent
            .get(self.url("/healthz"))
            .header("host", self.host())
            .config()
            .timeout_global(Some(Duration::from_secs(3)))
            .build()
            .call()
            .is_ok_and(|answer| answer.status() == 200)
    }

    /// `GET`.
    ///
    /// # Errors
    /// When nothing answers.
    pub(crate) fn get(&self, path: &str) -> Result<Answer> {
        answer(
            self.agent
                .get(self.url(path))
                .header("host", self.host())
                .header("authorization", self.bearer())
                .call()?,
        )
    }

    /// `POST` with a JSON body; with the same key it is done once, however often it is sent.
    ///
    /// # Errors
    /// When nothing answers.
    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Result<Answer> {
        answer(
            self.agent
                .post(self.url(path))
                .header("host", self.host())
                .header("authorization", self.bearer())
                .header("content-type", "application/json")
                .header("idempotency-key", key)
                .send(body.to_string())?,
        )
    }

    /// `DELETE`.
    ///
    /// # Errors
    /// When nothing answers.
    pub(crate) fn delete(&self, path: &str) -> Result<Answer> {
        answer(
            self.agent
                .delete(self.url(path))
                .header("host", self.host())
                .header("authorization", self.bearer())
                .call()?,
        )
    }

    /// Status of a page on another host of the same stack.
    ///
    /// # Errors
    /// When nothing answers.
    pub(crate) fn page(&self, host: &str) -> Result<u16> {
        Ok(self
            .agent
            .get(self.url("/"))
            .header("host", host)
            .call()?
            .status()
            .as_u16())
    }

    /// Reads an app's feed after event `after` until `seen` says stop or the connection ends.
    /// Returns whether `seen` said stop.
    ///
    /// # Errors
    /// When the feed is refused, or sends what is not a feed. A connection that breaks is no error.
    pub(crate) fn feed(
        &self,
        app: &str,
        after: u64,
        mut seen: impl FnMut(Event) -> Result<bool>,
    ) -> Result<bool> {
        let Ok(mut response) = self
            .agent
            .get(self.url(&format!("/v1/apps/{app}/feed")))
            .header("host", self.host())
            .header("authorization", self.bearer())
            .header("accept", "text/event-stream")
            .header("last-event-id", after.to_string())
            .call()
        else {
            return Ok(false);
        };
        match response.status().as_u16() {
            200 => {}
            // The stack is starting again.
            500.. => return Ok(false),
            _ => {
                answer(response)?.success()?;
                bail!("the feed answered without a feed");
            }
        }
        let mut lines = BufReader::new(response.body_mut().as_reader());
        let mut event = Event::default();
        let mut data = String::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            match lines.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return Ok(false),
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']);
            if !text.is_empty() {
                take_line(text, &mut event, &mut data);
            } else if !data.is_empty() {
                event.data = serde_json::from_str(&data)
                    .with_context(|| format!("the feed sent data that is not JSON: {data}"))?;
                data.clear();
                if seen(std::mem::take(&mut event))? {
                    return Ok(true);
                }
            }
        }
    }
}

/// One line of the event stream format (HTML standard, "server-sent events").
fn take_line(line: &str, event: &mut Event, data: &mut String) {
    let (field, value) = line.split_once(':').unwrap_or((line, ""));
    let value = value.strip_prefix(' ').unwrap_or(value);
    match field {
        "id" => event.id = value.parse().ok(),
        "event" => value.clone_into(&mut event.kind),
        "data" => {
            if !data.is_empty() {
                data.push('\n');
            }
            data.push_str(value);
        }
        // Comments keep the connection alive; `retry` is for browsers.
        _ => {}
    }
}

fn answer(mut response: Response<ureq::Body>) -> Result<Answer> {
    let status = response.status().as_u16();
    let text = response
        .body_mut()
        .read_to_string()
        .context("the answer was cut off")?;
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Answer { status, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_an_event_are_put_together() {
        let (mut event, mut data) = (Event::default(), String::new());
        for line in [
            ": hello",
            "id: 7",
            "event: version_created",
            "data: {\"version\":",
            "data: 2}",
        ] {
            take_line(line, &mut event, &mut data);
        }
        assert_eq!(
            (event.id, event.kind.as_str()),
            (Some(7), "version_created")
        );
        assert_eq!(data, "{\"version\":\n2}");
    }

    #[test]
    fn a_problem_becomes_a_sentence() {
        let body = serde_json::json!({"title": "Not found", "detail": "There is no app x.", "status": 404});
        let error = Answer { status: 404, body }
            .success()
            .unwrap_err()
            .to_string();
        assert_eq!(error, "Not found (404): There is no app x.");
    }
}

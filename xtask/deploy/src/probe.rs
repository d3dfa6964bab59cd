//! Whether the console answers, asked as a visitor asks.

use std::thread;
use std::time::{Duration, Instant};

use ureq::Agent;

use crate::order::Order;
use crate::send;

/// How long one answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(500);

/// What was seen.
#[derive(Debug)]
pub(crate) enum Seen {
    /// It says that it is well, and shows its page.
    Answers,
    /// The Worker answers, and is not well.
    Fails(String),
    /// Nobody answers, or somebody who is not the Worker.
    Silent(String),
}

/// Asks until it answers, for as long as the order says.
pub(crate) fn console(order: &Order) -> Seen {
    let origin = format!("https://{}", order.console);
    let target = if order.edge.is_empty() {
        &origin
    } else {
        &order.edge
    };
    let agent = send::agent(target, ANSWER_LIMIT);
    let deadline = Instant::now() + Duration::from_secs(order.patience_seconds);
    loop {
        let seen = once(&agent, target, &order.console);
        if matches!(seen, Seen::Answers) || Instant::now() >= deadline {
            return seen;
        }
        thread::sleep(PAUSE);
    }
}

fn once(agent: &Agent, target: &str, host: &str) -> Seen {
    for (path, wanted) in [("/healthz", "application/json"), ("/", "text/html")] {
        let asked = agent
            .get(format!("{target}{path}"))
            .header("accept", wanted)
            // What is asked in a host's stead is told which.
            .header("x-visited-host", host)
            .call();
        let answer = match asked {
            Ok(answer) => answer,
            Err(error) => return Seen::Silent(error.to_string()),
        };
        let kind = answer.headers().get("content-type");
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match answer.status().as_u16() {
            200 if kind.starts_with(wanted) => {}
            // Cloudflare's own: no certificate, no origin, no Worker there yet.
            status @ 520..=530 => return Seen::Silent(format!("{path} is {status}")),
            status @ 500.. => return Seen::Fails(format!("{path} is {status}")),
            status => return Seen::Silent(format!("{path} is {status} with the type `{kind}`")),
        }
    }
    Seen::Answers
}

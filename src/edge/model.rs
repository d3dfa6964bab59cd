//! Calls of models over the network: a request out, the bytes of its answer in, until it is over, fails, or falls silent.

use std::{pin::pin, time::Duration};

use futures::{
    StreamExt as _,
    future::{self, Either},
};
use js_sys::Date;
use worker::{
    AbortController, ByteStream, Delay, Fetch, Headers, Method, Request, RequestInit,
    RequestRedirect, Response,
};

use super::clock;
use crate::{
    error::{Error, Result},
    llm::{
        message::{Reply, SoFar, Usage},
        models::{Host, Model},
        retry::{Failure, NOT_SET, said},
        stream::{Answer, StreamError},
    },
    time::Timestamp,
};

/// The version of Anthropic's API that is spoken.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// How often whoever listens is told of what has come, in milliseconds.
const TELL_MILLIS: u64 = 100;

/// How much of a refusal is read, in bytes.
const REFUSAL_BYTES: usize = 16 * 1024;

/// How long a refusal may take to be read.
const REFUSAL_WAIT: Duration = Duration::from_secs(2);

/// From how many bytes on a key is a secret: servers that want none are given any word.
const SECRET_BYTES: usize = 8;

/// Where a model is, and what opens the door.
pub(super) struct Door {
    /// The operator's address of its host; empty for the host's own.
    pub(super) base: String,
    /// The key; empty where none is needed.
    pub(super) key: String,
    /// After how much silence an answer is given up, in milliseconds.
    pub(super) stall_millis: u64,
}

impl Door {
    /// What whoever answers says, without the key that it was shown.
    fn without_key(&self, words: &str) -> String {
        match self.key.trim() {
            key if key.len() < SECRET_BYTES => words.to_owned(),
            key => words.replace(key, "…"),
        }
    }
}

/// How a call ended that brought no answer.
pub(super) struct Failed {
    pub(super) failure: Failure,
    /// What the provider says of it.
    pub(super) says: String,
    /// What it had cost until then, as far as it was said.
    pub(super) usage: Usage,
}

/// How a call ended.
pub(super) enum End {
    Answered(Reply),
    Failed(Failed),
    /// Nobody wants the answer any more.
    Unwanted,
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(Failed {
            failure,
            says: String::new(),
            usage: Usage::default(),
        })
    }
}

/// Calls off what it belongs to, however that ends.
struct CallOff(AbortController);

impl Drop for CallOff {
    fn drop(&mut self) {
        // Harmless after the end.
        std::mem::take(&mut self.0).abort();
    }
}

/// Makes a call that takes at most so many milliseconds. `tell` hears of the answer as it comes, and says whether anybody still wants it.
pub(super) async fn call(
    model: &Model,
    door: &Door,
    body: String,
    most_millis: u64,
    tell: impl AsyncFnMut(SoFar) -> Result<bool>,
) -> Result<End> {
    let prefix = model.host.prefix();
    let lacks = match (door.base.trim(), door.key.as_str()) {
        ("", _) if model.host.default_base().is_empty() => Some(format!("{prefix}_BASE_URL")),
        ("", "") => Some(format!("{prefix}_API_KEY")),
        _ => None,
    };
    if let Some(name) = lacks {
        let says = format!("{name} is not set");
        let failure = Failure::Status {
            status: 401,
            kind: NOT_SET.to_owned(),
            retry_after_millis: None,
        };
        return Ok(End::Failed(Failed {
            failure,
            says,
            usage: Usage::default(),
        }));
    }
    let off = CallOff(AbortController::default());
    let ends = clock::now().after(most_millis);
    let sent_bytes = body.len();
    let request = request(model, door, body)?;
    let signal = off.0.signal();
    let sent = {
        let fetch = Fetch::Request(request);
        let sending = pin!(fetch.send_with_signal(&signal));
        let silence = Delay::from(Duration::from_millis(door.stall_millis.min(most_millis)));
        match future::select(sending, silence).await {
            Either::Left((sent, _)) => sent,
            Either::Right(_) if clock::now() >= ends => return Ok(Failure::TimedOut.into()),
            Either::Right(_) => return Ok(Failure::Stalled.into()),
        }
    };
    let Ok(mut response) = sent else {
        return Ok(Failure::Broken.into());
    };
    if response.status_code() != 200 {
        return Ok(refused(door, &mut response).await);
    }
    let Ok(stream) = response.stream() else {
        return Ok(Failure::Broken.into());
    };
    listen(model, door, sent_bytes, ends, stream, tell).await
}

async fn listen(
    model: &Model,
    door: &Door,
    sent_bytes: usize,
    ends: Timestamp,
    mut stream: ByteStream,
    mut tell: impl AsyncFnMut(SoFar) -> Result<bool>,
) -> Result<End> {
    let mut answer = Answer::new(model.format);
    let so_far = |answer: &Answer| {
        let mut so_far = answer.so_far();
        so_far.usage = so_far.usage.or_estimated(sent_bytes, so_far.bytes());
        so_far
    };
    let mut heard = clock::now();
    let mut told = Timestamp::default();
    let mut has_news = false;
    let failure = loop {
        let now = clock::now();
        if has_news && now.since(told) >= TELL_MILLIS {
            if !tell(so_far(&answer)).await? {
                return Ok(End::Unwanted);
            }
            told = now;
            has_news = false;
        }
        let silence = door.stall_millis.saturating_sub(now.since(heard));
        let time = ends.since(now);
        let wait = if has_news {
            silence.min(time).min(TELL_MILLIS)
        } else {
            silence.min(time)
        };
        let next =
            match future::select(stream.next(), Delay::from(Duration::from_millis(wait))).await {
                Either::Left((next, _)) => next,
                Either::Right(_) => {
                    let now = clock::now();
                    if now >= ends {
                        break Failure::TimedOut;
                    }
                    if now.since(heard) >= door.stall_millis {
                        break Failure::Stalled;
                    }
                    continue;
                }
            };
        match next {
            Some(Ok(bytes)) => {
                heard = clock::now();
                has_news = true;
                if let Err(error) = answer.push(&bytes) {
                    return Ok(unreadable(door, &error, so_far(&answer).usage));
                }
                if answer.is_over() {
                    break Failure::Broken;
                }
            }
            // An answer that is whole is one, however its connection ended.
            Some(Err(_)) | None => break Failure::Broken,
        }
    };
    let SoFar { usage, .. } = so_far(&answer);
    let come = answer.so_far().bytes();
    Ok(match answer.reply(&model.id) {
        Ok(reply) => End::Answered(Reply {
            usage: reply.usage.or_estimated(sent_bytes, come),
            ..reply
        }),
        Err(StreamError::Cut) => End::Failed(Failed {
            failure,
            says: String::new(),
            usage,
        }),
        Err(error) => unreadable(door, &error, usage),
    })
}

fn unreadable(door: &Door, error: &StreamError, usage: Usage) -> End {
    let says = match error {
        StreamError::Provider { message, .. } => said(&door.without_key(message)),
        // What was sent may be anything, and goes to no client.
        StreamError::Malformed { reason, .. } => said(&door.without_key(reason)),
        StreamError::Cut | StreamError::TooLarge => String::new(),
    };
    let failure = match Failure::of(error) {
        Failure::Event { kind } => Failure::Event {
            kind: door.without_key(&kind),
        },
        other => other,
    };
    End::Failed(Failed {
        failure,
        says,
        usage,
    })
}

async fn refused(door: &Door, response: &mut Response) -> End {
    let status = response.status_code();
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let retry_after = header("retry-after-ms")
        .and_then(|text| text.trim().parse::<f64>().ok())
        .or_else(|| header("retry-after").and_then(|text| retry_after_millis(&text)))
        .filter(|millis| millis.is_finite() && *millis >= 0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "finite and positive; what is too large becomes the largest"
    )]
    let retry_after = retry_after.map(|millis| millis.ceil() as u64);
    let mut body = Vec::new();
    if let Ok(mut stream) = response.stream() {
        let reading = pin!(async {
            while let Some(Ok(bytes)) = stream.next().await {
                body.extend(bytes);
                if body.len() >= REFUSAL_BYTES {
                    break;
                }
            }
        });
        let _read = future::select(reading, Delay::from(REFUSAL_WAIT)).await;
    }
    let body = door.without_key(&String::from_utf8_lossy(&body));
    let (failure, says) = Failure::refused(status, retry_after, &body);
    End::Failed(Failed {
        failure,
        says,
        usage: Usage::default(),
    })
}

/// Seconds, or a date (RFC 9110, 10.2.3).
fn retry_after_millis(text: &str) -> Option<f64> {
    match text.trim().parse::<f64>() {
        Ok(seconds) => Some(seconds * 1_000.0),
        Err(_) => {
            let at = Date::parse(text);
            at.is_finite().then(|| (at - Date::now()).max(0.0))
        }
    }
}

fn request(model: &Model, door: &Door, body: String) -> Result<Request> {
    let headers = Headers::new();
    let set = |name: &str, value: &str| headers.set(name, value).map_err(Error::internal);
    set("content-type", "application/json")?;
    set("accept", "text/event-stream")?;
    if model.host == Host::Anthropic {
        set("anthropic-version", ANTHROPIC_VERSION)?;
    }
    if !door.key.is_empty() {
        match model.host {
            Host::Anthropic => set("x-api-key", &door.key)?,
            Host::OpenAi | Host::WorkersAi => {
                set("authorization", &format!("Bearer {}", door.key))?;
            }
        }
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        // The key is for this address alone.
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(body.into()));
    Request::new_with_init(&model.url(&door.base), &init).map_err(Error::internal)
}

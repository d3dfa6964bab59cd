//! What an answer means: the envelope around each (<https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/>), what went wrong in words
//! that say what to do, the next page, and whether to ask again.

use std::fmt;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Method, Request};

/// How often something is asked for.
pub const MOST_ATTEMPTS: u32 = 5;
/// Cloudflare's number for an account that has as many Workers as it may
/// (<https://developers.cloudflare.com/workers/platform/limits/#number-of-workers>).
const TOO_MANY_WORKERS: u64 = 10_037;
/// What to do about that.
const ROOM: &str = "delete apps or Workers that are not needed, or ask Cloudflare for more, and deploy again; CLOUDFLARE_MOST_WORKERS says how many there may be. A dispatch namespace (CLOUDFLARE_NAMESPACE) has no such limit";
/// The longest wait that is kept to, in seconds. What is limited for longer is given up: the window is five minutes.
pub const MOST_WAIT_SECONDS: u64 = 330;

/// An answer as it came.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The header `retry-after`, in seconds.
    pub retry_after: Option<u64>,
    /// The body.
    pub body: &'a [u8],
}

/// Why something was not done. Its sentence is fit for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status; 0 when there was no answer.
    pub status: u16,
    /// Cloudflare's number for what went wrong.
    pub code: Option<u64>,
    /// What it says.
    pub message: String,
    /// What to do about it; empty where nobody knows.
    pub remedy: String,
    /// For how many seconds nothing is to be asked, when too much was.
    pub wait: Option<u64>,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cloudflare: {} (", self.message.trim_end_matches('.'))?;
        match self.status {
            0 => f.write_str("no answer")?,
            status => write!(f, "HTTP {status}")?,
        }
        if let Some(code) = self.code {
            write!(f, ", code {code}")?;
        }
        f.write_str(")")?;
        if !self.remedy.is_empty() {
            write!(f, ": {}", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

impl ApiError {
    /// Whether what was asked about is not there.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        // What the API has no address for is another matter.
        self.status == 404 && !matches!(self.code, Some(7003))
    }

    /// Whether the token is not good for what was asked.
    #[must_use]
    pub const fn is_denied(&self) -> bool {
        matches!(self.code, Some(9109 | 10000))
            || (matches!(self.status, 401 | 403) && !matches!(self.code, Some(10037 | 10042)))
    }

    /// Whether the account has not switched on what was asked about.
    #[must_use]
    pub const fn is_off(&self) -> bool {
        matches!(self.code, Some(10042))
    }

    /// How long to wait before the same is asked again, in milliseconds, after so many attempts; nothing when that is of no use, or might do it
    /// twice.
    #[must_use]
    pub fn again(&self, request: &Request, attempts: u32) -> Option<u64> {
        if attempts >= MOST_ATTEMPTS {
            return None;
        }
        let backoff = 1_000 << attempts.saturating_sub(1);
        match self.status {
            // Nothing was done.
            429 => {
                let wait = self.wait.map_or(backoff, |wait| wait.saturating_mul(1_000));
                (wait <= MOST_WAIT_SECONDS * 1_000).then_some(wait)
            }
            0 | 408 | 500.. if request.repeats => Some(backoff),
            _ => None,
        }
    }
}

/// That an account has no room for another Worker.
#[must_use]
pub fn full(workers: usize) -> ApiError {
    let why = format!("the account has {workers} Workers already");
    ApiError {
        code: Some(TOO_MANY_WORKERS),
        ..refused(403, why, ROOM)
    }
}

/// What Cloudflare would refuse with this HTTP status, and is not asked for.
#[must_use]
pub fn refused(status: u16, why: impl Into<String>, remedy: &str) -> ApiError {
    ApiError {
        status,
        code: None,
        message: why.into(),
        remedy: remedy.to_owned(),
        wait: None,
    }
}

/// An error without an answer.
#[must_use]
pub fn silent(message: impl Into<String>) -> ApiError {
    ApiError {
        status: 0,
        code: None,
        message: message.into(),
        remedy: "nobody knows what came of it".to_owned(),
        wait: None,
    }
}

#[derive(Deserialize)]
struct Envelope {
    success: bool,
    #[serde(default)]
    errors: Vec<Told>,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    result_info: Option<Info>,
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    code: Option<u64>,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    page: Option<u32>,
    #[serde(default)]
    total_pages: Option<u32>,
    #[serde(default)]
    cursor: Option<String>,
}

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// At this page.
    Page(u32),
    /// Behind this place.
    Cursor(String),
}

/// The result of an answer.
///
/// # Errors
/// When it says that something went wrong, or is none of the API's.
pub fn result<T: DeserializeOwned>(request: &Request, answer: Answer<'_>) -> Result<T, ApiError> {
    let (result, _) = opened(request, answer)?;
    serde_json::from_value(result).map_err(|error| strange(answer, &error.to_string()))
}

/// One page of a list, and where it goes on.
///
/// # Errors
/// Those of [`result`].
pub fn page<T: DeserializeOwned>(
    request: &Request,
    answer: Answer<'_>,
) -> Result<(Vec<T>, Option<Next>), ApiError> {
    let (result, info) = opened(request, answer)?;
    let items =
        serde_json::from_value(result).map_err(|error| strange(answer, &error.to_string()))?;
    let next = info.and_then(|info| match info {
        Info {
            cursor: Some(cursor),
            ..
        } if !cursor.is_empty() => Some(Next::Cursor(cursor)),
        Info {
            page: Some(page),
            total_pages: Some(pages),
            ..
        } if page < pages => Some(Next::Page(page + 1)),
        _ => None,
    });
    Ok((items, next))
}

/// What an envelope has that says no, whatever the status is.
#[derive(Deserialize)]
struct Refused {
    success: bool,
    errors: Value,
}

/// Sees that something was done of which nothing is told, or that its content is the body.
///
/// # Errors
/// When it was not.
pub fn done(request: &Request, answer: Answer<'_>) -> Result<(), ApiError> {
    let refused = crate::json::from_slice::<Refused>(answer.body);
    let is_refused = refused.is_ok_and(|told| !told.success && told.errors.is_array());
    if (200..300).contains(&answer.status) && !is_refused {
        return Ok(());
    }
    opened(request, answer).map(|_| ())
}

fn opened(request: &Request, answer: Answer<'_>) -> Result<(Value, Option<Info>), ApiError> {
    let envelope: Envelope = crate::json::from_slice(answer.body)
        .map_err(|_| strange(answer, "what it answers is no JSON of its API"))?;
    if envelope.success && (200..300).contains(&answer.status) {
        return Ok((envelope.result, envelope.result_info));
    }
    let told = envelope.errors.into_iter().next();
    let code = told.as_ref().and_then(|told| told.code);
    let message = told
        .map(|told| told.message)
        .filter(|message| !message.is_empty());
    Err(ApiError {
        status: answer.status,
        code,
        message: message.unwrap_or_else(|| "it refused this without a reason".to_owned()),
        remedy: remedy(request, answer.status, code),
        wait: answer.retry_after,
    })
}

fn strange(answer: Answer<'_>, message: &str) -> ApiError {
    ApiError {
        status: answer.status,
        code: None,
        message: message.to_owned(),
        remedy: String::new(),
        wait: answer.retry_after,
    }
}

/// What to do about an error (<https://developers.cloudflare.com/workers/observability/errors/>).
fn remedy(request: &Request, status: u16, code: Option<u64>) -> String {
    match (status, code) {
        (429, _) => "too much was asked in five minutes; try again later".to_owned(),
        (_, Some(TOO_MANY_WORKERS)) => ROOM.to_owned(),
        (_, Some(10042)) => "switch R2 on in the dashboard of the account first".to_owned(),
        (_, Some(10079)) => "the account has had other migrations of Durable Objects meanwhile; ask again what it has".to_owned(),
        (_, Some(100_117)) => "the host name has a record already: take that away in the zone's DNS, or choose another host name".to_owned(),
        (_, Some(10027)) => "the script is too large for the account's plan".to_owned(),
        (_, Some(10021)) => "the script could not be started; its code is at fault".to_owned(),
        (_, Some(10007)) => "there is no such Worker; deploy it first".to_owned(),
        (404, Some(7003)) => "is the account's id right, or the zone's?".to_owned(),
        (401 | 403, _) if request.path.ends_with("/tokens/verify") => {
            "it is no token that is active; make one (My Profile, API Tokens)".to_owned()
        }
        (401 | 403, _) | (400, Some(6003 | 9109 | 10000)) => format!(
            "the API token needs the permission \"{}\" for this account or zone (My Profile, API Tokens)",
            permission(request)
        ),
        _ => String::new(),
    }
}

/// The permission of a token that a request needs (<https://developers.cloudflare.com/fundamentals/api/reference/permissions/>).
#[must_use]
pub fn permission(request: &Request) -> &'static str {
    let path = &request.path;
    let is_read = request.method == Method::Get;
    let has = |part: &str| path.contains(part);
    if path.starts_with("/zones/") {
        return match () {
            () if has("/workers/routes") => "Workers Routes: Edit",
            () if has("/custom_hostnames") => "SSL and Certificates: Edit",
            () if has("/dns_records") => "DNS: Edit",
            () if has("/purge_cache") => "Cache Purge: Purge",
            () => "Zone: Read",
        };
    }
    match () {
        () if path == "/zones" => "Zone: Read",
        () if path == "/accounts" => "Account Settings: Read",
        () if has("/r2/") && is_read => "Workers R2 Storage: Read",
        () if has("/r2/") => "Workers R2 Storage: Edit",
        () if has("/queues") && is_read => "Queues: Read",
        () if has("/queues") => "Queues: Edit",
        () if is_read => "Workers Scripts: Read",
        () => "Workers Scripts: Edit",
    }
}

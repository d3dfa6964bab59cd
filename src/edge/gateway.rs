//! An app's own way to its data: requests below `/rest/v1`, `/auth/v1` and `/realtime/v1` of its address go on to its shard, so that
//! `createClient(location.origin, key)` of `@supabase/supabase-js` works there. A session that begins there is bound to the app before the
//! app gets it, and one that was opened elsewhere is none here. How somebody comes in is in `people`, how they hear of changes in
//! `realtime`.

mod people;
mod realtime;

pub(super) use people::mail_invitation;

use std::cell::RefCell;

use js_sys::Uint8Array;
use worker::{
    Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response, console_error,
};

use super::{
    api, clock,
    data::{Tables, in_time},
    objects,
    objects::{ConversationCall, Live},
    signature,
};
use crate::{
    data::{
        Shard,
        gate::{self, Asked, Denied, MOST_BODY_BYTES, Service},
        token::{self, Session, TokenError},
    },
    error::{Error, Kind, Result},
    ids::AppId,
    publish::Environment,
    sorted::SortedMap,
    time::Timestamp,
};

/// What a shard is told of a request, besides whose it is.
const ASKED: [&str; 9] = [
    "accept",
    "accept-language",
    "content-type",
    "prefer",
    "range",
    "range-unit",
    "user-agent",
    "x-client-info",
    "x-supabase-api-version",
];
/// What is told of its answer.
const ANSWERED: [&str; 9] = [
    "content-language",
    "content-location",
    "content-range",
    "content-type",
    "location",
    "preference-applied",
    "retry-after",
    "x-supabase-api-version",
    "www-authenticate",
];

/// For how long it is believed that somebody is a user of an app, in milliseconds. Who is blocked is out after that.
const BELIEVED_MILLIS: u64 = 30_000;
/// How many users are remembered; with one more it begins anew.
const MOST_BELIEVED: usize = 4_096;

thread_local! {
    /// Until when who counts as a user of which app.
    static MEMBERS: RefCell<SortedMap<(AppId, String), Timestamp>> = const { RefCell::new(SortedMap::new()) };
}

/// Why a request is not answered by the shard.
enum Stop {
    Denied(Denied),
    Failed(Error),
}

impl From<Denied> for Stop {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Answers a request to one of the two services at an app's address.
pub(super) async fn serve(
    request: Request,
    env: &Env,
    app: &AppId,
    origin: &str,
    service: Service,
) -> Result<Response> {
    let denied = match pass(request, env, app, origin, service).await {
        Ok(response) => return Ok(response),
        Err(Stop::Denied(denied)) => denied,
        Err(Stop::Failed(error)) => {
            if let Some(source) = &error.source {
                console_error!("data of {app}: {source}");
            }
            let (status, code) = match error.kind {
                Kind::TooLarge => (413, "too_large"),
                Kind::Invalid => (400, "invalid"),
                Kind::Unavailable => (503, "PGRST000"),
                _ => (500, "unexpected_failure"),
            };
            service.denied(status, code, &error.public)
        }
    };
    refusal(denied)
}

/// The answer that says no.
fn refusal(denied: Denied) -> Result<Response> {
    let response = Response::ok(denied.body).map_err(Error::internal)?;
    let mut response = finish(
        response.with_status(denied.status),
        Some("application/json"),
    )?;
    if denied.wait > 0 {
        let headers = response.headers_mut();
        headers
            .set("retry-after", &denied.wait.to_string())
            .map_err(Error::internal)?;
    }
    Ok(response)
}

async fn pass(
    mut request: Request,
    env: &Env,
    app: &AppId,
    origin: &str,
    service: Service,
) -> Result<Response, Stop> {
    let url = request.url().map_err(Error::internal)?;
    // The crate's own type takes a method that it does not know for GET.
    let method = request.inner().method();
    let asked = gate::asked(
        app,
        origin,
        &method,
        url.path(),
        url.query().unwrap_or_default(),
    )?;
    let tables = match Tables::if_any(env, app).await? {
        Some(tables) => tables,
        None => first(env, app, &asked).await?,
    };
    let shard = tables.shard();
    let shown = request
        .headers()
        .get("authorization")
        .map_err(Error::internal)?;
    let shown = shown
        .as_deref()
        .and_then(|value| value.strip_prefix("Bearer "))
        .filter(|shown| token::is_token(shown));
    let now = clock::now();
    let mut session = None;
    if let Some(shown) = shown {
        let shown = own_session(&tables, app, shown, now).await;
        session = Some(shown.map_err(|error| refuse(service, error))?);
    }
    let target = match asked {
        Asked::Rows(target) => target,
        Asked::Auth(call) => {
            let door = people::Door { env, app, tables };
            return door.pass(request, &call, shown).await;
        }
        Asked::Changes(version) => {
            return realtime::listen(&request, env, app, tables, version).await;
        }
    };
    let mut minted = None;
    if let Some(session) = &session {
        admit(&tables, app, session, service, now).await?;
        minted = Some(signature::signed(shard, &token::minted(session, app, now)).await?);
    }
    let headers = headers_for(&request, shard.publishable_key(), minted.as_deref())?;
    let body = api::read_body(&mut request, MOST_BODY_BYTES).await?;
    let response = send(&tables, &method, &target, &headers, &body).await?;
    Ok(finish(response, None)?)
}

/// The shard of an app that has no data yet. Who comes to it first leads it to one; rows there are none.
async fn first(env: &Env, app: &AppId, asked: &Asked) -> Result<Tables, Stop> {
    let denied = match asked {
        Asked::Rows(_) => Service::Rest.denied(404, "PGRST205", "The app has no such table."),
        Asked::Changes(_) => Service::Realtime.denied(404, "", "The app has no tables."),
        Asked::Auth(_) => {
            is_there(env, app).await?;
            return Ok(Tables::of(env, app).await?);
        }
    };
    Err(denied.into())
}

/// Nobody signs in to an app that there is not.
async fn is_there(env: &Env, app: &AppId) -> Result<(), Stop> {
    let live: Option<Live> = objects::conversation(env, app)?
        .ask(
            None,
            ConversationCall::Site {
                environment: Environment::Preview,
            },
        )
        .await?;
    if live.is_some() {
        return Ok(());
    }
    let message = "There is no such app.";
    Err(Service::Auth.denied(404, "not_found", message).into())
}

/// The session that a token of the app's is of.
async fn own_session(
    tables: &Tables,
    app: &AppId,
    shown: &str,
    now: Timestamp,
) -> Result<Session, TokenError> {
    let claims = signature::own(tables.shard(), shown).await?;
    token::session(claims, app, now)
}

fn refuse(service: Service, error: TokenError) -> Stop {
    let (status, code, message) = match (service, error) {
        (Service::Rest, TokenError::Expired) => (401, "PGRST303", "JWT expired"),
        (Service::Rest, TokenError::Invalid) => {
            (401, "PGRST301", "No suitable key or wrong key type")
        }
        (_, TokenError::Expired) => (403, "bad_jwt", "invalid JWT: token is expired"),
        (_, TokenError::Invalid) => (403, "bad_jwt", "invalid JWT: signature is invalid"),
    };
    service.denied(status, code, message).into()
}

/// Whoever has a session of the app's is still one of its users.
async fn admit(
    tables: &Tables,
    app: &AppId,
    session: &Session,
    service: Service,
    now: Timestamp,
) -> Result<(), Stop> {
    let key = (app.clone(), session.user.clone());
    if MEMBERS.with_borrow(|members| members.get(&key).is_some_and(|until| *until > now)) {
        return Ok(());
    }
    if !tables.is_member(app, &session.user).await? {
        let message = "This account is no user of this app any more.";
        return Err(service.denied(403, "42501", message).into());
    }
    MEMBERS.with_borrow_mut(|members| {
        if members.len() >= MOST_BELIEVED {
            members.clear();
        }
        members.insert(key, now.after(BELIEVED_MILLIS));
    });
    Ok(())
}

fn headers_for(request: &Request, key: &str, authorization: Option<&str>) -> Result<Headers> {
    let headers = Headers::new();
    for name in ASKED {
        if let Some(value) = request.headers().get(name).map_err(Error::internal)? {
            headers.set(name, &value).map_err(Error::internal)?;
        }
    }
    let authorization = format!("Bearer {}", authorization.unwrap_or(key));
    for (name, value) in [("apikey", key), ("authorization", &authorization)] {
        headers.set(name, value).map_err(Error::internal)?;
    }
    Ok(headers)
}

/// The answer of the shard. What only reads is asked once more where nothing came of the first time.
pub(super) async fn send(
    tables: &Tables,
    method: &str,
    target: &str,
    headers: &Headers,
    body: &[u8],
) -> Result<Response> {
    let answer = send_to(tables.shard(), method, target, headers, body).await;
    if let Err(error) = &answer {
        tables.doubt(error).await;
    }
    answer
}

/// The same, of a shard that is nobody's in particular.
pub(super) async fn send_to(
    shard: &Shard,
    method: &str,
    target: &str,
    headers: &Headers,
    body: &[u8],
) -> Result<Response> {
    let request = || {
        let mut init = RequestInit::new();
        init.with_method(Method::from(method.to_owned()))
            .with_headers(headers.clone())
            .with_redirect(RequestRedirect::Manual);
        if !body.is_empty() {
            init.with_body(Some(Uint8Array::from(body).into()));
        }
        let address = format!("{}{target}", shard.url());
        Request::new_with_init(&address, &init).map_err(Error::internal)
    };
    let once = async || {
        let asked = Fetch::Request(request()?);
        in_time(async |signal| asked.send_with_signal(signal).await).await
    };
    let mut answer = once().await;
    if answer.is_err() && ["GET", "HEAD"].contains(&method) {
        answer = once().await;
    }
    answer
}

/// The answer as it goes to the app: with what may be told of a shard's, and nothing that it says to whoever asked it.
fn finish(response: Response, content_type: Option<&str>) -> Result<Response> {
    let headers = Headers::new();
    for name in ANSWERED {
        if let Some(value) = response.headers().get(name).map_err(Error::internal)? {
            headers.set(name, &value).map_err(Error::internal)?;
        }
    }
    let own = [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex"),
    ];
    let content_type = content_type.map(|kind| ("content-type", kind));
    for (name, value) in own.into_iter().chain(content_type) {
        headers.set(name, value).map_err(Error::internal)?;
    }
    Ok(response.with_headers(headers))
}

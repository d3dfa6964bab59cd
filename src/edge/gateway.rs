//! An app's own way to its data: requests below `/rest/v1` and `/auth/v1` of its address go on to its shard, so that
//! `createClient(location.origin, key)` of `@supabase/supabase-js` works there. A session's token, which knows of no app, is replaced
//! by one that opens this app alone.

use std::{cell::RefCell, collections::BTreeMap};

use js_sys::Uint8Array;
use serde::Deserialize;
use worker::{
    Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response, console_error,
};

use super::{
    api, clock,
    data::Tables,
    objects,
    objects::{ConversationCall, Live},
    settings,
};
use crate::{
    data::{
        Shard,
        gate::{self, Asked, Denied, MOST_BODY_BYTES, Service},
        token::{self, Session, TokenError},
        unavailable,
    },
    error::{Error, Kind, Result},
    http::Hosts,
    ids::AppId,
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
    static MEMBERS: RefCell<BTreeMap<(AppId, String), Timestamp>> = const { RefCell::new(BTreeMap::new()) };
}

/// What an answer is made of that gives a session.
#[derive(Deserialize)]
struct SignedIn {
    access_token: String,
    user: User,
}

#[derive(Deserialize)]
struct User {
    id: String,
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
    hosts: &Hosts,
    service: Service,
) -> Result<Response> {
    let denied = match pass(request, env, app, hosts, service).await {
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
    let response = Response::ok(denied.body).map_err(Error::internal)?;
    finish(
        response.with_status(denied.status),
        Some("application/json"),
    )
}

async fn pass(
    mut request: Request,
    env: &Env,
    app: &AppId,
    hosts: &Hosts,
    service: Service,
) -> Result<Response, Stop> {
    let url = request.url().map_err(Error::internal)?;
    // The crate's own type takes a method that it does not know for GET.
    let method = request.inner().method();
    let asked = gate::asked(
        app,
        &hosts.preview_url(app),
        &method,
        url.path(),
        url.query().unwrap_or_default(),
    )?;
    let tables = Tables::of(env)?;
    let shard = settings::shard(env)?.ok_or_else(|| Error::internal("no shard"))?;
    let shown = request
        .headers()
        .get("authorization")
        .map_err(Error::internal)?;
    let shown = shown.as_deref().and_then(|value| {
        value
            .strip_prefix("Bearer ")
            .filter(|shown| token::is_token(shown))
    });
    let now = clock::now();
    let (target, authorization, is_way_in) = match asked {
        Asked::Rows(target) => {
            let authorization = match shown {
                None => None,
                Some(shown) => {
                    let session = token::read(shown, shard.jwt_secret(), now)
                        .map_err(|error| refuse(service, error))?;
                    admit(&tables, app, &session, service, now).await?;
                    Some(token::mint(&session, app, shard.jwt_secret(), now))
                }
            };
            (target, authorization, false)
        }
        Asked::Auth(target, is_way_in) => {
            // Nobody signs in to an app that there is not.
            let live: Option<Live> = objects::conversation(env, app)?
                .ask(None, ConversationCall::Preview)
                .await?;
            if live.is_none() {
                return Err(service
                    .denied(404, "not_found", "There is no such app.")
                    .into());
            }
            (target, shown.map(str::to_owned), is_way_in)
        }
    };
    let headers = headers_for(&request, &shard, authorization.as_deref())?;
    let body = api::read_body(&mut request, MOST_BODY_BYTES).await?;
    let mut response = send(&shard, &method, &target, headers, body).await?;
    if !is_way_in || response.status_code() != 200 {
        return Ok(finish(response, None)?);
    }
    let text = response.text().await.map_err(unavailable)?;
    if let Ok(signed_in) = serde_json::from_str::<SignedIn>(&text)
        && !tables.join(app, &signed_in.user.id).await?
    {
        // What was just opened is closed again: it is of no use here.
        let headers = headers_for(&request, &shard, Some(&signed_in.access_token))?;
        let _closed = send(
            &shard,
            "POST",
            "/auth/v1/logout?scope=local",
            headers,
            Vec::new(),
        )
        .await;
        return Err(service
            .denied(403, "user_banned", "This account may not use this app.")
            .into());
    }
    let again = Response::ok(text).map_err(Error::internal)?;
    Ok(finish(
        again.with_headers(response.headers().clone()),
        None,
    )?)
}

fn refuse(service: Service, error: TokenError) -> Stop {
    let (code, message) = match error {
        TokenError::Expired => ("PGRST303", "JWT expired"),
        TokenError::Invalid => ("PGRST301", "No suitable key or wrong key type"),
    };
    service.denied(401, code, message).into()
}

/// Whoever has a session of the shard's is a user of the app, too.
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
        let message = "This account is no user of this app. Sign in at the app's own address.";
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

fn headers_for(request: &Request, shard: &Shard, authorization: Option<&str>) -> Result<Headers> {
    let headers = Headers::new();
    for name in ASKED {
        if let Some(value) = request.headers().get(name).map_err(Error::internal)? {
            headers.set(name, &value).map_err(Error::internal)?;
        }
    }
    let key = shard.publishable_key();
    let authorization = format!("Bearer {}", authorization.unwrap_or(key));
    for (name, value) in [("apikey", key), ("authorization", &authorization)] {
        headers.set(name, value).map_err(Error::internal)?;
    }
    Ok(headers)
}

async fn send(
    shard: &Shard,
    method: &str,
    target: &str,
    headers: Headers,
    body: Vec<u8>,
) -> Result<Response> {
    let mut init = RequestInit::new();
    init.with_method(Method::from(method.to_owned()))
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual);
    if !body.is_empty() {
        init.with_body(Some(Uint8Array::from(body.as_slice()).into()));
    }
    let address = format!("{}{target}", shard.url());
    let request = Request::new_with_init(&address, &init).map_err(Error::internal)?;
    Fetch::Request(request).send().await.map_err(unavailable)
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

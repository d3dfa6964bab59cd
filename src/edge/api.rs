//! Every HTTP request: which host, who asks, which call, and what becomes of its errors.

mod apps;
mod deployments;
mod domains;
mod edits;
mod files;
mod monitor;
mod people;
mod reply;
mod search;
mod session;
mod shards;
mod tables;
mod transfer;

use futures::StreamExt as _;
use wasm_bindgen::JsValue;
use worker::{Env, Request, Response, Url, console_error, worker_sys::web_sys};

use self::reply::Reply;
use super::{
    answers, console, gateway, hostnames, objects,
    objects::{Begun, WorkspaceCall},
    pace, parser,
    preview::{self, Visit},
    random, runtime, settings,
};
use crate::{
    config::Limits,
    data::gate::Service,
    error::{Error, Kind, Result},
    http::{
        Host, Hosts, Route, auth,
        auth::Credential,
        body::{self, Body},
        idempotency::{self, Key, Nonce, request_digest},
        operation::Access,
        problem,
        resource::Health,
        route,
    },
    ids::{AppId, TokenId, WorkspaceId},
    publish::{Environment, placeholder},
};

/// Answers a request. Only the platform's own failures are errors.
pub(super) async fn respond(
    request: web_sys::Request,
    env: &Env,
    context: &JsValue,
) -> worker::Result<web_sys::Response> {
    let answer = match settings::hosts(env) {
        Ok(hosts) => dispatch(request, env, context, &hosts).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(response) => Ok(response),
        Err(error) => {
            if error.source.is_some() {
                console_error!("{error}");
            }
            Ok(Reply::problem(&error).into_response()?.into())
        }
    }
}

async fn dispatch(
    request: web_sys::Request,
    env: &Env,
    context: &JsValue,
    hosts: &Hosts,
) -> Result<web_sys::Response> {
    let url: Url = request.url().parse().map_err(Error::internal)?;
    let authority = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    };
    let visitor = Visitor {
        request,
        url: &url,
        env,
        context,
        hosts,
    };
    match hosts.classify(&authority) {
        Host::App(app, environment) => visitor.visits(&app, environment, None).await,
        Host::Named(name) => {
            let origin = |app: &_| hosts.url(app, Environment::Production, Some(&name));
            visitor.visits_claimed(name.as_str(), origin).await
        }
        Host::Domain(domain) => {
            let origin = |_: &_| hosts.domain_url(&domain);
            visitor.visits_claimed(domain.as_str(), origin).await
        }
        Host::Unknown => Ok(preview::page(placeholder::unknown(), 404, hosts)?.into()),
        Host::Console => {
            let number = pace::request();
            // The crate's own type takes a method that it does not know for GET.
            let method = visitor.request.method();
            let route = route(&method, url.path())?;
            let query = url.query().unwrap_or_default().to_owned();
            let path = url.path().to_owned();
            let call = Call {
                request: visitor.request.into(),
                env,
                hosts,
                method,
                path,
                query,
                number,
            };
            Ok(call.answer(route).await?.into())
        }
    }
}

/// Somebody at an address of an app.
struct Visitor<'a> {
    request: web_sys::Request,
    url: &'a Url,
    env: &'a Env,
    context: &'a JsValue,
    hosts: &'a Hosts,
}

impl Visitor<'_> {
    /// Answers at the production of whichever app has claimed a name; `origin` is where it is then.
    async fn visits_claimed(
        self,
        name: &str,
        origin: impl FnOnce(&AppId) -> String,
    ) -> Result<web_sys::Response> {
        let Some(app) = hostnames::find(self.env, name).await? else {
            return Ok(preview::page(placeholder::unknown(), 404, self.hosts)?.into());
        };
        let origin = origin(&app);
        self.visits(&app, Environment::Production, Some(origin))
            .await
    }

    /// Answers at the address that the app's pages are of: `origin`, or that of its id.
    async fn visits(
        self,
        app: &AppId,
        environment: Environment,
        origin: Option<String>,
    ) -> Result<web_sys::Response> {
        let Self {
            request,
            url,
            env,
            context,
            hosts,
        } = self;
        let path = url.path();
        if let Some(service) = Service::of(path) {
            let origin = origin.unwrap_or_else(|| hosts.url(app, environment, None));
            let answer = gateway::serve(request.into(), env, app, &origin, service).await?;
            return Ok(answer.into());
        }
        if answers::is_told(&request.method(), path) {
            let answer = answers::hear(request.into(), env, app, environment).await?;
            return Ok(answer.into());
        }
        let visit = Visit {
            request,
            path,
            app,
            environment,
            hosts,
            origin: url.origin().ascii_serialization(),
        };
        preview::serve(&visit, env, context).await
    }
}

/// How much of a body that is over its limit is read and thrown away, in bytes.
const MOST_DRAINED: usize = 8 * 1024 * 1024;

/// The body of a request, refused when it is over `limit` bytes. What is little more is read all the same, since a sender that is cut off
/// while it sends may never see the answer.
pub(super) async fn read_body(request: &mut Request, limit: usize) -> Result<Vec<u8>> {
    let header = |name| request.headers().get(name).map_err(Error::internal);
    let length = header("content-length")?;
    let is_chunked = header("transfer-encoding")?.is_some();
    if body::check_length(length.as_deref(), limit + MOST_DRAINED).is_err() {
        return Err(body::too_large(limit));
    }
    if request.inner().body().is_none() {
        return Ok(Vec::new());
    }
    let cut_off =
        |error| Error::new(Kind::Invalid, "The body was cut off. Send it again.").caused_by(error);
    let declared = length.and_then(|length| length.trim().parse::<usize>().ok());
    if declared.is_some_and(|declared| declared <= limit) && !is_chunked {
        // The platform holds a body to the length that it declares, unless it comes in chunks.
        return request.bytes().await.map_err(cut_off);
    }
    let mut stream = request.stream().map_err(cut_off)?;
    let (mut bytes, mut drained) = (Vec::new(), 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(cut_off)?;
        if drained == 0 && bytes.len() + chunk.len() <= limit {
            bytes.extend(chunk);
            continue;
        }
        bytes = Vec::new();
        drained += chunk.len();
        if drained > MOST_DRAINED {
            break;
        }
    }
    if drained > 0 {
        return Err(body::too_large(limit));
    }
    Ok(bytes)
}

/// One request to the console's host.
struct Call<'a> {
    request: Request,
    env: &'a Env,
    hosts: &'a Hosts,
    method: String,
    path: String,
    query: String,
    /// Among those of this isolate.
    number: u64,
}

/// Who asks, proven.
struct Principal {
    workspace: WorkspaceId,
    /// What the token is called, with which they ask or have opened their session.
    name: String,
}

impl Call<'_> {
    async fn answer(mut self, route: Route) -> Result<Response> {
        if route.access() == Access::Principal {
            let principal = self.authenticate(&route).await?;
            return self.answer_principal(route, &principal).await;
        }
        let reply = match route {
            Route::Health => Reply::json(
                200,
                &Health {
                    status: "ok".to_owned(),
                    memory_bytes: runtime::memory_bytes() + u64::from(parser::memory_bytes()),
                },
            )?,
            Route::OpenApi => Reply::raw(200, console::description(self.env).await?),
            Route::Problem { kind } => Reply::text(200, problem::describe(&kind)?),
            Route::ConsoleLogin => self.log_in().await?,
            Route::ConsoleLogout => self.log_out().await?,
            Route::Console { path } => {
                return console::serve(&path, self.env, self.hosts).await;
            }
            other => return Err(other.not_yet()),
        };
        reply.into_response().map_err(Error::internal)
    }

    async fn answer_principal(mut self, route: Route, principal: &Principal) -> Result<Response> {
        let reply = match route {
            Route::Session => self.session(principal)?,
            Route::ListTokens => self.list_tokens(principal).await?,
            Route::DeleteToken { token } => self.delete_token(principal, token).await?,
            Route::ListApps => self.list_apps(principal).await?,
            Route::Usage => self.usage(principal).await?,
            Route::Metrics => self.fleet_metrics(principal, true).await?,
            Route::FleetMetrics => self.fleet_metrics(principal, false).await?,
            Route::DevMail => self.dev_mail().await?,
            Route::App { app, call } => return self.answer_app(principal, &app, call).await,
            Route::CreateApp => {
                let bytes = self.body(body::MAX_JSON_BYTES).await?;
                let wanted = self.parse(&bytes)?;
                let run = self.begin(principal, &bytes).await?;
                match run {
                    Run::Replay(reply) => reply,
                    Run::Fresh(begun) => {
                        let reply = self.create_app(principal, wanted, begun.nonce).await?;
                        self.end(principal, begun, reply).await?
                    }
                }
            }
            Route::ListShards
            | Route::AddShard
            | Route::ChangeShard { .. }
            | Route::RemoveShard { .. }
            | Route::ListShardApps { .. }
            | Route::MoveApp { .. }
            | Route::CallOffMove { .. } => Box::pin(self.shards(principal, route)).await?,
            Route::CreateToken => {
                let bytes = self.body(body::MAX_JSON_BYTES).await?;
                let wanted = self.parse(&bytes)?;
                match self.begin(principal, &bytes).await? {
                    Run::Replay(reply) => reply,
                    Run::Fresh(begun) => {
                        let token = TokenId::from_seed(&begun.nonce.0);
                        let reply = self.create_token(principal, wanted, &token).await?;
                        // The secret is shown once: what is kept for a repetition says so instead.
                        self.end_with(principal, begun, &session::secret_was_shown(&token))
                            .await?;
                        reply
                    }
                }
            }
            other => return Err(other.not_yet()),
        };
        reply.into_response().map_err(Error::internal)
    }

    /// Who asks. A call that changes something by cookie must come from the console's own pages.
    async fn authenticate(&self, route: &Route) -> Result<Principal> {
        let credential = auth::credential(
            self.header("authorization")?.as_deref(),
            self.header("cookie")?.as_deref(),
        )?;
        // A browser sends the cookie with any page's WebSocket.
        let is_socket = self.header("upgrade")?.is_some();
        if credential.by_cookie() && (route.changes_state() || is_socket) {
            self.check_origin()?;
        }
        if let Some(name) = self.known_as(&credential).await? {
            return Ok(Principal {
                workspace: credential.workspace().clone(),
                name,
            });
        }
        Err(Error::new(
            Kind::Unauthenticated,
            "This token or session is not valid. Make a new token, or log in again.",
        ))
    }

    /// What the credential's token is called, if it is one.
    async fn known_as(&self, credential: &Credential) -> Result<Option<String>> {
        let hash = credential.hash();
        let bootstrap = settings::bootstrap_token(self.env)?
            .filter(|(workspace, _)| workspace == credential.workspace())
            .map(|(_, hash)| hash);
        let call = match credential {
            Credential::Token(_) if bootstrap.is_some_and(|known| known.matches(&hash)) => {
                return Ok(Some(settings::BOOTSTRAP_NAME.to_owned()));
            }
            Credential::Token(_) => WorkspaceCall::KnowsToken { hash },
            Credential::Session(_) => WorkspaceCall::KnowsSession { hash, bootstrap },
        };
        objects::workspace(self.env, credential.workspace())?
            .ask(None, call)
            .await
    }

    fn header(&self, name: &str) -> Result<Option<String>> {
        self.request.headers().get(name).map_err(Error::internal)
    }

    async fn body(&mut self, limit: usize) -> Result<Vec<u8>> {
        read_body(&mut self.request, limit).await
    }

    fn parse<T: Body>(&self, bytes: &[u8]) -> Result<T> {
        body::parse(
            bytes,
            self.header("content-type")?.as_deref(),
            &Limits::DEFAULT,
        )
    }

    /// Begins a `POST` that may come again with the same `Idempotency-Key`.
    async fn begin(&self, principal: &Principal, body: &[u8]) -> Result<Run> {
        let nonce = Nonce(random::bytes()?);
        let Some(key) = Key::of_header(self.header("idempotency-key")?.as_deref())? else {
            return Ok(Run::Fresh(Begin { key: None, nonce }));
        };
        let path_and_query = format!("{}?{}", self.path, self.query);
        let digest = request_digest(&self.method, &path_and_query, body);
        let key = key.as_str().to_owned();
        let call = WorkspaceCall::BeginRequest {
            key: key.clone(),
            digest,
            nonce,
        };
        match objects::workspace(self.env, &principal.workspace)?
            .ask(None, call)
            .await?
        {
            Begun::Run(nonce) => Ok(Run::Fresh(Begin {
                key: Some(key),
                nonce,
            })),
            Begun::Replay(answer) => Ok(Run::Replay(Reply::raw(answer.status, answer.body))),
        }
    }

    /// Keeps the answer of a request that was begun.
    async fn end(&self, principal: &Principal, begun: Begin, reply: Reply) -> Result<Reply> {
        self.end_with(principal, begun, &reply).await?;
        Ok(reply)
    }

    async fn end_with(&self, principal: &Principal, begun: Begin, reply: &Reply) -> Result<()> {
        let Some(key) = begun.key else { return Ok(()) };
        let answer = idempotency::Answer {
            status: reply.status,
            body: reply.body.clone(),
        };
        objects::workspace(self.env, &principal.workspace)?
            .ask(None, WorkspaceCall::EndRequest { key, answer })
            .await
    }
}

/// What becomes of a `POST`.
enum Run {
    Fresh(Begin),
    Replay(Reply),
}

/// A `POST` under way.
struct Begin {
    key: Option<String>,
    nonce: Nonce,
}

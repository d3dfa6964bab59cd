//! The routes, the token, and problem documents (RFC 9457).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{DefaultBodyLimit, Path as UrlPath, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use futures::TryStreamExt as _;
use overskill::{build::DependencyQuestion, digest::Digest};
use serde_json::json;
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    answer::Answer,
    delivery::deliver,
    dependencies::Dependencies,
    intake::{InFlight, Refusal, drain, receive},
    metrics::{MEDIA_TYPE, Now},
    pool,
    scratch::Scratch,
    settings::Settings,
    slots::Slots,
};

/// How long a caller that finds no seat should wait, in seconds: about one build.
const RETRY_AFTER: &str = "2";

/// Questions about packages that are answered at once; each may take npm seconds.
const QUESTIONS: usize = 8;

/// What the routes share.
#[derive(Debug)]
pub(crate) struct Builder {
    settings: Settings,
    slots: Arc<Slots>,
    dependencies: Arc<Dependencies>,
    scratch: Arc<Scratch>,
    /// Questions that are answered at once.
    questions: Semaphore,
    /// One seat a slot, and one a place in the queue.
    seats: Arc<Semaphore>,
    all_seats: usize,
    in_flight: InFlight,
    stopping: AtomicBool,
}

impl Builder {
    pub(crate) fn new(
        settings: Settings,
        slots: Slots,
        dependencies: Dependencies,
        scratch: Arc<Scratch>,
    ) -> Self {
        let all_seats = slots.count() + settings.queue;
        Self {
            settings,
            slots: Arc::new(slots),
            dependencies: Arc::new(dependencies),
            scratch,
            questions: Semaphore::new(QUESTIONS),
            seats: Arc::new(Semaphore::new(all_seats)),
            all_seats,
            in_flight: InFlight::default(),
            stopping: AtomicBool::new(false),
        }
    }

    /// From now on, new jobs are refused; running ones go on.
    pub(crate) fn refuse_new_jobs(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// How long running jobs may take after that.
    pub(crate) const fn drain_time(&self) -> Duration {
        self.settings.drain
    }

    /// Builds at once.
    pub(crate) fn slots(&self) -> usize {
        self.slots.count()
    }

    /// How long a connection may stand still.
    pub(crate) const fn patience(&self) -> Duration {
        self.settings.patience
    }

    /// Jobs that may be here at once.
    pub(crate) const fn all_seats(&self) -> usize {
        self.all_seats
    }

    /// What keeps builds away from everything else.
    pub(crate) fn sandbox(&self) -> String {
        self.slots.sandbox().name()
    }

    /// Why nothing looks at what was built, if nothing does.
    pub(crate) fn render_off(&self) -> Option<String> {
        self.slots.renderer().off().map(str::to_owned)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn is_authorised(&self, headers: &HeaderMap) -> bool {
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        // Hashes are compared, in constant time: what the comparison tells of the hash tells nothing of the token.
        token.is_some_and(|token| Digest::of(token.as_bytes()).matches(&self.settings.token_hash))
    }
}

/// The routes.
pub(crate) fn routes(builder: Arc<Builder>) -> Router {
    Router::new()
        .route("/healthz", get(health))
        .route("/metrics", get(counts))
        .route("/builds", post(counted_builds))
        .route("/dependencies", post(dependencies))
        .route("/vendor/{sha256}", get(vendor))
        .fallback(async || {
            problem(
                StatusCode::NOT_FOUND,
                "There is nothing here: POST /builds, POST /dependencies, GET /vendor/<sha256>, GET /healthz, GET /metrics.",
            )
        })
        .method_not_allowed_fallback(async || {
            problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "This path takes another method.",
            )
        })
        // The job's own limits hold, and they are checked while it arrives.
        .layer(DefaultBodyLimit::disable())
        .with_state(builder)
}

async fn health(State(builder): State<Arc<Builder>>) -> Response {
    let slots = &builder.slots;
    let taken = builder.all_seats - builder.seats.available_permits();
    let status = if builder.is_stopping() {
        "stopping"
    } else {
        "ok"
    };
    let body = json!({
        "status": status,
        "slots": slots.count(),
        "ready": slots.ready(),
        "busy": slots.busy(),
        "queued": taken.saturating_sub(slots.busy()),
        "queue": builder.settings.queue,
        "memory_available_bytes": pool::available(),
        "memory_is_short": slots.is_short(),
        "sandbox": builder.sandbox(),
        "render_check": builder.render_off().map_or("on".to_owned(), |why| format!("off: {why}")),
        "toolchain_digest": slots.toolchain_digest(),
    });
    (
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

async fn counts(State(builder): State<Arc<Builder>>) -> Response {
    let slots = &builder.slots;
    let now = Now {
        slots: slots.count(),
        ready: slots.ready(),
        busy: slots.busy(),
        seats: builder.all_seats,
        taken: builder.all_seats - builder.seats.available_permits(),
    };
    match slots.metrics().text(now) {
        Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(error) => {
            eprintln!("overskill-builder: the metrics cannot be written: {error}");
            problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The metrics cannot be written.",
            )
        }
    }
}

/// A vendor module: what an answer names and its reader does not have yet.
async fn vendor(
    State(builder): State<Arc<Builder>>,
    headers: HeaderMap,
    UrlPath(sha256): UrlPath<String>,
) -> Response {
    if !builder.is_authorised(&headers) {
        return unauthorised();
    }
    let sha256 = sha256.parse::<Digest>().ok();
    match sha256.and_then(|sha256| builder.slots.vendor().content(&sha256)) {
        Some(content) => ([(header::CONTENT_TYPE, "text/javascript")], content).into_response(),
        None => problem(
            StatusCode::NOT_FOUND,
            "This builder has no vendor module of that hash.",
        ),
    }
}

fn unauthorised() -> Response {
    let mut response = problem(
        StatusCode::UNAUTHORIZED,
        "The bearer token is missing or wrong.",
    );
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Whether an app may have a package: a [`DependencyQuestion`] in, a [`DependencyAnswer`] out.
///
/// [`DependencyAnswer`]: overskill::build::DependencyAnswer
async fn dependencies(
    State(builder): State<Arc<Builder>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if !builder.is_authorised(&headers) {
        return unauthorised();
    }
    if builder.is_stopping() {
        return busy("The builder is shutting down.");
    }
    let Ok(_place) = builder.questions.try_acquire() else {
        return busy("Too many questions are being answered.");
    };
    let reading = to_bytes(body, DependencyQuestion::MAX_BYTES);
    let Ok(Ok(body)) = timeout(builder.settings.patience, reading).await else {
        return problem(
            StatusCode::BAD_REQUEST,
            "The question is too long, or broke off.",
        );
    };
    let question = match serde_json::from_slice::<DependencyQuestion>(&body) {
        Ok(question) => question,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match builder.dependencies.answer(question).await {
        Ok(answer) => (
            [(header::CONTENT_TYPE, "application/json")],
            json!(answer).to_string(),
        )
            .into_response(),
        Err(error) => {
            eprintln!("overskill-builder: a question was not answered: {error}");
            problem(StatusCode::BAD_GATEWAY, "The registry cannot be asked.")
        }
    }
}

/// Takes a job or refuses it, and counts it and its bytes.
async fn counted_builds(
    State(builder): State<Arc<Builder>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let metrics = Arc::clone(builder.slots.metrics());
    let counter = Arc::clone(&metrics);
    let body = body.into_data_stream();
    let body = body.inspect_ok(move |bytes| counter.received(bytes.len()));
    let response = builds(&builder, &headers, Body::from_stream(body)).await;
    if response.status() != StatusCode::OK {
        metrics.refused(response.status().as_u16());
        return response;
    }
    response.map(|body| {
        let body = body.into_data_stream();
        Body::from_stream(body.inspect_ok(move |bytes| metrics.sent(bytes.len())))
    })
}

async fn builds(builder: &Builder, headers: &HeaderMap, body: Body) -> Response {
    if !builder.is_authorised(headers) {
        return unauthorised();
    }
    if let Some(coding) = headers.get(header::CONTENT_ENCODING)
        && coding != "identity"
    {
        // What is packed can become anything; sources are small, and sent as they are.
        return problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "A job is sent as it is, without a content coding.",
        );
    }
    let seat = if builder.is_stopping() {
        Err("The builder is shutting down.")
    } else {
        let seat = Arc::clone(&builder.seats).try_acquire_owned();
        seat.map_err(|_| "Every slot and every place in the queue is taken.")
    };
    let seat = match seat {
        Ok(seat) => seat,
        Err(why) => {
            drain(&mut body.into_data_stream()).await;
            return busy(why);
        }
    };
    let patience = builder.settings.patience;
    let (scratch, in_flight) = (&builder.scratch, &builder.in_flight);
    let body_time = builder.settings.body_time;
    let received = match receive(body, scratch, in_flight, patience, body_time).await {
        Ok(received) => received,
        Err(refusal) => return refuse(&refusal),
    };
    let (answer, body) = Answer::open(patience);
    let limit = builder.settings.time(received.job.mode);
    tokio::spawn(deliver(
        received,
        Arc::clone(&builder.slots),
        Arc::clone(&builder.dependencies),
        limit,
        answer,
        seat,
    ));
    ([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response()
}

fn refuse(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Job(error) if error.is_too_large() => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Job(_) | Refusal::Broken(_) => StatusCode::BAD_REQUEST,
        Refusal::Still(_) | Refusal::Slow(_) => StatusCode::REQUEST_TIMEOUT,
        Refusal::InFlight(_) => StatusCode::CONFLICT,
        Refusal::Storage(error) => {
            eprintln!("overskill-builder: a job could not be stored: {error}");
            StatusCode::INSUFFICIENT_STORAGE
        }
    };
    problem(status, &refusal.to_string())
}

fn busy(detail: &str) -> Response {
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, detail);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    response
}

fn problem(status: StatusCode, detail: &str) -> Response {
    let body = json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
    });
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        body.to_string(),
    )
        .into_response()
}

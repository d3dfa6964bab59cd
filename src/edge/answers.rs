//! Counts what visitors are answered right after a deployment, in this isolate, and tells the conversation where there are errors.
//!
//! Nobody waits for it: what is counted is told a second after the first error, while the visitor has their answer already. As long as nothing
//! fails, nothing is told. On an account, where the app's own Worker counts by itself (`publish/own.js`), it is heard here.

use std::{cell::RefCell, time::Duration};

use js_sys::futures::future_to_promise;
use wasm_bindgen::JsValue;
use worker::{Delay, Env, Request, Response, console_error};

use super::{
    api, cipher, clock,
    objects::{self, ConversationCall, Watched},
    runtime,
};
use crate::{
    error::{Error, Kind, Result},
    ids::AppId,
    publish::{Answers, Environment, own},
    time::Timestamp,
};

/// How long errors are gathered before they are told, in milliseconds.
const GATHERED_MILLIS: u64 = 1_000;
/// How many deployments are counted at once.
const MOST_COUNTED: usize = 64;
/// The longest body of what an app's own Worker says.
const MOST_BODY_BYTES: usize = 1_024;

/// What was counted of a deployment and not told yet.
struct Counted {
    app: AppId,
    watched: Watched,
    answers: Answers,
    /// When it will have been told; it is given up then.
    telling: Option<Timestamp>,
}

impl Counted {
    fn is(&self, app: &AppId, watched: &Watched) -> bool {
        self.app == *app && self.watched == *watched
    }
}

thread_local! {
    static COUNTED: RefCell<Vec<Counted>> = const { RefCell::new(Vec::new()) };
}

/// Counts an answer of a deployment of an app.
pub(super) fn count(env: &Env, context: &JsValue, app: &AppId, watched: &Watched, answer: Answers) {
    let now = clock::now();
    if now > watched.until {
        return;
    }
    let is_due = COUNTED.with_borrow_mut(|all| {
        let known = all.iter().position(|one| one.is(app, watched));
        if known.is_none() {
            all.retain(|one| one.watched.until >= now);
            if all.len() < MOST_COUNTED {
                all.push(Counted {
                    app: app.clone(),
                    watched: watched.clone(),
                    answers: Answers::default(),
                    telling: None,
                });
            }
        }
        let Some(counted) = all.iter_mut().find(|one| one.is(app, watched)) else {
            return false;
        };
        counted.answers.add(answer);
        let is_told = counted.telling.is_some_and(|until| until > now);
        let is_due = answer.failed > 0 && !is_told;
        if is_due {
            counted.telling = Some(now.after(2 * GATHERED_MILLIS));
        }
        is_due
    });
    if is_due {
        let (env, app, watched) = (env.clone(), app.clone(), watched.clone());
        runtime::wait_until(
            context,
            &future_to_promise(async move {
                tell(&env, &app, watched).await;
                Ok(JsValue::UNDEFINED)
            }),
        );
    }
}

/// Whether somebody says what an app's own Worker has answered.
pub(super) fn is_told(method: &str, path: &str) -> bool {
    path == own::ANSWERS_PATH && method == "POST"
}

/// Hears what an app's own Worker on an account has counted. It proves what it is by what was sealed for its deployment, which nobody else has.
pub(super) async fn hear(
    mut request: Request,
    env: &Env,
    app: &AppId,
    environment: Environment,
) -> Result<Response> {
    let header = request.headers().get("authorization");
    let header = header.map_err(Error::internal)?.unwrap_or_default();
    let proof = header.strip_prefix("Bearer ").unwrap_or_default();
    let opened = cipher::open(env, &own::proof_of(app, environment), proof).await;
    let Some(deployment) = opened.ok().and_then(|opened| opened.parse().ok()) else {
        let message = "Only the app's own Worker tells of its answers.";
        return Err(Error::new(Kind::Forbidden, message));
    };
    let body = api::read_body(&mut request, MOST_BODY_BYTES).await?;
    let answers: Answers = crate::json::from_slice(&body).map_err(|error| {
        Error::new(Kind::Invalid, "The body is {\"all\", \"failed\"}.").caused_by(error)
    })?;
    let call = ConversationCall::Answered {
        deployment,
        answers,
    };
    objects::conversation(env, app)?
        .ask::<()>(None, call)
        .await?;
    let response = Response::empty().map_err(Error::internal)?;
    Ok(response.with_status(204))
}

/// Tells what was counted once some of it was gathered.
async fn tell(env: &Env, app: &AppId, watched: Watched) {
    Delay::from(Duration::from_millis(GATHERED_MILLIS)).await;
    let answers = COUNTED.with_borrow_mut(|all| {
        let counted = all.iter_mut().find(|one| one.is(app, &watched))?;
        counted.telling = None;
        Some(std::mem::take(&mut counted.answers))
    });
    let Some(answers) = answers else {
        return;
    };
    let call = ConversationCall::Answered {
        deployment: watched.deployment,
        answers,
    };
    let told = async { objects::conversation(env, app)?.ask::<()>(None, call).await };
    // What was not heard is not counted. If it goes on, the next will be.
    if let Err(error) = told.await {
        console_error!("{app}: {error}");
    }
}

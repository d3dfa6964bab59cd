//! Counts what visitors are answered right after a deployment, in this isolate, and tells the conversation where there are errors.
//!
//! Nobody waits for it: what is counted is told a second after the first error, while the visitor has their answer already. As long as nothing
//! fails, nothing is told.

use std::{cell::RefCell, time::Duration};

use js_sys::futures::future_to_promise;
use wasm_bindgen::JsValue;
use worker::{Delay, Env, console_error};

use super::{
    clock,
    objects::{self, ConversationCall, Watched},
    runtime,
};
use crate::{ids::AppId, publish::Answers, time::Timestamp};

/// How long errors are gathered before they are told, in milliseconds.
const GATHERED_MILLIS: u64 = 1_000;
/// How many deployments are counted at once.
const MOST_COUNTED: usize = 64;

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

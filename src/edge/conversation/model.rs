//! The job that calls a model: begun in the journal, heard as it comes, ended in the journal.

use worker::Env;

use super::Conversation;
use crate::{
    digest::Digest,
    edge::{
        blobs::Blobs,
        clock, console, model,
        objects::{self, Ledgered, WorkspaceCall},
        pace::Working,
        parser, random, runtime, settings,
    },
    error::Result,
    generation::{
        Answer, CallEnd, Charge, Conversation as Machine, Input, Job, Planned, Spent, Writing,
        budget::Reserved, prompt, survey,
    },
    ids::{AppId, TurnId},
    llm::{
        encode::{self, Asked},
        message::{Message, Request, SoFar, Usage, UserBlock},
        models::{Model, Reservation},
        offline, stream,
    },
    template::Foundation,
    time::Timestamp,
};

impl Conversation {
    /// Makes one attempt at the call of a step; nothing when it is not wanted any more.
    pub(super) async fn call_model(
        &self,
        machine: &Machine,
        turn: &TurnId,
        step: u32,
        working: Option<Working>,
    ) -> Result<Option<Input>> {
        let chain = settings::chain(&self.env, machine.first_model())?;
        let foundation = console::foundation(&self.env).await?;
        let outline = match step {
            1 => Some(self.outline(machine).await?),
            _ => None,
        };
        let begun = self.step(Input::CallBegun {
            turn: turn.clone(),
            step,
            chain: chain.clone(),
            outline,
        })?;
        let Some(Answer::Call(Some(planned))) = begun else {
            return Ok(None);
        };
        self.witness.hears("begun", turn.as_str()).await;
        let mut request = self.request(machine, turn, foundation)?;
        let chance = u64::from_le_bytes(random::bytes()?);
        let end = |spent| CallEnd {
            spent,
            chain,
            chance,
        };
        let Some(model) = settings::model(&self.env, &planned.model)? else {
            return Ok(Some(Input::ModelReplied {
                turn: turn.clone(),
                step,
                reply: offline::reply(&request),
                end: end(Spent::default()),
            }));
        };
        if model.bounds.images {
            self.show_images(&machine.app, &mut request).await?;
        }
        let asked = Asked {
            model: &model.id,
            max_tokens: model.bounds.max_output,
        };
        let body = encode::body(model.format, &request, asked).to_string();
        drop(request);
        let worst = model.worst(body.len());
        let millis = match self.reserve(machine, turn, step, &planned, worst).await? {
            Reserved::Granted { millis } => millis,
            Reserved::Refused { reason } => {
                return Ok(Some(Input::CallRefused {
                    turn: turn.clone(),
                    step,
                    reason,
                }));
            }
        };
        let door = settings::door(&self.env, &model)?;
        // From here on there is more waiting than working.
        drop(working);
        // Whoever hears nothing more of it takes it that the request was read.
        let sent = Input::CallProgress {
            turn: turn.clone(),
            step,
            text: String::new(),
            writing: Vec::new(),
            spent: spent(&model, Usage::default().or_estimated(body.len(), 1)),
        };
        if self.step(sent)? != Some(Answer::Held(true)) {
            return Ok(None);
        }
        let mut shown = Shown::default();
        let tell = async |so_far: SoFar| {
            let heard = shown.input(turn, step, so_far, &model);
            let answer = self.step(heard)?;
            self.witness.hears("heard", turn.as_str()).await;
            Ok(matches!(answer, Some(Answer::Held(true))))
        };
        Ok(
            match model::call(&model, &door, body, millis, tell).await? {
                model::End::Answered(reply) => Some(Input::ModelReplied {
                    turn: turn.clone(),
                    step,
                    end: end(spent(&model, reply.usage)),
                    reply,
                }),
                model::End::Failed(failed) => Some(Input::CallFailed {
                    turn: turn.clone(),
                    step,
                    failure: failed.failure,
                    says: failed.says,
                    end: end(spent(&model, failed.usage)),
                }),
                model::End::Unwanted => None,
            },
        )
    }

    /// What the model is told, as the storage has it now.
    fn request(
        &self,
        machine: &Machine,
        turn: &TurnId,
        foundation: &Foundation,
    ) -> Result<Request> {
        let others = self.read_machine(|machine| {
            let mut others: Vec<TurnId> = machine.waiting_turns().cloned().collect();
            others.push(turn.clone());
            others
        })?;
        let told = self.store.earlier(&others)?;
        let transcript = self.store.transcript(turn)?;
        Ok(prompt::request(
            &survey::shared_outline(foundation, parser::known()),
            &told,
            transcript,
            settings::dialect(&self.env)?,
            machine.intent(),
        ))
    }

    /// Loads the images that a request names, for a model that takes them.
    async fn show_images(&self, app: &AppId, request: &mut Request) -> Result<()> {
        let named = request.messages.iter().flat_map(|message| match message {
            Message::User(blocks) => blocks.as_slice(),
            Message::Assistant(_) => &[],
        });
        let hashes: Vec<Digest> = named
            .filter_map(|block| match block {
                UserBlock::Image(image) => Some(image.hash),
                _ => None,
            })
            .collect();
        let sources = Blobs::sources(&self.env, app)?;
        for hash in hashes {
            let content = sources.get(&hash).await?;
            request.images.insert(hash, runtime::base64(&content)?);
        }
        Ok(())
    }

    /// Sets aside what an attempt can come to, if there is room for it.
    async fn reserve(
        &self,
        machine: &Machine,
        turn: &TurnId,
        step: u32,
        planned: &Planned,
        worst: Reservation,
    ) -> Result<Reserved> {
        objects::workspace(&self.env, &machine.workspace)?
            .ask(
                None,
                WorkspaceCall::Reserve {
                    of: Ledgered {
                        app: machine.app.clone(),
                        turn: turn.clone(),
                        step,
                        attempt: planned.attempt,
                    },
                    worst,
                    at: clock::now(),
                },
            )
            .await
    }

    /// Tells the workspace's ledger what an attempt has cost.
    pub(super) async fn settle(
        &self,
        machine: &Machine,
        turn: &TurnId,
        step: u32,
        attempt: u32,
    ) -> Result<Input> {
        let settlement = Job::Settle {
            turn: turn.clone(),
            step,
            attempt,
        };
        if let Some((charge, at)) = self.store.charge(&settlement)? {
            tell_ledger(&self.env, machine, charge, at).await?;
        }
        Ok(Input::Settled {
            turn: turn.clone(),
            step,
            attempt,
        })
    }

    /// Tells the workspace's ledger of everything that it does not know.
    pub(super) async fn settle_all(&self, machine: &Machine) -> Result<()> {
        for (charge, at) in self.store.unsettled()? {
            tell_ledger(&self.env, machine, charge, at).await?;
        }
        Ok(())
    }
}

async fn tell_ledger(env: &Env, machine: &Machine, charge: Charge, at: Timestamp) -> Result<()> {
    let of = Ledgered {
        app: machine.app.clone(),
        turn: charge.turn.clone(),
        step: charge.step,
        attempt: charge.attempt,
    };
    objects::workspace(env, &machine.workspace)?
        .ask(None, WorkspaceCall::Settle { of, charge, at })
        .await
}

fn spent(model: &Model, usage: Usage) -> Spent {
    Spent {
        usage,
        micros: model.cost(&usage),
    }
}

/// What the machine has been told of an answer.
#[derive(Default)]
struct Shown {
    /// Bytes of its words.
    text: usize,
    calls: Vec<Writing>,
}

impl Shown {
    /// What has come since.
    fn input(&mut self, turn: &TurnId, step: u32, so_far: SoFar, model: &Model) -> Input {
        let text = so_far.text.get(self.text..).unwrap_or_default().to_owned();
        self.text += text.len();
        let mut writing = Vec::new();
        for (index, call) in so_far.calls.into_iter().enumerate() {
            let known = self.calls.get(index);
            let bytes = call.arguments.len();
            let is_news = known.is_none_or(|known| known.bytes != bytes);
            let path = known
                .and_then(|known| known.path.clone())
                .or_else(|| stream::early_text(&call.arguments, "path"));
            let now = Writing {
                name: call.name,
                path,
                bytes,
            };
            // What has not changed keeps its place and is not told again.
            writing.push(Writing {
                bytes: if is_news { bytes } else { 0 },
                ..now.clone()
            });
            match self.calls.get_mut(index) {
                Some(known) => *known = now,
                None => self.calls.push(now),
            }
        }
        Input::CallProgress {
            turn: turn.clone(),
            step,
            text,
            writing,
            spent: spent(model, so_far.usage),
        }
    }
}

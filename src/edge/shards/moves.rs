//! Apps on their way to another shard: the alarm goes on with them, step by step, and keeps what came of each.

use serde_json::{Value as Answer, json};

use super::{Shards, read, text};
use crate::{
    data::{
        Shard,
        moves::{Done, Move, News, Step},
        pool::Held,
    },
    edge::{clock, data},
    error::{Error, Kind, Result},
    ids::{AppId, ShardId},
    time::Timestamp,
};

/// For how long one alarm goes on, in milliseconds. Between two, shards are asked whether they are well.
const SLICE_MILLIS: u64 = 10_000;
/// How many tables are dropped in one transaction.
const DROPPED_AT_ONCE: u32 = 50;

impl Shards {
    /// Sets out with an app.
    pub(super) fn set_out(&self, app: &AppId, shard: &ShardId) -> Result<Answer> {
        let now = clock::now();
        let answer = self.change(&mut |pool| {
            let Some(held) = self.held(app)? else {
                return Err(Error::new(
                    Kind::NotFound,
                    "There is no such app, or it has no data in any shard.",
                ));
            };
            let moving = self.moving(app)?.filter(Move::is_live);
            if let Some(moving) = &moving
                && moving.held.shard != *shard
            {
                let to = &moving.held.shard;
                return Err(Error::new(
                    Kind::Conflict,
                    format!("The app is on its way to {to}. Call that off first (DELETE /v1/shards/{to}/apps/{app}), or wait until it is there."),
                ));
            }
            if moving.is_some() || held.shard == *shard {
                return Ok(shown(app, &held, moving.as_ref()));
            }
            let there = Held {
                shard: shard.clone(),
                ..held.clone()
            };
            pool.enter(&there)?;
            let moving = Move::begun(held.shard.clone(), there, now);
            self.put_move(app, &moving)?;
            Ok(shown(app, &held, Some(&moving)))
        })?;
        self.wake()?;
        Ok(answer)
    }

    /// Calls it off.
    pub(super) fn stay(&self, app: &AppId, shard: &ShardId) -> Result<Answer> {
        let moving = self.moving(app)?;
        if let Some(mut moving) = moving.filter(|moving| moving.held.shard == *shard) {
            let news = moving.call_off(clock::now()).ok_or_else(|| {
                Error::new(
                    Kind::Conflict,
                    "The app has arrived. When the move has ended, it can be moved back.",
                )
            })?;
            if news == News::Stayed {
                self.change(&mut |pool| {
                    pool.release(&moving.held)?;
                    Ok(Answer::Null)
                })?;
            }
            match news {
                News::Stayed | News::Ended => self.end_move(app)?,
                News::None | News::Arrived => self.put_move(app, &moving)?,
            }
        }
        self.wake()?;
        Ok(Answer::Null)
    }

    /// Apps of a shard behind this one, by id.
    pub(super) fn apps_of(&self, shard: &ShardId, after: &str, limit: u32) -> Result<Answer> {
        self.pool()?.member(shard)?;
        let rows = self.rows(
            "SELECT a.app, a.tables, m.move FROM apps a LEFT JOIN moves m ON m.app = a.app WHERE a.shard = ? AND a.app > ? ORDER BY a.app LIMIT ?",
            vec![shard.as_str().into(), after.into(), i64::from(limit).into()],
        )?;
        let shown = rows.iter().map(|row| {
            let tables = text(row, "tables").lines().count();
            let moving = Move::of_stored(text(row, "move"));
            json!({ "app": text(row, "app"), "tables": tables, "move": moving.as_ref().map(Move::shown) })
        });
        Ok(shown.collect())
    }

    /// Whether an app may get new tables now.
    pub(super) fn is_still(&self, app: &AppId) -> Result<()> {
        match self.moving(app)?.filter(Move::is_held) {
            None => Ok(()),
            Some(_) => Err(Error::new(
                Kind::Unavailable,
                "The app's data is being moved to another database. It can be read meanwhile. Try to change it again in a few minutes.",
            )),
        }
    }

    /// Whether no app is on its way to a shard, or from it.
    pub(super) fn is_quiet(&self, shard: &ShardId) -> Result<()> {
        let moves = self.moves()?;
        let is_of = |moving: &Move| moving.from == *shard || moving.held.shard == *shard;
        if moves.iter().any(|(_, moving)| is_of(moving)) {
            return Err(Error::new(
                Kind::Conflict,
                "An app is on its way from this shard, or to it, or has left something in it that is dropped in a few minutes.",
            ));
        }
        Ok(())
    }

    /// When the next one is to go on.
    pub(super) fn next_move(&self) -> Result<Option<Timestamp>> {
        Ok(self.moves()?.iter().map(|(_, moving)| moving.due).min())
    }

    /// Goes on with those whose time has come, for a while.
    pub(super) async fn go_on(&self) -> Result<()> {
        let end = clock::now().after(SLICE_MILLIS);
        loop {
            let now = clock::now();
            let moves = self.moves()?;
            let due = moves.iter().filter(|(_, moving)| moving.due <= now);
            let Some((app, moving)) = due.min_by_key(|(_, moving)| moving.due) else {
                return Ok(());
            };
            if now > end {
                return Ok(());
            }
            let came = self.take_step(app, moving).await;
            // Called off meanwhile, it goes on with that.
            if self.moving(app)?.as_ref() == Some(moving) {
                self.keep(app, moving.clone(), came)?;
            }
        }
    }

    async fn take_step(&self, app: &AppId, moving: &Move) -> Result<Done> {
        let (from, to) = (&moving.from, &moving.held.shard);
        let is_deleted = self.held(app)?.is_none();
        match moving.step {
            Step::Clear => drop_moved(&self.open(to).await?, app).await,
            Step::Copy => {
                let asked = format!("{{\"p_app_id\":\"{app}\",\"p_at\":{}}}", moving.at);
                let answer = data::ask_shard(&self.open(from).await?, "move_out", &asked).await?;
                let answer: Answer = crate::json::from_str(&answer).map_err(Error::internal)?;
                if let Some(part) = answer.get("part").and_then(Answer::as_str) {
                    let given = json!({ "p_app_id": app, "p_part": part }).to_string();
                    data::ask_shard(&self.open(to).await?, "move_in", &given).await?;
                }
                Ok(match answer.get("next") {
                    None | Some(Answer::Null) => Done::Over,
                    Some(next) => Done::Part(next.to_string()),
                })
            }
            // Of an app that was deleted before it was held, both sides know nothing but that it is held: nobody is let in again.
            Step::Settle if is_deleted => Ok(Done::Over),
            Step::Undo if is_deleted => drop_moved(&self.open(from).await?, app).await,
            Step::Settle => let_go(&self.open(to).await?, app).await,
            Step::Undo => let_go(&self.open(from).await?, app).await,
            Step::Leave => match drop_moved(&self.open(from).await?, app).await? {
                Done::Over if is_deleted => drop_moved(&self.open(to).await?, app).await,
                done => Ok(done),
            },
            Step::Sweep | Step::Failed => drop_moved(&self.open(to).await?, app).await,
        }
    }

    /// Keeps what came of a step, and what it is for the pool.
    fn keep(&self, app: &AppId, mut moving: Move, came: Result<Done>) -> Result<()> {
        let now = clock::now();
        let news = match came {
            Ok(done) => moving.done(done, now),
            Err(error) => {
                worker::console_error!("the move of {app} to {}: {error}", moving.held.shard);
                moving.failed(&error, now);
                News::None
            }
        };
        self.change(&mut |pool| {
            match (news, self.held(app)?) {
                (News::Arrived, Some(held)) => {
                    let there = Held {
                        shard: moving.held.shard.clone(),
                        ..held.clone()
                    };
                    pool.release(&held)?;
                    pool.arrive(&moving.held, &there)?;
                    self.put(app, &there)?;
                }
                // It was deleted before anything of it was held.
                (News::Arrived, None) | (News::Stayed, _) => pool.release(&moving.held)?,
                (News::None | News::Ended, _) => {}
            }
            Ok(Answer::Null)
        })?;
        if news == News::Ended {
            return self.end_move(app);
        }
        self.put_move(app, &moving)
    }

    async fn open(&self, id: &ShardId) -> Result<Shard> {
        let member = self.pool()?.member(id)?.clone();
        data::opened(&self.env, id, &member.url, &member.keys).await
    }

    fn moving(&self, app: &AppId) -> Result<Option<Move>> {
        let rows = self.rows(
            "SELECT move FROM moves WHERE app = ?",
            vec![app.as_str().into()],
        )?;
        rows.first().map(read_move).transpose()
    }

    /// All that are under way.
    fn moves(&self) -> Result<Vec<(AppId, Move)>> {
        let rows = self.rows("SELECT app, move FROM moves", vec![])?;
        let all: Result<Vec<_>> = rows
            .iter()
            .map(|row| {
                Ok((
                    text(row, "app").parse().map_err(Error::internal)?,
                    read_move(row)?,
                ))
            })
            .collect();
        Ok(all?
            .into_iter()
            .filter(|(_, moving): &(_, Move)| moving.is_live())
            .collect())
    }

    fn put_move(&self, app: &AppId, moving: &Move) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO moves(app, move) VALUES (?, ?)",
            vec![app.as_str().into(), moving.to_stored().into()],
        )
    }

    fn end_move(&self, app: &AppId) -> Result<()> {
        self.run("DELETE FROM moves WHERE app = ?", vec![app.as_str().into()])
    }
}

fn read_move(row: &Answer) -> Result<Move> {
    read(Move::of_stored(text(row, "move")))
}

fn shown(app: &AppId, held: &Held, moving: Option<&Move>) -> Answer {
    json!({ "app": app, "tables": held.tables.len(), "move": moving.map(Move::shown) })
}

async fn let_go(shard: &Shard, app: &AppId) -> Result<Done> {
    let asked = json!({ "p_app_id": app, "p_is_held": false }).to_string();
    data::ask_shard(shard, "hold_app", &asked).await?;
    Ok(Done::Over)
}

async fn drop_moved(shard: &Shard, app: &AppId) -> Result<Done> {
    let asked = json!({ "p_app_id": app, "p_max": DROPPED_AT_ONCE }).to_string();
    let dropped = data::ask_shard(shard, "drop_moved", &asked).await?;
    Ok(if dropped.trim() == "0" {
        Done::Over
    } else {
        Done::Again
    })
}

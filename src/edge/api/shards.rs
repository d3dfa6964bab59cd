//! The pool of shards, for the operator.

use serde_json::{Map, Value, json};

use super::{Call, Principal, Reply, Run};
use crate::{
    data::pool::Member,
    edge::{
        clock, data,
        objects::{self, ShardCall},
        settings,
    },
    error::{Error, Kind, Result},
    http::{
        Route,
        body::{AddShard, ChangeShard, MAX_JSON_BYTES, ShardKeys, WantedState},
        page::{self, Page},
        resource::Shard,
    },
    ids::ShardId,
};

impl Call<'_> {
    /// # Errors
    /// 403 for whoever is not the operator.
    pub(super) async fn shards(&mut self, principal: &Principal, route: Route) -> Result<Reply> {
        if settings::operator(self.env).as_ref() != Some(&principal.workspace) {
            return Err(Error::new(
                Kind::Forbidden,
                "This is for the operator of the installation: send a token of the workspace that the setting OPERATOR_WORKSPACE names.",
            ));
        }
        match route {
            Route::ListShards => self.ask_pool(200, "shards", ShardCall::List).await,
            Route::RemoveShard { shard } => {
                self.ask_pool(200, "shard", ShardCall::Remove(shard))
                    .await?;
                Ok(Reply::empty())
            }
            Route::ListShardApps { shard } => self.list_shard_apps(shard).await,
            Route::MoveApp { shard, app } => {
                self.ask_pool(202, "app", ShardCall::Move(app, shard)).await
            }
            Route::CallOffMove { shard, app } => {
                self.ask_pool(200, "app", ShardCall::Stay(app, shard))
                    .await?;
                Ok(Reply::empty())
            }
            Route::ChangeShard { shard } => {
                let bytes = self.body(MAX_JSON_BYTES).await?;
                let change = self.parse::<ChangeShard>(&bytes)?;
                if let Some(keys) = &change.keys {
                    self.rekey(&shard, keys).await?;
                }
                let takes_apps = change.state.map(|state| state == WantedState::Available);
                let call = ShardCall::Change(shard, takes_apps, change.max_tables, change.max_apps);
                self.ask_pool(200, "shard", call).await
            }
            _ => {
                let bytes = self.body(MAX_JSON_BYTES).await?;
                let wanted = self.parse(&bytes)?;
                match self.begin(principal, &bytes).await? {
                    Run::Replay(reply) => Ok(reply),
                    Run::Fresh(begun) => {
                        let shard = ShardId::from_seed(&begun.nonce.0);
                        let reply = self.add_shard(wanted, shard).await?;
                        self.end(principal, begun, reply).await
                    }
                }
            }
        }
    }

    async fn add_shard(&self, wanted: AddShard, id: ShardId) -> Result<Reply> {
        let shard = wanted.shard().map_err(Error::internal)?;
        let keys = data::sealed_keys(self.env, &id, &shard).await?;
        let member = Member {
            max_tables: wanted.max_tables,
            max_apps: wanted.max_apps,
            ..Member::added(id, shard.url().to_owned(), keys, clock::now())
        };
        let call = ShardCall::Add(member.to_stored());
        self.ask_pool(201, "shard", call).await
    }

    /// Looks whether keys are a shard's, and keeps them.
    async fn rekey(&self, id: &ShardId, keys: &ShardKeys) -> Result<()> {
        if id.is_of_settings() {
            return Err(Error::new(
                Kind::Conflict,
                "The keys of this shard are in the settings: SUPABASE_SECRET_KEY and the others next to it.",
            ));
        }
        let pool = objects::shards(self.env)?;
        let all: Vec<Shard> = pool.ask(None, ShardCall::List).await?;
        let found = all.into_iter().find(|shard| shard.id == *id);
        let url = found
            .ok_or_else(|| Error::new(Kind::NotFound, "There is no such shard."))?
            .url;
        let sealed = data::sealed_keys(self.env, id, &keys.of(&url)?).await?;
        let _told: Value = pool.ask(None, ShardCall::Rekey(id.clone(), sealed)).await?;
        Ok(())
    }

    async fn list_shard_apps(&self, shard: ShardId) -> Result<Reply> {
        let page = Page::parse(&self.query)?;
        let after: Option<String> = page.after("shard-apps")?;
        let call = ShardCall::Apps(shard, after.unwrap_or_default(), page.limit + 1);
        let rows: Vec<Value> = objects::shards(self.env)?.ask(None, call).await?;
        let (apps, next_cursor) = page::cut(rows, page.limit, |row| {
            let app = row.get("app").and_then(Value::as_str);
            page::cursor("shard-apps", &app.unwrap_or_default())
        });
        Reply::json(200, &json!({ "apps": apps, "next_cursor": next_cursor }))
    }

    async fn ask_pool(&self, status: u16, name: &str, call: ShardCall) -> Result<Reply> {
        let answer: Value = objects::shards(self.env)?.ask(None, call).await?;
        let body: Map<_, _> = [(name.to_owned(), answer)].into_iter().collect();
        Reply::json(status, &Value::Object(body))
    }
}

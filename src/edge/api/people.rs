//! The people of an app, for its owner; and the mails that a shard on this machine has caught.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use worker::Headers;

use super::{Call, Reply, apps::Asked, tables::is_theirs};
use crate::{
    data::unavailable,
    edge::{data::Tables, gateway, settings},
    error::{Error, Kind, Result},
    http::{
        page::{self, Page},
        query::Query,
    },
    ids::AppId,
};

impl Call<'_> {
    pub(super) async fn list_members(&self, app: &AppId, asked: &Asked<'_>) -> Result<Reply> {
        let page = Page::parse(&self.query)?;
        let after: Option<String> = page.after("members")?;
        is_theirs(asked).await?;
        let arguments = json!({ "p_app_id": app, "p_after": after, "p_limit": page.limit + 1 });
        let found = match Tables::if_any(self.env, app).await? {
            Some(tables) => tables.people("list_members", &arguments).await?,
            None => Value::Array(Vec::new()),
        };
        let Value::Array(rows) = found else {
            return Err(Error::internal("a list of people is none"));
        };
        let (rows, next_cursor) = page::cut(rows, page.limit, |row| {
            let place = row.get("place").and_then(Value::as_str);
            page::cursor("members", &place.unwrap_or_default())
        });
        let members: Vec<Value> = rows
            .into_iter()
            .map(|mut row| row.get_mut("person").map(Value::take).unwrap_or_default())
            .collect();
        Ok(Reply::raw(
            200,
            json!({ "members": members, "next_cursor": next_cursor }).to_string(),
        ))
    }

    /// Lets an address in, and sends it a mail unless its owner is in already.
    pub(super) async fn invite_member(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        wanted: Map<String, Value>,
    ) -> Result<Reply> {
        is_theirs(asked).await?;
        let arguments = json!({ "p_app_id": app, "p_member": wanted });
        let tables = Tables::of(self.env, app).await?;
        let member = tables.people("invite_member", &arguments).await?;
        let said = |name: &str| member.get(name).and_then(Value::as_str);
        let mut mailed = false;
        if let (Some("invited"), Some(email)) = (said("status"), said("email")) {
            mailed = gateway::mail_invitation(&tables, &self.hosts.preview_url(app), email).await?;
        }
        Ok(Reply::raw(
            200,
            json!({ "member": member, "mailed": mailed }).to_string(),
        ))
    }

    pub(super) async fn update_member(
        &mut self,
        app: &AppId,
        asked: &Asked<'_>,
        user: &str,
    ) -> Result<Reply> {
        let change = self.handed_on().await?;
        is_theirs(asked).await?;
        let arguments = json!({ "p_app_id": app, "p_user_id": user, "p_change": change });
        let tables = Tables::if_any(self.env, app).await?.ok_or_else(nobody)?;
        let member = tables.people("set_member", &arguments).await?;
        if member.is_null() {
            return Err(nobody());
        }
        Ok(Reply::raw(200, json!({ "member": member }).to_string()))
    }

    pub(super) async fn remove_member(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        who: &str,
    ) -> Result<Reply> {
        is_theirs(asked).await?;
        let arguments = json!({ "p_app_id": app, "p_who": who });
        let tables = Tables::if_any(self.env, app).await?.ok_or_else(nobody)?;
        let was = tables.people("remove_member", &arguments).await?;
        if was == Value::Bool(true) {
            Ok(Reply::empty())
        } else {
            Err(nobody())
        }
    }

    pub(super) async fn show_sign_up(&self, app: &AppId, asked: &Asked<'_>) -> Result<Reply> {
        is_theirs(asked).await?;
        let arguments = json!({ "p_app_id": app });
        let policy = match Tables::if_any(self.env, app).await? {
            Some(tables) => tables.people("sign_up_policy", &arguments).await?,
            // As an app's is of which nothing was decided.
            None => json!({ "policy": "open", "domains": [] }),
        };
        Ok(Reply::raw(200, policy.to_string()))
    }

    pub(super) async fn set_sign_up(&mut self, app: &AppId, asked: &Asked<'_>) -> Result<Reply> {
        let wanted = self.handed_on().await?;
        is_theirs(asked).await?;
        let policy = Tables::of(self.env, app)
            .await?
            .people(
                "set_sign_up",
                &json!({ "p_app_id": app, "p_sign_up": wanted }),
            )
            .await?;
        Ok(Reply::raw(200, policy.to_string()))
    }

    /// Mails that were caught instead of sent, the newest first.
    pub(super) async fn dev_mail(&self) -> Result<Reply> {
        let query = Query::parse(&self.query, &["to"])?;
        let shard = settings::shard(self.env)?.filter(crate::data::Shard::is_local);
        let Some(shard) = shard else {
            return Err(Error::new(
                Kind::NotFound,
                "Mails are caught where the database is one of this machine. Here they were sent.",
            ));
        };
        let to = utf8_percent_encode(query.get("to").unwrap_or_default(), NON_ALPHANUMERIC);
        let target = format!("/dev/mail?to={to}");
        let mut response = gateway::send_to(&shard, "GET", &target, &Headers::new(), &[]).await?;
        let status = response.status_code();
        if status != 200 {
            return Err(unavailable(format!("its mails are answered with {status}")));
        }
        let text = response.text().await.map_err(unavailable)?;
        Ok(Reply::raw(200, text))
    }
}

fn nobody() -> Error {
    Error::new(
        Kind::NotFound,
        "The app has no such user. An invitation is named by its address.",
    )
}

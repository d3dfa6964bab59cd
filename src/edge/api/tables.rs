//! The tables of an app, for its owner.

use serde_json::{Map, Value};

use super::{Call, Reply, apps::Asked};
use crate::{
    data::TableName,
    edge::{
        data::{Row, Tables},
        objects::ConversationCall,
    },
    error::{Error, Kind, Result},
    generation::AppSummary,
    http::{
        body::DefineTables,
        page::{self, Page},
        resource,
    },
    ids::AppId,
};

impl Call<'_> {
    pub(super) async fn list_tables(&self, app: &AppId, asked: &Asked<'_>) -> Result<Reply> {
        let page = Page::parse(&self.query)?;
        let after: Option<String> = page.after("tables")?;
        is_theirs(asked).await?;
        let (mut tables, usage) = match Tables::if_any(self.env, app).await? {
            Some(shard) => (shard.list(app).await?, shard.usage(app).await?),
            None => (Vec::new(), Value::Null),
        };
        tables.retain(|table| {
            after
                .as_ref()
                .is_none_or(|after| table.name() > after.as_str())
        });
        let (tables, next_cursor) = page::cut(tables, page.limit, |table| {
            page::cursor("tables", &table.name())
        });
        Reply::json(
            200,
            &resource::TablePage {
                tables,
                usage,
                next_cursor,
            },
        )
    }

    pub(super) async fn define_tables(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        wanted: &DefineTables,
    ) -> Result<Reply> {
        is_theirs(asked).await?;
        // What was made for an app that is going is dropped with it: its last purge comes later than this.
        let mut tables = Tables::define(self.env, app, &wanted.tables).await?;
        tables.retain(|table| {
            wanted
                .tables
                .iter()
                .any(|asked| asked.name() == table.name())
        });
        Reply::json(200, &resource::TablesDefined { tables })
    }

    pub(super) async fn drop_table(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        table: &str,
    ) -> Result<Reply> {
        is_theirs(asked).await?;
        let name = TableName::of(app, table).ok_or_else(no_table)?;
        let shard = Tables::if_any(self.env, app).await?.ok_or_else(no_table)?;
        if shard.drop_table(app, &name).await? {
            Ok(Reply::empty())
        } else {
            Err(no_table())
        }
    }

    pub(super) async fn list_rows(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        table: &str,
    ) -> Result<Reply> {
        let page = Page::parse(&self.query)?;
        let after: Option<String> = page.after("rows")?;
        let after = after.map(|after| position(&after)).transpose()?;
        is_theirs(asked).await?;
        let name = TableName::of(app, table).ok_or_else(no_table)?;
        let shard = Tables::if_any(self.env, app).await?.ok_or_else(no_table)?;
        let rows = shard
            .rows(&name, after.as_ref(), page.limit + 1)
            .await
            .map_err(|error| match error.kind {
                Kind::NotFound => no_table().caused_by(error),
                _ => error,
            })?;
        let (rows, next_cursor) = page::cut(rows, page.limit, |row| {
            page::cursor(
                "rows",
                &format!("{}/{}", text(row, "created_at"), text(row, "id")),
            )
        });
        Reply::json(200, &resource::RowPage { rows, next_cursor })
    }
}

/// The app is there, and belongs to whoever asks.
pub(super) async fn is_theirs(asked: &Asked<'_>) -> Result<()> {
    asked
        .ask::<AppSummary>(ConversationCall::Show)
        .await
        .map(drop)
}

pub(super) fn no_table() -> Error {
    Error::new(Kind::NotFound, "The app has no such table.")
}

fn text<'row>(row: &'row Map<String, Value>, column: &str) -> &'row str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

/// Reads the position of a row; what stands there goes into a filter.
fn position(text: &str) -> Result<Row> {
    let harmless = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b" -:.+".contains(&byte))
    };
    text.split_once('/')
        .filter(|(created_at, id)| harmless(created_at) && harmless(id))
        .map(|(created_at, id)| Row {
            created_at: created_at.to_owned(),
            id: id.to_owned(),
        })
        .ok_or_else(|| {
            Error::new(
                Kind::Invalid,
                "`cursor` is not one that this list has given. Begin without one.",
            )
        })
}

//! What an app's owner takes away of its data, and puts back.

use futures::stream;
use serde_json::{Value, json};
use worker::Response;

use super::{
    Call, Principal, Reply, Run,
    apps::Asked,
    tables::{is_theirs, no_table},
};
use crate::{
    data::{
        TableName,
        csv::{CsvError, Record, Records},
        gate::MOST_BODY_BYTES,
    },
    edge::data::Tables,
    error::{Error, Kind, Result},
    http::{idempotency::Nonce, media::API_HEADERS, resource::RowsImported},
    ids::AppId,
};

/// How many rows are put in at once.
const ROWS_AT_ONCE: usize = 1_000;
/// With how many bytes of cells no more rows are added to those.
const BYTES_AT_ONCE: usize = 512 * 1024;
/// How many lines with errors are told.
const MOST_ERRORS: usize = 100;

impl Call<'_> {
    /// A table in CSV, or all of them in SQL: piece by piece, so that no more than one is held.
    pub(super) async fn export(
        &self,
        app: &AppId,
        asked: &Asked<'_>,
        table: Option<String>,
    ) -> Result<Response> {
        is_theirs(asked).await?;
        let table = table
            .map(|table| TableName::of(app, &table).ok_or_else(no_table))
            .transpose()?;
        let (media, name) = match &table {
            Some(table) => (
                "text/csv; charset=utf-8; header=present",
                format!("{}.csv", table.logical()),
            ),
            None => ("application/sql", format!("{app}.sql")),
        };
        let shard = Tables::if_any(self.env, app).await?.ok_or_else(no_table)?;
        let first = shard.export(app, table.as_ref(), &Value::Null).await?;
        if first.is_null() {
            return Err(no_table());
        }
        let state = (first, self.env.clone(), app.clone(), table);
        let pieces = stream::try_unfold(state, async |(mut piece, env, app, table)| {
            let Some(Value::String(text)) = piece.get_mut("text").map(Value::take) else {
                return Ok::<_, Error>(None);
            };
            let following = match piece.get("next") {
                None | Some(Value::Null) => Value::Null,
                Some(next) => {
                    // The app may have moved since the last one.
                    let shard = Tables::if_any(&env, &app).await?.ok_or_else(no_table)?;
                    let following = shard.export(&app, table.as_ref(), next).await?;
                    // What was dropped meanwhile ends the answer as one that is not whole.
                    if following.is_null() {
                        return Err(no_table());
                    }
                    following
                }
            };
            Ok(Some((text.into_bytes(), (following, env, app, table))))
        });
        let mut response = Response::from_stream(pieces).map_err(Error::internal)?;
        let headers = response.headers_mut();
        let file = format!("attachment; filename=\"{name}\"");
        for (name, value) in API_HEADERS
            .iter()
            .chain(&[("content-type", media), ("content-disposition", &file)])
        {
            headers.set(name, value).map_err(Error::internal)?;
        }
        Ok(response)
    }

    /// Puts the rows of a file into a table.
    pub(super) async fn import_rows(
        &mut self,
        principal: &Principal,
        app: &AppId,
        asked: &Asked<'_>,
        table: &str,
    ) -> Result<Reply> {
        let bytes = self.body(MOST_BODY_BYTES).await?;
        is_theirs(asked).await?;
        let table = TableName::of(app, table).ok_or_else(no_table)?;
        match self.begin(principal, &bytes).await? {
            Run::Replay(reply) => Ok(reply),
            Run::Fresh(begun) => {
                let text = std::str::from_utf8(&bytes).map_err(|_| {
                    Error::new(
                        Kind::Invalid,
                        "The file is not UTF-8. Save it as that, and send it again.",
                    )
                })?;
                let shard = Tables::if_any(self.env, app).await?.ok_or_else(no_table)?;
                let imported = put(&shard, app, &table, text, begun.nonce).await?;
                self.end(principal, begun, Reply::json(200, &imported)?)
                    .await
            }
        }
    }
}

/// All rows, part by part. From the first part on in which one cannot be put in, the others are only looked at.
async fn put(
    shard: &Tables,
    app: &AppId,
    table: &TableName,
    text: &str,
    nonce: Nonce,
) -> Result<RowsImported> {
    let malformed = |error: CsvError| {
        Error::new(
            Kind::Unprocessable,
            format!("The file is no CSV, and nothing of it was put in: {error}."),
        )
    };
    // Before anything is put in, all of it is read.
    let mut records = Records::of(text);
    if let Some(error) = records.clone().find_map(Result::err) {
        return Err(malformed(error));
    }
    let head = records.next().transpose().map_err(malformed)?;
    let columns = head.map(|head| head.cells).unwrap_or_default();
    let mut records = records.map_while(Result::ok).peekable();
    let mut sum = RowsImported::default();
    let mut errors: Vec<Value> = Vec::new();
    // Once even where there are none: the table and its columns are looked at.
    loop {
        let arguments = json!({
            "p_app_id": app, "p_table": table.logical(), "p_columns": columns, "p_rows": part(&mut records), "p_key": nonce,
            "p_check": !errors.is_empty(),
        });
        let mut done = shard.import(&arguments).await?;
        if done.is_null() {
            return Err(no_table());
        }
        let count = |name| done.get(name).and_then(Value::as_u64).unwrap_or_default();
        if errors.is_empty() {
            sum.inserted += count("inserted");
            sum.updated += count("updated");
        }
        if let Some(Value::Array(more)) = done.get_mut("errors").map(Value::take) {
            errors.extend(more);
        }
        if records.peek().is_none() || errors.len() >= MOST_ERRORS {
            break;
        }
    }
    if errors.is_empty() {
        return Ok(sum);
    }
    errors.truncate(MOST_ERRORS);
    Err(Error::new(
        Kind::Unprocessable,
        "Rows cannot be put in: see `errors`. Mend these lines and send the file again; what is there already is not doubled.",
    )
    .with("errors", errors)
    .with("inserted", sum.inserted)
    .with("updated", sum.updated))
}

/// The next rows, each with its line.
fn part(records: &mut impl Iterator<Item = Record>) -> Vec<Value> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while rows.len() < ROWS_AT_ONCE && bytes < BYTES_AT_ONCE {
        let Some(Record { line, cells }) = records.next() else {
            break;
        };
        let mut row = vec![Value::from(line)];
        for cell in cells {
            bytes += cell.as_ref().map_or(0, String::len);
            row.push(cell.map_or(Value::Null, Value::String));
        }
        rows.push(Value::Array(row));
    }
    rows
}

//! The API's description: an OpenAPI 3.1 document, made from the table of operations and the types of the wire.
//!
//! What is served is `openapi.json`, which stands beside the Worker: what makes it would be a twentieth of the Worker. A test holds the
//! text against what is made, and writes it with `OVERSKILL_UPDATE=1`.
//!
//! What is described here but not in the types: the parameters, which [`super::page`], [`super::sse`],
//! [`super::etag`] and [`super::idempotency`] read.

use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};

use super::{
    auth, idempotency,
    operation::{Access, Answer, Content, Input, Method, Operation, operations},
    page::Page,
    problem,
    search::FileSearch,
    sse,
};
use crate::{
    ids::{AppId, BuildId, TokenId, TurnId},
    search::{MAX_CONTEXT, MAX_QUERY_BYTES},
};

/// The document, made anew. Not in the Worker: there the schemas are left out.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let described = schemas.operation(operation);
        let path = paths.entry(operation.template).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.name().to_ascii_lowercase(), described);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "OverSkill",
            "version": env!("CARGO_PKG_VERSION"),
            "description":
                "A prompt in, a running web app out.\n\nEvery error is a problem document (RFC 9457). Calls that \
                 are marked `x-not-yet` are planned and answer 501.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas.finish(),
            "parameters": parameters(),
            "responses": { "Problem": {
                "description": "An error that says what to do.",
                "content": { problem::MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } },
            } },
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "`osk_<workspace>_<secret>`" },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": auth::COOKIE,
                    "description": "The console's. Calls that change something need the console's own `Origin`.",
                },
            },
        },
    })
}

/// The schemas met so far: what comes in may leave out what has a default, what goes out has every field.
struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let generator = |contract| {
            SchemaSettings::draft2020_12()
                .with(|settings| {
                    settings.definitions_path = "/components/schemas".into();
                    settings.contract = contract;
                })
                .into_generator()
        };
        Self {
            requests: generator(Contract::Deserialize),
            answers: generator(Contract::Serialize),
        }
    }

    fn operation(&mut self, operation: &Operation) -> Value {
        let mut responses = Map::new();
        for answer in operation.answers {
            responses.insert(answer.status.to_string(), self.answer(answer));
        }
        if operation.answers.is_empty() {
            responses.insert(
                "501".to_owned(),
                json!({ "$ref": "#/components/responses/Problem" }),
            );
        }
        responses.insert(
            "default".to_owned(),
            json!({ "$ref": "#/components/responses/Problem" }),
        );
        let mut described = json!({
            "operationId": operation.id,
            "summary": operation.summary,
            "parameters": self.parameters(operation),
            "responses": responses,
        });
        if let Some(members) = described.as_object_mut() {
            if let Some(content) = content(operation.request, &mut self.requests) {
                members.insert(
                    "requestBody".to_owned(),
                    json!({ "required": true, "content": content }),
                );
            }
            if operation.access == Access::Public {
                members.insert("security".to_owned(), json!([]));
            }
            if operation.answers.is_empty() {
                members.insert("x-not-yet".to_owned(), json!(true));
            }
        }
        described
    }

    fn answer(&mut self, answer: &Answer) -> Value {
        let mut described = json!({ "description": answer.meaning });
        if let Some(members) = described.as_object_mut()
            && let Some(content) = content(answer.content, &mut self.answers)
        {
            members.insert("content".to_owned(), content);
            if matches!(answer.content, Content::Bytes) {
                let etag =
                    json!({ "schema": { "type": "string" }, "description": "The hash in quotes." });
                members.insert("headers".to_owned(), json!({ "ETag": etag }));
            }
        }
        described
    }

    fn parameters(&mut self, operation: &Operation) -> Vec<Value> {
        let mut parameters: Vec<Value> = operation
            .template
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| {
                json!({ "name": name, "in": "path", "required": true, "schema": self.path_parameter(name) })
            })
            .collect();
        let mut names: Vec<&str> = operation
            .inputs
            .iter()
            .flat_map(|input| match input {
                Input::Page => &["cursor", "limit"][..],
                Input::Resume => &["after", "lastEventId"],
                Input::Precondition => &["ifMatch", "ifNoneMatch"],
                Input::Match => &["ifMatch"],
                Input::Seen => &["seen"],
                Input::Search => &FileSearch::PARAMETERS,
                Input::From => &["from"],
                Input::To => &["to"],
            })
            .copied()
            .collect();
        if operation.method == Method::Post && operation.access == Access::Principal {
            names.push("idempotencyKey");
        }
        parameters.extend(
            names
                .into_iter()
                .map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })),
        );
        parameters
    }

    fn path_parameter(&mut self, name: &str) -> Schema {
        fn of<T: JsonSchema>(schemas: &mut Schemas) -> Schema {
            schemas.requests.subschema_for::<T>()
        }
        match name {
            "app" => of::<AppId>(self),
            "turn" => of::<TurnId>(self),
            "build" => of::<BuildId>(self),
            "token" => of::<TokenId>(self),
            "path" => of::<crate::project::ProjectPath>(self),
            "version" => schemars::json_schema!({ "type": "integer", "minimum": 1 }),
            _ => schemars::json_schema!({ "type": "string", "minLength": 1 }),
        }
    }

    fn finish(mut self) -> Map<String, Value> {
        let mut schemas = self.requests.take_definitions(true);
        schemas.extend(self.answers.take_definitions(true));
        schemas.insert("Problem".to_owned(), problem_schema());
        schemas
    }
}

fn content(content: Content, schemas: &mut SchemaGenerator) -> Option<Value> {
    Some(match content {
        Content::Empty => return None,
        Content::Json(schema) => {
            let schema = schema.map(|schema| schema(schemas));
            json!({ "application/json": { "schema": schema } })
        }
        Content::Bytes => json!({ "*/*": {} }),
        Content::TextOf(media) => json!({ media: { "schema": { "type": "string" } } }),
        Content::Text => json!({ "text/plain": { "schema": { "type": "string" } } }),
        Content::Events => json!({ sse::MEDIA_TYPE: { "schema": { "type": "string" } } }),
    })
}

fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457.",
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "What kind of error; fetch it to read about it." },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string", "description": "What is wrong and what to do, for people." },
            "current": { "type": ["string", "null"], "description": "The file's hash as it is now." },
            "limit": { "type": "integer", "description": "The most that is accepted." },
            "field": { "type": "string", "description": "Where in the body." },
            "line": { "type": "integer" },
            "column": { "type": "integer" },
        },
        "required": ["type", "title", "status", "detail"],
        "additionalProperties": true,
    })
}

fn parameters() -> Value {
    let quoted = "A hash in quotes, as `ETag` has it, several with commas between them, or `*`.";
    json!({
        "cursor": {
            "name": "cursor", "in": "query", "schema": { "type": "string" },
            "description": "The `next_cursor` of the page before.",
        },
        "limit": {
            "name": "limit", "in": "query",
            "schema": {
                "type": "integer", "minimum": 1, "maximum": Page::MAX_LIMIT, "default": Page::DEFAULT_LIMIT,
            },
        },
        "after": {
            "name": "after", "in": "query", "schema": { "type": "integer", "minimum": 0, "default": 0 },
            "description": "The number of the last event that the reader has.",
        },
        "lastEventId": {
            "name": "Last-Event-ID", "in": "header", "schema": { "type": "integer", "minimum": 0 },
            "description": "As `after`, and wins over it.",
        },
        "ifMatch": {
            "name": "If-Match", "in": "header", "schema": { "type": "string" },
            "description": format!("Needed to change an existing file. {quoted}"),
        },
        "ifNoneMatch": {
            "name": "If-None-Match", "in": "header", "schema": { "const": "*" },
            "description": "`*`: only when there is no such file.",
        },
        "query": {
            "name": "query", "in": "query", "required": true,
            "schema": { "type": "string", "minLength": 1, "maxLength": MAX_QUERY_BYTES },
            "description":
                "A regular expression in the syntax of the Rust crate `regex`, matched line by line; one that writes \
                 `\\n` is matched over lines. What is no regular expression is searched as it stands.",
        },
        "include": {
            "name": "include", "in": "query", "schema": { "type": "string" },
            "description":
                "Globs of the files to search, separated by commas or line breaks, or as a JSON array; all files when \
                 there is none. Without `/` a glob is a name at any depth, with one it counts from the root; the name \
                 of a folder is all that is in it; `!glob` leaves out.",
        },
        "exclude": {
            "name": "exclude", "in": "query", "schema": { "type": "string" },
            "description": "Globs of files that are left out.",
        },
        "case_sensitive": {
            "name": "case_sensitive", "in": "query", "schema": { "type": "boolean", "default": false },
        },
        "context": {
            "name": "context", "in": "query",
            "schema": { "type": "integer", "minimum": 0, "maximum": MAX_CONTEXT, "default": 0 },
            "description": "How many lines are shown before and after each hit.",
        },
        "from": {
            "name": "from", "in": "query", "schema": { "type": "integer", "minimum": 1 },
            "description": "The older side; the parent of the version when nothing is said.",
        },
        "to": {
            "name": "to", "in": "query", "schema": { "type": "string" },
            "description": "The address that they are for; all when nothing is said.",
        },
        "seen": {
            "name": "If-None-Match", "in": "header", "schema": { "type": "string" },
            "description": "The `ETag` that the reader has.",
        },
        "idempotencyKey": {
            "name": "Idempotency-Key", "in": "header",
            "schema": { "type": "string", "minLength": 1, "maxLength": idempotency::Key::MAX_BYTES, "pattern": "^[!-~]+$" },
            "description":
                "Sent twice with the same key within 24 hours, the call happens once; with another request, 422.",
        },
    })
}

#[cfg(test)]
mod tests;

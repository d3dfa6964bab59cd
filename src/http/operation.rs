//! The table of all calls: method, path, who may call, what goes in and what comes out.
//!
//! [`super::route`] finds calls by it and [`super::openapi`] describes them from it, so neither can know a call
//! that the other does not.

use schemars::{Schema, SchemaGenerator};

use super::route::{Captures, Route, not_yet};
use crate::error::Result;

mod available;
mod deployments;
mod domains;
mod monitor;
mod people;
mod planned;

/// The methods that the API uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes something, or starts it.
    Post,
    /// Puts a whole file.
    Put,
    /// Changes a part.
    Patch,
    /// Takes away.
    Delete,
}

/// Who may make a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// The holder of an API token or a console session.
    Principal,
}

/// A parameter that a call reads from the query or from a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// `cursor` and `limit`.
    Page,
    /// `after` and `Last-Event-ID`.
    Resume,
    /// `If-Match` and `If-None-Match`, of a writer.
    Precondition,
    /// `If-Match` alone: what is to be changed must be there.
    Match,
    /// `If-None-Match`, of a reader who may have it already.
    Seen,
    /// What is searched for.
    Search,
    /// `from`.
    From,
    /// `to`.
    To,
}

/// What a body is.
#[derive(Debug, Clone, Copy)]
pub enum Content {
    /// Nothing.
    Empty,
    /// JSON of this schema. The Worker serves the finished description and has no schemas.
    Json(Option<fn(&mut SchemaGenerator) -> Schema>),
    /// The bytes of a file.
    Bytes,
    /// Plain text.
    Text,
    /// Text of this media type.
    TextOf(&'static str),
    /// Server-sent events.
    Events,
}

/// An answer that is no error.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What it means.
    pub meaning: &'static str,
    /// The body.
    pub content: Content,
}

/// Every call. Which stands first does not matter: no two fit the same method and path.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    available::OPERATIONS
        .iter()
        .chain(people::OPERATIONS)
        .chain(deployments::OPERATIONS)
        .chain(domains::OPERATIONS)
        .chain(monitor::OPERATIONS)
        .chain(planned::OPERATIONS)
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// Its name, unique. The Worker, which serves the finished description, has none.
    pub id: &'static str,
    /// Its method.
    pub method: Method,
    /// Its path. `{path}` takes the rest of the path, every other parameter one segment.
    pub template: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Who may make it.
    pub access: Access,
    /// What it reads besides path and body.
    pub inputs: &'static [Input],
    /// Its body.
    pub request: Content,
    /// Its answers but errors. Empty while the call is not there yet.
    pub answers: &'static [Answer],
    pub(super) to: fn(&Operation, &Captures<'_>) -> Result<Route>,
}

impl Method {
    /// The method of this name. Names are case-sensitive (RFC 9110 section 9.1); `HEAD` counts as `GET`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "GET" | "HEAD" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => return None,
        })
    }

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Operation {
    const fn new(
        method: Method,
        template: &'static str,
        id: &'static str,
        summary: &'static str,
        answers: &'static [Answer],
        to: fn(&Self, &Captures<'_>) -> Result<Route>,
    ) -> Self {
        // The Worker serves the finished description.
        let (id, summary, answers): (&str, &str, &[Answer]) = if cfg!(target_family = "wasm") {
            ("", "", &[])
        } else {
            (id, summary, answers)
        };
        Self {
            id,
            method,
            template,
            summary,
            access: Access::Principal,
            inputs: &[],
            request: Content::Empty,
            answers,
            to,
        }
    }

    const fn later(
        method: Method,
        template: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self::new(method, template, id, summary, &[], not_yet)
    }

    const fn public(self) -> Self {
        Self {
            access: Access::Public,
            ..self
        }
    }

    const fn takes(self, request: Content) -> Self {
        Self { request, ..self }
    }

    const fn reads(self, inputs: &'static [Input]) -> Self {
        if cfg!(target_family = "wasm") {
            return self;
        }
        Self { inputs, ..self }
    }
}

//! Answers of the API: a status, a body, headers.

use serde::Serialize;
use worker::{Response, ResponseBody};

use crate::{
    error::{Error, Result},
    http::{Problem, media::API_HEADERS, sse},
};

/// An answer that is a text.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// A JSON answer.
    pub(super) fn json(status: u16, value: &impl Serialize) -> Result<Self> {
        Ok(Self::raw(
            status,
            serde_json::to_string(value).map_err(Error::internal)?,
        ))
    }

    /// A JSON answer whose text is there already.
    pub(super) fn raw(status: u16, body: String) -> Self {
        let kind = if status < 400 {
            "application/json"
        } else {
            crate::http::problem::MEDIA_TYPE
        };
        Self {
            status,
            body,
            headers: vec![("content-type", kind.to_owned())],
        }
    }

    /// A plain text.
    pub(super) fn text(status: u16, body: String) -> Self {
        Self {
            status,
            body,
            headers: vec![("content-type", "text/plain; charset=utf-8".to_owned())],
        }
    }

    /// 204.
    pub(super) const fn empty() -> Self {
        Self {
            status: 204,
            body: String::new(),
            headers: Vec::new(),
        }
    }

    /// An error.
    pub(super) fn problem(error: &Error) -> Self {
        let Problem {
            status,
            headers,
            body,
        } = Problem::of(error);
        Self {
            status,
            body,
            headers,
        }
    }

    /// The same with another header.
    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Events as they come.
    pub(super) fn events(body: ResponseBody) -> worker::Result<Response> {
        let mut response = Response::from_body(body)?;
        set_api_headers(&mut response)?;
        response
            .headers_mut()
            .set("content-type", sse::MEDIA_TYPE)?;
        Ok(response)
    }

    pub(super) fn into_response(self) -> worker::Result<Response> {
        let mut response = if self.status == 204 {
            Response::empty()?
        } else {
            Response::ok(self.body)?
        };
        set_api_headers(&mut response)?;
        let headers = response.headers_mut();
        for (name, value) in &self.headers {
            headers.set(name, value)?;
        }
        Ok(response.with_status(self.status))
    }
}

fn set_api_headers(response: &mut Response) -> worker::Result<()> {
    let headers = response.headers_mut();
    API_HEADERS
        .iter()
        .try_for_each(|(name, value)| headers.set(name, value))
}

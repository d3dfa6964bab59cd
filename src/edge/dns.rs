//! The DNS, asked over HTTPS.

use worker::{Env, Fetch, Headers, Request, RequestInit};

use super::{data::in_time, settings};
use crate::{
    error::{Error, Result},
    publish::dns::{self, Resolved},
};

/// What the DNS has at a name, of one type of records (`TXT`, `A`).
pub(super) async fn resolve(env: &Env, name: &str, kind: &str) -> Result<Resolved> {
    let silent = |error: &dyn std::fmt::Display| {
        Error::unavailable("The DNS could not be asked.", error.to_string())
    };
    let headers = Headers::new();
    headers
        .set("accept", "application/dns-json")
        .map_err(Error::internal)?;
    let mut init = RequestInit::new();
    init.with_headers(headers);
    // A host name has no sign that would have to be encoded.
    let url = format!("{}?name={name}&type={kind}", settings::resolver(env)?);
    let request = Request::new_with_init(&url, &init).map_err(Error::internal)?;
    let asked = Fetch::Request(request);
    let answer = in_time(async |signal| asked.send_with_signal(signal).await).await;
    let mut answer = answer.map_err(|error| silent(&error))?;
    let body = answer.bytes().await.map_err(|error| silent(&error))?;
    match answer.status_code() {
        200 => dns::resolved(&body).map_err(|error| silent(&error)),
        status => Err(silent(&format!("status {status}"))),
    }
}

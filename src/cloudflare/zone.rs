//! What is asked about a zone, by its id: routes, host names of customers, records, what is cached.

use serde_json::json;

use super::{Method, Request, encoded};

fn path(zone: &str, rest: &str) -> String {
    format!("/zones/{}{rest}", encoded(zone))
}

/// The zones of this name that the token may see: one, or none.
#[must_use]
pub fn named(name: &str) -> Request {
    Request::get("/zones".to_owned()).with("name", name)
}

/// Which patterns lead to which Workers.
#[must_use]
pub fn routes(zone: &str) -> Request {
    Request::get(path(zone, "/workers/routes"))
}

/// Leads what matches the pattern to a Worker.
#[must_use]
pub fn post_route(zone: &str, pattern: &str, worker: &str) -> Request {
    let body = json!({ "pattern": pattern, "script": worker });
    Request::new(Method::Post, path(zone, "/workers/routes")).json(body)
}

/// Leads what matched a route's pattern to another Worker.
#[must_use]
pub fn put_route(zone: &str, id: &str, pattern: &str, worker: &str) -> Request {
    let path = path(zone, &format!("/workers/routes/{}", encoded(id)));
    Request::new(Method::Put, path).json(json!({ "pattern": pattern, "script": worker }))
}

/// Takes a route away.
#[must_use]
pub fn delete_route(zone: &str, id: &str) -> Request {
    let path = path(zone, &format!("/workers/routes/{}", encoded(id)));
    Request::new(Method::Delete, path)
}

/// Takes on a host name that is a customer's, with a certificate for it. The answer has what they need to set in their DNS.
#[must_use]
pub fn post_hostname(zone: &str, hostname: &str) -> Request {
    let body = json!({ "hostname": hostname, "ssl": { "method": "http", "type": "dv" } });
    Request::new(Method::Post, path(zone, "/custom_hostnames")).json(body)
}

/// The customers' host names of this name.
#[must_use]
pub fn hostnames(zone: &str, hostname: &str) -> Request {
    Request::get(path(zone, "/custom_hostnames")).with("hostname", hostname)
}

/// A customer's host name and how far its certificate is.
#[must_use]
pub fn hostname(zone: &str, id: &str) -> Request {
    Request::get(path(zone, &format!("/custom_hostnames/{}", encoded(id))))
}

/// Lets go of a customer's host name.
#[must_use]
pub fn delete_hostname(zone: &str, id: &str) -> Request {
    let path = path(zone, &format!("/custom_hostnames/{}", encoded(id)));
    Request::new(Method::Delete, path)
}

/// The records of a name.
#[must_use]
pub fn records(zone: &str, name: &str) -> Request {
    Request::get(path(zone, "/dns_records")).with("name", name)
}

/// Makes a record of a kind, such as `AAAA`, whose visitors come through Cloudflare.
#[must_use]
pub fn post_record(zone: &str, kind: &str, name: &str, content: &str) -> Request {
    let body = json!({ "type": kind, "name": name, "content": content, "proxied": true, "ttl": 1 });
    Request::new(Method::Post, path(zone, "/dns_records")).json(body)
}

/// Makes a record that leads a name to another one, through Cloudflare.
#[must_use]
pub fn post_alias(zone: &str, name: &str, target: &str) -> Request {
    post_record(zone, "CNAME", name, target)
}

/// Takes a record away.
#[must_use]
pub fn delete_record(zone: &str, id: &str) -> Request {
    let path = path(zone, &format!("/dns_records/{}", encoded(id)));
    Request::new(Method::Delete, path)
}

/// How many addresses are purged at once (<https://developers.cloudflare.com/cache/how-to/purge-cache/purge-by-single-file/>).
pub const MOST_PURGED: usize = 100;

/// Forgets what is cached at these addresses, at most [`MOST_PURGED`] of them.
#[must_use]
pub fn purge(zone: &str, addresses: &[&str]) -> Request {
    let body = json!({ "files": addresses });
    Request::new(Method::Post, path(zone, "/purge_cache"))
        .json(body)
        .repeating()
}

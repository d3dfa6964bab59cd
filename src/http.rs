//! The HTTP API, as values: which host is asked, which call it is, what its body says, who asks, and what an
//! error looks like.
//!
//! Everything here is decided from texts and bytes that the caller hands in. Nothing here reads a clock, a
//! socket or a store, and nothing knows the Workers runtime; `edge` does all of that and asks here.

pub mod auth;
pub mod body;
pub mod convert;
pub mod etag;
pub mod host;
pub mod idempotency;
pub mod media;
pub mod openapi;
pub mod operation;
pub mod page;
pub mod problem;
pub mod query;
pub mod resource;
pub mod route;
mod schema;
pub mod search;
pub mod sse;

pub use host::{Host, Hosts};
pub use problem::Problem;
pub use route::{AppCall, Route, route};

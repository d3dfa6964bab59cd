//! The data of generated apps: what a table is, and what a shard says of it.
//!
//! The tables of an app live in a shard, a Supabase project, as `app_<app>_<table>`. What makes and guards them is in `migrations/`, and
//! is the one judge of what a table may be. Nothing here talks to a shard; `edge` does.

pub mod csv;
pub mod gate;
pub mod key;
pub mod moves;
pub mod pool;
pub mod realtime;
mod refusal;
pub mod schema;
pub mod seal;
mod shard;
mod spec;
pub mod token;
pub mod visit;

pub use key::SigningKey;
pub use refusal::{refused, unavailable};
pub use shard::{Shard, ShardError};
pub use spec::{TableName, TableSpec};

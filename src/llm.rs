//! Language models, seen alike: neutral messages in, a reply out. Which provider speaks is configuration.
//!
//! Today one speaks, [`offline`]; [`stream`] reads the answers of others.

pub mod encode;
pub mod message;
pub mod offline;
pub mod retry;
pub mod stream;

/// The models that there are.
pub const MODELS: &[&str] = &["offline"];

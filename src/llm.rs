//! Language models, seen alike: neutral messages in, a reply out. Which provider speaks is configuration.
//!
//! Today there is one, [`offline`]; the wire formats of the others come beside it.

pub mod message;
pub mod offline;

/// The models that there are.
pub const MODELS: &[&str] = &["offline"];

//! Language models, seen alike: neutral messages in, a reply out. Which provider speaks is configuration.

pub mod encode;
pub mod message;
pub mod models;
pub mod offline;
pub mod retry;
pub mod stream;

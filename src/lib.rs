//! OverSkill: a prompt in, a running web app out, on the edge.

pub mod build;
pub mod config;
pub mod digest;
pub mod edit;
pub mod error;
pub mod generation;
pub mod http;
pub mod ids;
pub mod llm;
pub mod project;
pub mod publish;
pub mod template;
pub mod time;

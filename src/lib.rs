//! OverSkill: a prompt in, a running web app out, on the edge.

pub mod ids;

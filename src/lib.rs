//! OverSkill: a prompt in, a running web app out, on the edge.
//!
//! One crate, compiled to WebAssembly for Cloudflare Workers; without the feature `edge` it is the pure core,
//! built and tested natively.
//!
//! | room | holds |
//! |---|---|
//! | [`ids`], [`time`], [`digest`], [`error`], [`config`] | the words and limits that all rooms share |
//! | [`sorted`] | maps and sets as sorted lists |
//! | `json` | reads JSON with little code |
//! | [`pace`] | which work goes first in an isolate |
//! | [`project`] | paths and manifests: what files an app has |
//! | [`edit`] | where an edit lands in a file |
//! | [`facts`] | what a parser has said of files |
//! | [`search`] | where a text, a file or a declaration is |
//! | [`preflight`] | what is wrong with an app before it is built |
//! | [`llm`] | language models, seen alike |
//! | [`generation`] | the conversation: turns, tools, versions, builds, feed |
//! | [`template`] | the foundation every app starts from |
//! | [`mod@build`] | what the Worker and the builder say to each other |
//! | [`data`] | the tables of apps |
//! | [`monitor`] | what is measured of apps, what they cost, when somebody is to hear of it |
//! | [`publish`] | from artifacts to the app's own Worker |
//! | [`http`] | the API as values: routes, bodies, problem documents |
//! | `edge` | the only room that knows the Workers runtime |

pub mod build;
pub mod cloudflare;
pub mod config;
pub mod data;
pub mod digest;
#[cfg(feature = "edge")]
pub mod edge;
pub mod edit;
pub mod error;
pub mod facts;
pub mod generation;
pub mod http;
pub mod ids;
mod json;
pub mod llm;
pub mod monitor;
pub mod pace;
pub mod preflight;
pub mod project;
pub mod publish;
pub mod search;
pub mod sorted;
pub mod template;
pub mod time;

//! The offline planner in the loop that the product runs: real tools, real foundation.
//!
//! A case is a folder in `tests/offline/cases` with `1.txt`, `2.txt`, … (the messages) and `expected.txt` (what a person
//! would read: calls and answers of each turn, and the app's own files at the end). `UPDATE=1` writes the expectations.

#[cfg(test)]
#[path = "offline/corpus.rs"]
mod corpus;
#[cfg(test)]
#[path = "offline/player.rs"]
mod player;
#[cfg(test)]
#[path = "offline/preflight.rs"]
mod preflight;
#[cfg(test)]
#[path = "offline/properties.rs"]
mod properties;
#[cfg(test)]
#[path = "support/shard.rs"]
mod shard;

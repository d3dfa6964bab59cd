//! The conversation machine in a simulated world, with a simulated clock.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that finds the unexpected stops"
)]

mod generation;
#[path = "../support/shard.rs"]
mod shard;

//! Puts OverSkill on a Cloudflare account, by the API alone: what `cargo xtask deploy` runs. What is to be done comes as one JSON object on standard
//! input ([`Order`]), so that no secret is in an argument or an environment; what was done is said a line each, and neither the token nor a secret in any.
//!
//! First all is looked at and nothing is changed; what cannot be done is said then, all of it at once. Then each step is taken that is not done already,
//! in an order in which whatever fails leaves what answers, and another run goes on from there. It builds nothing, and knows nothing of a stack.

mod assets;
mod configuration;
mod look;
mod migrations;
mod notices;
mod order;
mod permissions;
mod probe;
mod secrets;
mod send;
mod steps;
mod upload;
mod variables;
mod zones;

#[path = "../../src/stack/kept.rs"]
mod kept;

use std::io;
use std::process::ExitCode;

use anyhow::{Context, Result};
use futures::executor::block_on;

use crate::order::Order;

fn main() -> ExitCode {
    let done = serde_json::from_reader(io::stdin().lock())
        .context("this is run by `cargo xtask deploy`")
        .and_then(|order: Order| run(&order));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line a cause, without the backtrace that the debug form would add.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(order: &Order) -> Result<()> {
    order.check()?;
    let plan = configuration::read(&order.configuration)?;
    let api = send::Cloudflare::new(order)?;
    block_on(async {
        let found = look::at(&api, order, &plan).await?;
        if order.check {
            found.tell(&plan);
            return Ok(());
        }
        steps::take(&api, order, &plan, found).await
    })
}

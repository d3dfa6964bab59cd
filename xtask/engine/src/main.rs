//! The core's engines on standard input and output: one JSON value a line in, one a line out, nothing else.
//!
//! `cargo xtask engine edits [--dialect line_replace|edit_lines]`, `cargo xtask engine preflight`, `cargo xtask engine publish [--modules] [--what-if
//! BYTES]…` and `cargo xtask engine stream --provider anthropic|openai-responses|openai-chat [--chunk N]` run it.

mod accuracy;
mod bench;
mod edits;
mod eval;
mod oracle;
mod preflight;
mod publish;
mod stream;
mod tokens;

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};
use overskill::facts::Known;
use overskill_syntax::Native;

use crate::edits::Dialect;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<ExitCode> {
    let syntax = Known::new(&Native);
    match words {
        ["bench", rest @ ..] => bench::run(rest),
        ["eval", "tokens", paths @ ..] if !paths.is_empty() => accuracy::run(paths),
        ["eval", rest @ ..] => eval::run(rest),
        ["edits"] | ["edits", "--dialect", "line_replace"] => {
            answer(|line| edits::answer(line, Dialect::LineReplace, &syntax))
        }
        ["edits", "--dialect", "edit_lines"] => {
            answer(|line| edits::answer(line, Dialect::EditLines, &syntax))
        }
        ["edits", "--dialect", other] => {
            bail!("there is no dialect `{other}`; there are line_replace and edit_lines")
        }
        ["preflight"] => {
            let mut checks = preflight::Checks::default();
            answer(|line| checks.answer(line))
        }
        ["publish", rest @ ..] => {
            let options = publish::Options::of(rest)?;
            answer(|line| publish::answer(line, &options))
        }
        ["stream", rest @ ..] => {
            let (format, chunk) = stream::options(rest)?;
            answer(|line| stream::answer(line, format, chunk))
        }
        _ => bail!(
            "engine edits [--dialect line_replace|edit_lines] | preflight | publish [--modules] [--what-if BYTES]… | stream --provider {} [--chunk N], with cases on \
             standard input",
            stream::providers()
        ),
    }
}

/// Answers every line of standard input that is not empty.
fn answer(mut to: impl FnMut(&[u8]) -> serde_json::Value) -> Result<ExitCode> {
    let mut input = io::stdin().lock();
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if !line.trim_ascii().is_empty() {
            serde_json::to_writer(&mut output, &to(&line))?;
            output.write_all(b"\n")?;
        }
        line.clear();
    }
    output.flush()?;
    Ok(ExitCode::SUCCESS)
}

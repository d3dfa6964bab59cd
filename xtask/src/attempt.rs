//! `cargo xtask try`: one prompt, followed to a preview that a browser has seen.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::api::Event;
use crate::cli::Place;
use crate::journey::Journey;
use crate::stack::{self, Record, log};
use crate::{browser, place, process, progress, setup};

/// The app is live, but no browser was there to look at it.
const NOT_RENDER_CHECKED: u8 = 3;
/// How long an app's first preview may take when no turn waits for it.
const FIRST_PREVIEW: Duration = Duration::from_secs(60);
const START_LIMIT: Duration = Duration::from_secs(30 * 60);
const GLANCE: Duration = Duration::from_millis(100);
const DIAGNOSTICS_SHOWN: usize = 8;

/// Sends the prompt and follows it to its end.
///
/// # Errors
/// When there is no stack to send it to, or the turn cannot be followed.
pub(crate) fn run(place: &Place, prompt: &str, app: Option<&str>) -> Result<ExitCode> {
    let (record, started_here) = running_stack(place)?;
    let mut journey = Journey::on(&place.state, &record)?;
    let begin = Instant::now();
    let turn = journey.send(prompt, None, app)?;
    line(
        begin,
        &format!(
            "prompt accepted in {} (app {})",
            progress::seconds(turn.accepted),
            turn.app
        ),
    );
    let ending = journey.follow(&turn, |event| {
        if let Some(what) = stage(event) {
            line(begin, &what);
        }
    })?;
    if !ending.completed {
        eprintln!("error: the turn failed: {}", ending.summary);
        return Ok(ExitCode::FAILURE);
    }
    let url = journey.preview_url(&turn.app)?;
    let status = first_status(&journey, &url)?;
    if status != 200 {
        bail!("the preview {url} answered {status}");
    }
    line(begin, "preview answered 200");
    let code = render(begin, &url)?;
    if started_here {
        println!(
            "the stack keeps running; stop it with `cargo xtask dev --stop{}`",
            state_option(&place.state)
        );
    }
    println!("{url}");
    Ok(code)
}

/// Status of the preview, as soon as it has one of its own. A turn that changed nothing ends before the foundation's build:
/// 503 says that it is under way. While the stack starts again it answers anything of the kind, or nothing.
fn first_status(journey: &Journey, url: &str) -> Result<u16> {
    let patience = Instant::now() + FIRST_PREVIEW;
    loop {
        let answer = journey.api().page(host_of(url));
        let final_answer = answer.as_ref().is_ok_and(|status| *status < 500);
        if final_answer || Instant::now() > patience {
            return answer.context("the preview does not answer");
        }
        thread::sleep(GLANCE);
    }
}

fn render(begin: Instant, url: &str) -> Result<ExitCode> {
    let Some(chromium) = browser::find() else {
        println!("not render-checked: {}", browser::REMEDY);
        return Ok(ExitCode::from(NOT_RENDER_CHECKED));
    };
    let node = setup::node_and_tools()?;
    let Some(sight) = browser::look_at(&node, &chromium, url)? else {
        println!("not render-checked: {}", browser::SANDBOX_REMEDY);
        return Ok(ExitCode::from(NOT_RENDER_CHECKED));
    };
    if !sight.rendered {
        bail!(
            "the preview {url} did not render:\n  {}",
            sight.problems.join("\n  ")
        );
    }
    line(begin, &format!("rendered in Chromium: {}", sight.title));
    Ok(ExitCode::SUCCESS)
}

fn line(begin: Instant, what: &str) {
    println!("{:>9}  {what}", progress::seconds(begin.elapsed()));
}

/// What an event means to someone who waits; `None` for those that are only details.
fn stage(event: &Event) -> Option<String> {
    let number = |name| {
        event
            .number(name)
            .map(|n| n.to_string())
            .unwrap_or_default()
    };
    let text = |name| event.text(name).unwrap_or_default();
    Some(match event.kind.as_str() {
        "turn_started" => "turn started".to_owned(),
        "message" if text("role") == "assistant" => format!("“{}”", text("content").trim()),
        "step_started" => format!("step {} of the model {}", number("step"), text("model")),
        "tool_result" if event.data.get("ok") == Some(&Value::Bool(false)) => {
            format!("tool call refused: {}", text("summary"))
        }
        "version_created" => format!(
            "version {} by {}: {}",
            number("version"),
            text("author"),
            first_line(text("summary"))
        ),
        "build_queued" => format!("build of version {} queued", number("version")),
        "build_started" => format!("build of version {} started", number("version")),
        "build_retrying" => format!("build will be tried again: {}", text("reason")),
        "build_finished" => {
            let mut line = format!(
                "build of version {} {} after {} ms",
                number("version"),
                text("status"),
                number("millis")
            );
            let diagnostics = event.data.get("diagnostics").and_then(Value::as_array);
            if text("status") == "failed" {
                for diagnostic in diagnostics.into_iter().flatten().take(DIAGNOSTICS_SHOWN) {
                    let part = |name: &str| diagnostic.get(name).map(plain).unwrap_or_default();
                    line.push_str(&format!(
                        "\n           {}:{} {}",
                        part("path"),
                        part("line"),
                        part("message")
                    ));
                }
            }
            line
        }
        "preview_live" => format!("preview live: {}", text("url")),
        "app_renamed" => format!("app is called {}", text("name")),
        "turn_finished" => format!("turn {}: {}", text("outcome"), first_line(text("summary"))),
        _ => return None,
    })
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The Host header for a URL.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

fn state_option(state: &Path) -> String {
    if state == place::default_state() {
        String::new()
    } else {
        format!(" --state '{}'", state.display())
    }
}

/// The stack to use and whether it was started for this call.
///
/// # Errors
/// When one runs on another port than asked for, or none can be started.
pub(crate) fn running_stack(place: &Place) -> Result<(Record, bool)> {
    if stack::runs(&place.state)? {
        let record = wait_for(place, None)?;
        if let Some(port) = place.port.filter(|port| *port != 0 && *port != record.port) {
            bail!(
                "the stack of {} listens on port {}, not {port}: leave out --port, or choose another --state",
                place.state.display(),
                record.port
            );
        }
        return Ok((record, false));
    }
    println!("no stack is running: starting one");
    fs::create_dir_all(place.state.join("logs")).with_context(|| {
        format!(
            "cannot write in {}: choose another folder with --state",
            place.state.display()
        )
    })?;
    let path = place.state.join("logs/dev.log");
    log::bound(&path)?;
    let log = log::open(&path)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("dev").arg("--state").arg(&place.state);
    if let Some(port) = place.port {
        command.args(["--port", &port.to_string()]);
    }
    // It outlives this call and its terminal; Ctrl-C here does not reach it.
    process::detach(&mut command);
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    let mut shown = File::open(&path)?;
    shown.seek(SeekFrom::End(0))?;
    let mut child = command.spawn()?;
    let record = wait_for(place, Some((&mut child, &mut shown)))?;
    let started_here = record.pid == child.id();
    Ok((record, started_here))
}

/// Waits for a stack to be ready: the one that was started for this call, or one that was there before it.
fn wait_for(place: &Place, mut started: Option<(&mut Child, &mut File)>) -> Result<Record> {
    let deadline = Instant::now() + START_LIMIT;
    if started.is_none() && stack::ready(&place.state)?.is_none() {
        println!(
            "a stack is starting on {}: waiting for it",
            place.state.display()
        );
    }
    loop {
        let own = started.as_ref().map(|(child, _)| child.id());
        if let Some(record) =
            stack::ready(&place.state)?.filter(|record| own.is_none_or(|own| own == record.pid))
        {
            return Ok(record);
        }
        if let Some((child, log)) = &mut started {
            let ended = child.try_wait()?;
            if ended.is_some() && stack::runs(&place.state)? {
                println!("another stack was faster: waiting for it");
                started = None;
                continue;
            }
            let mut text = Vec::new();
            log.read_to_end(&mut text)?;
            std::io::stdout().write_all(&text)?;
            if let Some(status) = ended {
                bail!("the stack did not start ({status})");
            }
        } else if !stack::runs(&place.state)? {
            bail!("the stack that was starting has ended: its terminal, or logs/dev.log, says why");
        }
        if Instant::now() > deadline {
            bail!(
                "the stack was not ready after {} minutes",
                START_LIMIT.as_secs() / 60
            );
        }
        thread::sleep(GLANCE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_preview() {
        assert_eq!(
            host_of("http://preview-abc.localhost:8787/"),
            "preview-abc.localhost:8787"
        );
        assert_eq!(
            host_of("http://preview-abc.localhost:8787"),
            "preview-abc.localhost:8787"
        );
    }

    #[test]
    fn a_failed_build_shows_where() {
        let data = serde_json::json!({
            "version": 2, "status": "failed", "millis": 900,
            "diagnostics": [{"path": "src/a.tsx", "line": 3, "message": "no such export"}],
        });
        let event = Event {
            id: Some(4),
            kind: "build_finished".to_owned(),
            data,
        };
        assert_eq!(
            stage(&event).unwrap(),
            "build of version 2 failed after 900 ms\n           src/a.tsx:3 no such export"
        );
    }
}

//! Builds that are stopped, given up, or lose their worker.

use std::{path::Path, time::Duration};

use overskill::build::{FailureReason, Mode, Severity, Status};
use tokio::{
    io::AsyncReadExt as _,
    time::{Instant, sleep},
};

use crate::client::{Builder, job, read_response, shell, slow, slow_types};

/// The workers of a builder, by its state folder.
pub(crate) fn workers(state: &Path) -> Vec<i32> {
    let found = with_argument(state.join("run/worker.mjs").to_str().unwrap());
    // A child that has not become another program yet still has the worker's arguments.
    let is_child = |pid: &&i32| parent(**pid).is_some_and(|parent| found.contains(&parent));
    found.iter().filter(|pid| !is_child(pid)).copied().collect()
}

fn parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(1)?.parse().ok()
}

/// Every process that was started on behalf of an app, by the builder's state folder.
pub(crate) fn processes(state: &Path) -> Vec<i32> {
    let program = i32::try_from(std::process::id()).unwrap();
    let mut found = with_argument(&format!("{}/", state.to_str().unwrap()));
    found.retain(|pid| *pid != program);
    found
}

/// Whether a process has this among its arguments.
pub(crate) fn runs(pid: i32, argument: &str) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line)
        .split('\0')
        .any(|one| one == argument)
}

fn with_argument(mark: &str) -> Vec<i32> {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line);
            // Bubblewrap is told what it shall run.
            line.contains(mark)
                && !line
                    .split('\0')
                    .next()
                    .is_some_and(|name| name.ends_with("bwrap"))
        })
        .collect()
}

fn kill(pid: i32) {
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(pid),
        nix::sys::signal::Signal::SIGKILL,
    )
    .unwrap();
}

#[tokio::test]
async fn a_build_that_takes_too_long_is_stopped_and_says_so() {
    let builder =
        Builder::start_with(|settings| settings.development_time = Duration::from_millis(1)).await;
    let answer = builder.build(&shell(&[]), Mode::Development).await;
    assert_eq!(answer.report.status, Status::Failed);
    assert_eq!(answer.report.reason, Some(FailureReason::Timeout));
    assert_eq!(answer.diagnostics.len(), 1);
    assert!(
        answer.diagnostics[0].message.contains("was stopped after"),
        "{:?}",
        answer.diagnostics
    );
    // The slot has another worker, and other jobs have their own time.
    let answer = builder.build(&shell(&[]), Mode::Production).await;
    assert_eq!(answer.report.status, Status::Succeeded);
    builder.stop().await;
}

#[tokio::test]
async fn nobody_reads_any_more_and_the_build_ends() {
    let builder = Builder::start().await;
    let reader = builder.open(&job("a", Mode::Development, &slow())).await;
    builder.wait(|health| health["busy"] == 1).await;
    let building = workers(&builder.state);
    assert_eq!(building.len(), 1);
    let given_up = Instant::now();
    drop(reader);
    builder.wait(|health| health["busy"] == 0).await;
    assert!(
        given_up.elapsed() < Duration::from_secs(5),
        "{:?}",
        given_up.elapsed()
    );
    assert!(!workers(&builder.state).contains(&building[0]));
    builder
        .wait(|health| health["ready"] == 1 && health["queued"] == 0)
        .await;
    builder.stop().await;
}

#[tokio::test]
async fn a_worker_that_dies_is_the_builders_fault() {
    let builder = Builder::start().await;
    let mut reader = builder.open(&job("a", Mode::Development, &slow())).await;
    builder.wait(|health| health["busy"] == 1).await;
    kill(workers(&builder.state)[0]);
    let response = read_response(&mut reader).await;
    assert_eq!(response.status, 200);
    assert!(!response.whole, "{}", response.text());
    assert!(response.answer().is_err());
    // The next job finds a new worker.
    let answer = builder.build(&shell(&[]), Mode::Development).await;
    assert_eq!(answer.report.status, Status::Succeeded);
    builder.stop().await;
}

#[tokio::test]
async fn an_idle_worker_that_dies_is_replaced() {
    let builder = Builder::start().await;
    let idle = workers(&builder.state);
    kill(idle[0]);
    builder.wait(|health| health["ready"] == 0).await;
    builder.wait(|health| health["ready"] == 1).await;
    assert_ne!(workers(&builder.state), idle);
    builder.stop().await;
}

#[tokio::test]
async fn a_build_that_needs_too_much_memory_says_so() {
    let builder = Builder::start().await;
    let bomb = "@import \"tailwindcss\";\n@source inline(\"p-[{1..9000}{1..9000}px]\");\n";
    let answer = builder
        .build(&shell(&[("src/main.css", bomb)]), Mode::Production)
        .await;
    assert_eq!(answer.report.status, Status::Failed);
    assert_eq!(
        answer.report.reason,
        Some(FailureReason::Memory),
        "{:?}",
        answer.diagnostics
    );
    assert!(answer.diagnostics[0].message.contains("memory"));
    builder.stop().await;
}

#[tokio::test]
async fn stopping_lets_running_jobs_finish_and_leaves_no_worker() {
    let builder = Builder::start().await;
    let state = builder.state.clone();
    let mut running = builder.open(&job("a", Mode::Production, &shell(&[]))).await;
    builder.wait(|health| health["busy"] == 1).await;
    assert_eq!(workers(&state).len(), 1);
    let (response, ()) = tokio::join!(read_response(&mut running), async {
        sleep(Duration::from_millis(50)).await;
        builder.stop().await;
    });
    assert_eq!(response.answer().unwrap().report.status, Status::Succeeded);
    for _ in 0..100 {
        if processes(&state).is_empty() {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("after 5 s these still run: {:?}", processes(&state));
}

#[tokio::test]
async fn a_waiting_job_that_is_given_up_leaves_nothing() {
    let builder = Builder::start().await;
    let running = builder
        .open(&job("running", Mode::Development, &slow()))
        .await;
    builder.wait(|health| health["busy"] == 1).await;
    let mut waiting = builder
        .open(&job("waiting", Mode::Development, &shell(&[])))
        .await;
    // The answer begins when the job has arrived whole.
    let mut begin = [0; 12];
    waiting.read_exact(&mut begin).await.unwrap();
    assert_eq!(begin, *b"HTTP/1.1 200");
    sleep(Duration::from_millis(300)).await;
    assert_eq!(builder.incoming(), 1);
    drop(waiting);
    builder.wait(|health| health["queued"] == 0).await;
    builder.wait_until_nothing_is_left().await;
    assert_eq!(builder.health().await["busy"], 1);
    drop(running);
    builder.stop().await;
}

#[tokio::test]
async fn a_type_check_that_takes_too_long_is_a_warning() {
    let builder =
        Builder::start_with(|settings| settings.production_time = Duration::from_secs(6)).await;
    let answer = builder.build(&slow_types(), Mode::Production).await;
    assert_eq!(answer.report.status, Status::Succeeded);
    let [warning] = answer.diagnostics.as_slice() else {
        panic!("{:?}", answer.diagnostics)
    };
    assert_eq!(warning.severity, Severity::Warning);
    assert_eq!(
        warning.message,
        "The types were not checked: it was stopped after 3 s."
    );
    assert!(answer.report.timings.build_ms < 6_000);
    builder.stop().await;
}

#[tokio::test]
async fn a_folder_named_as_a_file_that_is_read_is_told() {
    let builder = Builder::start().await;
    for name in ["package.json", "package-lock.json", "tsconfig.json"] {
        let mut sources = shell(&[]);
        sources.remove(name);
        sources.insert(format!("{name}/a.txt"), b"a".to_vec());
        let answer = builder.build(&sources, Mode::Development).await;
        assert_eq!(answer.report.reason, Some(FailureReason::Source), "{name}");
        let told = format!("`{name}` is a folder, and must be a file.");
        assert!(
            answer.diagnostics.iter().any(|one| one.message == told),
            "{:?}",
            answer.diagnostics
        );
    }
    builder.stop().await;
}

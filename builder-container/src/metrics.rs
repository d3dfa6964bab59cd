//! What the builder counts of itself, as Prometheus reads it (text format 0.0.4).
//!
//! Numbers alone, under labels that are all known beforehand: nothing of a job, its sender or its sources is in it, so `GET /metrics`
//! asks for no token. It starts anew with the process.

use std::time::Duration;

use overskill::{
    build::{FailureReason, Mode, Report},
    digest::Digest,
};
use prometheus::{
    Encoder as _, Error, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGauge, IntGaugeVec, Opts, Registry, TextEncoder, core::Collector, exponential_buckets,
};

/// The media type of [`Metrics::text`].
pub(crate) const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

/// Upper bounds of times, in seconds: from a wait that nobody notices to the longest build.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0,
];

/// The smallest upper bound of a build's memory, in bytes; each of the seven is twice the one before.
const MEMORY: f64 = 64.0 * 1024.0 * 1024.0;

/// How a build ended whose answer has no report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// Nobody read the answer any more.
    Gone,
    /// The builder was to blame.
    Fault,
}

/// How things are, at the moment of being asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    pub(crate) slots: usize,
    pub(crate) ready: usize,
    pub(crate) busy: usize,
    pub(crate) seats: usize,
    pub(crate) taken: usize,
}

/// The counters.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    builds: IntCounterVec,
    refused: IntCounterVec,
    phases: HistogramVec,
    memory: Histogram,
    received: IntCounter,
    sent: IntCounter,
    worker_starts: IntCounter,
    worker_ends: IntCounterVec,
    slots: IntGaugeVec,
    seats: IntGauge,
    queued: IntGauge,
}

impl Metrics {
    /// Counters at zero. `sandbox` and `toolchain` say what is counted.
    ///
    /// # Errors
    /// When two have one name.
    pub(crate) fn new(sandbox: &str, toolchain: &Digest) -> Result<Self, Error> {
        let registry = Registry::new_custom(Some("overskill_builder".to_owned()), None)?;
        let info = IntGaugeVec::new(
            Opts::new(
                "info",
                "What confines builds and what builds them; always 1.",
            ),
            &["sandbox", "toolchain_digest"],
        )?;
        info.with_label_values(&[sandbox, &toolchain.to_string()])
            .set(1);
        keep(&registry, info)?;
        let counter = |name: &str, help: &str, labels: &[&str]| {
            keep(
                &registry,
                IntCounterVec::new(Opts::new(name, help), labels)?,
            )
        };
        let bytes = |name: &str, help: &str| keep(&registry, IntCounter::new(name, help)?);
        let gauge = |name: &str, help: &str| keep(&registry, IntGauge::new(name, help)?);
        Ok(Self {
            builds: counter(
                "builds_total",
                "Jobs that were taken and are over. An outcome is succeeded, the reason of a failure, gone (nobody read the answer any more) or fault (of the builder).",
                &["mode", "outcome"],
            )?,
            refused: counter(
                "refused_total",
                "Jobs that were not taken, by the status of the answer; 503 is for want of a seat.",
                &["status"],
            )?,
            phases: keep(
                &registry,
                HistogramVec::new(
                    HistogramOpts::new(
                        "phase_seconds",
                        "How long the phases of finished builds took. A phase that a build did not have is not counted.",
                    )
                    .buckets(SECONDS.to_vec()),
                    &["phase"],
                )?,
            )?,
            memory: keep(
                &registry,
                Histogram::with_opts(
                    HistogramOpts::new(
                        "peak_memory_bytes",
                        "The most memory that a build's processes were seen to have together.",
                    )
                    .buckets(exponential_buckets(MEMORY, 2.0, 7)?),
                )?,
            )?,
            received: bytes("received_bytes_total", "Bytes of jobs that were read.")?,
            sent: bytes("sent_bytes_total", "Bytes of answers that were read.")?,
            worker_starts: bytes("worker_starts_total", "Workers that became ready.")?,
            worker_ends: counter(
                "worker_ends_total",
                "Workers that are gone: done with their job, given up with it, or dead of something.",
                &["kind"],
            )?,
            slots: keep(
                &registry,
                IntGaugeVec::new(
                    Opts::new(
                        "slots",
                        "Builds that may run at once (all), have a worker that waits (ready), run (busy).",
                    ),
                    &["state"],
                )?,
            )?,
            seats: gauge("seats", "Jobs that may be here at once, running and waiting.")?,
            queued: gauge("queued", "Jobs that are here and do not run.")?,
            registry,
        })
    }

    /// A build came to its report.
    pub(crate) fn finished(&self, mode: Mode, report: &Report) {
        let outcome = report.reason.map_or("succeeded", reason);
        self.count_build(mode, outcome);
        let times = &report.timings;
        let ran = times.build_ms > 0;
        for (phase, millis, had) in [
            ("queue", times.queue_ms, ran),
            ("prepare", times.prepare_ms, true),
            ("install", times.install_ms, times.install_ms > 0),
            ("build", times.build_ms, ran),
            ("types", times.types_ms, times.types_ms > 0),
            ("render", times.render_ms, times.render_ms > 0),
            ("total", times.total_ms, true),
        ] {
            if had {
                let seconds = Duration::from_millis(millis).as_secs_f64();
                self.phases.with_label_values(&[phase]).observe(seconds);
            }
        }
        if report.peak_memory_bytes > 0 {
            #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^53")]
            self.memory.observe(report.peak_memory_bytes as f64);
        }
    }

    /// A build came to none.
    pub(crate) fn unfinished(&self, mode: Mode, how: Unfinished) {
        self.count_build(
            mode,
            match how {
                Unfinished::Gone => "gone",
                Unfinished::Fault => "fault",
            },
        );
    }

    fn count_build(&self, mode: Mode, outcome: &str) {
        self.builds
            .with_label_values(&[mode.as_str(), outcome])
            .inc();
    }

    /// A job was answered with this status instead of being taken.
    pub(crate) fn refused(&self, status: u16) {
        self.refused.with_label_values(&[&status.to_string()]).inc();
    }

    /// Bytes of a job came.
    pub(crate) fn received(&self, bytes: usize) {
        self.received.inc_by(bytes as u64);
    }

    /// Bytes of an answer went.
    pub(crate) fn sent(&self, bytes: usize) {
        self.sent.inc_by(bytes as u64);
    }

    /// A worker became ready.
    pub(crate) fn worker_started(&self) {
        self.worker_starts.inc();
    }

    /// A worker is gone.
    pub(crate) fn worker_ended(&self, kind: &str) {
        self.worker_ends.with_label_values(&[kind]).inc();
    }

    /// Everything as text.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn text(&self, now: Now) -> Result<Vec<u8>, Error> {
        let set =
            |gauge: &IntGauge, value: usize| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        for (state, value) in [("all", now.slots), ("ready", now.ready), ("busy", now.busy)] {
            set(&self.slots.with_label_values(&[state]), value);
        }
        set(&self.seats, now.seats);
        set(&self.queued, now.taken.saturating_sub(now.busy));
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// Has a collector told of.
fn keep<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C, Error> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

const fn reason(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::Source => "source",
        FailureReason::Timeout => "timeout",
        FailureReason::Memory => "memory",
        FailureReason::Output => "output",
        FailureReason::Render => "render",
    }
}

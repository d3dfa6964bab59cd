//! What `/metrics` counts: every job once, and nothing of what is in it.

use overskill::build::Mode;

use crate::client::{Builder, head, shell};

/// The value of a sample, by its name and labels as they are written; 0 when there is none.
fn sample(text: &str, name: &str) -> f64 {
    let value = text.lines().find_map(|line| {
        let (sample, value) = line.rsplit_once(' ')?;
        (sample == name).then(|| value.parse().unwrap())
    });
    value.unwrap_or(0.0)
}

#[tokio::test]
async fn every_job_is_counted_once_and_nothing_of_it_is_told() {
    let builder = Builder::start().await;
    let built = builder.build(&shell(&[]), Mode::Development).await;
    let broken = shell(&[("src/main.tsx", "const secret = {{ ;\n")]);
    builder.build(&broken, Mode::Production).await;
    let stranger = [head("another token", 1), b"x".to_vec()].concat();
    assert_eq!(builder.request(&stranger).await.status, 401);
    assert_eq!(builder.post(b"nonsense").await.status, 400);

    builder
        .wait(|health| health["ready"] == 1 && health["queued"] == 0)
        .await;
    let response = builder
        .request(b"GET /metrics HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n")
        .await;
    assert_eq!(response.status, 200);
    assert!(
        response
            .head
            .contains("content-type: text/plain; version=0.0.4"),
        "{}",
        response.head
    );
    let text = response.text();
    let of = |name: &str| sample(&text, &format!("overskill_builder_{name}"));
    for (name, value) in [
        (
            r#"builds_total{mode="development",outcome="succeeded"}"#,
            1.0,
        ),
        (r#"builds_total{mode="production",outcome="source"}"#, 1.0),
        (r#"refused_total{status="401"}"#, 1.0),
        (r#"refused_total{status="400"}"#, 1.0),
        (r#"phase_seconds_count{phase="total"}"#, 2.0),
        (r#"phase_seconds_count{phase="queue"}"#, 2.0),
        (r#"worker_ends_total{kind="done"}"#, 2.0),
        ("worker_starts_total", 3.0),
        (r#"slots{state="all"}"#, 1.0),
        (r#"slots{state="ready"}"#, 1.0),
        (r#"slots{state="busy"}"#, 0.0),
        ("seats", 17.0),
        ("queued", 0.0),
        ("peak_memory_bytes_count", 2.0),
    ] {
        assert!((of(name) - value).abs() < f64::EPSILON, "{name}: {text}");
    }
    let artifacts = built.artifacts.iter();
    let sent: usize = artifacts.map(|artifact| artifact.content.len()).sum();
    assert!(of("sent_bytes_total") > f64::from(u32::try_from(sent).unwrap()));
    assert!(of("received_bytes_total") > 500.0);
    let digest = built.report.toolchain_digest.to_string();
    assert!(text.contains(&format!("toolchain_digest=\"{digest}\"")));
    for private in ["secret", "job-1", "main.tsx", "token of"] {
        assert!(!text.contains(private), "{private}: {text}");
    }
    builder.stop().await;
}

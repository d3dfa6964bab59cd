use super::*;
use crate::build::{VENDOR_FOLDER, WeightKind, header_line};

fn artifact(path: &str, content: &[u8]) -> Vec<u8> {
    let header = AnswerFrame::Artifact {
        path: path.parse().unwrap(),
        sha256: Digest::of(content),
        size: content.len() as u64,
    };
    [header_line(&header).unwrap(), content.to_vec()].concat()
}

fn report(status: Status, artifacts: u64, artifact_bytes: u64) -> Report {
    Report {
        status,
        reason: (status == Status::Failed).then_some(FailureReason::Source),
        timings: Timings {
            queue_ms: 1,
            prepare_ms: 2,
            install_ms: 4,
            build_ms: 3,
            types_ms: 5,
            render_ms: 7,
            total_ms: 6,
        },
        peak_memory_bytes: 8,
        sandbox: "namespaces".to_owned(),
        packages_resolved: false,
        render: Render::off("none"),
        weights: Vec::new(),
        artifact_bytes,
        artifacts,
        toolchain_digest: Digest::of(b""),
    }
}

fn line(frame: &AnswerFrame) -> Vec<u8> {
    header_line(frame).unwrap()
}

fn read(bytes: &[u8]) -> Result<Vec<AnswerEvent>, AnswerError> {
    let mut reader = AnswerReader::new(ArtifactLimits {
        files: 2,
        total_bytes: 10,
        file_bytes: 8,
    });
    let events = reader.push(bytes)?;
    reader.finish().map(|()| events)
}

#[test]
fn the_wire_is_the_contract() {
    let diagnostic = Diagnostic::error("syntax", "Unexpected token")
        .in_file("src/App.tsx".parse().unwrap())
        .at("x", 1, Some(1))
        .advising("Close it.");
    for (frame, expected) in [
            (AnswerFrame::Started { queued_ms: 5 }, r#"{"type":"started","queued_ms":5}"#.to_owned()),
            (AnswerFrame::Log { line: "a".to_owned() }, r#"{"type":"log","line":"a"}"#.to_owned()),
            (
                AnswerFrame::Diagnostic(diagnostic),
                r#"{"type":"diagnostic","severity":"error","path":"src/App.tsx","line":1,"column":1,"code":"syntax","message":"Unexpected token","frame":">    1 | x\n       | ^\n","suggestion":"Close it."}"#.to_owned(),
            ),
            (
                AnswerFrame::Vendor {
                    path: "assets/overskill-vendor/a.js".parse().unwrap(),
                    sha256: Digest::of(b""),
                    size: 3,
                },
                format!(
                    r#"{{"type":"vendor","path":"assets/overskill-vendor/a.js","sha256":"{}","size":3}}"#,
                    Digest::of(b"")
                ),
            ),
            (
                AnswerFrame::Report(report(Status::Failed, 0, 0)),
                format!(
                    r#"{{"type":"report","status":"failed","reason":"source","timings":{{"queue_ms":1,"prepare_ms":2,"install_ms":4,"build_ms":3,"types_ms":5,"render_ms":7,"total_ms":6}},"peak_memory_bytes":8,"sandbox":"namespaces","packages_resolved":false,"render":{{"state":"off","reason":"none"}},"weights":[],"artifact_bytes":0,"artifacts":0,"toolchain_digest":"{}"}}"#,
                    Digest::of(b"")
                ),
            ),
        ] {
            assert_eq!(String::from_utf8_lossy(&line(&frame)), format!("{expected}\n"));
            assert_eq!(serde_json::from_str::<AnswerFrame>(&expected).unwrap(), frame);
        }
}

#[test]
fn a_complete_answer_is_read() {
    let report = report(Status::Succeeded, 1, 4);
    let bytes = [
        line(&AnswerFrame::Started { queued_ms: 5 }),
        artifact("index.html", b"<p/>"),
        line(&AnswerFrame::Report(report.clone())),
    ]
    .concat();
    let events = read(&bytes).unwrap();
    assert_eq!(events.len(), 3);
    assert_eq!(events.last(), Some(&AnswerEvent::Report(report)));
    for length in 0..bytes.len() {
        let answer = read(&bytes[..length]);
        assert!(
            matches!(
                answer,
                Err(AnswerError::NoReport | AnswerError::Frame(FrameError::CutOff))
            ),
            "{length}: {answer:?}"
        );
    }
}

fn vendor(path: &str, size: u64) -> Vec<u8> {
    line(&AnswerFrame::Vendor {
        path: path.parse().unwrap(),
        sha256: Digest::of(b"vendor"),
        size,
    })
}

#[test]
fn a_vendor_module_counts_and_has_a_place_of_its_own() {
    let path = format!("{VENDOR_FOLDER}a.js");
    let done = |artifacts, bytes| {
        line(&AnswerFrame::Report(report(
            Status::Succeeded,
            artifacts,
            bytes,
        )))
    };
    let index = || artifact("index.html", b"<p/>");
    let events = read(&[index(), vendor(&path, 6), done(2, 10)].concat()).unwrap();
    let expected = AnswerEvent::Vendor {
        path: path.parse().unwrap(),
        sha256: Digest::of(b"vendor"),
        size: 6,
    };
    assert_eq!(events[1], expected);
    let misplaced = |path: &str| AnswerError::Misplaced(path.parse().unwrap());
    for (frames, expected) in [
        (vec![vendor("assets/a.js", 6)], misplaced("assets/a.js")),
        (vec![artifact(&path, b"")], misplaced(&path)),
        (vec![vendor(&path, 9)], AnswerError::TooLarge),
        (vec![index(), vendor(&path, 7)], AnswerError::TooLarge),
        (
            vec![index(), vendor(&path, u64::MAX)],
            AnswerError::TooLarge,
        ),
        (
            vec![vendor(&path, 1), vendor(&path, 1)],
            AnswerError::Repeated(path.parse().unwrap()),
        ),
        (
            vec![index(), vendor(&path, 6), done(1, 4)],
            AnswerError::Inconsistent,
        ),
    ] {
        assert_eq!(read(&frames.concat()), Err(expected));
    }
}

#[test]
fn nothing_is_believed() {
    let done =
        |status, artifacts, bytes| line(&AnswerFrame::Report(report(status, artifacts, bytes)));
    let index = || artifact("index.html", b"<p/>");
    let mut other = index();
    let last = other.len() - 2;
    other[last] = b'!';
    for (frames, expected) in [
        (
            vec![other],
            AnswerError::Hash("index.html".parse().unwrap()),
        ),
        (
            vec![index(), index()],
            AnswerError::Repeated("index.html".parse().unwrap()),
        ),
        (vec![artifact("a", b"123456789")], AnswerError::TooLarge),
        (
            vec![artifact("a", b"123456"), artifact("b", b"12345")],
            AnswerError::TooLarge,
        ),
        (
            vec![artifact("a", b""), artifact("b", b""), artifact("c", b"")],
            AnswerError::TooLarge,
        ),
        (
            vec![index(), done(Status::Succeeded, 2, 4)],
            AnswerError::Inconsistent,
        ),
        (
            vec![index(), done(Status::Succeeded, 1, 5)],
            AnswerError::Inconsistent,
        ),
        (
            vec![artifact("a", b""), done(Status::Succeeded, 1, 0)],
            AnswerError::Inconsistent,
        ),
        (
            vec![index(), done(Status::Failed, 1, 4)],
            AnswerError::Inconsistent,
        ),
        (
            vec![done(Status::Failed, 0, 0), done(Status::Failed, 0, 0)],
            AnswerError::AfterReport,
        ),
    ] {
        assert_eq!(read(&frames.concat()), Err(expected));
    }
    for (frame, many, kind) in [
        (AnswerFrame::Started { queued_ms: 0 }, 1, "starts"),
        (
            AnswerFrame::Log {
                line: String::new(),
            },
            AnswerFrame::MAX_LOG_LINES,
            "log lines",
        ),
        (
            AnswerFrame::Diagnostic(Diagnostic::error("x", "No.")),
            Diagnostic::MAX_PER_BUILD,
            "diagnostics",
        ),
    ] {
        let mut frames = vec![line(&frame); many];
        frames.push(done(Status::Failed, 0, 0));
        assert_eq!(read(&frames.concat()).unwrap().len(), many + 1, "{kind}");
        frames.insert(0, line(&frame));
        assert_eq!(
            read(&frames.concat()),
            Err(AnswerError::TooMany(kind)),
            "{kind}"
        );
    }
    let hash = Digest::of(b"");
    for strange in [
        format!(r#"{{"type":"artifact","path":"../x","sha256":"{hash}","size":0}}"#),
        // What a file is served as is not the builder's to say.
        format!(
            r#"{{"type":"artifact","path":"x.png","sha256":"{hash}","media_type":"text/html","size":0}}"#
        ),
    ] {
        assert!(
            matches!(
                read(format!("{strange}\n").as_bytes()),
                Err(AnswerError::Frame(FrameError::Malformed { .. }))
            ),
            "{strange}"
        );
    }
}

#[test]
fn long_texts_are_cut_and_a_line_stays_one() {
    let long = "ü".repeat(10_000);
    let wordy = Diagnostic {
        code: Some(long.clone()),
        message: long.clone(),
        frame: Some(long.clone()),
        suggestion: Some("Close it.".to_owned()),
        ..Diagnostic::error("", "")
    };
    let bytes = [
        line(&AnswerFrame::Log {
            line: format!("a\nb\u{1b}{long}"),
        }),
        line(&AnswerFrame::Diagnostic(wordy)),
        line(&AnswerFrame::Report(report(Status::Failed, 0, 0))),
    ]
    .concat();
    let events = read(&bytes).unwrap();
    let [
        AnswerEvent::Log(kept),
        AnswerEvent::Diagnostic(diagnostic),
        _,
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert!(kept.starts_with("a b ü"), "{kept}");
    assert_eq!(kept.chars().count(), AnswerFrame::MAX_LOG_LINE_CHARS);
    for (text, limit) in [
        (diagnostic.code.as_ref(), Diagnostic::MAX_CODE_BYTES),
        (Some(&diagnostic.message), Diagnostic::MAX_MESSAGE_BYTES),
        (diagnostic.frame.as_ref(), Diagnostic::MAX_FRAME_BYTES),
    ] {
        let text = text.unwrap();
        assert!(text.len() <= limit && text.len() > limit - 8, "{limit}");
        assert!(text.ends_with("ü…"), "{limit}");
    }
    assert_eq!(diagnostic.suggestion.as_deref(), Some("Close it."));
}

fn weight(kind: WeightKind, name: &str) -> Weight {
    Weight {
        kind,
        name: name.to_owned(),
        page_bytes: 3,
        late_bytes: 0,
        function_bytes: 1,
    }
}

#[test]
fn weights_are_as_many_as_are_told_and_named_as_what_they_are() {
    let answer = |status, weights: Vec<Weight>| {
        let of = report(status, u64::from(status == Status::Succeeded), 0);
        let done = line(&AnswerFrame::Report(Report { weights, ..of }));
        match status {
            Status::Succeeded => [artifact("index.html", b""), done].concat(),
            Status::Failed => done,
        }
    };
    let package = || weight(WeightKind::Package, "@scope/heavy");
    let file = || weight(WeightKind::File, "src/data.ts");
    let wire = serde_json::to_string(&package()).unwrap();
    assert_eq!(
        wire,
        r#"{"kind":"package","name":"@scope/heavy","page_bytes":3,"late_bytes":0,"function_bytes":1}"#
    );
    let most = [vec![package(); MOST_WEIGHTS - 1], vec![file()]].concat();
    let events = read(&answer(Status::Succeeded, most.clone())).unwrap();
    assert!(
        matches!(events.last(), Some(AnswerEvent::Report(told)) if told.weights == most),
        "{events:?}"
    );
    let more = [most, vec![file()]].concat();
    assert_eq!(
        read(&answer(Status::Succeeded, more)),
        Err(AnswerError::TooMany("weights"))
    );
    for (status, strange) in [
        (Status::Succeeded, weight(WeightKind::Package, "a b")),
        (Status::Succeeded, weight(WeightKind::File, "../a")),
        (Status::Failed, package()),
    ] {
        let answer = read(&answer(status, vec![strange]));
        assert_eq!(answer, Err(AnswerError::Inconsistent), "{status:?}");
    }
}

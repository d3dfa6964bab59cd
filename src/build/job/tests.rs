use super::*;
use crate::build::header_line;

fn job(files: &[(&str, &[u8])]) -> Job {
    let mut manifest = Manifest::default();
    for (path, content) in files {
        manifest
            .put(
                path.parse().unwrap(),
                FileEntry::of(content),
                &Limits::DEFAULT,
            )
            .unwrap();
    }
    Job {
        id: "app-b1".parse().unwrap(),
        mode: Mode::Development,
        type_check: TypeCheck::Block,
        source_digest: manifest.digest(),
    }
}

fn file(path: &str, content: &[u8]) -> Vec<u8> {
    let header = JobFrame::File {
        path: path.parse().unwrap(),
        size: content.len() as u64,
    };
    [header_line(&header).unwrap(), content.to_vec()].concat()
}

fn line(frame: &JobFrame) -> Vec<u8> {
    header_line(frame).unwrap()
}

fn read(bytes: &[u8], limits: Limits) -> Result<Vec<JobEvent>, JobError> {
    let mut reader = JobReader::new(limits);
    let events = reader.push(bytes)?;
    reader.finish().map(|()| events)
}

#[test]
fn a_job_arrives_as_it_was_sent() {
    let job = job(&[("a.txt", b"one"), ("b/c.bin", &[255])]);
    let head = line(&JobFrame::Job(job.clone()));
    assert_eq!(
        String::from_utf8_lossy(&head),
        format!(
            "{{\"type\":\"job\",\"id\":\"app-b1\",\"mode\":\"development\",\"type_check\":\"block\",\"source_digest\":\"{}\"}}\n",
            job.source_digest
        )
    );
    let bytes = [
        head,
        file("b/c.bin", &[255]),
        file("a.txt", b"one"),
        line(&JobFrame::End { files: 2 }),
    ]
    .concat();
    let events = vec![
        JobEvent::Job(job),
        JobEvent::File {
            path: "b/c.bin".parse().unwrap(),
            content: vec![255],
        },
        JobEvent::File {
            path: "a.txt".parse().unwrap(),
            content: b"one".to_vec(),
        },
        JobEvent::End,
    ];
    assert_eq!(read(&bytes, Limits::DEFAULT), Ok(events.clone()));
    let mut reader = JobReader::new(Limits::DEFAULT);
    let slowly: Result<Vec<_>, _> = bytes.iter().map(|byte| reader.push(&[*byte])).collect();
    assert_eq!(slowly.map(|events| events.concat()), Ok(events));
}

#[test]
fn every_cut_is_noticed() {
    let head = line(&JobFrame::Job(job(&[("a", b"one")])));
    let bytes = [head, file("a", b"one"), line(&JobFrame::End { files: 1 })].concat();
    for length in 0..bytes.len() {
        let answer = read(&bytes[..length], Limits::DEFAULT);
        assert!(
            matches!(
                answer,
                Err(JobError::NoEnd | JobError::Frame(FrameError::CutOff))
            ),
            "{length}: {answer:?}"
        );
    }
}

#[test]
fn what_is_wrong_is_said() {
    let head = || line(&JobFrame::Job(job(&[("a", b"one")])));
    let end = |files| line(&JobFrame::End { files });
    let cases: Vec<(Vec<Vec<u8>>, &str)> = vec![
        (
            vec![file("a", b"one")],
            "the first frame, and only the first, must be `job`",
        ),
        (
            vec![head(), head()],
            "the first frame, and only the first, must be `job`",
        ),
        (
            vec![head(), file("a", b"one"), file("a", b"one")],
            "`a` was sent twice",
        ),
        (
            vec![head(), file("a", b"one"), end(2)],
            "`end` says 2 files, 1 were sent",
        ),
        (
            vec![head(), file("a", b"one"), end(1), end(1)],
            "nothing may follow `end`",
        ),
        (
            vec![head(), file("a", b"one"), file("a/b", b"")],
            "`a/b` cannot be a file: `a` exists",
        ),
    ];
    for (frames, message) in cases {
        let error = read(&frames.concat(), Limits::DEFAULT).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(!error.is_too_large());
    }
    let other = read(
        &[head(), file("a", b"two"), end(1)].concat(),
        Limits::DEFAULT,
    );
    assert!(matches!(other, Err(JobError::Digest { .. })));
    let leaving = [
        head(),
        b"{\"type\":\"file\",\"path\":\"../x\",\"size\":0}\n".to_vec(),
    ]
    .concat();
    let error = read(&leaving, Limits::DEFAULT).unwrap_err();
    assert!(
        error.to_string().contains("`.` or `..` segments"),
        "{error}"
    );
}

#[test]
fn limits_are_told_from_malformed() {
    let head = || line(&JobFrame::Job(job(&[])));
    let limits = Limits {
        files: 2,
        text_file_bytes: 4,
        total_bytes: 6,
        ..Limits::DEFAULT
    };
    for frames in [
        vec![head(), file("a", b"12345")],
        vec![head(), file("a", b"1234"), file("b", b"123")],
        vec![head(), file("a", b""), file("b", b""), file("c", b"")],
        vec![
            head(),
            b"{\"type\":\"file\",\"path\":\"a\",\"size\":5242881}\n".to_vec(),
        ],
    ] {
        let error = read(&frames.concat(), limits.clone()).unwrap_err();
        assert!(error.is_too_large(), "{error}");
    }
}

#[test]
fn ids_are_checked() {
    for bad in ["", "A", "a b", "a/b", &"a".repeat(81)] {
        assert!(bad.parse::<JobId>().is_err(), "{bad:?}");
    }
}

#[test]
fn a_type_check_is_read_as_it_is_written() {
    for check in [TypeCheck::Report, TypeCheck::Block, TypeCheck::Off] {
        let text = serde_json::to_value(check).unwrap();
        assert_eq!(text.as_str().unwrap().parse(), Ok(check));
    }
    assert_eq!("Block".parse::<TypeCheck>(), Err(TypeCheckError));
    assert_eq!(TypeCheck::default(), TypeCheck::Report);
}

#[test]
fn a_key_names_all_that_a_result_depends_on_and_nothing_else() {
    let toolchain = Digest::of(b"toolchain");
    let key = |job: &Job| job.key(&toolchain).unwrap();
    let one = job(&[("a.txt", b"one")]);
    let same = Job {
        id: "other-b7".parse().unwrap(),
        ..one.clone()
    };
    assert_eq!(key(&one), key(&same));
    let mode = Job {
        mode: Mode::Production,
        ..one.clone()
    };
    let check = Job {
        type_check: TypeCheck::Report,
        ..one.clone()
    };
    let others = [key(&mode), key(&check), key(&job(&[("a.txt", b"two")]))];
    assert!(!others.contains(&key(&one)));
    assert_ne!(key(&one), one.key(&Digest::of(b"another")).unwrap());
}

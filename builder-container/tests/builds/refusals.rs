//! Requests that are refused before anything is built.

use overskill::build::Mode;

use crate::client::{Builder, head, job, shell, slow};

#[tokio::test]
async fn only_the_right_token_builds() {
    let builder = Builder::start().await;
    let body = job("a", Mode::Development, &shell(&[]));
    for token in [
        "",
        "wrong",
        "a token of the testS",
        "Bearer a token of the tests",
    ] {
        let response = builder
            .request(&[head(token, body.len()), body.clone()].concat())
            .await;
        assert_eq!(response.status, 401);
        assert!(response.head.contains("www-authenticate: Bearer"));
        assert!(response.detail().contains("token"));
    }
    let bare =
        b"POST /builds HTTP/1.1\r\nhost: b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    assert_eq!(builder.request(bare).await.status, 401);
    let get = b"GET /builds HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n";
    assert_eq!(builder.request(get).await.status, 405);
    let other = b"GET /other HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n";
    assert_eq!(builder.request(other).await.status, 404);
    builder.stop().await;
}

#[tokio::test]
async fn what_is_not_a_job_is_not_built() {
    let builder = Builder::start().await;
    let body = job("a", Mode::Development, &shell(&[]));
    let text = String::from_utf8(body.clone()).unwrap();
    let without_end = text.split("{\"type\":\"end\"").next().unwrap();
    let cases = [
        (String::new(), 400, "cut off"),
        ("hello\n".to_owned(), 400, "malformed"),
        (without_end.to_owned(), 400, "its `end` is missing"),
        (text[..text.len() / 2].to_owned(), 400, "cut off"),
        (
            text.replace("src/main.tsx\",\"size", "../main.tsx\",\"size"),
            400,
            "segments",
        ),
        (
            text.replace("src/main.tsx\",\"size", "/etc/main.tsx\",\"size"),
            400,
            "relative",
        ),
        (
            text.replace("src/main.tsx\",\"size", "src/\\u0000\",\"size"),
            400,
            "control",
        ),
        (
            text.replace("src/main.tsx\",\"size", "src\\\\main.tsx\",\"size"),
            400,
            "backslash",
        ),
        (
            text.replace("src/main.tsx\",\"size", "node_modules/x.js\",\"size"),
            400,
            "node_modules",
        ),
        (
            text.replace("src/main.tsx\",\"size", ".git/hooks/x\",\"size"),
            400,
            ".git",
        ),
        (text.replace("underline", "overlined"), 400, "digest"),
        (
            text.replace("\"files\":4", "\"files\":5"),
            400,
            "says 5 files",
        ),
        (format!("{text}{text}"), 400, "nothing may follow"),
    ];
    for (body, status, message) in cases {
        let response = builder.post(body.as_bytes()).await;
        assert_eq!(response.status, status, "{message}");
        assert!(
            response.detail().contains(message),
            "{message}: {}",
            response.detail()
        );
    }
    builder.wait_until_nothing_is_left().await;
    builder.stop().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let builder = Builder::start().await;
    let body = job("a", Mode::Development, &shell(&[]));
    let stream = builder.open(&body[..body.len() - 10]).await;
    // The head of `open` announces what it sends; announce more than that.
    drop(stream);
    let mut broken = tokio::net::TcpStream::connect(builder.address)
        .await
        .unwrap();
    let bytes = [
        head(crate::client::TOKEN, body.len()),
        body[..body.len() - 10].to_vec(),
    ]
    .concat();
    tokio::io::AsyncWriteExt::write_all(&mut broken, &bytes)
        .await
        .unwrap();
    builder.wait(|health| health["queued"] == 1).await;
    drop(broken);
    builder.wait(|health| health["queued"] == 0).await;
    builder.wait_until_nothing_is_left().await;
    builder.stop().await;
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let builder =
        Builder::start_with(|settings| settings.patience = std::time::Duration::from_millis(300))
            .await;
    let response = builder
        .request(&[head(crate::client::TOKEN, 100), b"{".to_vec()].concat())
        .await;
    assert_eq!(response.status, 408);
    builder.stop().await;
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up() {
    let builder =
        Builder::start_with(|settings| settings.body_time = std::time::Duration::from_secs(1))
            .await;
    let mut stream = tokio::net::TcpStream::connect(builder.address)
        .await
        .unwrap();
    let start = head(crate::client::TOKEN, 1_000_000);
    tokio::io::AsyncWriteExt::write_all(&mut stream, &start)
        .await
        .unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let trickle = tokio::spawn(async move {
        while tokio::io::AsyncWriteExt::write_all(&mut writing, b" ")
            .await
            .is_ok()
        {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    let mut answer = vec![0; 4096];
    let length = tokio::time::timeout(
        std::time::Duration::from_secs(15),
        tokio::io::AsyncReadExt::read(&mut reading, &mut answer),
    )
    .await
    .unwrap()
    .unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    builder.wait(|health| health["queued"] == 0).await;
    trickle.abort();
    builder.stop().await;
}

#[tokio::test]
async fn limits_hold_while_the_body_arrives() {
    let builder = Builder::start().await;
    let start = String::from_utf8(job("a", Mode::Development, &shell(&[]))).unwrap();
    let start = start.lines().next().unwrap().to_owned() + "\n";
    let file = |path: &str, size: usize| {
        format!("{{\"type\":\"file\",\"path\":\"{path}\",\"size\":{size}}}\n")
    };
    let text = format!("{start}{}{}", file("a.txt", 600_000), "x".repeat(600_000));
    let announced = format!("{start}{}", file("a.bin", 6_000_000));
    let many = format!(
        "{start}{}",
        (0..1001)
            .map(|n| file(&n.to_string(), 0))
            .collect::<String>()
    );
    let mut total = start.clone().into_bytes();
    for n in 0..5 {
        total.extend(file(&n.to_string(), 5_000_000).bytes());
        total.extend(std::iter::repeat_n(255, 5_000_000));
    }
    for (body, message) in [
        (text.into_bytes(), "a text file may have at most 524288"),
        (announced.into_bytes(), "at most 5242880"),
        (many.into_bytes(), "at most 1000 files"),
        (total, "at most 20971520 bytes together"),
    ] {
        let response = builder.post(&body).await;
        assert_eq!(response.status, 413, "{message}");
        assert!(
            response.detail().contains(message),
            "{message}: {}",
            response.detail()
        );
    }
    builder.stop().await;
}

#[tokio::test]
async fn a_full_builder_says_when_to_come_back() {
    let builder = Builder::start_with(|settings| settings.queue = 1).await;
    let running = builder
        .open(&job("running", Mode::Development, &slow()))
        .await;
    builder.wait(|health| health["busy"] == 1).await;
    let again = builder
        .post(&job("running", Mode::Development, &shell(&[])))
        .await;
    assert_eq!(again.status, 409);
    assert!(again.detail().contains("`running`"));
    let waiting = builder
        .open(&job("waiting", Mode::Development, &shell(&[])))
        .await;
    builder.wait(|health| health["queued"] == 1).await;
    // Whoever sends a large one gets to send it all, and so to see the answer, instead of a broken connection.
    let mut large = shell(&[]);
    large.insert("public/large.bin".to_owned(), vec![255; 5_000_000]);
    let mut third = builder.open(&job("third", Mode::Development, &large)).await;
    let third = crate::client::read_response(&mut third).await;
    assert_eq!(third.status, 503);
    assert!(third.head.contains("retry-after: "), "{}", third.head);
    assert!(third.detail().contains("queue"));

    // A job that waits is built when the one before it is given up.
    drop(running);
    let mut waiting = waiting;
    let answer = crate::client::read_response(&mut waiting)
        .await
        .answer()
        .unwrap();
    assert!(answer.report.timings.queue_ms > 0);
    assert_eq!(answer.artifacts.len(), 4);
    builder.stop().await;
}

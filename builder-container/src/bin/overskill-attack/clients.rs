//! Clients that do not do their part: that stop, trickle, leave, or come in crowds.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread::sleep,
    time::{Duration, Instant},
};

use overskill::build::Mode;

use crate::{
    attack::Attack,
    builder::{Builder, TOKEN, number},
    client::{Sources, connect, head, job, read},
    field::{Field, neighbour},
};

/// Longer than a builder waits that was started for attacks.
const LONG: Duration = Duration::from_secs(15);
/// Connections of a crowd: more than a builder takes.
const CROWD: usize = 600;

/// All of them.
pub(crate) fn attacks() -> Vec<Attack> {
    let mut attacks = Vec::new();
    let mut add = |name, tried, attempt: fn(&mut Field) -> Result<String, String>| {
        attacks.push(Attack::new("clients", name, tried, attempt));
    };
    add(
        "stops-reading",
        "a client that reads nothing of a large answer",
        |field| {
            let mut app = neighbour();
            for number in 0..4 {
                app.insert(format!("public/{number}.bin"), noise(5_000_000));
            }
            let _reader = open(&field.builder, &job("deaf", Mode::Development, &app)?)?;
            field
                .builder
                .until("it is given a worker", |health| number(health, "busy") == 1)?;
            freed(&field.builder, "its seat is free again")
        },
    );
    add(
        "stops-sending",
        "a client that sends half of a job",
        |field| {
            let body = job("half", Mode::Development, &neighbour())?;
            let (half, _) = body.split_at(body.len() / 2);
            let mut stream = connect(field.builder.address).map_err(text)?;
            stream
                .write_all(&[head(TOKEN, body.len()), half.to_vec()].concat())
                .map_err(text)?;
            let response = field.clean(read(&mut stream).map_err(text)?)?;
            if response.status == 408 {
                Ok(response.told())
            } else {
                Err(response.told())
            }
        },
    );
    add(
        "trickles",
        "a client that sends a byte now and then",
        |field| {
            let mut stream = connect(field.builder.address).map_err(text)?;
            stream.write_all(&head(TOKEN, 1_000_000)).map_err(text)?;
            trickle(&mut stream, b" ")
        },
    );
    add(
        "trickles-headers",
        "a client that sends a header now and then",
        |field| {
            let mut stream = connect(field.builder.address).map_err(text)?;
            stream
                .write_all(b"GET /healthz HTTP/1.1\r\nhost: b\r\n")
                .map_err(text)?;
            trickle(&mut stream, b"x: y\r\n")
        },
    );
    add(
        "says-nothing",
        "a client that connects and says nothing",
        |field| {
            let mut stream = connect(field.builder.address).map_err(text)?;
            stream.set_read_timeout(Some(LONG)).map_err(text)?;
            let begun = Instant::now();
            match stream.read(&mut [0; 1024]) {
                Ok(length) => Ok(format!(
                    "closed after {} s, {length} bytes were said",
                    begun.elapsed().as_secs()
                )),
                Err(error) => Err(format!("still open after {} s: {error}", LONG.as_secs())),
            }
        },
    );
    add(
        "leaves",
        "a client that leaves while its app is built",
        |field| {
            let worker = field.builder.fresh_worker(None)?;
            let stream = open(&field.builder, &job("gone", Mode::Development, &slow())?)?;
            field
                .builder
                .until("it is built", |health| number(health, "busy") == 1)?;
            field.group = Some(worker);
            let begun = Instant::now();
            drop(stream);
            field
                .builder
                .until("nothing is built", |health| number(health, "busy") == 0)?;
            let took = begun.elapsed();
            if took < Duration::from_secs(5) {
                Ok(format!(
                    "its worker was killed after {} ms",
                    took.as_millis()
                ))
            } else {
                Err(format!(
                    "its worker was killed after {} ms",
                    took.as_millis()
                ))
            }
        },
    );
    add(
        "leaves-the-queue",
        "clients that leave while they wait",
        |field| {
            let first = open(&field.builder, &job("gone", Mode::Development, &slow())?)?;
            field
                .builder
                .until("one is built", |health| number(health, "busy") == 1)?;
            let second = open(
                &field.builder,
                &job("gone-2", Mode::Development, &neighbour())?,
            )?;
            field
                .builder
                .until("one waits", |health| number(health, "queued") == 1)?;
            drop(second);
            field
                .builder
                .until("none waits", |health| number(health, "queued") == 0)?;
            drop(first);
            freed(&field.builder, "both are forgotten")
        },
    );
    add("same-name", "two jobs of the same name at once", |field| {
        let first = open(&field.builder, &job("twin", Mode::Development, &slow())?)?;
        field
            .builder
            .until("one is built", |health| number(health, "busy") == 1)?;
        let second = field.post("twin", Mode::Development, &neighbour())?;
        drop(first);
        if second.status == 409 {
            Ok(second.told())
        } else {
            Err(second.told())
        }
    });
    add("crowd-of-jobs", "more jobs than seats", |field| {
        let mut crowd = Vec::new();
        let body = |id: usize| job(&format!("crowd-{id}"), Mode::Development, &slow());
        for id in 0..3 {
            crowd.push(open(&field.builder, &body(id)?)?);
        }
        field.builder.until("every seat is taken", |health| {
            number(health, "queued") == 2
        })?;
        let next = field.post("crowd-next", Mode::Development, &neighbour())?;
        drop(crowd);
        // That they have gone is noticed a moment later.
        freed(&field.builder, "every seat is free again")?;
        if next.status == 503 {
            Ok(next.told())
        } else {
            Err(next.told())
        }
    });
    add("crowd-of-halves", "more half jobs than seats", |field| {
        let mut crowd = Vec::new();
        for _ in 0..20 {
            let mut stream = connect(field.builder.address).map_err(text)?;
            stream
                .write_all(&[head(TOKEN, 1_000), b"{".to_vec()].concat())
                .map_err(text)?;
            crowd.push(stream);
        }
        field.builder.until("every seat is taken", |health| {
            number(health, "queued") == 3
        })?;
        freed(&field.builder, "every seat is free again")
    });
    add(
        "crowd-of-silence",
        "600 connections that say nothing",
        |field| {
            let crowd: Vec<_> = (0..CROWD)
                .filter_map(|_| connect(field.builder.address).ok())
                .collect();
            // Whoever comes next is served as soon as the silent ones are sent away.
            let begun = Instant::now();
            field.builder.health()?;
            let files = std::fs::read_dir(format!("/proc/{}/fd", field.builder.pid()));
            let open = files.map_or(0, Iterator::count);
            let told = format!(
                "{} connected, {open} files open, the next one was served after {} ms",
                crowd.len(),
                begun.elapsed().as_millis()
            );
            if open < 400 { Ok(told) } else { Err(told) }
        },
    );
    attacks
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// An app that keeps Tailwind busy for a while.
fn slow() -> Sources {
    let mut app = neighbour();
    let style = b"@import \"tailwindcss\";\n@source inline(\"p-[{1..200000}px]\");\n";
    app.insert("src/main.css".to_owned(), style.to_vec());
    app
}

/// Bytes that are no text.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes().first().copied().unwrap_or(0) | 0x80
    };
    (0..length).map(|_| next()).collect()
}

fn open(builder: &Builder, body: &[u8]) -> Result<TcpStream, String> {
    let mut stream = connect(builder.address).map_err(text)?;
    stream
        .write_all(&[head(TOKEN, body.len()), body.to_vec()].concat())
        .map_err(text)?;
    Ok(stream)
}

fn freed(builder: &Builder, what: &str) -> Result<String, String> {
    let begun = Instant::now();
    builder.until(what, |health| {
        number(health, "busy") + number(health, "queued") == 0
    })?;
    Ok(format!("{what} after {} ms", begun.elapsed().as_millis()))
}

/// Sends until it is sent away.
fn trickle(stream: &mut TcpStream, piece: &[u8]) -> Result<String, String> {
    stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .map_err(text)?;
    let begun = Instant::now();
    while begun.elapsed() < LONG {
        let sent = stream.write_all(piece);
        let mut answer = [0; 1024];
        match stream.read(&mut answer) {
            Ok(length) => {
                let answer =
                    String::from_utf8_lossy(answer.get(..length).unwrap_or_default()).into_owned();
                let line = answer.lines().next().unwrap_or("closed").to_owned();
                return Ok(format!("after {} s: {line}", begun.elapsed().as_secs()));
            }
            Err(_) if sent.is_err() => {
                return Ok(format!("closed after {} s", begun.elapsed().as_secs()));
            }
            Err(_) => sleep(Duration::from_millis(200)),
        }
    }
    Err(format!("it may still send after {} s", LONG.as_secs()))
}

//! Requests that no caller would send.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use overskill::build::Mode;

use crate::{
    attack::Attack,
    builder::TOKEN,
    client::{head, job},
    field::{Field, neighbour},
};

/// A path in place of `src/main.tsx`, and a word of the refusal.
const PATHS: [(&str, &str, &str); 13] = [
    ("path-above", "../main.tsx", "segments"),
    ("path-above-inside", "src/../../main.tsx", "segments"),
    ("path-absolute", "/etc/main.tsx", "relative"),
    ("path-drive", "C:/main.tsx", "relative"),
    ("path-null", "src/\\u0000main.tsx", "control"),
    ("path-newline", "src/a\\nmain.tsx", "control"),
    ("path-backslash", "..\\\\main.tsx", "backslash"),
    (
        "path-node-modules",
        "node_modules/vite/index.js",
        "node_modules",
    ),
    (
        "path-node-modules-case",
        "src/Node_Modules/vite/index.js",
        "node_modules",
    ),
    ("path-git", ".git/hooks/post-checkout", ".git"),
    ("path-git-case", ".GIT/config", ".git"),
    ("path-empty", "", "empty"),
    ("path-twice", "index.html", "twice"),
];

/// All of them.
pub(crate) fn attacks() -> Vec<Attack> {
    let mut attacks = Vec::new();
    let mut add = |name, tried, attempt: fn(&mut Field) -> Result<String, String>| {
        attacks.push(Attack::new("requests", name, tried, attempt));
    };
    add("token-none", "a job without a token", |field| {
        let body = hostile()?;
        let head = format!(
            "POST /builds HTTP/1.1\r\nhost: b\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        refused(field, &[head.into_bytes(), body].concat(), 401)
    });
    add("token-wrong", "a job with a wrong token", |field| {
        let body = hostile()?;
        for token in [
            "",
            "wrong",
            &format!("{TOKEN}x"),
            &TOKEN.to_uppercase(),
            &"x".repeat(8_000),
        ] {
            refused(
                field,
                &[head(token, body.len()), body.clone()].concat(),
                401,
            )?;
        }
        Ok("401 five times".to_owned())
    });
    add(
        "gzip-bomb",
        "a gigabyte of spaces as gzip, said to be so",
        |field| {
            let body = bomb(1024)?;
            refused(
                field,
                &[with(&body, "content-encoding: gzip\r\n"), body].concat(),
                415,
            )
        },
    );
    add("gzip-unsaid", "the same, not said to be so", |field| {
        let body = bomb(1024)?;
        refused(field, &[head(TOKEN, body.len()), body].concat(), 400)
    });
    add("gzip-transfer", "gzip as the transfer's coding", |field| {
        let body = bomb(1)?;
        let head = format!(
            "POST /builds HTTP/1.1\r\nhost: b\r\nauthorization: Bearer {TOKEN}\r\ntransfer-encoding: gzip, chunked\r\nconnection: close\r\n\r\n{:x}\r\n",
            body.len()
        );
        refused(
            field,
            &[head.into_bytes(), body, b"\r\n0\r\n\r\n".to_vec()].concat(),
            400,
        )
    });
    add(
        "zip-source",
        "an archive of a gigabyte as an asset",
        |field| {
            let mut app = neighbour();
            app.insert("public/bomb.zip".to_owned(), bomb(1024)?);
            app.insert("public/bomb.svgz".to_owned(), bomb(1024)?);
            let response = field.post("zip", Mode::Production, &app)?;
            let answer = response.answer().map_err(|_| response.told())?;
            let bytes = answer.report.artifact_bytes;
            if answer.is_built() && bytes < 8 * 1024 * 1024 {
                Ok(format!("served as it is: {bytes} bytes of artifacts"))
            } else {
                Err(response.told())
            }
        },
    );
    add("path-long", "a path of 64 KiB", |field| {
        path(field, &format!("src/{}", "a".repeat(64 * 1024)), "")
    });
    add("path-deep", "a path of 127 folders", |field| {
        let mut app = neighbour();
        app.insert(format!("{}x", "d/".repeat(127)), b"x".to_vec());
        let response = field.post("deep", Mode::Development, &app)?;
        response.answer().map(|_| response.told())
    });
    add(
        "path-file-and-folder",
        "a file that is another's folder",
        |field| {
            let mut app = neighbour();
            app.insert("src/main.tsx/main.tsx".to_owned(), b"x".to_vec());
            match job("both", Mode::Development, &app) {
                Ok(body) => {
                    let response = field.send(&[head(TOKEN, body.len()), body].concat())?;
                    if response.status == 200 {
                        Err(response.told())
                    } else {
                        Ok(response.told())
                    }
                }
                // It is refused where it is written already, by the rules that the reader has.
                Err(error) => path(field, "index.html/main.tsx", "")
                    .map_err(|seen| format!("{seen}; {error}")),
            }
        },
    );
    add("files-many", "100,000 files", |field| {
        let start = start()?;
        let files: String = (0..100_000)
            .map(|number| format!("{{\"type\":\"file\",\"path\":\"{number}\",\"size\":0}}\n"))
            .collect();
        let body = [start.into_bytes(), files.into_bytes()].concat();
        refused(field, &[head(TOKEN, body.len()), body].concat(), 413)
    });
    add("file-huge", "a file that is announced with 5 GB", |field| {
        let body = start()? + "{\"type\":\"file\",\"path\":\"a.bin\",\"size\":5000000000}\n";
        refused(
            field,
            &[head(TOKEN, body.len()), body.into_bytes()].concat(),
            413,
        )
    });
    add(
        "size-forged",
        "sizes that are negative, overflow, or no numbers",
        |field| {
            for size in ["-1", "18446744073709551616", "1e300", "\"1\"", "null"] {
                let body =
                    start()? + &format!("{{\"type\":\"file\",\"path\":\"a\",\"size\":{size}}}\n");
                refused(
                    field,
                    &[head(TOKEN, body.len()), body.into_bytes()].concat(),
                    400,
                )?;
            }
            Ok("400 five times".to_owned())
        },
    );
    add(
        "header-endless",
        "a frame's header that never ends",
        |field| {
            let body = vec![b'x'; 16 * 1024 * 1024];
            refused(field, &[head(TOKEN, body.len()), body].concat(), 400)
        },
    );
    add("json-nested", "a frame nested a million deep", |field| {
        let body = "[".repeat(1_000_000).into_bytes();
        refused(field, &[head(TOKEN, body.len()), body].concat(), 400)
    });
    add("id-forged", "a job's name that is a path", |field| {
        let text = String::from_utf8_lossy(&hostile()?).replace("\"hostile\"", "\"../../x\"");
        refused(
            field,
            &[head(TOKEN, text.len()), text.into_bytes()].concat(),
            400,
        )
    });
    add(
        "digest-forged",
        "sources that are not those that were promised",
        |field| {
            let text = String::from_utf8_lossy(&hostile()?).replace("underline", "overlined");
            refused(
                field,
                &[head(TOKEN, text.len()), text.into_bytes()].concat(),
                400,
            )
        },
    );
    add("headers-many", "100,000 headers", |field| {
        let many: String = (0..100_000)
            .map(|number| format!("x-{number}: x\r\n"))
            .collect();
        dropped(
            field,
            format!("GET /healthz HTTP/1.1\r\nhost: b\r\n{many}\r\n").as_bytes(),
        )
    });
    add("header-huge", "a header of 64 MiB", |field| {
        let value = "x".repeat(64 * 1024 * 1024);
        dropped(
            field,
            format!("GET /healthz HTTP/1.1\r\nhost: b\r\nx: {value}\r\n\r\n").as_bytes(),
        )
    });
    add(
        "two-lengths",
        "a body that is as long as one says, and chunked",
        |field| {
            let body = hostile()?;
            let extra = "transfer-encoding: chunked\r\n";
            let response = field.send(&[with(&body, extra), body].concat())?;
            if response.status == 200 {
                Err(response.told())
            } else {
                Ok(response.told())
            }
        },
    );
    add("other-routes", "other paths and methods", |field| {
        for (line, status) in [
            ("GET /builds", 405),
            ("DELETE /builds", 405),
            ("POST /healthz", 405),
            ("GET /../../etc/passwd", 404),
            ("GET /%2e%2e/%2e%2e/etc/passwd", 404),
            ("GET /state/run/worker.mjs", 404),
            ("CONNECT 127.0.0.1:1", 404),
        ] {
            let request = format!("{line} HTTP/1.1\r\nhost: b\r\nconnection: close\r\n\r\n");
            let response = field.send(request.as_bytes())?;
            if response.status != status && response.status != 400 {
                return Err(format!("{line}: {}", response.told()));
            }
        }
        Ok("404 or 405 each".to_owned())
    });
    add("no-http", "bytes that are no HTTP", |field| {
        dropped(
            field,
            &[b"\x16\x03\x01\x02\x00".to_vec(), vec![0xff; 100_000]].concat(),
        )
    });
    attacks.extend(PATHS.into_iter().map(|(name, hostile, word)| {
        Attack::new(
            "requests",
            name,
            "a source's path that is none",
            move |field| path(field, hostile, word),
        )
    }));
    attacks
}

fn hostile() -> Result<Vec<u8>, String> {
    job("hostile", Mode::Development, &neighbour())
}

/// The first line of a job.
fn start() -> Result<String, String> {
    let body = String::from_utf8_lossy(&hostile()?).into_owned();
    Ok(body.lines().next().unwrap_or_default().to_owned() + "\n")
}

fn with(body: &[u8], headers: &str) -> Vec<u8> {
    let head = String::from_utf8_lossy(&head(TOKEN, body.len())).into_owned();
    head.replacen("\r\n", &format!("\r\n{headers}"), 1)
        .into_bytes()
}

/// Spaces, packed.
fn bomb(mebibytes: usize) -> Result<Vec<u8>, String> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    let block = vec![b' '; 1024 * 1024];
    for _ in 0..mebibytes {
        packed
            .write_all(&block)
            .map_err(|error| error.to_string())?;
    }
    packed.finish().map_err(|error| error.to_string())
}

fn path(field: &mut Field, path: &str, word: &str) -> Result<String, String> {
    let text = String::from_utf8_lossy(&hostile()?).into_owned();
    let text = text.replace("\"src/main.tsx\",\"size\"", &format!("\"{path}\",\"size\""));
    let told = refused(
        field,
        &[head(TOKEN, text.len()), text.into_bytes()].concat(),
        400,
    )?;
    if told.contains(word) {
        Ok(told)
    } else {
        Err(told)
    }
}

/// Answered with a status.
fn refused(field: &mut Field, bytes: &[u8], status: u16) -> Result<String, String> {
    let response = field.send(bytes)?;
    let told: String = response.told().chars().take(300).collect();
    if response.status == status {
        Ok(told)
    } else {
        Err(told)
    }
}

/// Answered with an error, or not at all.
fn dropped(field: &mut Field, bytes: &[u8]) -> Result<String, String> {
    let response = field.send(bytes)?;
    if response.status == 0 || (400..500).contains(&response.status) {
        Ok(response.told())
    } else {
        Err(response.told())
    }
}

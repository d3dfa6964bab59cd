//! The feed as server-sent events (WHATWG HTML section 9.2): events to text, and where a reader goes on.

use super::query::{self, Query};
use crate::error::Result;

/// What a stream of events is.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// The first lines of a stream: a reader that loses it comes back after a second.
pub const PRELUDE: &str = "retry: 1000\n\n";

/// Sent now and then while nothing happens, so that no proxy closes the stream. Readers skip it.
pub const HEARTBEAT: &str = ": still here\n\n";

/// One event. `kind` and `data` are taken as they are but for line ends: none in `kind`, and each starts another
/// `data:` line, so no content can end an event or start one.
#[must_use]
pub fn event(seq: u64, kind: &str, data: &str) -> String {
    let kind = kind.replace(['\r', '\n'], "");
    let mut text = format!("id: {seq}\nevent: {kind}\n");
    for line in data.replace("\r\n", "\n").split(['\r', '\n']) {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

/// The number of the last event that a reader has; 0 to start from the beginning. The `Last-Event-ID` header
/// wins over `?after=`: a browser that reconnects sends it along with the address it was first given.
///
/// # Errors
/// 400 when one of them is not a whole number, or the query has another parameter.
pub fn resume_after(last_event_id: Option<&str>, query: &str) -> Result<u64> {
    let after = Query::parse(query, &["after"])?.number("after")?;
    match last_event_id {
        None | Some("") => Ok(after.unwrap_or(0)),
        Some(id) => query::number(id, "`Last-Event-ID`"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A reader as the standard describes it, for whole streams.
    fn read(stream: &str) -> Vec<(String, String, String)> {
        let (mut id, mut kind, mut data) = (String::new(), String::new(), Vec::new());
        let mut events = Vec::new();
        for line in stream.replace("\r\n", "\n").split(['\n', '\r']) {
            match line.split_once(':') {
                None => {
                    if !data.is_empty() {
                        events.push((id.clone(), kind.clone(), data.join("\n")));
                    }
                    (kind, data) = (String::new(), Vec::new());
                }
                Some((field, value)) => {
                    let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
                    match field {
                        "id" => id = value,
                        "event" => kind = value,
                        "data" => data.push(value),
                        _ => {}
                    }
                }
            }
        }
        events
    }

    #[test]
    fn writes_what_the_standard_reads() {
        let data = r#"{"seq":7,"kind":"message"}"#;
        assert_eq!(
            event(7, "message", data),
            format!("id: 7\nevent: message\ndata: {data}\n\n")
        );
        let stream = [
            PRELUDE,
            &event(7, "message", data),
            HEARTBEAT,
            &event(8, "x", ""),
        ]
        .concat();
        assert_eq!(
            read(&stream),
            [
                ("7".to_owned(), "message".to_owned(), data.to_owned()),
                ("8".to_owned(), "x".to_owned(), String::new()),
            ]
        );
    }

    #[test]
    fn goes_on_where_the_reader_was() {
        for (header, query, after) in [
            (None, "", Some(0)),
            (None, "after=5", Some(5)),
            (Some("7"), "after=5", Some(7)),
            (Some("7"), "", Some(7)),
            (Some(""), "?after=5", Some(5)),
            (Some("x"), "after=5", None),
            (Some("-1"), "", None),
            (None, "after=", None),
            (None, "after=x", None),
            (Some("7"), "after=x", None),
            (None, "since=5", None),
        ] {
            assert_eq!(
                resume_after(header, query).ok(),
                after,
                "{header:?} {query}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_content_makes_another_event(seq: u64, kind in "[a-z_\r\n]{1,20}", data in "(\\PC|[\r\n: ]|data|id){0,60}") {
            let events = read(&event(seq, &kind, &data));
            let data = data.replace("\r\n", "\n").replace('\r', "\n");
            prop_assert_eq!(events, [(seq.to_string(), kind.replace(['\r', '\n'], ""), data)]);
        }
    }
}

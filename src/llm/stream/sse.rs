//! Server-sent events of a response body (WHATWG HTML section 9.2.6), however its bytes were cut.

use std::mem;

use super::StreamError;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its `event`, empty without one.
    pub event: String,
    /// Its `data` lines, joined.
    pub data: String,
}

/// Takes a body apart. Holds at most one event.
#[derive(Debug, Default)]
pub struct Reader {
    line: Vec<u8>,
    event: String,
    data: Option<String>,
    begun: bool,
    after_return: bool,
}

impl Reader {
    /// The most bytes of one event. The last one of an answer repeats all of it.
    pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

    /// Hands over the events that end in these bytes, in order.
    ///
    /// # Errors
    /// When a line is no UTF-8, or an event has more than [`Self::MAX_FRAME_BYTES`]; those before it were handed over. And
    /// whatever `take` gives.
    pub fn push(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(Frame) -> Result<(), StreamError>,
    ) -> Result<(), StreamError> {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            // A line feed after a carriage return ends the same line.
            if mem::take(&mut self.after_return) && *first == b'\n' {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
            self.hold(part)?;
            rest = after;
            if let Some((end, after)) = rest.split_first() {
                self.after_return = *end == b'\r';
                rest = after;
                if let Some(frame) = self.end_line()? {
                    take(frame)?;
                }
            }
        }
        Ok(())
    }

    /// The event that the body ends in the middle of, as far as it goes; nothing when it ends inside of a character. By the standard
    /// it is none, but servers forget the last blank line.
    #[must_use]
    pub fn finish(mut self) -> Option<Frame> {
        if !self.line.is_empty() {
            self.end_line().ok()?;
        }
        self.end_frame()
    }

    fn hold(&mut self, part: &[u8]) -> Result<(), StreamError> {
        let held = self.line.len() + self.data.as_ref().map_or(0, String::len);
        if held + part.len() > Self::MAX_FRAME_BYTES {
            return Err(StreamError::TooLarge);
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn end_line(&mut self) -> Result<Option<Frame>, StreamError> {
        let line = String::from_utf8(mem::take(&mut self.line)).map_err(|error| {
            let shown = String::from_utf8_lossy(error.as_bytes()).into_owned();
            StreamError::malformed(&shown, "it is no UTF-8")
        })?;
        let line = if mem::replace(&mut self.begun, true) {
            line.as_str()
        } else {
            line.strip_prefix('\u{feff}').unwrap_or(&line)
        };
        if line.is_empty() {
            return Ok(self.end_frame());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            // A comment, an id, a time to come back after, or a field that is not known.
            _ => {}
        }
        Ok(None)
    }

    fn end_frame(&mut self) -> Option<Frame> {
        let event = mem::take(&mut self.event);
        let data = self.data.take()?;
        Some(Frame { event, data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], size: usize) -> Vec<Frame> {
        let mut reader = Reader::default();
        let mut frames: Vec<Frame> = Vec::new();
        for chunk in bytes.chunks(size) {
            reader
                .push(chunk, |frame| {
                    frames.push(frame);
                    Ok(())
                })
                .unwrap();
        }
        frames.extend(reader.finish());
        frames
    }

    fn frame(event: &str, data: &str) -> Frame {
        Frame {
            event: event.to_owned(),
            data: data.to_owned(),
        }
    }

    #[test]
    fn events_are_what_the_standard_says() {
        for (body, frames) in [
            (
                "event: a\ndata: 1\n\ndata:2\r\n\r\n",
                vec![frame("a", "1"), frame("", "2")],
            ),
            (
                "\u{feff}data: x\rdata:  y\r\r: a comment\rid: 7\rretry: 3\r\r",
                vec![frame("", "x\n y")],
            ),
            (
                "data\n\nevent: alone\n\ndata: z\n\n",
                vec![frame("", ""), frame("", "z")],
            ),
            (
                "data: {\"a\":\"b: c\"}\n\n",
                vec![frame("", "{\"a\":\"b: c\"}")],
            ),
            ("\n\n\r\n", vec![]),
            (
                "data: the last blank line is missing",
                vec![frame("", "the last blank line is missing")],
            ),
            ("data: €😀\n\n", vec![frame("", "€😀")]),
        ] {
            for size in 1..=body.len() {
                assert_eq!(read(body.as_bytes(), size), frames, "{body:?} by {size}");
            }
        }
    }

    #[test]
    fn a_body_that_ends_inside_of_a_character_ends_inside_of_an_event() {
        let mut reader = Reader::default();
        let body = "data: 1\ndata: €".as_bytes();
        reader.push(&body[..body.len() - 1], |_| Ok(())).unwrap();
        assert_eq!(reader.finish(), None);
    }

    #[test]
    fn what_is_no_text_or_too_much_of_it_is_refused() {
        let error = Reader::default()
            .push(b"data: \xff\n", |_| Ok(()))
            .unwrap_err();
        assert!(error.to_string().contains("no UTF-8"), "{error}");
        let mut reader = Reader::default();
        let line = format!("data: {}\n", "x".repeat(1024 * 1024 - 7));
        let mut pushed = 0;
        let error = loop {
            if let Err(error) = reader.push(line.as_bytes(), |frame| panic!("{frame:?}")) {
                break error;
            }
            pushed += line.len();
        };
        assert_eq!(error, StreamError::TooLarge);
        assert!(
            pushed >= Reader::MAX_FRAME_BYTES - 2 * line.len(),
            "{pushed}"
        );
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..300), size in 1_usize..20) {
            let read = |size| {
                let mut reader = Reader::default();
                let mut frames = Vec::new();
                let mut take = |frame| { frames.push(frame); Ok(()) };
                let pushed = bytes.chunks(size).try_for_each(|chunk| reader.push(chunk, &mut take));
                (frames, pushed.map(|()| reader.finish()))
            };
            prop_assert_eq!(read(size), read(bytes.len().max(1)));
        }
    }
}

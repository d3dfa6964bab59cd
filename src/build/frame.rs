//! Frames: one line of JSON, then as many raw bytes as its `size` says.
//!
//! The decoder is fed pieces of a stream and does not care where they were cut. It holds at most one header line.
//! It knows no sockets, and no meaning of a header beyond the length of its body.

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

/// A frame's header: its JSON is one line, and says whether raw bytes follow.
pub trait Header: Serialize + DeserializeOwned {
    /// The largest body that a header may announce, in bytes.
    const MAX_BODY_BYTES: u64;

    /// How many raw bytes follow the header line; `None` when the kind has no body.
    fn body_size(&self) -> Option<u64>;
}

/// Why a stream is not a stream of frames. After an error the decoder gives only errors.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A header line is longer than [`FrameDecoder::MAX_HEADER_BYTES`].
    #[error("a frame's header is longer than {max} bytes", max = FrameDecoder::<()>::MAX_HEADER_BYTES)]
    HeaderTooLong,
    /// A header line is not JSON of a known shape.
    #[error("a frame's header is malformed ({reason}): {line}")]
    Malformed {
        /// What the parser said.
        reason: String,
        /// The beginning of the line.
        line: String,
    },
    /// A header announces more bytes than allowed.
    #[error("a frame announces {size} bytes, at most {limit} are allowed")]
    BodyTooLarge {
        /// The announced length in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The stream ended inside a frame.
    #[error("the stream was cut off inside a frame")]
    CutOff,
    /// Bytes were given after an error.
    #[error("the stream is unreadable since an earlier error")]
    Broken,
}

/// A piece of the stream, as [`FrameDecoder::decode`] finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a, H> {
    /// A header. Its body, unless it is empty or absent, follows in [`Piece::Body`] pieces.
    Header(H),
    /// The next bytes of the body of the last header, never empty.
    Body {
        /// The bytes, borrowed from the input.
        bytes: &'a [u8],
        /// Whether the body ends here.
        last: bool,
    },
}

/// Takes a stream apart without copying bodies.
#[derive(Debug)]
pub struct FrameDecoder<H> {
    line: Vec<u8>,
    state: State,
    header: PhantomData<fn() -> H>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Header,
    Body { remaining: u64 },
    Broken,
}

impl<H> Default for FrameDecoder<H> {
    fn default() -> Self {
        Self {
            line: Vec::new(),
            state: State::Header,
            header: PhantomData,
        }
    }
}

impl<H> FrameDecoder<H> {
    /// The longest header line, its newline not counted, in bytes.
    pub const MAX_HEADER_BYTES: usize = 64 * 1024;
}

impl<H: Header> FrameDecoder<H> {
    /// The next piece out of `input`, which moves past what was used; `None` when more input is needed.
    ///
    /// # Errors
    /// When the bytes are not frames. The decoder is of no use afterwards.
    pub fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Piece<'a, H>>, FrameError> {
        let piece = match self.state {
            State::Header => self.decode_header(input),
            State::Body { remaining } => Ok(self.decode_body(input, remaining)),
            State::Broken => Err(FrameError::Broken),
        };
        if piece.is_err() {
            self.state = State::Broken;
        }
        piece
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    /// When a frame is incomplete, or after an error.
    pub fn finish(&self) -> Result<(), FrameError> {
        match self.state {
            State::Header if self.line.is_empty() => Ok(()),
            State::Header | State::Body { .. } => Err(FrameError::CutOff),
            State::Broken => Err(FrameError::Broken),
        }
    }

    fn decode_header<'a>(
        &mut self,
        input: &mut &'a [u8],
    ) -> Result<Option<Piece<'a, H>>, FrameError> {
        let newline = input.iter().position(|byte| *byte == b'\n');
        let (part, rest) = input.split_at(newline.unwrap_or(input.len()));
        if self.line.len() + part.len() > Self::MAX_HEADER_BYTES {
            return Err(FrameError::HeaderTooLong);
        }
        self.line.extend_from_slice(part);
        *input = rest.get(1..).unwrap_or_default();
        if newline.is_none() {
            return Ok(None);
        }
        let header = parse::<H>(&self.line)?;
        self.line.clear();
        match header.body_size() {
            Some(size) if size > H::MAX_BODY_BYTES => {
                return Err(FrameError::BodyTooLarge {
                    size,
                    limit: H::MAX_BODY_BYTES,
                });
            }
            Some(size) if size > 0 => self.state = State::Body { remaining: size },
            _ => {}
        }
        Ok(Some(Piece::Header(header)))
    }

    fn decode_body<'a>(&mut self, input: &mut &'a [u8], remaining: u64) -> Option<Piece<'a, H>> {
        if input.is_empty() {
            return None;
        }
        let length =
            usize::try_from(remaining).map_or(input.len(), |remaining| remaining.min(input.len()));
        let (bytes, rest) = input.split_at(length);
        *input = rest;
        let remaining = remaining - length as u64;
        self.state = if remaining == 0 {
            State::Header
        } else {
            State::Body { remaining }
        };
        Some(Piece::Body {
            bytes,
            last: remaining == 0,
        })
    }
}

/// A whole frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<H> {
    /// What the header line says.
    pub header: H,
    /// The raw bytes; empty when the kind has no body.
    pub body: Vec<u8>,
}

/// Puts whole frames together. Holds at most one body of [`Header::MAX_BODY_BYTES`].
#[derive(Debug)]
pub struct FrameCollector<H> {
    decoder: FrameDecoder<H>,
    open: Option<Frame<H>>,
}

impl<H> Default for FrameCollector<H> {
    fn default() -> Self {
        Self {
            decoder: FrameDecoder::default(),
            open: None,
        }
    }
}

impl<H: Header> FrameCollector<H> {
    /// Takes the next bytes of the stream; the frames that they complete, in order.
    ///
    /// # Errors
    /// When the bytes are not frames.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Frame<H>>, FrameError> {
        let mut frames = Vec::new();
        while let Some(piece) = self.decoder.decode(&mut bytes)? {
            match piece {
                Piece::Header(header) => match header.body_size() {
                    Some(size) if size > 0 => {
                        let body = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
                        self.open = Some(Frame { header, body });
                    }
                    _ => frames.push(Frame {
                        header,
                        body: Vec::new(),
                    }),
                },
                Piece::Body { bytes, last } => {
                    if let Some(frame) = &mut self.open {
                        frame.body.extend_from_slice(bytes);
                    }
                    if last {
                        frames.extend(self.open.take());
                    }
                }
            }
        }
        Ok(frames)
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    /// When a frame is incomplete, or after an error.
    pub fn finish(&self) -> Result<(), FrameError> {
        self.decoder.finish()
    }
}

/// The header line of a frame, newline included. Its body, when it has one, is sent right after it.
///
/// # Errors
/// When the line would be longer than a decoder takes.
pub fn header_line<H: Header>(header: &H) -> Result<Vec<u8>, FrameError> {
    let mut line = serde_json::to_vec(header).map_err(|error| FrameError::Malformed {
        reason: error.to_string(),
        line: String::new(),
    })?;
    if line.len() > FrameDecoder::<H>::MAX_HEADER_BYTES {
        return Err(FrameError::HeaderTooLong);
    }
    line.push(b'\n');
    Ok(line)
}

fn parse<H: DeserializeOwned>(line: &[u8]) -> Result<H, FrameError> {
    let read = match std::str::from_utf8(line) {
        Ok(text) => crate::json::from_str(text).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    read.map_err(|reason| FrameError::Malformed {
        reason,
        line: String::from_utf8_lossy(line).chars().take(200).collect(),
    })
}

#[cfg(test)]
mod tests;

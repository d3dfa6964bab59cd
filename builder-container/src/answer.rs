//! The answer's stream: frames into a body whose reader may be slow, or gone.

use std::{io, time::Duration};

use axum::body::{Body, Bytes};
use overskill::build::{AnswerFrame, header_line};
use tokio::sync::mpsc;

/// Pieces that may wait for the reader.
const PIECES: usize = 64;
/// A piece of an artifact, in bytes.
const PIECE: usize = 64 * 1024;

/// The reader is gone, or stood still for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

/// The writing end of an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    patience: Duration,
    log_lines: usize,
}

impl Answer {
    /// An answer, and the body that its reader gets.
    pub(crate) fn open(patience: Duration) -> (Self, Body) {
        let (pieces, mut receiver) = mpsc::channel(PIECES);
        let body = Body::from_stream(futures::stream::poll_fn(move |context| {
            receiver.poll_recv(context)
        }));
        (
            Self {
                pieces,
                patience,
                log_lines: 0,
            },
            body,
        )
    }

    /// Resolves when the reader is gone.
    pub(crate) async fn closed(&self) {
        self.pieces.closed().await;
    }

    /// A line for whoever watches. Past the limit of an answer, nothing.
    pub(crate) async fn log(&mut self, line: impl AsRef<str>) -> Result<(), Gone> {
        self.log_lines += 1;
        if self.log_lines > AnswerFrame::MAX_LOG_LINES {
            return Ok(());
        }
        let line = AnswerFrame::log_line(line.as_ref());
        self.frame(&AnswerFrame::Log { line }).await
    }

    /// A frame without a body.
    pub(crate) async fn frame(&self, frame: &AnswerFrame) -> Result<(), Gone> {
        match header_line(frame) {
            Ok(line) => self.send(Ok(line.into())).await,
            // Every text in a frame is bounded far below the limit of a header.
            Err(error) => {
                self.break_off(&error.to_string()).await;
                Err(Gone)
            }
        }
    }

    /// A frame and its body.
    pub(crate) async fn frame_with(&self, frame: &AnswerFrame, body: Bytes) -> Result<(), Gone> {
        self.frame(frame).await?;
        let mut rest = body;
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(PIECE));
            self.send(Ok(piece)).await?;
        }
        Ok(())
    }

    /// Ends the answer so that its reader sees that it is not whole.
    pub(crate) async fn break_off(&self, why: &str) {
        // Fails when the reader is gone, who then knows as well.
        let _ = self.send(Err(io::Error::other(why.to_owned()))).await;
    }

    async fn send(&self, piece: io::Result<Bytes>) -> Result<(), Gone> {
        match tokio::time::timeout(self.patience, self.pieces.send(piece)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Probe {
    Note { text: String },
    Blob { size: u64 },
}

impl Header for Probe {
    const MAX_BODY_BYTES: u64 = 1000;

    fn body_size(&self) -> Option<u64> {
        match self {
            Self::Note { .. } => None,
            Self::Blob { size } => Some(*size),
        }
    }
}

fn encode(frames: &[Frame<Probe>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        bytes.extend(header_line(&frame.header).unwrap());
        bytes.extend(&frame.body);
    }
    bytes
}

fn frames() -> impl Strategy<Value = Vec<Frame<Probe>>> {
    let note = any::<String>().prop_map(|text| Frame {
        header: Probe::Note { text },
        body: Vec::new(),
    });
    let blob = prop::collection::vec(any::<u8>(), 0..300).prop_map(|body| Frame {
        header: Probe::Blob {
            size: body.len() as u64,
        },
        body,
    });
    prop::collection::vec(prop_oneof![note, blob], 0..12)
}

/// The frames, and the end of the stream, when it arrives in pieces of these lengths.
fn decode_in_pieces(mut bytes: &[u8], cuts: &[usize]) -> Result<Vec<Frame<Probe>>, FrameError> {
    let mut collector = FrameCollector::default();
    let mut frames = Vec::new();
    let mut cuts = cuts.iter().cycle();
    while !bytes.is_empty() {
        let length = cuts
            .next()
            .map_or(bytes.len(), |cut| *cut.min(&bytes.len()));
        let (piece, rest) = bytes.split_at(length);
        frames.extend(collector.push(piece)?);
        bytes = rest;
    }
    collector.finish().map(|()| frames)
}

proptest! {
    #[test]
    fn frames_survive_any_cutting(frames in frames(), cuts in prop::collection::vec(1_usize..40, 0..8)) {
        prop_assert_eq!(decode_in_pieces(&encode(&frames), &cuts), Ok(frames));
    }

    #[test]
    fn any_bytes_give_one_answer_however_cut(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        cuts in prop::collection::vec(1_usize..20, 1..8),
    ) {
        prop_assert_eq!(decode_in_pieces(&bytes, &cuts), decode_in_pieces(&bytes, &[]));
    }

    #[test]
    fn damaged_frames_give_one_answer_however_cut(
        frames in frames(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cuts in prop::collection::vec(1_usize..20, 1..8),
    ) {
        let mut bytes = encode(&frames);
        if !bytes.is_empty() {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        prop_assert_eq!(decode_in_pieces(&bytes, &cuts), decode_in_pieces(&bytes, &[]));
    }

    #[test]
    fn a_cut_off_stream_is_never_whole(frames in frames(), place in any::<prop::sample::Index>()) {
        let bytes = encode(&frames);
        prop_assume!(!bytes.is_empty());
        let kept = &bytes[..place.index(bytes.len())];
        match decode_in_pieces(kept, &[]) {
            // Cut exactly between two frames: that the stream lacks its last frame is for the reader above to see.
            Ok(read) => prop_assert!(read.len() < frames.len() && frames.starts_with(&read)),
            Err(error) => prop_assert_eq!(error, FrameError::CutOff),
        }
    }
}

#[test]
fn bodies_are_borrowed_not_copied() {
    let bytes = b"{\"type\":\"blob\",\"size\":3}\nabc{\"type\":\"blob\",\"size\":0}\n".as_slice();
    let mut input = bytes;
    let mut decoder = FrameDecoder::<Probe>::default();
    assert_eq!(
        decoder.decode(&mut input),
        Ok(Some(Piece::Header(Probe::Blob { size: 3 })))
    );
    let Ok(Some(Piece::Body {
        bytes: body,
        last: true,
    })) = decoder.decode(&mut input)
    else {
        unreachable!()
    };
    assert_eq!(body, b"abc");
    assert!(bytes.as_ptr_range().contains(&body.as_ptr()));
    assert_eq!(
        decoder.decode(&mut input),
        Ok(Some(Piece::Header(Probe::Blob { size: 0 })))
    );
    assert_eq!(decoder.decode(&mut input), Ok(None));
    assert_eq!(decoder.finish(), Ok(()));
}

#[test]
fn limits_hold_before_anything_is_stored() {
    let mut collector = FrameCollector::<Probe>::default();
    assert_eq!(
        collector.push(b"{\"type\":\"blob\",\"size\":1001}\n"),
        Err(FrameError::BodyTooLarge {
            size: 1001,
            limit: 1000
        })
    );
    assert_eq!(collector.push(b"x"), Err(FrameError::Broken));

    let mut collector = FrameCollector::<Probe>::default();
    let endless = vec![b' '; FrameDecoder::<Probe>::MAX_HEADER_BYTES];
    assert_eq!(collector.push(&endless), Ok(Vec::new()));
    assert_eq!(collector.push(b" "), Err(FrameError::HeaderTooLong));

    let long = Probe::Note {
        text: "x".repeat(FrameDecoder::<Probe>::MAX_HEADER_BYTES),
    };
    assert_eq!(header_line(&long), Err(FrameError::HeaderTooLong));
}

#[test]
fn nothing_unknown_is_taken() {
    for line in [
        "",
        "{}",
        "{\"type\":\"other\"}",
        "{\"type\":\"blob\",\"size\":-1}",
        "{\"type\":\"blob\",\"size\":1,\"x\":1}",
        "[]",
    ] {
        let mut collector = FrameCollector::<Probe>::default();
        let answer = collector.push(format!("{line}\n").as_bytes());
        assert!(
            matches!(answer, Err(FrameError::Malformed { .. })),
            "{line}: {answer:?}"
        );
    }
}

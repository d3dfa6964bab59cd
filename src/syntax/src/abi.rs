//! The parser as a wasm module of its own, with its memory alone imported: `input`, then `facts`, then `output`.
//!
//! The host asks `input` for room and puts path and content there, one after the other. `facts` reads the file, and
//! `output` says where the answer lies: the [`Facts`] as JSON. Whatever the host does in between, such as another
//! call or growing the memory, makes pointers it had before stale. A file that takes the parser down is a trap: the
//! instance is of no use any more, and no other has noticed.

use std::cell::Cell;

use crate::{Facts, Native, Parser as _};

/// Most bytes of an answer. The Worker that reads it has a memory that never shrinks; what an author writes has far
/// fewer facts, even where it fills the largest file that is parsed.
const MAX_OUTPUT: usize = 4 * 1024 * 1024;

thread_local! {
    static INPUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static OUTPUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Room for a path and a content of `length` bytes together.
#[unsafe(no_mangle)]
extern "C" fn input(length: usize) -> *mut u8 {
    let mut bytes = vec![0; length];
    let room = bytes.as_mut_ptr();
    INPUT.set(bytes);
    room
}

/// Reads the file that lies in the input: its path is the first `path_length` bytes, its content the rest. Answers the
/// length of the output, which is 4 MiB at most; 0 when the input is not of that form or not UTF-8.
#[unsafe(no_mangle)]
extern "C" fn facts(path_length: usize) -> usize {
    let output = answer(&INPUT.take(), path_length).unwrap_or_default();
    let length = output.len();
    OUTPUT.set(output);
    length
}

/// Where the output of the last `facts` lies, until the next one.
#[unsafe(no_mangle)]
extern "C" fn output() -> *const u8 {
    let bytes = OUTPUT.take();
    let start = bytes.as_ptr();
    OUTPUT.set(bytes);
    start
}

fn answer(input: &[u8], path_length: usize) -> Option<Vec<u8>> {
    let (path, content) = input.split_at_checked(path_length)?;
    let path = std::str::from_utf8(path).ok()?;
    let content = std::str::from_utf8(content).ok()?;
    let json = serde_json::to_vec(&Native.facts(path, content)).ok()?;
    if json.len() <= MAX_OUTPUT {
        return Some(json);
    }
    let too_many = Facts::unchecked("There is more to say of it than is kept of a file".to_owned());
    serde_json::to_vec(&too_many).ok()
}

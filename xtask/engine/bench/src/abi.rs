//! The edits as a wasm module: `prepare`, then `run`. What a parser says comes from the host, which is `host.js`.

use std::cell::RefCell;

use overskill_syntax::{Facts, Fault, FaultKind, Parser};

use crate::{Prepared, Row};

#[link(wasm_import_module = "parser")]
unsafe extern "C" {
    /// Reads a file. Answers the length of its facts as JSON; the host keeps them until they are taken.
    safe fn facts(path: *const u8, path_length: usize, content: *const u8, length: usize) -> usize;

    /// Puts the facts of the last file there, where there is room for them.
    fn take(to: *mut u8);
}

/// The parser beside this module, asked as `src/edge/parser.rs` asks it: a copy into its memory, one out of it, JSON.
struct Isolated;

impl Parser for Isolated {
    #[expect(unsafe_code, reason = "the host writes into the memory of this module")]
    fn facts(&self, path: &str, content: &str) -> Facts {
        let length = facts(path.as_ptr(), path.len(), content.as_ptr(), content.len());
        let mut json = vec![0; length];
        // SAFETY: the host writes `length` bytes, and there is room for as many.
        unsafe { take(json.as_mut_ptr()) };
        serde_json::from_slice(&json).unwrap_or_else(|error| Facts {
            faults: vec![Fault {
                start: 0,
                end: 0,
                message: error.to_string(),
                help: None,
                kind: FaultKind::Syntax,
            }],
            ..Facts::default()
        })
    }
}

thread_local! {
    static PREPARED: RefCell<Option<Prepared>> = const { RefCell::new(None) };
}

/// Makes a file and edits of it, as [`Prepared::new`]. Answers 1; 0 when there is no such row or the file has faults.
#[unsafe(no_mangle)]
extern "C" fn prepare(row: usize, lines: usize, count: usize) -> u32 {
    let row = Row::ALL.get(row).copied();
    let prepared = row.and_then(|row| Prepared::new(row, lines, count, &Isolated).ok());
    let ready = u32::from(prepared.is_some());
    PREPARED.set(prepared);
    ready
}

/// Applies an edit. Answers 1 when it is refused, 0 when it lands, 2 when there is none.
#[unsafe(no_mangle)]
extern "C" fn run(edit: usize) -> u32 {
    PREPARED.with_borrow_mut(|prepared| {
        let refused = prepared.as_mut().and_then(|prepared| prepared.run(edit));
        refused.map_or(2, u32::from)
    })
}

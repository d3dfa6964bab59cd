//! The parser, in the wasm module beside this one, which a hostile file may take down alone.

use overskill_syntax::{Facts, Language, MAX_BYTES, Parser};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::console_error;

use crate::facts::Known;

// The path is that of `src/edge/syntax.js` beside the bindings, where the build puts it.
#[wasm_bindgen(raw_module = "./syntax.js")]
extern "C" {
    /// Facts as JSON; nothing when the file took the parser down.
    fn facts(path: &[u8], content: &[u8]) -> Option<Vec<u8>>;

    /// The size of its memory, in bytes.
    #[wasm_bindgen(js_name = memoryBytes)]
    pub(super) fn memory_bytes() -> u32;
}

/// Reads files in the second module. What is not in a language that is parsed, or too large, is not even sent there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Isolated;

thread_local! {
    static KNOWN: &'static Known<'static> = Box::leak(Box::new(Known::new(&Isolated)));
}

/// What the parser has said of the files of all apps whose objects live here.
pub(super) fn known() -> &'static Known<'static> {
    KNOWN.with(|known| *known)
}

impl Parser for Isolated {
    fn facts(&self, path: &str, content: &str) -> Facts {
        if Language::of(path).is_none() {
            return Facts::default();
        }
        if content.len() > MAX_BYTES {
            return Facts::unchecked(format!(
                "A file of more than {} KiB is not parsed",
                MAX_BYTES / 1024
            ));
        }
        let Some(json) = facts(path.as_bytes(), content.as_bytes()) else {
            return Facts::unchecked(
                "It is too much for the parser, and was not checked".to_owned(),
            );
        };
        crate::json::from_str(&String::from_utf8_lossy(&json)).unwrap_or_else(|error| {
            console_error!("facts of {path} cannot be read: {error}");
            Facts::unchecked(
                "What the parser says of it cannot be read, so it was not checked".to_owned(),
            )
        })
    }
}

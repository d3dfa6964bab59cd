//! The parser's own module: how cargo makes it, and that it is closed, so that what goes wrong in it stays in it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::toolchain::TARGET;

/// The words after `cargo`. The limit of memory, 64 MiB, keeps a hostile file from taking what the whole isolate shares
/// (128 MB): what wants more is refused it, which is a trap, and a trap costs this module alone.
pub(super) const BUILD: [&str; 14] = [
    "rustc",
    "--package",
    "overskill-syntax",
    "--lib",
    "--crate-type",
    "cdylib",
    "--features",
    "parser",
    "--profile",
    "parser",
    "--target",
    TARGET,
    "--",
    "-Clink-arg=--max-memory=67108864",
];
/// What that makes, below the folder of the target.
pub(super) const MADE: &str = "parser/overskill_syntax.wasm";

const HEADER: &[u8] = b"\0asm\x01\0\0\0";
/// Number of the section that lists imports.
const IMPORTS: u8 = 2;

/// Refuses a module that imports anything: `src/edge/syntax.js` has nothing to give, and a hook into the Worker would be a way
/// for a trap to leave a mark there.
///
/// # Errors
/// When it is not a wasm module or imports something.
pub(super) fn check(wasm: &Path) -> Result<()> {
    let bytes = fs::read(wasm).with_context(|| format!("cargo left no {}", wasm.display()))?;
    if section(&bytes, IMPORTS)
        .with_context(|| format!("{} is not a whole wasm module", wasm.display()))?
        .is_some_and(|imports| imports.first() != Some(&0))
    {
        bail!(
            "{} imports something: a dependency of overskill-syntax expects a host such as wasm-bindgen; switch that feature off",
            wasm.display()
        );
    }
    Ok(())
}

/// The content of the first section with this number, if there is one; `None` when this is no module.
fn section(module: &[u8], wanted: u8) -> Option<Option<&[u8]>> {
    let mut rest = module.strip_prefix(HEADER)?;
    while let Some((&number, after)) = rest.split_first() {
        let (length, after) = length(after)?;
        let (content, after) = after.split_at_checked(length)?;
        if number == wanted {
            return Some(Some(content));
        }
        rest = after;
    }
    Some(None)
}

/// An unsigned LEB128 number of at most 32 bits, and what follows it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_usize;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(sections: &[u8]) -> Result<()> {
        let folder = std::env::temp_dir();
        let file = folder.join(format!(
            "overskill-module-{}-{}.wasm",
            std::process::id(),
            crate::hash::hex(&[sections])
        ));
        fs::write(&file, [HEADER, sections].concat()).unwrap();
        let result = check(&file);
        fs::remove_file(&file).unwrap();
        result
    }

    /// A custom section with a name of 199 letters, so that its length takes two bytes.
    fn custom() -> Vec<u8> {
        let mut section = vec![0, 0xc8, 0x01, 199];
        section.extend([b'n'; 199]);
        section
    }

    #[test]
    fn a_closed_module_passes() {
        checked(&[]).unwrap();
        checked(&custom()).unwrap();
        // No types, and a list of no imports.
        checked(&[1, 1, 0, 2, 1, 0]).unwrap();
    }

    #[test]
    fn an_import_is_refused() {
        // The memory "m" of "e".
        let imports = [2, 8, 1, 1, b'e', 1, b'm', 2, 0, 0];
        for sections in [imports.to_vec(), [custom(), imports.to_vec()].concat()] {
            let error = checked(&sections).unwrap_err().to_string();
            assert!(error.contains("imports something"), "{error}");
        }
    }

    #[test]
    fn what_is_cut_off_is_no_module() {
        for sections in [
            &[1][..],
            &[1, 5, 0],
            &[1, 0x80],
            &[1, 255, 255, 255, 255, 255, 0],
        ] {
            assert!(checked(sections).is_err(), "{sections:?}");
        }
        assert!(section(b"\0asm", IMPORTS).is_none());
        assert!(section(b"", IMPORTS).is_none());
    }
}

//! The parser's own module: how cargo makes it, and that it is closed, so that what goes wrong in it stays in it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::toolchain::{TARGET, Toolchain};
use crate::{place, process};

/// The words after `cargo`. The memory is the host's, so that it stays when an instance is replaced: `src/edge/syntax.js`
/// makes it with the same numbers, 4 MiB at first and 48 MiB at most. The most keeps a hostile file from taking what
/// the whole isolate shares (128 MB): what wants more is refused it, which is a trap, and a trap costs this instance alone.
const BUILD: [&str; 17] = [
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
    "-Clink-arg=--import-memory",
    "-Clink-arg=--initial-memory=4194304",
    "-Clink-arg=--max-memory=50331648",
    "-Clink-arg=--export=__heap_base",
];
/// What that makes, below the folder of the target.
const MADE: &str = "parser/overskill_syntax.wasm";

/// Compiles it; returns the file cargo made.
///
/// # Errors
/// When it does not compile.
pub(crate) fn compile(toolchain: &Toolchain) -> Result<PathBuf> {
    process::show(toolchain.cargo().args(BUILD))?;
    Ok(place::target()?.join(TARGET).join(MADE))
}

const HEADER: &[u8] = b"\0asm\x01\0\0\0";
/// Number of the section that lists imports.
const IMPORTS: u8 = 2;
/// How the list of one import starts when that is the memory `memory` of `env`.
const MEMORY_ALONE: &[u8] = b"\x01\x03env\x06memory\x02";

/// Refuses a module that imports anything but its memory: `src/edge/syntax.js` has nothing else to give, and a function of the
/// Worker would be a way for a trap to leave a mark there.
///
/// # Errors
/// When it is not a wasm module, or imports more or less.
pub(super) fn check(wasm: &Path) -> Result<()> {
    let bytes = fs::read(wasm).with_context(|| format!("cargo left no {}", wasm.display()))?;
    if section(&bytes, IMPORTS)
        .with_context(|| format!("{} is not a whole wasm module", wasm.display()))?
        .is_none_or(|imports| !imports.starts_with(MEMORY_ALONE))
    {
        bail!(
            "{} does not import its memory alone: does a dependency of overskill-syntax expect a host such as wasm-bindgen? Switch that feature off",
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

    /// A list of imports: so many, and the first of them.
    fn imports(count: u8, first: &[u8]) -> Vec<u8> {
        let length = u8::try_from(first.len() + 1).unwrap();
        [&[IMPORTS, length, count], first].concat()
    }

    const MEMORY: &[u8] = b"\x03env\x06memory\x02\x01\x40\x80\x06";

    #[test]
    fn a_module_that_imports_its_memory_passes() {
        checked(&imports(1, MEMORY)).unwrap();
        checked(&[custom(), vec![1, 1, 0], imports(1, MEMORY)].concat()).unwrap();
    }

    #[test]
    fn any_other_import_is_refused() {
        let function = b"\x03env\x06memory\x00\x00";
        for sections in [
            imports(2, &[MEMORY, function].concat()),
            imports(1, function),
            imports(1, b"\x03env\x01m\x02\x00\x00"),
            [custom(), imports(1, function)].concat(),
            imports(0, &[]),
            vec![],
        ] {
            let error = checked(&sections).unwrap_err().to_string();
            assert!(error.contains("its memory alone"), "{error}");
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

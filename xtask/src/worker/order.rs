//! In which order a module has its functions. gzip looks back 32 KiB for what repeats, and much of a Rust module is one function
//! over again for another type; the linker leaves such functions wherever they were needed first, and wasm-bindgen sorts all by
//! size. Standing next to each other, they make the Worker smaller by a tenth after gzip, at no cost when it runs.
//!
//! [`gather`] returns a module that does the same. What the functions do is nothing to it, and what is no function keeps its place.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::convert::Infallible;

use anyhow::{Context, Result};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, TypeRef,
};

/// How many bytes that two functions have in a row count as likeness. With 4 or 8 the result is a little larger.
const RUN: usize = 6;
/// What more functions than this have is everywhere, and says nothing of any two of them.
const COMMON: usize = 200;
/// With how many of the functions before it the next one is compared.
const RECENT: usize = 4;

/// The module with functions that are alike next to each other; the same bytes for the same module.
///
/// # Errors
/// When it is no module.
pub(crate) fn gather(module: &[u8]) -> Result<Vec<u8>> {
    let (imported, codes) = functions(module).context("it is no wasm module")?;
    let order = alike(&codes);
    let mut places = vec![0; order.len()];
    for (place, old) in (imported..).zip(&order) {
        if let Some(known) = places.get_mut(*old) {
            *known = place;
        }
    }
    let mut gathered = Module::new();
    Gather {
        imported,
        order,
        places,
    }
    .parse_core_module(&mut gathered, Parser::new(0), module)
    .context("it could not be written again")?;
    Ok(gathered.finish())
}

/// How many functions a module imports, and the instructions of those that it defines.
fn functions(module: &[u8]) -> wasmparser::Result<(u32, Vec<&[u8]>)> {
    let mut imported = 0;
    let mut codes = Vec::new();
    for part in Parser::new(0).parse_all(module) {
        match part? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => {
                let start = body.get_operators_reader()?.original_position();
                codes.push(module.get(start..body.range().end).unwrap_or_default());
            }
            _ => {}
        }
    }
    Ok((imported, codes))
}

/// Each function's number, so that what stands next to each other shares as many runs of bytes as can be had by always taking
/// the likest of those that are left; where none is like the last, the longest.
#[expect(
    clippy::indexing_slicing,
    reason = "each number is the place of a function or a run in a list that has all of them"
)]
fn alike(codes: &[&[u8]]) -> Vec<usize> {
    let holders = shared(codes);
    let mut runs = vec![Vec::new(); codes.len()];
    for (run, holders) in holders.iter().enumerate() {
        for holder in holders {
            runs[*holder].push(run);
        }
    }
    let mut longest: Vec<usize> = (0..codes.len()).collect();
    longest.sort_by_key(|code| Reverse(codes[*code].len()));
    let mut longest = longest.into_iter();

    let mut order: Vec<usize> = Vec::with_capacity(codes.len());
    let mut placed = vec![false; codes.len()];
    let mut common = vec![0_u32; codes.len()];
    loop {
        let mut near = Vec::new();
        for recent in order.iter().rev().take(RECENT) {
            for run in &runs[*recent] {
                for code in &holders[*run] {
                    if !placed[*code] {
                        if common[*code] == 0 {
                            near.push(*code);
                        }
                        common[*code] += 1;
                    }
                }
            }
        }
        // A long function has something in common with every other, and a few runs in common may be chance.
        let likeness =
            |code: usize| f64::from(common[code]).powi(2) / (20.0 + runs[code].len() as f64);
        let likest = near.iter().copied().max_by(|one, other| {
            likeness(*one)
                .total_cmp(&likeness(*other))
                .then(other.cmp(one))
        });
        let Some(next) = likest.or_else(|| longest.find(|code| !placed[*code])) else {
            return order;
        };
        for code in near {
            common[code] = 0;
        }
        placed[next] = true;
        order.push(next);
    }
}

/// Which functions have the same run of bytes, for every run that some share and not too many.
fn shared(codes: &[&[u8]]) -> Vec<Vec<usize>> {
    let mut holders: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (code, bytes) in codes.iter().enumerate() {
        for run in bytes.windows(RUN) {
            let holders = holders.entry(run).or_default();
            if holders.last() != Some(&code) {
                holders.push(code);
            }
        }
    }
    holders
        .into_values()
        .filter(|holders| (2..=COMMON).contains(&holders.len()))
        .collect()
}

/// Writes a module again with its functions in another order.
struct Gather {
    /// The imported functions have the numbers below this.
    imported: u32,
    /// The defined functions as they shall stand, by their old places among them.
    order: Vec<usize>,
    /// The new number of each.
    places: Vec<u32>,
}

impl Reencode for Gather {
    type Error = Infallible;

    fn function_index(&mut self, number: u32) -> Result<u32, Error> {
        let place = number
            .checked_sub(self.imported)
            .and_then(|old| self.places.get(old as usize));
        Ok(place.copied().unwrap_or(number))
    }

    fn parse_function_section(
        &mut self,
        to: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        let types: Vec<u32> = section.into_iter().collect::<Result<_, _>>()?;
        for old in self.order.iter().filter_map(|old| types.get(*old)) {
            to.function(*old);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        to: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        let bodies: Vec<FunctionBody<'_>> = section.into_iter().collect::<Result<_, _>>()?;
        for old in self.order.clone() {
            if let Some(body) = bodies.get(old) {
                self.parse_function_body(to, body.clone())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use wasm_encoder::{
        ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
        ImportSection, RefType, TableSection, TableType, TypeSection,
    };
    use wasmparser::{ElementItems, Operator};

    use super::*;

    /// How many functions the module imports.
    const IMPORTED: u32 = 2;
    /// The constants of functions that are alike are multiples of one number.
    const KINDS: [i32; 3] = [1_000_000, 1_000_003, 1_000_033];

    /// Functions of three kinds by turns, twelve in all. Each begins with a constant of its own, has its kind's, and calls the next one.
    fn module() -> Vec<u8> {
        let count = 12;
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        for name in ["one", "two"] {
            imports.import("env", name, EntityType::Function(0));
        }
        let mut defined = FunctionSection::new();
        let mut exports = ExportSection::new();
        let mut code = CodeSection::new();
        for own in 0..count {
            defined.function(0);
            exports.export(&own.to_string(), ExportKind::Func, IMPORTED + own);
            let mut function = Function::new([]);
            let mut body = function.instructions();
            body.i32_const(own.cast_signed()).drop();
            for _ in 0..4 {
                body.i32_const(KINDS[own as usize % 3]).drop();
            }
            body.call(IMPORTED + (own + 1) % count).call(1).end();
            code.function(&function);
        }
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 1,
            maximum: None,
            shared: false,
        });
        let mut elements = ElementSection::new();
        let listed = [0, IMPORTED + 7];
        elements.active(
            None,
            &ConstExpr::i32_const(0),
            Elements::Functions(Cow::Borrowed(&listed)),
        );
        let mut module = Module::new();
        module
            .section(&types)
            .section(&imports)
            .section(&defined)
            .section(&tables)
            .section(&exports)
            .section(&elements)
            .section(&code);
        module.finish()
    }

    /// What a function of [`module`] has: its constant, its kind's, and the numbers it calls.
    type Facts = (i32, i32, Vec<u32>);

    /// All functions in their order, the exports, and what the table lists.
    fn read(module: &[u8]) -> (Vec<Facts>, Vec<(String, u32)>, Vec<u32>) {
        let (mut facts, mut exports, mut listed) = (vec![], vec![], vec![]);
        for part in Parser::new(0).parse_all(module) {
            match part.unwrap() {
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.unwrap();
                        exports.push((export.name.to_owned(), export.index));
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        let ElementItems::Functions(items) = element.unwrap().items else {
                            panic!("other elements than were written");
                        };
                        listed.extend(items.into_iter().map(Result::unwrap));
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let (mut constants, mut calls) = (vec![], vec![]);
                    for operator in body.get_operators_reader().unwrap() {
                        match operator.unwrap() {
                            Operator::I32Const { value } => constants.push(value),
                            Operator::Call { function_index } => calls.push(function_index),
                            _ => {}
                        }
                    }
                    facts.push((constants[0], constants[1], calls));
                }
                _ => {}
            }
        }
        (facts, exports, listed)
    }

    #[test]
    fn functions_that_are_alike_come_to_stand_together() {
        let (facts, ..) = read(&gather(&module()).unwrap());
        let mut kinds: Vec<i32> = facts.iter().map(|(_, kind, _)| *kind).collect();
        assert_eq!(kinds.len(), 12);
        kinds.dedup();
        assert_eq!(kinds.len(), KINDS.len(), "{facts:?}");
    }

    #[test]
    fn whatever_names_a_function_still_names_it() {
        let (facts, exports, listed) = read(&gather(&module()).unwrap());
        let own = |number: u32| facts[(number - IMPORTED) as usize].0;
        for (name, number) in exports {
            assert_eq!(own(number).to_string(), name);
        }
        for (constant, _, calls) in &facts {
            assert_eq!(own(calls[0]), (constant + 1) % 12);
            assert_eq!(calls[1], 1, "an imported function keeps its number");
        }
        assert_eq!(listed[0], 0);
        assert_eq!(own(listed[1]), 7);
    }

    #[test]
    fn the_same_module_becomes_the_same_bytes() {
        assert_eq!(gather(&module()).unwrap(), gather(&module()).unwrap());
    }

    #[test]
    fn a_module_without_functions_is_as_it_was() {
        let empty = Module::new().finish();
        assert_eq!(gather(&empty).unwrap(), empty);
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(gather(b"\0asm").is_err());
        assert!(gather(b"no module at all").is_err());
    }
}

//! JavaScript and TypeScript, with and without JSX.
//!
//! Parses, resolves names, and walks the tree once. Nothing here looks at another file.

use oxc_allocator::Allocator;
use oxc_ast_visit::Visit;
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;

use crate::{Facts, Language};

mod declarations;
mod depth;
mod faults;
mod globals;
mod links;
mod members;
mod modules;
mod routes;
mod text;
mod walk;

/// The facts of a script. `text` has no byte order mark.
pub(crate) fn facts(path: &str, text: &str, language: Language) -> Facts {
    if let Some(message) = depth::excess(text, language) {
        return Facts::unchecked(message);
    }
    on_a_large_stack(|| parse(text, source_type(path, language)))
        .unwrap_or_else(|| Facts::unchecked(String::from("The parser failed on this file")))
}

fn parse(text: &str, source_type: SourceType) -> Facts {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, source_type).parse();
    let mut facts = Facts {
        faults: faults::of(&parsed.diagnostics, text),
        ..Facts::default()
    };
    if parsed.panicked {
        faults::order(&mut facts.faults);
        return facts;
    }
    let program = allocator.alloc(parsed.program);
    let analysed = SemanticBuilder::new_compiler().build(program);
    facts.faults.extend(faults::of(&analysed.diagnostics, text));
    let scoping = analysed.semantic.scoping();
    let mut walk = walk::Walk::new(program, scoping);
    walk.visit_program(program);
    let found = walk.finish();
    let (exports, exported_twice) = modules::exports(program, scoping);
    facts.exports = exports;
    facts.imports = modules::imports(program, scoping, &found.eager);
    facts.imports.extend(found.imports);
    facts.imports.sort_by_key(|import| import.start);
    facts.declarations = declarations::of(program, &found.marks, &facts.exports);
    facts.unresolved = found.unresolved;
    facts.members = found.members;
    facts.routes = found.routes;
    facts.links = found.links;
    facts.tables = found.tables;
    facts.faults.extend(found.faults);
    facts.faults.extend(faults::collisions(&facts));
    facts.faults.extend(exported_twice);
    faults::order(&mut facts.faults);
    facts
}

/// Vite takes JSX in `.jsx` and `.tsx` alone, and every script as a module, but for what is named CommonJS.
fn source_type(path: &str, language: Language) -> SourceType {
    let path = path.to_ascii_lowercase();
    match language {
        Language::Tsx => SourceType::tsx(),
        Language::TypeScript if path.ends_with(".cts") => SourceType::ts().with_commonjs(true),
        Language::TypeScript => SourceType::ts(),
        Language::Declarations => SourceType::d_ts(),
        Language::Jsx => SourceType::jsx(),
        _ if path.ends_with(".cjs") => SourceType::cjs(),
        _ => SourceType::mjs(),
    }
}

/// Natively a thread of its own gives the room, and a defect of the parser ends there. Without optimisation the deepest
/// script that [`depth`] lets pass takes less than 10 MiB. In wasm the stack is the module's, and so is the trap.
#[cfg(not(target_arch = "wasm32"))]
fn on_a_large_stack(parse: impl FnOnce() -> Facts + Send) -> Option<Facts> {
    const STACK: usize = 32 * 1024 * 1024;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, parse);
        thread.ok()?.join().ok()
    })
}

#[cfg(target_arch = "wasm32")]
fn on_a_large_stack(parse: impl FnOnce() -> Facts) -> Option<Facts> {
    Some(parse())
}

#[cfg(test)]
mod tests;

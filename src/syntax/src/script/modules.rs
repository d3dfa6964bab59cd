//! Imports and exports.

use std::collections::{HashMap, HashSet};

use oxc_ast::ast::{
    BindingIdentifier, BindingPattern, Declaration, ExportDefaultDeclaration,
    ExportDefaultDeclarationKind, ExportSpecifier, Expression, IdentifierReference,
    ImportDeclaration, ImportDeclarationSpecifier, ModuleExportName, Program, Statement,
    StringLiteral, TSImportEqualsDeclaration, TSModuleReference,
};
use oxc_semantic::Scoping;
use oxc_span::GetSpan;
use oxc_syntax::symbol::{SymbolFlags, SymbolId};

use super::faults::duplicate;
use crate::{Export, Fault, Import, ImportKind, ImportedName};

/// What is imported by declaration or passed on. `eager` are the symbols that are used as soon as the file is run.
pub(super) fn imports(
    program: &Program<'_>,
    scoping: &Scoping,
    eager: &HashSet<SymbolId>,
) -> Vec<Import> {
    program
        .body
        .iter()
        .filter_map(|statement| match statement {
            Statement::ImportDeclaration(declaration) => {
                Some(declared(declaration, scoping, eager))
            }
            Statement::TSImportEqualsDeclaration(declaration) => required(declaration, scoping),
            Statement::ExportFromDeclaration(export) => {
                let all_types = export.export_kind.is_type();
                let names = export
                    .specifiers
                    .iter()
                    .map(|name| passed_on(name, all_types))
                    .collect();
                Some(import(
                    &export.source,
                    ImportKind::ReExport,
                    all_types,
                    names,
                ))
            }
            Statement::ExportAllDeclaration(export) => {
                let local = export
                    .exported
                    .as_ref()
                    .map_or_else(|| String::from("*"), text_of);
                let name = ImportedName {
                    imported: String::from("*"),
                    local,
                    type_only: export.export_kind.is_type(),
                    used: true,
                    eager: false,
                    start: export.span.start as usize,
                };
                Some(import(
                    &export.source,
                    ImportKind::ReExport,
                    name.type_only,
                    vec![name],
                ))
            }
            _ => None,
        })
        .collect()
}

/// An import of a text, without names of its own or with those it binds.
pub(super) fn import(
    source: &StringLiteral<'_>,
    kind: ImportKind,
    type_only: bool,
    names: Vec<ImportedName>,
) -> Import {
    let all_types = !names.is_empty() && names.iter().all(|name| name.type_only);
    Import {
        from: source.value.to_string(),
        kind,
        type_only: type_only || all_types,
        names,
        start: source.span.start as usize + 1,
        end: (source.span.end as usize).saturating_sub(1),
    }
}

fn declared(
    declaration: &ImportDeclaration<'_>,
    scoping: &Scoping,
    eager: &HashSet<SymbolId>,
) -> Import {
    let all_types = declaration.import_kind.is_type();
    let Some(specifiers) = &declaration.specifiers else {
        return import(
            &declaration.source,
            ImportKind::SideEffect,
            all_types,
            Vec::new(),
        );
    };
    let names = specifiers
        .iter()
        .map(|specifier| {
            let local = specifier.local();
            let (imported, type_only, start) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(named) => (
                    text_of(&named.imported),
                    named.import_kind.is_type(),
                    named.imported.span().start,
                ),
                ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => {
                    (String::from("default"), false, local.span.start)
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(all) => {
                    (String::from("*"), false, all.span.start)
                }
            };
            ImportedName {
                imported,
                local: local.name.to_string(),
                type_only: type_only || all_types,
                used: local
                    .symbol_id
                    .get()
                    .is_some_and(|symbol| is_used_as_value(symbol, scoping)),
                eager: local
                    .symbol_id
                    .get()
                    .is_some_and(|symbol| eager.contains(&symbol)),
                start: start as usize,
            }
        })
        .collect();
    import(&declaration.source, ImportKind::Static, all_types, names)
}

/// `import x = require("x")`.
fn required(declaration: &TSImportEqualsDeclaration<'_>, scoping: &Scoping) -> Option<Import> {
    let TSModuleReference::ExternalModuleReference(reference) = &declaration.module_reference
    else {
        return None;
    };
    let local = &declaration.id;
    let name = ImportedName {
        imported: String::from("default"),
        local: local.name.to_string(),
        type_only: declaration.import_kind.is_type(),
        used: local
            .symbol_id
            .get()
            .is_some_and(|symbol| is_used_as_value(symbol, scoping)),
        eager: false,
        start: local.span.start as usize,
    };
    Some(import(
        &reference.expression,
        ImportKind::Static,
        name.type_only,
        vec![name],
    ))
}

fn passed_on(specifier: &ExportSpecifier<'_>, all_types: bool) -> ImportedName {
    ImportedName {
        imported: text_of(&specifier.local),
        local: text_of(&specifier.exported),
        type_only: all_types || specifier.export_kind.is_type(),
        used: true,
        eager: false,
        start: specifier.local.span().start as usize,
    }
}

fn is_used_as_value(symbol: SymbolId, scoping: &Scoping) -> bool {
    let mut references = scoping.get_resolved_references(symbol);
    references
        .any(|reference| reference.flags().is_value() && !reference.flags().is_value_as_type())
}

/// One export with how it is written.
struct Entry {
    export: Export,
    /// Whether it stands at a declaration. Of these, several of one name are overloads, or merge, or are found by the
    /// resolver of names.
    declared: bool,
}

/// What is exported, in the order in which it stands, and what is so twice. An overloaded function is one export.
pub(super) fn exports(program: &Program<'_>, scoping: &Scoping) -> (Vec<Export>, Vec<Fault>) {
    let mut entries = Vec::new();
    for statement in &program.body {
        collect(statement, scoping, &mut entries);
    }
    let mut seen: HashMap<(String, bool), (String, bool)> = HashMap::new();
    let mut exports = Vec::new();
    let mut faults = Vec::new();
    for Entry { export, declared } in entries {
        let key = (export.name.clone(), export.type_only);
        match seen.get(&key) {
            Some((local, true)) if declared && *local == export.local => continue,
            Some(_) if export.name != "*" => {
                let name = &export.name;
                faults.push(duplicate(
                    export.start,
                    name,
                    format!("`{name}` is exported twice"),
                ));
            }
            Some(_) => {}
            None => {
                seen.insert(key, (export.local.clone(), declared));
            }
        }
        exports.push(export);
    }
    (exports, faults)
}

fn collect(statement: &Statement<'_>, scoping: &Scoping, entries: &mut Vec<Entry>) {
    let listed = |export| Entry {
        export,
        declared: false,
    };
    match statement {
        Statement::ExportDeclaration(export) => of_declaration(&export.declaration, entries),
        Statement::ExportNamedDeclaration(export) => {
            let all_types = export.export_kind.is_type();
            let names = export
                .specifiers
                .iter()
                .map(|name| named(name, all_types, scoping));
            entries.extend(names.map(listed));
        }
        Statement::ExportFromDeclaration(export) => {
            let all_types = export.export_kind.is_type();
            let names = export.specifiers.iter().map(|name| Export {
                from: Some(export.source.value.to_string()),
                ..named(name, all_types, scoping)
            });
            entries.extend(names.map(listed));
        }
        Statement::ExportAllDeclaration(export) => entries.push(listed(Export {
            name: export
                .exported
                .as_ref()
                .map_or_else(|| String::from("*"), text_of),
            type_only: export.export_kind.is_type(),
            start: export
                .exported
                .as_ref()
                .map_or(export.span.start, |name| name.span().start) as usize,
            from: Some(export.source.value.to_string()),
            local: String::from("*"),
        })),
        Statement::ExportDefaultDeclaration(export) => entries.push(default(export, scoping)),
        Statement::TSExportAssignment(export) => {
            let start = export.span.start as usize;
            entries.push(listed(default_of(&export.expression, start, scoping)));
        }
        _ => {}
    }
}

fn of_declaration(declaration: &Declaration<'_>, entries: &mut Vec<Entry>) {
    let type_only = matches!(
        declaration,
        Declaration::TSTypeAliasDeclaration(_) | Declaration::TSInterfaceDeclaration(_)
    );
    let mut push = |identifier: &BindingIdentifier<'_>| {
        entries.push(Entry {
            export: Export {
                name: identifier.name.to_string(),
                type_only,
                start: identifier.span.start as usize,
                from: None,
                local: identifier.name.to_string(),
            },
            declared: true,
        });
    };
    if let Declaration::VariableDeclaration(variables) = declaration {
        let patterns = variables
            .declarations
            .iter()
            .map(|declarator| &declarator.id);
        patterns
            .flat_map(BindingPattern::get_binding_identifiers)
            .for_each(push);
    } else if let Some(identifier) = declaration.id() {
        push(identifier);
    }
}

fn named(specifier: &ExportSpecifier<'_>, all_types: bool, scoping: &Scoping) -> Export {
    let of_type = match &specifier.local {
        ModuleExportName::IdentifierReference(identifier) => is_type(identifier, scoping),
        _ => false,
    };
    Export {
        name: text_of(&specifier.exported),
        type_only: all_types || specifier.export_kind.is_type() || of_type,
        start: specifier.exported.span().start as usize,
        from: None,
        local: text_of(&specifier.local),
    }
}

fn default(export: &ExportDefaultDeclaration<'_>, scoping: &Scoping) -> Entry {
    let start = export.span.start as usize;
    let (identifier, type_only) = match &export.declaration {
        ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
            (function.id.as_ref(), false)
        }
        ExportDefaultDeclarationKind::ClassDeclaration(class) => (class.id.as_ref(), false),
        ExportDefaultDeclarationKind::TSInterfaceDeclaration(interface) => {
            (Some(&interface.id), true)
        }
        other => {
            let value = other
                .as_expression()
                .map(|value| default_of(value, start, scoping));
            return Entry {
                export: value.unwrap_or_else(|| anonymous(start)),
                declared: false,
            };
        }
    };
    Entry {
        export: Export {
            type_only,
            local: identifier.map_or_else(
                || String::from("default"),
                |identifier| identifier.name.to_string(),
            ),
            ..anonymous(start)
        },
        declared: identifier.is_some(),
    }
}

fn default_of(value: &Expression<'_>, start: usize, scoping: &Scoping) -> Export {
    match value {
        Expression::Identifier(identifier) => Export {
            type_only: is_type(identifier, scoping),
            local: identifier.name.to_string(),
            ..anonymous(start)
        },
        _ => anonymous(start),
    }
}

fn anonymous(start: usize) -> Export {
    Export {
        name: String::from("default"),
        type_only: false,
        start,
        from: None,
        local: String::from("default"),
    }
}

/// Whether a name is known to be only a type here.
fn is_type(identifier: &IdentifierReference<'_>, scoping: &Scoping) -> bool {
    let reference = identifier
        .reference_id
        .get()
        .map(|id| scoping.get_reference(id));
    let symbol = reference.and_then(|reference| reference.symbol_id());
    symbol.is_some_and(|symbol| {
        let flags = scoping.symbol_flags(symbol);
        flags.intersects(SymbolFlags::Type | SymbolFlags::TypeImport)
            && !flags.intersects(SymbolFlags::Value | SymbolFlags::Import)
    })
}

pub(super) fn text_of(name: &ModuleExportName<'_>) -> String {
    name.name().to_string()
}

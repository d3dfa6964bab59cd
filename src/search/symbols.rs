//! Symbol search: what files declare, pass on, import, route to, style and store, by name and kind.

use std::fmt;

use overskill_syntax::{DeclarationKind, Facts};

use super::names::{Likeness, likeness};

/// A file with what a parser says of it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Where it is.
    pub path: &'a str,
    /// What it says.
    pub content: &'a str,
    /// What that means.
    pub facts: &'a Facts,
}

/// What a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SymbolKind {
    /// A component.
    Component,
    /// A hook.
    Hook,
    /// Any other function.
    Function,
    /// A class that is no component.
    Class,
    /// A type, interface, enum or namespace.
    Type,
    /// Any other value.
    Variable,
    /// A route; its name is its path.
    Route,
    /// A class or custom property of a style sheet.
    Style,
    /// A table that is named.
    Table,
    /// A name that others can import. Those of declarations are found as these too.
    Export,
    /// A name that is imported, or the module it comes from.
    Import,
}

/// Something with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// Of an import or an export that is passed on, where it comes from; of a route, the element that it shows.
    pub from: Option<String>,
    /// How its name is like the one that was looked for.
    pub likeness: Likeness,
}

impl fmt::Display for SymbolKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Component => "component",
            Self::Hook => "hook",
            Self::Function => "function",
            Self::Class => "class",
            Self::Type => "type",
            Self::Variable => "value",
            Self::Route => "route",
            Self::Style => "style",
            Self::Table => "table",
            Self::Export => "export",
            Self::Import => "import",
        })
    }
}

impl From<DeclarationKind> for SymbolKind {
    fn from(kind: DeclarationKind) -> Self {
        match kind {
            DeclarationKind::Component => Self::Component,
            DeclarationKind::Hook => Self::Hook,
            DeclarationKind::Function => Self::Function,
            DeclarationKind::Class => Self::Class,
            DeclarationKind::Variable => Self::Variable,
            DeclarationKind::Type
            | DeclarationKind::Interface
            | DeclarationKind::Enum
            | DeclarationKind::Namespace => Self::Type,
        }
    }
}

impl fmt::Display for Symbol {
    /// `defined in src/a.tsx:3 (component RecordCard)`, and alike for what is not a definition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            kind,
            path,
            line,
            from,
            ..
        } = self;
        let verb = match kind {
            SymbolKind::Import => "imported in",
            SymbolKind::Export => "exported from",
            SymbolKind::Table => "used in",
            _ => "defined in",
        };
        write!(f, "{verb} {path}:{line} ({kind} {name}")?;
        match (kind, from) {
            (SymbolKind::Route, Some(element)) => write!(f, " shows {element})"),
            (_, Some(from)) => write!(f, " of {from})"),
            (_, None) => f.write_str(")"),
        }
    }
}

/// Whether a query is a plain name, such as a symbol has: letters, digits, `_`, `$` and `-`, from a letter on.
#[must_use]
pub fn is_name(query: &str) -> bool {
    query.len() > 1
        && query.starts_with(|sign: char| sign.is_alphabetic() || sign == '_' || sign == '$')
        && query
            .chars()
            .all(|sign| sign.is_alphanumeric() || matches!(sign, '_' | '$' | '-'))
}

/// The symbols of a name, the likest first, then by kind, path and line. Without kinds, all are looked at; exports that
/// are declared in the same file are then found as their declarations alone.
#[must_use]
pub fn find(wanted: &str, kinds: &[SymbolKind], sources: &[Source<'_>]) -> Vec<Symbol> {
    let mut found: Vec<Symbol> = sources
        .iter()
        .flat_map(symbols)
        .filter(|(symbol, declared)| match kinds {
            [] => !(symbol.kind == SymbolKind::Export && *declared),
            kinds => kinds.contains(&symbol.kind),
        })
        .filter_map(|(symbol, _)| {
            let module = symbol
                .from
                .as_deref()
                .filter(|_| symbol.kind == SymbolKind::Import);
            let by_module = module
                .and_then(|module| likeness(wanted, module))
                .filter(|like| *like < Likeness::Words);
            let likeness = likeness(wanted, &symbol.name)
                .into_iter()
                .chain(by_module)
                .min()?;
            Some(Symbol { likeness, ..symbol })
        })
        .collect();
    sort(&mut found);
    found
}

/// The likest first, then by kind, path and line.
pub(super) fn sort(symbols: &mut [Symbol]) {
    crate::sorted::sort_by(symbols, |one, other| {
        (one.likeness, one.kind, &one.path, one.line).cmp(&(
            other.likeness,
            other.kind,
            &other.path,
            other.line,
        ))
    });
}

/// Every symbol of a file; and of an export, whether it is declared there.
fn symbols(source: &Source<'_>) -> Vec<(Symbol, bool)> {
    let Source {
        path,
        content,
        facts,
    } = source;
    let lines = LineStarts::of(content);
    let symbol = |name: &str, kind, start, from: Option<&String>| Symbol {
        name: name.to_owned(),
        kind,
        path: (*path).to_owned(),
        line: lines.line(start),
        from: from.cloned(),
        likeness: Likeness::Same,
    };
    let mut all = Vec::new();
    for declaration in &facts.declarations {
        all.push((
            symbol(
                &declaration.name,
                declaration.kind.into(),
                declaration.name_start,
                None,
            ),
            false,
        ));
    }
    for route in &facts.routes {
        all.push((
            symbol(
                &route.path,
                SymbolKind::Route,
                route.start,
                route.element.as_ref(),
            ),
            false,
        ));
    }
    for (names, kind) in [
        (&facts.styles, SymbolKind::Style),
        (&facts.tables, SymbolKind::Table),
    ] {
        all.extend(
            names
                .iter()
                .map(|name| (symbol(&name.name, kind, name.start, None), false)),
        );
    }
    for export in &facts.exports {
        let name = if export.name == "default" {
            &export.local
        } else {
            &export.name
        };
        let declared = facts
            .declarations
            .iter()
            .any(|declaration| declaration.name == export.local);
        all.push((
            symbol(name, SymbolKind::Export, export.start, export.from.as_ref()),
            declared,
        ));
    }
    for import in &facts.imports {
        let from = Some(&import.from);
        if import.names.is_empty() {
            all.push((
                symbol(&import.from, SymbolKind::Import, import.start, from),
                false,
            ));
        }
        for name in &import.names {
            let called = if matches!(name.imported.as_str(), "default" | "*") {
                &name.local
            } else {
                &name.imported
            };
            all.push((symbol(called, SymbolKind::Import, name.start, from), false));
        }
    }
    all
}

/// Where lines start, to find the line of a byte.
pub(super) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(super) fn of(content: &str) -> Self {
        Self(content.match_indices('\n').map(|(at, _)| at + 1).collect())
    }

    /// The number of the line in which a byte stands, from 1.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.0.partition_point(|start| *start <= byte) + 1
    }
}

#[cfg(test)]
mod tests;

//! What a parser says of one source file: faults, declarations, imports, exports, members, and what it uses.
//!
//! The facts are plain values, so that everything which compares files (the guard of edits, preflight, symbol search)
//! needs no parser. Offsets are bytes of the content as it is stored, a byte order mark included. Knows one file at a
//! time and nothing of others.

use serde::{Deserialize, Serialize};

pub use language::Language;
#[cfg(feature = "parser")]
pub use native::Native;

#[cfg(all(feature = "parser", target_arch = "wasm32"))]
mod abi;
#[cfg(feature = "parser")]
mod css;
#[cfg(all(feature = "parser", target_arch = "wasm32"))]
mod heap;
#[cfg(feature = "parser")]
mod html;
#[cfg(feature = "parser")]
mod json;
mod language;
#[cfg(feature = "parser")]
mod native;
#[cfg(feature = "parser")]
mod script;

/// Deepest nesting of brackets, elements or types that is parsed.
pub const MAX_DEPTH: usize = 300;
/// Largest file that is parsed, in bytes.
pub const MAX_BYTES: usize = 512 * 1024;

/// Most faults that are told of one file: the first ones.
pub const MAX_FAULTS: usize = 100;

/// What a parser says of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// What is wrong with it, in the order in which it stands. Empty when the file can be parsed. Where the file cannot,
    /// the other lists may be empty.
    pub faults: Vec<Fault>,
    /// What it declares at the top level.
    pub declarations: Vec<Declaration>,
    /// What it imports, statically, dynamically, by re-export, or from CSS and HTML.
    pub imports: Vec<Import>,
    /// What it exports.
    pub exports: Vec<Export>,
    /// Its keyed members, in the order in which they stand: properties of object literals, interfaces, type literals,
    /// classes, enums; keys of JSON; nested rules of CSS.
    pub members: Vec<Member>,
    /// Names that are used and nowhere defined, each at its first place.
    pub unresolved: Vec<Name>,
    /// Routes of react-router that it defines, as objects or as elements.
    pub routes: Vec<Route>,
    /// Places inside the app that it leads to, where they are written as text.
    pub links: Vec<Link>,
    /// Tables that it names: the text in `….from("recipes")` of a database client, or in a hook such as `useRecords("recipes")`.
    pub tables: Vec<Name>,
    /// Class names and custom properties that a style sheet defines.
    pub styles: Vec<Name>,
}

impl Facts {
    /// What there is to say of a file that is left alone, or cannot be read: a message why, as a sentence without its full stop.
    #[must_use]
    pub fn unchecked(message: String) -> Self {
        let fault = Fault {
            start: 0,
            end: 0,
            message,
            help: None,
            kind: FaultKind::Unchecked,
        };
        Self {
            faults: vec![fault],
            ..Self::default()
        }
    }
}

/// Reads files. The same file gives the same facts: they may be kept by path and content.
pub trait Parser {
    /// The facts of a file. Never fails and never takes long: what is too deep, too large or in a language that is not
    /// parsed says so in its faults, or has no facts.
    fn facts(&self, path: &str, content: &str) -> Facts;
}

/// A syntax error, or another error that a compiler finds in one file alone, such as a name declared twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Where it starts.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// What may help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What sort of fault.
    pub kind: FaultKind,
}

/// What sort of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The file cannot be parsed.
    Syntax,
    /// A name is declared, imported or exported twice in one scope.
    Duplicate,
    /// A function or variable is declared again in its own body: no language minds, and nobody means it.
    Shadowed,
    /// An import or export stands inside a body.
    Misplaced,
    /// It is nested too deeply, or too large, to be parsed here. Says nothing of whether it is right.
    Unchecked,
}

/// A declaration at the top level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// Its name; `default` where it has none.
    pub name: String,
    /// What it is.
    pub kind: DeclarationKind,
    /// Where the whole declaration starts, `export` included.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Where its name stands.
    pub name_start: usize,
    /// Whether the file exports it, under whatever name.
    pub exported: bool,
    /// Names of its parameters; for a component, of its props.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// Elements and hooks that its body uses, sorted, each once: `Card`, `button`, `useState`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<String>,
}

/// What a declaration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclarationKind {
    /// A function or class that gives elements, with a capital.
    Component,
    /// A function named `use…`.
    Hook,
    /// Any other function, arrow functions that are bound to a name included.
    Function,
    /// A class.
    Class,
    /// Any other `const`, `let` or `var`.
    Variable,
    /// A type alias.
    Type,
    /// An interface.
    Interface,
    /// An enum.
    Enum,
    /// A namespace or module.
    Namespace,
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// What is imported, as written: `./a`, `@/a`, `react`, `./a.css?inline`.
    pub from: String,
    /// How.
    pub kind: ImportKind,
    /// Whether it is gone once types are stripped: `import type`, or every name is marked so.
    pub type_only: bool,
    /// The names it binds or passes on. Empty for one that has only its effect.
    pub names: Vec<ImportedName>,
    /// Where the text of `from` starts, after its quote.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// How something is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportKind {
    /// `import … from`.
    Static,
    /// `import "…"`.
    SideEffect,
    /// `import("…")`.
    Dynamic,
    /// `export … from`.
    ReExport,
    /// `@import` and `url(…)` of CSS, `src` and `href` of HTML, `new URL("…", import.meta.url)`.
    Asset,
}

/// One name of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedName {
    /// What it is called over there: `default`, `*` for the namespace.
    pub imported: String,
    /// What it is called here.
    pub local: String,
    /// Whether it is marked as a type.
    pub type_only: bool,
    /// Whether anything here uses it as a value: what is only used as a type is gone once types are stripped.
    pub used: bool,
    /// Whether it is used as soon as the file is run, outside of every function.
    #[serde(default)]
    pub eager: bool,
    /// Where it stands.
    pub start: usize,
}

/// One exported name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// What others call it: `default`, or `*` for `export * from`.
    pub name: String,
    /// Whether it is only a type.
    pub type_only: bool,
    /// Where it stands.
    pub start: usize,
    /// Where it comes from, when it is passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is called there or here.
    pub local: String,
}

/// A member with a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its key.
    pub name: String,
    /// Where the key starts.
    pub start: usize,
    /// Where the member ends, its value included.
    pub end: usize,
    /// The member, by index in the list, that it is inside of, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<usize>,
    /// Where the braces that it stands in open: members with the same one are siblings.
    pub container: usize,
}

/// A name at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub start: usize,
    /// Whether it stands as the name of an element.
    #[serde(default)]
    pub element: bool,
}

/// A route that is defined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Its path from the root of what this file defines: `/recipes/:id`, `/` for an index, `/*` for all else.
    pub path: String,
    /// Where its path, or the word `index`, stands.
    pub start: usize,
    /// The element it shows, when it is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
}

/// A place that is led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What is led to, as written; in a template text each expression is a `*`: `/recipes/*`.
    pub to: String,
    /// Where it stands, after its quote.
    pub start: usize,
}

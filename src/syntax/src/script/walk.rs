//! The one walk over a tree, from which everything is gathered that may stand anywhere.

use std::collections::HashSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    BindingIdentifier, BindingPattern, CallExpression, Expression, FormalParameters, Function,
    IdentifierReference, JSXElementName, NewExpression, Program, UnaryOperator, VariableDeclarator,
};
use oxc_ast_visit::Visit;
use oxc_semantic::Scoping;
use oxc_span::GetSpan;
use oxc_syntax::symbol::SymbolId;

use super::faults::{duplicate, misplaced};
use super::members::Members;
use super::routes::Routes;
use super::{globals, links, modules};
use crate::{Fault, FaultKind, Import, ImportKind, Link, Member, Name, Route};

/// What a walk gathers.
#[derive(Default)]
pub(super) struct Found {
    pub(super) faults: Vec<Fault>,
    pub(super) imports: Vec<Import>,
    pub(super) unresolved: Vec<Name>,
    pub(super) members: Vec<Member>,
    pub(super) routes: Vec<Route>,
    pub(super) links: Vec<Link>,
    pub(super) tables: Vec<Name>,
    pub(super) marks: Marks,
    /// What is used outside of every function, so as soon as the file is run.
    pub(super) eager: HashSet<SymbolId>,
}

/// What tells a component, by where it stands.
#[derive(Default)]
pub(super) struct Marks {
    /// Where something gives an element, rising.
    pub(super) elements: Vec<usize>,
    /// Elements and hooks by name, rising.
    pub(super) uses: Vec<(usize, String)>,
}

/// A walk that is under way.
pub(super) struct Walk<'a, 's> {
    source: &'a str,
    scoping: &'s Scoping,
    found: Found,
    members: Members,
    routes: Routes,
    parents: Vec<AstKind<'a>>,
    /// Names that the file asks about with `typeof` before it uses them, or declares for the whole program.
    excused: HashSet<&'a str>,
    /// Functions and classes with a body, by the list of statements that they stand in. In TypeScript the resolver takes
    /// any number of one name for overloads.
    bodies: HashSet<(bool, u32, &'a str)>,
    typed: bool,
    /// How many `declare global` are open.
    global: usize,
    /// How many functions and fields of classes are open: what is in them is run later, or not at all.
    later: usize,
}

impl<'a, 's> Walk<'a, 's> {
    pub(super) fn new(program: &Program<'a>, scoping: &'s Scoping) -> Self {
        Self {
            source: program.source_text,
            bodies: HashSet::new(),
            typed: program.source_type.is_typescript()
                && !program.source_type.is_typescript_definition(),
            scoping,
            found: Found::default(),
            members: Members::default(),
            routes: Routes::default(),
            parents: Vec::new(),
            excused: HashSet::new(),
            global: 0,
            later: 0,
        }
    }

    pub(super) fn finish(self) -> Found {
        let mut found = self.found;
        found.unresolved.sort_by_key(|name| name.start);
        let mut seen = HashSet::new();
        found.unresolved.retain(|name| {
            !self.excused.contains(name.name.as_str()) && seen.insert(name.name.clone())
        });
        found.marks.elements.sort_unstable();
        found.marks.uses.sort();
        found.members = self.members.finish();
        found.routes = self.routes.finish();
        found.links.sort_by_key(|link| link.start);
        found.tables.sort_by_key(|table| table.start);
        found
    }

    /// The node that is `above` levels above the one that is entered.
    fn parent(&self, above: usize) -> Option<AstKind<'a>> {
        let index = self.parents.len().checked_sub(above)?;
        self.parents.get(index).copied()
    }

    fn reference(&mut self, identifier: &IdentifierReference<'a>) {
        let Some(reference) = identifier.reference_id.get() else {
            return;
        };
        let reference = self.scoping.get_reference(reference);
        let flags = reference.flags();
        let runs = flags.is_value() && !flags.is_value_as_type() && self.later == 0;
        if let Some(symbol) = reference.symbol_id().filter(|_| runs)
            && !matches!(self.parent(1), Some(AstKind::ExportSpecifier(_)))
        {
            self.found.eager.insert(symbol);
        }
        if reference.symbol_id().is_some() || !flags.is_value() || flags.is_value_as_type() {
            return;
        }
        let element = match self.parent(1) {
            Some(AstKind::UnaryExpression(unary)) if unary.operator == UnaryOperator::Typeof => {
                self.excused.insert(identifier.name.as_str());
                return;
            }
            Some(AstKind::JSXClosingElement(_)) => return,
            Some(AstKind::JSXOpeningElement(_) | AstKind::JSXMemberExpression(_)) => true,
            _ => false,
        };
        if !globals::is_defined(&identifier.name) {
            self.found.unresolved.push(Name {
                name: identifier.name.to_string(),
                start: identifier.span.start as usize,
                element,
            });
        }
    }

    fn call(&mut self, call: &CallExpression<'a>) {
        self.found.tables.extend(links::table(call));
        let Some(name) = called(&call.callee) else {
            return;
        };
        let start = call.span.start as usize;
        if is_hook(name) {
            self.found.marks.uses.push((start, String::from(name)));
        } else if matches!(name, "createElement" | "cloneElement" | "createPortal") {
            self.found.marks.elements.push(start);
        }
    }

    /// `new URL("…", import.meta.url)`.
    fn asset(&mut self, made: &NewExpression<'a>) {
        let [first, second] = made.arguments.as_slice() else {
            return;
        };
        let (
            Some(Expression::StringLiteral(source)),
            Some(Expression::StaticMemberExpression(base)),
        ) = (first.as_expression(), second.as_expression())
        else {
            return;
        };
        let of_module =
            matches!(base.object, Expression::ImportMeta(_)) && base.property.name == "url";
        if of_module && made.callee.is_specific_id("URL") {
            let import = modules::import(source, ImportKind::Asset, false, Vec::new());
            self.found.imports.push(import);
        }
    }

    /// Parameters of one name: a module is strict.
    fn parameters(&mut self, parameters: &FormalParameters<'a>) {
        let mut seen = HashSet::new();
        let patterns = parameters.items.iter().map(|parameter| &parameter.pattern);
        for identifier in patterns.flat_map(BindingPattern::get_binding_identifiers) {
            let name = identifier.name.as_str();
            if !seen.insert(name) {
                let message = format!("Two parameters are named `{name}`");
                self.found
                    .faults
                    .push(duplicate(identifier.span.start as usize, name, message));
            }
        }
    }

    /// A function or class that is declared, with its body, beside another one of its name.
    fn body(&mut self, name: &BindingIdentifier<'a>) {
        let list = match self.parent(1) {
            Some(AstKind::ExportDeclaration(_) | AstKind::ExportDefaultDeclaration(_)) => {
                self.parent(2)
            }
            other => other,
        };
        let Some(
            list @ (AstKind::Program(_)
            | AstKind::FunctionBody(_)
            | AstKind::BlockStatement(_)
            | AstKind::TSModuleBlock(_)),
        ) = list
        else {
            return;
        };
        let top = matches!(list, AstKind::Program(_));
        if self.typed
            && !self
                .bodies
                .insert((top, list.span().start, name.name.as_str()))
        {
            let message = format!("`{0}` is declared twice, each time with a body", name.name);
            self.found
                .faults
                .push(duplicate(name.span.start as usize, &name.name, message));
        }
    }

    /// A function whose body begins with the same function: a header that was written twice and still balances.
    fn function(&mut self, function: &Function<'a>) {
        if let (Some(name), Some(_), true) =
            (&function.id, &function.body, function.is_declaration())
        {
            self.body(name);
        }
        let (Some(AstKind::FunctionBody(_)), Some(AstKind::Function(outer))) =
            (self.parent(1), self.parent(2))
        else {
            return;
        };
        let (Some(inner), Some(outer)) = (&function.id, &outer.id) else {
            return;
        };
        if function.is_declaration() && inner.name == outer.name {
            self.repeated(&inner.name, inner.span.start as usize);
        }
    }

    /// The same for a function that is bound to a name.
    fn binding(&mut self, declarator: &VariableDeclarator<'a>) {
        let outer = match (self.parent(2), self.parent(3), self.parent(4)) {
            (
                Some(AstKind::FunctionBody(_)),
                Some(AstKind::ArrowFunctionExpression(_) | AstKind::Function(_)),
                Some(AstKind::VariableDeclarator(outer)),
            ) => outer,
            _ => return,
        };
        let names = (&declarator.id, &outer.id);
        let (BindingPattern::BindingIdentifier(inner), BindingPattern::BindingIdentifier(outer)) =
            names
        else {
            return;
        };
        if inner.name == outer.name
            && declarator
                .init
                .as_ref()
                .is_some_and(Expression::is_function)
        {
            self.repeated(&inner.name, inner.span.start as usize);
        }
    }

    fn repeated(&mut self, name: &str, start: usize) {
        let message = format!("`{name}` is declared again in its own body");
        self.found.faults.push(Fault {
            kind: FaultKind::Shadowed,
            ..duplicate(start, name, message)
        });
    }

    fn misplaced(&mut self, kind: AstKind<'a>) {
        let word = match kind {
            AstKind::ImportDeclaration(_) | AstKind::TSImportEqualsDeclaration(_) => "import",
            _ => "export",
        };
        if !matches!(
            self.parent(1),
            Some(AstKind::Program(_) | AstKind::TSModuleBlock(_))
        ) {
            self.found.faults.push(misplaced(kind.span(), word));
        }
    }
}

impl<'a> Visit<'a> for Walk<'a, '_> {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        match kind {
            AstKind::IdentifierReference(identifier) => self.reference(identifier),
            AstKind::BindingIdentifier(identifier) if self.global > 0 => {
                self.excused.insert(identifier.name.as_str());
            }
            AstKind::TSGlobalDeclaration(_) => self.global += 1,
            AstKind::ArrowFunctionExpression(_) | AstKind::PropertyDefinition(_) => self.later += 1,
            AstKind::CallExpression(call) => self.call(call),
            AstKind::NewExpression(made) => self.asset(made),
            AstKind::FormalParameters(parameters) => self.parameters(parameters),
            AstKind::Function(function) => {
                self.later += 1;
                self.function(function);
            }
            AstKind::Class(class) if class.is_declaration() && !class.declare => {
                if let Some(name) = &class.id {
                    self.body(name);
                }
            }
            AstKind::VariableDeclarator(declarator) => self.binding(declarator),
            AstKind::ImportDeclaration(_)
            | AstKind::ExportDeclaration(_)
            | AstKind::ExportNamedDeclaration(_)
            | AstKind::ExportFromDeclaration(_)
            | AstKind::ExportDefaultDeclaration(_)
            | AstKind::ExportAllDeclaration(_)
            | AstKind::TSImportEqualsDeclaration(_)
            | AstKind::TSExportAssignment(_) => self.misplaced(kind),
            AstKind::ImportExpression(import) => {
                if let Expression::StringLiteral(source) = &import.source {
                    let import = modules::import(source, ImportKind::Dynamic, false, Vec::new());
                    self.found.imports.push(import);
                }
            }
            AstKind::TSImportType(import) => {
                let import = modules::import(&import.source, ImportKind::Dynamic, true, Vec::new());
                self.found.imports.push(import);
            }
            AstKind::JSXFragment(fragment) => {
                self.found.marks.elements.push(fragment.span.start as usize)
            }
            AstKind::JSXOpeningElement(opening) => {
                let start = opening.span.start as usize;
                self.found.marks.elements.push(start);
                if let Some(name) = name_of(&opening.name) {
                    self.found.marks.uses.push((start, name));
                }
            }
            _ => {}
        }
        links::of(kind, &mut self.found.links);
        self.members.enter(kind);
        self.routes.enter(kind, self.source);
        self.parents.push(kind);
    }

    fn leave_node(&mut self, kind: AstKind<'a>) {
        self.parents.pop();
        self.members.leave(kind);
        self.routes.leave(kind);
        match kind {
            AstKind::TSGlobalDeclaration(_) => self.global = self.global.saturating_sub(1),
            AstKind::Function(_)
            | AstKind::ArrowFunctionExpression(_)
            | AstKind::PropertyDefinition(_) => self.later = self.later.saturating_sub(1),
            _ => {}
        }
    }
}

/// The name of what is called: `f` of `f()`, of `a.f()` too.
pub(super) fn called<'e>(callee: &'e Expression<'_>) -> Option<&'e str> {
    match callee.get_inner_expression() {
        Expression::Identifier(identifier) => Some(identifier.name.as_str()),
        Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        _ => None,
    }
}

/// Whether a name is that of a hook.
pub(super) fn is_hook(name: &str) -> bool {
    let after = name
        .strip_prefix("use")
        .and_then(|rest| rest.chars().next());
    after.is_some_and(char::is_uppercase)
}

/// The name of an element as it is written: `Card`, `Card.Header`, `svg:path`.
pub(super) fn name_of(name: &JSXElementName<'_>) -> Option<String> {
    match name {
        JSXElementName::Identifier(identifier) => Some(identifier.name.to_string()),
        JSXElementName::IdentifierReference(identifier) => Some(identifier.name.to_string()),
        JSXElementName::NamespacedName(name) => {
            Some(format!("{}:{}", name.namespace.name, name.name.name))
        }
        JSXElementName::MemberExpression(member) => Some(member.to_string()),
        JSXElementName::ThisExpression(_) => None,
    }
}

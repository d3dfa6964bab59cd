//! What is declared at the top level.

use std::collections::{HashMap, HashSet};

use oxc_ast::ast::{
    Argument, BindingIdentifier, BindingPattern, Class, Declaration as Declared,
    ExportDefaultDeclarationKind, Expression, FormalParameters, Function, Program, Statement,
    TSSignature, TSType, TSTypeAnnotation, TSTypeName, VariableDeclaration, VariableDeclarator,
};
use oxc_span::{GetSpan, Span};

use super::text;
use super::walk::{Marks, called, is_hook};
use crate::{Declaration, DeclarationKind, Export};

/// Most parameters that are told of one declaration.
const MAX_PARAMETERS: usize = 100;

/// The declarations of a file. An overloaded function is one.
pub(super) fn of(program: &Program<'_>, marks: &Marks, exports: &[Export]) -> Vec<Declaration> {
    let exported = exports.iter().filter(|export| export.from.is_none());
    let mut list = List {
        types: types(program),
        marks,
        exported: exported.map(|export| export.local.as_str()).collect(),
        declarations: Vec::new(),
    };
    for statement in &program.body {
        let span = statement.span();
        match statement {
            Statement::ExportDeclaration(export) => list.declaration(&export.declaration, span),
            Statement::ExportDefaultDeclaration(export) => list.default(&export.declaration, span),
            other => {
                if let Some(declaration) = other.as_declaration() {
                    list.declaration(declaration, span);
                }
            }
        }
    }
    list.declarations
}

struct List<'p, 'a> {
    /// The keys of the interfaces and type literals that the file declares.
    types: HashMap<&'p str, Vec<&'p TSSignature<'a>>>,
    marks: &'p Marks,
    exported: HashSet<&'p str>,
    declarations: Vec<Declaration>,
}

/// A function in whatever form.
struct Form<'p, 'a> {
    span: Span,
    parameters: &'p FormalParameters<'a>,
    returns: Option<&'p TSTypeAnnotation<'a>>,
}

impl<'p, 'a> List<'p, 'a> {
    fn declaration(&mut self, declaration: &'p Declared<'a>, span: Span) {
        match declaration {
            Declared::VariableDeclaration(variables) => self.variables(variables, span),
            Declared::FunctionDeclaration(function) => self.function(function, span),
            Declared::ClassDeclaration(class) => self.class(class, span),
            _ => {
                let kind = match declaration {
                    Declared::TSTypeAliasDeclaration(_) => DeclarationKind::Type,
                    Declared::TSInterfaceDeclaration(_) => DeclarationKind::Interface,
                    Declared::TSEnumDeclaration(_) => DeclarationKind::Enum,
                    Declared::TSNamespaceDeclaration(_) => DeclarationKind::Namespace,
                    _ => return,
                };
                if let Some(identifier) = declaration.id() {
                    self.push(Some(identifier), kind, span);
                }
            }
        }
    }

    fn default(&mut self, declaration: &'p ExportDefaultDeclarationKind<'a>, span: Span) {
        match declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(function) => {
                self.function(function, span)
            }
            ExportDefaultDeclarationKind::ClassDeclaration(class) => self.class(class, span),
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(interface) => {
                self.push(Some(&interface.id), DeclarationKind::Interface, span);
            }
            other => match other.as_expression() {
                Some(Expression::Identifier(_)) | None => {}
                Some(value) => self.value(None, value, span),
            },
        }
    }

    fn variables(&mut self, variables: &'p VariableDeclaration<'a>, span: Span) {
        for VariableDeclarator { id, init, .. } in &variables.declarations {
            if let (BindingPattern::BindingIdentifier(identifier), Some(value)) = (id, init) {
                self.value(Some(identifier), value, span);
            } else {
                for identifier in id.get_binding_identifiers() {
                    self.push(Some(identifier), DeclarationKind::Variable, span);
                }
            }
        }
    }

    /// What is bound to a name, or to `default`.
    fn value(
        &mut self,
        identifier: Option<&BindingIdentifier<'a>>,
        value: &'p Expression<'a>,
        span: Span,
    ) {
        let inner = value.get_inner_expression();
        let wrapped = match inner {
            Expression::CallExpression(call) => {
                let wraps = called(&call.callee).is_some_and(is_wrapper);
                wraps.then(|| call.arguments.first().and_then(Argument::as_expression))
            }
            _ => None,
        };
        let form = wrapped.map_or_else(|| form(inner), |argument| argument.and_then(form));
        let name = identifier.map(|identifier| identifier.name.as_str());
        let kind = match inner {
            Expression::ClassExpression(class)
                if self.gives_elements(class.span) && is_capital(name) =>
            {
                DeclarationKind::Component
            }
            Expression::ClassExpression(_) => DeclarationKind::Class,
            _ if wrapped.is_some() && is_capital(name) => DeclarationKind::Component,
            _ => match &form {
                Some(form) => self.kind(name, form),
                None => DeclarationKind::Variable,
            },
        };
        let parameters = form
            .map(|form| self.parameters(kind, &form))
            .unwrap_or_default();
        self.push(identifier, kind, span);
        self.complete(parameters, inner.span());
    }

    fn function(&mut self, function: &'p Function<'a>, span: Span) {
        let form = Form {
            span: function.span,
            parameters: &function.params,
            returns: function.return_type.as_deref(),
        };
        let name = function.id.as_ref().map(|id| id.name.as_str());
        let overloaded = self
            .declarations
            .last()
            .is_some_and(|last| Some(last.name.as_str()) == name);
        if overloaded && function.body.is_none() {
            return;
        }
        let kind = self.kind(name, &form);
        let first = if overloaded {
            self.declarations.pop()
        } else {
            None
        };
        let parameters = self.parameters(kind, &form);
        self.push(function.id.as_ref(), kind, span);
        self.complete(parameters, function.span);
        if let (Some(first), Some(last)) = (first, self.declarations.last_mut()) {
            last.start = first.start;
        }
    }

    fn class(&mut self, class: &'p Class<'a>, span: Span) {
        let name = class.id.as_ref().map(|id| id.name.as_str());
        let component = self.gives_elements(class.span) && is_capital(name);
        let kind = if component {
            DeclarationKind::Component
        } else {
            DeclarationKind::Class
        };
        let decorators = class
            .decorators
            .iter()
            .map(|decorator| decorator.span.start);
        let start = decorators.fold(span.start, u32::min);
        self.push(class.id.as_ref(), kind, Span::new(start, span.end));
        self.complete(Vec::new(), class.span);
    }

    fn push(
        &mut self,
        identifier: Option<&BindingIdentifier<'_>>,
        kind: DeclarationKind,
        span: Span,
    ) {
        let name = identifier.map_or("default", |identifier| identifier.name.as_str());
        self.declarations.push(Declaration {
            name: String::from(name),
            kind,
            start: span.start as usize,
            end: span.end as usize,
            name_start: identifier.map_or(span.start, |identifier| identifier.span.start) as usize,
            exported: self.exported.contains(name),
            parameters: Vec::new(),
            uses: Vec::new(),
        });
    }

    /// Says of the last declaration what it takes and uses.
    fn complete(&mut self, parameters: Vec<String>, body: Span) {
        let uses = within(&self.marks.uses, body, |mark| mark.0)
            .iter()
            .map(|(_, name)| name.clone());
        let mut uses: Vec<_> = uses.collect();
        uses.sort();
        uses.dedup();
        if let Some(last) = self.declarations.last_mut() {
            last.parameters = parameters;
            last.parameters.truncate(MAX_PARAMETERS);
            last.uses = uses;
        }
    }

    /// What a function is by its name and what it gives. One without a name is judged by what it gives.
    fn kind(&self, name: Option<&str>, form: &Form<'_, '_>) -> DeclarationKind {
        if name.is_some_and(is_hook) {
            DeclarationKind::Hook
        } else if is_capital(name)
            && (self.gives_elements(form.span) || returns_element(form.returns))
        {
            DeclarationKind::Component
        } else {
            DeclarationKind::Function
        }
    }

    fn gives_elements(&self, span: Span) -> bool {
        !within(&self.marks.elements, span, |start| *start).is_empty()
    }

    fn parameters(&self, kind: DeclarationKind, form: &Form<'_, 'a>) -> Vec<String> {
        let items = form.parameters.items.iter();
        if kind != DeclarationKind::Component {
            let rest = form.parameters.rest.iter().map(|rest| &rest.rest.argument);
            let patterns = items.map(|parameter| &parameter.pattern).chain(rest);
            let names = patterns.flat_map(BindingPattern::get_binding_identifiers);
            return names
                .map(|identifier| identifier.name.to_string())
                .collect();
        }
        let Some(first) = form.parameters.items.first() else {
            return Vec::new();
        };
        match &first.pattern {
            BindingPattern::ObjectPattern(pattern) => {
                let keys = pattern.properties.iter();
                keys.filter_map(|property| text::of_key(&property.key, property.computed))
                    .map(String::from)
                    .collect()
            }
            _ => {
                let annotation = first.type_annotation.as_ref();
                annotation
                    .map(|annotation| self.members(&annotation.type_annotation))
                    .unwrap_or_default()
            }
        }
    }

    /// The members of a type that is written there or declared in the file. One that is declared by way of another one
    /// is not followed, so that there are no circles.
    fn members(&self, of: &TSType<'a>) -> Vec<String> {
        match of {
            TSType::TSTypeLiteral(literal) => keys(literal.members.iter()),
            TSType::TSIntersectionType(all) => all
                .types
                .iter()
                .flat_map(|one| self.members(one))
                .take(MAX_PARAMETERS)
                .collect(),
            TSType::TSTypeReference(reference) => match &reference.type_name {
                TSTypeName::IdentifierReference(identifier) => {
                    let declared = self.types.get(identifier.name.as_str());
                    declared
                        .map(|members| keys(members.iter().copied()))
                        .unwrap_or_default()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}

fn types<'p, 'a>(program: &'p Program<'a>) -> HashMap<&'p str, Vec<&'p TSSignature<'a>>> {
    let mut types: HashMap<_, Vec<_>> = HashMap::new();
    let declared = program.body.iter().filter_map(|statement| match statement {
        Statement::ExportDeclaration(export) => Some(&export.declaration),
        other => other.as_declaration(),
    });
    for declaration in declared {
        match declaration {
            Declared::TSInterfaceDeclaration(interface) => {
                types
                    .entry(interface.id.name.as_str())
                    .or_default()
                    .extend(&interface.body.body);
            }
            Declared::TSTypeAliasDeclaration(alias) => {
                let parts = match &alias.type_annotation {
                    TSType::TSIntersectionType(all) => all.types.as_slice(),
                    one => std::slice::from_ref(one),
                };
                let literals = parts.iter().filter_map(|part| match part {
                    TSType::TSTypeLiteral(literal) => Some(&literal.members),
                    _ => None,
                });
                types
                    .entry(alias.id.name.as_str())
                    .or_default()
                    .extend(literals.flatten());
            }
            _ => {}
        }
    }
    types
}

fn keys<'p, 'a: 'p>(signatures: impl Iterator<Item = &'p TSSignature<'a>>) -> Vec<String> {
    let keys = signatures.filter_map(|signature| match signature {
        TSSignature::TSPropertySignature(property) => {
            text::of_key(&property.key, property.computed)
        }
        TSSignature::TSMethodSignature(method) => text::of_key(&method.key, method.computed),
        _ => None,
    });
    keys.take(MAX_PARAMETERS).map(String::from).collect()
}

fn form<'p, 'a>(value: &'p Expression<'a>) -> Option<Form<'p, 'a>> {
    match value.get_inner_expression() {
        Expression::ArrowFunctionExpression(arrow) => Some(Form {
            span: arrow.span,
            parameters: &arrow.params,
            returns: arrow.return_type.as_deref(),
        }),
        Expression::FunctionExpression(function) => Some(Form {
            span: function.span,
            parameters: &function.params,
            returns: function.return_type.as_deref(),
        }),
        _ => None,
    }
}

fn returns_element(annotation: Option<&TSTypeAnnotation<'_>>) -> bool {
    let Some(TSType::TSTypeReference(reference)) =
        annotation.map(|annotation| &annotation.type_annotation)
    else {
        return false;
    };
    let name = match &reference.type_name {
        TSTypeName::IdentifierReference(identifier) => identifier.name.as_str(),
        TSTypeName::QualifiedName(qualified) => qualified.right.name.as_str(),
        TSTypeName::ThisExpression(_) => return false,
    };
    matches!(name, "Element" | "ReactElement" | "ReactNode")
}

/// What makes a component of a component.
fn is_wrapper(name: &str) -> bool {
    matches!(name, "memo" | "forwardRef" | "lazy" | "observer")
}

/// Whether a name begins with a capital. What has no name may be a component.
fn is_capital(name: Option<&str>) -> bool {
    name.is_none_or(|name| name.chars().next().is_some_and(char::is_uppercase))
}

/// The part of a rising list that lies in a span.
fn within<T>(list: &[T], span: Span, place: impl Fn(&T) -> usize) -> &[T] {
    let first = list.partition_point(|one| place(one) < span.start as usize);
    let last = list.partition_point(|one| place(one) < span.end as usize);
    list.get(first..last).unwrap_or_default()
}

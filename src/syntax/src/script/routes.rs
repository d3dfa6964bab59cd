//! Routes of react-router, as objects and as elements.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrayExpression, Expression, JSXAttributeItem, JSXAttributeValue, JSXChild, JSXElement,
    JSXElementName, ObjectExpression, ObjectPropertyKind,
};
use oxc_span::{GetSpan, Span};

use super::text;
use super::walk::{called, name_of};
use crate::Route;

/// Longest path that is told.
const MAX_PATH: usize = 1000;

/// Routes as they are met.
#[derive(Default)]
pub(super) struct Routes {
    list: Vec<Route>,
    /// Where the last objects end that were read as routes, children included.
    read: u32,
    /// The paths of the `<Route>` elements that are open; nothing where a path is not written as text.
    open: Vec<Option<String>>,
}

/// What is written of one route.
#[derive(Default)]
struct Written {
    /// The path and where it stands.
    path: Option<(String, usize)>,
    /// There is a path, which is not a text.
    computed: bool,
    /// Where the word `index` stands.
    index: Option<usize>,
    element: Option<String>,
}

impl Routes {
    pub(super) fn enter(&mut self, kind: AstKind<'_>, source: &str) {
        match kind {
            AstKind::VariableDeclarator(declarator) => {
                let annotation = declarator
                    .type_annotation
                    .as_ref()
                    .map(|annotation| annotation.span);
                if annotation.is_some_and(|span| names_routes(span, source)) {
                    self.value(declarator.init.as_ref());
                }
            }
            AstKind::TSSatisfiesExpression(satisfies)
                if names_routes(satisfies.type_annotation.span(), source) =>
            {
                self.value(Some(&satisfies.expression));
            }
            AstKind::CallExpression(call) if called(&call.callee).is_some_and(takes_routes) => {
                self.value(
                    call.arguments
                        .first()
                        .and_then(|first| first.as_expression()),
                );
            }
            AstKind::ObjectExpression(object)
                if object.span.start >= self.read && is_route(object) =>
            {
                self.object(object, Some("/"));
            }
            AstKind::JSXElement(element) if is_route_element(element) => {
                let written = written_as_element(element);
                let parent = self.open.last().map_or(Some("/"), Option::as_deref);
                let path = path(&written, parent);
                self.push(written, path.as_deref());
                self.open.push(path);
            }
            _ => {}
        }
    }

    pub(super) fn leave(&mut self, kind: AstKind<'_>) {
        if matches!(kind, AstKind::JSXElement(element) if is_route_element(element)) {
            self.open.pop();
        }
    }

    pub(super) fn finish(self) -> Vec<Route> {
        let mut list = self.list;
        list.sort_by_key(|route| route.start);
        list
    }

    fn value(&mut self, value: Option<&Expression<'_>>) {
        if let Some(Expression::ArrayExpression(array)) =
            value.map(Expression::get_inner_expression)
            && array.span.start >= self.read
        {
            self.array(array, Some("/"));
        }
    }

    fn array(&mut self, array: &ArrayExpression<'_>, parent: Option<&str>) {
        for element in &array.elements {
            if let Some(Expression::ObjectExpression(object)) = element.as_expression() {
                self.object(object, parent);
            }
        }
        self.read = self.read.max(array.span.end);
    }

    /// One route and its children.
    fn object(&mut self, object: &ObjectExpression<'_>, parent: Option<&str>) {
        let (written, children) = written_as_object(object);
        let path = path(&written, parent);
        self.push(written, path.as_deref());
        if let Some(children) = children {
            self.array(children, path.as_deref());
        }
        self.read = self.read.max(object.span.end);
    }

    fn push(&mut self, written: Written, path: Option<&str>) {
        let start = written.path.map(|(_, start)| start).or(written.index);
        if let (Some(start), Some(path)) = (start, path) {
            self.list.push(Route {
                path: String::from(path),
                start,
                element: written.element,
            });
        }
    }
}

/// The path from the root of the definition, unless part of it is not written as text, or it is too long for one.
fn path(written: &Written, parent: Option<&str>) -> Option<String> {
    let path = match &written.path {
        None if written.computed => return None,
        None => return parent.map(String::from),
        Some((path, _)) if path.starts_with('/') => path.clone(),
        Some((path, _)) => {
            let parent = parent?;
            let parent = parent
                .strip_suffix('*')
                .unwrap_or(parent)
                .trim_end_matches('/');
            let path = path.trim_end_matches('/');
            if path.is_empty() && !parent.is_empty() {
                String::from(parent)
            } else {
                format!("{parent}/{path}")
            }
        }
    };
    (path.len() <= MAX_PATH).then_some(path)
}

fn written_as_object<'o, 'a>(
    object: &'o ObjectExpression<'a>,
) -> (Written, Option<&'o ArrayExpression<'a>>) {
    let mut written = Written::default();
    let mut children = None;
    for property in &object.properties {
        let ObjectPropertyKind::ObjectProperty(property) = property else {
            continue;
        };
        let value = property.value.get_inner_expression();
        match text::of_key(&property.key, property.computed).as_deref() {
            Some("path") => {
                written.path =
                    text::of_expression(value).map(|(path, start)| (path.into_owned(), start));
                written.computed = written.path.is_none();
            }
            Some("index") => written.index = Some(property.key.span().start as usize),
            Some("element" | "Component") => written.element = shown(value),
            Some("children") => {
                children = match value {
                    Expression::ArrayExpression(array) => Some(&**array),
                    _ => None,
                }
            }
            _ => {}
        }
    }
    (written, children)
}

fn written_as_element(element: &JSXElement<'_>) -> Written {
    let mut written = Written::default();
    for item in &element.opening_element.attributes {
        let JSXAttributeItem::Attribute(attribute) = item else {
            continue;
        };
        let value = match &attribute.value {
            Some(JSXAttributeValue::ExpressionContainer(container)) => {
                container.expression.as_expression()
            }
            _ => None,
        };
        let name = attribute
            .name
            .as_identifier()
            .map(|name| name.name.as_str());
        match name {
            Some("path") => {
                written.path = match &attribute.value {
                    Some(JSXAttributeValue::StringLiteral(literal)) => {
                        Some((literal.value.to_string(), literal.span.start as usize + 1))
                    }
                    _ => value
                        .and_then(text::of_expression)
                        .map(|(path, start)| (path.into_owned(), start)),
                };
                written.computed = written.path.is_none();
            }
            Some("index") => written.index = Some(attribute.span.start as usize),
            Some("element" | "Component") => written.element = value.and_then(shown),
            _ => {}
        }
    }
    written
}

/// The element that is shown: the innermost of those that only wrap another one, such as a guard around a page.
fn shown(value: &Expression<'_>) -> Option<String> {
    let mut element = match value.get_inner_expression() {
        Expression::Identifier(identifier) => return Some(identifier.name.to_string()),
        Expression::JSXElement(element) => &**element,
        _ => return None,
    };
    while let Some(inner) = only_child(element) {
        element = inner;
    }
    name_of(&element.opening_element.name)
}

fn only_child<'o, 'a>(element: &'o JSXElement<'a>) -> Option<&'o JSXElement<'a>> {
    let mut children = element.children.iter().filter(|child| match child {
        JSXChild::Text(text) => !text.value.trim().is_empty(),
        _ => true,
    });
    let (Some(JSXChild::Element(child)), None) = (children.next(), children.next()) else {
        return None;
    };
    let name = name_of(&child.opening_element.name)?;
    (name != "Outlet" && name.starts_with(char::is_uppercase)).then_some(&**child)
}

/// Whether an object is a route by its shape.
fn is_route(object: &ObjectExpression<'_>) -> bool {
    let mut place = false;
    let mut content = false;
    for property in &object.properties {
        let ObjectPropertyKind::ObjectProperty(property) = property else {
            continue;
        };
        let value = property.value.get_inner_expression();
        match text::of_key(&property.key, property.computed).as_deref() {
            Some("path") => place |= text::of_expression(value).is_some(),
            Some("index") => place |= matches!(value, Expression::BooleanLiteral(yes) if yes.value),
            Some("element" | "Component" | "lazy") => content = true,
            Some("children") => content |= matches!(value, Expression::ArrayExpression(_)),
            _ => {}
        }
    }
    place && content
}

fn is_route_element(element: &JSXElement<'_>) -> bool {
    matches!(&element.opening_element.name, JSXElementName::IdentifierReference(name) if name.name == "Route")
}

fn names_routes(span: Span, source: &str) -> bool {
    span.source_text(source).contains("RouteObject")
}

fn takes_routes(name: &str) -> bool {
    matches!(
        name,
        "createBrowserRouter" | "createHashRouter" | "createMemoryRouter" | "useRoutes"
    )
}

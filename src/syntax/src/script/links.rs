//! Places inside the app that are led to, and tables that are read.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    CallExpression, Expression, JSXAttributeItem, JSXAttributeName, JSXAttributeValue,
    JSXElementName, JSXOpeningElement, StringLiteral,
};

use super::text;
use super::walk::called;
use crate::{Link, Name};

/// What has a `from` of its own that takes a text and names no table.
const OTHERS: &[&str] = &[
    "Array",
    "BigInt64Array",
    "BigUint64Array",
    "Buffer",
    "Float16Array",
    "Float32Array",
    "Float64Array",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Iterator",
    "Object",
    "Observable",
    "Readable",
    "Temporal",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
];

/// The links of a node.
pub(super) fn of(kind: AstKind<'_>, links: &mut Vec<Link>) {
    match kind {
        AstKind::JSXOpeningElement(opening) => of_element(opening, links),
        AstKind::CallExpression(call)
            if matches!(called(&call.callee), Some("navigate" | "redirect")) =>
        {
            if let Some((to, start, _)) = text::of_first(&call.arguments) {
                push(&to, start, links);
            }
        }
        AstKind::ObjectProperty(property) if property.key.is_specific_static_name("to") => {
            of_value(&property.value, links);
        }
        _ => {}
    }
}

fn of_element(opening: &JSXOpeningElement<'_>, links: &mut Vec<Link>) {
    let anchor = matches!(&opening.name, JSXElementName::Identifier(name) if name.name == "a");
    for item in &opening.attributes {
        let JSXAttributeItem::Attribute(attribute) = item else {
            continue;
        };
        let JSXAttributeName::Identifier(name) = &attribute.name else {
            continue;
        };
        if name.name != "to" && !(anchor && name.name == "href") {
            continue;
        }
        match &attribute.value {
            Some(JSXAttributeValue::StringLiteral(literal)) => {
                push(&literal.value, literal.span.start as usize + 1, links);
            }
            Some(JSXAttributeValue::ExpressionContainer(container)) => {
                if let Some(value) = container.expression.as_expression() {
                    of_value(value, links);
                }
            }
            _ => {}
        }
    }
}

/// A text, or the two of a condition.
fn of_value(value: &Expression<'_>, links: &mut Vec<Link>) {
    let sides = match value.get_inner_expression() {
        Expression::ConditionalExpression(either) => {
            [Some(&either.consequent), Some(&either.alternate)]
        }
        _ => [Some(value), None],
    };
    for side in sides.into_iter().flatten() {
        if let Some((to, start)) = text::of_expression(side) {
            push(&to, start, links);
        }
    }
}

fn push(to: &str, start: usize, links: &mut Vec<Link>) {
    if to.starts_with('/') && !to.starts_with("//") {
        links.push(Link {
            to: String::from(to),
            start,
        });
    }
}

/// The foundation's hooks that read a table.
const HOOKS: [&str; 3] = ["useRecord", "useRecordCount", "useRecords"];

/// The table that a call names: `client.from("recipes")`, `useRecords("recipes")`. The buckets of a storage are none.
pub(super) fn table(call: &CallExpression<'_>) -> Option<Name> {
    if let Expression::Identifier(hook) = call.callee.get_inner_expression() {
        return match call.arguments.first()?.as_expression()? {
            Expression::StringLiteral(literal) if HOOKS.contains(&hook.name.as_str()) => {
                Some(named(literal))
            }
            _ => None,
        };
    }
    let Expression::StaticMemberExpression(member) = call.callee.get_inner_expression() else {
        return None;
    };
    if member.property.name != "from" || called(&member.object) == Some("storage") {
        return None;
    }
    let [argument] = call.arguments.as_slice() else {
        return None;
    };
    let Some(Expression::StringLiteral(literal)) = argument.as_expression() else {
        return None;
    };
    if root(&member.object).is_some_and(|name| OTHERS.contains(&name)) {
        return None;
    }
    Some(named(literal))
}

fn named(literal: &StringLiteral<'_>) -> Name {
    Name {
        name: literal.value.to_string(),
        start: literal.span.start as usize + 1,
        element: false,
    }
}

/// The name that a chain of members and calls begins with.
fn root<'e>(of: &'e Expression<'_>) -> Option<&'e str> {
    let mut expression = of.get_inner_expression();
    loop {
        expression = match expression {
            Expression::Identifier(identifier) => return Some(identifier.name.as_str()),
            Expression::StaticMemberExpression(member) => member.object.get_inner_expression(),
            Expression::ComputedMemberExpression(member) => member.object.get_inner_expression(),
            Expression::CallExpression(call) => call.callee.get_inner_expression(),
            Expression::AwaitExpression(waited) => waited.argument.get_inner_expression(),
            _ => return None,
        };
    }
}

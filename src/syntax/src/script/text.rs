//! Texts that stand in code.

use std::borrow::Cow;

use oxc_ast::ast::{Argument, Expression, PropertyKey};

/// A text and where it starts, after its quote. In a template each expression is a `*`.
pub(super) fn of_expression<'a>(expression: &Expression<'a>) -> Option<(Cow<'a, str>, usize)> {
    match expression.get_inner_expression() {
        Expression::StringLiteral(literal) => {
            Some((literal.value.into(), literal.span.start as usize + 1))
        }
        Expression::TemplateLiteral(template) => {
            let quasis = template.quasis.iter().map(|quasi| quasi.value.raw.as_str());
            let text = quasis.collect::<Vec<_>>().join("*");
            Some((Cow::Owned(text), template.span.start as usize + 1))
        }
        _ => None,
    }
}

/// The text that is the first argument, and whether it is the only one.
pub(super) fn of_first<'a>(arguments: &[Argument<'a>]) -> Option<(Cow<'a, str>, usize, bool)> {
    let (first, others) = arguments.split_first()?;
    let (text, start) = of_expression(first.as_expression()?)?;
    Some((text, start, others.is_empty()))
}

/// The name of a key that is written as a name, a text or a number.
pub(super) fn of_key<'a>(key: &PropertyKey<'a>, computed: bool) -> Option<Cow<'a, str>> {
    match key {
        PropertyKey::StaticIdentifier(name) => Some(Cow::Borrowed(name.name.as_str())),
        PropertyKey::PrivateIdentifier(name) => Some(Cow::Owned(format!("#{}", name.name))),
        PropertyKey::StringLiteral(literal) if !computed => {
            Some(Cow::Borrowed(literal.value.as_str()))
        }
        PropertyKey::NumericLiteral(literal) if !computed => Some(literal.raw.map_or_else(
            || Cow::Owned(literal.value.to_string()),
            |raw| Cow::Borrowed(raw.as_str()),
        )),
        _ => None,
    }
}

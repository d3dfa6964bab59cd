//! Members with a key, and what they are inside of.

use oxc_ast::AstKind;
use oxc_ast::ast::{PropertyKey, TSEnumMemberName};
use oxc_span::{GetSpan, Span};

use super::text;
use crate::Member;

/// Members as they are met.
#[derive(Default)]
pub(super) struct Members {
    list: Vec<Member>,
    /// For each member that is open, the nearest one with a key.
    open: Vec<Option<usize>>,
    /// Where the braces that are open opened.
    containers: Vec<usize>,
}

impl Members {
    pub(super) fn enter(&mut self, kind: AstKind<'_>) {
        if is_container(kind) {
            self.containers.push(kind.span().start as usize);
        }
        match kind {
            AstKind::ObjectProperty(one) => self.keyed(&one.key, one.computed, one.span),
            AstKind::TSPropertySignature(one) => self.keyed(&one.key, one.computed, one.span),
            AstKind::TSMethodSignature(one) => self.keyed(&one.key, one.computed, one.span),
            AstKind::PropertyDefinition(one) => self.keyed(&one.key, one.computed, one.span),
            AstKind::AccessorProperty(one) => self.keyed(&one.key, one.computed, one.span),
            AstKind::MethodDefinition(one) => self.keyed(&one.key, one.computed, one.span),
            AstKind::TSEnumMember(one) => {
                let name = match &one.id {
                    TSEnumMemberName::Identifier(name) => Some(name.name.to_string()),
                    TSEnumMemberName::String(literal) => Some(literal.value.to_string()),
                    TSEnumMemberName::ComputedString(_)
                    | TSEnumMemberName::ComputedTemplateString(_) => None,
                };
                self.push(name, one.id.span(), one.span);
            }
            _ => {}
        }
    }

    pub(super) fn leave(&mut self, kind: AstKind<'_>) {
        if is_container(kind) {
            self.containers.pop();
        } else if is_member(kind) {
            self.open.pop();
        }
    }

    /// The members by where they stand. A decorator's come before the key that it decorates.
    pub(super) fn finish(self) -> Vec<Member> {
        let mut list = self.list;
        if list.is_sorted_by_key(|member| member.start) {
            return list;
        }
        let mut order: Vec<usize> = (0..list.len()).collect();
        order.sort_by_key(|index| list.get(*index).map(|member| member.start));
        let mut places = vec![0; list.len()];
        for (place, index) in order.iter().enumerate() {
            if let Some(slot) = places.get_mut(*index) {
                *slot = place;
            }
        }
        // What decorates a member stands before its key, and is inside of what the member is inside of.
        let outside: Vec<_> = list
            .iter()
            .map(|member| self::outside(&list, member))
            .collect();
        for (member, parent) in list.iter_mut().zip(outside) {
            member.parent = parent.and_then(|parent| places.get(parent).copied());
        }
        list.sort_by_key(|member| member.start);
        list
    }

    fn keyed(&mut self, key: &PropertyKey<'_>, computed: bool, span: Span) {
        self.push(
            text::of_key(key, computed).map(String::from),
            key.span(),
            span,
        );
    }

    fn push(&mut self, name: Option<String>, key: Span, span: Span) {
        let parent = self.open.last().copied().flatten();
        let Some(name) = name else {
            self.open.push(parent);
            return;
        };
        self.open.push(Some(self.list.len()));
        self.list.push(Member {
            name,
            start: key.start as usize,
            end: span.end as usize,
            parent,
            container: self.containers.last().copied().unwrap_or_default(),
        });
    }
}

/// The nearest parent that begins before a member.
fn outside(list: &[Member], member: &Member) -> Option<usize> {
    let mut parent = member.parent;
    while let Some(above) = parent.and_then(|index| list.get(index)) {
        if above.start <= member.start {
            break;
        }
        parent = above.parent;
    }
    parent
}

fn is_container(kind: AstKind<'_>) -> bool {
    matches!(
        kind,
        AstKind::ObjectExpression(_)
            | AstKind::TSInterfaceBody(_)
            | AstKind::TSTypeLiteral(_)
            | AstKind::ClassBody(_)
            | AstKind::TSEnumBody(_)
    )
}

fn is_member(kind: AstKind<'_>) -> bool {
    matches!(
        kind,
        AstKind::ObjectProperty(_)
            | AstKind::TSPropertySignature(_)
            | AstKind::TSMethodSignature(_)
            | AstKind::PropertyDefinition(_)
            | AstKind::AccessorProperty(_)
            | AstKind::MethodDefinition(_)
            | AstKind::TSEnumMember(_)
    )
}

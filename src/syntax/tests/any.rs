//! Whatever a file holds: no panic, no failure of a parser, and every place lies in it.
#![cfg(feature = "parser")]

use overskill_syntax::{Facts, FaultKind, Native, Parser};
use proptest::prelude::*;

const PATHS: &[&str] = &[
    "a.tsx",
    "a.ts",
    "a.jsx",
    "a.js",
    "a.cjs",
    "a.d.ts",
    "a.css",
    "a.json",
    "tsconfig.json",
    "a.html",
];

/// Code as it is written, to be mutilated.
const SAMPLES: &[&str] = &[
    "import React, { useState, type FC } from \"react\";\nexport interface Props { title: string; on?(): void }\n\
     export const Card: FC<Props> = ({ title, on: press = () => {} }) => {\n  const [é, set] = useState<number | null>(null);\n\
       return <><h1 className={`a ${title}`} onClick={() => set(é! + 1)}>{title} — it's</h1><Link to={`/x/${é}`} /></>;\n};\n",
    "enum E { A = 1 << 2, B }\nabstract class A<T extends object> extends B implements C { @d() private x?: T; #y = /[/]\\//g;\n\
       get z() { return this.#y.test(`${this.x ?? \"🦀\"}`) } static { label: for (;;) break label } }\nexport default A;\n",
    "const routes: RouteObject[] = [{ path: \"/\", element: <L />, children: [{ index: true, lazy: () => import(\"./x\") }] }];\n\
     export { routes as r }; supabase.from(\"recipes\").select(); type Q = A extends infer B ? B[\"c\"] : never;\n",
    "@import \"tailwindcss\" theme(static);\n@theme { --color-é: oklch(1 0 0 / 50%) }\n.a\\:b, .c > [d=\"}\"] { &:hover { e: url(./f.png); \
     content: '\\'' } /* 🦀 */ @apply g; }\n",
    "{\n  \"é\": [1, -2.5e3, true, null, {\"b\": \"\\u00e9\\n🦀\"}],\n  \"c\": {}\n}\n",
    "<!doctype html>\n<html lang=en><head><title>é</title><link rel=\"stylesheet\" href='/a.css'></head>\n<body><p>a<p>b<svg><g/></svg>\
     <!-- 🦀 --><script type=\"module\" src=\"/src/main.tsx\"></script></body></html>\n",
];

fn check(path: &str, content: &str) -> Result<(), TestCaseError> {
    let facts = Native.facts(path, content);
    for fault in &facts.faults {
        prop_assert!(!fault.message.contains("failed"), "{path}: {content:?}");
        prop_assert!(
            fault.kind != FaultKind::Unchecked || content.len() > 300,
            "{path}: {content:?}"
        );
    }
    for (place, what) in places(&facts) {
        prop_assert!(
            content.is_char_boundary(place),
            "{path}: {what} at {place} of {content:?}"
        );
    }
    let spans = facts.faults.iter().map(|one| (one.start, one.end));
    let spans = spans.chain(facts.members.iter().map(|one| (one.start, one.end)));
    for (start, end) in spans.chain(facts.declarations.iter().map(|one| (one.start, one.end))) {
        prop_assert!(start <= end, "{path}: {start} to {end} of {content:?}");
    }
    for (index, member) in facts.members.iter().enumerate() {
        prop_assert!(
            member.parent.is_none_or(|parent| parent < index),
            "{path}: {content:?}"
        );
        prop_assert!(member.container <= member.start);
    }
    prop_assert!(facts.faults.is_sorted_by_key(|fault| fault.start));
    prop_assert!(facts.members.is_sorted_by_key(|member| member.start));
    prop_assert_eq!(facts, Native.facts(path, content));
    Ok(())
}

fn places(facts: &Facts) -> Vec<(usize, &'static str)> {
    let mut places = Vec::new();
    places.extend(
        facts
            .faults
            .iter()
            .flat_map(|one| [(one.start, "fault"), (one.end, "fault's end")]),
    );
    let declarations = facts.declarations.iter();
    places.extend(declarations.flat_map(|one| {
        [
            (one.start, "declaration"),
            (one.end, "its end"),
            (one.name_start, "its name"),
        ]
    }));
    places.extend(
        facts
            .imports
            .iter()
            .flat_map(|one| [(one.start, "import"), (one.end, "import's end")]),
    );
    places.extend(
        facts
            .imports
            .iter()
            .flat_map(|one| &one.names)
            .map(|one| (one.start, "imported name")),
    );
    places.extend(facts.exports.iter().map(|one| (one.start, "export")));
    let members = facts.members.iter();
    places.extend(members.flat_map(|one| {
        [
            (one.start, "member"),
            (one.end, "member's end"),
            (one.container, "container"),
        ]
    }));
    places.extend(facts.routes.iter().map(|one| (one.start, "route")));
    places.extend(facts.links.iter().map(|one| (one.start, "link")));
    let names = [&facts.unresolved, &facts.tables, &facts.styles];
    places.extend(names.into_iter().flatten().map(|one| (one.start, "name")));
    places
}

/// Cuts, doubles, or replaces parts of a text.
fn mutilated() -> impl Strategy<Value = String> {
    let change = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0..4_usize,
        "[(){}\\[\\]<>`'\"/*;:,.=!?a-z\\\\🦀 \n]{0,3}",
    );
    let text = (
        prop::sample::select(SAMPLES),
        prop::collection::vec(change, 1..5),
    );
    (text, any::<bool>()).prop_map(|((sample, changes), mark)| {
        let mut text = String::from(sample);
        for (one, other, what, put) in changes {
            let one = text.floor_char_boundary(one.index(text.len() + 1));
            let other = text.floor_char_boundary(other.index(text.len() + 1));
            let (start, end) = (one.min(other), one.max(other));
            let part = text[start..end].to_owned();
            match what {
                0 => text.replace_range(start..end, ""),
                1 => text.insert_str(end, &part),
                2 => text.truncate(end),
                _ => text.insert_str(start, &put),
            }
        }
        if mark {
            text.insert(0, '\u{feff}');
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_survived(text in any::<String>(), path in prop::sample::select(PATHS)) {
        check(path, &text)?;
    }

    #[test]
    fn any_tokens_are_survived(
        tokens in prop::collection::vec(prop::sample::select(&[
            "(", ")", "{", "}", "[", "]", "<", ">", "</", "/>", "=>", "=", "`", "${", "'", "\"", "/", "//", "/*", "*/", "<!--",
            "-->", ";", ":", ",", ".", "?", "!", "\\", "\n", " ", "a", "é", "🦀", "1", "import ", "export ", "from ", "function ",
            "class ", "type ", "if", "else ", "@", "#", "--x", "url(", "<a", "<script>", "async ", "new ", "const ", "default ",
            "{}", "()", "\u{feff}", "\u{2028}", "&", "|", "+", "-", "...", "in ", "of ", "await ", "yield ", "as ", "extends ",
        ][..]), 0..40),
        path in prop::sample::select(PATHS),
    ) {
        check(path, &tokens.concat())?;
    }

    #[test]
    fn mutilated_code_is_survived(text in mutilated(), path in prop::sample::select(PATHS)) {
        check(path, &text)?;
    }
}

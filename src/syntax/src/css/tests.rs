use super::facts;

fn messages(text: &str) -> Vec<(usize, String)> {
    facts(text)
        .faults
        .into_iter()
        .map(|fault| (fault.start, fault.message))
        .collect()
}

#[test]
fn what_the_pipeline_takes_has_no_faults() {
    for text in [
        "",
        "@import \"tailwindcss\" theme(static);\n@import url(\"./a.css\") layer(base)",
        "@theme inline { --color-*: initial; --color-a: oklch(1 0 0 / 50%); }",
        "@utility tab-* { tab-size: --value(--tab-size-*); }",
        "@custom-variant dark (&:where(.dark, .dark *));",
        "@source inline(\"{hover:,}bg-red-{50,{100..900..100}}\");\n@plugin \"x\";",
        "@layer base, components;\n@layer base { * { @apply border-border; } }",
        ".a { color: red; &:hover { color: blue } .b & { c: d } @media (width >= 40rem) { e: f; } }",
        ":root { --x: { a: b; c: d }; --y: ; --z:;--json: [1,2,{a:1}] }",
        "a::before { content: \"}\\\"{\"; background: url(data:image/png;base64,iVBO/+==) } ",
        "@media screen { .md\\:w-1\\/2:is(:hover, a) > [data-x=\"}\"] { width: calc(100% - (1px + 2px)) } }",
        "@font-face { font-family: X; src: url( ../x.woff2 ) format('woff2') }",
        "/* a */ .a { /* } */ color: red; /* ; */ }\n<!-- -->",
        ".a { color: red;; }\n@charset \"utf-8\";",
        "@keyframes x { from { a: b } 50.5% { a: c } to { a: d } }",
        ".a { filter: progid:DXImageTransform.Microsoft.gradient(startColorstr='#1', endColorstr='#2'); }",
        ".a { background: URL(\"a.png\") , url(b.png) }\n.b { content: 'a\\\nb' }",
    ] {
        assert_eq!(messages(text), [], "{text}");
    }
}

#[test]
fn what_is_wrong_is_found_where_it_stands() {
    for (text, start, message) in [
        (".a { b: c; } }", 13, "Nothing is open that this `}` closes"),
        (".a { b: c; ", 3, "The `{` is never closed"),
        (".a { b: c(d; }", 9, "The `(` is never closed"),
        (".a { b: c); }", 9, "Nothing is open that this `)` closes"),
        (".a { b: c] }", 9, "Nothing is open that this `]` closes"),
        ("/* .a { }", 0, "The comment is never closed"),
        (".a { b: \"c; }\n", 8, "The text is not closed on its line"),
        (".a { b; }", 5, "A declaration has no `:`"),
        (".a { b: c; d }", 11, "A declaration has no `:`"),
        (".a", 0, "What stands here is never followed by a block"),
        ("@media print;", 0, "`@media` has no block"),
        ("color: red;", 0, "The declaration stands outside of a rule"),
        ("{ a: b }", 0, "The block has no selector"),
        ("// a\n.b { c: d }", 0, "`//` begins no comment in CSS"),
        (
            ".a { b: url(\"x.png; }\n",
            12,
            "The text is not closed on its line",
        ),
    ] {
        let found = messages(text);
        assert!(
            found.contains(&(start, String::from(message))),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn rules_and_declarations_are_members() {
    let text =
        "@layer base {\n .a,\n  .b /* x */ { color: red; &:hover { top: 1px } }\n}\n.c { top: 0 }";
    let members = facts(text).members;
    let told: Vec<_> = members
        .iter()
        .map(|member| {
            (
                member.name.as_str(),
                text.get(member.start..member.end).unwrap(),
                member.parent,
            )
        })
        .collect();
    assert_eq!(told[0].0, "@layer base");
    assert_eq!((told[1].0, told[1].2), (".a, .b", Some(0)));
    assert_eq!(told[2], ("color", "color: red", Some(1)));
    assert_eq!(told[3], ("&:hover", "&:hover { top: 1px }", Some(1)));
    assert_eq!(told[4], ("top", "top: 1px", Some(3)));
    assert_eq!(told[5], (".c", ".c { top: 0 }", None));
    assert_eq!(told[6], ("top", "top: 0", Some(5)));
    assert_eq!(members[2].container, members[3].container);
    assert_eq!(members[2].container, text.find("{ color").unwrap());
}

#[test]
fn classes_properties_and_addresses_are_told() {
    let text = "@import './a.css' layer(x); @import url(b.css);\n@reference \"../app.css\";\n@utility grow-* { a: b }\n\
                .card.md\\:w:is(.x):not([a='.no']) { --brand: url('#id') url(//cdn/x) url(https://x) url(\"./i.png\") }\n\
                @property --angle { syntax: '<angle>' } @theme { --color-*: initial }\
                .b { composes: c d from './d.module.css'; composes: e; composes: f from global }";
    let facts = facts(text);
    let names: Vec<_> = facts.styles.iter().map(|name| name.name.as_str()).collect();
    assert_eq!(
        names,
        ["grow-*", "card", "md:w", "x", "--brand", "--angle", "b"]
    );
    for (name, at) in [("card", ".card"), ("x", "x)"), ("--brand", "--brand")] {
        let found = facts
            .styles
            .iter()
            .find(|style| style.name == name)
            .unwrap();
        assert!(
            text[found.start..].starts_with(at.trim_start_matches('.')),
            "{name}"
        );
    }
    let from: Vec<_> = facts
        .imports
        .iter()
        .map(|import| &text[import.start..import.end])
        .collect();
    assert_eq!(
        from,
        [
            "./a.css",
            "b.css",
            "../app.css",
            "./i.png",
            "./d.module.css"
        ]
    );
    assert_eq!(facts.faults, []);
}

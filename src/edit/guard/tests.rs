use std::ops::Range;

use overskill_syntax::{Native, Parser as _};

use super::*;
use crate::edit::{LineEdit, apply};

/// What edits of these lines, each (first, last, replacement), break.
fn broken(path: &str, content: &str, edits: &[(usize, usize, &str)]) -> Vec<(BreakageKind, usize)> {
    let file: Vec<&str> = content.lines().collect();
    let edits: Vec<LineEdit> = edits
        .iter()
        .map(|(first, last, replacement)| LineEdit {
            search: file[first - 1..*last].join("\n"),
            first_line: *first,
            last_line: *last,
            replacement: (*replacement).to_owned(),
        })
        .collect();
    let applied = apply(content, &edits).unwrap();
    let (before, after) = (
        Native.facts(path, content),
        Native.facts(path, &applied.content),
    );
    let side = |content, facts| Side { content, facts };
    let found = breakages(
        side(content, &before),
        side(&applied.content, &after),
        &applied.changes,
    );
    found
        .iter()
        .map(|breakage| (breakage.kind, breakage.line))
        .collect()
}

#[test]
fn a_syntax_error_that_an_edit_introduces_is_named() {
    let app =
        "export function App() {\n  const items = [\n    1,\n  ]\n  return <p>{items}</p>\n}\n";
    assert_eq!(
        broken("a.tsx", app, &[(4, 4, "")])[0].0,
        BreakageKind::Syntax
    );
    assert_eq!(
        broken("a.tsx", app, &[(6, 6, "}\n}")])[0],
        (BreakageKind::Syntax, 7)
    );
    assert_eq!(
        broken(
            "a.tsx",
            app,
            &[(1, 1, "export function App() {\nexport function App() {")]
        )[0]
        .0,
        BreakageKind::Syntax
    );
    assert_eq!(broken("a.tsx", app, &[(3, 3, "    1, // } ] )")]), []);
    assert_eq!(broken("a.txt", app, &[(6, 6, "")]), []);
}

#[test]
fn a_broken_file_may_be_mended_in_steps() {
    let app = "const a = (1\nconst b = [2\nconst c = 3\n";
    assert_eq!(broken("a.ts", app, &[(1, 1, "const a = (1)")]), []);
    assert_eq!(broken("a.ts", app, &[(2, 2, "const b = [2]")]), []);
    assert_eq!(broken("a.ts", app, &[(3, 3, "const c = {")]), []);
    // But what was whole above the fault is not broken as well.
    let low = "const a = 1\nconst b = 2\nconst c = (3\nconst d = 4\n";
    assert_eq!(
        broken("a.ts", low, &[(1, 1, "const a = = 1")]),
        [(BreakageKind::Syntax, 1)]
    );
}

#[test]
fn what_stands_there_twice_is_named() {
    let code = "import { a } from './a'\nimport './a.css'\nconst one = a\nfunction two() {\n  return one\n}\n";
    for (edit, line) in [
        ((3, 3, "const one = a\nconst one = a"), 4),
        (
            (1, 1, "import { a } from './a'\nimport { a } from './b'"),
            2,
        ),
        ((2, 2, "import './a.css'\nimport './a.css'"), 3),
        ((4, 4, "function two() {\n}\nfunction two() {"), 6),
        ((5, 5, "  function two() {\n    return one\n  }"), 5),
    ] {
        let found = broken("a.ts", code, &[edit]);
        assert_eq!(
            found.first().map(|found| (found.0, found.1)),
            Some((BreakageKind::Duplicate, line)),
            "{edit:?}: {found:?}"
        );
    }
    assert_eq!(
        broken(
            "a.ts",
            code,
            &[(1, 1, "import { a } from './a'\nimport { b } from './a'")]
        ),
        []
    );
    let over = "function f(a: string): void\nfunction f(a: unknown) {}\ninterface I { a: 1 }\n";
    assert_eq!(
        broken(
            "a.ts",
            over,
            &[(
                1,
                1,
                "function f(a: string): void\nfunction f(a: number): void"
            )]
        ),
        []
    );
    assert_eq!(
        broken(
            "a.ts",
            over,
            &[(3, 3, "interface I { a: 1 }\ninterface I { b: 1 }")]
        ),
        []
    );
}

#[test]
fn what_stood_there_twice_before_is_not_the_edits() {
    let twice = "import './a.css'\nimport './a.css'\nconst one = 1\nconst one = 2\nconst two = 2\n";
    assert_eq!(broken("a.ts", twice, &[(5, 5, "const two = 3")]), []);
    let imports = "import './a.css'\nimport './a.css'\nconst two = 2\n";
    assert_eq!(broken("a.ts", imports, &[(3, 3, "const two = 3")]), []);
    assert_eq!(
        broken("a.ts", imports, &[(3, 3, "import './a.css'")]),
        [(BreakageKind::Duplicate, 3)]
    );
    // Of what a parser could not read before, nothing is known.
    let broken_before = "import './a.css'\nimport './a.css'\nconst a = (1\n";
    assert_eq!(
        broken("a.ts", broken_before, &[(3, 3, "const a = (1)")]),
        []
    );
}

#[test]
fn of_a_side_that_was_not_read_nothing_is_said() {
    let facts = |kinds: &[FaultKind]| Facts {
        faults: kinds
            .iter()
            .map(|kind| Fault {
                start: 0,
                end: 1,
                message: "message".to_owned(),
                help: Some("help".to_owned()),
                kind: *kind,
            })
            .collect(),
        ..Facts::default()
    };
    let found = |before: &[FaultKind], after: &[FaultKind]| {
        let (before, after) = (facts(before), facts(after));
        let side = |content, facts| Side { content, facts };
        let change = Change {
            old: 0..1,
            new: 0..1,
        };
        breakages(
            side("a\n", &before),
            side("b\n2\n3\n4\n", &after),
            &[change],
        )
    };
    use FaultKind::{Duplicate, Syntax, Unchecked};
    assert_eq!(found(&[Unchecked], &[Syntax]), []);
    assert_eq!(found(&[], &[Unchecked, Duplicate]), []);
    let [breakage] = found(&[], &[Syntax]).try_into().unwrap();
    assert_eq!(
        breakage.to_string(),
        "line 1: message (help):\n    1\tb\n    2\t2\n    3\t3\n"
    );
}

#[test]
fn places_move_with_what_was_changed_above_them() {
    let change = |old: Range<usize>, new: Range<usize>| Change { old, new };
    // Two bytes come at 3, four become one at 6.
    let changes = [change(3..3, 3..5), change(6..10, 8..9)];
    let places = [0, 2, 3, 5, 6, 9, 10, 20].map(|place| Moves(&changes).after(place));
    assert_eq!(
        places,
        [
            Some(0),
            Some(2),
            Some(5),
            Some(7),
            None,
            None,
            Some(9),
            Some(19)
        ]
    );
}

#[test]
fn a_name_is_said_as_a_word_of_its_own() {
    for text in [
        "client",
        "a client b",
        "clients client",
        "(client)",
        "\u{e4} client.x",
    ] {
        assert!(says(text, "client"), "{text}");
    }
    for text in [
        "",
        "clients",
        "_client",
        "$client",
        "client_",
        "client$",
        "xclient",
        "client\u{e4}",
    ] {
        assert!(!says(text, "client"), "{text}");
    }
}

#[test]
fn an_import_in_a_body_is_named() {
    let code = "import a from './a'\nexport function f() {\n  return a\n}\n";
    let found = broken(
        "a.ts",
        code,
        &[(2, 2, "export function f() {\n  import b from './b'")],
    );
    assert!(
        matches!(
            found.as_slice(),
            [(BreakageKind::Misplaced | BreakageKind::Syntax, 3), ..]
        ),
        "{found:?}"
    );
}

#[test]
fn a_key_that_gets_another_parent_is_named() {
    let code = "export const config = {\n  server: {\n    port: 1,\n  },\n  client: {\n    host: 2,\n  },\n}\n";
    // `client` gets into `server`, and the braces still balance.
    assert_eq!(
        broken("a.ts", code, &[(4, 4, "    x: 1,"), (7, 7, "  },\n  },")]),
        [(BreakageKind::Moved, 5)]
    );
    let types = "interface User {\n  address: {\n    city: string\n  }\n  name: string\n}\n";
    assert_eq!(
        broken(
            "a.ts",
            types,
            &[(4, 4, "    zip: string"), (6, 6, "  }\n}")]
        ),
        [(BreakageKind::Moved, 5)]
    );
    let json = "{\n  \"a\": {\n    \"b\": 1\n  },\n  \"c\": 2\n}\n";
    assert_eq!(
        broken("a.json", json, &[(3, 4, "    \"b\": 1,"), (6, 6, "  }\n}")]),
        [(BreakageKind::Moved, 4)]
    );
    let css = ".a {\n  color: red;\n}\n.b {\n  color: blue;\n}\n";
    assert_eq!(
        broken("a.css", css, &[(3, 3, ""), (6, 6, "}\n}")]),
        [(BreakageKind::Moved, 3)]
    );
}

#[test]
fn what_an_edit_wraps_unwraps_or_names_is_not_named() {
    let code = "export const config = {\n  port: 1,\n  host: 2,\n}\n";
    assert_eq!(
        broken(
            "a.ts",
            code,
            &[
                (1, 1, "export const config = {\n  server: {"),
                (4, 4, "  },\n}")
            ]
        ),
        []
    );
    let nested = "export const config = {\n  server: {\n    port: 1,\n  },\n  client: {\n    host: 2,\n  },\n}\n";
    assert_eq!(broken("a.ts", nested, &[(5, 5, ""), (7, 7, "")]), []);
    // It says the name, so it means it.
    assert_eq!(
        broken(
            "a.ts",
            nested,
            &[(4, 7, "    client: {\n      host: 2,\n    },\n  },")]
        ),
        []
    );
    assert_eq!(
        broken(
            "a.ts",
            nested,
            &[(4, 5, "  },\n  other: {\n    a: 1,\n  },\n  client: {")]
        ),
        []
    );
    let around = |comment| [(4, 4, comment), (7, 7, "  },\n  },")];
    assert_eq!(
        broken("a.ts", nested, &around("    // the client is the server's")),
        []
    );
    assert_eq!(
        broken("a.ts", nested, &around("    // clients")),
        [(BreakageKind::Moved, 5)]
    );
}

#[test]
fn a_key_at_the_level_of_what_is_around_its_braces_is_named() {
    let types = "interface User {\n  address: {\n    city: string\n    zip: string\n  }\n  name: string\n}\n";
    assert_eq!(
        broken("a.ts", types, &[(4, 4, "    zip: string\n  email: string")]),
        [(BreakageKind::Level, 5)]
    );
    assert_eq!(broken("a.ts", types, &[(5, 5, "  }\n  email: string")]), []);
    assert_eq!(
        broken(
            "a.ts",
            types,
            &[(4, 4, "    zip: string\n    email: string")]
        ),
        []
    );
}

#[test]
fn where_the_others_are_indented_no_more_the_level_says_nothing() {
    let types =
        "interface User {\n  address: {\n  city: string\n    zip: string\n  }\n  name: string\n}\n";
    assert_eq!(
        broken("a.ts", types, &[(4, 4, "    zip: string\n  email: string")]),
        []
    );
    let first = "interface User {\n  address: {\n  city: string\n  }\n  name: string\n}\n";
    assert_eq!(
        broken("a.ts", first, &[(3, 3, "  city: string\n  email: string")]),
        []
    );
}

#[test]
fn a_stray_brace_of_a_style_sheet_is_named() {
    let css = ".a {\n  color: red;\n}\n\n.b {\n  color: blue;\n}\n";
    assert_eq!(
        broken("a.css", css, &[(3, 3, "}\n}")]),
        [(BreakageKind::Syntax, 4)]
    );
    assert_eq!(
        broken("a.css", css, &[(3, 3, "")])[0].0,
        BreakageKind::Syntax
    );
    assert_eq!(
        broken("a.css", css, &[(2, 2, "  content: \"}\"; /* } */")]),
        []
    );
}

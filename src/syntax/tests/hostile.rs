//! Content that is made to overflow a stack or to take for ever.
#![cfg(feature = "parser")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use overskill_syntax::{FaultKind, MAX_BYTES, Native, Parser};

/// File, what opens a level, what is innermost, what closes a level.
const LEVELS: &[(&str, &str, &str, &str)] = &[
    ("a.ts", "(", "a", ")"),
    ("a.ts", "[", "a", "]"),
    ("a.ts", "x={a:", "1", "}"),
    ("a.ts", "{", "", "}"),
    ("a.ts", "f(", "a", ")"),
    ("a.ts", "a[", "b", "]"),
    ("a.ts", "`${", "a", "}`"),
    ("a.ts", "function f(){", "", "}"),
    ("a.ts", "class A{b=", "1", "}"),
    ("a.ts", "class A{b(){", "", "}}"),
    ("a.ts", "(a=", "b", ")"),
    ("a.ts", "(a,b=", "c", ")=>d"),
    ("a.ts", "(a?(b):", "c", ")"),
    ("a.ts", "async(", "a", ")"),
    ("a.ts", "({a}=", "b", ")"),
    ("a.ts", "[a=", "b", "]=c"),
    ("a.ts", "if(a){", "", "}else{}"),
    ("a.ts", "try{", "", "}catch{}"),
    ("a.ts", "switch(a){case 1:", "", "}"),
    ("a.ts", "namespace A{", "", "}"),
    ("a.ts", "type A={a:", "b", "}"),
    ("a.ts", "let a:(", "b", ")"),
    ("a.ts", "let a:A<", "b", ">"),
    ("a.ts", "let a:A<B,", "b", ">"),
    ("a.ts", "f<A<", "b", ">"),
    ("a.ts", "<A>(", "b", ")"),
    ("a.ts", "let a:[", "b", "]"),
    ("a.ts", "let a:(b:", "c", ")=>d"),
    ("a.ts", "import(", "a", ")"),
    ("a.tsx", "<a>", "", "</a>"),
    ("a.tsx", "<>", "", "</>"),
    ("a.tsx", "<a b={", "c", "}/>"),
    ("a.tsx", "<a b=", "<i/>", "/>"),
    ("a.tsx", "<a>{b&&", "c", "}</a>"),
    ("a.tsx", "<A b={()=>", "c", "}></A>"),
    ("a.tsx", "<T,>(a=", "c", ")=>b"),
    ("a.jsx", "<a.b>", "", "</a.b>"),
    ("a.css", "a{", "", "}"),
    ("a.css", "a{b:c(", "", ")}"),
    ("a.css", ":is(", "", ")"),
    ("a.css", "[", "", "]"),
    ("a.json", "[", "1", "]"),
    ("a.json", "{\"a\":", "1", "}"),
    ("a.html", "<div>", "", "</div>"),
    ("a.html", "<svg><g>", "", "</g></svg>"),
];

/// File, what comes before, what is joined again and again, what ends it.
const JOINED: &[(&str, &str, &str, &str)] = &[
    ("a.ts", "x=", "!", "a"),
    ("a.ts", "x=", "-", "a"),
    ("a.ts", "x=", "+ +", "a"),
    ("a.ts", "x=", "typeof ", "a"),
    ("a.ts", "x=", "new ", "a"),
    ("a.ts", "x=", "await ", "a"),
    ("a.ts", "x=", "void ", "a"),
    ("a.ts", "x=", "a=>", "a"),
    ("a.ts", "x=", "async a=>", "a"),
    ("a.ts", "x=", "a=", "a"),
    ("a.ts", "x=", "a?b:", "c"),
    ("a.ts", "x=", "a?", "b"),
    ("a.ts", "x=", "a+", "a"),
    ("a.ts", "x=", "a\n+", "a"),
    ("a.ts", "x=", "a&&", "a"),
    ("a.ts", "x=", "a??", "a"),
    ("a.ts", "x=", "a**", "a"),
    ("a.ts", "x=", "a<", "a"),
    ("a.ts", "x=", "a in ", "a"),
    ("a.ts", "x=a", ".b", ""),
    ("a.ts", "x=a", "?.b", ""),
    ("a.ts", "x=a", ".b()", ""),
    ("a.ts", "x=a", "()", ""),
    ("a.ts", "x=a", "[0]", ""),
    ("a.ts", "x=a", "!", ""),
    ("a.ts", "x=a", "``", ""),
    ("a.ts", "x=a", " as b", ""),
    ("a.ts", "x=a", " satisfies b", ""),
    ("a.ts", "x=", "<a>", "b"),
    ("a.ts", "", "if(a)", "b"),
    ("a.ts", "", "for(;;)", "b"),
    ("a.ts", "", "while(a)", "b"),
    ("a.ts", "", "do ", "b"),
    ("a.ts", "", "a:", "b"),
    ("a.ts", "", "if(a)b;else ", "c"),
    ("a.ts", "", "if(a){b}else ", "c"),
    ("a.cjs", "", "with(a)", "b"),
    ("a.ts", "type A=", "keyof ", "b"),
    ("a.ts", "type A=", "readonly ", "b"),
    ("a.ts", "type A=", "()=>", "b"),
    ("a.ts", "type A=", "new()=>", "b"),
    ("a.ts", "type A=", "B extends C?D:", "e"),
    ("a.ts", "type A=", "B extends C?", "e"),
    ("a.ts", "type A=b", "[]", ""),
    ("a.ts", "type A=b", "['c']", ""),
    ("a.ts", "type A=b", ".c", ""),
    ("a.ts", "type A=", "typeof a|", "b"),
    ("a.ts", "namespace a", ".b", "{}"),
    ("a.ts", "x=", "class extends ", "a{}"),
    ("a.ts", "function*f(){x=", "yield ", "a}"),
    ("a.ts", "", "@a ", "class B{}"),
    ("a.ts", "let ", "[a]=", "b"),
    ("a.tsx", "x=<a", ".b", "/>"),
    ("a.tsx", "x=", "<a>", ""),
    ("a.tsx", "x=", "<a>b ", ""),
    ("a.tsx", "x=", "<>b ", ""),
    ("a.tsx", "x=<a b=", "<a b=", "1/>"),
];

fn nested(level: &(&str, &str, &str, &str), depth: usize) -> String {
    let (_, open, inner, close) = level;
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

fn joined(chain: &(&str, &str, &str, &str), times: usize) -> String {
    let (_, before, part, after) = chain;
    format!("{before}{}{after}", part.repeat(times))
}

/// Parses where little stack is left, and within a time that is generous without optimisation.
#[expect(
    clippy::disallowed_methods,
    reason = "the test runs natively and measures"
)]
fn parse(path: &str, text: String) -> Vec<(FaultKind, String)> {
    let path = path.to_owned();
    let begun = Instant::now();
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let facts = thread
        .spawn(move || Native.facts(&path, &text))
        .unwrap()
        .join()
        .unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    facts
        .faults
        .into_iter()
        .map(|fault| (fault.kind, fault.message))
        .collect()
}

fn is_capped(faults: &[(FaultKind, String)]) -> bool {
    matches!(faults, [(FaultKind::Unchecked, message)] if message.ends_with("which is not parsed"))
}

#[test]
fn fifty_thousand_levels_are_not_parsed() {
    for level in LEVELS {
        let times = ((MAX_BYTES - 100) / (level.1.len() + level.3.len())).min(50_000);
        for text in [nested(level, times), level.1.repeat(times)] {
            let faults = parse(level.0, text);
            assert!(is_capped(&faults), "{} {}: {faults:?}", level.0, level.1);
        }
    }
}

#[test]
fn fifty_thousand_joined_expressions_do_no_harm() {
    let mut passed = String::new();
    for chain in JOINED {
        let times = ((MAX_BYTES - 100) / chain.2.len()).min(50_000);
        let faults = parse(chain.0, joined(chain, times));
        if !is_capped(&faults) {
            writeln!(passed, "{:?} {faults:?}", chain.2).unwrap();
        }
    }
    // Decorators are a list, and so are the parts of a union.
    assert_eq!(passed, "");
}

#[test]
fn what_is_just_shallow_enough_is_parsed() {
    for level in LEVELS.iter() {
        let per_level = level.1.matches(['(', '[', '{', '<', '`']).count().max(1);
        let faults = parse(level.0, nested(level, 290 / per_level));
        let unchecked = faults.iter().any(|fault| fault.0 == FaultKind::Unchecked);
        assert!(!unchecked, "{} {}: {faults:?}", level.0, level.1);
    }
}

#[test]
fn what_is_joined_just_often_enough_is_parsed() {
    for chain in JOINED {
        let faults = parse(chain.0, joined(chain, 240));
        let unchecked = faults.iter().any(|fault| fault.0 == FaultKind::Unchecked);
        assert!(!unchecked, "{} {}: {faults:?}", chain.0, chain.2);
    }
}

/// Nearly as much of everything as is let pass, so that the stack is known to be enough.
#[test]
fn the_deepest_of_all_is_parsed() {
    let level = "(a=>!a?b:c??";
    let unclosed = "<a>b ".repeat(2900);
    for (path, text) in [
        (
            "a.ts",
            format!(
                "{}x={}d{}",
                "if(a)".repeat(990),
                level.repeat(280),
                ")".repeat(280)
            ),
        ),
        (
            "a.ts",
            format!(
                "{}x={}{}d{}",
                "if(a)".repeat(990),
                "a=>".repeat(1600),
                "(".repeat(290),
                ")".repeat(290)
            ),
        ),
        (
            "a.tsx",
            format!("x={}d{};{unclosed}", level.repeat(280), ")".repeat(280)),
        ),
        ("a.tsx", format!("x={}{unclosed}", "(a=>".repeat(290))),
    ] {
        let faults = parse(path, text);
        assert!(
            faults.iter().all(|fault| fault.0 == FaultKind::Syntax),
            "{faults:?}"
        );
    }
}

#[test]
fn much_that_is_flat_is_parsed() {
    let lines = 5000;
    for (path, before, part, after) in [
        ("a.ts", "const a = [", "{ a: 1, b: [\"x\", 2] },\n", "]"),
        ("a.ts", "", "a.b(c + d)\n", ""),
        ("a.ts", "", "if (a < b) c(d)\n", ""),
        (
            "a.ts",
            "switch (a) {",
            "case 1: if (b) c(); else d();\n",
            "}",
        ),
        ("a.ts", "switch (a) {", "case 1:\n", "}"),
        ("a.ts", "", "export const a_ = <T,>(x: T) => x ? y : z;", ""),
        ("a.ts", "class A {", "a(): B<C> { return 1 }", "}"),
        ("a.ts", "interface A {", "a?: B<C>\n", "}"),
        ("a.ts", "type A =", "| 'x'\n", ""),
        (
            "a.tsx",
            "const a = <>",
            "<Card a={b} c=\"d\">it's {e} (</Card>\n",
            "</>",
        ),
        ("a.js", "", "a=b?c:d,e(f);", ""),
        ("a.css", "", ".a{b:c(d)}\n", ""),
        ("a.json", "[", "{\"a\":[1]},\n", "0]"),
        ("a.html", "<ul>", "<li>a<br>\n", "</ul>"),
    ] {
        let text = format!(
            "{before}{}{after}",
            part.repeat(lines.min(MAX_BYTES / 2 / part.len()))
        );
        let faults = parse(path, text);
        let wrong = faults.iter().find(|fault| fault.0 != FaultKind::Duplicate);
        assert_eq!(wrong, None, "{path} {part}");
    }
    for (part, times) in [
        ("a + ", 1500),
        ("a && ", 1500),
        ("if (a) { b } else ", 900),
        ("a ? b : ", 900),
        ("a.b().", 600),
        ("a < b, ", 250),
    ] {
        assert_eq!(
            parse("a.ts", format!("{}c", part.repeat(times))),
            [],
            "{part}"
        );
    }
}

/// What is told stays in proportion to the file.
#[test]
fn little_does_not_become_much() {
    let keys: String = (0..20_000).map(|index| format!("a{index};")).collect();
    let routes = "{path:'a',element:b},".repeat(9000);
    for (path, text) in [
        (
            "a.tsx",
            format!(
                "interface P{{{keys}}}{}",
                "function A(p:P){return <a/>}".repeat(9000)
            ),
        ),
        (
            "a.tsx",
            format!(
                "const a=[{{path:'{}',children:[{routes}]}}]",
                "x".repeat(200_000)
            ),
        ),
        (
            "a.tsx",
            format!("function A(p:{}B){{return <a/>}}", "B&".repeat(200_000)),
        ),
        ("a.ts", "let a;".repeat(80_000)),
        ("a.css", "}".repeat(MAX_BYTES)),
        ("a.css", "url(".repeat(MAX_BYTES / 4)),
        ("a.html", "</a>".repeat(MAX_BYTES / 4)),
        ("a.html", "<a <".repeat(MAX_BYTES / 4)),
        (
            "a.json",
            format!("[{}]", "{\"a\":1,\"a\":1},".repeat(30_000)),
        ),
    ] {
        let size = text.len();
        let facts = Native.facts(path, &text);
        assert!(facts.faults.len() <= overskill_syntax::MAX_FAULTS, "{path}");
        let told = serde_json::to_string(&facts).unwrap().len();
        assert!(told < 60 * size, "{path}: {told} of {size}");
        parse(path, text);
    }
}

#[test]
fn a_file_that_is_too_large_is_not_parsed() {
    let at_most = parse("a.ts", " ".repeat(MAX_BYTES));
    assert_eq!(at_most, []);
    let faults = parse("a.ts", " ".repeat(MAX_BYTES + 1));
    assert!(matches!(faults.as_slice(), [(FaultKind::Unchecked, _)]));
}

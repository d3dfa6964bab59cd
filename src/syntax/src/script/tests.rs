use crate::{DeclarationKind as Kind, Facts, FaultKind, ImportKind, Native, Parser};

fn facts(path: &str, text: &str) -> Facts {
    Native.facts(path, text)
}

fn faults(path: &str, text: &str) -> Vec<(usize, FaultKind)> {
    facts(path, text)
        .faults
        .into_iter()
        .map(|fault| (fault.start, fault.kind))
        .collect()
}

#[test]
fn what_is_valid_has_no_faults() {
    for (path, text) in [
        (
            "a.ts",
            "function f(a: number): void; function f(a: string): void; function f(a: any) {}",
        ),
        (
            "a.ts",
            "export default function f(a: 1): void\nexport default function f(a: 2): void\nexport default function f(a: any) {}",
        ),
        (
            "a.ts",
            "interface A { a: 1 } interface A { b: 2 } class A {} namespace A { export const c = 1 }",
        ),
        (
            "a.ts",
            "type T = 1; const T = 2; export { T }; enum E { A } enum E { B = 1 }",
        ),
        (
            "a.ts",
            "export interface P {} export const P = 1; export type { P as Q }",
        ),
        (
            "a.ts",
            "import type { A } from 'a'; import { B } from 'b'; type B2 = B; declare const A2: A",
        ),
        (
            "a.ts",
            "@d() class A { @p x = 1; @m({ a: 1 }) m() {} constructor(private readonly y: number) {} }",
        ),
        (
            "a.ts",
            "declare module 'x' { export function f(): void; export default f; import y from 'y' }",
        ),
        (
            "a.ts",
            "declare global { interface Window { a: 1 } var b: number }\nexport {}",
        ),
        (
            "a.ts",
            "abstract class A { abstract a(): void; declare b: 1; static { } accessor c = 1 }",
        ),
        (
            "a.ts",
            "const f = <T,>(a: T) => a; const g = async <T extends object>(a: T) => <T>a; f<number>;",
        ),
        (
            "a.tsx",
            "const f = <T,>(a: T) => a; const g = <T extends object>(a: T) => <b>{a as never}</b>",
        ),
        (
            "a.ts",
            "const a = { b: 1 } satisfies A as const; { using c = d(); await using e = f() }",
        ),
        (
            "a.ts",
            "import a from './a.json' with { type: 'json' }; import x = require('x'); import Y = x.Y; a; x; Y",
        ),
        (
            "a.tsx",
            "const a = <a title='&amp;'>&nbsp;&lt;{/* b */}{...c}</a>; const d = <svg:e f-g='h' {...i} />",
        ),
        (
            "a.mjs",
            "#!/usr/bin/env node\nawait x; for await (const y of z) {} export * as w from 'w'",
        ),
        (
            "a.cjs",
            "const a = require('a'); module.exports = { a }; with (a) { b } return",
        ),
        (
            "a.d.ts",
            "declare function f(): void; declare const a: 1; export = a",
        ),
        ("a.d.cts", "declare const a: 1; export = a"),
        (
            "a.ts",
            "label: for (;;) { break label } function f() { function g() {} function h() { function f2() {} } }",
        ),
        (
            "a.ts",
            "const a = () => { const a = 1; return a }; var x = 1; var x = 2",
        ),
        (
            "a.ts",
            "export type A = typeof import('a'); type B = A extends infer C extends string ? `${C}x` : never",
        ),
    ] {
        let found = facts(path, text).faults;
        assert_eq!(found, [], "{path} {text}");
    }
}

#[test]
fn what_is_wrong_is_found_where_it_stands() {
    use FaultKind::{Duplicate, Misplaced, Shadowed, Syntax};
    for (path, text, start, kind) in [
        ("a.ts", "const a = ;", 10, Syntax),
        ("a.tsx", "const é = <div><p></div>", 21, Syntax),
        ("a.js", "const a = <div />", 10, Syntax),
        ("a.js", "const a: number = 1", 7, Syntax),
        ("a.ts", "f() {\n}", 3, Syntax),
        ("a.ts", "const a = 1\nconst a = 2", 18, Duplicate),
        (
            "a.ts",
            "import a from 'a'\nimport { a } from 'b'",
            27,
            Duplicate,
        ),
        ("a.ts", "import { a, a } from 'b'", 12, Duplicate),
        ("a.ts", "import { a } from 'b'; const a = 1", 29, Duplicate),
        (
            "a.js",
            "import { a } from 'b'; function a() {}",
            32,
            Duplicate,
        ),
        ("a.ts", "class A {} class A {}", 17, Duplicate),
        (
            "a.ts",
            "function y() {} export function y() {}",
            32,
            Duplicate,
        ),
        ("a.js", "function y() {} function y() {}", 25, Duplicate),
        (
            "a.tsx",
            "function F() { function y() {} const a = 1; function y() {} }",
            53,
            Duplicate,
        ),
        (
            "a.ts",
            "export default function y() {} class y {}",
            37,
            Duplicate,
        ),
        ("a.ts", "export const a = 1; export { a }", 29, Duplicate),
        ("a.ts", "export default 1; export default 2", 18, Duplicate),
        (
            "a.ts",
            "export { a as b } from 'a'; export { c as b } from 'c'",
            42,
            Duplicate,
        ),
        ("a.ts", "function f(a, { b: [a] }) {}", 20, Duplicate),
        (
            "a.tsx",
            "function F() {\n  function F() {\n }\n}",
            26,
            Shadowed,
        ),
        (
            "a.tsx",
            "const F = () => {\n const F = () => {\n } }",
            25,
            Shadowed,
        ),
        ("a.ts", "function f() { import a from 'a' }", 15, Misplaced),
        ("a.ts", "if (a) { export const b = 1 }", 9, Misplaced),
        (
            "a.ts",
            "switch (a) { case 1: import b from 'b' }",
            21,
            Misplaced,
        ),
        (
            "a.ts",
            "function f() { import a = require('a') }",
            15,
            Misplaced,
        ),
        (
            "a.ts",
            "const f = () => { export default 1 }",
            18,
            Misplaced,
        ),
    ] {
        let found = faults(path, text);
        assert!(found.contains(&(start, kind)), "{text}: {found:?}");
    }
    // A byte order mark counts.
    assert_eq!(faults("a.ts", "\u{feff}const a = ;"), [(13, Syntax)]);
    let unclosed = facts("a.ts", "function f() {\n  g(").faults;
    assert_eq!(unclosed.len(), 1);
    assert!(unclosed[0].start <= 19);
}

#[test]
fn declarations_are_told_by_what_they_are() {
    let text = "
        interface Props { title: string; 'data-x'?: 1; on(): void }
        export const Card = memo(function Card({ title, on: press = 1, ...rest }: Props) { return <b>{title}</b> })
        export default function Page(props: Props) { const [a] = useState(1); React.useMemo(x); return <Card.Head><Card /></Card.Head> }
        const Row = ({ a }: { a: 1 }): JSX.Element => null
        class Screen extends React.Component { render() { return <i /> } }
        function useThing(a, { b: [c] }, ...d) { useEffect(a) }
        const format = async (a: number) => a, { x, y: [z] } = w
        function Helper() { return 1 }
        function over(a: 1): void
        function over(a: any) { }
        class Store {} enum E { A } type T = 1; namespace N { export const a = 1 } let later
        export { useThing as useIt, later }";
    let declarations = facts("a.tsx", text).declarations;
    let told: Vec<_> = declarations
        .iter()
        .map(|one| {
            (
                one.name.as_str(),
                one.kind,
                one.exported,
                one.parameters.join(" "),
                one.uses.join(" "),
            )
        })
        .collect();
    let row = |name, kind, exported, parameters: &str, uses: &str| {
        (
            name,
            kind,
            exported,
            String::from(parameters),
            String::from(uses),
        )
    };
    assert_eq!(
        told,
        [
            row("Props", Kind::Interface, false, "", ""),
            row("Card", Kind::Component, true, "title on", "b"),
            row(
                "Page",
                Kind::Component,
                true,
                "title data-x on",
                "Card Card.Head useMemo useState"
            ),
            row("Row", Kind::Component, false, "a", ""),
            row("Screen", Kind::Component, false, "", "i"),
            row("useThing", Kind::Hook, true, "a c d", "useEffect"),
            row("format", Kind::Function, false, "a", ""),
            row("x", Kind::Variable, false, "", ""),
            row("z", Kind::Variable, false, "", ""),
            row("Helper", Kind::Function, false, "", ""),
            row("over", Kind::Function, false, "a", ""),
            row("Store", Kind::Class, false, "", ""),
            row("E", Kind::Enum, false, "", ""),
            row("T", Kind::Type, false, "", ""),
            row("N", Kind::Namespace, false, "", ""),
            row("later", Kind::Variable, true, "", ""),
        ]
    );
    for one in &declarations {
        assert!(
            text[one.name_start..].starts_with(&one.name),
            "{}",
            one.name
        );
        assert!(one.start <= one.name_start && one.name_start < one.end);
    }
    let page = &declarations[2];
    assert!(
        text[page.start..page.end].starts_with("export default function Page")
            && text[..page.end].ends_with('}')
    );
    assert!(text[declarations[10].start..].starts_with("function over(a: 1)"));
    let unnamed = facts("a.tsx", "export default () => <b />").declarations;
    assert_eq!(
        (unnamed[0].name.as_str(), unnamed[0].kind),
        ("default", Kind::Component)
    );
}

#[test]
fn imports_are_told_with_their_use() {
    let text = "import D, { a, b as c, type T, default as e, U, only } from './a'; import * as N from 'n'
        import type { V } from 'v'; import './a.css'; import('./lazy'); new URL('./i.png', import.meta.url)
        export { p, q as r, type S } from './r'; export * from './s'; export * as t from './t'
        const x: U = a; type W = typeof c; export { e }; <D />; let y: N.Z; let z: import('./type').Z";
    let imports = facts("a.tsx", text).imports;
    let told: Vec<_> = imports
        .iter()
        .map(|one| (one.from.as_str(), one.kind, one.type_only))
        .collect();
    assert_eq!(
        told,
        [
            ("./a", ImportKind::Static, false),
            ("n", ImportKind::Static, false),
            ("v", ImportKind::Static, true),
            ("./a.css", ImportKind::SideEffect, false),
            ("./lazy", ImportKind::Dynamic, false),
            ("./i.png", ImportKind::Asset, false),
            ("./r", ImportKind::ReExport, false),
            ("./s", ImportKind::ReExport, false),
            ("./t", ImportKind::ReExport, false),
            ("./type", ImportKind::Dynamic, true),
        ]
    );
    for import in &imports {
        assert_eq!(text[import.start..import.end], import.from);
    }
    let names: Vec<_> = imports[0]
        .names
        .iter()
        .map(|name| {
            (
                name.imported.as_str(),
                name.local.as_str(),
                name.type_only,
                name.used,
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("default", "D", false, true),
            ("a", "a", false, true),
            ("b", "c", false, false),
            ("T", "T", true, false),
            ("default", "e", false, true),
            ("U", "U", false, false),
            ("only", "only", false, false),
        ]
    );
    assert_eq!(
        (
            imports[1].names[0].imported.as_str(),
            imports[1].names[0].used
        ),
        ("*", false)
    );
    for name in &imports[0].names[1..] {
        assert!(
            text[name.start..].starts_with(&name.imported),
            "{}",
            name.imported
        );
    }
}

#[test]
fn exports_are_told_with_their_origin() {
    let text = "export const { a, b: [c] } = d, e = 1; export function f() {} export enum G {} export type H = 1
        export interface I {} export { e as j, H as k, type I as l }; export { m as n } from 'm'; export * from 'o'
        export * as p from 'p'; declare const q: 1; export default q; export declare const r: 1; export namespace s {}";
    let exports = facts("a.ts", text).exports;
    let told: Vec<_> = exports
        .iter()
        .map(|one| {
            (
                one.name.as_str(),
                one.local.as_str(),
                one.type_only,
                one.from.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("a", "a", false, None),
            ("c", "c", false, None),
            ("e", "e", false, None),
            ("f", "f", false, None),
            ("G", "G", false, None),
            ("H", "H", true, None),
            ("I", "I", true, None),
            ("j", "e", false, None),
            ("k", "H", true, None),
            ("l", "I", true, None),
            ("n", "m", false, Some("m")),
            ("*", "*", false, Some("o")),
            ("p", "*", false, Some("p")),
            ("default", "q", false, None),
            ("r", "r", false, None),
            ("s", "s", false, None),
        ]
    );
    assert_eq!(
        facts("a.ts", "const a = 1; export = a").exports[0].name,
        "default"
    );
    assert_eq!(
        facts("a.cjs", "module.exports = 1; exports.a = 1").exports,
        []
    );
}

#[test]
fn names_that_nobody_defines_are_told_once() {
    let text = "<Card><Menu.Item /><div /></Card>; useState(1); useState(2); window.x; typeof process; process.env
        type A = Missing; let b: typeof absent; React.x; arguments; undefined; import.meta.env; label: for (;;) {}
        Deno; declare global { var known: 1 }; known; export { gone }; fetch(x)";
    let unresolved = facts("a.tsx", text).unresolved;
    let told: Vec<_> = unresolved
        .iter()
        .map(|one| (one.name.as_str(), one.element))
        .collect();
    assert_eq!(
        told,
        [
            ("Card", true),
            ("Menu", true),
            ("useState", false),
            ("React", false),
            ("Deno", false),
            ("gone", false),
            ("x", false),
        ]
    );
    assert_eq!(facts("a.ts", "process.env.A").unresolved[0].name, "process");
}

#[test]
fn members_are_told_with_what_they_are_inside_of() {
    let text = "const a = { b: { c: 1, 'd-e': [{ f: 2 }] }, g() { return { h: 3 } }, [i]: { j: 4 }, ...k, l }
        interface M { n: { o: string }; p(): void; 1: 2 } enum Q { R = 1, 'S' } class T { @d({ u: 1 }) v() {} static #w = 1 }";
    let members = facts("a.ts", text).members;
    let told: Vec<_> = members
        .iter()
        .map(|one| {
            (
                one.name.as_str(),
                one.parent.map(|parent| members[parent].name.as_str()),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("b", None),
            ("c", Some("b")),
            ("d-e", Some("b")),
            ("f", Some("d-e")),
            ("g", None),
            ("h", Some("g")),
            ("j", None),
            ("l", None),
            ("n", None),
            ("o", Some("n")),
            ("p", None),
            ("1", None),
            ("R", None),
            ("S", None),
            ("u", None),
            ("v", None),
            ("#w", None),
        ]
    );
    assert_eq!(members[1].container, members[2].container);
    assert_ne!(members[0].container, members[1].container);
    assert_eq!(
        &text[members[0].start..members[0].end],
        "b: { c: 1, 'd-e': [{ f: 2 }] }"
    );
    assert!(text[members[1].container..].starts_with("{ c: 1"));
    assert!(members.iter().all(|one| {
        one.parent
            .is_none_or(|parent| members[parent].start <= one.start)
    }));
}

#[test]
fn routes_have_their_whole_path() {
    let objects = "createBrowserRouter([{ path: '/', element: <L />, children: [{ index: true, Component: H },
        { path: 'a/*', children: [{ path: ':id?', lazy: () => import('./x') }] }, { path: '/abs', loader: b },
        { path: X, element: <Y />, children: [{ path: 'no', element: <Z /> }] },
        { element: <G />, children: [{ path: 'g', element: <P><Q /></P> }] }, { path: '*', element: <N /> }] }])";
    let elements = "<Routes><Route element={<L />}><Route path='x' element={<A />}><Route index element={<I />} />
        <Route path='*' element={<N />} /></Route></Route></Routes>";
    let routes = |text: &str| -> Vec<(String, Option<String>)> {
        let routes = facts("a.tsx", text).routes;
        routes
            .into_iter()
            .map(|route| (route.path, route.element))
            .collect()
    };
    let row = |path: &str, element: &str| {
        (
            String::from(path),
            Some(element)
                .filter(|element| !element.is_empty())
                .map(String::from),
        )
    };
    let all = [
        row("/", "L"),
        row("/", "H"),
        row("/a/*", ""),
        row("/a/:id?", ""),
        row("/abs", ""),
        row("/g", "Q"),
        row("/*", "N"),
    ];
    assert_eq!(routes(objects), all);
    assert_eq!(
        routes(elements),
        [row("/x", "A"), row("/x", "I"), row("/x/*", "N")]
    );
    assert_eq!(
        routes("const r: RouteObject[] = [{ path: 'a', handle: 1 }]"),
        [row("/a", "")]
    );
    assert_eq!(
        routes("const r = [{ path: 'a', handle: 1 }] satisfies RouteObject[]"),
        [row("/a", "")]
    );
    assert_eq!(
        routes("const r = [{ path: 'b', element: <B /> }]; const s = { path: 'c', label: 'd' }"),
        [row("/b", "B")]
    );
}

#[test]
fn links_and_tables_are_told() {
    let text = "<><Link to='/a?b#c' /><NavLink to={`/r/${id}/e`} /><a href='/h' /><a href='//cdn' /><a href='x' />
        <Button to={c ? '/p' : '/q'} /><img href='/no' /></>; navigate('/n', { replace: true }); redirect(`/z`); go('/no')
        const nav = [{ to: '/t', from: '/no' }]; db.from('recipes').select(); Array.from('abc'); db.storage.from('bucket')
        db.schema('x').from('notes'); Uint8Array.from('1'); this.db.from('tags'); from('no'); gsap.from('.x', {}); db.from(t)
        useRecords('pots'); useRecord('pans', id); useRecords(t); useOther('no')";
    let facts = facts("a.tsx", text);
    let links: Vec<_> = facts.links.iter().map(|link| link.to.as_str()).collect();
    assert_eq!(
        links,
        ["/a?b#c", "/r/*/e", "/h", "/p", "/q", "/n", "/z", "/t"]
    );
    assert!(
        facts
            .links
            .iter()
            .all(|link| text[link.start..].starts_with('/'))
    );
    let tables: Vec<_> = facts
        .tables
        .iter()
        .map(|table| table.name.as_str())
        .collect();
    assert_eq!(tables, ["recipes", "notes", "tags", "pots", "pans"]);
    assert!(
        facts
            .tables
            .iter()
            .all(|table| text[table.start..].starts_with(&table.name))
    );
}

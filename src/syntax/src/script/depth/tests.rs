use super::excess;
use crate::Language;

#[test]
fn the_scan_follows_what_is_open() {
    // Were one of these misread, what follows it would look like one deep text or element.
    let after = "f(a)\n".repeat(400);
    for text in [
        "const a = b / c; const d = /[/(]\\/(((/g.test(x) / 2;",
        "const t = `a ${b ? `c ${d}` : '}'} (((`;",
        "type F = <T>(x: T) => void; interface G { <T>(x: T): T; m: <K extends T, V>(k: Map<K, V>) => V }",
        "const g = <T,>(x: T) => x; const h = <T extends X>(x: T) => x; const i = a < b && c > d;",
        "const e = <A b={c} d='('><b>( {\"(\"} </b><C<T> x={1} /><></></A>;",
        "if (a) /x(/.test(b); for (const a of /(/) ; }{ return /(/",
        "a = b\n++c\n// ((( \n/* ((( */ x!\ny",
    ] {
        let text = format!("{text}\n{after}").replace("}{", "function q() {");
        assert_eq!(excess(&text, Language::Tsx), None, "{text:.80}");
    }
}

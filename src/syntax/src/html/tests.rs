use super::facts;

fn messages(text: &str) -> Vec<(usize, String)> {
    facts(text)
        .faults
        .into_iter()
        .map(|fault| (fault.start, fault.message))
        .collect()
}

#[test]
fn what_a_browser_takes_has_no_faults() {
    for text in [
        "",
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=utf-8><title>a < b</title></head><body></body></html>",
        "<ul><li>a<li>b</ul><p>x<p>y<div></div>",
        "<p>a<div></div></p>",
        "<table><tr><td>1<td>2<tr><th>3</table><select><option>a<option selected>b</select>",
        "<svg viewBox='0 0 1 1'><path d=\"M0\"/><g><circle r=1 /></g><![CDATA[ <a> ]]></svg><br/><input disabled>",
        "<script type=module>if (a<b) { '<div>' }</script><style>a>b{}</style><textarea><p></textarea>",
        "<!-- <div> --><a href='x>y' data-a = \"b\">1 < 2</a> a<3 & b</",
        "<DIV></div><my-card></my-card><template><tr><td></template>",
        "<dl><dt>a<dd>b<dt>c</dl><noscript><img src=x></noscript>",
    ] {
        assert_eq!(messages(text), [], "{text}");
    }
}

#[test]
fn what_is_wrong_is_found_where_it_stands() {
    for (text, start, message) in [
        (
            "<div></div></div>",
            11,
            "Nothing is open that `</div>` closes",
        ),
        ("<div><span></div>", 5, "`<span>` is never closed"),
        ("<main><p>a", 0, "`<main>` is never closed"),
        ("<div/>", 0, "`<div>` is never closed"),
        ("<!-- a", 0, "The comment is never closed"),
        (
            "<a href=\"x>b</a>",
            0,
            "The attribute's text is never closed",
        ),
        ("<div class=a", 0, "The tag is never closed"),
        (
            "<div <p></p></div>",
            0,
            "The tag is not closed before the next one",
        ),
        ("<script>let a", 0, "`<script>` is never closed"),
        ("<title>a", 0, "`<title>` is never closed"),
        ("<!doctype html", 0, "The declaration is never closed"),
        ("<svg><g></svg>", 5, "`<g>` is never closed"),
    ] {
        let found = messages(text);
        assert!(
            found.contains(&(start, String::from(message))),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn local_addresses_are_imports() {
    let text = "<script type=\"module\" src=\"/src/main.tsx\"></script><script src=https://x/y.js></script>\n\
                <link rel=icon href=/a.svg><link href=\"./a.css\" rel=\"preload stylesheet\"><img src='b.png' alt=x>\n\
                <img src=\"data:x\"><script src=\"%BASE%/x.js\"></script>";
    let from: Vec<_> = facts(text)
        .imports
        .iter()
        .map(|import| text[import.start..import.end].to_owned())
        .collect();
    assert_eq!(from, ["/src/main.tsx", "./a.css", "b.png"]);
}

#[test]
fn long_lists_without_end_tags_are_not_deep() {
    let text = format!("<ul>{}</ul>", "<li>a".repeat(5000));
    assert_eq!(messages(&text), []);
}

#[test]
fn modules_in_the_page_are_read() {
    let text = "\u{e4}<script type=module>\nimport { a } from \"./a.ts\"\nimport('b')\n</script>\
                <script>import x from './no'</script><script type=\"module\" src=\"./c.ts\">import './no'</script>\
                <script type='Module'>const = 1</script><script type=\"module\"></script>";
    let facts = facts(text);
    let from: Vec<_> = facts
        .imports
        .iter()
        .map(|import| (&text[import.start..import.end], import.kind))
        .collect();
    use crate::ImportKind::{Asset, Dynamic, Static};
    assert_eq!(
        from,
        [("./a.ts", Static), ("b", Dynamic), ("./c.ts", Asset)]
    );
    let [fault] = facts.faults.as_slice() else {
        panic!("{:?}", facts.faults)
    };
    assert_eq!(fault.start, text.find("= 1").unwrap());
}

//! Text made safe for the place it is written to.

/// `text` for HTML, as text or in a quoted attribute.
#[must_use]
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// `text` for the inside of a double-quoted JavaScript string, in a file or in a script element of a page.
#[must_use]
pub fn js_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous = ' ';
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            // `</script` and `<!--` would end or change the script element that holds the string.
            '/' if previous == '<' => out.push_str("\\/"),
            '!' if previous == '<' => out.push_str("\\u0021"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => out.push(c),
        }
        previous = c;
    }
    out
}

/// A JSON document for the inside of a script element: equal when parsed, and without a character that HTML reads.
#[must_use]
pub fn json_in_html(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_javascript_string_reads_back_as_it_was() {
        for text in [
            "",
            "Recipe Box",
            "a\"b\\c",
            "</script><!-- -->",
            "\u{2028}\u{2029}\n\r\t\0",
            "🍲 ${x} `y` 'z'",
        ] {
            let escaped = js_string(text);
            assert!(
                !escaped.contains("</") && !escaped.contains("<!--"),
                "{escaped}"
            );
            // JSON has the same escapes but for `\/`-like ones, which it knows too.
            assert_eq!(
                serde_json::from_str::<String>(&format!("\"{escaped}\"")).unwrap(),
                text
            );
        }
    }

    #[test]
    fn json_in_a_page_reads_back_and_holds_no_markup() {
        let json = serde_json::json!({ "name": "</script><b>&\u{2028}" }).to_string();
        let escaped = json_in_html(&json);
        assert!(!escaped.contains(['<', '>', '&', '\u{2028}']), "{escaped}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&escaped).unwrap(),
            serde_json::from_str::<serde_json::Value>(&json).unwrap()
        );
    }
}

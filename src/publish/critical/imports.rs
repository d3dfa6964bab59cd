//! The static imports of a built module, and those of a style sheet. Reads what bundlers write, from end to end, and knows of the language what
//! tells code from text: strings, templates, comments, and regular expressions where the code before them shows that they are some. Where it
//! does not, imports further on may not be seen.

/// What a module imports before it runs: `import … from "…"`, `import "…"` and `export … from "…"`.
pub(super) fn of_module(text: &str) -> Vec<&str> {
    let mut reader = Reader {
        text,
        at: 0,
        open: Vec::new(),
        after: After::Operator,
    };
    let mut found = Vec::new();
    while let Some(token) = reader.next() {
        if !reader.open.is_empty() {
            continue;
        }
        match token {
            Token::Word("import") => found.extend(reader.import()),
            Token::Word("export") => found.extend(reader.export()),
            _ => {}
        }
    }
    found
}

/// A part of a module that is no space and no comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    /// A name or a keyword, and none after a `.`.
    Word(&'t str),
    /// A string, as it is written.
    Text(&'t str),
    /// An operator or a bracket, the first byte of it.
    Mark(u8),
    /// Anything else: a number, a template, a regular expression, a member's name.
    Value,
}

/// What came before: after a value, `/` divides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Operator,
    Dot,
    Value,
}

/// Keywords after which a value begins.
const BEFORE_VALUES: [&str; 16] = [
    "await",
    "case",
    "default",
    "delete",
    "do",
    "else",
    "export",
    "extends",
    "in",
    "instanceof",
    "new",
    "of",
    "return",
    "throw",
    "typeof",
    "void",
];

#[derive(Clone)]
struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// The brackets that are open. A template's is `` ` ``.
    open: Vec<u8>,
    after: After,
}

impl<'t> Reader<'t> {
    /// After `import`: what it imports before the module runs.
    fn import(&mut self) -> Option<&'t str> {
        match self.next()? {
            Token::Text(from) => Some(from),
            Token::Mark(b'(' | b'.') => None,
            _ => self.from(),
        }
    }

    /// After `export`.
    fn export(&mut self) -> Option<&'t str> {
        let mut ahead = self.clone();
        match ahead.next()? {
            Token::Mark(b'*') => {}
            Token::Mark(b'{') => {
                while !ahead.open.is_empty() {
                    ahead.next()?;
                }
                if ahead.clone().next() != Some(Token::Word("from")) {
                    return None;
                }
            }
            _ => return None,
        }
        let from = ahead.from()?;
        *self = ahead;
        Some(from)
    }

    /// The text after the `from` that comes next in this statement.
    fn from(&mut self) -> Option<&'t str> {
        let mut token = self.next()?;
        loop {
            let next = match token {
                Token::Mark(b';' | b'=') => return None,
                _ => self.next()?,
            };
            if let (Token::Word("from"), Token::Text(from), true) =
                (token, next, self.open.is_empty())
            {
                return Some(from);
            }
            token = next;
        }
    }

    fn next(&mut self) -> Option<Token<'t>> {
        self.skip_blanks();
        let rest = self.rest();
        let first = *rest.as_bytes().first()?;
        let was_dot = self.after == After::Dot;
        let is_value = self.after == After::Value;
        self.after = After::Value;
        let is_name =
            |letter: char| letter.is_alphanumeric() || "_$\\#\u{200c}\u{200d}".contains(letter);
        match first {
            b'"' | b'\'' => {
                let end = quoted(rest, first);
                self.at += end;
                Some(Token::Text(rest.get(1..end - 1).unwrap_or_default()))
            }
            b'`' => {
                self.at += 1;
                self.template();
                Some(Token::Value)
            }
            b'/' if !is_value => {
                self.at += regular_expression(rest);
                Some(Token::Value)
            }
            b'{' | b'(' | b'[' => {
                self.at += 1;
                self.open.push(first);
                self.after = After::Operator;
                Some(Token::Mark(first))
            }
            b'}' | b')' | b']' => {
                self.at += 1;
                if self.open.pop() == Some(b'`') {
                    self.template();
                    return Some(Token::Value);
                }
                Some(Token::Mark(first))
            }
            b'.' if rest
                .as_bytes()
                .get(1)
                .is_none_or(|next| !next.is_ascii_digit()) =>
            {
                let dots = rest.len() - rest.trim_start_matches('.').len();
                self.at += dots;
                self.after = if dots == 1 {
                    After::Dot
                } else {
                    After::Operator
                };
                Some(Token::Mark(first))
            }
            _ if first.is_ascii_digit() || first == b'.' => {
                let end =
                    rest.find(|letter: char| !letter.is_alphanumeric() && !"_.".contains(letter));
                self.at += end.unwrap_or(rest.len());
                Some(Token::Value)
            }
            _ if rest.starts_with(is_name) => {
                let end = rest.find(|letter| !is_name(letter)).unwrap_or(rest.len());
                let word = rest.get(..end).unwrap_or_default();
                self.at += end;
                if was_dot {
                    return Some(Token::Value);
                }
                if BEFORE_VALUES.contains(&word) {
                    self.after = After::Operator;
                }
                Some(Token::Word(word))
            }
            _ => {
                let is_step = rest.starts_with("++") || rest.starts_with("--");
                self.at += if is_step {
                    2
                } else {
                    rest.chars().next().map_or(1, char::len_utf8)
                };
                if !(is_step && is_value) {
                    self.after = After::Operator;
                }
                Some(Token::Mark(first))
            }
        }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start_matches(is_blank).len();
            if blanks > 0 {
                self.at += blanks;
            } else if rest.starts_with("//") || self.at == 0 && rest.starts_with("#!") {
                let ends = ['\n', '\r', '\u{2028}', '\u{2029}'];
                self.at += rest.find(ends).unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += rest.find("*/").map_or(rest.len(), |end| end + 2);
            } else {
                return;
            }
        }
    }

    /// Goes on in a template, to its end or to the code in it.
    fn template(&mut self) {
        let mut letters = self.rest().char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => drop(letters.next()),
                '`' => {
                    self.at += at + 1;
                    return;
                }
                '$' if letters.as_str().starts_with('{') => {
                    self.at += at + 2;
                    self.open.push(b'`');
                    self.after = After::Operator;
                    return;
                }
                _ => {}
            }
        }
        self.at = self.text.len();
    }
}

fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{feff}'
}

/// The length of a string with its quotes.
fn quoted(text: &str, quote: u8) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            // It has no end on its line, and is no string.
            '\n' => return at.max(2),
            _ if letter == char::from(quote) => return at + 1,
            _ => {}
        }
    }
    text.len().max(2)
}

/// The length of a regular expression, without its flags.
fn regular_expression(text: &str) -> usize {
    let mut is_class = false;
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '[' => is_class = true,
            ']' => is_class = false,
            '/' if !is_class => return at + 1,
            '\n' => return 1,
            _ => {}
        }
    }
    1
}

/// What a style sheet imports: `@import "…"` and `@import url(…)`, which stand before all rules.
pub(super) fn of_style(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|letter: char| is_blank(letter) || letter == ';');
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
            continue;
        }
        let Some(end) = end_of_statement(rest).filter(|_| rest.starts_with('@')) else {
            return found;
        };
        let (statement, after) = rest.split_at(end);
        let name = statement.get(..7).unwrap_or_default();
        if name.eq_ignore_ascii_case("@import") {
            found.extend(address(statement.get(7..).unwrap_or_default()));
        }
        rest = after;
    }
}

/// Where a statement without a block ends, at its `;`; nothing for a rule.
fn end_of_statement(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let (offset, letter) = rest
            .char_indices()
            .find(|(_, letter)| ";{\"'(".contains(*letter))?;
        at += offset;
        match letter {
            ';' => return Some(at),
            '{' => return None,
            '(' => {
                let inside = rest.get(offset + 1..)?;
                let quote = inside.trim_start().starts_with(['"', '\'']);
                // What is quoted comes next, with whatever is in it.
                at += if quote { 1 } else { 1 + inside.find(')')? };
            }
            quote => at += quoted(rest.get(offset..)?, quote as u8),
        }
    }
    None
}

/// The address that a statement begins with.
fn address(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let text = match text.get(..4) {
        Some(url) if url.eq_ignore_ascii_case("url(") => {
            let inner = text.get(4..)?.trim_start();
            if !inner.starts_with(['"', '\'']) {
                return Some(inner.split_once(')')?.0.trim_end());
            }
            inner
        }
        _ => text,
    };
    let quote = *text.as_bytes().first()?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    text.get(1..quoted(text, quote) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_static_import_is_found_and_no_other() {
        for (text, expected) in [
            ("", vec![]),
            (
                r#"import"./a.js";import{b as c}from"./b.js";import d,*as e from'./d.js'"#,
                vec!["./a.js", "./b.js", "./d.js"],
            ),
            (
                "import { x as default, \"a from 'z'\" as y } from \"./x.js\" with { type: \"json\" };",
                vec!["./x.js"],
            ),
            ("import from from \"./from.js\"", vec!["./from.js"]),
            ("import defer * as a from './defer.js'", vec!["./defer.js"]),
            // What Vite writes before the imports of an entry.
            (
                "const __vite__mapDeps=(i,m=__vite__mapDeps,d=(m.f||(m.f=[\"assets/Chart-B1.js\",\"assets/a.css\"])))=>i.map(i=>d[i]);\nimport{r}from\"./react-C1.js\";",
                vec!["./react-C1.js"],
            ),
            (
                "export*from\"./a.js\";export{b}from'./b.js';export{c as d};import\"./e.js\"",
                vec!["./a.js", "./b.js", "./e.js"],
            ),
            ("export{a}\nimport\"./b.js\"", vec!["./b.js"]),
            ("export * as ns from './ns.js'", vec!["./ns.js"]),
            (
                "export const from='./x.js';export default function(){};export class A{}",
                vec![],
            ),
            (
                "const f=()=>import(\"./lazy.js\");import(\"./lazy2.js\");import.meta.url;x.import;({import:1})",
                vec![],
            ),
            (
                "// import './a.js'\n/* import './b.js' */ '\\' import \"./c.js\"';`import './d.js' ${`${import('./e.js')}`} import './f.js'`",
                vec![],
            ),
            (
                "const r=/[/\"]import'.\\/a.js'/g;import'./b.js'",
                vec!["./b.js"],
            ),
            ("const x=a/b/c;import'./b.js'", vec!["./b.js"]),
            ("let x=i++/2;let y=\"/\";import'./b.js'", vec!["./b.js"]),
            ("return_/ '/'.length;import'./b.js'", vec!["./b.js"]),
            (
                "function f(){return/'/.test(x)}import'./b.js'",
                vec!["./b.js"],
            ),
            (
                "const n=1.5e3/.5,o=[...a],p=a?.b;import'./b.js'",
                vec!["./b.js"],
            ),
            (
                "#!/usr/bin/env node\n\u{feff}\"use strict\";import'./b.js'",
                vec!["./b.js"],
            ),
            ("{import'./no.js'}", vec![]),
            ("import", vec![]),
            ("import '", vec![""]),
            ("import{a", vec![]),
            ("import a;from'./b.js'", vec![]),
        ] {
            assert_eq!(of_module(text), expected, "{text}");
        }
    }

    #[test]
    fn every_import_of_a_style_is_found_and_no_other() {
        for (text, expected) in [
            ("", vec![]),
            (
                "@charset \"utf-8\";@import\"./a.css\";@import url(./b.css) screen;@IMPORT url( './c;.css' ) layer(x);a{}",
                vec!["./a.css", "./b.css", "./c;.css"],
            ),
            (
                "/* @import 'no.css'; */@layer base,theme;@import 'yes.css';",
                vec!["yes.css"],
            ),
            ("a{}@import 'late.css';", vec![]),
            ("@layer base{a{}}@import 'late.css';", vec![]),
            ("@import 'open", vec![]),
            ("@import url(open;", vec![]),
            (
                "@import url(\"b(1).css\");@import url( 'c;).css' ) print;@import \"d.css\";a{}",
                vec!["b(1).css", "c;).css", "d.css"],
            ),
            ("@import x;@import 'a.css';", vec!["a.css"]),
        ] {
            assert_eq!(of_style(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "(import|export|from|[ä{}()`'\"/\\\\$;.@*\n ]){0,40}") {
            of_module(&text);
            of_style(&text);
        }
    }
}

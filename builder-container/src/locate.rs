//! Where in a source something stands, when whoever complained did not say.

/// A position: line and column in characters, both from 1.
pub(crate) type Position = (u32, u32);

/// Where `specifier` is imported: the first place where it stands in quotes after a word that imports, else the first
/// place where it stands in quotes at all.
pub(crate) fn import(source: &str, specifier: &str) -> Option<Position> {
    let mut elsewhere = None;
    for (number, line) in source.lines().enumerate() {
        for quote in ['"', '\'', '`'] {
            let quoted = format!("{quote}{specifier}{quote}");
            let Some(offset) = line.find(&quoted) else {
                continue;
            };
            let position = position(number, line, offset);
            let before = line.get(..offset).unwrap_or_default();
            let imports = ["import", "from", "require", "src=", "href=", "url("];
            if imports.iter().any(|word| before.contains(word)) {
                return position;
            }
            elsewhere = elsewhere.or(position);
        }
    }
    elsewhere
}

/// The first place where `text` stands on a line that also has `beside`.
pub(crate) fn text(source: &str, text: &str, beside: &str) -> Option<Position> {
    source
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(beside))
        .find_map(|(number, line)| position(number, line, line.find(text)?))
}

/// Where a JSON text lists `name` in the object that `section` names. The text is known to be JSON.
pub(crate) fn json_key(text: &str, section: &str, name: &str) -> Option<Position> {
    let key = |from: usize, key: &str| {
        let quoted = serde_json::Value::from(key).to_string();
        let rest = text.get(from..)?;
        let mut places = rest.match_indices(&quoted).map(|(at, _)| from + at);
        places.find(|at| {
            let after = text.get(at + quoted.len()..).unwrap_or_default();
            after.trim_start().starts_with(':')
        })
    };
    at_offset(text, key(key(0, section)?, name)?)
}

/// The brace of a style sheet that has no partner: the first closing one too many, else the last opening one that is
/// never closed.
pub(crate) fn lone_brace(style: &str) -> Option<Position> {
    let mut open = Vec::new();
    for (offset, byte) in code(style) {
        match byte {
            b'{' => open.push(offset),
            b'}' if open.pop().is_none() => return at_offset(style, offset),
            _ => {}
        }
    }
    at_offset(style, open.pop()?)
}

/// The at-rules of a style sheet: where each begins, its name as it is written, and what follows. Looks at every byte once.
pub(crate) fn at_rules(style: &str) -> impl Iterator<Item = (Position, &str, &str)> {
    let mut here = Cursor::default();
    code(style)
        .filter(|(_, byte)| *byte == b'@')
        .filter_map(move |(offset, _)| {
            let position = here.advance(style, offset)?;
            let rest = style.get(offset + 1..)?;
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .unwrap_or(rest.len());
            Some((position, rest.get(..end)?, rest.get(end..)?))
        })
}

/// A place in a source that only moves forward.
#[derive(Default)]
struct Cursor {
    offset: usize,
    /// Both from 0.
    line: u32,
    column: u32,
}

impl Cursor {
    /// The position at an offset that does not lie before the last one.
    fn advance(&mut self, source: &str, offset: usize) -> Option<Position> {
        for character in source.get(self.offset..offset)?.chars() {
            if character == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 0;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.offset = offset;
        Some((self.line.saturating_add(1), self.column.saturating_add(1)))
    }
}

/// The bytes of a style sheet outside of comments and strings.
fn code(style: &str) -> impl Iterator<Item = (usize, u8)> {
    #[derive(Clone, Copy)]
    enum In {
        Code,
        Comment,
        Text(u8),
    }
    let mut inside = In::Code;
    let mut before = 0_u8;
    style.bytes().enumerate().filter_map(move |(offset, byte)| {
        let previous = std::mem::replace(&mut before, byte);
        match inside {
            In::Code => match byte {
                b'*' if previous == b'/' => {
                    inside = In::Comment;
                    // `/*/` does not end where it begins.
                    before = 0;
                }
                b'"' | b'\'' if previous != b'\\' => inside = In::Text(byte),
                _ => return Some((offset, byte)),
            },
            In::Comment if byte == b'/' && previous == b'*' => inside = In::Code,
            // A string ends at the end of its line, closed or not.
            In::Text(quote) if byte == b'\n' || (byte == quote && previous != b'\\') => {
                inside = In::Code
            }
            In::Text(_) if byte == b'\\' && previous == b'\\' => before = 0,
            In::Comment | In::Text(_) => {}
        }
        None
    })
}

fn at_offset(source: &str, offset: usize) -> Option<Position> {
    let before = source.get(..offset)?;
    let number = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    position(number, source.get(start..)?, offset - start)
}

/// `number` counts from 0, `offset` in bytes.
fn position(number: usize, line: &str, offset: usize) -> Option<Position> {
    let column = line.get(..offset)?.chars().count();
    Some((
        u32::try_from(number + 1).ok()?,
        u32::try_from(column + 1).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_preferred_to_other_strings() {
        let source = "const a = './b'\n// ü\nimport x from './b'\n  export * from \"c\"\n";
        assert_eq!(import(source, "./b"), Some((3, 15)));
        assert_eq!(import(source, "c"), Some((4, 17)));
        assert_eq!(import(source, "./c"), None);
        assert_eq!(import("call('only')", "only"), Some((1, 6)));
    }

    #[test]
    fn keys_are_found_in_their_section() {
        let text = "{\n  \"name\": \"a\",\n  \"a\": { \"name\" : 1 }\n}\n";
        assert_eq!(json_key(text, "a", "name"), Some((3, 10)));
        assert_eq!(json_key(text, "a", "none"), None);
        assert_eq!(json_key(text, "none", "name"), None);
    }

    #[test]
    fn braces_are_counted_outside_of_strings_and_comments() {
        assert_eq!(lone_brace("a { color: red; }\n.b {\n}\n"), None);
        assert_eq!(lone_brace("a { }\n} b { }"), Some((2, 1)));
        assert_eq!(
            lone_brace("/* { */ a { content: '}\\'}' }\n.b {\n"),
            Some((2, 4))
        );
        assert_eq!(lone_brace("/*/ { */ a { content: \"\\\\\" }"), None);
    }

    #[test]
    fn at_rules_are_found_outside_of_strings_and_comments() {
        let style =
            "@import 'x';/* @plugin 'a' */\n\n  @PLUGIN \"./p.js\";a{content:'@config'}@config'x'";
        let names: Vec<_> = at_rules(style)
            .map(|(position, name, _)| (position, name))
            .collect();
        assert_eq!(
            names,
            [((1, 1), "import"), ((3, 3), "PLUGIN"), ((3, 40), "config")]
        );
        assert_eq!(
            at_rules("ü@é\n\u{1f600}@a 'b'").collect::<Vec<_>>(),
            [((1, 2), "", "é\n\u{1f600}@a 'b'"), ((2, 2), "a", " 'b'")]
        );
    }

    #[test]
    fn at_rules_cost_what_the_style_sheet_is_long() {
        // The largest text file that a project may have; with a second look at each, this takes minutes.
        let lines = "@a\n".repeat(170_000);
        let line = "@a ".repeat(170_000);
        assert_eq!(at_rules(&lines).last(), Some(((170_000, 1), "a", "\n")));
        assert_eq!(at_rules(&line).last(), Some(((1, 509_998), "a", " ")));
        assert_eq!(at_rules(&"@".repeat(510_000)).count(), 510_000);
    }
}

//! Reads what an app is out of its own files.
//!
//! Understands the format that `codegen` writes, tolerantly: spacing, order of keys and foreign lines do not matter, but a
//! file without a table or a list of fields is not guessed at.

use super::model::{ACCESS, Field, Kind, Thing};

/// A file as it was viewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    pub(super) path: String,
    /// What stood before each line: its number or its anchor.
    pub(super) labels: Vec<String>,
    pub(super) lines: Vec<String>,
}

impl File {
    /// Reads the answer of `view_file`. `None` when it does not show the whole file.
    pub(super) fn viewed(path: &str, shown: &str) -> Option<Self> {
        let mut rows = shown.lines();
        let header = rows.next()?;
        let count = header
            .rsplit_once('(')?
            .1
            .split_once(' ')?
            .0
            .parse::<usize>()
            .ok()?;
        let rows: Option<Vec<(String, String)>> = rows
            .map(|row| {
                let (label, line) = row.split_once('\t')?;
                Some((label.trim().to_owned(), line.to_owned()))
            })
            .collect();
        let (labels, lines): (Vec<String>, Vec<String>) = rows?.into_iter().unzip();
        (lines.len() == count).then(|| Self {
            path: path.to_owned(),
            labels,
            lines,
        })
    }

    /// The value of the first line `  key: value` or `--key: value`, without its comma or semicolon.
    pub(super) fn property(&self, key: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| property(line, key))
    }
}

fn property<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line
        .trim()
        .strip_prefix(key)?
        .trim_start()
        .strip_prefix(':')?;
    Some(rest.trim().trim_end_matches([',', ';']).trim())
}

/// The thing that a file under `src/resources` describes.
pub(super) fn thing(file: &File) -> Option<Thing> {
    let text = |key: &str| file.property(key).and_then(string);
    let from = file
        .lines
        .iter()
        .position(|line| line.trim().starts_with("fields:"))?;
    let mut fields = Vec::new();
    for line in file.lines.iter().skip(from + 1) {
        let line = line.trim();
        if line.starts_with(']') {
            break;
        }
        if line.starts_with('{') {
            fields.push(field(line)?);
        }
    }
    let table = text("table")?;
    Some(Thing {
        singular: text("singular")?,
        plural: text("plural")?,
        path: text("path").unwrap_or_else(|| table.replace('_', "-")),
        title_field: text("titleField")?,
        access: text("access").unwrap_or_else(|| ACCESS[0].to_owned()),
        table,
        fields,
    })
}

/// The field of one line `{ name: "…", … },`.
pub(super) fn field(line: &str) -> Option<Field> {
    let inner = line
        .trim()
        .trim_end_matches(',')
        .strip_prefix('{')?
        .strip_suffix('}')?;
    let mut found = Field::new("", Kind::Text);
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once(':')?;
        let (value, after) = value(after.trim_start())?;
        match key.trim() {
            "name" => found.name = string(value)?,
            "label" => found.label = string(value)?,
            "kind" => found.kind = Kind::named(&string(value)?)?,
            "required" => found.required = value == "true",
            "min" => found.min = Some(value.to_owned()),
            "max" => found.max = Some(value.to_owned()),
            "step" => found.step = Some(value.to_owned()),
            "to" => found.to = string(value),
            "toField" => found.to_field = string(value),
            "unit" => found.unit = string(value),
            "options" => found.options = crate::json::from_str(&value.replace(", ]", "]")).ok()?,
            _ => return None,
        }
        rest = after.trim_start().strip_prefix(',').unwrap_or(after).trim();
    }
    (!found.name.is_empty()).then_some(found)
}

/// Splits a value off: a string, a list of strings, or a plain word.
fn value(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut escaped = false;
    let mut depth = 0_usize;
    for (index, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                return Some((text.get(..index)?.trim(), text.get(index..)?));
            }
            _ => {}
        }
    }
    (!quoted && depth == 0).then_some((text.trim(), ""))
}

/// The text of a string literal in double quotes.
pub(super) fn string(value: &str) -> Option<String> {
    crate::json::from_str(value.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_field_however_it_is_spaced() {
        let line = r#"  {name: "status",label:"Status, {now}", kind: "choice", options: ["A, b", "C\"d"], required: true}"#;
        let read = field(line).unwrap();
        assert_eq!(read.label, "Status, {now}");
        assert_eq!(read.options, ["A, b", "C\"d"]);
        assert!(read.required);
        assert_eq!(field("{ name: \"a\", render: () => 1 }"), None);
        assert_eq!(field("{ ...shared }"), None);
    }

    #[test]
    fn a_partial_view_is_no_file() {
        assert!(File::viewed("a", "a (2 lines)\n    1\tx\n    2\ty").is_some());
        let anchored = File::viewed("a", "a (2 lines)\n1a3\tx\n2ff\ty").unwrap();
        assert_eq!(
            (anchored.labels, anchored.lines),
            (
                vec!["1a3".to_owned(), "2ff".to_owned()],
                vec!["x".to_owned(), "y".to_owned()]
            )
        );
        assert!(File::viewed("a", "a (3 lines)\n    1\tx\n    2\ty").is_none());
        assert!(File::viewed("a", "").is_none());
        assert_eq!(File::viewed("a", "a (0 lines)").unwrap().lines.len(), 0);
    }
}

//! The file that is edited, and edits of it that say the truth.

use overskill::edit::LineEdit;

use crate::Random;

/// Lines of a component.
pub(crate) const COMPONENT: usize = 10;

/// Components that are much alike; lines beyond the last whole one are left out.
pub(crate) fn lines(count: usize) -> Vec<String> {
    let component = |number: usize| -> [String; COMPONENT] {
        [
            format!("export function Card{number}({{ title, children }}: Props) {{"),
            format!("  const [open, setOpen] = useState({});", number % 7),
            "  if (!open) {".to_owned(),
            "    return null;".to_owned(),
            "  }".to_owned(),
            "  return (".to_owned(),
            format!(
                "    <section className=\"rounded-lg p-{}\" aria-label={{title}}>{{children}}</section>",
                number % 9
            ),
            "  );".to_owned(),
            "}".to_owned(),
            String::new(),
        ]
    };
    (0..count / COMPONENT).flat_map(component).collect()
}

/// An edit of so many lines from this one, counted from 0.
pub(crate) fn at(lines: &[String], at: usize, count: usize) -> LineEdit {
    let last = (at + count).min(lines.len());
    LineEdit {
        search: lines.get(at..last).unwrap_or_default().join("\n"),
        first_line: at + 1,
        last_line: last,
        replacement: "  const next = value;\n  return next;".to_owned(),
    }
}

/// An edit of three lines that stand once in the file: one of them has a number. Not in the last two components.
pub(crate) fn unique(lines: &[String], random: &mut Random) -> LineEdit {
    let component = random.below((lines.len() / COMPONENT).saturating_sub(2));
    at(lines, component * COMPONENT, 3)
}

/// Ten edits, in each tenth of the file one.
pub(crate) fn ten(lines: &[String], random: &mut Random) -> Vec<LineEdit> {
    let tenth = lines.len() / 10;
    (0..10)
        .map(|number| {
            let first = number * tenth + random.below(tenth.saturating_sub(3));
            at(lines, first, 3)
        })
        .collect()
}

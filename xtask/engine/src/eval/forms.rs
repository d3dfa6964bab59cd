//! Recorded edits in the forms that say what stands around them.

use overskill::edit::{LineEdit, TextEdit};

use crate::oracle;

/// Lines around a hunk of a patch.
const CONTEXT: usize = 3;

/// The lines of the edit, with as many around them as make them the only ones; none for the whole file twice.
pub(super) fn str_replace(content: &str, edit: &LineEdit) -> Option<TextEdit> {
    let content = content.replace("\r\n", "\n");
    let lines = oracle::texts(&content);
    let (mut first, mut last) = (edit.first_line - 1, edit.last_line);
    let mut old = lines.get(first..last)?.join("\n");
    let deletes = edit.replacement.is_empty();
    // A blank line says nothing; some text has to be named. A line that goes takes its break along only with a neighbour.
    while old.trim().is_empty()
        || deletes
            && last - first == edit.last_line + 1 - edit.first_line
            && lines.len() > last - first
        || content.match_indices(&old).nth(1).is_some()
    {
        if first == 0 && last == lines.len() {
            return None;
        }
        // Alternately above and below.
        if first > 0
            && (edit.first_line - 1 - first <= last - edit.last_line || last == lines.len())
        {
            first -= 1;
        } else {
            last += 1;
        }
        old = lines.get(first..last)?.join("\n");
    }
    let above = lines.get(first..edit.first_line - 1)?;
    let below = lines.get(edit.last_line..last)?;
    let replaced = (!edit.replacement.is_empty()).then_some(edit.replacement.as_str());
    let new: Vec<&str> = above
        .iter()
        .copied()
        .chain(replaced)
        .chain(below.iter().copied())
        .collect();
    let new = new.join("\n");
    Some(TextEdit { old, new })
}

/// A unified patch of all edits, as `diff -u` writes it.
pub(super) fn patch(path: &str, content: &str, edits: &[LineEdit]) -> Option<String> {
    let old = oracle::texts(content);
    let mut edits: Vec<&LineEdit> = edits.iter().collect();
    edits.sort_by_key(|edit| edit.first_line);
    let mut text = format!("--- a/{0}\n+++ b/{0}\n", path);
    let mut grown = 0_isize;
    let mut rest = edits.as_slice();
    while let Some(first) = rest.first() {
        let near = rest.windows(2).take_while(|pair| matches!(pair, [one, next] if next.first_line - one.last_line <= 2 * CONTEXT + 1));
        let (group, later) = rest.split_at(near.count() + 1);
        let from = first.first_line.saturating_sub(CONTEXT + 1);
        let to = (group.last()?.last_line + CONTEXT).min(old.len());
        let (mut body, mut next, mut added, mut removed) = (String::new(), from, 0, 0);
        for edit in group {
            lines(&mut body, ' ', old.get(next..edit.first_line - 1)?);
            lines(
                &mut body,
                '-',
                old.get(edit.first_line - 1..edit.last_line)?,
            );
            let new: Vec<&str> = edit
                .replacement
                .split('\n')
                .filter(|_| !edit.replacement.is_empty())
                .collect();
            lines(&mut body, '+', &new);
            added += new.len();
            removed += edit.last_line + 1 - edit.first_line;
            next = edit.last_line;
        }
        lines(&mut body, ' ', old.get(next..to)?);
        let count = to - from;
        let start = (from + 1).checked_add_signed(grown)?;
        text.push_str(&format!(
            "@@ -{},{count} +{start},{} @@\n{body}",
            from + 1,
            count + added - removed
        ));
        grown += added.cast_signed() - removed.cast_signed();
        rest = later;
    }
    Some(text)
}

fn lines(body: &mut String, mark: char, lines: &[&str]) {
    for line in lines {
        body.push(mark);
        body.push_str(line);
        body.push('\n');
    }
}

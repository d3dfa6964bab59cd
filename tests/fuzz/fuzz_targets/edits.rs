//! Any edits of any text: nothing panics, what lands changes only what it says, and the same call does the same again.
#![no_main]

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use overskill::edit::{self, Applied, LineEdit, TextEdit, anchors, lines, patch};

#[derive(Arbitrary, Debug)]
struct Call {
    content: String,
    edits: Vec<Edit>,
    old: String,
    patch: String,
}

#[derive(Arbitrary, Debug)]
struct Edit {
    first: u8,
    more: u8,
    /// The lines as they are where there is none.
    search: Option<String>,
    replacement: String,
}

fuzz_target!(|call: Call| {
    let file = lines::split(&call.content);
    let joined: String = file.iter().flat_map(|line| [line.text, line.ending]).collect();
    assert_eq!(call.content.trim_start_matches('\u{feff}'), joined.trim_start_matches('\u{feff}'));
    let edits: Vec<LineEdit> = call.edits.iter().map(|edit| stated(&file, edit)).collect();
    check(&call.content, edit::apply(&call.content, &edits).ok());
    assert_eq!(edit::apply(&call.content, &edits), edit::apply(&call.content, &edits));
    for edit in &edits {
        if let Some(anchored) = anchors::anchored(&call.content, edit.first_line, edit.last_line, &edit.replacement)
            && let Ok(resolved) = anchors::resolve(&call.content, &anchored)
        {
            let applied = edit::apply(&call.content, &[resolved]);
            assert!(applied.is_ok(), "an anchored edit of the text itself has its place: {applied:?}");
            check(&call.content, applied.ok());
        }
    }
    let whole = TextEdit { old: call.old.clone(), new: call.patch.clone() };
    check(&call.content, edit::replace(&call.content, &whole).ok());
    for file in patch::parse(&call.patch).unwrap_or_default() {
        if let patch::Action::Update { hunks, .. } = file.action
            && let Ok(edits) = patch::edits(&call.content, &hunks)
        {
            check(&call.content, edit::apply(&call.content, &edits).ok());
        }
    }
});

fn stated(file: &[lines::Line<'_>], edit: &Edit) -> LineEdit {
    let first = usize::from(edit.first);
    let last = first + usize::from(edit.more % 8);
    let held = file.get(first..(last + 1).min(file.len())).unwrap_or_default();
    let held: Vec<&str> = held.iter().map(|line| line.text).collect();
    LineEdit {
        search: edit.search.clone().unwrap_or_else(|| held.join("\n")),
        first_line: first + 1,
        last_line: last + 1,
        replacement: edit.replacement.clone(),
    }
}

/// All bytes outside of the changes are as they were.
fn check(before: &str, applied: Option<Applied>) {
    let Some(applied) = applied else { return };
    let (mut old, mut new) = (0, 0);
    for change in &applied.changes {
        assert_eq!(before.get(old..change.old.start), applied.content.get(new..change.new.start));
        assert!(before.get(old..change.old.start).is_some());
        (old, new) = (change.old.end, change.new.end);
    }
    assert_eq!(before.get(old..), applied.content.get(new..));
    assert!(before.get(old..).is_some());
}

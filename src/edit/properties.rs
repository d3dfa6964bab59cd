//! What holds for every edit of every text. The places themselves are proven in `tests.rs`.

use proptest::prelude::*;

use super::{LineEdit, anchors, apply, lines};

/// A text of a few different lines, so that many stand in several places.
fn text() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec!["", "  ", "}", "  a", "a", "b b", "\tc", "ö $&", "..."]);
    let lines = prop::collection::vec(line, 1..14);
    let ending = prop::sample::select(vec!["\n", "\r\n"]);
    let mark = prop::sample::select(vec!["", "\u{feff}"]);
    (lines, ending, mark, any::<bool>()).prop_map(|(lines, ending, mark, complete)| {
        let unfinished = !complete && lines.last().is_some_and(|line| !line.is_empty());
        let body = lines.join(ending);
        format!("{mark}{body}{}", if unfinished { "" } else { ending })
    })
}

/// Edits of lines that the text holds, none of which overlap.
fn edits(text: &str, picks: &[(prop::sample::Index, usize, String)]) -> Vec<LineEdit> {
    let file = lines::split(text);
    let mut edits: Vec<LineEdit> = Vec::new();
    for (at, more, replacement) in picks {
        let first = at.index(file.len());
        let last = (first + more).min(file.len() - 1);
        let free = |edit: &LineEdit| last + 1 < edit.first_line || edit.last_line < first + 1;
        if edits.iter().all(free) {
            edits.push(LineEdit {
                search: file[first..=last]
                    .iter()
                    .map(|line| line.text)
                    .collect::<Vec<_>>()
                    .join("\n"),
                first_line: first + 1,
                last_line: last + 1,
                replacement: replacement.clone(),
            });
        }
    }
    edits
}

fn picks() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
    let replacement = "([xyz]{1,2}|)(\n[xyz $&]{0,3}){0,2}";
    prop::collection::vec(
        (any::<prop::sample::Index>(), 0..3_usize, replacement),
        1..4,
    )
}

proptest! {
    /// What a call has changed is what its receipt says, byte for byte, and nothing else.
    #[test]
    fn nothing_changes_but_what_is_said(text in text(), picks in picks()) {
        let applied = apply(&text, &edits(&text, &picks)).unwrap();
        let (mut old, mut new) = (0, 0);
        for change in &applied.changes {
            prop_assert_eq!(text.get(old..change.old.start), applied.content.get(new..change.new.start));
            (old, new) = (change.old.end, change.new.end);
        }
        prop_assert_eq!(text.get(old..), applied.content.get(new..));
    }

    /// The inverse of a batch, stated against what it came to, restores the text.
    #[test]
    fn the_inverse_of_a_batch_restores(text in text(), picks in picks()) {
        let mut done = edits(&text, &picks);
        done.retain(|edit| !edit.replacement.is_empty() && !edit.search.is_empty());
        done.sort_by_key(|edit| edit.first_line);
        let file = lines::split(&text);
        // A last line without an ending that becomes an empty one is none.
        let unfinished = file.last().is_some_and(|line| line.ending.is_empty());
        prop_assume!(done.iter().all(|edit| !(unfinished && edit.last_line == file.len() && edit.replacement.ends_with('\n'))));
        let applied = apply(&text, &done).unwrap();
        // Where no ending is left, nothing says which one there was.
        prop_assume!(!text.contains("\r\n") || applied.content.contains("\r\n"));
        let mut grown = 0_isize;
        let inverse: Vec<LineEdit> = done.iter().map(|edit| {
            let first_line = edit.first_line.checked_add_signed(grown).unwrap();
            let added = edit.replacement.split('\n').count();
            grown += added.cast_signed() - (edit.last_line + 1 - edit.first_line).cast_signed();
            LineEdit {
                search: edit.replacement.clone(),
                first_line,
                last_line: first_line + added - 1,
                replacement: edit.search.clone(),
            }
        }).collect();
        prop_assert_eq!(apply(&applied.content, &inverse).unwrap().content, text);
    }

    /// The same edit again is already there, or refused: what it came to does not stand there twice. Only where the
    /// text holds the searched lines once more may it land again, and then it takes those away.
    #[test]
    fn an_edit_that_is_done_is_not_done_again(text in text(), picks in picks()) {
        let all = edits(&text, &picks);
        let Some(edit) = all.first() else { return Ok(()) };
        // Lines that are part of what replaces them stand there after the edit as well.
        let parts = |edit: &LineEdit| format!("\n{}\n", edit.replacement).contains(&format!("\n{}\n", edit.search));
        prop_assume!(!parts(edit) && edit.search.contains(|letter: char| letter.is_alphanumeric()));
        // Dots elide where the file has none any more: then other lines are what the search says.
        prop_assume!(!edit.search.contains("..."));
        let count = |content: &str, said: &str| {
            let held: Vec<&str> = lines::split(content).iter().map(|line| line.text).collect();
            let said: Vec<&str> = said.split('\n').collect();
            held.windows(said.len()).filter(|window| *window == said.as_slice()).count()
        };
        let once = apply(&text, std::slice::from_ref(edit)).unwrap().content;
        if let Ok(twice) = apply(&once, std::slice::from_ref(edit)) {
            let landing = &twice.landings[0];
            if landing.already_applied {
                prop_assert_eq!(&twice.content, &once);
            } else {
                // Another place held it: one less does now.
                let there: Vec<&str> = lines::split(&once)[landing.first_line - 1..][..landing.removed].iter().map(|line| line.text.trim()).collect();
                let said: Vec<&str> = edit.search.split('\n').map(str::trim).collect();
                prop_assert_eq!(there, said);
                prop_assert!(count(&twice.content, &edit.search) <= count(&once, &edit.search));
            }
        }
    }

    /// An edit that names its lines by anchors does what one does that says what they hold, whatever became of the text.
    #[test]
    fn anchored_is_searched(viewed in text(), now in text(), picks in picks()) {
        let searched = edits(&viewed, &picks);
        let anchored: Vec<LineEdit> = searched.iter().map(|edit| {
            let call = anchors::anchored(&viewed, edit.first_line, edit.last_line, &edit.replacement).unwrap();
            anchors::resolve(&viewed, &call).unwrap()
        }).collect();
        prop_assert_eq!(apply(&viewed, &anchored), apply(&viewed, &searched));
        prop_assert_eq!(apply(&now, &anchored), apply(&now, &searched));
    }

    /// Whatever is asked: what lands leaves all other bytes, and nothing panics.
    #[test]
    fn anything_may_be_asked(
        text in "(\u{feff})?[ab \t\r\n.}\u{e4}]{0,30}", first in 0..12_usize, more in 0..4_usize,
        search in "[ab \t\r\n.}\u{e4}]{0,8}", replacement in "[xy\r\n \u{feff}]{0,5}",
    ) {
        let edit = LineEdit { search, first_line: first, last_line: (first + more).saturating_sub(1), replacement };
        if let Ok(applied) = apply(&text, std::slice::from_ref(&edit)) {
            let [landing] = applied.landings.as_slice() else { panic!("one edit has one landing") };
            if landing.already_applied {
                prop_assert_eq!(&applied.content, &text);
            }
            let kept = |change: &super::Change| {
                text.get(..change.old.start) == applied.content.get(..change.new.start)
                    && text.get(change.old.end..) == applied.content.get(change.new.end..)
            };
            prop_assert!(applied.changes.iter().all(kept));
            let marked = !text.starts_with('\u{feff}') || applied.content.starts_with('\u{feff}');
            prop_assert!(marked);
        }
    }
}

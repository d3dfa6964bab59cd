//! The ways in which a recorded edit is put to the engine.

use overskill::edit::LineEdit;
use overskill_bench::Random;

use super::{
    corpus::Case,
    trial::{Demand, Dialect, Trial},
};
use crate::oracle::{self, Change};

/// One way, and what it demands.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) demand: Demand,
    pub(crate) dialects: &'static [Dialect],
    pub(crate) trials: fn(&Case, &mut Random) -> Vec<Trial>,
}

const BOTH: &[Dialect] = &[Dialect::LineReplace, Dialect::EditLines];
/// An anchored edit has no search text that could be written otherwise.
const SEARCHED: &[Dialect] = &[Dialect::LineReplace];

/// All of them, in the order of the table.
pub(crate) const VARIANTS: &[Variant] = &[
    Variant {
        name: "exact",
        demand: Demand::Right,
        dialects: BOTH,
        trials: exact,
    },
    Variant {
        name: "ellipsis",
        demand: Demand::Right,
        dialects: SEARCHED,
        trials: ellipsis,
    },
    Variant {
        name: "CRLF",
        demand: Demand::Right,
        dialects: BOTH,
        trials: crlf,
    },
    Variant {
        name: "byte order mark",
        demand: Demand::Right,
        dialects: BOTH,
        trials: marked,
    },
    Variant {
        name: "no final newline",
        demand: Demand::Right,
        dialects: BOTH,
        trials: unfinished,
    },
    Variant {
        name: "$-sequences",
        demand: Demand::Right,
        dialects: BOTH,
        trials: dollars,
    },
    Variant {
        name: "parallel, shuffled",
        demand: Demand::Right,
        dialects: BOTH,
        trials: shuffled,
    },
    Variant {
        name: "trailing white space",
        demand: Demand::NeverWrong,
        dialects: SEARCHED,
        trials: trailing,
    },
    Variant {
        name: "re-indented",
        demand: Demand::NeverWrong,
        dialects: SEARCHED,
        trials: indented,
    },
    Variant {
        name: "shifted down",
        demand: Demand::NeverWrong,
        dialects: BOTH,
        trials: shifted_down,
    },
    Variant {
        name: "shifted down by blank lines",
        demand: Demand::NeverWrong,
        dialects: BOTH,
        trials: shifted_by_blanks,
    },
    Variant {
        name: "shifted up",
        demand: Demand::NeverWrong,
        dialects: BOTH,
        trials: shifted_up,
    },
    Variant {
        name: "shifted from some edit on",
        demand: Demand::NeverWrong,
        dialects: BOTH,
        trials: shifted_between,
    },
    Variant {
        name: "shifted, ellipsis",
        demand: Demand::NeverWrong,
        dialects: SEARCHED,
        trials: shifted_ellipsis,
    },
    Variant {
        name: "stale",
        demand: Demand::Refused,
        dialects: BOTH,
        trials: stale,
    },
    Variant {
        name: "stale, ellipsis",
        demand: Demand::Refused,
        dialects: SEARCHED,
        trials: stale_ellipsis,
    },
    Variant {
        name: "stale, a copy elsewhere",
        demand: Demand::Refused,
        dialects: BOTH,
        trials: stale_copied,
    },
    Variant {
        name: "lines gone, a copy elsewhere",
        demand: Demand::ByContract,
        dialects: BOTH,
        trials: gone_copied,
    },
    Variant {
        name: "duplicated target",
        demand: Demand::Refused,
        dialects: BOTH,
        trials: duplicated,
    },
    Variant {
        name: "duplicated target, ellipsis",
        demand: Demand::Refused,
        dialects: SEARCHED,
        trials: duplicated_ellipsis,
    },
];

/// Searches longer than this are elided, to their first and last two lines.
pub(crate) const LONG: usize = 6;
const ENDS: usize = 2;

/// The edit with a long search text elided.
pub(crate) fn elided(edit: &LineEdit) -> LineEdit {
    let lines: Vec<&str> = edit.search.split('\n').collect();
    if lines.len() <= LONG {
        return edit.clone();
    }
    let (head, rest) = lines.split_at(ENDS);
    let (_, tail) = rest.split_at(rest.len() - ENDS);
    let search = [head, &["..."], tail].concat().join("\n");
    LineEdit {
        search,
        ..edit.clone()
    }
}

fn elidable(edits: &[LineEdit]) -> Option<Vec<LineEdit>> {
    let shorter: Vec<LineEdit> = edits.iter().map(elided).collect();
    (shorter != edits).then_some(shorter)
}

fn exact(case: &Case, _: &mut Random) -> Vec<Trial> {
    vec![fresh(&case.content, case.edits.clone(), &case.edits)]
}

/// Edits of the text as it was viewed; `meant` is what they are, in whatever way they are written.
fn fresh(content: &str, edits: Vec<LineEdit>, meant: &[LineEdit]) -> Trial {
    Trial {
        viewed: content.to_owned(),
        content: content.to_owned(),
        edits,
        expected: oracle::splice(content, &Case::changes(meant)),
    }
}

fn ellipsis(case: &Case, _: &mut Random) -> Vec<Trial> {
    let edits = elidable(&case.edits).into_iter();
    edits
        .map(|edits| fresh(&case.content, edits, &case.edits))
        .collect()
}

fn crlf(case: &Case, _: &mut Random) -> Vec<Trial> {
    let content = case.content.replace("\r\n", "\n").replace('\n', "\r\n");
    vec![fresh(&content, case.edits.clone(), &case.edits)]
}

fn marked(case: &Case, _: &mut Random) -> Vec<Trial> {
    let content = format!("\u{feff}{}", case.content.trim_start_matches('\u{feff}'));
    vec![fresh(&content, case.edits.clone(), &case.edits)]
}

fn unfinished(case: &Case, _: &mut Random) -> Vec<Trial> {
    let content = case.content.strip_suffix('\n').unwrap_or(&case.content);
    let content = content.strip_suffix('\r').unwrap_or(content);
    // Without its break an empty last line is none.
    let gone = content.is_empty() || content.ends_with('\n');
    let trial = || fresh(content, case.edits.clone(), &case.edits);
    (!gone).then(trial).into_iter().collect()
}

fn dollars(case: &Case, _: &mut Random) -> Vec<Trial> {
    let edits = case.edits.iter().map(|edit| LineEdit {
        replacement: format!(
            "{}\n$& $$ $1 $` $' ${{x}} $<y> \\1 \\n \\\\",
            edit.replacement
        ),
        ..edit.clone()
    });
    let edits: Vec<LineEdit> = edits.collect();
    vec![fresh(&case.content, edits.clone(), &edits)]
}

fn shuffled(case: &Case, random: &mut Random) -> Vec<Trial> {
    if case.edits.len() < 2 {
        return Vec::new();
    }
    let mut reversed = case.edits.clone();
    reversed.reverse();
    let mut orders = vec![reversed];
    for _ in 0..2 {
        let mut order = case.edits.clone();
        random.shuffle(&mut order);
        orders.push(order);
    }
    orders
        .into_iter()
        .map(|edits| fresh(&case.content, edits, &case.edits))
        .collect()
}

/// White space at the ends of some lines that the search text has more, and less, than the file.
fn trailing(case: &Case, _: &mut Random) -> Vec<Trial> {
    let spaced = |text: &str, every: usize| {
        let lines = text.split('\n').enumerate();
        let lines = lines.map(|(number, line)| {
            if number % every == 0 {
                format!("{line}  ")
            } else {
                line.to_owned()
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let more: Vec<LineEdit> = case
        .edits
        .iter()
        .map(|edit| LineEdit {
            search: spaced(&edit.search, 2),
            ..edit.clone()
        })
        .collect();
    let plain = case.content.replace("\r\n", "\n");
    vec![
        fresh(&case.content, more, &case.edits),
        fresh(&spaced(&plain, 1), case.edits.clone(), &case.edits),
    ]
}

/// Search and replacement without the indentation that they have in common, and with more than the file has.
fn indented(case: &Case, _: &mut Random) -> Vec<Trial> {
    let mut trials = Vec::new();
    let less: Vec<LineEdit> = case.edits.iter().map(outdented).collect();
    if less != case.edits {
        trials.push(fresh(&case.content, less, &case.edits));
    }
    let more: Vec<LineEdit> = case.edits.iter().map(deepened).collect();
    if more != case.edits {
        trials.push(fresh(&case.content, more, &case.edits));
    }
    trials
}

fn deepened(edit: &LineEdit) -> LineEdit {
    // Blank lines have no indentation that could tell by how much the replacement is to be moved.
    if edit.search.trim().is_empty() {
        return edit.clone();
    }
    let more = |text: &str| {
        let lines = text.split('\n');
        let lines = lines.map(|line| {
            if line.trim().is_empty() {
                line.to_owned()
            } else {
                format!("  {line}")
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    LineEdit {
        search: more(&edit.search),
        replacement: more(&edit.replacement),
        ..edit.clone()
    }
}

fn outdented(edit: &LineEdit) -> LineEdit {
    if edit.search.trim().is_empty() {
        return edit.clone();
    }
    let lines = edit.search.split('\n').chain(edit.replacement.split('\n'));
    let indents = lines
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len());
    let common = indents.min().unwrap_or(0);
    let less = |text: &str| {
        let lines = text.split('\n').map(|line| {
            line.get(common..)
                .filter(|_| !line.trim().is_empty())
                .unwrap_or(line)
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    LineEdit {
        search: less(&edit.search),
        replacement: less(&edit.replacement),
        ..edit.clone()
    }
}

/// A text that has changed at some lines since it was viewed. `meant` are the changes in terms of the text now.
fn moved(
    case: &Case,
    edits: &[LineEdit],
    at: usize,
    removed: usize,
    inserted: &[String],
) -> Option<Trial> {
    let content = changed(&case.content, at, removed, inserted)?;
    let mut meant = Case::changes(&case.edits);
    for change in &mut meant {
        if change.first >= at {
            change.first = change.first + inserted.len() - removed;
            change.last = change.last + inserted.len() - removed;
        }
    }
    Some(Trial {
        viewed: case.content.clone(),
        expected: oracle::splice(&content, &meant),
        content,
        edits: edits.to_vec(),
    })
}

/// Lines taken away before line `at`, and others put there.
fn changed(content: &str, at: usize, removed: usize, inserted: &[String]) -> Option<String> {
    if removed > 0 {
        let lines = inserted.to_vec();
        return oracle::splice(
            content,
            &[Change {
                first: at - removed,
                last: at - 1,
                lines,
            }],
        );
    }
    let texts = oracle::texts(content);
    let mut lines = inserted.to_vec();
    lines.push((*texts.get(at - 1)?).to_owned());
    oracle::splice(
        content,
        &[Change {
            first: at,
            last: at,
            lines,
        }],
    )
}

fn appended(content: &str, more: &[String]) -> Option<String> {
    let texts = oracle::texts(content);
    let mut lines = vec![(*texts.last()?).to_owned()];
    lines.extend_from_slice(more);
    oracle::splice(
        content,
        &[Change {
            first: texts.len(),
            last: texts.len(),
            lines,
        }],
    )
}

fn notes(count: usize) -> Vec<String> {
    (1..=count)
        .map(|number| format!("// inserted before {number}"))
        .collect()
}

fn first_line(case: &Case) -> usize {
    case.edits
        .iter()
        .map(|edit| edit.first_line)
        .min()
        .unwrap_or(1)
}

fn shifted_down(case: &Case, _: &mut Random) -> Vec<Trial> {
    let shift = |count| moved(case, &case.edits, 1, 0, &notes(count));
    [1, 2, 3, 5, 20].into_iter().filter_map(shift).collect()
}

fn shifted_by_blanks(case: &Case, _: &mut Random) -> Vec<Trial> {
    let at = first_line(case);
    let shift = |count| moved(case, &case.edits, at, 0, &vec![String::new(); count]);
    [1, 2, 3].into_iter().filter_map(shift).collect()
}

fn shifted_up(case: &Case, _: &mut Random) -> Vec<Trial> {
    let room = first_line(case) - 1;
    let counts = [1, 2, 3, 5, 20].into_iter().filter(|count| *count <= room);
    counts
        .filter_map(|count| moved(case, &case.edits, count + 1, count, &[]))
        .collect()
}

fn shifted_between(case: &Case, _: &mut Random) -> Vec<Trial> {
    let mut starts: Vec<usize> = case.edits.iter().map(|edit| edit.first_line).collect();
    starts.sort_unstable();
    let starts = starts.into_iter().skip(1);
    starts
        .flat_map(|at| [1, 2, 7].map(|count| moved(case, &case.edits, at, 0, &notes(count))))
        .flatten()
        .collect()
}

fn shifted_ellipsis(case: &Case, _: &mut Random) -> Vec<Trial> {
    let Some(edits) = elidable(&case.edits) else {
        return Vec::new();
    };
    let shift = |count| moved(case, &edits, 1, 0, &notes(count));
    [1, 2, 5, 20].into_iter().filter_map(shift).collect()
}

/// The lines of one edit as somebody has changed them since, in several ways.
fn touched(edit: &LineEdit) -> Vec<Vec<String>> {
    let lines: Vec<String> = edit.search.split('\n').map(str::to_owned).collect();
    let mut renamed = lines.clone();
    let named = |line: &String| line.find(char::is_alphanumeric);
    if let Some((line, at)) = renamed
        .iter_mut()
        .find_map(|line| named(line).map(|at| (line, at)))
    {
        line.insert(at, 'Q');
    } else if let Some(line) = renamed.first_mut() {
        line.push_str("q();");
    }
    let mut last = lines.clone();
    if let Some(line) = last.last_mut() {
        line.push_str(" // seen");
    }
    let mut ways = vec![renamed, last];
    if lines.len() > 1 {
        let mut parted = lines;
        parted.insert(1, "// put between".to_owned());
        ways.push(parted);
    }
    ways
}

/// Nothing is left of them.
fn gone(edit: &LineEdit) -> Vec<Vec<String>> {
    let rewritten = edit.search.split('\n').enumerate();
    vec![
        rewritten
            .map(|(number, _)| format!("rewritten.since({number});"))
            .collect(),
        Vec::new(),
    ]
}

type Ways = fn(&LineEdit) -> Vec<Vec<String>>;

/// Trials in which the lines of one edit have changed; those where the search text still stands somewhere, or not.
fn outdated(case: &Case, edits: &[LineEdit], ways: Ways, copied: bool) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (edit, meant) in edits.iter().zip(&case.edits) {
        for lines in ways(meant) {
            let change = Change {
                first: meant.first_line,
                last: meant.last_line,
                lines,
            };
            let Some(content) = oracle::splice(&case.content, &[change]) else {
                continue;
            };
            let trial = Trial {
                viewed: case.content.clone(),
                expected: None,
                content,
                edits: edits.to_vec(),
            };
            let alone = Trial {
                viewed: String::new(),
                content: trial.content.clone(),
                edits: vec![edit.clone()],
                expected: None,
            };
            let already = oracle::meant(&trial.content, edit) == oracle::Verdict::Already;
            if oracle::anywhere(&trial.content, &edit.search) == copied
                && alone.as_stated().is_none()
                && !already
            {
                trials.push(trial);
            }
        }
    }
    trials
}

fn stale(case: &Case, _: &mut Random) -> Vec<Trial> {
    let mut trials = outdated(case, &case.edits, touched, false);
    trials.extend(outdated(case, &case.edits, gone, false));
    trials
}

fn stale_ellipsis(case: &Case, _: &mut Random) -> Vec<Trial> {
    let Some(edits) = elidable(&case.edits) else {
        return Vec::new();
    };
    let mut trials = outdated(case, &edits, touched, false);
    trials.extend(outdated(case, &edits, gone, false));
    trials
}

fn stale_copied(case: &Case, _: &mut Random) -> Vec<Trial> {
    outdated(case, &case.edits, touched, true)
}

fn gone_copied(case: &Case, _: &mut Random) -> Vec<Trial> {
    outdated(case, &case.edits, gone, true)
}

/// The lines of one edit are copied, above or below, and stand no longer where they were.
fn copied(case: &Case, edits: &[LineEdit], random: &mut Random) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (edit, meant) in edits.iter().zip(&case.edits) {
        let shift = random.between(1, 9);
        let copy: Vec<String> = meant.search.split('\n').map(str::to_owned).collect();
        let apart = || vec!["// apart".to_owned()];
        let (above, below) = (
            [notes(shift), copy.clone(), apart()].concat(),
            [apart(), copy].concat(),
        );
        let shifted = changed(&case.content, 1, 0, &notes(shift));
        let below = shifted.and_then(|shifted| appended(&shifted, &below));
        for content in [changed(&case.content, 1, 0, &above), below]
            .into_iter()
            .flatten()
        {
            let trial = Trial {
                viewed: case.content.clone(),
                expected: None,
                content,
                edits: vec![edit.clone()],
            };
            if trial.as_stated().is_none() {
                trials.push(trial);
            }
        }
    }
    trials
}

fn duplicated(case: &Case, random: &mut Random) -> Vec<Trial> {
    copied(case, &case.edits, random)
}

fn duplicated_ellipsis(case: &Case, random: &mut Random) -> Vec<Trial> {
    elidable(&case.edits)
        .map(|edits| copied(case, &edits, random))
        .unwrap_or_default()
}

//! The edit tools: each form of a call becomes line or text edits of the engine, and these land all or none.

use overskill_syntax::FaultKind;

use super::{
    Done, Refused, Workbench,
    arguments::{Arguments, Triple},
    missing,
    views::View,
};
use crate::{
    edit::{
        self, Applied, LineEdit, Refusal, TextEdit,
        anchors::{self, AnchoredEdit},
        lines::{self, Line, Numbering},
        patch::{self, Action, FilePatch},
        whole,
    },
    project::ProjectPath,
};

pub(super) fn line_replace(
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    let path = arguments.path()?;
    let edit = LineEdit {
        search: arguments.text("search")?.to_owned(),
        first_line: arguments.line("first_line")?,
        last_line: arguments.line("last_line")?,
        replacement: arguments.text("replacement")?.to_owned(),
    };
    let applied = edit::apply(bench.text(&path)?, &[edit]);
    land(
        bench,
        path,
        applied.map_err(|refused| refused.refusal.to_string()),
    )
}

pub(super) fn edit_lines(
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    let path = arguments.path()?;
    let triples = arguments.triples("edits")?;
    let edits = match resolved(bench, &path, &triples) {
        Ok(edits) => edits,
        Err(Unresolved { refused, reshown }) => {
            // The model has been shown anchors of the file as it is; from now on those count.
            if let Some(hash) = bench.hash(&path).filter(|_| reshown) {
                bench.views.insert(path, View::whole(hash));
            }
            return Err(refused);
        }
    };
    let applied = edit::apply(bench.text(&path)?, &edits);
    let several = edits.len() > 1;
    land(
        bench,
        path,
        applied.map_err(|refused| {
            if several {
                format!("edit {}: {refused}", refused.edit + 1)
            } else {
                refused.to_string()
            }
        }),
    )
}

/// Why anchored edits have no places.
struct Unresolved {
    refused: Refused,
    /// Whether the model was shown lines of the file as it is.
    reshown: bool,
}

impl From<Refused> for Unresolved {
    fn from(refused: Refused) -> Self {
        let reshown = false;
        Self { refused, reshown }
    }
}

/// Anchored edits, of the text that was viewed, as edits of the file as it is.
fn resolved(
    bench: &Workbench<'_>,
    path: &ProjectPath,
    triples: &[Triple<'_>],
) -> Result<Vec<LineEdit>, Unresolved> {
    let content = bench.text(path)?;
    let viewed = bench.views.get(path);
    let Some((view, shown)) = viewed.and_then(|view| Some((view, bench.content(&view.shown)?)))
    else {
        return Err(Refused(format!(
            "{path}: its lines have no anchors yet; view the file first"
        ))
        .into());
    };
    let own = bench.hash(path) == Some(view.left);
    let (viewed, now) = (lines::split(shown), lines::split(content));
    let edits = triples
        .iter()
        .enumerate()
        .map(|(index, (first, last, text))| {
            let anchored = AnchoredEdit {
                first: (*first).to_owned(),
                last: (*last).to_owned(),
                text: (*text).to_owned(),
            };
            let refused =
                |refusal: Refusal| Refused(format!("{path}: edit {}: {refusal}", index + 1));
            let mut edit = anchors::resolve_in(&viewed, &anchored).map_err(refused)?;
            let changed = |edit: &LineEdit| Unresolved {
                refused: refused(changed(shown, content, edit)),
                reshown: true,
            };
            let now = if own {
                // Only the model's own edits lie between the view and the file: where the lines went is known.
                view.now(edit.first_line, edit.last_line)
            } else {
                kept(&viewed, &now, edit.first_line, edit.last_line)
            };
            (edit.first_line, edit.last_line) = now.ok_or_else(|| changed(&edit))?;
            Ok(edit)
        });
    edits.collect()
}

/// Where lines of a text are in another that somebody else has made of it: above or below all that is different. What
/// stands between may be a copy of what is gone.
fn kept(
    viewed: &[Line<'_>],
    now: &[Line<'_>],
    first: usize,
    last: usize,
) -> Option<(usize, usize)> {
    let same = |(old, new): &(&Line<'_>, &Line<'_>)| old.text == new.text;
    let above = viewed.iter().zip(now).take_while(same).count();
    if last <= above {
        return Some((first, last));
    }
    let most = viewed.len().min(now.len()) - above;
    let ends = viewed.iter().rev().zip(now.iter().rev());
    let below = ends.take(most).take_while(same).count();
    if first > viewed.len() - below {
        let shift = |line: usize| line + now.len() - viewed.len();
        return Some((shift(first), shift(last)));
    }
    None
}

/// Both sides of lines that were viewed and are others now.
fn changed(shown: &str, content: &str, edit: &LineEdit) -> Refusal {
    let part = |text: &str| {
        let file = lines::split(text);
        let end = edit.last_line.min(file.len());
        let start = (edit.first_line - 1).min(end);
        edit::excerpt(&file, std::iter::once(start..end), Numbering::Anchors)
    };
    Refusal::Changed {
        first: edit.first_line,
        last: edit.last_line,
        viewed: part(shown),
        now: part(content),
    }
}

pub(super) fn str_replace(
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    let path = arguments.path()?;
    let edit = TextEdit {
        old: arguments.text("old_str")?.to_owned(),
        new: arguments.text("new_str")?.to_owned(),
    };
    let applied = edit::replace(bench.text(&path)?, &edit);
    land(bench, path, applied.map_err(|refused| refused.to_string()))
}

/// Several files, all or none.
pub(super) fn apply_patch(
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    let files = patch::parse(arguments.text("patch")?)
        .map_err(|error| Refused(format!("apply_patch: {error}")))?;
    let mut trial = bench.clone();
    let mut done = Done::default();
    for FilePatch { path, action } in files {
        let at = |path: &str| -> Result<ProjectPath, Refused> {
            path.parse()
                .map_err(|error| Refused(format!("apply_patch: {path}: {error}")))
        };
        let path = at(&path)?;
        let one = match action {
            Action::Add(content) => {
                if trial.manifest.get(&path).is_some() {
                    return Err(Refused(format!(
                        "{path}: is there already; nothing was changed"
                    )));
                }
                super::files::put_whole(&mut trial, path, &content)?
            }
            Action::Delete => super::files::remove(&mut trial, path)?,
            Action::Update { hunks, moved_to } => {
                let content = trial.text(&path)?;
                let applied = patch::edits(content, &hunks)
                    .and_then(|edits| edit::apply(content, &edits))
                    .map_err(|refused| refused.to_string());
                let mut one = if hunks.is_empty() {
                    Done::default()
                } else {
                    land(&mut trial, path.clone(), applied)?
                };
                if let Some(to) = moved_to {
                    one.then(super::files::rename(&mut trial, &path, at(&to)?)?);
                }
                one
            }
        };
        done.then(one);
    }
    *bench = trial;
    Ok(done)
}

/// Puts what edits have made of a file in its place, unless they break it.
fn land(
    bench: &mut Workbench<'_>,
    path: ProjectPath,
    applied: Result<Applied, String>,
) -> Result<Done, Refused> {
    let applied = applied.map_err(|refusal| Refused(format!("{path}: {refusal}")))?;
    let hash = bench.hash(&path);
    let before = bench.text(&path)?;
    let new: String = applied
        .changes
        .iter()
        .filter_map(|change| applied.content.get(change.new.clone()))
        .collect::<Vec<&str>>()
        .join("\n");
    whole::left_out(before, &new).map_err(|unwanted| Refused(format!("{path}: {unwanted}")))?;
    let broken = bench
        .syntax
        .breakages(path.as_str(), before, &applied.content, &applied.changes);
    if let Some(first) = broken.first() {
        return Err(Refused(format!(
            "{path}: the file would be broken by this; nothing was changed. {first}"
        )));
    }
    let Some(change) = bench.put(path.clone(), applied.content.as_bytes())? else {
        return Ok(Done::saying(format!(
            "{path}: the lines say this already, nothing was changed"
        )));
    };
    let mut says: Vec<String> = applied
        .landings
        .iter()
        .map(|landing| format!("{path}: {landing}"))
        .collect();
    if let [landing] = applied.landings.as_slice() {
        says.extend(landing.shift());
    }
    let facts = bench.syntax.facts(path.as_str(), &applied.content);
    if let Some(fault) = facts
        .faults
        .iter()
        .find(|fault| fault.kind == FaultKind::Syntax)
    {
        let line = applied.content.get(..fault.start).unwrap_or_default();
        says.push(format!(
            "The file was broken before and is still: line {}: {}",
            line.matches('\n').count() + 1,
            fault.message
        ));
    }
    let left = change.entry.map(|entry| entry.hash);
    // Where somebody else has changed the file since, the moves are not the model's own any more.
    if let (Some(view), Some(left)) = (bench.views.get_mut(&path), left)
        && Some(view.left) == hash
    {
        view.note(&applied.landings, left);
    }
    Ok(Done {
        says: says.join("\n"),
        landings: vec![(path, applied.landings)],
        changes: vec![change],
        ..Done::default()
    })
}

/// Why a whole file is not written anew, where an edit tool is on offer.
pub(super) fn refuse_unseen(bench: &Workbench<'_>, path: &ProjectPath) -> Result<(), Refused> {
    let now = bench.hash(path).ok_or_else(|| missing(path))?;
    match bench.views.get(path) {
        Some(view) if view.left != now => Err(Refused(format!(
            "{path}: somebody else has changed it since you saw it, and theirs is kept; nothing was changed. View it again"
        ))),
        _ => Ok(()),
    }
}

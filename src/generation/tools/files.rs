//! The tools for whole files: write, view, delete; and what patches do with files besides changing lines.

use overskill_syntax::FaultKind;

use super::{
    Change, Done, Refused, Workbench, arguments::Arguments, binary, count, dialect::Dialect,
    edits::refuse_unseen, missing, tables, view, views::View,
};
use crate::{
    edit::{self, whole},
    project::ProjectPath,
    search,
};

pub(super) fn write_file(
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    let path = arguments.path()?;
    put_whole(bench, path, arguments.text("content")?)
}

/// Writes a whole file.
pub(super) fn put_whole(
    bench: &mut Workbench<'_>,
    path: ProjectPath,
    content: &str,
) -> Result<Done, Refused> {
    let before = bench.manifest.get(&path).copied();
    if before.is_some_and(|entry| entry.binary) {
        return Err(binary(&path));
    }
    let facts = bench.syntax.facts(path.as_str(), content);
    let old = match before {
        Some(_) => Some(bench.text(&path)?.to_owned()),
        None => None,
    };
    match &old {
        Some(old) => {
            refuse_unseen(bench, &path)?;
            let unwanted = |unwanted| Refused(format!("{path}: {unwanted}"));
            whole::left_out(old, content).map_err(unwanted)?;
            if bench.dialect != Dialect::Whole {
                whole::check(old, content).map_err(unwanted)?;
            }
            let all = edit::Change {
                old: 0..old.len(),
                new: 0..content.len(),
            };
            let broken = bench.syntax.breakages(path.as_str(), old, content, &[all]);
            if let Some(first) = broken.first() {
                return Err(Refused(format!(
                    "{path}: the new content is broken; nothing was changed. {first}"
                )));
            }
        }
        None => whole::left_out("", content)
            .map_err(|unwanted| Refused(format!("{path}: {unwanted}")))?,
    }
    let lines = count(edit::lines::split(content).len(), "line");
    let Some(change) = bench.put(path.clone(), content.as_bytes())? else {
        return Ok(Done::saying(format!(
            "{path}: has this content already, nothing was changed"
        )));
    };
    if let Some(entry) = change.entry {
        bench.views.insert(path.clone(), View::whole(entry.hash));
    }
    let verb = if old.is_some() { "rewrote" } else { "created" };
    let mut says = format!("{path}: {verb} with {lines}");
    // Others are written by it long after its content has left the context.
    if let Some(summary) = search::summary(&facts) {
        says.push_str(&format!("\nFor others: {summary}"));
    }
    // A new file is kept although it is broken: mending it costs less than writing it again.
    if let Some(fault) = facts
        .faults
        .iter()
        .find(|fault| fault.kind != FaultKind::Unchecked)
    {
        let above = content.get(..fault.start).unwrap_or_default();
        let line = above.matches('\n').count() + 1;
        says.push_str(&format!("\nMend it: line {line}: {}", fault.message));
    }
    Ok(Done {
        says,
        changes: vec![change],
        landings: vec![(path, Vec::new())],
        ..Done::default()
    })
}

pub(super) fn view_file(
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    let path = arguments.path()?;
    let range = arguments.range("lines")?;
    let shown = view::render(&path, bench.text(&path)?, range, bench.dialect.numbering())?;
    if let Some(hash) = bench.hash(&path) {
        bench.views.insert(path, View::whole(hash));
    }
    Ok(Done::saying(shown))
}

pub(super) fn delete_file(
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    remove(bench, arguments.path()?)
}

/// Deletes a file.
pub(super) fn remove(bench: &mut Workbench<'_>, path: ProjectPath) -> Result<Done, Refused> {
    tables::keep(&path)?;
    refuse_unseen(bench, &path)?;
    bench.manifest.remove(&path);
    bench.views.remove(&path);
    Ok(Done {
        says: format!("{path}: deleted"),
        changes: vec![Change { path, entry: None }],
        ..Done::default()
    })
}

/// Gives a file another path.
pub(super) fn rename(
    bench: &mut Workbench<'_>,
    from: &ProjectPath,
    to: ProjectPath,
) -> Result<Done, Refused> {
    let entry = *bench.manifest.get(from).ok_or_else(|| missing(from))?;
    if bench.manifest.get(&to).is_some() {
        return Err(Refused(format!(
            "{to}: is there already; nothing was changed"
        )));
    }
    tables::keep(from)?;
    if let Ok(content) = bench.text(from) {
        tables::check(bench, &to, content.as_bytes())?;
    }
    bench.manifest.remove(from);
    bench
        .manifest
        .put(to.clone(), entry, &bench.limits)
        .map_err(|error| Refused(format!("{error}; nothing was changed")))?;
    if let Some(view) = bench.views.remove(from) {
        bench.views.insert(to.clone(), view);
    }
    let gone = Change {
        path: from.clone(),
        entry: None,
    };
    Ok(Done {
        says: format!("{from}: is {to} now"),
        changes: vec![
            gone,
            Change {
                path: to,
                entry: Some(entry),
            },
        ],
        ..Done::default()
    })
}

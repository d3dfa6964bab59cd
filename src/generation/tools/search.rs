//! `search_files`: what a search found, as the model reads it.

use std::fmt::Write as _;

use super::{
    Done, Workbench,
    arguments::{Arguments, Refused},
    count,
};
use crate::{
    digest::Digest,
    project::Manifest,
    search::{Asked, Caps, Definitions, FileHits, Found, Query, Search, SkipReason, Symbol},
    sorted::SortedMap,
};

/// How many files are named of those that are counted only.
const NAMED: usize = 20;
/// How much of the query is repeated, in characters.
const QUERY_CHARS: usize = 80;

/// The contents that any search may need.
pub(super) fn needs(manifest: &Manifest) -> impl Iterator<Item = Digest> {
    manifest
        .iter()
        .filter(|(_, entry)| !entry.binary && entry.size <= Caps::MODEL.file_bytes)
        .map(|(_, entry)| entry.hash)
}

pub(super) fn search_files(
    arguments: &Arguments<'_>,
    bench: &Workbench<'_>,
) -> Result<Done, Refused> {
    let text = arguments.text("query")?;
    let query = Query::parse(&Asked {
        query: text,
        include: &arguments.list("include")?,
        exclude: &arguments.list("exclude")?,
        case_sensitive: arguments.flag("case_sensitive")?,
        context: arguments.number("context")?.unwrap_or_default(),
    })
    .map_err(|error| Refused(format!("search_files: {error}")))?;
    let mut search = Search::new(&query, Caps::MODEL);
    let mut definitions = Definitions::of(text);
    for (path, entry) in bench.manifest.iter() {
        if !search.needs(path.as_str(), entry) {
            continue;
        }
        if let Some(content) = search.file(path.as_str(), bench.text(path)?.as_bytes()) {
            definitions.look(path.as_str(), content, || {
                bench.syntax.of(path.as_str(), entry.hash, || Some(content))
            });
        }
    }
    Ok(Done::saying(render(
        text,
        &search.finish(),
        &definitions.finish(),
    )))
}

fn render(query: &str, found: &Found, symbols: &[Symbol]) -> String {
    let mut out = headline(query, found);
    for symbol in symbols {
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(out, "{symbol}");
    }
    if let Some(reason) = &found.literal {
        let _ = writeln!(
            out,
            "The query is no regular expression ({reason}); it was searched as it stands."
        );
    }
    for file in found.files.iter().filter(|file| !file.hits.is_empty()) {
        write_file(&mut out, file);
    }
    let rest: Vec<&FileHits> = found
        .files
        .iter()
        .filter(|file| file.hits.is_empty())
        .collect();
    if !rest.is_empty() {
        let hits = count(rest.iter().map(|file| file.count).sum(), "more hit");
        let names = named(rest.iter().map(|file| file.path.as_str()));
        let _ = writeln!(out, "\n{hits} in {names}; narrow the search to see them.");
    }
    for (reason, why) in [
        (SkipReason::Binary, "binary".to_owned()),
        (
            SkipReason::Large,
            format!("over {} KiB", Caps::MODEL.file_bytes / 1024),
        ),
        (
            SkipReason::Effort,
            "the expression takes too much effort; simplify it or name files to include".to_owned(),
        ),
    ] {
        let skipped: Vec<&str> = found
            .skipped
            .iter()
            .filter(|skipped| skipped.reason == reason)
            .map(|skipped| skipped.path.as_str())
            .collect();
        if !skipped.is_empty() {
            let names = named(skipped.into_iter());
            let _ = writeln!(out, "\nNot searched ({why}): {names}.");
        }
    }
    out
}

fn headline(query: &str, found: &Found) -> String {
    let query = query.replace(['\n', '\r'], " ");
    let query = match query.char_indices().nth(QUERY_CHARS) {
        Some((cut, _)) => format!("{}…", query.split_at(cut).0),
        None => query,
    };
    let searched = count(found.searched, "file");
    match found.count() {
        0 if found.searched == 0 && found.skipped.is_empty() => {
            "no file fits `include` and `exclude`, so nothing was searched\n".to_owned()
        }
        0 => format!("no hit for `{query}` in {searched}\n"),
        hits => {
            let files = count(found.files.len(), "file");
            let part = match found.shown() {
                shown if shown < hits => format!(", {shown} of them shown"),
                _ => String::new(),
            };
            format!(
                "{} for `{query}` in {files} of {}{part}\n",
                count(hits, "hit"),
                found.searched
            )
        }
    }
}

fn write_file(out: &mut String, file: &FileHits) {
    let _ = writeln!(out, "\n{} ({})", file.path, count(file.count, "hit"));
    let mut lines: SortedMap<usize, (char, &str)> = SortedMap::new();
    for hit in &file.hits {
        let before = (hit.line.saturating_sub(hit.before.len())..).zip(&hit.before);
        for (line, excerpt) in before.chain((hit.line + 1..).zip(&hit.after)) {
            let sign = if (hit.line..=hit.last_line).contains(&line) {
                ':'
            } else {
                '-'
            };
            let shown = lines.entry(line).or_insert((sign, &excerpt.text));
            if sign == ':' {
                shown.0 = sign;
            }
        }
        lines.insert(hit.line, (':', &hit.text.text));
    }
    let mut next = None;
    for (line, (sign, text)) in lines {
        if next.is_some_and(|next| next != line)
            && file
                .hits
                .iter()
                .any(|hit| !hit.before.is_empty() || !hit.after.is_empty())
        {
            let _ = writeln!(out, "   --");
        }
        let _ = writeln!(out, "{line:>5}{sign} {text}");
        next = Some(line + 1);
    }
    let more = file.count - file.hits.len().min(file.count);
    if more > 0 {
        let _ = writeln!(out, "      … {more} more");
    }
}

/// Files by name, as many as are named, and how many there are beyond.
fn named<'a>(paths: impl ExactSizeIterator<Item = &'a str>) -> String {
    let all = paths.len();
    let names: Vec<&str> = paths.take(NAMED).collect();
    let more = all - names.len();
    let names = names.join(", ");
    if more == 0 {
        names
    } else {
        format!("{names} and {}", count(more, "more file"))
    }
}

//! A file as the model sees it: a header, then numbered lines, as many as fit.

use super::{arguments::Refused, count};
use crate::{
    edit::lines::{self, Numbering},
    project::ProjectPath,
};

/// The most lines of one view.
const LINES: usize = 1_000;
/// The most text of one view, in bytes; the line that goes past it is the last.
const BYTES: usize = 48 * 1024;

pub(super) fn render(
    path: &ProjectPath,
    content: &str,
    range: Option<(usize, usize)>,
    numbering: Numbering,
) -> Result<String, Refused> {
    let all = lines::split(content);
    let (first, last) = range.unwrap_or((1, all.len()));
    if first > all.len() && range.is_some() {
        return Err(Refused(format!(
            "{path}: there is no line {first}, the file has {}",
            all.len()
        )));
    }
    let wanted = all.iter().take(last).skip(first - 1);
    let mut bytes = 0;
    let shown: Vec<&str> = wanted
        .map(|line| line.text)
        .take(LINES)
        .take_while(|text| {
            let fits = bytes < BYTES;
            bytes += text.len();
            fits
        })
        .collect();
    let next = first + shown.len();
    let mut out = format!("{path} ({})\n", count(all.len(), "line"));
    out.push_str(&lines::shown(first, shown, numbering));
    if next <= last.min(all.len()) {
        out.push_str(&format!(
            "Lines {next}–{} are not shown; ask for them with `lines`.\n",
            last.min(all.len())
        ));
    }
    Ok(out)
}

//! What to do about a script that has grown large: the numbers, what weighs most in it, and the ways to make it smaller, in words that a
//! model can act on. It is advice: nothing fails for it but what is refused anyway.

use super::{Asset, Band, Place, PublishError, SizeReport};
use crate::build::{Diagnostic, Mode, Weight, WeightKind};

/// The code of a diagnostic about the size of a script.
const CODE: &str = "size";

/// The most packages and files of the app's own that are named.
const MOST_NAMED: usize = 5;
/// The most built files that are named.
const MOST_FILES: usize = 3;
/// From here on something is worth naming, in bytes.
const NAMED_BYTES: u64 = 10 * 1024;
/// From here on a file of the app's own is mostly data, in bytes.
const DATA_BYTES: u64 = 50 * 1024;
const KB: u64 = 1024;

const LATER: &str = "Load what the first page does not need when it is needed: a page by `const Page = lazy(() => import(\"@/pages/Page\"))`, with \
                     `lazy` and `Suspense` of React, in place of its `import`; what a click needs by `await import(\"…\")` there.";
const LIGHTER: &str =
    "Take a lighter package where there is one, or import only the parts that are used.";
const DATA: &str = "Keep data and pictures out of the code: a file in `public/`, which `fetch` or an `<img>` loads, in place of text in a \
                    module, `?inline` or `data:`.";
const FUNCTION: &str = "Each function has all that it imports in it, so a package that several import counts several times: import less, or call an \
                        API by `fetch` in place of its client.";
const PAGE: &str = "Take out of `index.html` what makes it large: styles, scripts, and pictures as `data:`. Each belongs into a file of its own.";

/// What to do about the script of a build that was published; nothing where it is healthy and all that the page needs first is in it.
#[must_use]
pub fn advice(sizes: &SizeReport, weights: &[Weight], mode: Mode) -> Option<Diagnostic> {
    if sizes.concern() == Band::Healthy {
        return None;
    }
    let parts = [
        Some(used(sizes)),
        without_room(sizes),
        (mode == Mode::Development).then(|| {
            "This is the build of the preview, in which nothing is minified and packages that most apps have are not counted: what is deployed \
             has other numbers."
                .to_owned()
        }),
    ];
    let message: Vec<String> = parts.into_iter().flatten().collect();
    let warning = Diagnostic::error(CODE, message.join(" ")).as_warning();
    Some(warning.advising(ways(weights, Weight::script_bytes)))
}

/// Whether a diagnostic is this advice.
#[must_use]
pub fn is_advice(diagnostic: &Diagnostic) -> bool {
    diagnostic.code.as_deref() == Some(CODE)
}

/// Why an artifact set is not published, and what to do.
#[must_use]
pub fn refusal(error: &PublishError, weights: &[Weight]) -> Diagnostic {
    let told = Diagnostic::error("publish", error.to_string());
    match error {
        PublishError::OverBudget { largest, .. } if largest.starts_with("index.") => {
            told.advising(PAGE)
        }
        PublishError::OverBudget { .. } => {
            told.advising(ways(weights, |weight| weight.function_bytes))
        }
        PublishError::NoPage | PublishError::OtherPage | PublishError::PageEncoding => told,
    }
}

fn used(sizes: &SizeReport) -> String {
    let (has, may) = (sizes.script_bytes as u64, sizes.budget as u64);
    format!(
        "The app's script has {} of the {} that it may have ({} %).",
        size(has),
        size(may),
        has * 100 / may.max(1)
    )
}

fn without_room(sizes: &SizeReport) -> Option<String> {
    let outside = sizes.assets.iter();
    let outside = outside.filter(|asset| asset.place == Place::WithoutRoom);
    let named: Vec<String> = outside.take(MOST_FILES).map(file).collect();
    let more = match sizes.without_room.files.saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!named.is_empty()).then(|| {
        format!(
            "There was no room in it for what the page needs at once, which is loaded apart from it now and takes longer: {}{more}.",
            named.join(", ")
        )
    })
}

fn file(asset: &Asset) -> String {
    let in_gzip = asset
        .gzip_bytes
        .map_or_else(String::new, |bytes| format!(", {} in gzip", size(bytes)));
    format!("`{}` ({}{in_gzip})", asset.path, size(asset.bytes))
}

/// What weighs most by this measure, and what can be done about that.
fn ways(weights: &[Weight], measure: fn(&Weight) -> u64) -> String {
    let mut heaviest: Vec<&Weight> = weights
        .iter()
        .filter(|one| measure(one) >= NAMED_BYTES)
        .collect();
    crate::sorted::sort_by_key(&mut heaviest, |one| std::cmp::Reverse(measure(one)));
    heaviest.truncate(MOST_NAMED);
    let named: Vec<String> = heaviest
        .iter()
        .map(|one| format!("`{}` {}", one.name, size(measure(one))))
        .collect();
    let of_page = |one: &&Weight| measure(one) > one.function_bytes;
    let is_package = |one: &&Weight| one.kind == WeightKind::Package;
    let is_data = |one: &&Weight| one.kind == WeightKind::File && measure(one) >= DATA_BYTES;
    let is_any = |what: &dyn Fn(&&Weight) -> bool| heaviest.iter().any(what);
    let named = (!named.is_empty()).then(|| {
        format!(
            "What weighs most, before compression: {}.",
            named.join(", ")
        )
    });
    let ways = [
        named.as_deref(),
        (heaviest.is_empty() || is_any(&of_page)).then_some(LATER),
        is_any(&is_package).then_some(LIGHTER),
        is_any(&is_data).then_some(DATA),
        is_any(&|one| one.function_bytes > 0).then_some(FUNCTION),
    ];
    ways.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A length as people read it; a KB has 1,024 bytes.
fn size(bytes: u64) -> String {
    let kb = bytes.div_ceil(KB);
    if kb < KB {
        format!("{kb} KB")
    } else {
        let tenths = (bytes * 10).div_ceil(KB * KB);
        format!("{}.{} MB", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests;

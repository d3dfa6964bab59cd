//! The check between a build and its going live: the page answers, and what it loads first answers with the right type.
//!
//! Looks at answers, asks none itself, and of what a page loads wants no more than whether there is anything. Whether the app
//! renders is seen in a browser only.

use super::html::{self, Tag};
use crate::build::VENDOR_FOLDER;

/// How many files that a page loads are looked at: the first of them.
pub const MOST_LOADS: usize = 64;

/// What the app's Worker answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The `content-type` header, empty without one.
    pub content_type: String,
    /// Whether the body is nothing but white space.
    pub is_blank: bool,
}

/// Whether a part of a body is nothing but white space.
#[must_use]
pub fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
}

/// What a page loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JavaScript.
    Script,
    /// A style sheet.
    Style,
}

/// A file that the page loads from the app itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The path with its query, from `/`.
    pub path: String,
    /// What it has to be.
    pub kind: Kind,
}

impl Load {
    fn file(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// Whether it is a vendor module: named by its content, equal in every app and never deleted.
    #[must_use]
    pub fn is_vendor(&self) -> bool {
        self.path.trim_start_matches('/').starts_with(VENDOR_FOLDER)
    }
}

/// Judges the page, and names what it loads first: entry scripts, their preloads, style sheets. Each file once, whatever its
/// query, and at most [`MOST_LOADS`].
///
/// # Errors
/// The reasons why the page must not go live.
pub fn loads(page: &Answer, body: &[u8]) -> Result<Vec<Load>, Vec<String>> {
    let mut reasons = common(page, "the page", &["text/html"]);
    let Ok(text) = std::str::from_utf8(body) else {
        reasons.push("the page is not UTF-8".to_owned());
        return Err(reasons);
    };
    let tags = html::tags(text);
    let mut loads: Vec<Load> = Vec::new();
    for load in tags.iter().filter_map(load) {
        let is_known = |known: &Load| known.kind == load.kind && known.file() == load.file();
        if loads.len() < MOST_LOADS && !loads.iter().any(is_known) {
            loads.push(load);
        }
    }
    if reasons.is_empty() {
        if !tags
            .iter()
            .any(|tag| tag.attribute("id") == Some("overskill-config"))
        {
            reasons.push("the page does not carry its configuration".to_owned());
        }
        if !tags.iter().any(is_module) {
            reasons.push("the page loads no module script, so the app would not start".to_owned());
        }
    }
    if reasons.is_empty() {
        Ok(loads)
    } else {
        Err(reasons)
    }
}

/// Judges what the page loads.
///
/// # Errors
/// The reasons why the page must not go live.
pub fn check(answers: &[(Load, Answer)]) -> Result<(), Vec<String>> {
    let reasons: Vec<String> = answers
        .iter()
        .flat_map(|(load, answer)| match load.kind {
            Kind::Script => common(
                answer,
                &load.path,
                &["text/javascript", "application/javascript"],
            ),
            Kind::Style => common(answer, &load.path, &["text/css"]),
        })
        .collect();
    if reasons.is_empty() {
        Ok(())
    } else {
        Err(reasons)
    }
}

/// The first thing that is wrong with an answer.
fn common(answer: &Answer, what: &str, types: &[&str]) -> Vec<String> {
    let essence = answer
        .content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let reason = if answer.status != 200 {
        format!("{what} answers with status {}", answer.status)
    } else if !types.contains(&essence.as_str()) {
        let found = if essence.is_empty() {
            "no type"
        } else {
            &essence
        };
        format!(
            "{what} has {found} instead of {}",
            types.first().copied().unwrap_or_default()
        )
    } else if answer.is_blank {
        format!("{what} is empty")
    } else {
        return Vec::new();
    };
    vec![reason]
}

/// A module script, from a file or inline.
fn is_module(tag: &Tag) -> bool {
    tag.name == "script"
        && tag
            .attribute("type")
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("module"))
}

/// What a tag loads.
pub(super) fn load(tag: &Tag) -> Option<Load> {
    let rel = |wanted: &str| {
        tag.attribute("rel").is_some_and(|rel| {
            rel.split_ascii_whitespace()
                .any(|one| one.eq_ignore_ascii_case(wanted))
        })
    };
    let (url, kind) = match tag.name.as_str() {
        "script" if is_module(tag) || is_classic(tag) => (tag.attribute("src")?, Kind::Script),
        "link" if rel("modulepreload") => (tag.attribute("href")?, Kind::Script),
        "link" if rel("stylesheet") => (tag.attribute("href")?, Kind::Style),
        _ => return None,
    };
    local(url.trim()).map(|path| Load { path, kind })
}

/// Whether a script that is no module is run: it has no type, or that of JavaScript.
fn is_classic(tag: &Tag) -> bool {
    tag.attribute("type").is_none_or(|kind| {
        let kind = kind.trim().to_ascii_lowercase();
        matches!(
            kind.as_str(),
            "" | "text/javascript" | "application/javascript" | "text/ecmascript"
        )
    })
}

/// What the text of a tag is that imports others.
pub(super) fn inline(tag: &Tag) -> Option<Kind> {
    match tag.name.as_str() {
        "script" if is_module(tag) && tag.attribute("src").is_none() => Some(Kind::Script),
        "style" => Some(Kind::Style),
        _ => None,
    }
}

/// The path of an address on the app's own origin, as seen from its first page.
fn local(url: &str) -> Option<String> {
    let url = url.split('#').next().unwrap_or_default();
    let is_elsewhere = url.starts_with("//")
        || url
            .split(['/', '?'])
            .next()
            .is_some_and(|start| start.contains(':'));
    if url.is_empty() || is_elsewhere {
        return None;
    }
    let path = url.trim_start_matches("./").trim_start_matches('/');
    Some(format!("/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<!doctype html><head><script type=\"application/json\" id=\"overskill-config\">{}</script>";

    fn answer(status: u16, content_type: &str, body: &str) -> Answer {
        Answer {
            status,
            content_type: content_type.to_owned(),
            is_blank: is_blank(body.as_bytes()),
        }
    }

    fn page(body: &str) -> Result<Vec<Load>, Vec<String>> {
        loads(
            &answer(200, "text/html; charset=utf-8", body),
            body.as_bytes(),
        )
    }

    fn file(path: &str, kind: Kind) -> Load {
        Load {
            path: path.to_owned(),
            kind,
        }
    }

    #[test]
    fn names_what_the_page_loads_from_its_own_origin() {
        let found = page(&format!(
            "{HEAD}<script>theme()</script><script type=module crossorigin src=\"/assets/index-a.js\"></script>\
             <link rel=modulepreload href=./assets/vendor.js?x><link rel=\"stylesheet\" href=\"assets/a.css\">\
             <link rel=stylesheet href=https://fonts.example/a.css><script src=//cdn.example/x.js></script>\
             <link rel=icon href=/icon.svg><script type=module src=/assets/index-a.js#again></script>"
        ));
        assert_eq!(
            found.unwrap(),
            [
                file("/assets/index-a.js", Kind::Script),
                file("/assets/vendor.js?x", Kind::Script),
                file("/assets/a.css", Kind::Style)
            ]
        );
    }

    #[test]
    fn vendor_modules_are_told_from_the_apps_own_files() {
        let vendor = |path: &str| file(path, Kind::Script).is_vendor();
        assert!(vendor("/assets/overskill-vendor/react-0a1b.js?x"));
        assert!(!vendor("/assets/index-0a1b.js"));
        assert!(!vendor("/pages/assets/overskill-vendor/react.js"));
    }

    #[test]
    fn a_file_is_looked_at_once_and_not_every_file_of_very_many() {
        let more: String = (0..200)
            .map(|number| format!("<script src=/{number}.js></script>"))
            .collect();
        let found = page(&format!(
            "{HEAD}<script type=module src=/a.js?1></script><script src=/a.js?2></script>\
             <link rel=stylesheet href=/a.js?3>{more}"
        ))
        .unwrap();
        assert_eq!(found.len(), MOST_LOADS);
        assert_eq!(
            found[..3],
            [
                file("/a.js?1", Kind::Script),
                file("/a.js?3", Kind::Style),
                file("/0.js", Kind::Script)
            ]
        );
    }

    #[test]
    fn a_page_that_cannot_start_is_refused() {
        let good = format!("{HEAD}<script type=module src=/a.js></script>");
        for (status, content_type, body, reason) in [
            (
                503,
                "text/html",
                good.as_str(),
                "the page answers with status 503",
            ),
            (
                200,
                "text/plain",
                &good,
                "the page has text/plain instead of text/html",
            ),
            (200, "", &good, "the page has no type instead of text/html"),
            (200, "text/html", " \n", "the page is empty"),
            (
                200,
                "text/html",
                HEAD,
                "the page loads no module script, so the app would not start",
            ),
            (
                200,
                "text/html",
                "<script type=module src=/a.js></script>",
                "the page does not carry its configuration",
            ),
            (
                200,
                "text/html",
                &format!("{HEAD}<!-- <script type=module src=/a.js></script> -->"),
                "the page loads no module script, so the app would not start",
            ),
        ] {
            let answer = answer(status, content_type, body);
            let found = loads(&answer, body.as_bytes());
            assert_eq!(found, Err(vec![reason.to_owned()]));
        }
    }

    #[test]
    fn what_it_loads_must_have_its_type() {
        let script = file("/a.js", Kind::Script);
        let style = file("/a.css", Kind::Style);
        assert_eq!(
            check(&[
                (
                    script.clone(),
                    answer(200, "text/javascript; charset=utf-8", "x")
                ),
                (style.clone(), answer(200, "text/css", "x"))
            ]),
            Ok(())
        );
        assert_eq!(
            check(&[
                (script.clone(), answer(200, "text/html", "<!doctype html>")),
                (script, answer(404, "text/plain", "no")),
                (style, answer(200, "text/css", ""))
            ]),
            Err(vec![
                "/a.js has text/html instead of text/javascript".to_owned(),
                "/a.js answers with status 404".to_owned(),
                "/a.css is empty".to_owned()
            ])
        );
    }
}

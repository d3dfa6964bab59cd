//! What was seen in the browser → diagnostics, and what the report says.

use std::path::Path;

use overskill::{
    build::{Diagnostic, Render, RenderedPage},
    config::Limits,
    project::ProjectPath,
};
use serde::Deserialize;

use crate::beneath;

/// Bytes of a source that a frame is cut from.
const SOURCE: u64 = Limits::DEFAULT.text_file_bytes as u64;

/// Problems of one page that are read, and frames of one problem: the script tells no more.
const PROBLEMS: usize = 32;
const FRAMES: usize = 12;

/// What the browser's process says. Everything in it may be forged by the app.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Sight {
    pages: Vec<Page>,
    /// Whether it wrote one.
    pub(super) screenshot: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Page {
    path: String,
    #[serde(default)]
    title: String,
    ms: u64,
    empty: bool,
    problems: Vec<Problem>,
}

#[derive(Debug, Deserialize)]
struct Problem {
    kind: Kind,
    message: String,
    frames: Vec<Frame>,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// An exception that nobody caught.
    Thrown,
    /// A promise that nobody waited for in case it fails.
    Rejected,
    /// An exception that went to the console, as error boundaries have it.
    Caught,
    /// A complaint on the console.
    Console,
    /// A file that is not there.
    Missing,
    /// What needs a network.
    External,
    /// The page's time was up.
    Late,
    /// The page has taken its process down.
    Crashed,
}

#[derive(Debug, Deserialize)]
struct Frame {
    file: String,
    line: u32,
    column: u32,
}

impl Sight {
    /// Diagnostics for an app whose sources are in `root`, errors if it does not work, and what the report says.
    pub(super) fn judge(mut self, root: &Path) -> (Vec<Diagnostic>, Vec<RenderedPage>) {
        self.pages.truncate(Render::MAX_PAGES);
        for page in &mut self.pages {
            page.problems.truncate(PROBLEMS);
            for problem in &mut page.problems {
                problem.frames.truncate(FRAMES);
            }
        }
        let mut diagnostics = Vec::new();
        for page in &self.pages {
            let found = page.problems.iter().map(|problem| problem.told(page, root));
            diagnostics.extend(found);
            let explained = page
                .problems
                .iter()
                .any(|problem| problem.kind != Kind::External && problem.kind != Kind::Console);
            if page.empty && !explained {
                diagnostics.push(page.is_blank());
            }
        }
        // The same goes wrong on many pages: it is told once.
        let mut seen = std::collections::HashSet::new();
        diagnostics.retain(|one| {
            let place = (one.path.clone(), one.line, one.column);
            seen.insert((
                place,
                one.path.is_none().then(|| one.message.clone()),
                one.code.clone(),
            ))
        });
        let pages = self.pages.iter().map(|page| RenderedPage {
            path: page.path.clone(),
            ms: page.ms,
            empty: page.empty,
            problems: page.problems.len() as u64,
        });
        (Diagnostic::settled(diagnostics), pages.collect())
    }
}

impl Page {
    fn is_blank(&self) -> Diagnostic {
        let title = if self.title.is_empty() {
            String::new()
        } else {
            format!(" (its title is \"{}\")", self.title)
        };
        let message = format!("The page `{}` shows nothing{title}.", self.path);
        let blank = Diagnostic::error("blank_page", message).advising(
            "Look at what the entry script renders, and whether the element that it renders into is in `index.html`.",
        );
        // Where a start page is blank, so is the app.
        if self.path == "/" {
            blank
        } else {
            blank.as_warning()
        }
    }
}

impl Problem {
    fn told(&self, page: &Page, root: &Path) -> Diagnostic {
        let message = self.message.trim();
        let here = format!("on the page `{}`", page.path);
        let (code, text) = match self.kind {
            Kind::Thrown | Kind::Caught => ("runtime", format!("{message} ({here})")),
            Kind::Rejected => ("runtime", format!("Nobody handles: {message} ({here})")),
            Kind::Console => ("console", format!("{message} ({here}, console)")),
            Kind::Missing => ("missing_file", format!("{message} ({here})")),
            Kind::External => ("not_checked", format!("{message} ({here})")),
            Kind::Late => ("slow_page", format!("{message} ({here})")),
            Kind::Crashed => ("crash", format!("{message} ({here})")),
        };
        let diagnostic = Diagnostic::error(code, text);
        let diagnostic = match self.place(root) {
            Some((path, source, frame)) => {
                diagnostic
                    .in_file(path)
                    .at(&source, frame.line, Some(frame.column))
            }
            None => diagnostic,
        };
        match self.kind {
            Kind::Thrown | Kind::Crashed => diagnostic,
            Kind::Caught if self.was_rendering() => diagnostic,
            // Nobody will ever see anything.
            Kind::Late if page.empty && page.path == "/" => diagnostic,
            Kind::Caught
            | Kind::Rejected
            | Kind::Console
            | Kind::Missing
            | Kind::External
            | Kind::Late => diagnostic.as_warning(),
        }
    }

    /// Whether React was at work. Else the app has caught something, and may have said so on purpose.
    fn was_rendering(&self) -> bool {
        self.frames
            .iter()
            .any(|frame| frame.file.contains("react-dom"))
    }

    /// The first place of the stack that is in the project's own sources.
    fn place(&self, root: &Path) -> Option<(ProjectPath, String, &Frame)> {
        self.frames.iter().find_map(|frame| {
            let path = source(&frame.file, root)?;
            let text = beneath::read(root, &path, SOURCE).ok()?;
            Some((path, String::from_utf8_lossy(&text).into_owned(), frame))
        })
    }
}

/// The source that a map names, by the longest end of the name that is one: maps lie in other folders than sources.
fn source(name: &str, root: &Path) -> Option<ProjectPath> {
    if name.contains("node_modules/") {
        return None;
    }
    let mut rest = name.trim_start_matches("../").trim_start_matches('/');
    loop {
        if let Ok(path) = rest.parse::<ProjectPath>()
            && beneath::open(root, &path).is_ok()
        {
            return Some(path);
        }
        rest = rest.split_once('/')?.1;
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use overskill::build::Severity;

    use super::*;

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("sight-{}-{name}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/a.tsx"), "one\ntwo\nthree\n").unwrap();
        folder
    }

    fn sight(text: &str) -> Sight {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_breaks_a_page_is_an_error_where_it_is() {
        let seen = sight(
            r#"{"screenshot":false,"pages":[
                {"path":"/","title":"X","ms":5,"empty":true,"problems":[
                    {"kind":"thrown","message":"ReferenceError: y is not defined","frames":[
                        {"file":"node_modules/react/index.js","line":1,"column":1},
                        {"file":"../../app/src/a.tsx","line":2,"column":3}]},
                    {"kind":"external","message":"api.test was asked","frames":[]},
                    {"kind":"console","message":"key","frames":[]}]},
                {"path":"/b","title":"X","ms":5,"empty":false,"problems":[
                    {"kind":"thrown","message":"ReferenceError: y is not defined","frames":[
                        {"file":"src/a.tsx","line":2,"column":3}]}]}]}"#,
        );
        let (diagnostics, pages) = seen.judge(&folder("errors"));
        let told: Vec<_> = diagnostics
            .iter()
            .map(|one| {
                (
                    one.severity,
                    one.path.as_ref().map(ToString::to_string),
                    one.line,
                    one.code.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (
                    Severity::Error,
                    Some("src/a.tsx".to_owned()),
                    Some(2),
                    Some("runtime")
                ),
                (Severity::Warning, None, None, Some("not_checked")),
                (Severity::Warning, None, None, Some("console")),
            ]
        );
        assert_eq!(
            (pages[0].problems, pages[0].empty, pages[1].problems),
            (3, true, 1)
        );
    }

    #[test]
    fn a_blank_page_is_told_when_nothing_explains_it() {
        let blank = r#"{"screenshot":false,"pages":[
            {"path":"/","title":"X","ms":5,"empty":true,"problems":[]},
            {"path":"/b","title":"","ms":5,"empty":true,"problems":[]}]}"#;
        let (diagnostics, _) = sight(blank).judge(&folder("blank"));
        assert_eq!(diagnostics[0].severity, Severity::Error);
        assert!(
            diagnostics[0]
                .message
                .contains("`/` shows nothing (its title is \"X\")")
        );
        assert_eq!(diagnostics[1].severity, Severity::Warning);
    }

    #[test]
    fn no_source_is_shown_through_a_link() {
        let root = folder("links");
        let secrets = root.with_extension("secrets");
        fs::create_dir_all(&secrets).unwrap();
        fs::write(secrets.join("b.tsx"), "a secret\n").unwrap();
        std::os::unix::fs::symlink(&secrets, root.join("linked")).unwrap();
        std::os::unix::fs::symlink(secrets.join("b.tsx"), root.join("src/b.tsx")).unwrap();
        let seen = sight(
            r#"{"screenshot":false,"pages":[{"path":"/","title":"","ms":5,"empty":false,"problems":[
                {"kind":"thrown","message":"Error: x","frames":[
                    {"file":"linked/b.tsx","line":1,"column":1},{"file":"src/b.tsx","line":1,"column":1}]}]}]}"#,
        );
        let (diagnostics, _) = seen.judge(&root);
        assert_eq!(diagnostics[0].path, None);
        assert_eq!(diagnostics[0].frame, None);
        for folder in [root, secrets] {
            fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn names_in_maps_that_lead_elsewhere_are_no_sources() {
        let root = folder("names");
        for name in [
            "../../../../etc/passwd",
            "/etc/passwd",
            "src/../../x",
            "src/none.tsx",
            "",
        ] {
            assert_eq!(source(name, &root), None, "{name}");
        }
        assert_eq!(
            source("/a/b/src/a.tsx", &root).unwrap().as_str(),
            "src/a.tsx"
        );
    }
}

//! HTML, as the page that Vite starts from: a scanner after the HTML standard's tags.
//!
//! Knows which elements have no end tag and which may leave theirs out. What a browser would repair without anybody
//! noticing is no fault; what swallows the rest of the page, or closes what is not open, is one. Keeps a stack of its
//! own, so that depth costs no recursion. Of scripts in the page, those that are modules are parsed, as Vite does: what they import,
//! and what is wrong with them, is the page's.

use crate::{
    Facts, Fault, FaultKind, Import, ImportKind, Language, MAX_DEPTH, MAX_FAULTS, native, script,
};

use tag::Tag;

mod tag;

const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// Elements whose end tag may be left out.
const OPTIONAL: &[&str] = &[
    "body", "caption", "colgroup", "dd", "dt", "head", "html", "li", "optgroup", "option", "p",
    "rb", "rp", "rt", "rtc", "tbody", "td", "tfoot", "th", "thead", "tr",
];

/// Elements that hold nothing but text.
const RAW: &[&str] = &[
    "iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp",
];

/// What ends an open `<p>`.
const AFTER_PARAGRAPH: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dialog",
    "dir",
    "div",
    "dl",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "search",
    "section",
    "table",
    "ul",
];

/// The facts of a page.
pub(crate) fn facts(text: &str) -> Facts {
    let mut page = Page {
        text,
        open: Vec::new(),
        facts: Facts::default(),
    };
    if !page.read() {
        return Facts::unchecked(format!(
            "It is nested more than {MAX_DEPTH} deep, which is not parsed"
        ));
    }
    page.facts.faults.sort_by_key(|fault| fault.start);
    page.facts
}

/// An element that is open.
struct Open {
    name: String,
    start: usize,
    end: usize,
    /// It was written as `<div />`, which closes nothing.
    slash: bool,
}

struct Page<'t> {
    text: &'t str,
    open: Vec<Open>,
    facts: Facts,
}

impl Page<'_> {
    /// Reads to the end. Says whether it was shallow enough.
    fn read(&mut self) -> bool {
        let mut at = 0;
        while let Some(length) = self.rest(at).find('<') {
            let start = at + length;
            let rest = self.rest(start);
            at = if rest.starts_with("<!--") {
                self.skip(start, 4, "-->", "The comment is never closed")
            } else if rest.starts_with("<![CDATA[") && self.is_foreign() {
                self.skip(start, 9, "]]>", "The section is never closed")
            } else if rest.starts_with("<!") || rest.starts_with("<?") {
                self.skip(start, 2, ">", "The declaration is never closed")
            } else if rest.starts_with("</") && second_is_letter(rest, 2)
                || second_is_letter(rest, 1)
            {
                self.tag(start)
            } else {
                start + 1
            };
            if self.open.len() > MAX_DEPTH {
                return false;
            }
            if self.facts.faults.len() > MAX_FAULTS {
                return true;
            }
        }
        self.unclosed(0);
        true
    }

    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or_default()
    }

    fn is_foreign(&self) -> bool {
        self.open
            .iter()
            .rev()
            .any(|open| matches!(open.name.as_str(), "svg" | "math"))
    }

    fn fault(&mut self, start: usize, end: usize, message: String, help: Option<&str>) {
        self.facts.faults.push(Fault {
            start,
            end,
            message,
            help: help.map(String::from),
            kind: FaultKind::Syntax,
        });
    }

    /// Skips to after `end`, or says that it never comes.
    fn skip(&mut self, start: usize, opener: usize, end: &str, message: &str) -> usize {
        if let Some(length) = self.rest(start + opener).find(end) {
            return start + opener + length + end.len();
        }
        self.fault(start, start + opener, String::from(message), None);
        self.text.len()
    }

    fn tag(&mut self, start: usize) -> usize {
        let tag = match Tag::read(self.text, start) {
            Ok(tag) => tag,
            Err((place, message)) => {
                self.fault(start, place, String::from(message), None);
                return place.max(start + 1);
            }
        };
        let after = tag.end;
        if tag.closing {
            self.close(&tag);
            return after;
        }
        self.imports(&tag);
        let foreign = self.is_foreign();
        if VOID.contains(&tag.name.as_str())
            || (tag.slash && (foreign || matches!(tag.name.as_str(), "svg" | "math")))
        {
            return after;
        }
        if RAW.contains(&tag.name.as_str()) && !foreign {
            return self.raw(&tag);
        }
        if !foreign {
            self.make_room(&tag.name);
        }
        self.open.push(Open {
            name: tag.name,
            start,
            end: after,
            slash: tag.slash,
        });
        after
    }

    /// Ends what an element ends by starting.
    fn make_room(&mut self, name: &str) {
        while let Some(last) = self.open.last() {
            let ends = match last.name.as_str() {
                "p" => AFTER_PARAGRAPH.contains(&name),
                "li" => name == "li",
                "dt" | "dd" => matches!(name, "dt" | "dd"),
                "option" => matches!(name, "option" | "optgroup"),
                "optgroup" => name == "optgroup",
                "rt" | "rp" => matches!(name, "rt" | "rp"),
                "td" | "th" => matches!(name, "td" | "th" | "tr" | "tbody" | "thead" | "tfoot"),
                "tr" => matches!(name, "tr" | "tbody" | "thead" | "tfoot"),
                "thead" | "tbody" | "tfoot" | "caption" => {
                    matches!(name, "tbody" | "thead" | "tfoot")
                }
                "colgroup" => name != "col",
                "head" => name == "body",
                _ => false,
            };
            if !ends {
                return;
            }
            self.open.pop();
        }
    }

    /// Reads over the text of an element that holds nothing else.
    fn raw(&mut self, tag: &Tag) -> usize {
        let mut at = tag.end;
        while let Some(length) = self.rest(at).find("</") {
            let name = at + length + 2;
            let found = self.rest(name).get(..tag.name.len()).unwrap_or_default();
            let next = self.rest(name + tag.name.len()).chars().next();
            if found.eq_ignore_ascii_case(&tag.name)
                && next.is_none_or(|next| !next.is_ascii_alphanumeric())
            {
                let end = self
                    .rest(name)
                    .find('>')
                    .map_or(self.text.len(), |length| name + length + 1);
                self.script(tag, name - 2);
                return end;
            }
            at = name;
        }
        self.fault(
            tag.start,
            tag.end,
            format!("`<{}>` is never closed", tag.name),
            None,
        );
        self.text.len()
    }

    /// Reads the module between a tag and `end`, if it is one.
    fn script(&mut self, tag: &Tag, end: usize) {
        let is_module = tag
            .attribute("type")
            .is_some_and(|(kind, _)| kind.trim().eq_ignore_ascii_case("module"));
        if tag.name != "script" || !is_module || tag.attribute("src").is_some() {
            return;
        }
        let text = self.text.get(tag.end..end).unwrap_or_default();
        let mut facts = script::facts("page.js", text, Language::JavaScript);
        native::shift(&mut facts, tag.end);
        self.facts.imports.extend(facts.imports);
        self.facts.faults.extend(facts.faults);
    }

    fn close(&mut self, tag: &Tag) {
        let Some(index) = self.open.iter().rposition(|open| open.name == tag.name) else {
            // A browser makes `</p>` and `</br>` an element; the other ends may have been implied.
            let implied = OPTIONAL.contains(&tag.name.as_str()) || tag.name == "br";
            if !implied {
                let message = format!("Nothing is open that `</{}>` closes", tag.name);
                self.fault(tag.start, tag.end, message, None);
            }
            return;
        };
        self.unclosed(index + 1);
        self.open.pop();
    }

    /// Ends every element from an index on, and says which should have been closed.
    fn unclosed(&mut self, from: usize) {
        let unclosed: Vec<_> = self.open.drain(from..).collect();
        for open in unclosed
            .iter()
            .filter(|open| !OPTIONAL.contains(&open.name.as_str()))
        {
            let help = open
                .slash
                .then_some("In HTML `/>` closes no element that may have content");
            self.fault(
                open.start,
                open.end,
                format!("`<{}>` is never closed", open.name),
                help,
            );
        }
    }

    fn imports(&mut self, tag: &Tag) {
        let wanted = match tag.name.as_str() {
            "script" | "img" => "src",
            "link"
                if tag
                    .attribute("rel")
                    .is_some_and(|(rel, _)| is_stylesheet(rel)) =>
            {
                "href"
            }
            _ => return,
        };
        let Some((from, start)) = tag.attribute(wanted) else {
            return;
        };
        let elsewhere = ["http:", "https:", "//", "data:", "blob:"];
        let lower = from.to_ascii_lowercase();
        if from.trim().is_empty()
            || from.contains('%')
            || elsewhere.iter().any(|prefix| lower.starts_with(prefix))
        {
            return;
        }
        self.facts.imports.push(Import {
            from: String::from(from),
            kind: ImportKind::Asset,
            type_only: false,
            names: Vec::new(),
            start,
            end: start + from.len(),
        });
    }
}

fn is_stylesheet(rel: &str) -> bool {
    rel.split_ascii_whitespace()
        .any(|word| word.eq_ignore_ascii_case("stylesheet"))
}

fn second_is_letter(rest: &str, at: usize) -> bool {
    rest.as_bytes().get(at).is_some_and(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests;

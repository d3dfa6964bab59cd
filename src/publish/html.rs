//! The start tags of a page, as far as publishing needs them. Reads what bundlers write; it is no HTML parser.

/// One start tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// Its name in lower case.
    pub(super) name: String,
    /// Its attributes, names in lower case, values unquoted.
    attributes: Vec<(String, String)>,
    /// Where it ends in the page, in bytes.
    pub(super) end: usize,
}

impl Tag {
    /// An attribute's value; empty when it has none.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Elements whose content is text, whatever it looks like.
const RAW: [&str; 5] = ["script", "style", "title", "textarea", "noscript"];

/// The start tags of a page, in order. What stands in comments, scripts and styles is none.
pub(super) fn tags(page: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(open) = find(page, at, "<") {
        let rest = page.get(open + 1..).unwrap_or_default();
        if rest.starts_with("!--") {
            // `<!-->` and `<!--->` are over at once.
            at = find(page, open + 2, "-->").map_or(page.len(), |end| end + 3);
        } else if rest.starts_with(|first: char| first.is_ascii_alphabetic()) {
            let tag = start_tag(page, open);
            at = if RAW.contains(&tag.name.as_str()) {
                end_of_raw(page, &tag)
            } else {
                tag.end
            };
            tags.push(tag);
        } else {
            at = open + 1;
        }
    }
    tags
}

/// The text of an element that has no elements in it.
pub(super) fn text<'p>(page: &'p str, tag: &Tag) -> &'p str {
    page.get(tag.end..end_of_raw(page, tag)).unwrap_or_default()
}

fn find(page: &str, from: usize, what: &str) -> Option<usize> {
    page.get(from..)?.find(what).map(|offset| from + offset)
}

/// Where the text of an element ends: before its end tag, or with the page.
fn end_of_raw(page: &str, tag: &Tag) -> usize {
    let mut at = tag.end;
    while let Some(close) = find(page, at, "</") {
        let name = page.get(close + 2..close + 2 + tag.name.len());
        if name.is_some_and(|name| name.eq_ignore_ascii_case(&tag.name)) {
            return close;
        }
        at = close + 2;
    }
    page.len()
}

fn start_tag(page: &str, open: usize) -> Tag {
    let mut at = open + 1;
    let name = take(page, &mut at, |c| {
        !c.is_ascii_whitespace() && c != '>' && c != '/'
    })
    .to_ascii_lowercase();
    let mut attributes = Vec::new();
    loop {
        take(page, &mut at, |c| c.is_ascii_whitespace() || c == '/');
        let attribute = take(page, &mut at, |c| {
            !c.is_ascii_whitespace() && !matches!(c, '=' | '>' | '/')
        });
        if attribute.is_empty() {
            // `>`, the end of the page, or a stray `=`.
            match next(page, at) {
                Some('=') => at += 1,
                Some(_) => {
                    return Tag {
                        name,
                        attributes,
                        end: at + 1,
                    };
                }
                None => {
                    return Tag {
                        name,
                        attributes,
                        end: page.len(),
                    };
                }
            }
            continue;
        }
        attributes.push((attribute.to_ascii_lowercase(), value(page, &mut at)));
    }
}

/// The value after an attribute's name, if there is one.
fn value(page: &str, at: &mut usize) -> String {
    let mut ahead = *at;
    take(page, &mut ahead, |c| c.is_ascii_whitespace());
    if next(page, ahead) != Some('=') {
        return String::new();
    }
    *at = ahead + 1;
    take(page, at, |c| c.is_ascii_whitespace());
    let text = match next(page, *at) {
        Some(quote @ ('"' | '\'')) => {
            *at += 1;
            let text = take(page, at, |c| c != quote);
            *at = (*at + 1).min(page.len());
            text
        }
        _ => take(page, at, |c| !c.is_ascii_whitespace() && c != '>'),
    };
    // The last one first: `&amp;lt;` is `&lt;`.
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn next(page: &str, at: usize) -> Option<char> {
    page.get(at..)?.chars().next()
}

fn take<'p>(page: &'p str, at: &mut usize, wanted: impl Fn(char) -> bool) -> &'p str {
    let rest = page.get(*at..).unwrap_or_default();
    let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    *at += length;
    rest.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_tags_and_nothing_that_looks_like_one() {
        let page = "<!doctype html><!-- <head> --><!--><!---><HTML lang=en><head data-x='>'><title></head><b></title>\
                    <script>if (a<b) '<head>'</script><script type = \"module\" crossorigin src=/a.js?x&amp;y></script>\
                    <link rel=\"stylesheet\"href='/a.css'/></head><body/><p";
        let found: Vec<(String, usize)> = tags(page)
            .into_iter()
            .map(|tag| (tag.name.clone(), tag.attributes.len()))
            .collect();
        let expected = [
            ("html", 1),
            ("head", 1),
            ("title", 0),
            ("script", 0),
            ("script", 3),
            ("link", 2),
            ("body", 0),
            ("p", 0),
        ];
        assert_eq!(
            found,
            expected.map(|(name, count)| (name.to_owned(), count))
        );
        let module = &tags(page)[4];
        assert_eq!(module.attribute("src"), Some("/a.js?x&y"));
        assert_eq!(module.attribute("type"), Some("module"));
        assert_eq!(module.attribute("crossorigin"), Some(""));
        assert!(page[..tags(page)[1].end].ends_with("<head data-x='>'>"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(page in "[<>!/a='\" \u{e4}-]{0,40}") {
            for tag in tags(&page) {
                prop_assert!(page.is_char_boundary(tag.end) && tag.end <= page.len());
            }
        }
    }
}

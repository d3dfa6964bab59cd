//! One tag with its attributes.

/// A tag.
pub(super) struct Tag {
    /// Its name in small letters.
    pub(super) name: String,
    pub(super) start: usize,
    /// After its `>`.
    pub(super) end: usize,
    pub(super) closing: bool,
    /// It ends in `/>`.
    pub(super) slash: bool,
    /// Names in small letters, values and where these start.
    attributes: Vec<(String, String, usize)>,
}

impl Tag {
    /// Reads the tag at `start`. Otherwise where reading stopped, and why.
    pub(super) fn read(text: &str, start: usize) -> Result<Self, (usize, &'static str)> {
        let bytes = text.as_bytes();
        let closing = bytes.get(start + 1) == Some(&b'/');
        let first = start + 1 + usize::from(closing);
        let mut at = first + length_until(bytes, first, |byte| matches!(byte, b'/' | b'>'));
        let name = text.get(first..at).unwrap_or_default().to_ascii_lowercase();
        let mut tag = Self {
            name,
            start,
            end: at,
            closing,
            slash: false,
            attributes: Vec::new(),
        };
        loop {
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            match bytes.get(at) {
                None => return Err((text.len(), "The tag is never closed")),
                Some(b'>') => {
                    tag.end = at + 1;
                    return Ok(tag);
                }
                Some(b'/') => {
                    tag.slash = bytes.get(at + 1) == Some(&b'>');
                    at += 1;
                }
                Some(b'<') => return Err((at, "The tag is not closed before the next one")),
                Some(_) => at = tag.read_attribute(text, at)?,
            }
        }
    }

    /// The value of an attribute and where it starts.
    pub(super) fn attribute(&self, name: &str) -> Option<(&str, usize)> {
        let found = self.attributes.iter().find(|(known, _, _)| known == name);
        found.map(|(_, value, start)| (value.as_str(), *start))
    }

    fn read_attribute(&mut self, text: &str, start: usize) -> Result<usize, (usize, &'static str)> {
        let bytes = text.as_bytes();
        let length = 1 + length_until(bytes, start + 1, |byte| {
            matches!(byte, b'/' | b'>' | b'=' | b'<')
        });
        let name = text
            .get(start..start + length)
            .unwrap_or_default()
            .to_ascii_lowercase();
        let skip = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            at
        };
        let mut at = skip(start + length);
        if bytes.get(at) != Some(&b'=') {
            return Ok(start + length);
        }
        at = skip(at + 1);
        let (value, after) = match bytes.get(at) {
            Some(quote @ (b'"' | b'\'')) => {
                let inner = at + 1;
                let rest = text.get(inner..).unwrap_or_default();
                let Some(length) = rest.find(char::from(*quote)) else {
                    return Err((text.len(), "The attribute's text is never closed"));
                };
                at = inner;
                (inner..inner + length, inner + length + 1)
            }
            _ => {
                let length = length_until(bytes, at, |byte| byte == b'>');
                (at..at + length, at + length)
            }
        };
        let value = text.get(value).unwrap_or_default();
        self.attributes.push((name, String::from(value), at));
        Ok(after)
    }
}

/// How many bytes stand before white space or one that ends it.
fn length_until(bytes: &[u8], start: usize, ends: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let end = rest
        .iter()
        .position(|byte| byte.is_ascii_whitespace() || ends(*byte));
    end.unwrap_or(rest.len())
}

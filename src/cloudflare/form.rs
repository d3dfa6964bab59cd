//! `multipart/form-data` (RFC 7578).

use std::borrow::Cow;

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Whether it is a file, called as the part is, and of which type. Fields are neither.
    pub file: Option<String>,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Its parts, in their order.
    pub parts: Vec<Part>,
}

impl Form {
    /// Adds a field.
    pub(super) fn field(&mut self, name: &str, text: String) {
        self.parts.push(Part {
            name: name.to_owned(),
            file: None,
            bytes: text.into_bytes(),
        });
    }

    /// Adds a file.
    pub(super) fn file(&mut self, name: &str, kind: &str, bytes: Vec<u8>) {
        self.parts.push(Part {
            name: name.to_owned(),
            file: Some(kind.to_owned()),
            bytes,
        });
    }

    /// The `content-type` and the body, the parts being kept apart by `boundary`: up to 70 letters and digits that stand in none of them.
    #[must_use]
    pub fn encode(&self, boundary: &str) -> (String, Vec<u8>) {
        let (kind, pieces) = self.pieces(boundary);
        (kind, pieces.concat())
    }

    /// The same with the body in pieces, so that whoever puts them together somewhere else has its content once.
    #[must_use]
    pub fn pieces(&self, boundary: &str) -> (String, Vec<Cow<'_, [u8]>>) {
        let mut pieces = Vec::new();
        for Part { name, file, bytes } in &self.parts {
            let name = escaped(name);
            let head = match file {
                None => format!(
                    "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n"
                ),
                Some(kind) => format!(
                    "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\ncontent-type: {kind}\r\n\r\n"
                ),
            };
            pieces.push(Cow::Owned(head.into_bytes()));
            pieces.push(Cow::Borrowed(bytes.as_slice()));
            pieces.push(Cow::Borrowed(b"\r\n".as_slice()));
        }
        pieces.push(Cow::Owned(format!("--{boundary}--\r\n").into_bytes()));
        (format!("multipart/form-data; boundary={boundary}"), pieces)
    }
}

/// As browsers write names (<https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data>).
fn escaped(name: &str) -> String {
    name.replace('\n', "%0A")
        .replace('\r', "%0D")
        .replace('"', "%22")
}

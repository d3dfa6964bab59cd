//! What came of looking at the built app in a browser.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// Whether the built app was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
pub enum Render {
    /// Nobody looked.
    Off {
        /// Why not, in a few words.
        reason: String,
    },
    /// These pages were loaded, the start page first.
    Checked {
        /// At most [`Render::MAX_PAGES`].
        pages: Vec<RenderedPage>,
        /// The hash of the picture of the start page, which is in the same answer.
        screenshot: Option<Digest>,
    },
}

/// One page that was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenderedPage {
    /// Its address on the app's origin.
    pub path: String,
    /// From the start of loading to the look at it, in milliseconds.
    pub ms: u64,
    /// Whether it showed anything.
    pub empty: bool,
    /// What the browser complained of, and how often.
    pub problems: u64,
}

impl Render {
    /// The most pages of one report.
    pub const MAX_PAGES: usize = 8;
    /// The longest text in it, in characters.
    pub const MAX_TEXT_CHARS: usize = 300;

    /// No look, and why.
    #[must_use]
    pub fn off(reason: impl Into<String>) -> Self {
        Self::Off {
            reason: reason.into(),
        }
    }

    /// The hash of the picture, if there is one.
    #[must_use]
    pub const fn screenshot(&self) -> Option<&Digest> {
        match self {
            Self::Checked { screenshot, .. } => screenshot.as_ref(),
            Self::Off { .. } => None,
        }
    }

    /// The same within the limits of a report, on one line each.
    #[must_use]
    pub fn cut_to_limits(self) -> Self {
        let cut = |text: String| -> String {
            let line = text.chars().take(Self::MAX_TEXT_CHARS);
            line.map(|c| if c.is_control() { ' ' } else { c }).collect()
        };
        match self {
            Self::Off { reason } => Self::Off {
                reason: cut(reason),
            },
            Self::Checked { pages, screenshot } => Self::Checked {
                screenshot,
                pages: pages
                    .into_iter()
                    .take(Self::MAX_PAGES)
                    .map(|page| RenderedPage {
                        path: cut(page.path),
                        ..page
                    })
                    .collect(),
            },
        }
    }
}

/// How the start page looked: a WebP picture whose content has the hash that was announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screenshot {
    /// Hash of the content.
    pub sha256: Digest,
    /// The picture.
    pub content: Vec<u8>,
}

impl Screenshot {
    /// The largest one, in bytes.
    pub const MAX_BYTES: u64 = 512 * 1024;

    /// A picture; nothing when the bytes are not those of a WebP file (RFC 9649, section 2.3), or too many.
    #[must_use]
    pub fn of(content: Vec<u8>) -> Option<Self> {
        let is_webp = content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP");
        let fits = content.len() as u64 <= Self::MAX_BYTES;
        (is_webp && fits).then(|| Self {
            sha256: Digest::of(&content),
            content,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_bounded() {
        let page = RenderedPage {
            path: "/\n".repeat(1_000),
            ms: 1,
            empty: false,
            problems: 0,
        };
        let Render::Checked { pages, .. } = (Render::Checked {
            screenshot: None,
            pages: vec![page; 20],
        })
        .cut_to_limits() else {
            unreachable!()
        };
        assert_eq!(pages.len(), Render::MAX_PAGES);
        assert_eq!(pages[0].path.len(), Render::MAX_TEXT_CHARS);
        assert!(!pages[0].path.contains('\n'));
        let Render::Off { reason } = Render::off("é".repeat(1_000)).cut_to_limits() else {
            unreachable!()
        };
        assert_eq!(reason.chars().count(), Render::MAX_TEXT_CHARS);
    }

    #[test]
    fn a_screenshot_is_a_webp_file() {
        let picture = |length| [b"RIFF\0\0\0\0WEBP".as_slice(), &vec![0; length]].concat();
        assert!(Screenshot::of(picture(4)).is_some());
        assert!(Screenshot::of(b"<svg onload=alert(1)>".to_vec()).is_none());
        let most = usize::try_from(Screenshot::MAX_BYTES).unwrap();
        assert!(Screenshot::of(picture(most - 12)).is_some());
        assert!(Screenshot::of(picture(most - 11)).is_none());
    }
}

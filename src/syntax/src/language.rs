//! Which language a file is in, by its name.

/// A language that can be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the languages")]
pub enum Language {
    JavaScript,
    Jsx,
    TypeScript,
    Tsx,
    /// `.d.ts` and its like: declarations only.
    Declarations,
    Css,
    Json,
    /// JSON with comments and commas at the end: `tsconfig.json`, `.jsonc`.
    JsonWithComments,
    Html,
}

impl Language {
    /// The language of a path, if it is one of these.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        if name.starts_with("tsconfig") && name.ends_with(".json") {
            return Some(Self::JsonWithComments);
        }
        let (stem, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "ts" | "mts" | "cts" if stem.ends_with(".d") => Self::Declarations,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "js" | "mjs" | "cjs" => Self::JavaScript,
            "jsx" => Self::Jsx,
            "css" => Self::Css,
            "json" => Self::Json,
            "jsonc" => Self::JsonWithComments,
            "html" | "htm" => Self::Html,
            _ => return None,
        })
    }

    /// Whether it is JavaScript, or becomes it once types are stripped.
    #[must_use]
    pub const fn is_script(self) -> bool {
        matches!(
            self,
            Self::JavaScript | Self::Jsx | Self::TypeScript | Self::Tsx | Self::Declarations
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn a_name_says_the_language() {
        for (path, language) in [
            ("src/a.ts", Some(Language::TypeScript)),
            ("a.test.TSX", Some(Language::Tsx)),
            ("a.d.ts", Some(Language::Declarations)),
            ("a.mjs", Some(Language::JavaScript)),
            ("x/tsconfig.app.json", Some(Language::JsonWithComments)),
            ("package.json", Some(Language::Json)),
            ("a.css/b", None),
            (".css", Some(Language::Css)),
            ("README.md", None),
        ] {
            assert_eq!(Language::of(path), language, "{path}");
        }
    }
}

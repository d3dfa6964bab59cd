//! How Vite takes a file that is imported from a script.

use overskill_syntax::Language;

use super::{location::extension, reach::is_only_named};

/// What Vite hands out as an address.
const ASSETS: &[&str] = &[
    "apng",
    "bmp",
    "png",
    "jpg",
    "jpeg",
    "jfif",
    "pjpeg",
    "pjp",
    "gif",
    "svg",
    "ico",
    "webp",
    "avif",
    "cur",
    "jxl",
    "mp4",
    "webm",
    "ogg",
    "mp3",
    "wav",
    "flac",
    "aac",
    "opus",
    "mov",
    "m4a",
    "vtt",
    "woff",
    "woff2",
    "eot",
    "ttf",
    "otf",
    "webmanifest",
    "pdf",
    "txt",
];

/// One way of taking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As a module.
    Script,
    /// As JSON, whose keys are exports.
    Json,
    /// As a style sheet, which exports nothing.
    Sheet,
    /// As a style sheet that exports its classes.
    SheetModule,
    /// As a style sheet that needs this package first.
    Preprocessed(&'static str),
    /// By one default export: an address, a text, a worker.
    Single,
    /// As a script, though it is none.
    Foreign,
}

impl Form {
    /// The form of a file, with the query that it is imported by.
    pub(super) fn of(path: &str, query: &str) -> Self {
        let asks = |wanted: &[&str]| query.split('&').any(|part| wanted.contains(&part));
        if is_only_named(query)
            || asks(&[
                "inline",
                "worker",
                "sharedworker",
                "init",
                "react",
                "no-inline",
            ])
        {
            return Self::Single;
        }
        let ending = extension(path).to_ascii_lowercase();
        let module = path.to_ascii_lowercase().contains(".module.");
        match (Language::of(path), ending.as_str()) {
            (_, "cjs" | "cts") => Self::Script,
            (_, "json") => Self::Json,
            (Some(Language::Css), _) if module => Self::SheetModule,
            (Some(Language::Css), _) => Self::Sheet,
            (_, "scss" | "sass") => Self::Preprocessed("sass"),
            (_, "less") => Self::Preprocessed("less"),
            (_, "styl" | "stylus") => Self::Preprocessed("stylus"),
            (Some(language), _) if language.is_script() => Self::Script,
            (_, ending) if ASSETS.contains(&ending) => Self::Single,
            _ => Self::Foreign,
        }
    }
}

//! What a build may put out, and the media type of each file.

use crate::project::ProjectPath;

/// What bounds an artifact set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactLimits {
    /// Files.
    pub files: usize,
    /// All files together, in bytes.
    pub total_bytes: u64,
    /// One file, in bytes.
    pub file_bytes: u64,
}

impl ArtifactLimits {
    /// 2,000 files, 64 MiB together, 25 MiB each.
    pub const DEFAULT: Self = Self {
        files: 2_000,
        total_bytes: 64 * 1024 * 1024,
        file_bytes: 25 * 1024 * 1024,
    };
}

/// Where the vendor modules of an artifact set are served: packages that a builder prebuilds once, equal in every app
/// that has them. Nothing of an app's own is served there.
pub const VENDOR_FOLDER: &str = "assets/overskill-vendor/";

/// Whether what is served at this path is a vendor module.
#[must_use]
pub fn is_vendor(path: &ProjectPath) -> bool {
    path.as_str().starts_with(VENDOR_FOLDER)
}

/// The media type that a file of this name is served with; `application/octet-stream` when the name says nothing.
#[must_use]
pub fn media_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    let extension = name
        .rsplit_once('.')
        .map_or("", |(_, extension)| extension)
        .to_ascii_lowercase();
    match extension.as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" | "md" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        "csv" => "text/csv; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "bmp" => "image/bmp",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "otf" => "font/otf",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "m4a" => "audio/mp4",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "glb" => "model/gltf-binary",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_extension_of_the_last_segment_decides() {
        for (path, expected) in [
            ("index.html", "text/html; charset=utf-8"),
            ("assets/index-a1.min.JS", "text/javascript; charset=utf-8"),
            ("a.css/b", "application/octet-stream"),
            ("assets/x.js.map", "application/json"),
            ("x.html.exe", "application/octet-stream"),
        ] {
            assert_eq!(media_type(path), expected, "{path}");
        }
    }
}

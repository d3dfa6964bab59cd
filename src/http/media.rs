//! Media types of downloads, and the headers that keep a browser from making more of an answer than it is.
//!
//! Sources are untrusted, and they are read from the console's own origin. What a browser would run is therefore
//! served as plain text: nothing below `/v1` can become a page, a script or a style of the console.

use super::host::Hosts;
use crate::build::media_type;

/// Headers of every answer of the API, names in lower case.
pub const API_HEADERS: &[(&str, &str)] = &[
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'; sandbox",
    ),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

/// Headers of a downloaded file: as [`API_HEADERS`], but a browser may keep it and ask with its `ETag`.
pub const DOWNLOAD_HEADERS: &[(&str, &str)] = &[
    ("cache-control", "private, no-cache"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'; sandbox",
    ),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

/// Headers of the console's pages and assets. Frames are the apps', everything else is its own.
#[must_use]
pub fn console_headers(hosts: &Hosts) -> Vec<(&'static str, String)> {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         frame-src {}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        hosts.frame_source()
    );
    vec![
        ("cache-control", "no-cache".to_owned()),
        ("content-security-policy", policy),
        ("cross-origin-opener-policy", "same-origin".to_owned()),
        ("cross-origin-resource-policy", "same-origin".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
        ("x-content-type-options", "nosniff".to_owned()),
        ("x-frame-options", "DENY".to_owned()),
    ]
}

/// What a source file is served as: images, fonts, sound and film as what they are, everything that a browser
/// could run or that is text as plain text, the rest as bytes. `binary` is whether its content is not UTF-8.
#[must_use]
pub fn download_type(path: &str, binary: bool) -> &'static str {
    let media_type = media_type(path);
    let passive = ["image/", "font/", "audio/", "video/"]
        .iter()
        .any(|kind| media_type.starts_with(kind));
    if passive && media_type != "image/svg+xml" {
        media_type
    } else if binary {
        "application/octet-stream"
    } else {
        "text/plain; charset=utf-8"
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_active_is_served_as_such() {
        for (path, binary, served) in [
            ("src/App.tsx", false, "text/plain; charset=utf-8"),
            ("index.html", false, "text/plain; charset=utf-8"),
            ("public/x.js", false, "text/plain; charset=utf-8"),
            ("public/x.js", true, "application/octet-stream"),
            ("src/app/theme.css", false, "text/plain; charset=utf-8"),
            ("logo.SVG", false, "text/plain; charset=utf-8"),
            ("package.json", false, "text/plain; charset=utf-8"),
            ("public/logo.png", true, "image/png"),
            ("public/font.woff2", true, "font/woff2"),
            ("x.wasm", true, "application/octet-stream"),
            ("x.pdf", true, "application/octet-stream"),
            ("unknown", true, "application/octet-stream"),
            ("Dockerfile", false, "text/plain; charset=utf-8"),
        ] {
            assert_eq!(download_type(path, binary), served, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_name_makes_a_page(name in "[a-z]{0,5}(\\.[a-zA-Z]{1,5}){0,2}", binary: bool) {
            let served = download_type(&name, binary);
            for active in ["html", "xml", "javascript", "css", "svg", "pdf", "wasm"] {
                prop_assert!(!served.contains(active), "{}", served);
            }
        }
    }

    #[test]
    fn the_console_frames_apps_and_nothing_else() {
        let hosts = Hosts::parse("console.example", "apps.test").unwrap();
        let headers = console_headers(&hosts);
        let policy = &headers
            .iter()
            .find(|header| header.0 == "content-security-policy")
            .unwrap()
            .1;
        assert_eq!(
            policy,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             frame-src https://*.apps.test; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        for headers in [API_HEADERS, DOWNLOAD_HEADERS] {
            assert!(headers.contains(&("x-content-type-options", "nosniff")));
            assert!(headers.is_sorted());
        }
    }
}

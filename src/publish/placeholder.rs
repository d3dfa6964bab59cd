//! The pages at an app's address when the app itself cannot answer. They load nothing and run nothing.

use crate::template::escape;

/// The policy that these pages are served with; `; frame-ancestors …` may be added.
pub const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Shown while an app has no live preview. Looks again every second.
#[must_use]
pub fn building(app_name: Option<&str>) -> String {
    let name = app_name.map_or_else(|| "Your app".to_owned(), escape::html);
    render(
        &format!("{name} is being built"),
        "<meta http-equiv=\"refresh\" content=\"1\">",
        &format!(
            "<div class=\"pulse\" aria-hidden=\"true\"></div>\n<h1>{name} is being built</h1>"
        ),
        "This page opens the app as soon as it is ready.",
    )
}

/// Shown while an app has no live preview because its first one could not be made.
#[must_use]
pub fn failed(app_name: &str) -> String {
    let name = escape::html(app_name);
    render(
        &format!("{name} could not be built"),
        "<meta http-equiv=\"refresh\" content=\"5\">",
        &format!("<h1>{name} could not be built yet</h1>"),
        "Its conversation says why. Once it is mended there, this page opens the app.",
    )
}

/// Shown where no app is.
#[must_use]
pub fn unknown() -> String {
    render(
        "No app here",
        "",
        "<h1>There is no app at this address</h1>",
        "It may have been deleted, or the address has a slip in it.",
    )
}

/// `title` and `heading` are HTML already.
fn render(title: &str, head: &str, heading: &str, sentence: &str) -> String {
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
{head}
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --text: #1f2430; --soft: #5c6475; --ground: #f7f8fb; --dot: #5b6cff; }}
@media (prefers-color-scheme: dark) {{ :root {{ --text: #eceef4; --soft: #a3abbd; --ground: #14161c; --dot: #8e9aff; }} }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; text-align: center; }}
main {{ padding: 2rem; max-width: 32rem; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.375rem; font-weight: 600; margin: 0 0 .5rem; }}
p {{ color: var(--soft); margin: 0; }}
.pulse {{ width: 14px; height: 14px; margin: 0 auto 1.5rem; border-radius: 50%; background: var(--dot);
  animation: pulse 1s ease-in-out infinite alternate; }}
@keyframes pulse {{ from {{ opacity: .35; transform: scale(.8); }} }}
@media (prefers-reduced-motion: reduce) {{ .pulse {{ animation: none; }} }}
</style>
</head>
<body>
<main>
{heading}
<p>{sentence}</p>
</main>
</body>
</html>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_adds_no_markup_and_nothing_runs_or_loads() {
        let page = building(Some("</title><script>alert(1)</script>"));
        assert!(page.contains(
            "<h1>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; is being built</h1>"
        ));
        assert!(page.contains("http-equiv=\"refresh\" content=\"1\""));
        assert!(!unknown().contains("http-equiv"));
        for page in [page, building(None), failed("</title><script>"), unknown()] {
            for never in ["<script", "src=", "href=", "url(", "@import"] {
                assert!(!page.contains(never), "{never}");
            }
            assert!(page.contains("content=\"noindex\""));
        }
    }
}

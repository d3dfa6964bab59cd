//! Reads the texts of Vite, Rolldown and Tailwind: names, positions and headlines out of prose. Knows no files.

use crate::locate::Position;

/// The package of an import; `None` when it is not one of a package.
pub(crate) fn package_name(specifier: &str) -> Option<&str> {
    if specifier.is_empty()
        || specifier.starts_with(['.', '/', '#', '~'])
        || specifier.starts_with("@/")
    {
        return None;
    }
    let slashes = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier
        .match_indices('/')
        .nth(slashes - 1)
        .map_or(specifier.len(), |(offset, _)| offset);
    specifier.get(..end)
}

/// `Can't resolve 'specifier' in 'folder'`.
pub(super) fn unresolved_by_tailwind(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("Can't resolve '")?;
    rest.split('\'').next()
}

/// `"name" is not exported by "module"`.
pub(super) fn missing_export(text: &str) -> Option<&str> {
    let (before, _) = text.split_once("\" is not exported by ")?;
    before.rsplit('"').next()
}

/// `╭─[ src/App.tsx:4:17 ]`, which Rolldown draws above a code frame.
pub(super) fn position_in_frame(text: &str) -> Option<(String, Position)> {
    let (_, rest) = text.split_once("─[ ")?;
    let (place, _) = rest.split_once(" ]")?;
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    Some((parts.next()?.to_owned(), (line, column)))
}

/// What is said, without who says it, the drawing below it, and the stack.
pub(super) fn headline(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        if trimmed.starts_with('╭')
            || trimmed.starts_with("at ")
            || trimmed.starts_with("Stack backtrace")
        {
            break;
        }
        if !trimmed.starts_with("[plugin ") && !trimmed.is_empty() {
            lines.push(trimmed);
        }
    }
    let said = lines.join("\n");
    let said = match said.split_once("] ") {
        Some((label, rest)) if label.starts_with('[') && !label.contains('\n') => rest.to_owned(),
        _ => said,
    };
    if said.is_empty() {
        text.lines().next().unwrap_or_default().to_owned()
    } else {
        said
    }
}

/// A message without the `src/a.css:5:3: ` that it begins with: a diagnostic has its place beside it.
pub(super) fn without_place(text: &str) -> &str {
    let Some((place, rest)) = text.split_once(": ") else {
        return text;
    };
    let mut parts = place.rsplitn(3, ':');
    let numbers = parts.by_ref().take(2);
    let are_numbers = numbers
        .map(|part| part.parse::<u32>().is_ok())
        .eq([true, true]);
    let names_a_file = parts
        .next()
        .is_some_and(|file| file.contains('.') && !file.contains(' '));
    if are_numbers && names_a_file {
        rest
    } else {
        text
    }
}

pub(super) fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\u{1b}' {
            plain.push(character);
        } else if characters.next_if_eq(&'[').is_some() {
            // Parameters, then one letter.
            while characters.next_if(|c| !c.is_ascii_alphabetic()).is_some() {}
            characters.next();
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_told_from_files() {
        for (specifier, package) in [
            ("react", Some("react")),
            ("react-dom/client", Some("react-dom")),
            ("@acme/x", Some("@acme/x")),
            ("@acme/x/y/z", Some("@acme/x")),
            ("@/x", None),
            ("./x", None),
            ("/src/x", None),
            ("", None),
        ] {
            assert_eq!(package_name(specifier), package, "{specifier}");
        }
    }

    #[test]
    fn rolldowns_drawing_is_read_and_dropped() {
        let text = without_colours(
            "\u{1b}[31m[builtin:vite-transform] \u{1b}[0mUnexpected token\n   \u{1b}[38;5;246m╭\u{1b}[0m─[ src/a b.tsx:3:13 ]\n 3 │ x",
        );
        assert_eq!(
            position_in_frame(&text),
            Some(("src/a b.tsx".to_owned(), (3, 13)))
        );
        assert_eq!(headline(&text), "Unexpected token");
        assert_eq!(
            headline("[plugin x] /a/b.css\nCssSyntaxError: Missing {\n    at f (x.mjs:1:1)"),
            "CssSyntaxError: Missing {"
        );
        assert_eq!(without_place("src/a.css:5:3: No: such"), "No: such");
        for text in ["a b.css:5:3: x", "5:3: x", "src/a.css: x", "x"] {
            assert_eq!(without_place(text), text);
        }
        assert_eq!(
            missing_export("[MISSING_EXPORT] \"a\" is not exported by \"b.ts\"."),
            Some("a")
        );
    }
}

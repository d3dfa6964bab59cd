//! A thing from a name and a list of fields: its table, its resource, its pages and its lines in the app. What the tool of that name does.

use serde_json::Value;

use super::{
    codegen::resource_path,
    examples::{self, Row},
    fields,
    kinds::Draft,
    model::{ACCESS, Kind, Thing},
    plan::{Plan, Taken, extended},
    session::{is_resource, taken_folders},
    source::{self, File},
    tables,
    wiring::{FileChange, NAVIGATION, ROUTES, wire},
    wishes::Wish,
    words::snake,
};
use crate::sorted::SortedMap;

/// What a thing comes to.
#[derive(Debug, Default)]
pub struct Scaffold {
    /// Its table, as `define_tables` takes it; with the columns that it had.
    pub tables: Vec<Value>,
    /// The files that are new or different, with all of their content.
    pub files: Vec<(String, String)>,
    /// What was decided besides.
    pub notes: Vec<String>,
}

/// Whether the file is one that this looks into.
#[must_use]
pub fn reads(path: &str) -> bool {
    let is_page = path.starts_with("src/pages/") && path.ends_with("Page.tsx");
    path == ROUTES || path == NAVIGATION || is_page || is_resource(path)
}

/// Makes a thing, or adds fields to one that is there. `paths` are all files of the app, `files` the contents of those that are
/// [read](reads). Whoever shows the thing hears of its changes when it is `told`. A field is words, which say what it holds by themselves, or words and a kind: `servings: number`,
/// `level: easy | hard`, `author: authors` for a reference; with `!` it is required. Examples, where there are any, take the place of
/// those that the resource has.
///
/// # Errors
/// When the name or a field cannot be read, or a file is not as the foundation has it; in words, and nothing is to be changed then.
pub fn scaffold(
    name: &str,
    listed: &[&str],
    access: &str,
    told: bool,
    rows: &[Row],
    paths: &[&str],
    files: &SortedMap<String, String>,
) -> Result<Scaffold, String> {
    let files: SortedMap<String, Option<File>> = files
        .iter()
        .map(|(path, text)| (path.clone(), Some(file(path, text))))
        .collect();
    let mut before = Vec::new();
    let mut taken = Taken::default();
    for (path, file) in files.iter().filter(|(path, _)| is_resource(path)) {
        match file.as_ref().and_then(source::thing) {
            Some(thing) => before.push(thing),
            None => taken.unreadable.extend(table_of(path)),
        }
    }
    taken.tables = taken_folders(paths, &before);
    let words = name.replace('_', " ");
    if snake(&words).is_none() {
        return Err(format!(
            "`{}`: its name needs at least one letter that can be written in ASCII",
            name.escape_debug()
        ));
    }
    let mut drafts = Vec::new();
    for text in listed {
        drafts.extend(drafted(text, &before)?);
    }
    let wish = Wish::Thing {
        words: words.clone(),
        drafts,
    };
    let mut plan = extended(&before, wish, &taken);
    if let Some(why) = plan.refused.first() {
        return Err(why.clone());
    }
    plan.access(&before, access)?;
    let mut wiring = wire(&plan, &before, &files);
    if let Some(path) = wiring
        .needs
        .first()
        .or(wiring.strange.first().map(|(_, path)| path))
    {
        let why = if [ROUTES, NAVIGATION].contains(&path.as_str()) {
            "has not the lines that new pages go above; put them back as the foundation has them, or write the pages by hand"
        } else {
            "is gone, or not as it was written; make this change of the resource and its pages by hand, with `define_tables` for the columns"
        };
        return Err(format!("{path} {why}"));
    }
    if let (false, Some(thing)) = (rows.is_empty(), plan.find(&words)) {
        let path = resource_path(&thing.table);
        let mut lines = match (wiring.changes.get(&path), files.get(&path)) {
            (Some(FileChange::Write(text)), _) => text.lines().map(str::to_owned).collect(),
            (Some(FileChange::Lines(lines)), _) => lines.clone(),
            (_, Some(Some(file))) => file.lines.clone(),
            _ => Vec::new(),
        };
        examples::put(&mut lines, thing, rows)?;
        wiring.changes.insert(path, FileChange::Lines(lines));
    }
    let mut wanted = tables::wanted(&plan.things, &before);
    if let (true, Some(thing)) = (told, plan.find(&words)) {
        tables::tell(&mut wanted, thing);
    }
    let mut made = Scaffold {
        tables: wanted,
        notes: plan.notes,
        ..Scaffold::default()
    };
    for (path, change) in wiring.changes {
        match change {
            FileChange::Write(content) => made.files.push((path, content)),
            FileChange::Lines(lines) => made.files.push((path, lines.join("\n") + "\n")),
            FileChange::Delete => {}
        }
    }
    Ok(made)
}

fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        labels: Vec::new(),
        lines: text.lines().map(str::to_owned).collect(),
    }
}

/// The table whose resource is in this file.
pub(super) fn table_of(path: &str) -> Option<String> {
    path.strip_prefix("src/resources/")?
        .strip_suffix(".ts")
        .map(str::to_owned)
}

/// What a field was described as.
fn drafted(text: &str, before: &[Thing]) -> Result<Vec<Draft>, String> {
    let (label, kind) = match text.split_once(':') {
        Some((label, kind)) => (label.trim(), kind.trim().trim_end_matches('!').trim()),
        None => (text.trim(), ""),
    };
    let is_required = text.trim_end().ends_with('!') || label.ends_with('!');
    let label = label.trim_end_matches('!').trim().replace('_', " ");
    if snake(&label).is_none() {
        return Err(format!(
            "the field `{}` has no name that a column can have",
            text.escape_debug()
        ));
    }
    let options: Vec<String> = kind.split('|').map(|one| one.trim().to_owned()).collect();
    let mut draft = Draft {
        phrase: label.clone(),
        ..Draft::default()
    };
    let mut drafts = if kind.is_empty() {
        let drafts = fields::phrase(&label);
        if drafts.is_empty() {
            vec![draft]
        } else {
            drafts
        }
    } else if let Some(known) = Kind::named(kind).filter(|known| *known != Kind::Reference) {
        draft.kind = Some(known);
        vec![draft]
    } else if options.len() > 1 {
        draft.options = options;
        vec![draft]
    } else if let Some(other) = before.iter().find(|thing| thing.answers_to(kind)) {
        draft.kind = Some(Kind::Reference);
        draft.like = Some(other.singular.clone());
        vec![draft]
    } else {
        return Err(format!(
            "the field `{}` is of no kind that there is. Kinds are text, long_text, number, date, boolean, email, url, rating; \
             `easy | hard` is a choice, and the table of a resource that is there a reference to it",
            text.escape_debug()
        ));
    };
    for draft in &mut drafts {
        draft.required = draft.required.or_else(|| is_required.then_some(true));
    }
    Ok(drafts)
}

impl Plan {
    /// Who may do what with the rows of what is new. What is there keeps its access.
    fn access(&mut self, before: &[Thing], access: &str) -> Result<(), String> {
        if !ACCESS.contains(&access) {
            return Err(format!(
                "there is no access `{}`; there is: {}",
                access.escape_debug(),
                ACCESS.join(", ")
            ));
        }
        for thing in &mut self.things {
            if !before.iter().any(|known| known.table == thing.table) {
                access.clone_into(&mut thing.access);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ROUTES_TEXT: &str = "// Page imports of this app go above this line.\n\nexport const routes = [\n  // Routes of this app go above this line.\n]\n";
    const NAVIGATION_TEXT: &str =
        "export const navigation = [\n  // Navigation of this app goes above this line.\n]\n";

    fn app() -> SortedMap<String, String> {
        [(ROUTES, ROUTES_TEXT), (NAVIGATION, NAVIGATION_TEXT)]
            .map(|(path, text)| (path.to_owned(), text.to_owned()))
            .into()
    }

    fn made(
        app: &mut SortedMap<String, String>,
        name: &str,
        fields: &[&str],
        access: &str,
    ) -> Result<Scaffold, String> {
        let paths: Vec<String> = app.keys().cloned().collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let made = scaffold(name, fields, access, false, &[], &paths, app)?;
        app.extend(made.files.iter().cloned());
        Ok(made)
    }

    fn columns(made: &Scaffold) -> Vec<String> {
        let columns = made.tables[0]["columns"].as_array().unwrap().iter();
        let column = |column: &Value| {
            let to = column["references"].as_str().map(|to| format!(" {to}"));
            format!(
                "{} {}{}",
                column["name"].as_str().unwrap(),
                column["type"].as_str().unwrap(),
                to.unwrap_or_default()
            )
        };
        columns.map(column).collect()
    }

    #[test]
    fn a_thing_is_told_of_also_when_it_is_there_and_needs_nothing_else() {
        let mut app = app();
        let told = |app: &SortedMap<String, String>, name: &str, fields: &[&str]| {
            let paths: Vec<&str> = app.keys().map(String::as_str).collect();
            scaffold(name, fields, "owner", true, &[], &paths, app).unwrap()
        };
        let new = told(&app, "messages", &["text"]);
        assert_eq!(
            (new.tables.len(), &new.tables[0]["realtime"]),
            (1, &true.into())
        );
        made(&mut app, "messages", &["text"], "owner").unwrap();
        made(&mut app, "rooms", &["name"], "owner").unwrap();
        let there = told(&app, "messages", &["text"]);
        assert_eq!((there.tables.len(), there.files), (1, vec![]));
        assert_eq!(there.tables[0]["name"], "messages");
        assert_eq!(there.tables[0]["realtime"], true);
    }

    #[test]
    fn a_thing_is_a_table_a_resource_three_pages_and_their_lines() {
        let mut app = app();
        let authors = made(&mut app, "authors", &["name", "email"], "owner").unwrap();
        assert_eq!(columns(&authors), ["name text", "email text"]);
        let fields = [
            "title!",
            "pages: number",
            "published_on: date",
            "level: easy | so hard",
            "author: authors",
            "read: boolean",
            "rating from 1 to 5",
        ];
        let books = made(&mut app, "books", &fields, "public_read").unwrap();
        assert_eq!(
            columns(&books),
            [
                "title text",
                "pages numeric",
                "published_on date",
                "level text",
                "author uuid authors",
                "read boolean",
                "rating numeric"
            ]
        );
        assert_eq!(books.tables[0]["access"], "public_read");
        assert_eq!(books.tables.len(), 1, "what is there is not defined again");
        let paths: Vec<&str> = books.files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(
            paths,
            [
                NAVIGATION,
                ROUTES,
                "src/pages/books/BookDetailPage.tsx",
                "src/pages/books/BookFormPage.tsx",
                "src/pages/books/BooksPage.tsx",
                "src/resources/books.ts"
            ]
        );
        let resource = &app["src/resources/books.ts"];
        assert!(
            resource.contains("  access: \"public_read\",\n"),
            "{resource}"
        );
        assert!(
            resource.contains("options: [\"easy\", \"so hard\"]"),
            "{resource}"
        );
        assert!(!app["src/resources/authors.ts"].contains("access:"));
        for route in [
            "\"books/:id\", element: <BookDetailPage /> }",
            "\"books/:id/edit\", element: <BookFormPage key=\"edit\" /> }",
        ] {
            assert!(app[ROUTES].contains(route), "{}", app[ROUTES]);
        }
        let entry = "table: \"books\", access: \"public_read\" },";
        assert!(app[NAVIGATION].contains(entry), "{}", app[NAVIGATION]);
        let more = made(&mut app, "books", &["blurb: long_text"], "owner").unwrap();
        assert_eq!(
            more.tables[0]["access"], "public_read",
            "it keeps its access"
        );
        assert!(columns(&more).contains(&"blurb text".to_owned()));
    }

    #[test]
    fn a_thing_that_is_there_may_refer_to_another_afterwards() {
        let mut app = app();
        made(&mut app, "books", &["title"], "owner").unwrap();
        made(&mut app, "authors", &["name"], "owner").unwrap();
        made(&mut app, "books", &["author: authors"], "owner").unwrap();
        for page in ["BooksPage", "BookDetailPage", "BookFormPage"] {
            let page = &app[&format!("src/pages/books/{page}.tsx")];
            assert!(page.contains("references={[authors]}"), "{page}");
        }
        // A page that somebody has written anew is theirs.
        let page = "src/pages/books/BookDetailPage.tsx";
        app.insert(
            page.to_owned(),
            "export const BookDetailPage = null\n".to_owned(),
        );
        let before = app.clone();
        made(&mut app, "shelves", &["name"], "owner").unwrap();
        let error = made(&mut app, "books", &["shelf: shelves"], "owner").unwrap_err();
        assert!(error.contains(page) && error.contains("by hand"), "{error}");
        assert_eq!(app[page], before[page]);
    }

    /// Books with examples, or why not.
    fn with_examples(
        app: &mut SortedMap<String, String>,
        fields: &[&str],
        rows: Value,
    ) -> Result<String, String> {
        let paths: Vec<String> = app.keys().cloned().collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let rows: Vec<Row> = serde_json::from_value(rows).unwrap();
        let made = scaffold("books", fields, "owner", false, &rows, &paths, app)?;
        app.extend(made.files);
        Ok(app["src/resources/books.ts"].clone())
    }

    #[test]
    fn examples_stand_in_the_resource_and_are_put_in_anew() {
        let mut app = app();
        let fields = [
            "title!",
            "pages: number",
            "read: boolean",
            "level: easy | hard",
            "since: date",
        ];
        let rows = json!([
            { "title": "Emma </script>", "pages": 474, "read": true, "level": "easy", "since": "2024-02-29" },
            { "read": false, "title": "Ulysses", "pages": null },
        ]);
        let text = with_examples(&mut app, &fields, rows).unwrap();
        let examples = "  ],\n  examples: [\n    { title: \"Emma \\u003c/script>\", pages: 474, read: true, level: \"easy\", since: \"2024-02-29\" },\n    { title: \"Ulysses\", read: false },\n  ],\n}\n";
        assert!(text.ends_with(examples), "{text}");
        let text = with_examples(
            &mut app,
            &["blurb: long_text"],
            json!([{ "title": "Persuasion", "blurb": "Late." }]),
        )
        .unwrap();
        assert!(text.contains("kind: \"long_text\""), "{text}");
        assert!(
            text.ends_with(
                "  ],\n  examples: [\n    { title: \"Persuasion\", blurb: \"Late.\" },\n  ],\n}\n"
            ),
            "{text}"
        );
        let same = with_examples(&mut app, &[], json!([])).unwrap();
        assert_eq!(same, text, "without any, they stay");
        let other = made(&mut app, "books", &["shelf"], "owner").unwrap();
        assert!(columns(&other).contains(&"shelf text".to_owned()));
        assert!(app["src/resources/books.ts"].contains("Persuasion"));
    }

    #[test]
    fn examples_that_the_fields_do_not_take_change_nothing_and_are_told() {
        let fields = [
            "title!",
            "pages: number",
            "stars: rating",
            "read: boolean",
            "level: easy | hard",
            "since: date",
            "author: authors",
            "contact: email",
            "homepage: url",
        ];
        for (row, says) in [
            (json!({ "pages": 3 }), "row 1: `title` is required"),
            (json!({ "title": " " }), "a text that is not empty"),
            (
                json!({ "title": "x", "pages": "3" }),
                "`pages` has to be a number",
            ),
            (json!({ "title": "x", "stars": 6 }), "from 1 to 5"),
            (json!({ "title": "x", "read": "yes" }), "true or false"),
            (
                json!({ "title": "x", "level": "so hard" }),
                "one of easy, hard",
            ),
            (json!({ "title": "x", "since": "2026-02-30" }), "a date"),
            (json!({ "title": "x", "since": "2026-+1-31" }), "a date"),
            (json!({ "title": "x", "since": "0000-01-31" }), "a date"),
            (
                json!({ "title": "x", "contact": "name@host" }),
                "an address",
            ),
            (
                json!({ "title": "x", "homepage": "example.com" }),
                "a link that begins",
            ),
            (json!({ "title": "x", "author": "Joyce" }), "left out"),
            (
                json!({ "title": "x", "isbn": "1" }),
                "no field `isbn`; there is title, pages",
            ),
        ] {
            let mut app = app();
            made(&mut app, "authors", &["name"], "owner").unwrap();
            let before = app.clone();
            let error = with_examples(&mut app, &fields, json!([row])).unwrap_err();
            assert!(error.contains(says), "{error}");
            assert_eq!(app, before);
        }
        let many = vec![json!({ "title": "x" }); 21];
        let error = with_examples(&mut app(), &fields[..1], many.into()).unwrap_err();
        assert!(error.contains("21 rows"), "{error}");
        let mut app = app();
        made(&mut app, "authors", &["name"], "owner").unwrap();
        let needed = ["title", "author!: authors"];
        let error = with_examples(&mut app, &needed, json!([{ "title": "x" }])).unwrap_err();
        assert!(error.contains("a record that is not there yet"), "{error}");
    }

    #[test]
    fn examples_that_a_person_has_written_otherwise_stay() {
        let mut app = app();
        let fields = ["title"];
        with_examples(&mut app, &fields, json!([{ "title": "Emma" }])).unwrap();
        let file = "src/resources/books.ts";
        let written = app[file].clone();
        for (from, to) in [
            (
                "  examples: [\n    { title: \"Emma\" },\n  ],",
                "  examples: [{ title: \"Emma\" }],",
            ),
            (
                "  examples: [\n    { title: \"Emma\" },\n  ],",
                "  examples: rows,",
            ),
            (
                "  ],\n  examples: [\n    { title: \"Emma\" },\n  ],\n}",
                "  ]\n}",
            ),
        ] {
            let changed = written.replacen(from, to, 1);
            assert_ne!(changed, written);
            app.insert(file.to_owned(), changed.clone());
            let error = with_examples(&mut app, &fields, json!([{ "title": "x" }])).unwrap_err();
            assert!(error.contains("no place there"), "{error}");
            assert_eq!(app[file], changed);
        }
    }

    #[test]
    fn what_cannot_be_read_changes_nothing_and_is_told() {
        for (name, fields, access, says) in [
            ("books", &["title: prose"][..], "owner", "of no kind"),
            ("books", &["?!"], "owner", "no name"),
            ("???", &["title"], "owner", "its name needs"),
            ("books", &["title"], "everyone", "no access"),
        ] {
            let error = made(&mut app(), name, fields, access).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        let mut bare = app();
        bare.insert(ROUTES.to_owned(), "export const routes = []\n".to_owned());
        let error = made(&mut bare, "books", &["title"], "owner").unwrap_err();
        assert!(error.contains(ROUTES), "{error}");
    }
}

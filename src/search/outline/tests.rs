use overskill_syntax::{Native, Parser as _};

use super::*;

fn outlined(files: &[(&str, &str)], max_bytes: usize) -> String {
    let facts: Vec<Facts> = files
        .iter()
        .map(|(path, content)| Native.facts(path, content))
        .collect();
    let files: Vec<Outlined<'_>> = files
        .iter()
        .zip(&facts)
        .map(|((path, _), facts)| Outlined {
            path,
            facts: Some(facts),
        })
        .collect();
    outline(&files, max_bytes)
}

const FILES: &[(&str, &str)] = &[
    ("index.html", "<div id=\"root\"></div>"),
    ("package.json", "{}"),
    ("public/logo.svg", ""),
    (
        "src/components/Card.tsx",
        "export interface CardProps { title: string }\nexport function Card({ title, children }: CardProps) { return <p>{title}{children}</p>; }\nfunction Hidden() { return <i />; }\nexport const SIZES = [1];\n",
    ),
    (
        "src/components/ui/button.tsx",
        "const Button = () => <button />;\nexport { Button as default };\n",
    ),
    (
        "src/components/Zebra.tsx",
        "export default () => <p />;\nexport * from \"./Card\";\n",
    ),
    (
        "src/hooks/useRecords.ts",
        "export function useRecords(table, options) { return db.from(\"recipes\").join(db.from(\"recipes\")); }\n",
    ),
    (
        "src/lib/many.ts",
        "export const a1 = 1, a2 = 1, a3 = 1, a4 = 1, a5 = 1, a6 = 1, a7 = 1, a8 = 1, a9 = 1, a10 = 1, a11 = 1, a12 = 1, a13 = 1, a14 = 1;\n",
    ),
    ("src/main.tsx", "import \"./styles.css\";\n"),
    (
        "src/routes.tsx",
        "export const routes = [{ path: \"/\", element: <Home /> }, { path: \"/about\", lazy: load }];\n",
    ),
];

#[test]
fn an_app_is_outlined() {
    insta::assert_snapshot!(outlined(FILES, MAX_BYTES));
}

#[test]
fn what_has_no_room_is_counted() {
    let whole = outlined(FILES, MAX_BYTES);
    for max_bytes in 0..600 {
        let part = outlined(FILES, max_bytes);
        assert!(
            part.len() <= max_bytes.max(RESERVE),
            "{max_bytes}: {}",
            part.len()
        );
        if part != whole {
            let (shown, last) = part
                .trim_end()
                .rsplit_once('\n')
                .unwrap_or(("", part.trim_end()));
            let files = shown.lines().filter(|line| !line.ends_with('/')).count();
            assert!(whole.starts_with(shown));
            assert_eq!(
                last,
                format!(
                    "… {} more of 10 files; `search_files` finds what is in them",
                    10 - files
                )
            );
        }
    }
    assert_eq!(outlined(&[], MAX_BYTES), "");
}

#[test]
fn the_foundation_fits() {
    let files = crate::template::Foundation::committed()
        .named("Test")
        .unwrap();
    let facts: Vec<Facts> = files
        .iter()
        .map(|(path, content)| {
            Native.facts(
                path.as_str(),
                std::str::from_utf8(content).unwrap_or_default(),
            )
        })
        .collect();
    let outlined: Vec<Outlined<'_>> = files
        .iter()
        .zip(&facts)
        .map(|((path, _), facts)| Outlined {
            path: path.as_str(),
            facts: Some(facts),
        })
        .collect();
    let text = outline(&outlined, MAX_BYTES);
    assert!(!text.contains("more of"), "{} bytes\n{text}", text.len());
    insta::assert_snapshot!(text);
    // A file that nobody has parsed is named all the same.
    let unknown = Outlined {
        path: "src/a.ts",
        facts: None,
    };
    assert_eq!(outline(&[unknown], MAX_BYTES), "src/\n a.ts\n");
}

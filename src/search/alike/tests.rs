use overskill_syntax::{Facts, Native, Parser as _};

use super::*;

/// The foundation's sources with what they mean.
fn foundation() -> Vec<(String, String, Facts)> {
    crate::template::Foundation::committed()
        .named("Test")
        .unwrap()
        .into_iter()
        .filter(|(path, _)| path.as_str().starts_with("src/"))
        .filter_map(|(path, content)| {
            let content = String::from_utf8(content).ok()?;
            let facts = Native.facts(path.as_str(), &content);
            Some((path.as_str().to_owned(), content, facts))
        })
        .collect()
}

fn sources(files: &[(String, String, Facts)]) -> Vec<Source<'_>> {
    files
        .iter()
        .map(|(path, content, facts)| Source {
            path,
            content,
            facts,
        })
        .collect()
}

fn named(code: &str) -> Vec<String> {
    let files = foundation();
    let facts = Native.facts("src/components/New.tsx", code);
    let new = facts.declarations.last().unwrap();
    alike(new, "src/components/New.tsx", &sources(&files))
        .iter()
        .map(Alike::to_string)
        .collect()
}

/// What the foundation itself has that is alike, so that a change of the measure shows.
#[test]
fn what_is_no_copy_is_not_named() {
    let files = foundation();
    let sources = sources(&files);
    let mut all = String::new();
    let mut declarations = 0;
    for source in &sources {
        for declaration in &source.facts.declarations {
            declarations += usize::from(group(declaration.kind).is_some());
            for other in alike(declaration, source.path, &sources) {
                all.push_str(&format!("{}: {other}\n", declaration.name));
            }
        }
    }
    insta::assert_snapshot!(format!(
        "{declarations} components, hooks and functions\n{all}"
    ));
}

#[test]
fn what_exists_is_named_before_it_is_written_again() {
    let mut all = String::new();
    for code in [
        // Written again under a like name.
        "export function RecordCards({ resource, record }) { return <Card><FieldValue /></Card>; }",
        "export function RecordTile({ resource, record, references }) { return <Card><Link><FieldValue /></Link></Card>; }",
        "export function StarRating({ value }) { return <span><Star /></span>; }",
        "export function DeleteConfirmDialog({ record, resource, onDeleted }) { return <AlertDialog><AlertDialogContent /></AlertDialog>; }",
        "export function useAuthentication() { return useContext(AuthContext); }",
        "export function PageHeader({ title, description, children }) { return <header><h1>{title}</h1></header>; }",
        // Nothing like it is there.
        "export function Calendar({ month, events, onSelect }) { const [day] = useState(); return <table><tbody /></table>; }",
        "export function ChatBubble({ text, mine }) { return <div><p>{text}</p></div>; }",
        "export function PriceChart({ points }) { return <svg><path /></svg>; }",
        "export function useGeolocation() { const [place] = useState(); useEffect(() => {}); return place; }",
        "export function formatCurrency(amount, currency) { return amount + currency; }",
    ] {
        all.push_str(&format!("{code}\n"));
        for line in named(code) {
            all.push_str(&format!("  {line}\n"));
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn kinds_are_not_mixed_and_a_declaration_is_not_like_itself() {
    let code = "export function recordCard(record) { return record; }\nexport const recordCardOptions = 1;\nexport function RecordCard({ record }) { return <p />; }\n";
    let facts = Native.facts("a.tsx", code);
    let files = [Source {
        path: "a.tsx",
        content: code,
        facts: &facts,
    }];
    let component = facts
        .declarations
        .iter()
        .find(|one| one.name == "RecordCard")
        .unwrap();
    assert_eq!(alike(component, "a.tsx", &files), []);
    let elsewhere = alike(component, "b.tsx", &files);
    assert_eq!(elsewhere.len(), 1);
    assert!(elsewhere[0].score >= THRESHOLD);
    assert_eq!(
        (elsewhere[0].line, elsewhere[0].kind),
        (3, SymbolKind::Component)
    );
    let value = facts
        .declarations
        .iter()
        .find(|one| one.name == "recordCardOptions")
        .unwrap();
    assert_eq!(alike(value, "b.tsx", &files), []);
}

#[test]
fn words_of_one_stem_are_one() {
    for (one, other, same) in [
        ("auth", "authentication", true),
        ("authentication", "auth", true),
        ("form", "format", false),
        ("form", "form", true),
        ("card", "record", false),
        ("use", "useful", false),
    ] {
        assert_eq!(is_same_stem(one, other), same, "{one} {other}");
    }
}

#[test]
fn a_plural_is_the_same_word() {
    for (word, stem) in [
        ("recipes", "recipe"),
        ("class", "class"),
        ("status", "status"),
        ("is", "is"),
        ("news", "new"),
        ("axis", "axis"),
    ] {
        assert_eq!(singular(word.to_owned()), stem);
    }
}

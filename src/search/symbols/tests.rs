use overskill_syntax::{Native, Parser as _};

use super::*;

const FILES: &[(&str, &str)] = &[
    (
        "src/components/RecordCard.tsx",
        "import { Link } from \"react-router\";\nimport * as icons from \"lucide-react\";\nimport \"./card.css\";\n\ninterface RecordCardProps { title: string }\n\nexport function RecordCard({ title }: RecordCardProps) {\n  return <Link to=\"/\">{title}</Link>;\n}\n\nexport { cn as join } from \"@/lib/cn\";\n",
    ),
    (
        "src/hooks/useRecords.ts",
        "export const useRecords = () => db.from(\"recipes\");\nexport default function load() {}\nexport type Recordable = string;\nexport class Store {}\nconst recordcard = 1;\n",
    ),
    (
        "src/routes.tsx",
        "import { RecordCard } from \"./components/RecordCard\";\nexport const routes = [{ path: \"/recipes/:id\", element: <RecordCard title=\"\" /> }];\n",
    ),
    (
        "src/card.css",
        ".record-card { color: red }\n:root { --brand: red }\n",
    ),
];

fn found(wanted: &str, kinds: &[SymbolKind]) -> Vec<String> {
    let facts: Vec<Facts> = FILES
        .iter()
        .map(|(path, content)| Native.facts(path, content))
        .collect();
    let sources: Vec<Source<'_>> = FILES
        .iter()
        .zip(&facts)
        .map(|((path, content), facts)| Source {
            path,
            content,
            facts,
        })
        .collect();
    find(wanted, kinds, &sources)
        .iter()
        .map(Symbol::to_string)
        .collect()
}

#[test]
fn symbols_are_found_by_name() {
    assert_eq!(
        found("RecordCard", &[]),
        [
            "defined in src/components/RecordCard.tsx:7 (component RecordCard)",
            "imported in src/routes.tsx:1 (import RecordCard of ./components/RecordCard)",
            "defined in src/hooks/useRecords.ts:5 (value recordcard)",
            "defined in src/components/RecordCard.tsx:5 (type RecordCardProps)",
            "defined in src/card.css:1 (style record-card)",
        ]
    );
    assert_eq!(
        found("recCard", &[SymbolKind::Component]),
        ["defined in src/components/RecordCard.tsx:7 (component RecordCard)"]
    );
    assert_eq!(found("nothing", &[]), [] as [&str; 0]);
}

#[test]
fn symbols_are_found_by_kind() {
    for (wanted, kind, expected) in [
        (
            "useRecords",
            SymbolKind::Hook,
            &["defined in src/hooks/useRecords.ts:1 (hook useRecords)"][..],
        ),
        (
            "load",
            SymbolKind::Function,
            &["defined in src/hooks/useRecords.ts:2 (function load)"],
        ),
        (
            "load",
            SymbolKind::Export,
            &["exported from src/hooks/useRecords.ts:2 (export load)"],
        ),
        (
            "Store",
            SymbolKind::Class,
            &["defined in src/hooks/useRecords.ts:4 (class Store)"],
        ),
        (
            "Recordable",
            SymbolKind::Type,
            &["defined in src/hooks/useRecords.ts:3 (type Recordable)"],
        ),
        (
            "recipes",
            SymbolKind::Table,
            &["used in src/hooks/useRecords.ts:1 (table recipes)"],
        ),
        (
            "/recipes/:id",
            SymbolKind::Route,
            &["defined in src/routes.tsx:2 (route /recipes/:id shows RecordCard)"],
        ),
        (
            "brand",
            SymbolKind::Style,
            &["defined in src/card.css:2 (style --brand)"],
        ),
        (
            "join",
            SymbolKind::Export,
            &["exported from src/components/RecordCard.tsx:11 (export join of @/lib/cn)"],
        ),
        (
            "react-router",
            SymbolKind::Import,
            &["imported in src/components/RecordCard.tsx:1 (import Link of react-router)"],
        ),
        (
            "icons",
            SymbolKind::Import,
            &["imported in src/components/RecordCard.tsx:2 (import icons of lucide-react)"],
        ),
        (
            "./card.css",
            SymbolKind::Import,
            &["imported in src/components/RecordCard.tsx:3 (import ./card.css of ./card.css)"],
        ),
    ] {
        assert_eq!(found(wanted, &[kind]), expected, "{wanted}");
    }
}

#[test]
fn a_plain_name_is_one() {
    for name in ["RecordCard", "useX", "_x", "$el", "record-card", "größe"] {
        assert!(is_name(name), "{name}");
    }
    for text in [
        "", "a", "a b", "a.b", "1a", "use\\w+", "(x", "a|b", "x*", "^a",
    ] {
        assert!(!is_name(text), "{text}");
    }
}

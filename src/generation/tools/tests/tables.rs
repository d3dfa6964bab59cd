//! The tool for tables, with answers that a shard could have given, and what keeps sources to the tables that there are.

use super::*;
use crate::data::{TableSpec, schema};

const RECIPES: &str = r#"{"name":"recipes","access":"owner","columns":[{"name":"title","type":"text","nullable":true,"default":null}]}"#;

fn specs(list: &str) -> Vec<TableSpec> {
    serde_json::from_str(list).unwrap()
}

/// Runs a call, before which the shard answers, if it is asked.
fn asked(call: &ToolCall, bench: &mut Workbench<'_>, answer: Result<&str, &str>) -> Outcome {
    if defines(call, bench).is_some() {
        let answer = answer.map(specs).map_err(str::to_owned);
        bench.tables.insert(call.id.clone(), answer);
    }
    run(call, bench)
}

fn define(names: &[&str]) -> ToolCall {
    let tables: Vec<Value> = names
        .iter()
        .map(|name| json!({ "name": name, "columns": [{ "name": "title", "type": "text" }] }))
        .collect();
    call("define_tables", json!({ "tables": tables }))
}

/// A workbench with these tables.
fn with_tables(list: &str) -> Workbench<'static> {
    bench(&[(schema::FILE, schema::source(&specs(list)).as_bytes())])
}

#[test]
fn tables_are_asked_for_as_they_are_written_and_the_sources_know_all_that_there_are() {
    let mut bench = with_tables("[]");
    let call = define(&["recipes"]);
    let wanted = defines(&call, &bench).unwrap();
    assert_eq!(
        serde_json::to_value(&wanted).unwrap(),
        call.input["tables"],
        "handed on as they are"
    );
    let tags = format!(r#"[{RECIPES},{{"name":"tags","access":"public_read","columns":[]}}]"#);
    let outcome = asked(&call, &mut bench, Ok(&tags));
    assert!(outcome.result.ok, "{}", outcome.result.content);
    assert_eq!(
        outcome.result.content,
        "recipes are defined; src/app/tables.ts says what their rows are\nrecipes (owner)\ntags (public_read)"
    );
    assert_eq!(content(&bench, schema::FILE), schema::source(&specs(&tags)));
    assert_eq!(outcome.changes.len(), 1);
    let again = asked(&call, &mut bench, Ok(&tags));
    assert!(again.result.ok && again.changes.is_empty());
    let none = asked(&define(&[]), &mut bench, Ok(&tags));
    assert!(
        none.result.content.starts_with("the app has 2 tables; "),
        "{}",
        none.result.content
    );
}

#[test]
fn a_refusal_of_the_shard_changes_nothing_and_is_told() {
    let mut bench = with_tables("[]");
    let refused = asked(
        &define(&["recipes"]),
        &mut bench,
        Err("Reserved column name id. Every table has it by itself."),
    );
    assert!(!refused.result.ok && refused.changes.is_empty());
    assert!(
        refused.result.content.contains("Reserved column name id."),
        "{}",
        refused.result.content
    );
    let unasked = run(&define(&["recipes"]), &mut bench);
    assert!(!unasked.result.ok);
    for tables in [json!("recipes"), json!(["recipes"]), json!({}), Value::Null] {
        let call = call("define_tables", json!({ "tables": tables }));
        assert!(defines(&call, &bench).is_none(), "{tables}");
        let outcome = run(&call, &mut bench);
        assert!(
            !outcome.result.ok && outcome.result.content.contains("`tables`"),
            "{}",
            outcome.result.content
        );
    }
    bench.intent = Intent::Discuss;
    assert!(defines(&define(&["recipes"]), &bench).is_none());
}

#[test]
fn a_file_that_reads_a_table_which_there_is_not_is_refused() {
    let mut bench = with_tables(&format!("[{RECIPES}]"));
    let reading = |table: &str| {
        json!({ "path": "src/a.ts", "content":
            format!("import {{ db }} from \"@/lib/database\"\nexport const all = () => db.from(\"{table}\").select()\n") })
    };
    let refused = ask(&mut bench, "write_file", reading("recipies"));
    assert!(!refused.result.ok && refused.changes.is_empty());
    assert!(
        refused.result.content.contains("`recipies`")
            && refused.result.content.contains("The app has recipes.")
            && refused.result.content.contains("define_tables"),
        "{}",
        refused.result.content
    );
    assert!(ask(&mut bench, "write_file", reading("recipes")).result.ok);
    let hook = json!({ "path": "src/b.ts", "content":
        "import { useRecords } from \"@/hooks/useRecords\"\nexport const useTags = () => useRecords(\"tags\")\n" });
    assert!(!ask(&mut bench, "write_file", hook).result.ok);
    let other = json!({ "path": "src/c.ts", "content":
        "import { Duration } from \"./duration\"\nexport const day = Duration.from(\"a_day\")\n" });
    assert!(
        ask(&mut bench, "write_file", other).result.ok,
        "others have a from as well"
    );
}

#[test]
fn what_was_wrong_before_does_not_stand_in_the_way_of_mending_it() {
    let old = "import { db } from \"@/lib/database\"\nexport const all = () => db.from(\"tags\").select()\n";
    let tables = schema::source(&specs(&format!("[{RECIPES}]")));
    let mut bench = bench(&[
        (schema::FILE, tables.as_bytes()),
        ("src/a.ts", old.as_bytes()),
    ]);
    ask(&mut bench, "view_file", json!({ "path": "src/a.ts" }));
    let edit = |search: &str, replacement: &str| json!({ "path": "src/a.ts", "search": search, "first_line": 2, "last_line": 2, "replacement": replacement });
    let line = old.lines().nth(1).unwrap();
    let better = "export const all = () => db.from(\"tags\").select(\"id\")";
    assert!(
        ask(&mut bench, "line_replace", edit(line, better))
            .result
            .ok
    );
    let worse = "export const all = () => db.from(\"pots\").select(\"id\")";
    assert!(
        !ask(&mut bench, "line_replace", edit(better, worse))
            .result
            .ok
    );
}

#[test]
fn nobody_goes_to_the_database_past_the_apps_own_client() {
    let mut bench = with_tables("[]");
    for (path, from, ok) in [
        ("src/pages/a.ts", "@supabase/supabase-js", false),
        ("src/pages/b.ts", "@supabase/postgrest-js", false),
        ("src/pages/c.ts", "@/lib/supabase", false),
        ("src/lib/d.ts", "@supabase/supabase-js", true),
        ("src/auth/e.ts", "@/lib/supabase", true),
    ] {
        let content = format!("import {{ x }} from \"{from}\"\nexport const y = x\n");
        let outcome = ask(
            &mut bench,
            "write_file",
            json!({ "path": path, "content": content }),
        );
        assert_eq!(outcome.result.ok, ok, "{path}: {}", outcome.result.content);
    }
    let types = "import type { User } from \"@supabase/supabase-js\"\nexport type Person = User\n";
    assert!(
        ask(
            &mut bench,
            "write_file",
            json!({ "path": "src/f.ts", "content": types })
        )
        .result
        .ok
    );
}

#[test]
fn the_file_of_the_tables_is_the_tools_own() {
    let mut bench = with_tables("[]");
    let outcome = ask(
        &mut bench,
        "write_file",
        json!({ "path": schema::FILE, "content": "export interface Tables { a: 1 }\n" }),
    );
    assert!(!outcome.result.ok);
    // Without it, nobody would know which tables there are.
    let before = bench.manifest.clone();
    ask(&mut bench, "view_file", json!({ "path": schema::FILE }));
    let away = format!(
        "*** Begin Patch\n*** Update File: {0}\n*** Move to: src/old.ts\n*** End Patch",
        schema::FILE
    );
    for (tool, input) in [
        ("delete_file", json!({ "path": schema::FILE })),
        ("apply_patch", json!({ "patch": away })),
    ] {
        let outcome = ask(&mut bench, tool, input);
        assert!(
            !outcome.result.ok && outcome.result.content.contains("define_tables"),
            "{tool}: {}",
            outcome.result.content
        );
        assert_eq!(bench.manifest, before, "{tool}");
    }
}

#[test]
fn a_file_is_not_moved_to_where_it_may_not_read_what_it_reads() {
    let inner = "import { supabase } from \"./supabase\"\nimport \"@supabase/supabase-js\"\nexport const s = supabase\n";
    let tables = schema::source(&[]);
    let mut bench = bench(&[
        (schema::FILE, tables.as_bytes()),
        ("src/lib/a.ts", inner.as_bytes()),
    ]);
    ask(&mut bench, "view_file", json!({ "path": "src/lib/a.ts" }));
    let patch = "*** Begin Patch\n*** Update File: src/lib/a.ts\n*** Move to: src/pages/a.ts\n@@\n-export const s = supabase\n+export const t = supabase\n*** End Patch";
    let outcome = ask(&mut bench, "apply_patch", json!({ "patch": patch }));
    assert!(
        !outcome.result.ok && outcome.result.content.contains("past its own client"),
        "{}",
        outcome.result.content
    );
    assert!(
        bench
            .manifest
            .get(&"src/lib/a.ts".parse().unwrap())
            .is_some()
    );
}

#[test]
fn a_resource_is_scaffolded_in_one_call() {
    let routes = "// Page imports of this app go above this line.\n\nexport const routes = [\n  // Routes of this app go above this line.\n]\n";
    let navigation =
        "export const navigation = [\n  // Navigation of this app goes above this line.\n]\n";
    let tables = schema::source(&[]);
    let mut bench = bench(&[
        (schema::FILE, tables.as_bytes()),
        ("src/app/routes.tsx", routes.as_bytes()),
        ("src/app/navigation.ts", navigation.as_bytes()),
    ]);
    let call = call(
        "scaffold_resource",
        json!({ "name": "recipes", "fields": ["title"], "access": "public_read" }),
    );
    let wanted = defines(&call, &bench).unwrap();
    assert_eq!(
        (wanted[0].name(), wanted[0].access()),
        ("recipes", "public_read")
    );
    assert!(needs(std::slice::from_ref(&call), &bench.manifest, &bench.views).len() >= 3);
    let refused = asked(
        &call,
        &mut bench,
        Err("The app's database does not answer."),
    );
    assert!(!refused.result.ok && refused.changes.is_empty());
    bench.tables.clear();
    let outcome = asked(&call, &mut bench, Ok(&format!("[{RECIPES}]")));
    assert!(outcome.result.ok, "{}", outcome.result.content);
    let paths: Vec<&str> = outcome
        .changes
        .iter()
        .map(|change| change.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            "src/app/tables.ts",
            "src/app/navigation.ts",
            "src/app/routes.tsx",
            "src/pages/recipes/RecipeDetailPage.tsx",
            "src/pages/recipes/RecipeFormPage.tsx",
            "src/pages/recipes/RecipesPage.tsx",
            "src/resources/recipes.ts"
        ]
    );
    assert_eq!(
        content(&bench, schema::FILE),
        schema::source(&specs(&format!("[{RECIPES}]")))
    );
    let again = asked(&call, &mut bench, Ok("[]"));
    assert!(
        again.result.ok && again.changes.is_empty(),
        "{}",
        again.result.content
    );
}

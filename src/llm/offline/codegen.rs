//! The sources of a thing: its resource, its pages, its lines in the routes and the navigation.
//!
//! Text only; every name from outside goes through [`literal`]. What is written here, `source` reads.

use super::{
    model::{ACCESS, Field, Thing},
    words::{camel, pascal, sentence, snake},
};

/// Words that cannot name a constant of a module that also knows `Resource` and `Row`.
const TAKEN: &str = "class default new delete function return import export const let var enum this super null true \
    false void typeof static yield await package private public interface switch case with for while if else do in \
    try catch throw break continue news_ resource row undefined arguments eval";

/// A string literal that is safe in TypeScript and in a script within HTML.
pub(super) fn literal(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

/// Text of an HTML element.
pub(super) fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The constant that holds a thing's resource.
pub(super) fn constant(table: &str) -> String {
    let name = camel(table);
    if super::vocabulary::has(TAKEN, &name) {
        format!("{name}Records")
    } else {
        name
    }
}

/// The interface of a record.
fn interface(thing: &Thing) -> String {
    let name = pascal(&singular_name(thing));
    if ["Resource", "Row"].contains(&name.as_str()) {
        format!("{name}Record")
    } else {
        name
    }
}

/// The table's name in the singular. Taken from the table, which never changes, so that files keep their names.
fn singular_name(thing: &Thing) -> String {
    super::words::on_last_word(&thing.table.replace('_', " "), super::words::singular)
        .replace(' ', "_")
}

/// A component's name that is not one of the shared pages'.
fn component(name: &str, kind: &str) -> String {
    let component = format!("{}{kind}", pascal(name));
    match component.as_str() {
        "ResourceDetailPage" | "ResourceFormPage" | "ResourceListPage" => {
            format!("{}Record{kind}", pascal(name))
        }
        _ => component,
    }
}

/// Where the resource lives.
pub(super) fn resource_path(table: &str) -> String {
    format!("src/resources/{table}.ts")
}

/// The components of a thing's pages, each after the shared one that it is: its list, one record, the form.
pub(super) fn pages(thing: &Thing) -> [(&'static str, String); 3] {
    let one = singular_name(thing);
    [
        ("ResourceListPage", component(&thing.table, "Page")),
        ("ResourceDetailPage", component(&one, "DetailPage")),
        ("ResourceFormPage", component(&one, "FormPage")),
    ]
}

/// Where a page of a thing lives.
pub(super) fn page_path(thing: &Thing, page: &str) -> String {
    format!("src/pages/{}/{page}.tsx", thing.table)
}

/// One line of the list of fields.
pub(super) fn field_line(field: &Field) -> String {
    let mut line = format!(
        "    {{ name: {}, label: {}, kind: {}",
        literal(&field.name),
        literal(&field.label),
        literal(field.kind.name())
    );
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            line.push_str(&format!(", {key}: {value}"));
        }
    };
    put("required", field.required.then(|| "true".to_owned()));
    put("min", field.min.clone());
    put("max", field.max.clone());
    put("step", field.step.clone());
    let options = field
        .options
        .iter()
        .map(|option| literal(option))
        .collect::<Vec<_>>()
        .join(", ");
    put(
        "options",
        (!field.options.is_empty()).then(|| format!("[{options}]")),
    );
    put("to", field.to.as_deref().map(literal));
    put("toField", field.to_field.as_deref().map(literal));
    put("unit", field.unit.as_deref().map(literal));
    line + " },"
}

/// One line of the record's interface.
pub(super) fn column_line(field: &Field) -> String {
    let optional = if field.required { "" } else { " | null" };
    format!("  {}: {}{optional}", field.name, field.kind.column())
}

/// The line that new fields go above.
pub(super) fn fields_marker(table: &str) -> String {
    format!("// Fields of {table} go above this line.")
}

/// The line that new columns go above.
pub(super) fn columns_marker(table: &str) -> String {
    format!("// Columns of {table} go above this line.")
}

/// The whole file of a resource.
pub(super) fn resource(thing: &Thing) -> String {
    let mut text = String::from("import type { Resource, Row } from \"@/lib/resource\"\n\n");
    text.push_str(&format!(
        "export interface {} extends Row {{\n",
        interface(thing)
    ));
    for field in &thing.fields {
        text.push_str(&format!("{}\n", column_line(field)));
    }
    text.push_str(&format!("  {}\n}}\n\n", columns_marker(&thing.table)));
    text.push_str(&format!(
        "export const {}: Resource = {{\n",
        constant(&thing.table)
    ));
    for (key, value) in properties(thing) {
        text.push_str(&format!("{}\n", property_line(key, value)));
    }
    if thing.access != ACCESS[0] {
        text.push_str(&format!("{}\n", property_line("access", &thing.access)));
    }
    text.push_str("  fields: [\n");
    for field in &thing.fields {
        text.push_str(&format!("{}\n", field_line(field)));
    }
    text.push_str(&format!("    {}\n  ],\n}}\n", fields_marker(&thing.table)));
    text
}

/// The properties of a resource that stand on lines of their own.
pub(super) fn properties(thing: &Thing) -> [(&'static str, &str); 5] {
    [
        ("table", &thing.table),
        ("singular", &thing.singular),
        ("plural", &thing.plural),
        ("path", &thing.path),
        ("titleField", &thing.title_field),
    ]
}

/// The line of one property.
pub(super) fn property_line(key: &str, value: &str) -> String {
    format!("  {key}: {},", literal(value))
}

/// The tables that a thing's pages need besides its own, in order.
pub(super) fn references(thing: &Thing) -> Vec<String> {
    let mut tables: Vec<String> = thing
        .fields
        .iter()
        .filter_map(|field| field.to.clone())
        .collect();
    crate::sorted::sort(&mut tables);
    tables.dedup();
    tables.retain(|table| *table != thing.table);
    tables
}

/// A page: the list, a record or the form.
pub(super) fn page(thing: &Thing, shared: &str, own: &str) -> String {
    let references = references(thing);
    let mut tables: Vec<&String> = references.iter().chain([&thing.table]).collect();
    crate::sorted::sort(&mut tables);
    let mut text = format!("import {{ {shared} }} from \"@/components/resource/{shared}\"\n");
    for table in tables {
        text.push_str(&format!("{}\n", resource_import(table)));
    }
    text.push_str(&format!(
        "\nexport function {own}() {{\n  return {}\n}}\n",
        element(thing, shared, &references)
    ));
    text
}

/// The import of a resource.
pub(super) fn resource_import(table: &str) -> String {
    format!(
        "import {{ {} }} from \"@/resources/{table}\"",
        constant(table)
    )
}

/// The element that a page shows.
fn element(thing: &Thing, shared: &str, references: &[String]) -> String {
    format!("<{shared} {} />", attributes(&thing.table, references))
}

/// The attributes of that element.
pub(super) fn attributes(table: &str, references: &[String]) -> String {
    let own = constant(table);
    let others = references
        .iter()
        .map(|table| constant(table))
        .collect::<Vec<_>>()
        .join(", ");
    if references.is_empty() {
        format!("resource={{{own}}}")
    } else {
        format!("resource={{{own}}} references={{[{others}]}}")
    }
}

/// The imports of a thing's pages.
pub(super) fn page_imports(thing: &Thing) -> Vec<String> {
    pages(thing)
        .iter()
        .map(|(_, page)| {
            format!(
                "import {{ {page} }} from \"@/pages/{}/{page}\"",
                thing.table
            )
        })
        .collect()
}

/// The routes of a thing.
pub(super) fn routes(thing: &Thing) -> Vec<String> {
    let [(_, list), (_, detail), (_, form)] = pages(thing);
    [
        ("", list),
        ("/new", format!("{form} key=\"new\"")),
        ("/:id", detail),
        ("/:id/edit", format!("{form} key=\"edit\"")),
    ]
    .map(|(rest, page)| {
        let path = literal(&format!("{}{rest}", thing.path));
        format!("  {{ path: {path}, element: <{page} /> }},")
    })
    .into()
}

/// The entry of a thing in the navigation.
pub(super) fn navigation(thing: &Thing) -> String {
    let mut access = String::new();
    if thing.access != ACCESS[0] {
        access = format!(", access: {}", literal(&thing.access));
    }
    format!(
        "  {{ label: {}, to: {}, table: {}{access} }},",
        literal(&sentence(&thing.plural)),
        literal(&format!("/{}", thing.path)),
        literal(&thing.table)
    )
}

/// A table name that no other table has.
pub(super) fn free_table(wanted: &str, taken: impl Fn(&str) -> bool) -> Option<String> {
    if !taken(wanted) {
        return Some(wanted.to_owned());
    }
    (2..100)
        .map(|number| format!("{wanted}_{number}"))
        .filter_map(|name| snake(&name))
        .find(|name| !taken(name))
}

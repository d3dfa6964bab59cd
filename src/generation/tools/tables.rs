//! The tools for tables: what a call wants was asked of the app's shard beforehand ([`defines`]), and the file that the sources know the
//! tables by is written anew from its answer. Without an answer nothing is changed. And what keeps sources to these tables.

use overskill_syntax::{Facts, Import};

use super::{Done, Refused, Workbench, arguments::Arguments, count};
use crate::{
    data::{TableSpec, schema},
    llm::{message::ToolCall, offline},
    project::{Manifest, ProjectPath},
    sorted::SortedMap,
};

/// The folders whose files may use the client of the database and the accounts as it is.
const INNER: [&str; 2] = ["src/lib/", "src/auth/"];
/// What the client comes in.
const CLIENT: &str = "@supabase/";
/// The file of the foundation that has it.
const RAW: &str = "@/lib/supabase";
/// What tables are read with.
const READERS: [&str; 2] = ["@/lib/database", "@/hooks/useRecord"];

/// What the shard said of the calls of a step, by the call's id: all tables of the app, or why nothing was done.
pub type Defined = SortedMap<String, Result<Vec<TableSpec>, String>>;

/// The tables that the shard must make, or add to, before this call runs. None, and it only says what there is.
#[must_use]
pub fn defines(call: &ToolCall, bench: &Workbench<'_>) -> Option<Vec<TableSpec>> {
    if call.unreadable.is_some() || bench.intent == super::Intent::Discuss {
        return None;
    }
    let wanted = match call.name.as_str() {
        "define_tables" => call.input.get("tables")?.clone(),
        "scaffold_resource" => {
            let contract = super::CONTRACTS
                .iter()
                .find(|tool| tool.name == call.name)?;
            let arguments = Arguments::read(contract, &call.input).ok()?;
            scaffold(&arguments, bench).ok()?.tables.into()
        }
        _ => return None,
    };
    serde_json::from_value(wanted).ok()
}

/// The files that the tools of this room look into.
pub(super) fn files<'a>(
    calls: &[ToolCall],
    manifest: &'a Manifest,
) -> impl Iterator<Item = &'a ProjectPath> {
    let writes = calls.iter().any(super::changes_files);
    let scaffolds = calls.iter().any(|call| call.name == "scaffold_resource");
    let paths = manifest.iter().map(|(path, _)| path);
    paths.filter(move |path| {
        writes && path.as_str() == schema::FILE || scaffolds && offline::reads(path.as_str())
    })
}

/// What a resource comes to.
fn scaffold(
    arguments: &Arguments<'_>,
    bench: &Workbench<'_>,
) -> Result<offline::Scaffold, Refused> {
    let fields = arguments.list("fields")?;
    let access = arguments.optional_text("access")?.unwrap_or("owner");
    let paths: Vec<&str> = bench
        .manifest
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    let mut files = SortedMap::new();
    for path in bench.manifest.iter().map(|(path, _)| path) {
        if offline::reads(path.as_str()) {
            files.insert(path.to_string(), bench.text(path)?.to_owned());
        }
    }
    let rows: Vec<offline::Row> = arguments.optional_objects("examples")?;
    let name = arguments.text("name")?;
    let told = arguments.flag("realtime")?;
    offline::scaffold(name, &fields, access, told, &rows, &paths, &files)
        .map_err(|why| Refused(format!("scaffold_resource: {why}; nothing was changed")))
}

pub(super) fn scaffold_resource(
    call: &ToolCall,
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    let made = scaffold(arguments, bench)?;
    let mut done = Done::default();
    if !made.tables.is_empty() {
        let tables = answered(call, bench)?;
        done = written(bench, &tables)?;
    }
    let mut says = Vec::new();
    for (path, content) in made.files {
        let path: ProjectPath = path
            .parse()
            .map_err(|error| Refused(format!("scaffold_resource: {path}: {error}")))?;
        let verb = if bench.manifest.get(&path).is_some() {
            "changed"
        } else {
            "created"
        };
        let Some(change) = bench.put_any(path.clone(), content.as_bytes())? else {
            continue;
        };
        // Its lines have moved.
        bench.views.remove(&path);
        says.push(format!("{path}: {verb}"));
        done.changes.push(change);
        done.landings.push((path, Vec::new()));
    }
    if says.is_empty() {
        says.push(match done.changes.is_empty() {
            true => "the app has all of this already, nothing was changed".to_owned(),
            false => format!("{}: changed", schema::FILE),
        });
    }
    says.extend(made.notes);
    done.says = says.join("\n");
    Ok(done)
}

/// What the shard said of a call.
fn answered(call: &ToolCall, bench: &Workbench<'_>) -> Result<Vec<TableSpec>, Refused> {
    match bench.tables.get(&call.id) {
        Some(Ok(tables)) => Ok(tables.clone()),
        Some(Err(why)) => Err(Refused(format!("{}: {why} Nothing was changed", call.name))),
        None => Err(Refused(format!(
            "{}: the app's database could not be asked; try again later",
            call.name
        ))),
    }
}

/// The file of the sources.
fn file() -> Option<ProjectPath> {
    schema::FILE.parse().ok()
}

pub(super) fn define_tables(
    call: &ToolCall,
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    let wanted: Vec<TableSpec> = arguments.objects("tables")?;
    let tables = answered(call, bench)?;
    let mut done = written(bench, &tables)?;
    let names: Vec<&str> = wanted.iter().map(TableSpec::name).collect();
    let mut says = match names.as_slice() {
        [] => format!("the app has {}", count(tables.len(), "table")),
        names => format!("{} are defined", names.join(", ")),
    };
    says.push_str(&format!("; {} says what their rows are", schema::FILE));
    for table in &tables {
        says.push_str(&format!("\n{} ({})", table.name(), table.access()));
    }
    done.says = says;
    Ok(done)
}

/// Writes the file anew.
fn written(bench: &mut Workbench<'_>, tables: &[TableSpec]) -> Result<Done, Refused> {
    let path = file().ok_or_else(|| Refused(format!("{}: is no path", schema::FILE)))?;
    let change = bench.put_any(path.clone(), schema::source(tables).as_bytes())?;
    // Its lines have moved.
    bench.views.remove(&path);
    Ok(Done {
        landings: change.iter().map(|_| (path.clone(), Vec::new())).collect(),
        changes: change.into_iter().collect(),
        ..Done::default()
    })
}

/// Refuses whatever would become of the file of the tables but by these tools.
pub(super) fn keep(path: &ProjectPath) -> Result<(), Refused> {
    if path.as_str() != schema::FILE {
        return Ok(());
    }
    Err(Refused(format!(
        "{path}: is written by define_tables and nothing else; nothing was changed"
    )))
}

/// Refuses a file that reads tables which there are not, or goes to the database past the app's own client, where it did not before.
pub(super) fn check(
    bench: &Workbench<'_>,
    path: &ProjectPath,
    content: &[u8],
) -> Result<(), Refused> {
    keep(path)?;
    let path = path.as_str();
    let Ok(content) = std::str::from_utf8(content) else {
        return Ok(());
    };
    let facts = bench.syntax.facts(path, content);
    // Others have a `from` as well.
    if !facts.imports.iter().any(|import| {
        is_client(import) || READERS.iter().any(|reader| import.from.starts_with(reader))
    }) {
        return Ok(());
    }
    let old = path.parse().ok().and_then(|path| bench.text(&path).ok());
    let old = old.map(|old| bench.syntax.facts(path, old));
    let had = |is: &dyn Fn(&Facts) -> bool| old.as_ref().is_some_and(|old| is(old));
    let may = INNER.iter().any(|folder| path.starts_with(folder));
    let passing = facts.imports.iter().find(|import| is_client(import));
    if let Some(import) = passing.filter(|_| !may)
        && !had(&|old| old.imports.iter().any(|known| known.from == import.from))
    {
        return Err(Refused(format!(
            "{path}: reads `{}`, with which the app would go to its database past its own client; nothing was changed. Use `db` of \
             `@/lib/database` for records and `useAuth` for accounts",
            import.from
        )));
    }
    let Some(declared) = bench.declared() else {
        return Ok(());
    };
    let unknown = facts.tables.iter().find(|table| {
        !declared.contains(&table.name)
            && !had(&|old| old.tables.iter().any(|known| known.name == table.name))
    });
    let Some(unknown) = unknown else {
        return Ok(());
    };
    let there = match declared.as_slice() {
        [] => "The app has no tables yet".to_owned(),
        names => format!("The app has {}", names.join(", ")),
    };
    Err(Refused(format!(
        "{path}: names the table `{}`, which is not defined; nothing was changed. {there}. Define it with define_tables first",
        unknown.name.escape_debug()
    )))
}

fn is_client(import: &Import) -> bool {
    !import.type_only && (import.from.starts_with(CLIENT) || import.from == RAW)
}

impl Workbench<'_> {
    /// The tables that the sources know; nothing where they do not say.
    fn declared(&self) -> Option<Vec<String>> {
        let text = self.text(&file()?).ok()?;
        let facts = self.syntax.facts(schema::FILE, text);
        let names = schema::declared(&facts);
        Some(names.into_iter().map(str::to_owned).collect())
    }
}

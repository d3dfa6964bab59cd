//! The tools for packages: they change the lists in `package.json` and nothing else of it. Whether the registry has a
//! package was asked beforehand ([`question`]); without an answer nothing is added.

use overskill_syntax::Member;

use super::{Done, Refused, Workbench, arguments::Arguments};
use crate::{
    build::{DependencyAnswer, DependencyQuestion},
    llm::message::ToolCall,
    project::ProjectPath,
    sorted::SortedMap,
};

const FILE: &str = "package.json";
const LOCK_FILE: &str = "package-lock.json";
/// The lists that a package may be in, the first of them for those that an app imports.
const SECTIONS: [&str; 2] = ["dependencies", "devDependencies"];
/// The longest name or version that is asked about, in bytes.
const LONGEST: usize = 256;

/// A package as a call asks for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    name: String,
    version: Option<String>,
}

impl Wanted {
    fn of(call: &ToolCall) -> Option<Self> {
        let argument = |name: &str| Some(call.input.get(name)?.as_str()?.trim().to_owned());
        let wanted = Self {
            name: argument("name")?,
            version: argument("version").filter(|version| !version.is_empty()),
        };
        let fits = |text: &String| text.len() <= LONGEST;
        let is_right =
            !wanted.name.is_empty() && fits(&wanted.name) && wanted.version.iter().all(fits);
        (is_right && call.name == "add_dependency").then_some(wanted)
    }
}

/// What the builder was asked in a step, and what it said; nothing where it could not be asked.
pub type Answers = SortedMap<Wanted, Option<DependencyAnswer>>;

/// What the builder must be asked right before this call runs, about the files as the calls before it have left them: the lock
/// file in its answer is to hold what theirs did. Nothing is asked twice in a step, nor more than
/// [`Limits::step_packages`](crate::config::Limits::step_packages) in all.
#[must_use]
pub fn question(call: &ToolCall, bench: &Workbench<'_>) -> Option<(Wanted, DependencyQuestion)> {
    let wanted = Wanted::of(call)?;
    if bench.packages.contains_key(&wanted) || is_full(bench) {
        return None;
    }
    let text = |path: &str| bench.text(&path.parse().ok()?).ok().map(str::to_owned);
    let question = DependencyQuestion {
        name: wanted.name.clone(),
        version: wanted.version.clone(),
        package_json: text(FILE)?,
        package_lock: text(LOCK_FILE),
    };
    Some((wanted, question))
}

fn is_full(bench: &Workbench<'_>) -> bool {
    bench.packages.len() >= bench.limits.step_packages
}

/// The files that the tools of this room look into.
pub(super) fn files(call: &ToolCall) -> impl Iterator<Item = ProjectPath> {
    let names: &[&str] = match call.name.as_str() {
        "add_dependency" => &[FILE, LOCK_FILE],
        "remove_dependency" => &[FILE],
        _ => &[],
    };
    names.iter().filter_map(|name| name.parse().ok())
}

pub(super) fn add_dependency(
    call: &ToolCall,
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    let name = arguments.text("name")?.trim();
    let wanted = Wanted::of(call).ok_or_else(|| {
        Refused(format!(
            "add_dependency: `name` must be the name of a package, and `version` one of its versions, of at most {LONGEST} bytes each"
        ))
    })?;
    let (path, text) = list(bench)?;
    let is_full = is_full(bench);
    let (version, warning, lock) = match bench.packages.get_mut(&wanted) {
        // The lock file holds for the files that it was made of, so it is written once.
        Some(Some(DependencyAnswer::Resolved {
            version,
            warning,
            package_lock,
        })) => (version.clone(), warning.clone(), package_lock.take()),
        Some(Some(DependencyAnswer::Refused {
            message,
            suggestion,
        })) => {
            let advice = suggestion.as_deref().unwrap_or_default();
            return Err(Refused(
                format!("{name} was not added: {message} {advice}")
                    .trim_end()
                    .to_owned(),
            ));
        }
        None if is_full => {
            return Err(Refused(format!(
                "{name} was not added: one step adds at most {} packages; add it once more",
                bench.limits.step_packages
            )));
        }
        Some(None) | None => {
            return Err(Refused(format!(
                "{name} was not added: the builder, which knows the registry, could not be asked; try again later"
            )));
        }
    };
    let members = bench.syntax.facts(FILE, &text).members.clone();
    let lists = Lists {
        text: &text,
        members: &members,
    };
    let (section, verb) = match lists.section_with(name) {
        Some(section) => (section, "changed to"),
        None => (SECTIONS[0], "added in"),
    };
    let changed = lists.with(section, name, &version);
    if listed(&changed, section, name).as_deref() != Some(version.as_str()) {
        return Err(unreadable());
    }
    let Some(change) = bench.put(path.clone(), changed.as_bytes())? else {
        return Ok(Done::saying(format!(
            "{FILE}: has {name} {version} already, nothing was changed"
        )));
    };
    // Its lines have moved.
    bench.views.remove(&path);
    let mut says = format!("{FILE}: {name} was {verb} version {version}");
    if let Some(warning) = warning {
        says.push('\n');
        says.push_str(&warning);
    }
    let mut done = Done {
        says,
        changes: vec![change],
        landings: vec![(path, Vec::new())],
        ..Done::default()
    };
    if let Some(lock) = lock {
        let path: ProjectPath = LOCK_FILE
            .parse()
            .map_err(|error| Refused(format!("{LOCK_FILE}: {error}")))?;
        // Where it is too large, the build does without.
        if let Ok(Some(change)) = bench.put(path.clone(), lock.as_bytes()) {
            bench.views.remove(&path);
            done.changes.push(change);
            done.landings.push((path, Vec::new()));
        }
    }
    Ok(done)
}

pub(super) fn remove_dependency(
    arguments: &Arguments<'_>,
    bench: &mut Workbench<'_>,
) -> Result<Done, Refused> {
    let name = arguments.text("name")?.trim();
    let (path, text) = list(bench)?;
    let members = bench.syntax.facts(FILE, &text).members.clone();
    let lists = Lists {
        text: &text,
        members: &members,
    };
    let Some(section) = lists.section_with(name) else {
        return Err(Refused(format!(
            "remove_dependency: {FILE} does not list `{}`; it lists {}",
            name.escape_debug(),
            lists.names().join(", ")
        )));
    };
    let changed = lists.without(section, name);
    if listed(&changed, section, name).is_some() {
        return Err(unreadable());
    }
    let change = bench.put(path.clone(), changed.as_bytes())?;
    bench.views.remove(&path);
    Ok(Done {
        says: format!("{FILE}: {name} was removed"),
        changes: change.into_iter().collect(),
        landings: vec![(path, Vec::new())],
        ..Done::default()
    })
}

/// `package.json`, when it can be read as an object.
fn list(bench: &Workbench<'_>) -> Result<(ProjectPath, String), Refused> {
    let path: ProjectPath = FILE
        .parse()
        .map_err(|error| Refused(format!("{FILE}: {error}")))?;
    let text = bench.text(&path)?.to_owned();
    let project = crate::json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
    let is_list = |list: Option<&serde_json::Value>| list.is_none_or(serde_json::Value::is_object);
    match project {
        Ok(project)
            if SECTIONS
                .iter()
                .all(|section| is_list(project.get(*section))) =>
        {
            Ok((path, text))
        }
        _ => Err(unreadable()),
    }
}

fn unreadable() -> Refused {
    Refused(format!(
        "{FILE}: cannot be read as a JSON object with lists of packages; mend it first. Nothing was changed"
    ))
}

/// The version that a list gives a package.
fn listed(text: &str, section: &str, name: &str) -> Option<String> {
    let all: serde_json::Value = crate::json::from_str(text).ok()?;
    Some(all.get(section)?.get(name)?.as_str()?.to_owned())
}

/// The lists of packages in a text.
struct Lists<'a> {
    text: &'a str,
    members: &'a [Member],
}

impl Lists<'_> {
    fn section(&self, name: &str) -> Option<usize> {
        self.members
            .iter()
            .position(|member| member.parent.is_none() && member.name == name)
    }

    fn entries(&self, section: usize) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(move |member| member.parent == Some(section))
    }

    fn entry(&self, section: &str, name: &str) -> Option<&Member> {
        self.entries(self.section(section)?)
            .find(|member| member.name == name)
    }

    /// The list that a package is in.
    fn section_with(&self, name: &str) -> Option<&'static str> {
        SECTIONS
            .into_iter()
            .find(|section| self.entry(section, name).is_some())
    }

    fn names(&self) -> Vec<&str> {
        let sections = SECTIONS.iter().filter_map(|name| self.section(name));
        sections
            .flat_map(|section| self.entries(section))
            .map(|member| member.name.as_str())
            .collect()
    }

    /// The white space before a place.
    fn space_before(&self, place: usize) -> &str {
        let before = self.text.get(..place).unwrap_or_default();
        let kept = before.trim_end().len();
        before.get(kept..).unwrap_or_default()
    }

    fn replaced(&self, from: usize, to: usize, new: &str) -> String {
        let (before, after) = (self.text.get(..from), self.text.get(to..));
        format!(
            "{}{new}{}",
            before.unwrap_or_default(),
            after.unwrap_or_default()
        )
    }

    /// The text with a package in this version: in its place by name, written as its neighbours are.
    fn with(&self, section: &str, name: &str, version: &str) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let new = format!("{}: {}", quoted(name), quoted(version));
        if let Some(entry) = self.entry(section, name) {
            return self.replaced(entry.start, entry.end, &new);
        }
        if let Some(index) = self.section(section) {
            if let Some(next) = self
                .entries(index)
                .find(|member| member.name.as_str() > name)
            {
                let space = self.space_before(next.start);
                return self.replaced(next.start, next.start, &format!("{new},{space}"));
            }
            if let Some(last) = self.entries(index).last() {
                let space = self.space_before(last.start);
                return self.replaced(last.end, last.end, &format!(",{space}{new}"));
            }
            let Some(list) = self.members.get(index) else {
                return self.text.to_owned();
            };
            let space = self.space_before(list.start);
            let key = quoted(section);
            let filled = format!("{key}: {{{space}  {new}{space}}}");
            return self.replaced(list.start, list.end, &filled);
        }
        let mut top = self.members.iter().filter(|member| member.parent.is_none());
        match top.next_back() {
            Some(last) => {
                let space = self.space_before(last.start);
                let list = format!(",{space}{}: {{{space}  {new}{space}}}", quoted(section));
                self.replaced(last.end, last.end, &list)
            }
            None => format!("{{\n  {}: {{\n    {new}\n  }}\n}}\n", quoted(section)),
        }
    }

    /// The text without a package.
    fn without(&self, section: &str, name: &str) -> String {
        let Some((index, entry)) = self.section(section).zip(self.entry(section, name)) else {
            return self.text.to_owned();
        };
        let next = self
            .entries(index)
            .find(|member| member.start > entry.start);
        let before = self
            .entries(index)
            .filter(|member| member.start < entry.start);
        match (next, before.last()) {
            (Some(next), _) => self.replaced(entry.start, next.start, ""),
            (None, Some(before)) => self.replaced(before.end, entry.end, ""),
            (None, None) => {
                let space = self.space_before(entry.start);
                self.replaced(entry.start - space.len(), self.end_of_space(entry.end), "")
            }
        }
    }

    fn end_of_space(&self, place: usize) -> usize {
        let rest = self.text.get(place..).unwrap_or_default();
        place + (rest.len() - rest.trim_start().len())
    }
}

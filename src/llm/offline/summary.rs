//! What the planner says: what it is about to do, and what came of it.
//!
//! The report is drawn from the results of the tools. A deed is told as done only when every call that it depends on
//! answered ok.

use super::{
    model::Thing,
    plan::{Deed, Part},
    session::{Done, Outlook, path_of},
};

/// Every answer says what gives it.
pub(super) const LABEL: &str = "(Offline planner: a small fixed grammar, no language model.)";

/// "a, b and c".
pub(super) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A label within a sentence: "cooking minutes", "date I saw it", "URL".
pub(super) fn inner(label: &str) -> String {
    let mut letters = label.chars();
    let first = letters.next().unwrap_or(' ');
    if letters.clone().next().is_some_and(char::is_uppercase) {
        return label.to_owned();
    }
    first.to_lowercase().chain(letters).collect()
}

/// What is about to be done.
pub(super) fn intent(outlook: &Outlook) -> String {
    let deeds: Vec<&str> = outlook
        .plan
        .deeds
        .iter()
        .map(|deed| deed.says.as_str())
        .collect();
    format!("I understood: {}.", deeds.join("; "))
}

/// The last words of a turn.
pub(super) fn report(outlook: &Outlook, done: &[Done]) -> String {
    let failures: Vec<&Done> = done.iter().filter(|done| failed(done)).collect();
    let mut lines: Vec<String> = Vec::new();
    let (told, broken): (Vec<&Deed>, Vec<&Deed>) = outlook
        .plan
        .deeds
        .iter()
        .partition(|deed| stands(deed, outlook, done));
    lines.extend(
        outlook
            .understanding
            .questions
            .iter()
            .map(|asked| super::questions::answer(*asked, &outlook.before)),
    );
    if !told.is_empty() {
        lines.push("Done:".to_owned());
        lines.extend(told.iter().map(|deed| format!("- {}.", deed.says)));
    }
    if !told.is_empty() || outlook.plan.deeds.is_empty() {
        lines.extend(outlook.plan.notes.iter().cloned());
    }
    if !broken.is_empty() {
        lines.push("Not done:".to_owned());
        lines.extend(broken.iter().map(|deed| format!("- {}.", deed.says)));
    }
    for done in &failures {
        let why = done
            .result
            .as_ref()
            .map_or("it was interrupted", |result| result.content.as_str());
        let why = why.lines().next().unwrap_or("no reason was given");
        lines.push(format!(
            "{} of {} failed: {why}.",
            done.call.name,
            path_of(&done.call).unwrap_or("the app")
        ));
    }
    for (_, path) in &outlook.wiring.strange {
        lines.push(format!(
            "{path} is not as I left it, so I changed nothing there."
        ));
    }
    for path in &outlook.unreadable {
        lines.push(format!(
            "I cannot read {path} as a list of fields any more, so I left it alone."
        ));
    }
    lines.extend(
        outlook
            .plan
            .refused
            .iter()
            .map(|why| format!("I did not do this: {why}.")),
    );
    if !outlook.understanding.left.is_empty() {
        lines.push("I did not understand:".to_owned());
        lines.extend(
            outlook
                .understanding
                .left
                .iter()
                .map(|part| format!("- “{part}”")),
        );
        lines.push(examples(&outlook.before));
    }
    if lines.is_empty() {
        lines.push("There was nothing to do, so I changed nothing.".to_owned());
    } else if told.is_empty()
        && (!outlook.understanding.left.is_empty() || !outlook.plan.refused.is_empty())
    {
        lines.push("I changed nothing.".to_owned());
    }
    lines.push(LABEL.to_owned());
    lines.join("\n")
}

fn failed(done: &Done) -> bool {
    let changes = done.call.name != "view_file";
    changes && !done.result.as_ref().is_some_and(|result| result.ok)
}

/// Whether every file that a deed needs was written.
fn stands(deed: &Deed, outlook: &Outlook, done: &[Done]) -> bool {
    let strange = |part: &Part| {
        outlook
            .wiring
            .strange
            .iter()
            .any(|(other, _)| other == part)
    };
    // Where a new file was refused, nothing that is planned was brought about.
    let given_up = done.iter().any(|done| {
        failed(done) && ["write_file", "define_tables"].contains(&done.call.name.as_str())
    });
    let unwritten = |part: &Part| {
        let mut paths = outlook
            .wiring
            .parts
            .iter()
            .filter(|(other, _)| other == part)
            .map(|(_, path)| path.as_str());
        paths.any(|path| {
            given_up
                || done
                    .iter()
                    .any(|done| failed(done) && path_of(&done.call) == Some(path))
        }) || (*part == Part::Identity
            && done
                .iter()
                .any(|done| failed(done) && done.call.name == "rename_app"))
    };
    let acted = done.iter().any(|done| done.call.name != "view_file");
    acted
        && !deed
            .touches
            .iter()
            .any(|part| strange(part) || unwritten(part))
}

fn examples(things: &[Thing]) -> String {
    match things.first() {
        None => "I understand, for example: “a recipe box where people save recipes with a title, ingredients and cooking \
                 minutes”, “projects (name, deadline) and tasks (title, done, project)”."
            .to_owned(),
        Some(thing) => format!(
            "I understand, for example: “add a rating from 1 to 5 to {0}”, “rename {0} to …”, “make it green”, “add a thing: \
             notes with a title and text”.",
            thing.plural
        ),
    }
}

//! Wishes that change what is there, applied to a plan.

use super::{
    grammar::{Place, Wish},
    model::{Field, Kind, OPTIONS},
    plan::{Deed, Part, Plan},
    summary::list,
    words::{on_last_word, plural, sentence, singular, snake},
};
use crate::{config::Limits, template};

/// Applies one wish.
pub(super) fn apply(plan: &mut Plan, wish: &Wish) {
    match wish {
        Wish::Thing { .. } | Wish::Suggest(_) | Wish::Left(_) => {}
        Wish::Belongs { child, parent } => belongs(plan, child, parent),
        Wish::RemoveThing { table } => remove_thing(plan, table),
        Wish::RenameThing { table, to } => rename_thing(plan, table, to),
        Wish::RemoveField { place } => remove_field(plan, place),
        Wish::RenameField { place, to } => rename_field(plan, place, to),
        Wish::Require { place, required } => require(plan, place, *required),
        Wish::Kind { place, kind } => change_kind(plan, place, *kind),
        Wish::Options { place, add, remove } => change_options(plan, place, add, remove),
        Wish::Name(name) => match template::name(name, &Limits::DEFAULT) {
            Ok(name) => {
                plan.name = Some(name.to_owned());
                deed(plan, format!("The app is called “{name}”"), Part::Identity);
            }
            Err(why) => plan.refuse(format!("the app's new name cannot be used: {why}")),
        },
        Wish::Tagline(tagline) => {
            let tagline: String = sentence(tagline).chars().take(120).collect();
            deed(plan, format!("The tagline is “{tagline}”"), Part::Identity);
            plan.tagline = Some(tagline);
        }
        Wish::Colour(colour) => {
            plan.colour = Some((colour.hue.clone(), colour.chroma.clone()));
            deed(
                plan,
                format!("The colour of the app is {}", colour.words),
                Part::Theme,
            );
        }
        Wish::BuiltIn(part) => {
            plan.notes.push(format!("“{part}”: every app of mine has search, sorting, editing, deleting, dark mode and a layout for phones."));
        }
        Wish::Unclear { part, why } => plan.refuse(format!("“{part}”: {why}")),
    }
}

fn deed(plan: &mut Plan, says: String, part: Part) {
    plan.deeds.push(Deed {
        says,
        touches: vec![part],
    });
}

fn belongs(plan: &mut Plan, child: &str, parent: &str) {
    let (Some(child), Some(parent)) = (plan.table_of(child), plan.table_of(parent)) else {
        return;
    };
    if child == parent || !plan.refer(&child, &parent) {
        return;
    }
    plan.point_at_titles();
    let name = |table: &str| {
        plan.things
            .iter()
            .find(|thing| thing.table == table)
            .map_or(String::new(), |thing| thing.singular.clone())
    };
    let says = format!("Each {} belongs to a {}", name(&child), name(&parent));
    deed(plan, says, Part::Thing(child));
}

fn remove_thing(plan: &mut Plan, table: &str) {
    let Some(place) = plan.things.iter().position(|thing| thing.table == table) else {
        return;
    };
    let gone = plan.things.remove(place);
    deed(
        plan,
        format!(
            "{} are no longer part of the app (their stored records are not deleted)",
            sentence(&gone.plural)
        ),
        Part::Thing(gone.table.clone()),
    );
    for thing in &mut plan.things {
        let count = thing.fields.len();
        thing
            .fields
            .retain(|field| field.to.as_deref() != Some(table));
        if thing.fields.len() < count {
            plan.deeds.push(Deed {
                says: format!(
                    "{} no longer refer to {}",
                    sentence(&thing.plural),
                    gone.plural
                ),
                touches: vec![Part::Thing(thing.table.clone())],
            });
        }
    }
}

fn rename_thing(plan: &mut Plan, table: &str, to: &str) {
    let lower = to.to_lowercase();
    let (one, many) = (on_last_word(&lower, singular), on_last_word(&lower, plural));
    if snake(&lower).is_none() || lower.split(' ').count() > 4 {
        return plan.refuse(format!("“{to}” is no name for a thing"));
    }
    if plan
        .things
        .iter()
        .any(|thing| thing.table != table && thing.answers_to(&lower))
    {
        return plan.refuse(format!("there are {many} already"));
    }
    let Some(thing) = plan.things.iter_mut().find(|thing| thing.table == table) else {
        return;
    };
    let old = std::mem::replace(&mut thing.plural, many.clone());
    thing.singular = one;
    let says = format!(
        "{} are called {many} everywhere on the screen (table and address stay, so that no data is lost)",
        sentence(&old)
    );
    deed(plan, says, Part::Thing(table.to_owned()));
}

/// The one field that a place means.
fn resolve<'a>(plan: &'a mut Plan, place: &Place) -> Option<(&'a mut Field, String, String)> {
    let fits = |table: &str| place.thing.as_ref().is_none_or(|wanted| wanted == table);
    let found: Vec<(String, String, String, String)> = plan
        .things
        .iter()
        .filter(|thing| fits(&thing.table))
        .filter_map(|thing| {
            let field = thing.field(&place.field)?;
            Some((
                thing.table.clone(),
                field.name.clone(),
                thing.plural.clone(),
                thing.title_field.clone(),
            ))
        })
        .collect();
    match found.as_slice() {
        [(table, name, plural, title)] => {
            let (table, name, plural, title) =
                (table.clone(), name.clone(), plural.clone(), title.clone());
            let thing = plan.things.iter_mut().find(|thing| thing.table == table)?;
            let field = thing.fields.iter_mut().find(|field| field.name == name)?;
            let _ = (plural, title);
            Some((field, table, thing.title_field.clone()))
        }
        [] => {
            let thing = place
                .thing
                .as_ref()
                .and_then(|table| plan.things.iter().find(|thing| thing.table == *table));
            let whose = thing.map_or("nothing in this app has".to_owned(), |thing| {
                format!("{} have no", thing.plural)
            });
            plan.refuse(format!("“{}”: {whose} such field", place.field));
            None
        }
        many => {
            let plurals: Vec<String> = many
                .iter()
                .map(|(_, _, plural, _)| plural.clone())
                .collect();
            plan.refuse(format!(
                "“{}”: {} have such a field; say which you mean",
                place.field,
                list(&plurals)
            ));
            None
        }
    }
}

fn plural_of(plan: &Plan, table: &str) -> String {
    plan.things
        .iter()
        .find(|thing| thing.table == table)
        .map_or(String::new(), |thing| thing.plural.clone())
}

fn remove_field(plan: &mut Plan, place: &Place) {
    let Some((field, table, title)) = resolve(plan, place) else {
        return;
    };
    let (name, label) = (field.name.clone(), super::summary::inner(&field.label));
    let plural = plural_of(plan, &table);
    if name == title {
        return plan.refuse(format!(
            "the {label} names the {plural}, so they cannot be without it"
        ));
    }
    if let Some(thing) = plan.things.iter_mut().find(|thing| thing.table == table) {
        thing.fields.retain(|field| field.name != name);
    }
    deed(
        plan,
        format!(
            "{} no longer have {label} (what was stored there is not deleted)",
            sentence(&plural)
        ),
        Part::Thing(table),
    );
}

fn rename_field(plan: &mut Plan, place: &Place, to: &str) {
    if snake(to).is_none() || to.split(' ').count() > 8 {
        return plan.refuse(format!("“{to}” is no name for a field"));
    }
    let label = super::kinds::label(to);
    let Some((field, table, _)) = resolve(plan, place) else {
        return;
    };
    let old = std::mem::replace(&mut field.label, label.clone());
    let plural = plural_of(plan, &table);
    deed(
        plan,
        format!(
            "“{old}” of {plural} is called “{label}” on the screen (the column stays, so that no data is lost)"
        ),
        Part::Thing(table),
    );
}

fn require(plan: &mut Plan, place: &Place, required: bool) {
    let Some((field, table, title)) = resolve(plan, place) else {
        return;
    };
    let label = super::summary::inner(&field.label);
    if field.name == title && !required {
        let plural = plural_of(plan, &table);
        return plan.refuse(format!(
            "the {label} names the {plural}, so it stays required"
        ));
    }
    let same = field.required == required;
    field.required = required;
    let plural = plural_of(plan, &table);
    let word = if required { "required" } else { "optional" };
    if same {
        return plan
            .notes
            .push(format!("The {label} of {plural} is {word} already."));
    }
    deed(
        plan,
        format!("The {label} of {plural} is {word}"),
        Part::Thing(table),
    );
}

fn change_kind(plan: &mut Plan, place: &Place, kind: Kind) {
    let Some((field, table, title)) = resolve(plan, place) else {
        return;
    };
    let label = super::summary::inner(&field.label);
    if field.name == title && kind != Kind::Text {
        let plural = plural_of(plan, &table);
        return plan.refuse(format!(
            "the {label} names the {plural}, so it stays a text"
        ));
    }
    let mut changed = Field::new(&field.label, kind);
    changed.name.clone_from(&field.name);
    changed.required = field.required;
    if kind == Kind::Rating {
        (changed.min, changed.max) = (Some("1".to_owned()), Some("5".to_owned()));
    }
    *field = changed;
    let plural = plural_of(plan, &table);
    deed(
        plan,
        format!(
            "The {label} of {plural} is a field of kind {}",
            kind.words()
        ),
        Part::Thing(table),
    );
}

fn change_options(plan: &mut Plan, place: &Place, add: &[String], remove: &[String]) {
    let Some((field, table, title)) = resolve(plan, place) else {
        return;
    };
    let before = field.options.clone();
    if field.kind != Kind::Choice && field.name == title {
        return plan.refuse("what names the records stays a text");
    }
    if field.kind != Kind::Choice {
        let mut changed = Field::new(&field.label, Kind::Choice);
        changed.name.clone_from(&field.name);
        changed.required = field.required;
        *field = changed;
    }
    field
        .options
        .retain(|option| !remove.iter().any(|gone| gone.eq_ignore_ascii_case(option)));
    for option in add {
        if !field
            .options
            .iter()
            .any(|known| known.eq_ignore_ascii_case(option))
            && field.options.len() < OPTIONS
        {
            field.options.push(option.clone());
        }
    }
    let label = super::summary::inner(&field.label);
    if field.options.is_empty() || field.options == before {
        field.options = before;
        return plan.refuse(format!("the options of {label} stay as they are"));
    }
    let options = list(&field.options);
    let plural = plural_of(plan, &table);
    deed(
        plan,
        format!("The {label} of {plural} can be {options}"),
        Part::Thing(table),
    );
}

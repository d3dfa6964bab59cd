//! What things, their records and the app are called, and how a new thing is told.

use super::{
    grammar::{Understanding, Wish},
    model::{Field, Kind, Thing},
    plan::{Deed, Part, Plan},
    things::default_fields,
    words::sentence,
};
use crate::{config::Limits, template};

impl Plan {
    /// Names a new app that has no name yet, and gives it a tagline.
    pub(super) fn introduce(
        &mut self,
        understanding: &Understanding,
        before: &[Thing],
        named: bool,
    ) {
        if !before.is_empty() || self.things.is_empty() {
            return;
        }
        let suggested = understanding.wishes.iter().find_map(|wish| match wish {
            Wish::Suggest(name) if template::name(name, &Limits::DEFAULT).is_ok() => {
                Some(name.clone())
            }
            _ => None,
        });
        if let Some(name) = suggested.filter(|_| self.name.is_none() && !named) {
            self.deeds.push(Deed {
                says: format!("The app is called “{name}”"),
                touches: vec![Part::Identity],
            });
            self.name = Some(name);
        }
        if self.tagline.is_none() {
            let plurals: Vec<String> = self
                .things
                .iter()
                .map(|thing| thing.plural.clone())
                .collect();
            self.tagline = Some(format!(
                "{}, all in one place.",
                sentence(&super::summary::list(&plurals))
            ));
        }
    }

    /// Every thing has a text field that names its records, and that one is required.
    pub(super) fn settle_title(&mut self, table: &str) {
        let Some(thing) = self.things.iter_mut().find(|thing| thing.table == table) else {
            return;
        };
        if !thing.title_field.is_empty() {
            return;
        }
        let named = |field: &Field| {
            let last = field.name.rsplit('_').next().unwrap_or("");
            field.kind == Kind::Text && super::vocabulary::has("title name label", last)
        };
        let text = |field: &Field| {
            let last = field.name.rsplit('_').next().unwrap_or("");
            let aside = "time phone size colour color room unit location place category type gender priorities owner country status";
            field.kind == Kind::Text && !super::vocabulary::has(aside, last)
        };
        let place = thing
            .fields
            .iter()
            .position(named)
            .or_else(|| thing.fields.iter().position(text));
        let first_text = place.and_then(|place| thing.fields.get_mut(place));
        if let Some(title) = first_text {
            title.required = true;
            thing.title_field.clone_from(&title.name);
            return;
        }
        let usual =
            default_fields(&thing.singular).is_some_and(|fields| fields.starts_with("title"));
        let words = if usual {
            ["Title", "Name", "Label"]
        } else {
            ["Name", "Title", "Label"]
        };
        // A field of that name may be there: one that refers to the things called so.
        let free = |title: &Field| thing.fields.iter().all(|field| field.name != title.name);
        let titles = words.map(|word| Field::new(word, Kind::Text));
        let Some(mut title) = titles.into_iter().find(free) else {
            return;
        };
        title.required = true;
        thing.title_field.clone_from(&title.name);
        self.notes.push(format!(
            "Each {} needs something to be called by, so I added a {}.",
            thing.singular, title.name
        ));
        thing.fields.insert(0, title);
    }

    /// References show the title of what they refer to.
    pub(super) fn point_at_titles(&mut self) {
        let titles: Vec<(String, String)> = self
            .things
            .iter()
            .map(|thing| (thing.table.clone(), thing.title_field.clone()))
            .collect();
        for field in self
            .things
            .iter_mut()
            .flat_map(|thing| thing.fields.iter_mut())
        {
            if field.to_field.is_none()
                && let Some((_, title)) = titles
                    .iter()
                    .find(|(table, _)| Some(table) == field.to.as_ref())
            {
                field.to_field = Some(title.clone());
            }
        }
    }

    pub(super) fn report(&mut self, table: &str, labels: &[String], before: &[Thing]) {
        let Some(thing) = self.things.iter().find(|thing| thing.table == table) else {
            return;
        };
        let describe = |field: &Field| {
            let target = field
                .to
                .as_ref()
                .and_then(|to| self.things.iter().find(|thing| thing.table == *to));
            let kind = match (field.kind, target) {
                (Kind::Text, _) => return super::summary::inner(&field.label),
                (Kind::Choice, _) => field.options.join(", "),
                (Kind::Rating, _) => format!(
                    "{} to {} stars",
                    field.min.as_deref().unwrap_or("1"),
                    field.max.as_deref().unwrap_or("5")
                ),
                (_, Some(target)) => format!("one of the {}", target.plural),
                (kind, None) => kind.words().to_owned(),
            };
            format!("{} ({kind})", super::summary::inner(&field.label))
        };
        let is_new = !before.iter().any(|known| known.table == table);
        let listed = thing
            .fields
            .iter()
            .filter(|field| is_new || labels.contains(&field.label));
        let listed = super::summary::list(&listed.map(describe).collect::<Vec<_>>());
        let says = if is_new {
            format!(
                "{}: a list with search, a page for each, and a form, with {listed}",
                sentence(&thing.plural)
            )
        } else if labels.is_empty() {
            let plural = thing.plural.clone();
            self.notes.push(format!(
                "{} have that already, so I left them as they are.",
                sentence(&plural)
            ));
            return;
        } else {
            format!("{} now also have {listed}", sentence(&thing.plural))
        };
        self.deeds.push(Deed {
            says,
            touches: vec![Part::Thing(table.to_owned())],
        });
    }
}

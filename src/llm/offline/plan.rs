//! What is to become of an app: its things before and after, and what each wish comes to.
//!
//! Applies the wishes of the grammar to the things that an app has. Pure values; the files are the business of `wiring`.

use super::{
    fields,
    grammar::{Understanding, Wish},
    kinds::Draft,
    model::{FIELDS, Field, Kind, THINGS, Thing},
    things::default_fields,
    words::{is_plural, on_last_word, sentence, singular, snake},
};

/// One thing done, with the tables and shared parts that it touches; it is reported only when all of those were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deed {
    pub(super) says: String,
    pub(super) touches: Vec<Part>,
}

/// A part of an app that a deed depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A thing, by table: its resource, pages, routes and navigation.
    Thing(String),
    Identity,
    Theme,
}

/// The app as it should be.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) things: Vec<Thing>,
    pub(super) name: Option<String>,
    pub(super) tagline: Option<String>,
    /// Hue in degrees and chroma.
    pub(super) colour: Option<(String, String)>,
    pub(super) deeds: Vec<Deed>,
    /// What the user should know besides.
    pub(super) notes: Vec<String>,
    /// What was asked and cannot be done, each with the reason.
    pub(super) refused: Vec<String>,
}

/// Names of tables that new things cannot have.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Things whose resource cannot be read.
    pub(super) unreadable: Vec<String>,
    /// Folders of pages that belong to no thing.
    pub(super) tables: Vec<String>,
}

/// Column names that the platform or the language has taken.
const RESERVED: &str =
    "id created_at updated_at deleted_at user_id app_id owner_id constructor prototype";

/// Applies an understanding to the things that there are.
pub(super) fn plan(
    understanding: &Understanding,
    before: &[Thing],
    named: bool,
    taken: &Taken,
) -> Plan {
    let mut plan = Plan {
        things: before.to_vec(),
        ..Plan::default()
    };
    let mut drafted = plan.make_things(&understanding.wishes, taken);
    plan.fill(&mut drafted, before);
    for wish in &understanding.wishes {
        super::changes::apply(&mut plan, wish);
    }
    plan.introduce(understanding, before, named);
    plan
}

/// The things with one more, or with more fields of one.
pub(super) fn extended(before: &[Thing], wish: Wish, taken: &Taken) -> Plan {
    let mut plan = Plan {
        things: before.to_vec(),
        ..Plan::default()
    };
    let mut drafted = plan.make_things(&[wish], taken);
    plan.fill(&mut drafted, before);
    plan
}

/// A thing's drafts that have yet to become fields.
struct Drafted {
    table: String,
    drafts: Vec<Draft>,
    told: bool,
}

impl Plan {
    pub(super) fn refuse(&mut self, why: impl Into<String>) {
        self.refused.push(why.into());
    }

    pub(super) fn find(&self, words: &str) -> Option<&Thing> {
        self.things.iter().find(|thing| thing.answers_to(words))
    }

    /// Makes the things that are new, without fields, so that all can be referred to.
    fn make_things(&mut self, wishes: &[Wish], taken: &Taken) -> Vec<Drafted> {
        let mut drafted: Vec<Drafted> = Vec::new();
        for wish in wishes {
            let Wish::Thing { words, drafts } = wish else {
                continue;
            };
            let told = !drafts.is_empty();
            if let Some(known) = self.find(words) {
                let table = known.table.clone();
                match drafted.iter_mut().find(|one| one.table == table) {
                    Some(one) => {
                        one.drafts.extend(drafts.iter().cloned());
                        one.told |= told;
                    }
                    None => drafted.push(Drafted {
                        table,
                        drafts: drafts.clone(),
                        told,
                    }),
                }
                continue;
            }
            let Some(mut thing) = Thing::named(words) else {
                self.refuse(format!(
                    "“{words}”: its name needs at least one letter that can be written in ASCII"
                ));
                continue;
            };
            if self.things.len() >= THINGS {
                self.refuse(format!(
                    "“{words}”: an app of mine has at most {THINGS} things"
                ));
                continue;
            }
            if taken.unreadable.contains(&thing.table) {
                self.refuse(format!(
                    "“{words}”: I cannot read {} as a list of fields any more",
                    super::codegen::resource_path(&thing.table)
                ));
                continue;
            }
            let taken = |name: &str| {
                taken.tables.iter().any(|table| table == name)
                    || self.things.iter().any(|thing| thing.table == name)
            };
            let Some(table) = super::codegen::free_table(&thing.table, taken) else {
                continue;
            };
            thing.path = table.replace('_', "-");
            if super::vocabulary::has(
                "dashboard login signup forgot-password update-password auth assets",
                &thing.path,
            ) {
                thing.path.push_str("-list");
            }
            thing.table.clone_from(&table);
            self.things.push(thing);
            drafted.push(Drafted {
                table,
                drafts: drafts.clone(),
                told,
            });
        }
        drafted
    }

    /// Turns drafts into fields, resolves references, and settles titles.
    fn fill(&mut self, drafted: &mut [Drafted], before: &[Thing]) {
        let mut reverse: Vec<(String, String)> = Vec::new();
        let mut added: Vec<(String, Vec<String>)> = Vec::new();
        let mut told = Vec::new();
        for one in drafted.iter_mut() {
            let is_new = !before.iter().any(|thing| thing.table == one.table);
            self.default_drafts(one, is_new);
            let mut labels = Vec::new();
            for draft in &one.drafts {
                match self.reference(&one.table, draft) {
                    Reference::Other(field) => labels.extend(self.add(&one.table, field)),
                    Reference::Many(many) => reverse.push((many, one.table.clone())),
                    Reference::None => labels.extend(self.add(&one.table, draft.field())),
                }
            }
            self.settle_title(&one.table);
            if one.told {
                told.push(one.table.clone());
            }
            added.push((one.table.clone(), labels));
        }
        for (child, parent) in reverse {
            if self.refer(&child, &parent)
                && let Some(label) = self
                    .things
                    .iter()
                    .find(|thing| thing.table == parent)
                    .map(|thing| sentence(&thing.singular))
            {
                match added.iter_mut().find(|(table, _)| *table == child) {
                    Some((_, labels)) => labels.push(label),
                    None => added.push((child, vec![label])),
                }
            }
        }
        self.point_at_titles();
        for (table, labels) in added {
            if !labels.is_empty()
                || told.contains(&table)
                || !before.iter().any(|thing| thing.table == table)
            {
                self.report(&table, &labels, before);
            }
        }
    }

    /// The fields of a thing that was named without any.
    fn default_drafts(&mut self, one: &mut Drafted, is_new: bool) {
        if one.told || !is_new {
            return;
        }
        let Some(thing) = self.things.iter().find(|thing| thing.table == one.table) else {
            return;
        };
        let plural = thing.plural.clone();
        if let Some(known) = default_fields(&thing.singular) {
            one.drafts = fields::phrase(known);
            self.notes.push(format!(
                "You named no fields for {plural}, so I gave them usual ones."
            ));
        } else {
            one.drafts = fields::phrase("name, notes");
            self.notes.push(format!(
                "You named no fields for {plural}, so they have a name and notes. Tell me what else to keep."
            ));
        }
    }

    fn reference(&self, table: &str, draft: &Draft) -> Reference {
        let Some(target) = draft
            .target(&self.things)
            .filter(|target| target.table != table)
        else {
            return Reference::None;
        };
        let last = draft.phrase.rsplit(' ').next().unwrap_or("").to_lowercase();
        if is_plural(&last) && target.singular != target.plural {
            return Reference::Many(target.table.clone());
        }
        let mut phrase = draft.phrase.clone();
        if phrase.split(' ').count() > 3 {
            phrase.clone_from(&target.singular);
        }
        let mut field = Field::new(&super::kinds::label(&phrase), Kind::Reference);
        field.to = Some(target.table.clone());
        field.required = draft.required.unwrap_or(false);
        Reference::Other(field)
    }

    /// Gives each record of `child` a reference to one of `parent`, unless it has one.
    pub(super) fn refer(&mut self, child: &str, parent: &str) -> bool {
        let Some(target) = self
            .things
            .iter()
            .find(|thing| thing.table == parent)
            .cloned()
        else {
            return false;
        };
        let Some(thing) = self.things.iter().find(|thing| thing.table == child) else {
            return false;
        };
        if thing
            .fields
            .iter()
            .any(|field| field.to.as_deref() == Some(parent))
        {
            return false;
        }
        let mut field = Field::new(&target.singular, Kind::Reference);
        field.to = Some(target.table);
        self.add(child, field).is_some()
    }

    /// Adds a field under a free name. The label, unless the thing has the field already or is full.
    pub(super) fn add(&mut self, table: &str, mut field: Field) -> Option<String> {
        let place = self.things.iter().position(|thing| thing.table == table)?;
        let (plural, count, twin) = self.things.get(place).map(|thing| {
            (
                thing.plural.clone(),
                thing.fields.len(),
                thing
                    .fields
                    .iter()
                    .any(|known| known.label.eq_ignore_ascii_case(&field.label)),
            )
        })?;
        if twin {
            return None;
        }
        if count >= FIELDS {
            self.refuse(format!(
                "“{}”: {plural} have {FIELDS} fields already, the most that I make",
                field.label
            ));
            return None;
        }
        if super::vocabulary::has(RESERVED, &field.name) {
            field.name = format!("{}_value", field.name);
        }
        let thing = self.things.get_mut(place)?;
        let taken = |name: &str| thing.fields.iter().any(|known| known.name == name);
        let Some(name) =
            super::codegen::free_table(&field.name, taken).filter(|name| snake(name).is_some())
        else {
            self.refuse(format!(
                "“{}”: its name needs at least one letter that can be written in ASCII",
                field.label
            ));
            return None;
        };
        field.name = name;
        let label = field.label.clone();
        thing.fields.push(field);
        Some(label)
    }

    /// The table of the thing that words name, or a refusal.
    pub(super) fn table_of(&mut self, words: &str) -> Option<String> {
        let table = self.find(words).map(|thing| thing.table.clone());
        if table.is_none() {
            let one = on_last_word(words, singular);
            self.refuse(format!(
                "“{words}”: there is no such thing in this app (no list of {one} records)"
            ));
        }
        table
    }
}

enum Reference {
    Other(Field),
    Many(String),
    None,
}

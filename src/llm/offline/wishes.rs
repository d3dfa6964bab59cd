//! What people can wish for.

use super::{colour::Colour, kinds::Draft, model::Kind};

/// A field, perhaps without saying of which thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The table.
    pub(super) thing: Option<String>,
    /// The field's name as people say it.
    pub(super) field: String,
}

/// One wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// There is a thing, with these fields; one that exists gets the fields that it lacks.
    Thing {
        words: String,
        drafts: Vec<Draft>,
    },
    /// Each record of one thing belongs to one of another.
    Belongs {
        child: String,
        parent: String,
    },
    RemoveThing {
        table: String,
    },
    RenameThing {
        table: String,
        to: String,
    },
    RemoveField {
        place: Place,
    },
    RenameField {
        place: Place,
        to: String,
    },
    Require {
        place: Place,
        required: bool,
    },
    Kind {
        place: Place,
        kind: Kind,
    },
    Options {
        place: Place,
        add: Vec<String>,
        remove: Vec<String>,
    },
    /// The app is called so.
    Name(String),
    /// So, unless it has a name.
    Suggest(String),
    Tagline(String),
    Colour(Colour),
    /// It is there in every app.
    BuiltIn(String),
    /// Understood, but not what it is about.
    Unclear {
        part: String,
        why: String,
    },
    /// A part that was not understood.
    Left(String),
}

impl Wish {
    /// The thing that it describes.
    pub(super) fn thing(&self) -> Option<&str> {
        match self {
            Self::Thing { words, .. } => Some(words),
            _ => None,
        }
    }
}

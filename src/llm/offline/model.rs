//! What the planner knows of an app: its things, their fields, its name and colour.
//!
//! Plain values. Made by the grammar out of words and by `source` out of files.

/// What a field holds; the names are those of the foundation's `FieldKind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    LongText,
    Number,
    Date,
    Boolean,
    Email,
    Url,
    Choice,
    Rating,
    Reference,
}

impl Kind {
    const NAMES: [(Self, &'static str, &'static str); 10] = [
        (Self::Text, "text", "text"),
        (Self::LongText, "long_text", "long text"),
        (Self::Number, "number", "number"),
        (Self::Date, "date", "date"),
        (Self::Boolean, "boolean", "yes or no"),
        (Self::Email, "email", "e-mail"),
        (Self::Url, "url", "link"),
        (Self::Choice, "choice", "choice"),
        (Self::Rating, "rating", "rating"),
        (Self::Reference, "reference", "reference"),
    ];

    /// As in the sources of an app.
    pub(super) fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(kind, _, _)| *kind == self)
            .map_or("text", |(_, name, _)| name)
    }

    /// As in an answer.
    pub(super) fn words(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(kind, _, _)| *kind == self)
            .map_or("text", |(_, _, words)| words)
    }

    /// The kind of that name in the sources of an app.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, known, _)| *known == name)
            .map(|(kind, _, _)| *kind)
    }

    /// The type of its column in the database.
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Number | Self::Rating => "numeric",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Reference => "uuid",
            Self::Text | Self::LongText | Self::Email | Self::Url | Self::Choice => "text",
        }
    }

    /// The TypeScript type of a value.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::Number | Self::Rating => "number",
            Self::Boolean => "boolean",
            _ => "string",
        }
    }
}

/// One field of a thing. Numbers stay as they were written: they are copied, never computed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Column, `snake_case`.
    pub(super) name: String,
    /// What people read, sentence case.
    pub(super) label: String,
    pub(super) kind: Kind,
    pub(super) required: bool,
    pub(super) min: Option<String>,
    pub(super) max: Option<String>,
    pub(super) step: Option<String>,
    pub(super) options: Vec<String>,
    /// The table of the thing that a reference points to.
    pub(super) to: Option<String>,
    /// The title field of that thing.
    pub(super) to_field: Option<String>,
    pub(super) unit: Option<String>,
}

impl Field {
    /// A field without bounds.
    pub(super) fn new(label: &str, kind: Kind) -> Self {
        Self {
            name: super::words::snake(label).unwrap_or_default(),
            label: super::words::sentence(label),
            kind,
            required: false,
            min: None,
            max: None,
            step: None,
            options: Vec::new(),
            to: None,
            to_field: None,
            unit: None,
        }
    }

    /// Whether people may mean this field by these words.
    pub(super) fn answers_to(&self, words: &str) -> bool {
        let same =
            |a: &str, b: &str| a == b || super::words::on_last_word(a, super::words::singular) == b;
        let wanted = words.to_lowercase();
        let label = self.label.to_lowercase();
        let wanted_one = super::words::on_last_word(&wanted, super::words::singular);
        same(&label, &wanted)
            || same(&label, &wanted_one)
            || super::words::snake(words).is_some_and(|name| name == self.name)
    }
}

/// Who may do what with the rows of a table; the first is what nobody has to say.
pub(super) const ACCESS: [&str; 5] = ["owner", "public_read", "app_read", "team", "server"];

/// A thing that people keep records of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Thing {
    /// Table, `snake_case`, a plural where there is one.
    pub(super) table: String,
    /// Lower case words.
    pub(super) singular: String,
    /// Lower case words.
    pub(super) plural: String,
    /// Part of the address, `kebab-case`.
    pub(super) path: String,
    /// The text field that names a record.
    pub(super) title_field: String,
    /// Who may do what with its rows, one of [`ACCESS`].
    pub(super) access: String,
    pub(super) fields: Vec<Field>,
}

impl Thing {
    /// A thing without fields. `None` when nothing of its name can be written in ASCII.
    pub(super) fn named(words: &str) -> Option<Self> {
        let words = words.to_lowercase();
        let plural = super::words::on_last_word(&words, super::words::plural);
        let table = super::words::snake(&plural)?;
        Some(Self {
            path: table.replace('_', "-"),
            table,
            singular: super::words::on_last_word(&words, super::words::singular),
            plural,
            title_field: String::new(),
            access: ACCESS[0].to_owned(),
            fields: Vec::new(),
        })
    }

    /// Whether people may mean this thing by these words.
    pub(super) fn answers_to(&self, words: &str) -> bool {
        let wanted = super::words::on_last_word(&words.to_lowercase(), super::words::singular);
        let own = super::words::on_last_word(&self.singular.to_lowercase(), super::words::singular);
        wanted == own || super::words::snake(words).is_some_and(|name| name == self.table)
    }

    /// The field that people mean by these words.
    pub(super) fn field(&self, words: &str) -> Option<&Field> {
        let ends = |field: &&Field| {
            let last = field.label.to_lowercase();
            last.rsplit(' ')
                .next()
                .is_some_and(|last| last == words.to_lowercase())
        };
        self.fields
            .iter()
            .find(|field| field.answers_to(words))
            .or_else(|| {
                let mut close = self.fields.iter().filter(ends);
                close.next().filter(|_| close.next().is_none())
            })
    }
}

/// The most things of an app that this planner makes.
pub(super) const THINGS: usize = 8;
/// The most fields of one thing.
pub(super) const FIELDS: usize = 24;
/// The most options of a choice.
pub(super) const OPTIONS: usize = 20;

//! What a model is told of the tools: names, what they do, and their arguments as a JSON Schema. The descriptions are Markdown in
//! `templates/prompts/tools`.

use serde_json::{Map, Value, json};

use crate::llm::message::Tool;

use super::{Dialect, Intent};

/// One tool.
pub(super) struct Contract {
    pub(super) name: &'static str,
    description: &'static str,
    /// In the order in which they are described.
    pub(super) arguments: &'static [Argument],
}

/// One argument of a tool.
pub(super) struct Argument {
    pub(super) name: &'static str,
    kind: Kind,
    required: bool,
    description: &'static str,
}

/// What an argument is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    /// The number of a line, from 1.
    Line,
    /// `"12-40"`.
    Lines,
    /// A whole number from 0.
    Number,
    Flag,
    /// A list of texts.
    Texts,
    /// A list of `[first, last, text]`.
    Triples,
    /// A list of tables as the data's migrations take them.
    Tables,
    /// A list of rows, each an object of values by column.
    Rows,
}

impl Kind {
    fn schema(self) -> Map<String, Value> {
        let schema = match self {
            Self::Text | Self::Lines => json!({ "type": "string" }),
            Self::Line => json!({ "type": "integer", "minimum": 1 }),
            Self::Number => json!({ "type": "integer", "minimum": 0 }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Self::Triples => json!({
                "type": "array",
                "minItems": 1,
                "items": { "type": "array", "items": { "type": "string" }, "minItems": 3, "maxItems": 3 },
            }),
            Self::Rows => json!({ "type": "array", "items": { "type": "object" } }),
            Self::Tables => crate::json::from_str(TABLES).unwrap_or_default(),
        };
        match schema {
            Value::Object(schema) => schema,
            _ => Map::new(),
        }
    }
}

/// The schema of a list of tables: read, since built it would be ten times as long.
const TABLES: &str = r#"{
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "access": { "enum": ["owner", "public_read", "app_read", "team", "server"] },
            "realtime": { "type": "boolean" },
            "columns": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "type": { "enum": ["text", "integer", "bigint", "numeric", "double precision", "boolean", "uuid", "date", "time",
                            "timestamptz", "jsonb", "text[]", "integer[]", "uuid[]"] },
                        "nullable": { "type": "boolean" },
                        "default": {},
                        "enum": { "type": "array" },
                        "unique": { "type": "boolean" },
                        "index": { "type": "boolean" },
                        "references": { "type": "string", "description": "The table that a uuid column refers to." },
                        "on_delete": { "enum": ["cascade", "set null", "restrict"] }
                    },
                    "required": ["name", "type"],
                    "additionalProperties": false
                }
            }
        },
        "required": ["name", "columns"],
        "additionalProperties": false
    }
}"#;

impl Contract {
    /// What a model is told.
    fn tool(&self) -> Tool {
        let mut properties = Map::new();
        for argument in self.arguments {
            let mut schema = argument.kind.schema();
            schema.insert("description".to_owned(), argument.description.into());
            properties.insert(argument.name.to_owned(), Value::Object(schema));
        }
        let required = self.arguments.iter().filter(|argument| argument.required);
        let required: Vec<&str> = required.map(|argument| argument.name).collect();
        Tool {
            name: self.name.to_owned(),
            // Lines are broken for whoever reads the file.
            description: self.description.trim().replace('\n', " "),
            arguments: json!({
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            }),
        }
    }
}

/// The tools on offer where edits are stated in a dialect. The others' calls are run all the same. In a discussion nothing that
/// changes the app is on offer, and nothing of it is run.
#[must_use]
pub fn offered(dialect: Dialect, intent: Intent) -> Vec<Tool> {
    let other = |name: &str| {
        Dialect::ALL
            .iter()
            .any(|other| other.tool() == name && *other != dialect)
    };
    let offered = CONTRACTS
        .iter()
        .filter(|tool| tool.name == "write_file" || !other(tool.name))
        .filter(|tool| intent != Intent::Discuss || super::only_looks(tool.name));
    offered.map(Contract::tool).collect()
}

/// The names of the tools on offer.
pub(super) fn names(dialect: Dialect, intent: Intent) -> Vec<String> {
    offered(dialect, intent)
        .into_iter()
        .map(|tool| tool.name)
        .collect()
}

const fn needed(name: &'static str, kind: Kind, description: &'static str) -> Argument {
    Argument {
        name,
        kind,
        required: true,
        description,
    }
}

const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Argument {
    Argument {
        required: false,
        ..needed(name, kind, description)
    }
}

const PATH: Argument = needed(
    "path",
    Kind::Text,
    "The file's path from the project's folder, such as src/app/routes.tsx.",
);

const fn contract(
    name: &'static str,
    description: &'static str,
    arguments: &'static [Argument],
) -> Contract {
    Contract {
        name,
        description,
        arguments,
    }
}

/// All of them.
pub(super) const CONTRACTS: &[Contract] = &[
    contract(
        "write_file",
        include_str!("../../../templates/prompts/tools/write_file.md"),
        &[PATH, needed("content", Kind::Text, "All of the file.")],
    ),
    contract(
        "edit_lines",
        include_str!("../../../templates/prompts/tools/edit_lines.md"),
        &[
            PATH,
            needed(
                "edits",
                Kind::Triples,
                "The edits: [first anchor, last anchor, text].",
            ),
        ],
    ),
    contract(
        "line_replace",
        include_str!("../../../templates/prompts/tools/line_replace.md"),
        &[
            PATH,
            needed("search", Kind::Text, "The text of these lines, as it is."),
            needed("first_line", Kind::Line, "The first line."),
            needed(
                "last_line",
                Kind::Line,
                "The last line, which is replaced as well.",
            ),
            needed("replacement", Kind::Text, "What stands there afterwards."),
        ],
    ),
    contract(
        "str_replace",
        include_str!("../../../templates/prompts/tools/str_replace.md"),
        &[
            PATH,
            needed("old_str", Kind::Text, "The text that stands there once."),
            needed("new_str", Kind::Text, "What it becomes."),
        ],
    ),
    contract(
        "apply_patch",
        include_str!("../../../templates/prompts/tools/apply_patch.md"),
        &[needed("patch", Kind::Text, "The unified diff.")],
    ),
    contract(
        "view_file",
        include_str!("../../../templates/prompts/tools/view_file.md"),
        &[
            PATH,
            optional(
                "lines",
                Kind::Lines,
                "Which lines, such as 12-40. All of them without it.",
            ),
        ],
    ),
    contract(
        "search_files",
        include_str!("../../../templates/prompts/tools/search_files.md"),
        &[
            needed("query", Kind::Text, "The regular expression."),
            optional(
                "include",
                Kind::Texts,
                "Globs of the files to look into, such as src/**/*.tsx.",
            ),
            optional("exclude", Kind::Texts, "Globs of the files to leave out."),
            optional(
                "case_sensitive",
                Kind::Flag,
                "Whether capitals are others than small letters.",
            ),
            optional(
                "context",
                Kind::Number,
                "How many lines to show around each that is found.",
            ),
        ],
    ),
    contract(
        "delete_file",
        include_str!("../../../templates/prompts/tools/delete_file.md"),
        &[PATH],
    ),
    contract(
        "add_dependency",
        include_str!("../../../templates/prompts/tools/add_dependency.md"),
        &[
            needed(
                "name",
                Kind::Text,
                "The package's name in the npm registry.",
            ),
            optional(
                "version",
                Kind::Text,
                "A version or range of it. The newest without it.",
            ),
        ],
    ),
    contract(
        "define_tables",
        include_str!("../../../templates/prompts/tools/define_tables.md"),
        &[needed("tables", Kind::Tables, "The tables.")],
    ),
    contract(
        "scaffold_resource",
        include_str!("../../../templates/prompts/tools/scaffold_resource.md"),
        &[
            needed(
                "name",
                Kind::Text,
                "What is kept, in the plural, such as `reading lists`.",
            ),
            needed(
                "fields",
                Kind::Texts,
                "The fields, in the order of the form.",
            ),
            optional(
                "access",
                Kind::Text,
                "Who may do what, as for define_tables: `owner` without it.",
            ),
            optional(
                "realtime",
                Kind::Flag,
                "Whether pages show at once what others change, as for define_tables.",
            ),
            optional(
                "examples",
                Kind::Rows,
                "Up to 20 rows to begin with, by the fields' columns: [{\"title\": \"Soup\", \"servings\": 4}].",
            ),
        ],
    ),
    contract(
        "remove_dependency",
        include_str!("../../../templates/prompts/tools/remove_dependency.md"),
        &[needed("name", Kind::Text, "The package's name.")],
    ),
    contract(
        "ask_user",
        include_str!("../../../templates/prompts/tools/ask_user.md"),
        &[
            needed("question", Kind::Text, "The question, in plain words."),
            optional(
                "options",
                Kind::Texts,
                "Answers to choose from, the likeliest first. The person may say something else.",
            ),
        ],
    ),
    contract(
        "rename_app",
        include_str!("../../../templates/prompts/tools/rename_app.md"),
        &[needed("name", Kind::Text, "The new name.")],
    ),
];

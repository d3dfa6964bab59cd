//! What holds for every prompt.

use std::collections::BTreeSet;

use overskill::generation::tools::Intent;

use super::player::{Player, Turn};

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// Words and signs that mean something to the grammar, and some that mean trouble.
const PIECES: &[&str] = &[
    "add",
    "a",
    "recipe",
    "recipes",
    "with",
    "title",
    ",",
    "and",
    ":",
    "(",
    ")",
    "or",
    "from 1 to 5",
    "rating",
    "each",
    "has",
    "have",
    "books",
    "authors",
    "author",
    "to",
    "remove",
    "rename",
    "make it",
    "green",
    "#7c3aed",
    "call the app",
    "\"",
    "'",
    "`",
    "\n- ",
    "\n\n",
    ". ",
    "?",
    "what",
    "how many",
    "status",
    "planned",
    "done",
    "for every",
    "belongs to",
    "required",
    "optional",
    "</script>",
    "${x}",
    "\\",
    "料理",
    "Größe",
    "café",
    "class",
    "default",
    "constructor",
    "__proto__",
    "id",
    "user",
    "login",
    "home",
    "dashboard",
    "new",
    "e.g.",
    "…",
    "-",
    "/",
    "5",
    "1-5",
    "in kg",
    "whether",
    "is",
    "list",
    "tracker",
    "app",
    "thing",
    "the",
    "of",
    "all",
    "resource",
    "row",
    "🍰",
    "\u{0}",
    "\u{202e}",
];

fn prompt(dice: &mut Dice) -> String {
    let count = 1 + dice.below(24);
    let words: Vec<&str> = (0..count).map(|_| dice.pick(PIECES)).collect();
    words.join(if dice.below(4) == 0 { "" } else { " " })
}

/// A sample, or with `OVERSKILL_TEST_DEPTH=full` enough to look for the rare.
fn rounds() -> usize {
    if std::env::var("OVERSKILL_TEST_DEPTH").as_deref() == Ok("full") {
        10_000
    } else {
        150
    }
}

/// The `name: "…"` of every field line of a resource.
fn names(resource: &str) -> Vec<String> {
    let lines = resource
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ name: \""));
    lines
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 60
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn sound(player: &Player, turn: &Turn, prompt: &str) {
    for (call, result) in &turn.calls {
        assert!(
            result.ok,
            "{prompt:?}: {} {}: {}",
            call.name, call.input, result.content
        );
    }
    let mut tables = 0;
    for (path, text) in player.files() {
        let Some(table) = path
            .strip_prefix("src/resources/")
            .and_then(|name| name.strip_suffix(".ts"))
        else {
            continue;
        };
        tables += 1;
        assert!(is_identifier(table), "{prompt:?}: {table}");
        let names = names(&text);
        let distinct: BTreeSet<&String> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{prompt:?}: {names:?}");
        assert!(
            (1..=24).contains(&names.len()),
            "{prompt:?}: {}",
            names.len()
        );
        for name in &names {
            assert!(is_identifier(name), "{prompt:?}: {name}");
            assert!(
                text.contains(&format!("\n  {name}: ")),
                "{prompt:?}: no column {name}\n{text}"
            );
        }
        let title = text.lines().find_map(|line| {
            line.trim()
                .strip_prefix("titleField: \"")?
                .strip_suffix("\",")
        });
        let title = title.unwrap_or_else(|| panic!("{prompt:?}: {text}"));
        assert!(
            text.contains(&format!("{{ name: \"{title}\"")),
            "{prompt:?}: {text}"
        );
        assert!(!text.contains("</"), "{prompt:?}: {text}");
    }
    assert!(tables <= 8, "{prompt:?}");
    let routes = player.file("src/app/routes.tsx").unwrap();
    let mut lines: Vec<&str> = routes
        .lines()
        .filter(|line| line.starts_with("import ") || line.starts_with("  {"))
        .collect();
    let count = lines.len();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), count, "{prompt:?}: {routes}");
}

#[test]
fn any_conversation_leaves_a_sound_app() {
    let mut dice = Dice(0x5eed);
    for _ in 0..rounds() {
        let mut player = Player::new();
        let mut told = String::new();
        for _ in 0..3 {
            let prompt = prompt(&mut dice);
            told.push_str(&format!("{prompt:?} "));
            let turn = player.say(&prompt);
            sound(&player, &turn, &told);
        }
    }
}

#[test]
fn any_text_gets_an_answer() {
    let mut dice = Dice(77);
    for _ in 0..rounds() {
        let length = dice.below(80);
        let text: String = (0..length)
            .filter_map(|_| char::from_u32(u32::try_from(dice.below(0x3100)).unwrap()))
            .collect();
        let mut player = Player::new();
        let turn = player.say(&text);
        sound(&player, &turn, &text);
    }
    for text in [
        "",
        " ",
        "\n\n",
        "?",
        &"(".repeat(2_000),
        &"a, ".repeat(20_000),
        &"recipes with title. ".repeat(3_000),
    ] {
        let mut player = Player::new();
        let turn = player.say(text);
        sound(&player, &turn, "long");
    }
}

#[test]
fn a_failed_write_is_told_and_not_claimed() {
    let mut player = Player::new();
    player.refuse = Some(("edit_lines", "src/app/routes.tsx"));
    let turn = player.say("a recipe box where people save recipes with a title");
    assert!(
        turn.answer.contains("Not done:\n- Recipes"),
        "{}",
        turn.answer
    );
    assert!(
        turn.answer
            .contains("src/app/routes.tsx failed: the disk is full"),
        "{}",
        turn.answer
    );
    assert!(!turn.answer.contains("Done:\n- Recipes"), "{}", turn.answer);
}

#[test]
fn a_name_that_nobody_can_see_is_refused() {
    let mut player = Player::new();
    player.say("recipes with a title");
    let prompt = "call the app \u{202e}";
    let turn = player.say(prompt);
    sound(&player, &turn, prompt);
    assert!(turn.changes().is_empty(), "{}", turn.answer);
    assert!(turn.answer.contains("cannot be used"), "{}", turn.answer);
}

#[test]
fn a_thing_may_be_called_what_names_records() {
    let mut player = Player::new();
    player.say("titles with a wording and notes");
    let prompt = "also a list of recipes";
    let turn = player.say(prompt);
    sound(&player, &turn, prompt);
    assert!(turn.answer.contains("Recipes"), "{}", turn.answer);
}

#[test]
fn where_a_new_file_is_refused_nothing_is_changed() {
    let mut player = Player::new();
    player.say("recipes with a title and notes");
    let before = player.bench.manifest.clone();
    player.refuse = Some(("write_file", "src/resources/tools.ts"));
    let turn = player.say("add a thing: tools with a name and a price");
    assert!(!turn.changes().is_empty());
    assert!(
        turn.answer.contains("Not done:\n- Tools") && !turn.answer.contains("Done:\n- Tools"),
        "{}",
        turn.answer
    );
    assert!(turn.answer.contains("the disk is full"), "{}", turn.answer);
    // The table is there, without rows and pages; the sources know it.
    let mut after = player.bench.manifest.clone();
    let tables = "src/app/tables.ts".parse().unwrap();
    if let Some(entry) = before.get(&tables) {
        after
            .put(tables, *entry, &player.bench.limits.clone())
            .unwrap();
    }
    assert_eq!(after, before);
}

#[test]
fn where_the_database_is_away_nothing_is_changed_and_that_is_told() {
    let mut player = Player::new();
    player.refuse = Some(("define_tables", ""));
    let before = player.bench.manifest.clone();
    let turn = player.say("recipes with a title and notes");
    assert_eq!(turn.changes().len(), 1, "{}", turn.answer);
    assert_eq!(player.bench.manifest, before);
    assert!(
        turn.answer.contains("Not done:\n- Recipes")
            && turn.answer.contains("The app's database does not answer."),
        "{}",
        turn.answer
    );
}

#[test]
fn a_file_edited_beyond_recognition_is_left_alone() {
    let mut player = Player::new();
    player.say("recipes with a title and notes");
    player.put(
        "src/resources/recipes.ts",
        "export const recipes = makeResource()\n",
    );
    let turn = player.say("add a rating to recipes");
    assert!(turn.changes().is_empty(), "{:?}", turn.changes());
    assert!(
        turn.answer.contains("cannot read src/resources/recipes.ts"),
        "{}",
        turn.answer
    );
}

#[test]
fn lines_that_a_user_added_stay() {
    let mut player = Player::new();
    player.say("recipes with a title and notes");
    let path = "src/resources/recipes.ts";
    let edited = player
        .file(path)
        .unwrap()
        .replace("  fields: [\n", "  // mine\n  fields: [\n    // mine too\n");
    player.put(path, &edited);
    let turn = player.say("add a rating from 1 to 5 to recipes");
    assert!(
        turn.changes()
            .iter()
            .all(|call| ["edit_lines", "define_tables"].contains(&call.name.as_str()))
    );
    let after = player.file(path).unwrap();
    assert!(
        after.contains("  // mine\n")
            && after.contains("    // mine too\n")
            && after.contains("name: \"rating\"")
    );
}

#[test]
fn later_changes_are_line_edits() {
    let mut player = Player::new();
    player.say(
        "books have a title, an author and a published year; authors have a name and a country",
    );
    for message in [
        "add a rating to books",
        "rename books to novels",
        "remove the country from authors",
        "make it teal",
        "call it Shelf",
    ] {
        let turn = player.say(message);
        let changes = turn.changes();
        assert!(
            changes
                .iter()
                .all(|call| ["edit_lines", "rename_app", "define_tables"]
                    .contains(&call.name.as_str())),
            "{message}: {changes:?}"
        );
        assert!(!changes.is_empty(), "{message}");
    }
}

#[test]
fn in_a_discussion_nothing_is_changed_and_it_is_said_what_would_be() {
    let mut player = Player::new();
    player.intent = Intent::Discuss;
    for prompt in ["recipes with a title and minutes", "add the package zod"] {
        let turn = player.say(prompt);
        assert!(turn.changes().is_empty(), "{prompt}");
        assert!(
            turn.answer.starts_with("I understood: ") && turn.answer.contains("I changed nothing"),
            "{}",
            turn.answer
        );
    }
}

//! What the planner writes passes preflight: nothing is wrong with the app at the end of any case, and at full depth after
//! any message.

use std::{collections::HashMap, fs, path::Path};

use overskill::preflight::{self, File, Tree, Vendor};
use overskill_syntax::{Facts, Native, Parser};

use super::player::Player;

type Known = HashMap<(String, String), Facts>;

#[test]
fn nothing_is_wrong_with_what_the_planner_writes() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/offline/cases");
    let full = std::env::var("OVERSKILL_TEST_DEPTH").is_ok_and(|depth| depth == "full");
    let mut known = Known::new();
    let mut checked = 0;
    for folder in fs::read_dir(cases).unwrap() {
        let folder = folder.unwrap().path();
        let mut player = Player::new();
        for number in 1.. {
            let Ok(message) = fs::read_to_string(folder.join(format!("{number}.txt"))) else {
                break;
            };
            player.say(message.trim_end());
            let more = folder.join(format!("{}.txt", number + 1)).exists();
            if more && !full {
                continue;
            }
            let found = check(&player, &mut known);
            assert_eq!(found, [""; 0], "{} {number}", folder.display());
            checked += 1;
        }
    }
    assert!(checked > 25);
}

fn check(player: &Player, known: &mut Known) -> Vec<String> {
    let files = player.files();
    for (path, content) in &files {
        let key = (path.clone(), content.clone());
        known
            .entry(key)
            .or_insert_with(|| Native.facts(path, content));
    }
    let tree: Tree<'_> = files
        .iter()
        .map(|(path, content)| {
            let facts = &known[&(path.clone(), content.clone())];
            (path.as_str(), File { content, facts })
        })
        .collect();
    let found = preflight::check(&tree, None, None, Vendor::foundation());
    found
        .iter()
        .map(|one| {
            format!(
                "{:?} {:?} {:?} {}",
                one.severity, one.path, one.line, one.message
            )
        })
        .collect()
}

//! What holds for every prompt.

use super::player::Player;

#[test]
fn the_recipe_box_of_the_issue() {
    let mut player = Player::new();
    let turn =
        player.say("a recipe box where people save recipes with a title, ingredients and cooking minutes");
    assert!(turn.answer.starts_with("Done:"), "{}", turn.answer);
    assert!(player.file("src/resources/recipes.ts").unwrap().contains("name: \"cooking_minutes\""));
}

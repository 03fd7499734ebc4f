mod arguments;
mod bundled;
mod hostile;
mod inner_sections;
mod meaning;
mod outer_sections;
mod shown;

use super::*;

/// What the recipe is refused for.
#[track_caller]
fn error(text: &str, sets: &[&str]) -> RecipeError {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let refused = Recipe::parse("recipe.toml", text, &sets).and_then(|parsed| parsed.check()).err();
    refused.unwrap_or_else(|| panic!("this recipe is read: {text}"))
}

/// A recipe, what is said about it, and the piece of it that the caret marks.
type Row = (&'static str, &'static str, &'static str);

#[track_caller]
fn check(rows: &[Row]) {
    for (text, message, marked) in rows {
        let error = error(text, &[]);
        assert_eq!((error.to_string().as_str(), error.place().text()), (*message, *marked), "{text}");
    }
}

mod bundled;
mod hostile;

use super::*;

fn error(text: &str, sets: &[&str]) -> RecipeError {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    Recipe::parse("recipe.toml", text, &sets).and_then(|parsed| parsed.check()).unwrap_err()
}

#[test]
fn dump() {
    let cases: Vec<(String, Vec<String>)> = serde_json::from_str(&std::fs::read_to_string("/tmp/scratch-recipe/cases.json").unwrap()).unwrap();
    let mut out = vec![];
    for (text, sets) in cases {
        out.push(match Recipe::parse("recipe.toml", &text, &sets).and_then(|parsed| parsed.check().map(|_| parsed)) {
            Ok(_) => ("OK".to_owned(), String::new(), String::new()),
            Err(error) => (error.to_string(), error.render(false), error.place().text().to_owned()),
        });
    }
    std::fs::write("/tmp/scratch-recipe/out.json", serde_json::to_string(&out).unwrap()).unwrap();
}

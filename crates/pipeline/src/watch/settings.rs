use serde_json::Value;

/// Settings by their paths in the recipe; what is not given is left out. A table whose keys are a person's own words is one value.
pub(super) fn settings(recipe: &Value) -> Vec<(String, &Value)> {
    let is_setting =
        |key: &String| key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let mut found = vec![];
    let mut left = vec![(String::new(), recipe)];
    while let Some((path, value)) = left.pop() {
        match value {
            Value::Object(table) if !table.is_empty() && table.keys().all(is_setting) => {
                let below =
                    |key: &String| if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                left.extend(table.iter().rev().map(|(key, value)| (below(key), value)));
            }
            Value::Null => {}
            Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                found.push((path, value));
            }
        }
    }
    found
}

/// A setting in one line.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace(['\n', '\r'], " "),
        Value::Null | Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_) => {
            value.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_named_by_their_paths() {
        let recipe = json!({
            "models": { "mlp": { "hidden": [16, 8] } },
            "train": { "epochs": 3, "class_weights": { "no/../yes": 2.0 }, "clip": null, "optimizer": "ad\nam" },
        });
        let mut found: Vec<(String, String)> =
            settings(&recipe).into_iter().map(|(path, value)| (path, text_of(value))).collect();
        found.sort();
        let expect = [
            ("models.mlp.hidden", "[16,8]"),
            ("train.class_weights", r#"{"no/../yes":2.0}"#),
            ("train.epochs", "3"),
            ("train.optimizer", "ad am"),
        ];
        assert_eq!(found, expect.map(|(path, text)| (path.to_owned(), text.to_owned())));
    }
}

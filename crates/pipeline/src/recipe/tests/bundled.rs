//! The recipes of `datasets/`, as people will write them too.

use serde_json::{Value, json};

use super::*;

const RECIPES: [(&str, &str); 5] = [
    ("digits", include_str!("../../../../../datasets/digits/recipe.toml")),
    ("fashion-mnist", include_str!("../../../../../datasets/fashion-mnist/recipe.toml")),
    ("function", include_str!("../../../../../datasets/function/recipe.toml")),
    ("iris", include_str!("../../../../../datasets/iris/recipe.toml")),
    ("product", include_str!("../../../../../datasets/function/product.toml")),
];

fn parse(text: &str, sets: &[&str]) -> Recipe {
    Recipe::parse("recipe.toml", text, &sets.iter().map(|set| (*set).to_owned()).collect::<Vec<_>>())
        .unwrap()
        .recipe
}

#[test]
fn every_recipe_is_sound() {
    for (name, text) in RECIPES {
        let recipe = Recipe::parse("recipe.toml", text, &[]).unwrap();
        let plans = recipe.check().unwrap_or_else(|error| panic!("{name}\n{}", error.render(false)));
        assert_eq!(plans.run.name("recipe.toml".as_ref()), name);
    }
}

#[test]
fn what_is_written_reads_back() {
    for (name, text) in RECIPES {
        let recipe =
            parse(text, &["train.optimizer.sgd.momentum=0.25", "train.early_stopping.min_delta=1e-7"][1..]);
        let written = recipe.to_toml().unwrap();
        assert_eq!(parse(&written, &[]), recipe, "{name}");
        assert_eq!(parse(&written, &[]).to_toml().unwrap(), written, "{name}");
    }
}

#[test]
fn spelling_is_no_part_of_the_identity() {
    let identity = |text: &str, sets: &[&str]| parse(text, sets).identity(Precision::Highest).unwrap();
    let plain = identity("[train]\noptimizer = \"adam\"\n", &[]);
    let spelt = "# the same\ntrain = { epochs = 30, optimizer = { adam = { beta1 = 0.9 } } } [run]\nthreads = 2\nname = \"b\"\n";
    assert_eq!(
        plain,
        identity(&spelt.replace(" [run]", "\n[run]"), &["run.limits.rows=5", "run.precision=high"])
    );
    assert_ne!(plain, identity("", &["train.optimizer=adam", "run.seed=1"]));
    assert_ne!(plain, identity("", &["train.optimizer=adam", "train.epochs=31"]));
    assert_eq!(plain["run"], json!({ "device": "cpu", "precision": "highest", "seed": 0 }));
    assert_eq!(plain["train"]["epochs"], 30);
    let computed = parse("", &["run.precision=medium"]).identity(Precision::High).unwrap();
    assert_eq!(computed["run"]["precision"], "high");
}

#[test]
fn the_schema_accepts_every_recipe() {
    let schema = schema();
    for (name, text) in RECIPES {
        let recipe: Value = toml::from_str(text).unwrap();
        assert_eq!(misfit(&schema, &schema, &recipe, ""), None, "{name}");
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let schema = schema();
    let cases = [
        ("[train]\nepoch = 3", "train.epoch"),
        ("[train]\nepochs = \"ten\"", "train.epochs"),
        ("[train]\noptimizer = \"tiger\"", "train.optimizer"),
        ("[data]\nsource = { csv = { file = \"a\" } }", "data.source"),
        ("[models]\nlayers = [\"relu\", \"dense\"]", "models.layers[1]"),
        ("[export]\nformats = [\"tflite\"]", "export.formats[0]"),
        ("[run]\ndevice = 5", "run.device"),
    ];
    for (text, path) in cases {
        assert!(Recipe::parse("recipe.toml", text, &[]).is_err(), "{text}");
        let recipe: Value = toml::from_str(text).unwrap();
        assert_eq!(misfit(&schema, &schema, &recipe, ""), Some(path.to_owned()), "{text}");
    }
}

#[test]
fn the_schema_has_every_setting_and_says_what_it_is() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["title"], "Baeum recipe");
    let recipe = serde_json::to_value(Recipe::default()).unwrap();
    for (section, settings) in recipe.as_object().unwrap() {
        let known = &resolved(&schema, &schema["properties"][section])["properties"];
        for setting in settings.as_object().unwrap().keys() {
            let text = known[setting]["description"].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{section}.{setting}");
        }
    }
}

/// The path of the first part of a value that a schema refuses: as much of JSON Schema as our schema uses.
fn misfit(root: &Value, schema: &Value, value: &Value, path: &str) -> Option<String> {
    let schema = resolved(root, schema);
    let fits = |schema: &Value| misfit(root, schema, value, path).is_none();
    let choices = |key: &str| schema[key].as_array().map(|all| all.iter().filter(|one| fits(one)).count());
    let here = [
        choices("oneOf").is_none_or(|count| count == 1),
        choices("anyOf").is_none_or(|count| count > 0),
        schema.get("const").is_none_or(|wanted| wanted == value),
        schema["enum"].as_array().is_none_or(|all| all.contains(value)),
        has_type(&schema["type"], value),
        schema["minItems"]
            .as_u64()
            .is_none_or(|least| value.as_array().is_some_and(|items| items.len() as u64 >= least)),
        schema["maxItems"]
            .as_u64()
            .is_none_or(|most| value.as_array().is_some_and(|items| items.len() as u64 <= most)),
        schema["required"]
            .as_array()
            .is_none_or(|all| all.iter().all(|key| value.get(key.as_str().unwrap()).is_some())),
    ];
    if here.contains(&false) {
        return Some(path.to_owned());
    }
    let entry = |(key, item): (&String, &Value)| {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (schema["properties"].get(key), schema.get("additionalProperties")) {
            (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => misfit(root, schema, item, &path),
            (None, Some(Value::Bool(false))) => Some(path),
            (None, _) => None,
        }
    };
    let item = |(index, item): (usize, &Value)| {
        misfit(root, schema.get("items")?, item, &format!("{path}[{index}]"))
    };
    match value {
        Value::Object(entries) => entries.iter().find_map(entry),
        Value::Array(items) => items.iter().enumerate().find_map(item),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn has_type(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::String(name) => match value {
            Value::Null => name == "null",
            Value::Bool(_) => name == "boolean",
            Value::Number(number) => name == "number" || (name == "integer" && !number.is_f64()),
            Value::String(_) => name == "string",
            Value::Array(_) => name == "array",
            Value::Object(_) => name == "object",
        },
        Value::Array(names) => names.iter().any(|name| has_type(name, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => true,
    }
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|path| root.pointer(path.strip_prefix('#')?));
    target.map_or(schema, |target| resolved(root, target))
}

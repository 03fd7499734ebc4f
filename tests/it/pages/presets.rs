//! `docs/presets.md`: every preset with its settings, and the layers that it means.
use std::fmt::Write;

use baeum::models::{ModelConfig, summary};
use baeum::{Anchor, Anchored, DType, Decode, End, Graph, InputSpec, Pipeline, Target, Transform, recipe};
use baeum_tests::expect_file;
use serde_json::{Value, json};

use super::{HEAD, resolve, settings, words_of};

#[test]
fn pages_list_the_presets() {
    let schema = recipe::schema();
    let models = resolve(&schema, &schema["properties"]["models"]);
    let mut page = format!(
        "# Presets\n\n{HEAD}\n\nA preset is a list of layers that is written out from a few numbers, so that `--set` can change \
         them; the same list may stand under `layers`. What comes in and what is to be told are known from the data: sizes, \
         how many pieces a text is made of, and how wide the head is.\n"
    );
    for (name, preset) in models["properties"].as_object().unwrap() {
        if ["freeze", "heads", "init", "layers", "reversible_norm", "start"].contains(&name.as_str()) {
            continue;
        }
        let family = resolve(&schema, &preset["anyOf"][0]);
        let body = resolve(&schema, family); // two families may share their numbers
        let path = format!("models.{name}");
        let mut words: Vec<String> = [preset, family, body].map(|part| words_of(&schema, part)).into();
        words.dedup();
        writeln!(page, "\n## [{path}]\n\n{}\n", words.join(" ")).unwrap();
        if body["properties"].is_object() {
            page += "| setting | default | what |\n|---|---|---|\n";
            settings(&schema, body, &path, &mut page);
        } else {
            page += "It has no settings.\n";
        }
        let example = Example::of(name);
        let Example { numbers, what, .. } = &example;
        writeln!(
            page,
            "\n`{name} = {}` for {what}:\n\n```text\n{}```",
            toml(numbers),
            summary(&example.graph(name))
        )
        .unwrap();
    }
    expect_file("docs/presets.md", &page);
}

/// A small network of a preset.
struct Example {
    numbers: Value,
    what: &'static str,
    item: Vec<usize>,
    /// The steps of each field.
    fields: Vec<Vec<Transform>>,
    decode: Decode,
}

impl Example {
    fn of(name: &str) -> Example {
        let labels = |count: usize| Decode::Label { labels: (0..count).map(|i| i.to_string()).collect() };
        let image = |numbers, what, item: &[usize]| Example {
            numbers,
            what,
            item: item.to_vec(),
            fields: vec![vec![]],
            decode: labels(10),
        };
        let table = |numbers| Example {
            numbers,
            what: "a name out of three, and two numbers, one of them in eight bins; in ten classes",
            item: vec![13],
            fields: vec![
                vec![Transform::Category { labels: vec![String::new(); 3] }, Transform::OneHot { size: 4 }],
                vec![Transform::Standardise { centre: vec![0.0], spread: vec![1.0] }],
                vec![Transform::PiecewiseLinear { edges: (0..9).map(f64::from).collect() }],
            ],
            decode: labels(10),
        };
        let text = |numbers| Example {
            numbers,
            what: "texts of 32 pieces out of 1,000, in two classes",
            item: vec![32],
            fields: vec![vec![pieces(1000, 32)]],
            decode: labels(2),
        };
        let forecast = |numbers| Example {
            numbers,
            what: "seven columns, 336 steps of which are seen and 96 told",
            item: vec![7, 336],
            fields: vec![vec![]],
            decode: Decode::Forecast {
                columns: (0..7).map(|i| i.to_string()).collect(),
                steps: 96,
                scale: vec![1.0; 7],
                offset: vec![0.0; 7],
                anchor: Some(Anchored {
                    field: "series".to_owned(),
                    channels: (0..7).collect(),
                    steps: 336,
                    by: Anchor::Last,
                }),
                unit: None,
            },
        };
        let small = json!({ "blocks": 1, "heads": 2, "units": 32, "dropout": 0 });
        match name {
            "mlp" => image(json!({ "hidden": [32] }), "rows of four numbers, in ten classes", &[4]),
            "tabular_mlp" => table(json!({ "hidden": [64], "dropout": 0 })),
            "ft_transformer" => table(json!({ "blocks": 1, "heads": 4, "units": 32, "dropout": 0 })),
            "tabm" => table(json!({ "members": 8, "hidden": [64], "dropout": 0 })),
            "cnn" => image(json!({}), "images of digits", &[1, 28, 28]),
            "lenet" => image(json!({}), "images of digits", &[1, 28, 28]),
            "resnet" => image(json!({ "blocks": 1 }), "CIFAR's images", &[3, 32, 32]),
            "convnext_small" => image(
                json!({ "blocks": [1, 1], "filters": [16, 32], "patch": 2 }),
                "CIFAR's images",
                &[3, 32, 32],
            ),
            "vit" => image(json!({ "blocks": 1, "units": 64, "dropout": 0 }), "CIFAR's images", &[3, 32, 32]),
            "text_cnn" => text(json!({ "embedding": 64 })),
            "lstm" => text(json!({ "units": [64, 64], "dropout": 0.5 })),
            "gru" => text(json!({ "units": [64], "bidirectional": true, "pool": "mean" })),
            "transformer_encoder" => text(small),
            "gpt" => Example {
                what: "a text of 65 characters, 64 of which are seen at once",
                item: vec![64],
                fields: vec![vec![pieces(65, 64)]],
                decode: Decode::Next { length: 64, vocabulary: 65, padding: 0, end: None },
                ..text(small)
            },
            "patchtst" => {
                forecast(json!({ "blocks": 1, "heads": 4, "units": 16, "hidden": 128, "dropout": 0 }))
            }
            "nlinear" | "dlinear" => forecast(json!({})),
            "conv_series" => {
                image(json!({ "filters": [32, 32] }), "windows of 96 steps of nine columns", &[9, 96])
            }
            new => panic!("give an example of `{new}`"),
        }
    }

    fn graph(&self, name: &str) -> Graph {
        let config: ModelConfig = serde_json::from_value(json!({ name: self.numbers })).unwrap();
        let places = |steps: &Vec<Transform>| steps.last().is_some_and(|step| step.places().is_some());
        let dtype = if self.fields.iter().all(places) { DType::I64 } else { DType::F32 };
        let column =
            |(i, steps): (usize, &Vec<Transform>)| Pipeline { field: format!("x{i}"), steps: steps.clone() };
        let columns = self.fields.iter().enumerate().map(column).collect();
        let input = InputSpec { name: "x".to_owned(), dtype, shape: self.item.clone(), columns };
        let target = Target { field: "y".to_owned(), decode: self.decode.clone() };
        config.check().unwrap().graph(&[input], &[target]).unwrap()
    }
}

/// A text as `length` places, each one of so many pieces.
fn pieces(vocabulary: usize, length: usize) -> Transform {
    let [keep, fill] = [End::Start, End::End];
    Transform::Tokenise { tokenizer: String::new(), vocabulary, padding: 0, length, keep, fill }
}

/// Numbers as a recipe has them in one line.
fn toml(numbers: &Value) -> String {
    let pairs: Vec<String> =
        numbers.as_object().unwrap().iter().map(|(name, value)| format!("{name} = {value}")).collect();
    if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
}

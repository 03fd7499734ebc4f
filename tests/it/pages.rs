//! The pages that list things: written from the code by `UPDATE=1 cargo test`, compared with it ever after.
mod inputs;
mod presets;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use baeum::export::{Format, Say, Says};
use baeum::models::summary;
use baeum::{Limit, Limits, Recipe, recipe};
use baeum_tests::{baeum, bench, cases, expect_file, results, root, steps};
use serde_json::Value;

const HEAD: &str = "Written by a test (`tests/it/pages.rs`); do not edit. `cargo xtask docs` writes it anew.";

#[test]
fn pages_list_the_layers() {
    let mut page = format!(
        "# Layers\n\n{HEAD}\n\nWhat a network can be made of, in the smallest graph that uses it: what comes out, what it \
         learns, and the word each format has for it.\n\n| case | layer | output | parameters |"
    );
    Format::ALL.iter().for_each(|format| write!(page, " {format} |").unwrap());
    page += "\n|---|---|---|---|";
    page += &"---|".repeat(Format::ALL.len());
    for (name, graph) in cases() {
        let last = &graph[graph.find("y").unwrap()];
        let params: Vec<String> = last
            .layer
            .params(&graph.input_shapes(last))
            .iter()
            .map(|param| format!("{} {:?}", param.name, param.sizes))
            .collect();
        write!(page, "\n| {name} | `{}` | {} | {} |", last.layer.name(), last.shape, params.join(", "))
            .unwrap();
        Format::ALL.iter().for_each(|format| write!(page, " {} |", cell(format.layer(&last.layer))).unwrap());
    }
    write!(page, "\n\n## Branches\n\n{BRANCHED}").unwrap();
    let text = format!("{FUNCTION}{}", BRANCHES.trim());
    let plans = Recipe::parse("recipe.toml", &text, &[]).unwrap().check().unwrap();
    let graph = plans.models.graph_for(&[4], 3).unwrap();
    write!(
        page,
        "\n\n```toml{BRANCHES}```\n\nFor rows of four numbers, in three classes:\n\n```text\n{}```",
        summary(&graph)
    )
    .unwrap();
    expect_file("docs/layers.md", &(page + "\n" + &inputs::page()));
}

const BRANCHED: &str = "A layer reads the one above it. With a `name` it can be read by any below, and `from` names what a layer \
                        reads: `x` is what comes in, and a layer without a name has that of its kind and a running number, such as \
                        `relu1`. `add` makes a way around, `concat` lays branches side by side, `multiply` is a gate. Every layer but \
                        the last wants a reader.";

const BRANCHES: &str = r#"
[models]
layers = [
    { name = "start", layer = { dense = { units = 32 } } },
    "relu",
    { name = "deep", layer = { dense = { units = 32 } } },
    { name = "around", layer = "add", from = ["deep", "start"] }, # a residual connection
    { name = "gate", layer = { dense = { units = 8 } }, from = ["x"] },
    "sigmoid",
    { name = "wide", layer = { dense = { units = 8 } }, from = ["x"] },
    { layer = "multiply", from = ["sigmoid1", "wide"] },          # what the gate lets through
    { layer = "concat", from = ["around", "multiply1"] },         # both branches go to the head
]
"#;

/// Data for a recipe that is about its network.
const FUNCTION: &str = "[data]\nsource = { csv = { path = \"rows.csv\" } }\ntarget = \"y\"\n";

/// The tables of the README and of `docs/bench.md` are those of `docs/bench/`; `cargo xtask bench table` writes them too.
#[test]
fn pages_show_the_newest_measurements() {
    let page = fs::read_to_string(root().join(bench::PAGE)).unwrap();
    expect_file(bench::PAGE, &bench::expected_page(&page).unwrap());
    expect_file(bench::FULL_PAGE, &bench::expected_full_page().unwrap());
}

/// `docs/results.md` is that of `docs/results/runs.jsonl`; `cargo xtask results` writes it too.
#[test]
fn pages_show_what_the_recipes_reach() {
    expect_file(results::PAGE, &results::expected_page().unwrap());
}

fn cell(say: Say) -> String {
    match say {
        Say::Word(word) => word.into_owned(),
        Say::Cannot(reason) => format!("no: {reason}"),
    }
}

#[test]
fn pages_list_the_formats() {
    let mut page =
        format!("# Formats\n\n{HEAD}\n\n| in a recipe | file | holds | proven by |\n|---|---|---|---|\n");
    for format in Format::ALL {
        let facts = format.facts();
        let says = match facts.says {
            Says::Weights => "the weights; the rest stands in `predictor.json` beside it",
            Says::Function => "everything from raw fields to answers",
        };
        writeln!(page, "| `{format}` | `{}` | {says} | {} |", facts.file, facts.compared).unwrap();
    }
    page += "\n*ran*: an engine that is not ours executed the file on the golden rows. *reread*: the file was parsed back to \
             bit-equal weights, and the network made of them answered the golden rows. A difference above the tolerance (1e-5 \
             on probabilities, 1e-5 + 1e-4 of the largest value on numbers, labels identical) is a failed export.\n";
    expect_file("docs/formats.md", &page);
}

#[test]
fn pages_list_the_settings() {
    let schema = recipe::schema();
    let mut page =
        format!("# Every setting of a recipe\n\n{HEAD} `baeum schema` prints the same for editors.\n");
    for section in ["run", "data", "models", "train", "evaluate", "export"] {
        let body = resolve(&schema, &schema["properties"][section]);
        writeln!(page, "\n## [{section}]\n\n| setting | default | what |\n|---|---|---|").unwrap();
        settings(&schema, body, section, &mut page);
    }
    expect_file("docs/recipe.md", &page);
}

/// One row for each setting of a section, and behind it those inside; the words are those of the code.
fn settings(schema: &Value, body: &Value, section: &str, page: &mut String) {
    let properties = body["properties"].as_object().unwrap();
    for (name, setting) in properties {
        let words = words_of(schema, setting);
        let default = match &setting["default"] {
            Value::Null | Value::Object(_) => String::new(),
            value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                format!("`{value}`")
            }
        };
        writeln!(page, "| `{section}.{name}` | {default} | {words} |").unwrap();
        // Limits have a page of their own.
        if let Some(inside) = inside(schema, setting).filter(|_| name != "limits") {
            settings(schema, inside, &format!("{section}.{name}"), page);
        }
    }
}

/// What a setting is made of, where that is settings with names; it may be one that can be left out.
fn inside<'a>(schema: &'a Value, setting: &'a Value) -> Option<&'a Value> {
    let may_be = [setting, &setting["anyOf"][0]].map(|part| resolve(schema, part));
    may_be.into_iter().find(|part| part["properties"].is_object())
}

/// What the code says about a part of the schema, on one line.
fn words_of(schema: &Value, part: &Value) -> String {
    let words = part["description"].as_str().or(resolve(schema, part)["description"].as_str());
    words.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn resolve<'a>(schema: &'a Value, part: &'a Value) -> &'a Value {
    match part["$ref"].as_str() {
        Some(path) => schema.pointer(path.trim_start_matches('#')).unwrap(),
        None => part,
    }
}

#[test]
fn pages_list_what_data_may_be() {
    let schema = recipe::schema();
    let mut page = format!(
        "# What data may be\n\n{HEAD}\n\nEach word stands in a recipe where its title says, alone or with its settings: \
         `split = \"random\"`, or `split = {{ random = {{ test = 0.2 }} }}`.\n"
    );
    for (title, list) in [
        ("source", "SourceConfig"),
        ("split", "SplitConfig"),
        ("mix", "MixConfig"),
        ("fields.NAME.kind", "KindConfig"),
        ("fields.NAME.steps", "StepConfig"),
        ("fields.NAME.augment", "Augment"),
    ] {
        let words: BTreeMap<&str, String> = match list {
            "StepConfig" => {
                steps().into_iter().map(|(name, step)| (name, cell(Format::Onnx.transform(&step)))).collect()
            }
            _ => BTreeMap::new(),
        };
        let (head, rule) = if words.is_empty() { ("", "") } else { (" in ONNX |", "---|") };
        writeln!(page, "\n## data.{title}\n\n| word | what | settings |{head}\n|---|---|---|{rule}").unwrap();
        for variant in schema["$defs"][list]["oneOf"].as_array().unwrap() {
            // A word without settings is a constant.
            let settings = variant["properties"].as_object().and_then(|named| named.iter().next());
            let name = settings.map(|(name, _)| name.as_str()).or(variant["const"].as_str()).unwrap();
            let settings = settings.map(|(_, body)| variant_settings(&schema, body)).unwrap_or_default();
            write!(page, "| `{name}` | {} | {settings} |", words_of(&schema, variant)).unwrap();
            if !words.is_empty() {
                let word = words.get(name).unwrap_or_else(|| panic!("`{name}` is missing in `cases::steps`"));
                write!(page, " {word} |").unwrap();
            }
            page += "\n";
        }
    }
    expect_file("docs/data.md", &page);
}

/// The settings of one variant of an enum, in a cell of a table.
fn variant_settings(schema: &Value, body: &Value) -> String {
    let body = resolve(schema, body);
    let Some(properties) = body["properties"].as_object() else { return String::new() };
    let setting = |(name, setting): (&String, &Value)| {
        let default = match setting.get("default") {
            Some(default) if !default.is_null() => format!(" ({default})"),
            Some(_) | None => String::new(),
        };
        format!("`{name}`{default}: {}", words_of(schema, setting))
    };
    properties.iter().map(setting).collect::<Vec<_>>().join("<br>")
}

#[test]
fn pages_show_the_command() {
    let mut page = format!("# The command\n\n{HEAD}\n");
    let verbs = [
        "pipeline",
        "plan",
        "find-rate",
        "predict",
        "label",
        "fetch",
        "schema",
        "verify",
        "replay",
        "runs",
        "limits",
    ];
    for args in [vec!["--help"]].into_iter().chain(verbs.map(|verb| vec![verb, "--help"])) {
        let outcome = baeum(Path::new("."), &args);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        writeln!(page, "\n```console\n$ baeum {}\n{}```", args.join(" "), outcome.stdout).unwrap();
    }
    expect_file("docs/command.md", &page);
}

#[test]
fn pages_list_the_limits() {
    let mut page = format!(
        "# Limits on what is read\n\n{HEAD} `baeum limits` prints it too.\n\n| setting | default | unit | what |\n|---|---|---|---|\n"
    );
    for limit in Limit::ALL {
        let value = Limits::default().get(*limit);
        writeln!(page, "| `run.limits.{}` | {value} | {} | {} |", limit.name(), limit.unit(), limit.doc())
            .unwrap();
    }
    expect_file("docs/limits.md", &page);
}

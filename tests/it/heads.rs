//! A class, a number and labels of one row, each with a head of its own: from a table to files that agree and answers that people read.
use std::fs;

use baeum_tests::{Scratch, baeum};
use serde_json::Value;

const ROWS: usize = 300;

fn table() -> String {
    let row = |row: usize| {
        let [a, b] =
            [row * 37 % ROWS, row * 91 % (ROWS - 1)].map(|place| 2.0 * place as f64 / ROWS as f64 - 1.0);
        let kind = if a + b > 0.4 {
            "oak"
        } else if a > b {
            "ash"
        } else {
            "elm"
        };
        let traits = match (a > 0.0, b > 0.2) {
            (true, true) => "tall|leafy",
            (true, false) => "tall",
            (false, true) => "leafy",
            (false, false) => "",
        };
        format!("{:.3},{a},{b},{kind},{traits}\n", 20.0 + 5.0 * a - 3.0 * b)
    };
    // The number stands in front: heads have the order of the recipe.
    "height,a,b,kind,traits\n".to_owned() + &(0..ROWS).map(row).collect::<String>()
}

pub(crate) fn recipe() -> String {
    "[run]\nname = \"trees\"\n\n[data]\nsource = { csv = { path = \"trees.csv\" } }\n\
     targets = [{ column = \"kind\" }, { column = \"height\", unit = \"m\" }, \
     { column = \"traits\", task = \"multi_label\", separator = \"|\", thresholds = { leafy = 0.4 } }]\n\n\
     [models]\nheads = { height = \"trunk\" }\n\
     layers = [{ name = \"trunk\", layer = { dense = { units = 32 } } }, \"relu\"]\n\n\
     [train]\nepochs = 40\nbatch_size = 32\nlearning_rate = 0.02\nbest = [\"height.mae\", \"kind.accuracy\"]\n\
     heads = { height = { loss = \"mae\", weight = 0.5 }, kind = { class_weights = \"balanced\" } }\n\n\
     [export]\nformats = [\"safetensors\", \"pth\", \"onnx\"]\n"
        .to_owned()
}

pub(crate) fn folder(recipe: &str) -> Scratch {
    let folder = Scratch::new("heads");
    folder.put("trees.csv", table());
    folder.put("recipe.toml", recipe);
    folder
}

#[track_caller]
pub(crate) fn succeed(folder: &Scratch, args: &[&str]) -> String {
    let outcome = baeum(folder.path(), args);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    outcome.stdout
}

fn json(folder: &Scratch, file: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.path().join("runs/trees-0001").join(file)).unwrap()).unwrap()
}

fn metric(report: &Value, name: &str) -> f64 {
    let all = report["metrics"].as_array().unwrap();
    all.iter().find(|metric| metric["name"] == name).unwrap()["value"].as_f64().unwrap()
}

#[test]
fn a_class_a_number_and_labels_go_through_all_stages() {
    let folder = folder(&recipe());
    let said = succeed(&folder, &["pipeline", "recipe.toml"]);
    for name in ["kind.accuracy", "kind.log_loss", "height.r2", "height.mae", "traits.micro_f1"] {
        assert!(said.contains(name), "{name}\n{said}");
    }
    let report = json(&folder, "4-evaluate/metrics.json");
    assert_eq!((&report["target"], &report["task"]), (&"kind".into(), &"classify".into()));
    assert!(metric(&report, "kind.accuracy") > 0.9, "{report}");
    let other = &report["others"][0];
    assert_eq!(
        (&other["target"], &other["task"], &other["unit"]),
        (&"height".into(), &"regress".into(), &"m".into())
    );
    assert!(metric(other, "height.r2") > 0.97, "{other}");
    let last = &report["others"][1];
    assert_eq!((&last["target"], &last["task"]), (&"traits".into(), &"multi_label".into()));
    assert!(metric(last, "traits.micro_f1") > 0.9, "{last}");
    let graph = json(&folder, "2-models/graph.json");
    let nodes = graph["nodes"].as_array().unwrap();
    let reads = |head: &str| {
        let node = nodes.iter().find(|node| node["name"] == head).unwrap();
        nodes[node["inputs"][0].as_u64().unwrap() as usize]["name"].clone()
    };
    assert_eq!([reads("head_kind"), reads("head_height"), reads("head_traits")], ["relu1", "trunk", "relu1"]);
    let history = json(&folder, "3-train/history.json");
    let weights = history["class_weights"].as_object().unwrap();
    let named: Vec<&String> = weights.keys().collect();
    assert_eq!(named, ["kind: ash", "kind: elm", "kind: oak"]);
    let mean = weights.values().map(|weight| weight.as_f64().unwrap()).sum::<f64>() / 3.0;
    assert!(mean >= 1.0 && weights.values().any(|weight| weight.as_f64() != Some(1.0)), "{weights:?}");
    let first = &history["epochs"][0]["valid_metrics"];
    assert_eq!((&first[0]["metric"], &first[1]["metric"]), (&"height.mae".into(), &"kind.accuracy".into()));
    let page = fs::read_to_string(folder.path().join("runs/trees-0001/4-evaluate/report.html")).unwrap();
    for part in [
        "Scores: <bdi>kind</bdi>",
        "Scores: <bdi>height</bdi>",
        "Scores: <bdi>traits</bdi>",
        "id=\"answers-2\"",
        "id=\"labels-3\"",
        "MAE of height, epoch by epoch",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "an id stands once");
    let manifest = json(&folder, "5-export/manifest.json");
    for format in manifest["formats"].as_array().unwrap() {
        let targets = format["parity"]["targets"].as_array().unwrap();
        assert_eq!(targets.len(), 3, "{format}");
    }
    answers(&folder);
}

fn answers(folder: &Scratch) {
    let said = succeed(folder, &["predict", "trees", "--json", "--set", "a=0.5", "--set", "b=-0.5"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["answers"]["kind"]["label"], "ash", "{said}");
    let height = &said["answers"]["height"];
    assert!((height["value"].as_f64().unwrap() - 24.0).abs() < 1.0 && height["unit"] == "m", "{said}");
    assert_eq!(said["answers"]["traits"]["labels"], serde_json::json!(["tall"]), "{said}");
    let shown = succeed(folder, &["predict", "trees", "--set", "a=0.5", "--set", "b=-0.5"]);
    for told in ["kind  ash", "height  2", "traits  tall"] {
        assert!(shown.contains(told), "{shown}");
    }
    folder.put("new.csv", "b,a\n-0.5,0.5\n0.9,0.9\n");
    let many = succeed(folder, &["predict", "trees", "new.csv"]);
    assert!(many.contains("kind") && many.contains("height") && many.contains("oak"), "{many}");
}

/// The same table, but a column for each label, and the number in two units.
pub(crate) fn flagged() -> String {
    let flags = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [height, a, b, kind, traits] = cells[..] else { unreachable!() };
        let yes = |label: &str| if traits.split('|').any(|own| own == label) { "yes" } else { "no" };
        let feet =
            height.parse::<f64>().map_or("feet".to_owned(), |height| format!("{:.3}", height / 0.3048));
        match height {
            "height" => format!("leafy,{line},tall,feet\n").replace(",traits", ""),
            _ => format!("{},{height},{a},{b},{kind},{},{feet}\n", yes("leafy"), yes("tall")),
        }
    };
    table().lines().map(flags).collect()
}

/// A head of columns that say yes or no, and one of columns of numbers, beside a class.
pub(crate) fn of_columns() -> String {
    let targets = "[{ column = \"kind\" }, { name = \"traits\", columns = [\"tall\", \"leafy\"], task = \"multi_label\", \
                   thresholds = { leafy = 0.4 } }, { name = \"size\", columns = [\"height\", \"feet\"], task = \"regress\" }]";
    let recipe = recipe();
    let told = |name: &str| {
        let from = recipe.find(name).unwrap();
        recipe[from..].lines().next().unwrap().to_owned()
    };
    let targets_before =
        recipe[recipe.find("targets = ").unwrap()..recipe.find("\n\n[models]").unwrap()].to_owned();
    recipe
        .replace(&targets_before, &format!("targets = {targets}"))
        .replace("heads = { height = \"trunk\" }", "heads = { traits = \"trunk\" }")
        .replace("best = [\"height.mae\", \"kind.accuracy\"]", "best = [\"traits.micro_f1\", \"size.r2\"]")
        .replace(
            &told("heads = { height = { loss"),
            "heads = { traits = { class_weights = \"balanced\", weight = 2 }, size = { loss = \"mae\" } }",
        )
}

pub(crate) fn folder_of_columns(recipe: &str) -> Scratch {
    let folder = Scratch::new("heads");
    folder.put("trees.csv", flagged());
    folder.put("recipe.toml", recipe);
    folder
}

#[test]
fn a_head_of_several_columns_goes_through_all_stages() {
    let folder = folder_of_columns(&of_columns());
    let said = succeed(&folder, &["pipeline", "recipe.toml"]);
    for name in ["kind.accuracy", "traits.micro_f1", "size.r2"] {
        assert!(said.contains(name), "{name}\n{said}");
    }
    let report = json(&folder, "4-evaluate/metrics.json");
    let (traits, size) = (&report["others"][0], &report["others"][1]);
    assert_eq!((&traits["target"], &traits["task"]), (&"traits".into(), &"multi_label".into()));
    assert!(metric(traits, "traits.micro_f1") > 0.9, "{traits}");
    let labels: Vec<&Value> =
        traits["classes"].as_array().unwrap().iter().map(|class| &class["label"]).collect();
    assert_eq!(labels, ["tall", "leafy"], "as the recipe lists the columns");
    assert!(metric(size, "size.r2") > 0.95 && size["columns"][1]["column"] == "feet", "{size}");
    let history = json(&folder, "3-train/history.json");
    let weights: Vec<&String> = history["class_weights"].as_object().unwrap().keys().collect();
    assert_eq!(weights, ["traits: leafy", "traits: tall"]);
    let manifest = json(&folder, "5-export/manifest.json");
    for format in manifest["formats"].as_array().unwrap() {
        assert_eq!(format["parity"]["targets"].as_array().unwrap().len(), 3, "{format}");
    }
    let one = ["predict", "trees", "--set", "a=0.5", "--set", "b=-0.5"];
    let answers: Value = serde_json::from_str(&succeed(&folder, &[&one[..], &["--json"]].concat())).unwrap();
    let answers = &answers["answers"];
    assert_eq!(answers["traits"]["labels"], serde_json::json!(["tall"]), "{answers}");
    let sizes = ["height", "feet"].map(|name| answers["size"]["values"][name].as_f64().unwrap());
    assert!((sizes[0] - 24.0).abs() < 1.0 && (sizes[1] - 24.0 / 0.3048).abs() < 4.0, "{answers}");
    let shown = succeed(&folder, &one);
    assert!(shown.contains("traits  tall") && shown.contains("size  height 2"), "{shown}");
    said_what_heads_read(&folder);
}

/// In the summary beside the network, and in its drawing.
fn said_what_heads_read(folder: &Scratch) {
    let run = folder.path().join("runs/trees-0001");
    let summary = fs::read_to_string(run.join("2-models/summary.txt")).unwrap();
    for line in [
        "head_kind reads relu1 [batch, 32]: 99 parameters\n",
        "head_traits reads trunk [batch, 32]: 66 parameters\n",
        "head_size reads relu1 [batch, 32]: 66 parameters\n",
    ] {
        assert!(summary.contains(line), "{line}\n{summary}");
    }
    let page = fs::read_to_string(run.join("4-evaluate/report.html")).unwrap();
    for part in ["dense of trunk", "head_traits: 66 parameters", "a head of relu1"] {
        assert!(page.contains(part), "{part}");
    }
}

/// Each seed of a recipe learns them, and all metrics of all heads are told over the seeds.
#[test]
fn seeds_tell_a_head_of_several_columns() {
    let folder = folder_of_columns(&of_columns().replace("epochs = 40", "epochs = 2"));
    let said = succeed(&folder, &["pipeline", "recipe.toml", "--set", "run.seed=[1, 2]"]);
    for name in ["kind.accuracy", "traits.micro_f1", "size.r2"] {
        assert!(said.contains(name), "{name}\n{said}");
    }
}

/// The parts of a batch add up to what the whole would lose, whatever the heads, though rows count by their classes.
#[test]
fn parts_of_a_batch_learn_as_the_whole() {
    let folder = folder(&recipe().replace("epochs = 40", "epochs = 2"));
    succeed(&folder, &["pipeline", "recipe.toml"]);
    succeed(&folder, &["pipeline", "recipe.toml", "--set", "train.micro_batch=7"]);
    let losses = |run: usize| {
        let path = folder.path().join(format!("runs/trees-000{run}/3-train/history.json"));
        let history: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        [0, 1].map(|epoch| {
            ["train_loss", "valid_loss"].map(|name| history["epochs"][epoch][name].as_f64().unwrap())
        })
    };
    for (whole, parts) in losses(1).as_flattened().iter().zip(losses(2).as_flattened()) {
        assert!((whole - parts).abs() < 1e-6 * whole, "{whole} {parts}");
    }
}

/// Only what a head counts has changed, and it moves the answers of the other.
#[test]
fn the_weight_of_a_head_counts() {
    let folder = folder(&recipe().replace("epochs = 40", "epochs = 1"));
    succeed(&folder, &["train", "recipe.toml"]);
    succeed(&folder, &["train", "recipe.toml", "--set", "train.heads.height.weight=5"]);
    let loss = |run: usize| {
        let path = folder.path().join(format!("runs/trees-000{run}/3-train/history.json"));
        let history: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        history["epochs"][0]["train_loss"].as_f64().unwrap()
    };
    assert!(loss(2) > 1.5 * loss(1), "{} {}", loss(1), loss(2));
}

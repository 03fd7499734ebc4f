//! Quantiles of a number in one head: from a table to files that agree and answers that people read.
use std::fs;

use baeum::{Counter, Rng};
use baeum_tests::{Scratch, baeum};
use serde_json::Value;

const ROWS: usize = 800;

/// A number around a line, and the wider around it the larger `b` is.
fn table() -> String {
    let mut drawn = vec![0.0f32; 3 * ROWS];
    Rng::new(9).stream("quantiles", "").fill_uniform(&mut drawn, Counter::once());
    let row = |drawn: &[f32]| {
        let [a, b, noise] = [drawn[0], drawn[1], drawn[2]].map(f64::from);
        format!("{a},{b},{}\n", 100.0 + 20.0 * a + (2.0 + 20.0 * b) * (noise - 0.5))
    };
    "a,b,price\n".to_owned() + &drawn.chunks(3).map(row).collect::<String>()
}

const RECIPE: &str = "\
[run]
name = \"prices\"

[data]
source = { csv = { path = \"prices.csv\" } }
target = \"price\"
quantiles = [0.1, 0.5, 0.9]
unit = \"EUR\"

[models.mlp]
hidden = [32]

[train]
epochs = 60
batch_size = 32
learning_rate = 0.01
best = \"pinball_loss\"

[export]
formats = [\"safetensors\", \"pth\", \"onnx\"]
";

/// The run of a recipe, in a folder of its own.
#[track_caller]
pub(crate) fn run(recipe: &str) -> Scratch {
    let folder = Scratch::new("quantiles");
    folder.put("prices.csv", table());
    folder.put("recipe.toml", recipe);
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    folder
}

pub(crate) fn quick() -> String {
    RECIPE.replace("epochs = 60", "epochs = 3")
}

/// Levels so near each other that the quantiles of a network that has hardly learned cross.
pub(crate) fn crossing() -> String {
    RECIPE.replace("epochs = 60", "epochs = 1").replace("[0.1, 0.5, 0.9]", "[0.48, 0.49, 0.5, 0.51]")
}

#[track_caller]
fn predict(folder: &Scratch, b: &str) -> Value {
    let b = format!("b={b}");
    let outcome = baeum(folder.path(), &["predict", "prices", "--json", "--set", "a=0.5", "--set", &b]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    serde_json::from_str::<Value>(&outcome.stdout).unwrap()["answers"]["price"].clone()
}

/// What the command shows to people.
fn shown(folder: &Scratch, given: &[&str]) -> String {
    let outcome = baeum(folder.path(), &[&["predict", "prices"], given].concat());
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    outcome.stdout
}

#[test]
fn quantiles_go_through_all_stages() {
    let folder = run(RECIPE);
    let of = |file: &str| {
        let path = folder.path().join("runs/prices-0001").join(file);
        serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap()
    };
    let report = of("4-evaluate/metrics.json");
    let pinball = &report["metrics"][0];
    assert_eq!((&pinball["name"], &report["unit"]), (&"pinball_loss".into(), &"EUR".into()));
    let [value, baseline] = ["value", "baseline"].map(|name| pinball[name].as_f64().unwrap());
    assert!(value < 0.7 * baseline, "{value} {baseline}");
    let quantiles = &report["quantiles"];
    assert_eq!(quantiles["each"].as_array().unwrap().len(), 3);
    let held = quantiles["held"].as_f64().unwrap();
    // 120 test rows: three standard errors of a share of 0.8.
    assert!((held - 0.8).abs() < 0.11 && quantiles["wanted"] == 0.8, "{quantiles}");
    let page = fs::read_to_string(folder.path().join("runs/prices-0001/4-evaluate/report.html")).unwrap();
    assert!(
        page.contains("Quantile by quantile") && page.contains("80\u{a0}% are meant"),
        "no table of quantiles"
    );
    for format in of("5-export/manifest.json")["formats"].as_array().unwrap() {
        assert_eq!(format["parity"]["targets"].as_array().unwrap().len(), 1, "{format}");
    }
    let width = |answer: &Value| {
        answer["values"]["0.9"].as_f64().unwrap() - answer["values"]["0.1"].as_f64().unwrap()
    };
    let (narrow, wide) = (predict(&folder, "0.1"), predict(&folder, "0.9"));
    assert!(width(&wide) > 2.0 * width(&narrow), "{narrow} {wide}");
    assert!((wide["values"]["0.5"].as_f64().unwrap() - 110.0).abs() < 5.0 && wide["unit"] == "EUR", "{wide}");
    folder.put("new.csv", "a,b\n0.5,0.9\n");
    let told = |level: &str| format!("q{level}={:.6}", wide["values"][level].as_f64().unwrap());
    let told = format!("{}  {}  {} EUR", told("0.1"), told("0.5"), told("0.9"));
    for given in [&["--set", "a=0.5", "--set", "b=0.9"][..], &["new.csv"]] {
        let said = shown(&folder, given);
        assert!(said.contains(&told), "{told}\n{said}");
    }
}

/// What is told, judged and exported is sorted, whatever the network yields.
#[test]
fn quantiles_that_cross_change_places() {
    let folder = run(&crossing());
    let path = folder.path().join("runs/prices-0001/4-evaluate");
    let report: Value = serde_json::from_slice(&fs::read(path.join("metrics.json")).unwrap()).unwrap();
    assert!(report["quantiles"]["crossed"].as_f64().unwrap() > 0.0, "{report}");
    let below: Vec<f64> = report["quantiles"]["each"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| level["below"].as_f64().unwrap())
        .collect();
    assert!(below.is_sorted(), "{below:?}");
    let page = fs::read_to_string(path.join("report.html")).unwrap();
    assert!(page.contains("of the rows two crossed as the network yields them"), "nothing is hidden");
    for b in ["0.1", "0.5", "0.9"] {
        let answer = predict(&folder, b);
        let told = ["0.48", "0.49", "0.5", "0.51"].map(|level| answer["values"][level].as_f64().unwrap());
        assert!(told.is_sorted(), "{answer}");
    }
}

/// Quantiles of one target beside a class: the loss of the one head is theirs, as nobody has to say.
#[test]
fn a_head_may_tell_quantiles() {
    let csv = table().replacen("price\n", "price,dear\n", 1);
    let dear = |line: &str| {
        let price: Option<f64> = line.rsplit(',').next().and_then(|cell| cell.parse().ok());
        price.map_or(line.to_owned(), |price| format!("{line},{}", if price > 110.0 { "yes" } else { "no" }))
    };
    let csv: String = csv.lines().map(|line| dear(line) + "\n").collect();
    let targets = "targets = [{ column = \"dear\" }, { column = \"price\", quantiles = [0.25, 0.75], unit = \"EUR\" }]\n";
    let recipe = quick()
        .replace("target = \"price\"\nquantiles = [0.1, 0.5, 0.9]\nunit = \"EUR\"\n", targets)
        .replace("best = \"pinball_loss\"", "best = \"price.pinball_loss\"");
    let folder = Scratch::new("quantiles");
    folder.put("prices.csv", csv);
    folder.put("recipe.toml", recipe);
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("price.coverage_error"), "{}", outcome.stdout);
    // Each head of an exported file is proven, and named where there are several.
    for words in [["safetensors ", " price "], ["safetensors ", " dear "]] {
        let proven = |line: &str| words.iter().all(|word| line.contains(word));
        assert!(outcome.stdout.lines().any(proven), "{words:?}\n{}", outcome.stdout);
    }
    let answer = predict(&folder, "0.5");
    assert_eq!(answer["values"].as_object().unwrap().keys().collect::<Vec<_>>(), ["0.25", "0.75"]);
}

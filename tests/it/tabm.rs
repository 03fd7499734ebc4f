//! TabM in both styles, with numbers in bins and a name: from a table to files that agree.
use std::fs;

use baeum_tests::{Scratch, baeum};
use serde_json::Value;

const ROWS: usize = 240;

/// Two waves of a number decide, and a name turns the answer round.
fn table() -> String {
    let row = |row: usize| {
        let a = (row * 37 % ROWS) as f64 / ROWS as f64;
        let shop = ["north", "south", "west"][row % 3];
        let is_high = (a * 4.0) as usize % 2 == 1;
        format!("{a},{},{shop},{}\n", row * 91 % 17, if is_high == (shop == "south") { "yes" } else { "no" })
    };
    "a,b,shop,sold\n".to_owned() + &(0..ROWS).map(row).collect::<String>()
}

const RECIPE: &str = "\
[run]
name = \"tabm\"

[data]
source = { csv = { path = \"shops.csv\" } }
target = \"sold\"
split = { stratified = { valid = 0.2, test = 0.3 } }

[data.fields]
a = { steps = [{ piecewise_linear = { count = 8 } }] }

[models.tabm]
members = 8
embedding = 4
hidden = [16, 16]
dropout = 0

[train]
epochs = 40
batch_size = 32
learning_rate = 0.02

[export]
formats = [\"safetensors\", \"pth\", \"onnx\"]
";

#[test]
fn both_styles_learn_and_their_files_agree() {
    let folder = Scratch::new("tabm");
    folder.put("shops.csv", table());
    folder.put("recipe.toml", RECIPE);
    for (run, style) in ["full", "mini"].into_iter().enumerate() {
        let style = format!("models.tabm.style={style}");
        let outcome = baeum(folder.path(), &["pipeline", "recipe.toml", "--set", &style]);
        assert_eq!(outcome.code, Some(0), "{style}\n{}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stdout.contains("onnx: each opened again and equal"), "{}", outcome.stdout);
        let file = format!("runs/tabm-{:04}/4-evaluate/metrics.json", run + 1);
        let report: Value = serde_json::from_slice(&fs::read(folder.path().join(file)).unwrap()).unwrap();
        let accuracy = report["metrics"][0]["value"].as_f64().unwrap();
        assert!(accuracy > 0.9, "{style}: {accuracy}");
        let said = baeum(
            folder.path(),
            &["predict", "tabm", "--json", "--set", "a=0.3", "--set", "b=3", "--set", "shop=south"],
        );
        let said: Value = serde_json::from_str(&said.stdout).unwrap();
        assert_eq!(said["answers"]["sold"]["label"], "yes", "{said}");
        let shares = said["answers"]["sold"]["probabilities"].as_array().unwrap();
        let sum: f64 = shares.iter().map(|share| share.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{said}");
    }
}

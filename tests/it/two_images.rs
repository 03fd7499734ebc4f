//! Two pictures of one row, front and back, into one network: each resized as its own column says, from a table to files that agree.
use std::fs;

use baeum_tests::{Scratch, baeum, pictures};
use serde_json::Value;

pub(crate) const ROWS: usize = 160;

/// Whether front and back are bright on the right; a ware is sold if both are.
fn bright(row: usize) -> [bool; 2] {
    [row % 2 == 1, row / 2 % 2 == 1]
}

/// The pictures of a row. Their numbers are even for those that are bright on the left.
pub(crate) fn photos(row: usize) -> [String; 2] {
    let side = |bright: bool| if bright { "right" } else { "left" };
    let [front, back] = bright(row).map(side);
    let turned = row & !3 | (row & 1) << 1 | row >> 1 & 1;
    [format!("fronts/{front}/{row:03}.png"), format!("backs/{back}/{turned:03}.png")]
}

fn table() -> String {
    let row = |row: usize| {
        let [front, back] = photos(row);
        format!("{front},{back},{}\n", if bright(row) == [true, true] { "yes" } else { "no" })
    };
    "front,back,sold\n".to_owned() + &(0..ROWS).map(row).collect::<String>()
}

const RECIPE: &str = "\
[run]
name = \"wares\"

[data]
source = { csv = { path = \"wares.csv\" } }
target = \"sold\"
split = { stratified = { valid = 0.2, test = 0.3 } }

[data.fields]
front = { kind = \"image\", steps = [{ resize = { height = 8, width = 8 } }, { scale = { factor = 0.01 } }] }

[data.fields.back]
kind = { image = { channels = \"grey\" } }
steps = [{ resize = { height = 6, width = 10, filter = \"bicubic\" } }, { scale = { factor = 0.004 } }]
augment = [{ shift = { pixels = 1 } }]

[data.inputs]
seen = { fields = \"front\" }
behind = { fields = \"back\" }

[models]
layers = [
    { layer = \"flatten\", from = [\"seen\"] },
    { name = \"front\", layer = { dense = { units = 8 } } },
    { layer = \"flatten\", from = [\"behind\"] },
    { name = \"back\", layer = { dense = { units = 8 } } },
    { layer = \"concat\", from = [\"front\", \"back\"] },
    \"relu\",
    { dense = { units = 8 } },
    \"relu\",
]

[train]
epochs = 25
batch_size = 16
learning_rate = 0.01

[export]
formats = [\"safetensors\", \"pth\", \"onnx\"]
";

/// The wares of a run through all stages, and what it said.
pub(crate) fn wares() -> (Scratch, String) {
    let folder = Scratch::new("wares");
    for side in ["fronts", "backs"] {
        pictures(&folder, side, ROWS);
    }
    folder.put("wares.csv", table());
    folder.put("recipe.toml", RECIPE);
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    (folder, outcome.stdout)
}

/// What is answered to each row of the table.
pub(crate) fn answers(folder: &Scratch) -> Vec<Value> {
    let outcome = baeum(folder.path(), &["predict", "wares", "wares.csv", "--json"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["answers"]["sold"].clone();
    outcome.stdout.lines().map(line).collect()
}

#[test]
fn two_pictures_of_a_row_go_through_all_stages() {
    let (folder, said) = wares();
    assert!(said.contains("onnx: each opened again and equal"), "{said}");
    let read = |file: &str| fs::read(folder.path().join("runs/wares-0001").join(file)).unwrap();
    let report: Value = serde_json::from_slice(&read("4-evaluate/metrics.json")).unwrap();
    let accuracy = report["metrics"][0]["value"].as_f64().unwrap();
    assert!(accuracy > 0.9, "a picture alone is right in three of four rows, got {accuracy}");
    let manifest: Value = serde_json::from_slice(&read("5-export/manifest.json")).unwrap();
    assert_eq!(manifest["formats"].as_array().unwrap().len(), 3, "{manifest}");
    let many = answers(&folder);
    assert_eq!(many.len(), ROWS);
    let [front, back] = photos(3).map(|path| path.replace('\\', "/"));
    let (front, back) = (format!("front={front}"), format!("back={back}"));
    let one = baeum(folder.path(), &["predict", "wares", "--json", "--set", &front, "--set", &back]);
    assert_eq!(one.code, Some(0), "{}", one.stderr);
    let one: Value = serde_json::from_str(&one.stdout).unwrap();
    assert_eq!(one["answers"]["sold"], many[3]);
    let without = baeum(folder.path(), &["predict", "wares", "--set", &front]);
    assert!(without.code != Some(0) && without.stderr.contains("back"), "{}", without.stderr);
}

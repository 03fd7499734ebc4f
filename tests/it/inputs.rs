//! An image, a text, a number and a name of one row into one network: from a table to files that agree and answers that people
//! read.
use std::fs;
use std::path::Path;

use baeum_tests::{Outcome, Scratch, baeum, pictures_of_size};
use serde_json::Value;

const ROWS: usize = 160;

/// What photo, review and price of a row say; each by itself is right in three of four rows.
fn votes(row: usize) -> [bool; 3] {
    [row % 2 == 1, row / 2 % 2 == 1, row / 4 % 2 == 1]
}

fn photo(row: usize) -> String {
    format!("shots/{}/{row:03}.png", ["left", "right"][row % 2])
}

fn table() -> String {
    let row = |row: usize| {
        let [right, good, dear] = votes(row);
        let sold = [right, good, dear].into_iter().filter(|vote| *vote).count() > 1;
        let review = format!("a {} {}", if good { "fine" } else { "dull" }, ["thing", "piece"][row / 8 % 2]);
        let price = if dear { 20.0 } else { 10.0 } + (row % 7) as f64 / 2.0;
        let shop = ["north", "south", "west"][row % 3];
        format!("{},{review},{price},{shop},{}\n", photo(row), if sold { "yes" } else { "no" })
    };
    "photo,review,price,shop,sold\n".to_owned() + &(0..ROWS).map(row).collect::<String>()
}

pub(crate) const DATA: &str = "\
[run]
name = \"goods\"

[data]
source = { csv = { path = \"goods.csv\" } }
target = \"sold\"

[data.fields]
photo = { kind = \"image\", steps = [{ resize = { height = 8, width = 8 } }, { scale = { factor = 0.01 } }] }
review = { steps = [{ tokenise = { by = \"word\", vocabulary = 20, length = 4 } }] }

[data.inputs]
seen = { fields = \"photo\" }
words = { fields = \"review\" }
rest = { fields = [\"price\", \"shop\"] }
";

const NETWORK: &str = "
[models]
layers = [
    { layer = \"flatten\", from = [\"seen\"] },
    { name = \"photo\", layer = { dense = { units = 8 } } },
    { layer = { embedding = { vocabulary = 20, units = 8 } }, from = [\"words\"] },
    { name = \"review\", layer = \"mean_over_time\" },
    { layer = \"concat\", from = [\"photo\", \"review\", \"rest\"] },
    { dense = { units = 16 } },
    \"relu\",
]

[train]
epochs = 25
batch_size = 16
learning_rate = 0.02

[export]
formats = [\"safetensors\", \"pth\", \"onnx\"]
";

/// The table with its photos.
pub(crate) fn goods() -> Scratch {
    let folder = Scratch::new("inputs");
    pictures_of_size(&folder, "shots", ROWS, (8, 8));
    folder.put("goods.csv", table());
    folder
}

#[track_caller]
fn succeed(folder: &Path, args: &[&str]) -> Outcome {
    let outcome = baeum(folder, args);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    outcome
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn an_image_a_text_and_numbers_go_through_all_stages() {
    let folder = goods();
    folder.put("recipe.toml", format!("{DATA}{NETWORK}"));
    let outcome = succeed(folder.path(), &["pipeline", "recipe.toml"]);
    let run = folder.path().join("runs/goods-0001");
    let report = json(&run.join("4-evaluate/metrics.json"));
    let accuracy = report["metrics"][0]["value"].as_f64().unwrap();
    assert!(accuracy > 0.9, "no input alone is right in more than three of four rows, got {accuracy}");
    let summary = fs::read_to_string(run.join("2-models/summary.txt")).unwrap();
    for (name, layer) in
        [("rest", "input"), ("seen", "input"), ("words", "input"), ("words_lengths", "lengths")]
    {
        let is_line = |line: &str| line.split_whitespace().take(2).eq([name, layer]);
        assert!(summary.lines().any(is_line), "{name}\n{summary}");
    }
    let manifest = json(&run.join("5-export/manifest.json"));
    let proven = manifest["formats"].as_array().unwrap();
    assert_eq!(proven.len(), 3, "{manifest}");
    assert!(outcome.stdout.contains("onnx: each opened again and equal"), "{}", outcome.stdout);
    predicts_alike(&folder);
}

/// A record that is typed, and the same one in a table.
#[track_caller]
fn predicts_alike(folder: &Scratch) {
    for row in [5, 8] {
        let line = table().lines().nth(row + 1).unwrap().to_owned();
        let cells: Vec<&str> = line.split(',').collect();
        let typed = ["photo", "review", "price", "shop"]
            .iter()
            .zip(&cells)
            .map(|(name, cell)| format!("{name}={cell}"));
        let typed: Vec<String> = typed.flat_map(|word| ["--set".to_owned(), word]).collect();
        let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
        let one = succeed(folder.path(), &[&["predict", "goods", "--json"], &typed[..]].concat()).stdout;
        // In a folder of its own, where the same photo lies too.
        folder.put(&format!("later/{}", cells[0]), fs::read(folder.path().join(cells[0])).unwrap());
        folder.put(
            "later/new.csv",
            format!("price,photo,shop,review\n{},{},{},{}\n", cells[2], cells[0], cells[3], cells[1]),
        );
        let many = succeed(folder.path(), &["predict", "goods", "later/new.csv", "--json"]).stdout;
        let [one, many] = [one, many].map(|line| serde_json::from_str::<Value>(&line).unwrap());
        assert_eq!(one["answers"], many["answers"]);
        assert_eq!(one["answers"]["sold"]["label"], cells[4], "{one}");
    }
    let absent = baeum(
        folder.path(),
        &[
            "predict",
            "goods",
            "--set",
            "photo=no.png",
            "--set",
            "review=a",
            "--set",
            "price=1",
            "--set",
            "shop=west",
        ],
    );
    assert_eq!(absent.code, Some(4), "{}", absent.stderr);
    assert!(absent.stderr.contains("no.png"), "{}", absent.stderr);
}

/// The numbers of a photo, kept in the cache for later runs, do not become those of another input.
#[test]
fn a_second_run_reads_the_numbers_of_the_first() {
    let folder = goods();
    folder.put("recipe.toml", format!("{DATA}{NETWORK}").replace("epochs = 25", "epochs = 2"));
    let weights = |number: usize| {
        fs::read(folder.path().join(format!("runs/goods-000{number}/5-export/model.safetensors"))).unwrap()
    };
    succeed(folder.path(), &["pipeline", "recipe.toml"]);
    let again = ["pipeline", "recipe.toml", "--set", "train.checkpoint.keep=3"];
    succeed(folder.path(), &again);
    assert_eq!(weights(1), weights(2));
}

//! What rows that judge say changes nothing that was learned: not one byte of steps, network, weights, history or files.
use std::fs;

use baeum_tests::{Scratch, baeum};

/// Rows of numbers, names, words and dates; what those for test say is up to `unseen`.
fn table(unseen: impl Fn(usize) -> String) -> String {
    let row = |row: usize| {
        let part = ["train", "train", "valid", "test"][row % 4];
        let cells = match part {
            "test" => unseen(row),
            _ => {
                let word = ["plain", "good bad", "배움", "odd even odd"][row * 7 % 4];
                format!(
                    "{},{},name {},word {word} {},2026-0{}-11",
                    row * 7 % 13,
                    row * 5 % 11,
                    row % 5,
                    row % 9,
                    row % 9 + 1
                )
            }
        };
        format!("{cells},{},{part}\n", ["u", "v"][row / 4 % 2])
    };
    "n,m,name,words,day,y,part\n".to_owned() + &(0..120).map(row).collect::<String>()
}

const RECIPE: &str = "\
[run]
name = \"unseen\"

[data]
source = { csv = { path = \"table.csv\" } }
target = \"y\"
split = { column = { name = \"part\" } }
audit = { allow = [\"rows\", \"texts\", \"target\"] }
IGNORE
[data.fields]
STEPS

[models.mlp]
hidden = [6]
dropout = 0.1

[train]
epochs = 3
batch_size = 16
class_weights = \"balanced\"

[export]
formats = [\"safetensors\", \"onnx\"]
";

/// The files of all stages in which no row for test stands.
const LEARNED: [&str; 7] = [
    "1-data/transforms.json",
    "1-data/schema.json",
    "2-models/graph.json",
    "2-models/init.safetensors",
    "3-train/history.json",
    "3-train/predictor/weights.safetensors",
    "5-export/model.safetensors",
];

#[test]
fn no_value_of_a_test_row_changes_a_byte_of_what_is_learned() {
    let numbers = "n.steps = [{ impute = { flag = true } }, \"quantile\"]\nm.steps = [{ clip = { quantiles = [0.1, 0.9] } }, \"robust\"]\n\
                   name.steps = [{ category = { min_rows = 2 } }, \"one_hot\"]\nday.steps = [\"date_parts\", \"standardise\"]";
    let bpe = "words.steps = [{ tokenise = { by = \"bpe\", vocabulary = 280, length = 6 } }]";
    for (ignore, steps, layers) in [
        ("ignore = [\"words\"]\n", numbers, None),
        ("ignore = [\"n\", \"m\", \"name\", \"day\"]\n", bpe, Some("[models.text_cnn]\nfilters = 4\n")),
    ] {
        let mlp = "[models.mlp]\nhidden = [6]\ndropout = 0.1\n";
        let recipe =
            RECIPE.replace("IGNORE", ignore).replace("STEPS", steps).replace(mlp, layers.unwrap_or(mlp));
        let learned = |unseen: &dyn Fn(usize) -> String| {
            let folder = Scratch::new("unseen");
            folder.put("table.csv", table(unseen));
            folder.put("recipe.toml", &recipe);
            let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
            assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
            let read = |name: &str| fs::read(folder.path().join("runs/unseen-0001").join(name)).unwrap();
            LEARNED.map(read)
        };
        let usual = learned(&|row| format!("{row}.5,1,name 1,word plain,2026-02-03"));
        let odd: [&dyn Fn(usize) -> String; 3] = [
            &|row| format!("1e30,-1e3{},another {row},{},1999-12-31", row % 8, "unheard of ".repeat(50)),
            &|_| ",7,,이름,2026-01-01".to_owned(),
            &|row| format!("-{row},0,name 0,\u{1f468},2400-02-29"),
        ];
        for unseen in odd {
            for (name, (found, usual)) in LEARNED.iter().zip(learned(unseen).iter().zip(&usual)) {
                assert!(found == usual, "{name} of {steps}");
            }
        }
    }
}

//! Dates: pandas takes them apart, and ONNX Runtime answers as the run did.
use std::fs;

use baeum_tests::{Scratch, baeum};

use super::python;

const RECIPE: &str = r#"[run]
name = "dates"

[data]
source = { csv = { path = "dates.csv" } }
target = "y"

[data.fields.when]
kind = "date"
steps = STEPS

[models.mlp]
hidden = [8]

[train]
epochs = 2

[export]
formats = ["onnx"]
"#;

/// Moments of two centuries, the days among them that not every year has, and some that are missing.
fn table() -> String {
    let row = |row: usize| {
        let (year, month, day) = match row % 9 {
            0 => (1904 + row / 9 * 4, 2, 29),
            1 => (1900 + row / 3, 12, 31),
            _ => (1900 + row / 3, 1 + row * 7 % 12, 1 + row * 11 % 28),
        };
        let when = match row % 31 {
            7 => String::new(),
            _ => format!("{year}-{month:02}-{day:02} {:02}:{:02}", row * 5 % 24, row * 13 % 60),
        };
        format!("{when},{}\n", row * 37 % 101)
    };
    "when,y\n".to_owned() + &(0..450).map(row).collect::<String>()
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_onnx_runtime_reckons_the_parts_of_dates() {
    let folder = Scratch::new("dates");
    folder.put("dates.csv", table());
    let parts = r#"parts = ["year", "month", "day", "weekday", "hour", "minute", "day_of_year"]"#;
    let rest = r#"{ impute = { with = "mean" } }, "standardise""#;
    for (name, cyclic) in [("parts", false), ("circles", true)] {
        let steps = format!("[{{ date_parts = {{ {parts}, cyclic = {cyclic} }} }}, {rest}]");
        folder.put("recipe.toml", RECIPE.replace("STEPS", &steps));
        let outcome = baeum(folder.path(), &["pipeline", "recipe.toml", "--runs", name]);
        assert_eq!(outcome.code, Some(0), "{name}: {}{}", outcome.stdout, outcome.stderr);
        let run = folder.path().join(name).join("dates-0001");
        for file in ["5-export/model.onnx", "4-evaluate/predictions.parquet"] {
            let last = file.rsplit('/').next().unwrap_or(file);
            folder.put(&format!("cases/{name}/{last}"), fs::read(run.join(file)).unwrap());
        }
    }
    python("BAEUM_PYTHON", "dates.py", folder.path());
}

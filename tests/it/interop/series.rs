//! Windows of series: NumPy and statsmodels cut the same ones, and ONNX Runtime forecasts from them what the run did.
use std::fs;

use baeum_tests::{Scratch, baeum};
use serde_json::json;

use super::python;

const WINDOW: usize = 12;
const HORIZON: usize = 5;

/// Two shops, their days in no order; the level of sales goes up and the weather is missing now and then.
fn table() -> String {
    let mut rows: Vec<String> = vec![];
    for day in 0..120_u32 {
        for (shop, scale) in [("north", 3.0), ("south", 50.0)] {
            let date = format!("2026-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
            let week = [0.0, 1.0, 2.0, 1.0, 3.0, 8.0, 6.0][day as usize % 7];
            let sold = scale * (week + f64::from(day) / 20.0) + f64::from(day * 37 % 11) / 8.0;
            let warm = if day % 31 == 7 { String::new() } else { format!("{}", day * 13 % 29) };
            rows.push(format!("{date},{shop},{sold},{warm}\n"));
        }
    }
    rows.sort_by_key(|row| row.bytes().map(u32::from).sum::<u32>() * 7919 % 241);
    "day,shop,sold,warm\n".to_owned() + &rows.concat()
}

fn recipe(steps: &str, model: &str) -> String {
    format!(
        "[run]\nname = \"shops\"\n\n[data]\nsource = {{ csv = {{ path = \"shops.csv\" }} }}\ntarget = \"sold\"\n\
         series = {{ time = \"day\", group = \"shop\", window = {WINDOW}, horizon = {HORIZON}, season = 7 }}\n\
         split = {{ moments = {{ valid = \"2026-04\", test = \"2026-04-15\" }} }}\n\n\
         [data.fields.series]\nsteps = {steps}\n\n[models]\n{model}\n\n[train]\nepochs = 2\n\n\
         [export]\nformats = [\"onnx\"]\n"
    )
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_numpy_cuts_the_same_windows() {
    let folder = Scratch::new("series");
    folder.put("shops.csv", table());
    let (mean, hidden) =
        (r#"{ impute = { with = "mean" } }"#, "layers = [\"flatten\", { dense = { units = 8 } }]");
    let lstm = "layers = [{ lstm = { units = 6, returns = \"last\" } }]";
    let cases = [
        ("plain", format!("[{mean}, \"standardise\"]"), hidden),
        ("last", format!("[{mean}, \"standardise\", \"normalise_window\"]"), hidden),
        ("mean", format!("[{mean}, {{ normalise_window = {{ by = \"mean\" }} }}, \"steps_first\"]"), lstm),
        ("seasonal", format!("[{mean}, {{ difference = {{ lag = 7 }} }}]"), hidden),
    ];
    for (name, steps, model) in cases {
        folder.put("recipe.toml", recipe(&steps, model));
        let outcome = baeum(folder.path(), &["pipeline", "recipe.toml", "--runs", name]);
        assert_eq!(outcome.code, Some(0), "{name}: {}{}", outcome.stdout, outcome.stderr);
        let run = folder.path().join(name).join("shops-0001");
        for file in ["5-export/model.onnx", "4-evaluate/predictions.parquet"] {
            let last = file.rsplit('/').next().unwrap_or(file);
            folder.put(&format!("cases/{name}/{last}"), fs::read(run.join(file)).unwrap());
        }
    }
    let case = json!({
        "window": WINDOW, "horizon": HORIZON, "time": "day", "group": "shop", "channels": ["sold", "warm"],
        "target": "sold", "test": "2026-04-15",
    });
    folder.put("case.json", case.to_string());
    python("BAEUM_PYTHON", "series.py", folder.path());
}

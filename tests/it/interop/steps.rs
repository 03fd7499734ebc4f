//! Steps of preprocessing: scikit-learn, NumPy and pandas fit and apply the same ones to the same rows.
use std::sync::Arc;

use baeum::data::{DataConfig, Place, prepare};
use baeum::fs::RealFs;
use baeum::{Counter, Rng};
use baeum_tests::Scratch;
use serde_json::{Value, json};

use super::python;

/// Each row of the table trains, chooses or judges; the last ones hold names and numbers that training never saw.
const ROWS: usize = 400;
const TRAIN: usize = 300;

/// All parts of a date.
const PARTS: [&str; 7] = ["year", "month", "day", "weekday", "hour", "minute", "day_of_year"];

/// The steps that have a counterpart, as a recipe writes them, by the field they act on.
fn cases() -> Vec<(&'static str, &'static str, Value)> {
    let impute = |with: Value| json!([{ "impute": { "with": with } }]);
    let filled = |step: Value| json!([{ "impute": { "with": "median" } }, step]);
    vec![
        ("standardise", "x", filled(json!("standardise"))),
        ("standardise far from zero", "far", json!(["standardise"])),
        ("robust", "x", filled(json!("robust"))),
        ("log1p", "x", filled(json!("log1p"))),
        ("clip by bounds", "x", filled(json!({ "clip": { "low": 2.5, "high": 40 } }))),
        ("clip by quantiles", "x", filled(json!({ "clip": { "quantiles": [0.05, 0.9] } }))),
        ("quantile normal", "x", filled(json!("quantile"))),
        ("quantile normal, few", "x", filled(json!({ "quantile": { "quantiles": 20 } }))),
        ("quantile uniform", "x", filled(json!({ "quantile": { "quantiles": 100, "output": "uniform" } }))),
        ("impute mean", "x", impute(json!("mean"))),
        ("impute median", "x", impute(json!("median"))),
        ("impute mode", "x", impute(json!("mode"))),
        ("impute constant", "x", impute(json!({ "constant": -4.5 }))),
        ("impute with flag", "x", json!([{ "impute": { "with": "mean", "flag": true } }])),
        ("bins by quantile", "x", filled(json!({ "bins": { "count": 7 } }))),
        ("bins by width", "far", json!([{ "bins": { "count": 6, "by": "width" } }, "one_hot"])),
        ("piecewise_linear", "x", filled(json!({ "piecewise_linear": { "count": 6 } }))),
        ("ordinal", "name", json!(["category"])),
        ("one_hot", "name", json!(["category", "one_hot"])),
        ("date_parts", "when", json!([{ "date_parts": { "parts": PARTS } }])),
        ("date_parts on circles", "when", json!([{ "date_parts": { "parts": PARTS, "cyclic": true } }])),
        ("one_hot of the frequent", "name", json!([{ "category": { "min_rows": 12 } }, "one_hot"])),
    ]
}

/// Skewed numbers with ties and gaps, numbers far from zero, names of which some are rare, moments.
fn table() -> (String, Value) {
    let mut drawn = vec![0.0; ROWS * 3];
    Rng::new(5).stream("table", "").fill_uniform(&mut drawn, Counter::once());
    let mut csv = "x,far,name,when,y,part\n".to_owned();
    let (mut x, mut far, mut names, mut moments) = (vec![], vec![], vec![], vec![]);
    for (row, draw) in drawn.chunks_exact(3).enumerate() {
        let number = (draw[0].powi(3) * 1000.0).round() / 8.0; // many small ones are equal
        let there = row % 17 != 3;
        let apart = -122.0 + (draw[1] * 4096.0).round() / 2048.0;
        let name = format!("n{}", (draw[2].powi(2) * 24.0) as usize + row / TRAIN * 3);
        let part = if row < TRAIN { "train" } else { "test" };
        let cell = if there { number.to_string() } else { String::new() };
        let moment = moment(row);
        csv += &format!("{cell},{apart},{name},{moment},{},{part}\n", row % 2);
        moments.push(moment);
        x.push(there.then_some(number));
        far.push(apart);
        names.push(name);
    }
    (csv, json!({ "x": x, "far": far, "name": names, "when": moments }))
}

/// Moments of two centuries, the days among them that not every year has.
fn moment(row: usize) -> String {
    let (year, month, day) = match row % 20 {
        0 => (1904 + row / 20 * 8, 2, 29),
        1 => (1900 + row / 2, 12, 31),
        _ => (1900 + row / 2, 1 + row * 7 % 12, 1 + row * 11 % 28),
    };
    format!("{year}-{month:02}-{day:02} {:02}:{:02}", row * 5 % 24, row * 13 % 60)
}

/// What the steps make of all rows, fitted to those that train.
fn encoded(folder: &Scratch, field: &str, steps: &Value) -> Value {
    let others: Vec<&str> = ["x", "far", "name", "when"].into_iter().filter(|name| *name != field).collect();
    let config: DataConfig = serde_json::from_value(json!({
        "source": { "csv": { "path": "table.csv" } },
        "target": "y",
        "task": "classify",
        "ignore": others,
        "split": { "column": { "name": "part" } },
        "fields": { field: { "steps": steps } },
    }))
    .unwrap();
    let (base, limits) = (folder.path().to_owned(), baeum::Limits::default());
    let place = Place {
        fs: Arc::new(RealFs),
        base,
        folders: vec![],
        limits,
        seed: 1,
        progress: Default::default(),
        cache: None,
    };
    let dataset = prepare(&config.check().unwrap(), &place).unwrap().dataset;
    let batch = dataset.source.batch(&(0..ROWS).collect::<Vec<_>>()).unwrap();
    json!({ "shape": batch.inputs["x"].shape(), "data": batch.inputs["x"].to_f64s() })
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_scikit_learn_agrees_with_our_steps() {
    let folder = Scratch::new("steps");
    let (csv, columns) = table();
    folder.put("table.csv", csv);
    for (place, (name, field, steps)) in cases().into_iter().enumerate() {
        let encoded = encoded(&folder, field, &steps);
        let case = json!({ "name": name, "steps": steps, "train": TRAIN, "column": columns[field], "encoded": encoded });
        folder.put(&format!("{place:02}.json"), case.to_string());
    }
    python("BAEUM_PYTHON", "steps.py", folder.path());
}

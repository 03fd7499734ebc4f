//! Quantiles: scikit-learn has their pinball loss, ONNX Runtime answers as the run did.
use std::fs;

use baeum_tests::Scratch;

use super::python;
use crate::quantiles::{crossing, quick, run};

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_scikit_learn_judges_quantiles_alike() {
    judged_alike(&quick());
    judged_alike(&crossing());
}

fn judged_alike(recipe: &str) {
    let (together, folder) = (Scratch::new("judged"), run(recipe));
    let run = folder.path().join("runs/prices-0001");
    for file in ["4-evaluate/metrics.json", "4-evaluate/predictions.parquet", "5-export/model.onnx"] {
        together.put(file.rsplit('/').next().unwrap_or(file), fs::read(run.join(file)).unwrap());
    }
    together.put("prices.csv", fs::read(folder.path().join("prices.csv")).unwrap());
    python("BAEUM_PYTHON", "quantiles.py", together.path());
}

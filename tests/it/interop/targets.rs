//! Several labels and several numbers: scikit-learn judges them as the run did, ONNX Runtime answers as it did.
use std::fs;

use baeum_tests::Scratch;
use serde_json::Value;

use super::python;
use crate::targets::{listed, numbers, recipe, run};

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_scikit_learn_judges_several_targets_alike() {
    let together = Scratch::new("judged");
    let cases = [
        ("labels", listed(), recipe("\"sky\"", "multi_label", "thresholds = { windy = 0.3 }\n")),
        ("numbers", numbers(), recipe("[\"price\", \"rent\"]", "regress", "")),
    ];
    for (name, csv, recipe) in cases {
        // A few epochs leave mistakes to count.
        let (folder, _) = run(csv, recipe.replace("epochs = 60", "epochs = 3"));
        let run = folder.path().join("runs/sky-0001");
        for file in ["4-evaluate/metrics.json", "4-evaluate/predictions.parquet", "5-export/model.onnx"] {
            let last = file.rsplit('/').next().unwrap_or(file);
            together.put(&format!("{name}/{last}"), fs::read(run.join(file)).unwrap());
        }
        together.put(&format!("{name}/sky.csv"), fs::read(folder.path().join("sky.csv")).unwrap());
        let fitted: Value =
            serde_json::from_slice(&fs::read(run.join("1-data/transforms.json")).unwrap()).unwrap();
        together.put(&format!("{name}/std.json"), fitted["stats"][0]["columns"]["std"].to_string());
    }
    python("BAEUM_PYTHON", "targets.py", together.path());
}

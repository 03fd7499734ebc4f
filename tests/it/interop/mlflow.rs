//! MLflow's own client reads the runs that we write.
use std::fs;

use baeum_tests::{Scratch, baeum};
use serde_json::{Value, json};

use super::python;

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_mlflow_reads_our_runs() {
    let folder = Scratch::new("mlflow");
    folder.copy("datasets/iris/recipe.toml");
    folder.copy("datasets/iris/iris.csv");
    let args = ["train", "recipe.toml", "--set", "train.epochs=6", "--set", "run.mlflow=true"];
    let outcome = baeum(folder.path(), &args);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let history = fs::read(folder.path().join("runs/iris-0001/3-train/history.json")).unwrap();
    let history: Value = serde_json::from_slice(&history).unwrap();
    let epochs = history["epochs"].as_array().unwrap();
    let curve = |key: &str| epochs.iter().map(|epoch| json!([epoch["step"], epoch[key]])).collect::<Vec<_>>();
    let metrics =
        ["train_loss", "valid_loss", "learning_rate"].map(|name| (name.to_owned(), json!(curve(name))));
    let expected = json!({
        "name": "iris",
        "run": "iris-0001",
        "params": { "train.epochs": "6", "models.mlp.hidden": "[16]", "run.device": "cpu" },
        "metrics": metrics.into_iter().collect::<serde_json::Map<_, _>>(),
    });
    folder.put("expected.json", expected.to_string());
    python("BAEUM_PYTHON", "mlflow_runs.py", folder.path());
}

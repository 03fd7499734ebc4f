//! Other people's software opens what we write and agrees on real rows. `cargo xtask interop` brings the Python environments.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use baeum::export::{ExportConfig, Format, encode, read_pth};
use baeum::models::{Runner, RunnerConfig};
use baeum::{Batch, Counter, DType, Graph, Limits, Network, Predictor, Rng, Tensor};
use baeum_tests::{NAMES, Scratch, baeum, cases, predictor, root};
use serde_json::{Value, json};

mod dates;
mod filters;
mod folders;
mod heads;
mod images;
mod learning;
mod mlflow;
mod quantiles;
mod results;
mod series;
mod steps;
mod tables;
mod tables_public;
mod tabm;
mod targets;
mod tensorboard;
mod texts;

const ROWS: usize = 5;

/// Runs a script of `tests/interop` over `folder`.
#[track_caller]
fn python(variable: &str, script: &str, folder: &Path) {
    let python = std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} names no Python; run `cargo xtask interop`"));
    let output = Command::new(python)
        .arg(root().join("tests/interop").join(script))
        .arg(folder)
        .env("CUDA_VISIBLE_DEVICES", "")
        .output()
        .unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}:\n{said}\n{wrong}");
    let checked = said.lines().filter(|line| line.starts_with("{\"checked\"")).count();
    assert!(checked > 0, "{script} checked nothing");
}

/// Rows for a case's input: numbers on both sides of zero, or ids that its embedding has.
fn batch(graph: &Graph, dtype: DType, shape: &[usize]) -> Batch {
    let sizes: Vec<usize> = [ROWS].into_iter().chain(shape.iter().copied()).collect();
    let mut numbers = vec![0.0; sizes.iter().product()];
    Rng::new(11).stream("rows", "").fill_uniform(&mut numbers, Counter::once());
    let tensor = match dtype {
        // Each row ends in more padding than the one before.
        DType::I64 => {
            let is_padding = |i: usize| i % shape[0] + i / shape[0] % (shape[0] + 1) >= shape[0];
            let id = |(i, x): (usize, &f32)| if is_padding(i) { 0 } else { (x * 7.0) as i64 };
            Tensor::new(sizes, numbers.iter().enumerate().map(id).collect::<Vec<_>>())
        }
        DType::F32 | DType::F64 | DType::U8 => {
            Tensor::new(sizes, numbers.iter().map(|x| x * 4.0 - 2.0).collect::<Vec<_>>())
        }
    };
    let name = graph.inputs().next().unwrap().name.clone();
    Batch { rows: ROWS, inputs: BTreeMap::from([(name, tensor.unwrap())]), targets: vec![] }
}

fn written(tensor: &Tensor) -> Value {
    let dtype = if tensor.dtype() == DType::I64 { "int64" } else { "float32" };
    json!({ "shape": tensor.shape(), "dtype": dtype, "data": tensor.to_f64s() })
}

/// The same rows as the exported file takes them: numbers side by side, or a column of names for each id.
fn fields(x: &Tensor) -> Value {
    let width = x.len() / ROWS;
    match x.i64s() {
        Err(_) => json!({ "x": { "shape": [ROWS, width], "dtype": "float32", "data": x.to_f64s() } }),
        Ok(ids) => {
            let name = |id: &i64| usize::try_from(id - 1).map_or("none", |place| NAMES[place]);
            let column = |i: usize| json!({ "shape": [ROWS, 1], "dtype": "object", "data": ids.iter().skip(i).step_by(width).map(name).collect::<Vec<_>>() });
            (0..width).map(|i| (format!("x{i}"), column(i))).collect::<serde_json::Map<_, _>>().into()
        }
    }
}

/// One folder for each case: its files, its rows, and what our network yields for them.
fn write_cases(folder: &Scratch) -> Vec<(String, Predictor)> {
    let plan = ExportConfig::default().check().unwrap();
    let mut written_cases = vec![];
    for (name, graph) in cases() {
        let predictor = predictor(graph);
        let (input, spec) = (predictor.inputs[0].clone(), predictor.inputs[0].shape.clone());
        let batch = batch(&predictor.graph, input.dtype, &spec);
        let mut network = Runner::new(&predictor.graph, &predictor.weights, RunnerConfig::default()).unwrap();
        let outputs = network.predict(&batch).unwrap().to_vec();
        let x = &batch.inputs[&input.name];
        let file = |path: &str| format!("{}/{path}", name.replace(' ', "-"));
        for format in Format::ALL {
            for (path, bytes) in
                encode(format, &predictor, &plan).unwrap_or_else(|error| panic!("{name}: {error}")).0
            {
                folder.put(&file(&path), bytes);
            }
        }
        let case = json!({
            "graph": predictor.graph,
            "inputs": fields(x),
            "network_inputs": { input.name.clone(): written(x) },
            "network_outputs": outputs.iter().map(written).collect::<Vec<_>>(),
            "outputs": { "y": written(&outputs[0]) },
        });
        folder.put(&file("case.json"), case.to_string());
        written_cases.push((name.replace(' ', "-"), predictor));
    }
    written_cases
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_onnx_runtime_agrees_on_every_layer() {
    let folder = Scratch::new("onnx");
    write_cases(&folder);
    python("BAEUM_PYTHON", "onnx_files.py", folder.path());
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_pytorch_agrees_on_every_layer() {
    let folder = Scratch::new("torch");
    let cases = write_cases(&folder);
    python("BAEUM_PYTHON_TORCH", "torch_files.py", folder.path());
    for (name, predictor) in cases {
        // And back: what torch.save wrote, we read, bit for bit.
        let bytes = fs::read(folder.path().join(&name).join("by_torch.pth")).unwrap();
        let read = read_pth(&bytes, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (weight, tensor) in &predictor.weights {
            assert_eq!(read.get(weight), Some(tensor), "{name}: {weight}");
        }
    }
}

/// The bundled lessons end to end: what the run exported, fed with raw fields, against what `baeum predict` answers.
#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_the_exported_function_answers_alike() {
    let folder = Scratch::new("lessons");
    folder.copy("datasets/function/recipe.toml");
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let run = folder.path().join("runs/function-0001");
    folder.put("add/model.onnx", fs::read(run.join("5-export/model.onnx")).unwrap());
    let column = |x: f32| json!({ "shape": [1, 1], "dtype": "float32", "data": [x] });
    let case = json!({ "inputs": { "a": column(3.0), "b": column(5.0) }, "outputs": { "sum": { "shape": [1, 1], "dtype": "float32", "data": [8.0] } } });
    folder.put("add/case.json", case.to_string());
    python("BAEUM_PYTHON", "sums.py", folder.path());
}

/// Pictures of mixed sizes through the exported file, resize inside, against `baeum predict`.
#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_pixels_of_any_size_get_the_same_label() {
    let folder = Scratch::new("pictures");
    let pictures = baeum_tests::pictures(&folder, "pictures", 60);
    folder.put(
        "recipe.toml",
        "[run]\nname = \"pictures\"\n\n[data]\nsource = { folder = { path = \"pictures\", channels = \"rgb\" } }\n\
         split = { stratified = { valid = 0.2, test = 0.3 } }\n\n[data.fields.image]\nsteps = [{ resize = { height = 12, width = 12 } }, \
         { scale = { factor = 0.00392156862745098 } }]\n\n[models.cnn]\nfilters = [4]\n\n[train]\nepochs = 3\n",
    );
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let run = folder.path().join("runs/pictures-0001");
    fs::copy(run.join("5-export/model.onnx"), folder.path().join("model.onnx")).unwrap();
    let outcome = baeum(folder.path(), &["predict", "pictures", "pictures", "--json"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let rows: Vec<Value> = outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), pictures);
    let row = |row: &Value| {
        let answer = &row["answers"]["label"];
        json!({ "files": { "image": row["file"] }, "label": answer["label"], "probabilities": answer["probabilities"] })
    };
    let expected = json!({ "modes": { "image": "RGB" }, "rows": rows.iter().map(row).collect::<Vec<_>>() });
    folder.put("expected.json", expected.to_string());
    python("BAEUM_PYTHON", "images.py", folder.path());
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_scikit_learn_agrees_with_our_metrics() {
    let folder = Scratch::new("metrics");
    for lesson in ["iris", "function"] {
        let work = Scratch::new(lesson);
        work.copy(&format!("datasets/{lesson}/recipe.toml"));
        if lesson == "iris" {
            work.copy("datasets/iris/iris.csv");
        }
        // Few epochs, so that there are mistakes to count.
        let outcome = baeum(work.path(), &["evaluate", "recipe.toml", "--set", "train.epochs=3"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let stage = work.path().join(format!("runs/{lesson}-0001/4-evaluate"));
        folder.put(&format!("{lesson}.json"), metrics_case(&stage).to_string());
    }
    python("BAEUM_PYTHON", "metrics.py", folder.path());
}

/// metrics.json beside the columns of predictions.parquet.
fn metrics_case(stage: &Path) -> Value {
    use baeum::data::table::{Column, read_parquet};
    let report: Value = serde_json::from_slice(&fs::read(stage.join("metrics.json")).unwrap()).unwrap();
    let columns = read_parquet(&fs::read(stage.join("predictions.parquet")).unwrap()).unwrap();
    let cells = |name: &str| {
        columns.iter().find(|(column, _)| column == name).map(|(_, cells)| cells.clone()).unwrap()
    };
    let values = |cells: Column| match cells {
        Column::Numbers(x) => json!(x),
        Column::Integers(x) => json!(x),
        Column::Texts(x) => json!(x),
    };
    let metrics: BTreeMap<String, Value> = report["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| (metric["name"].as_str().unwrap().to_owned(), metric["value"].clone()))
        .collect();
    let labels: Vec<String> = columns
        .iter()
        .filter_map(|(name, _)| name.strip_prefix("probability of "))
        .map(str::to_owned)
        .collect();
    let shares: Vec<Value> =
        labels.iter().map(|label| values(cells(&format!("probability of {label}")))).collect();
    let rows = report["rows"]["test"].as_u64().unwrap() as usize;
    let probabilities: Vec<Vec<Value>> =
        (0..rows).map(|i| shares.iter().map(|share| share[i].clone()).collect()).collect();
    json!({
        "task": report["task"], "truth": values(cells("truth")), "answer": values(cells("answer")), "labels": labels,
        "probabilities": probabilities, "metrics": metrics, "per_class": report["classes"], "confusion": report["confusion"],
    })
}

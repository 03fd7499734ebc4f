//! A GPT-2 and a BERT as transformers writes them: the same logits, then they learn.
use std::fs;
use std::path::Path;

use baeum::models::{CpuRunner, RunnerConfig};
use baeum::{Batch, Counter, Graph, Limits, Network, Rng, Tensor, Weights, weights_file};
use baeum_tests::{Scratch, baeum};
use serde_json::json;

use super::python;

const ROWS: usize = 3;

const GPT2: &str = "[run]\nname = \"gpt2\"\n\n[data]\nsource = { text = { path = \"verse.txt\" } }\naudit = { allow = [\"texts\"] }\n\n\
     [data.fields.text]\nsteps = [{ tokenise = { by = { file = { path = \"gpt2/tokenizer.json\" } }, length = 24 } }]\n\n\
     [models]\nstart = { weights = \"gpt2\" }\nfreeze = [\"embedding.*\", \"block1_*\"]\n\
     gpt = { blocks = 2, heads = 4, units = 32, tied = true }\n\n\
     [train]\nepochs = 2\nbatch_size = 8\noptimizer = \"adamw\"\nlearning_rate = 0.001\n\n[export]\nformats = [\"safetensors\"]\n";

const BERT: &str = "[run]\nname = \"bert\"\n\n[data]\nsource = { csv = { path = \"said.csv\" } }\ntarget = \"label\"\n\
     audit = { allow = [\"rows\", \"texts\"] }\n\n[data.fields.text]\nkind = \"text\"\n\
     steps = [{ tokenise = { by = { file = { path = \"bert/tokenizer.json\" } }, length = 12 } }]\n\n\
     [models]\nstart = { weights = \"bert\", fresh = [\"head.*\"], ignore = [\"pooler.*\"] }\nfreeze = [\"embedding*\", \"position*\"]\n\
     transformer_encoder = { blocks = 2, heads = 4, units = 32, hidden = 48, style = \"bert\" }\n\n\
     [train]\nepochs = 5\nbatch_size = 16\noptimizer = \"adamw\"\nlearning_rate = 0.001\n\n[export]\nformats = [\"safetensors\"]\n";

/// Trains from a folder, and gives what the network was before.
fn started(folder: &Scratch, name: &str, recipe: &str) -> (Graph, Weights) {
    folder.put("recipe.toml", recipe);
    let outcome = baeum(folder.path(), &["pipeline", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert!(outcome.stdout.contains("taken over: "), "{}", outcome.stdout);
    let run = folder.path().join("runs").join(format!("{name}-0001"));
    let history: serde_json::Value = json_of(&run.join("3-train/history.json"));
    let losses: Vec<f64> = history["epochs"].as_array().map_or_else(
        || panic!("{history}"),
        |epochs| epochs.iter().map(|epoch| epoch["train_loss"].as_f64().unwrap()).collect(),
    );
    assert!(losses.last() < losses.first(), "{name} does not learn: {losses:?}");
    let graph = serde_json::from_value(json_of(&run.join("2-models/graph.json"))).unwrap();
    let weights = fs::read(run.join("2-models/init.safetensors")).unwrap();
    (graph, weights_file::read(&weights, &Limits::default()).unwrap().0)
}

fn json_of(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Texts as ids without padding, but for what is left out behind each row.
fn ids(graph: &Graph, pieces: u32, short: bool) -> Vec<Vec<i64>> {
    let time = graph.inputs().next().unwrap().shape.last().unwrap();
    let stream = Rng::new(7).stream("ids", "");
    let id = |row: usize, place: usize| {
        let is_padding = short && place + 2 * row >= time;
        let drawn = 1 + stream.below(pieces - 1, Counter::sample(0, row as u64).at(place as u64));
        if is_padding { 0 } else { i64::from(drawn) }
    };
    (0..ROWS).map(|row| (0..time).map(|place| id(row, place)).collect()).collect()
}

fn logits(graph: &Graph, weights: &Weights, ids: &[Vec<i64>]) -> Tensor {
    let name = graph.inputs().next().unwrap().name.clone();
    let x = Tensor::new([ROWS, ids[0].len()], ids.concat()).unwrap();
    let batch = Batch { rows: ROWS, inputs: [(name, x)].into(), targets: vec![] };
    let mut network = CpuRunner::new(graph, weights, RunnerConfig::default()).unwrap();
    network.predict(&batch).unwrap()[0].clone()
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_transformers_says_the_same_of_its_folders() {
    let folder = Scratch::new("folders");
    python("BAEUM_PYTHON_TORCH", "folders_write.py", folder.path());
    let (gpt2, gpt2_weights) = started(&folder, "gpt2", GPT2);
    let (bert, bert_weights) = started(&folder, "bert", BERT);
    let [gpt2_ids, bert_ids] = [ids(&gpt2, 200, false), ids(&bert, 30, true)];
    let all: Weights = [
        ("gpt2".to_owned(), logits(&gpt2, &gpt2_weights, &gpt2_ids)),
        ("bert".to_owned(), logits(&bert, &bert_weights, &bert_ids)),
    ]
    .into();
    let head: Weights =
        ["weight", "bias"].map(|end| (end.to_owned(), bert_weights[&format!("head.{end}")].clone())).into();
    folder.put("ids.json", json!({ "gpt2": gpt2_ids, "bert": bert_ids }).to_string());
    folder.put("logits.safetensors", weights_file::write(&all, &Default::default()).unwrap());
    folder.put("head.safetensors", weights_file::write(&head, &Default::default()).unwrap());
    python("BAEUM_PYTHON_TORCH", "folders.py", folder.path());
}

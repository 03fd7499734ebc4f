//! The same bytes, however many threads there are. candle's pools are sized once per process, so each size
//! gets a process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use baeum_core::{Adam, Batch, Counter, Graph, Loss, Method, Network, Part, Rng, Tensor, Update};
use baeum_models::{Cnn, Mlp, ModelConfig, Runner, RunnerConfig, initial};

/// Where a process leaves what it learned.
const RESULT: &str = "BAEUM_TEST_RESULT";

#[test]
fn threads_change_no_bit() {
    let learned = |threads: &str, elementwise: &str| {
        let result =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("threads-{threads}-{elementwise}"));
        let mut process = Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", "threads::one_process", "--ignored"]);
        process.env("RAYON_NUM_THREADS", threads).env("CANDLE_NUM_THREADS", elementwise).env(RESULT, &result);
        assert!(process.output().unwrap().status.success());
        std::fs::read(result).unwrap()
    };
    let alone = learned("1", "1");
    // Both networks, some 800,000 bytes: not an empty file beside another.
    assert!(alone.len() > 500_000, "{}", alone.len());
    for (threads, elementwise) in [("2", "1"), ("4", "1"), ("3", "4")] {
        assert!(
            learned(threads, elementwise) == alone,
            "{threads} threads, {elementwise} for elementwise work"
        );
    }
}

/// Products large enough to be split among threads: more than 48 x 48 x 256 multiplications.
#[test]
#[ignore = "a part of the test above, run by it in processes of its own"]
fn one_process() {
    let bytes: Vec<u8> = graphs().into_iter().flat_map(|(graph, item)| learn(&graph, &item)).collect();
    std::fs::write(std::env::var_os(RESULT).unwrap(), bytes).unwrap();
}

/// A network for images and one for rows, each with the sizes of what it reads.
pub(crate) fn graphs() -> [(Graph, Vec<usize>); 2] {
    let cnn = ModelConfig { cnn: Some(Cnn { dropout: 0.3, ..Cnn::default() }), ..ModelConfig::default() };
    let mlp =
        ModelConfig { mlp: Some(Mlp { hidden: vec![200, 100], ..Mlp::default() }), ..ModelConfig::default() };
    [(cnn, vec![3, 17, 19]), (mlp, vec![784])]
        .map(|(config, item)| (config.check().unwrap().graph_for(&item, 10).unwrap(), item))
}

/// Rows drawn by lot, with classes in turn.
pub(crate) fn batch(item: &[usize], rows: usize) -> Batch {
    let mut x = vec![0.0f32; rows * item.iter().product::<usize>()];
    Rng::new(2).stream("test", "x").fill_normal(&mut x, Counter::once());
    let x = Tensor::new([&[rows], item].concat(), x).unwrap();
    let classes: Vec<i64> = (0..rows as i64).map(|row| row * 7 % 10).collect();
    Batch { rows, inputs: BTreeMap::from([("x".to_owned(), x)]), targets: vec![Tensor::vector(classes)] }
}

pub(crate) fn adamw() -> Update {
    let plain = Update::of(Method::AdamW(Adam::USUAL), 1e-3);
    Update { weight_decay: 0.01, clip: Some(1.0), ..plain }
}

fn learn(graph: &Graph, item: &[usize]) -> Vec<u8> {
    let mut net = Runner::new(graph, &initial(graph, 1), RunnerConfig::default()).unwrap();
    let batch = batch(item, 70);
    for _ in 0..3 {
        net.loss_and_grad(&batch, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap();
        net.update(&adamw()).unwrap();
    }
    let outputs = net.predict(&batch).unwrap()[0].clone();
    let weights = net.state().unwrap().weights.into_values();
    weights
        .chain([outputs])
        .flat_map(|tensor| tensor.f32s().unwrap().to_vec())
        .flat_map(f32::to_le_bytes)
        .collect()
}

//! TabM beside PyTorch: a twin written from the paper's formula learns the same weights, member by member, and answers alike.
use baeum::models::{CpuRunner, ModelConfig, Runner, RunnerConfig, initial};
use baeum::{
    Batch, Counter, DType, Decode, Graph, InputSpec, Loss, Method, Network, Part, Pipeline, Rng, Target,
    Task, Tensor, Transform, Update, Weights,
};
use baeum_tests::Scratch;
use serde_json::{Map, Value, json};

use super::{python, written};

const ROWS: usize = 12;
const STEPS: usize = 3;
const RATE: f64 = 0.2;
/// A number in four bins, a name out of three, and a number as it is.
const FIELDS: [usize; 3] = [4, 3, 1];
const MEMBERS: usize = 5;
const OUTPUTS: usize = 3;

fn graph(style: &str, decode: &Decode) -> Graph {
    let numbers =
        json!({ "style": style, "members": MEMBERS, "embedding": 2, "hidden": [7, 6], "dropout": 0 });
    let config: ModelConfig = serde_json::from_value(json!({ "tabm": numbers })).unwrap();
    let fields = [
        Transform::PiecewiseLinear { edges: vec![0.0, 1.0, 2.0, 3.0, 4.0] },
        Transform::OneHot { size: 3 },
        Transform::Impute { value: vec![0.0] },
    ];
    let column = |(place, step)| Pipeline { field: format!("x{place}"), steps: vec![step] };
    let columns = fields.into_iter().enumerate().map(column).collect();
    let shape = vec![FIELDS.iter().sum()];
    let input = InputSpec { name: "x".to_owned(), dtype: DType::F32, shape, columns };
    let target = Target { field: "y".to_owned(), decode: decode.clone() };
    config.check().unwrap().graph(&[input], &[target]).unwrap()
}

fn normal(name: &str, width: usize) -> Tensor {
    let mut numbers = vec![0.0; ROWS * width];
    Rng::new(9).stream("tabm", name).fill_normal(&mut numbers, Counter::once());
    Tensor::new([ROWS, width], numbers).unwrap()
}

fn targets(task: Task) -> Tensor {
    let place = |i: usize| i * i % 7 % OUTPUTS;
    match task {
        Task::Classify | Task::Generate => {
            Tensor::vector((0..ROWS).map(|row| place(row) as i64).collect::<Vec<_>>())
        }
        Task::MultiLabel => {
            let fits = (0..ROWS * OUTPUTS).map(|i| (place(i) % 2) as f32).collect::<Vec<_>>();
            Tensor::new([ROWS, OUTPUTS], fits).unwrap()
        }
        Task::Regress => normal("y", OUTPUTS),
    }
}

fn tensors(weights: &Weights) -> Map<String, Value> {
    weights.iter().map(|(name, tensor)| (name.clone(), written(tensor))).collect()
}

fn learned(mut net: Box<dyn Network>, batch: &Batch, loss: &Loss) -> Value {
    let update = Update::of(Method::Sgd { momentum: 0.0, nesterov: false }, RATE);
    let step = |net: &mut dyn Network| {
        let lost = net.loss_and_grad(batch, loss, Part::WHOLE).unwrap().mean();
        net.update(&update).unwrap();
        lost
    };
    let losses: Vec<f64> = (0..STEPS).map(|_| step(&mut *net)).collect();
    let after = tensors(&net.state().unwrap().weights);
    json!({ "losses": losses, "after": after, "outputs": written(&net.predict(batch).unwrap()[0]) })
}

fn case(style: &str, decode: &Decode) -> Value {
    let (graph, task, config) = (graph(style, decode), decode.task(), RunnerConfig::default());
    let (start, loss) = (initial(&graph, 3), task.loss());
    let x = normal("x", FIELDS.iter().sum());
    let batch = Batch { rows: ROWS, inputs: [("x".to_owned(), x)].into(), targets: vec![targets(task)] };
    json!({
        "style": style,
        "task": task,
        "start": tensors(&start),
        "x": written(&batch.inputs["x"]),
        "y": written(&batch.targets[0]),
        "found": {
            "cpu": learned(Box::new(CpuRunner::new(&graph, &start, config).unwrap()), &batch, &loss),
            "candle": learned(Box::new(Runner::new(&graph, &start, config).unwrap()), &batch, &loss),
        },
    })
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_pytorch_learns_tabm_alike() {
    let names = || ["a", "b", "c"].map(str::to_owned).to_vec();
    let (scale, offset) = (vec![1.0; OUTPUTS], vec![0.0; OUTPUTS]);
    let decodes = [
        Decode::Label { labels: names() },
        Decode::Labels { labels: names(), thresholds: vec![0.5; OUTPUTS] },
        Decode::Numbers { columns: names(), scale, offset, unit: None },
    ];
    let cases: Vec<Value> = ["full", "mini"]
        .into_iter()
        .flat_map(|style| decodes.iter().map(move |decode| case(style, decode)))
        .collect();
    let folder = Scratch::new("tabm");
    let case = json!({
        "cases": cases, "fields": FIELDS, "members": MEMBERS, "steps": STEPS, "learning_rate": RATE,
    });
    folder.put("tabm.json", case.to_string());
    python("BAEUM_PYTHON_TORCH", "tabm.py", folder.path());
}

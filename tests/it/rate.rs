//! The learning-rate finder as users run it, and on a line whose losses are known.
use std::fs;
use std::sync::Arc;

use baeum::models::{RunnerConfig, network};
use baeum::train::{
    Optimizer, Probes, RateRange, Record, Schema, SgdConfig, Signal, Source, SourceError, TrainConfig,
    find_rate,
};
use baeum::{Batch, DType, Dataset, Graph, Layer, Shape, Splits, Task, Tensor};
use baeum_tests::{Scratch, baeum};

fn iris() -> Scratch {
    let folder = Scratch::new("rate");
    folder.copy("datasets/iris/recipe.toml");
    folder.copy("datasets/iris/iris.csv");
    folder
}

#[test]
fn a_rate_is_suggested_and_drawn_and_no_run_is_begun() {
    let folder = iris();
    let outcome = baeum(folder.path(), &["find-rate", "recipe.toml"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let suggested = outcome.stdout.lines().find_map(|line| line.strip_prefix("suggested: ")).unwrap();
    let rate: f64 = suggested.split(',').next().unwrap().parse().unwrap();
    // The recipe, which learns well, says 0.01; a finder that is off by more than a factor of 30 helps nobody.
    assert!((0.01 / 30.0..0.3).contains(&rate), "{rate}");
    assert!(outcome.stdout.contains("--set train.learning_rate="), "{}", outcome.stdout);
    let files: Vec<_> = fs::read_dir(folder.path().join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, ["iris-rate.html"]);
    let page = fs::read_to_string(folder.path().join("runs/iris-rate.html")).unwrap();
    assert!(page.contains("<svg") && page.contains(">suggested: ") && page.contains("The recipe says 0.01"));
    let again = baeum(folder.path(), &["find-rate", "recipe.toml"]);
    assert_eq!(again.stdout, outcome.stdout, "the same recipe gives the same losses");
}

#[test]
fn a_training_that_tries_rates_first_shows_them_in_its_report_and_learns_the_same() {
    let folder = iris();
    let weights = |name: &str, tries: bool| {
        let sets = [format!("run.name=\"{name}\""), format!("train.find_rate={tries}")];
        let outcome =
            baeum(folder.path(), &["evaluate", "recipe.toml", "--set", &sets[0], "--set", &sets[1]]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let run = folder.path().join(format!("runs/{name}-0001"));
        let report = fs::read_to_string(run.join("4-evaluate/report.html")).unwrap();
        for part in [">Learning rates tried<", ">suggested: ", ">recipe: 0.01000</text>"] {
            assert_eq!(report.contains(part), tries, "{part}");
        }
        assert_eq!(outcome.stdout.contains(" suggested, 0.01 used"), tries, "{}", outcome.stdout);
        fs::read(run.join("3-train/predictor/weights.safetensors")).unwrap()
    };
    assert_eq!(weights("tried", true), weights("untried", false));
}

#[test]
fn rates_that_cannot_be_are_refused() {
    let folder = iris();
    let check = |args: &[&str], expect: &str| {
        let outcome = baeum(folder.path(), &[&["find-rate", "recipe.toml"], args].concat());
        assert_eq!((outcome.code, outcome.stderr.trim_end()), (Some(2), expect));
    };
    let of = "of a search for a learning rate must be";
    check(&["--least", "0"], &format!("error: the least rate {of} a finite number above zero, got 0.0"));
    check(&["--most", "1e-9"], &format!("error: the largest rate {of} a finite number above 1e-7, got 1e-9"));
    check(&["--steps", "3"], &format!("error: the steps {of} 10 or more, got 3"));
}

/// Points beside a line.
struct Points;

impl Points {
    const X: [f32; 8] = [-1.3, -1.1, -0.4, -0.3, 0.6, 0.7, 1.7, 1.9];

    fn y(row: usize) -> f32 {
        3.0 * Points::X[row] + if row.is_multiple_of(2) { 0.3 } else { -0.3 }
    }
}

impl Source for Points {
    fn len(&self) -> usize {
        Points::X.len()
    }

    fn record(&self, _: usize) -> Result<Record, SourceError> {
        Ok(Record::new())
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError> {
        let column = |of: &dyn Fn(usize) -> f32| {
            Tensor::new([rows.len(), 1], rows.iter().map(|row| of(*row)).collect::<Vec<f32>>()).unwrap()
        };
        let inputs = [("x".to_owned(), column(&|row| Points::X[row]))].into();
        Ok(Batch { rows: rows.len(), inputs, targets: vec![column(&Points::y)] })
    }
}

/// All rows in each batch: with `a` the mean of the squares of x, a step multiplies the error of the slope by `1 - 2 rate a`. So the
/// loss falls for rates up to `1 / a` and rises behind.
#[test]
fn the_losses_of_a_line_are_those_that_are_known() {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[1]), DType::F32).unwrap();
    let line = graph.add("line", Layer::Dense { units: 1, bias: false }, &[x]).unwrap();
    graph.output(line);
    let weights = [("line.weight".to_owned(), Tensor::new([1, 1], vec![0.5f32]).unwrap())].into();
    let mut net = network(&graph, &weights, RunnerConfig::default()).unwrap();
    let rows = Points::X.len();
    let data = Dataset {
        source: Arc::new(Points),
        splits: Splits::new((0..rows).collect(), vec![], vec![]).unwrap(),
        task: Task::Regress,
        schema: Schema::default(),
        inputs: vec![],
        targets: vec![],
        stats: vec![],
        probes: Probes::default(),
    };
    let sgd = SgdConfig { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    let said = TrainConfig { batch_size: rows, optimizer: Optimizer::Sgd(sgd), ..TrainConfig::default() };
    let range = RateRange::new(1e-4, 10.0, 200).unwrap();
    let curve = find_rate(&said.check().unwrap(), &range, 7, &mut *net, &data, &mut |_| Signal::Go).unwrap();
    let points = || (0..rows).map(|row| (f64::from(Points::X[row]), f64::from(Points::y(row))));
    let mean = |of: &dyn Fn((f64, f64)) -> f64| points().map(of).sum::<f64>() / rows as f64;
    let mean_square = mean(&|(x, _)| x * x);
    let slope = mean(&|(x, y)| x * y) / mean_square;
    let least = mean(&|(x, y)| (slope * x - y).powi(2));
    let (limit, mut error) = (1.0 / mean_square, 0.5 - slope);
    let stable = curve.points.iter().filter(|point| point.rate < limit);
    assert!(stable.clone().count() > 150);
    for point in stable {
        let known = mean_square * error * error + least;
        // The numbers are `f32`, and the first loss is about 8.
        assert!((point.loss - known).abs() < 1e-5, "at {}: {} and {known}", point.rate, point.loss);
        error *= 1.0 - 2.0 * point.rate * mean_square;
    }
    assert!(curve.is_cut && curve.points.last().unwrap().rate > limit, "it rises behind the limit");
    let suggested = curve.suggested().unwrap();
    assert!((limit / 10.0..limit).contains(&suggested), "{suggested}, where {limit} is the limit");
}

use std::collections::BTreeMap;
use std::sync::Arc;

use baeum_core::clock::ManualClock;
use baeum_core::{Field, Kind, Limits, LostWhat, Record, Schema, Source, SourceError, Tensor};

use super::*;
use crate::testing::{Regression, Scripted, dataset, dataset_with};
use crate::{AdamConfig, ClassWeights, Optimizer, Outside, Signal, TrainConfig, fit};

type Files = BTreeMap<String, Vec<u8>>;

/// Twenty rows in batches of 8, in parts of 3.
fn said() -> TrainConfig {
    let optimizer = Optimizer::Adam(AdamConfig::default());
    TrainConfig { epochs: 2, batch_size: 8, micro_batch: Some(3), optimizer, ..TrainConfig::default() }
}

/// Trains until a step is not taken.
fn failed(said: &TrainConfig, net: &mut dyn Network, data: &Dataset) -> FailedStep {
    let plan = said.check().unwrap();
    let outside = Outside {
        clock: &ManualClock::default(),
        keep: &mut |_| Ok(()),
        judge: &mut |_, _, _| Ok(vec![]),
        look: &mut |_, _, _| (),
        watch: &mut |_| Signal::Go,
    };
    let ended = fit(&plan, 7, net, data, None, outside);
    let Err(TrainError::Diverged(step)) = ended else { panic!("{ended:?}") };
    *step
}

/// A row of the batch that holds row 13 is no number.
fn with_nan(said: &TrainConfig) -> (FailedStep, Dataset) {
    let data = crate::testing::named(dataset_with(Task::Classify, 20, 0, &[13]), &["no", "yes"]);
    (failed(said, &mut Regression::new(), &data), data)
}

#[test]
fn a_step_says_where_it_went_wrong_and_goes_wrong_again() {
    let (step, _) = with_nan(&said());
    let place = step.rows.iter().position(|row| *row == 13).unwrap();
    let first = Lost { node: "x".to_owned(), what: LostWhat::Input, rows: vec![place] };
    assert_eq!(step.finding.first, Some(first), "counted in the batch, not in its part");
    assert_eq!(step.to_string(), "the loss is NaN, where the input `x` is not finite, over rows 13");
    assert_eq!((step.batches.len(), step.rows.len()), (3, 8));
    assert_eq!(step.state.step + 1, step.step, "the network before the step");
    let plan = said().check().unwrap();
    assert_eq!(step.again(&plan, &mut Regression::new()).unwrap(), step.finding);
    let mut other = step.clone();
    other.batches.iter_mut().for_each(|batch| {
        batch.inputs = [("x".to_owned(), Tensor::zeros([batch.rows, 3], baeum_core::DType::F32))].into();
    });
    assert_ne!(other.again(&plan, &mut Regression::new()).unwrap(), step.finding);
}

#[test]
fn a_gradient_that_is_too_long_is_not_taken() {
    let steps = [(1.0, 1.0), (1.0, 2.0), (1.0, 8.0)];
    let said =
        TrainConfig { batch_size: 1, micro_batch: None, gradient_limit: Some(7.5), epochs: 3, ..said() };
    let mut net = Scripted::new(&steps, &[1.0; 3]);
    let step = failed(&said, &mut net, &dataset(Task::Regress, 1, 1));
    let text = "the gradient's length is 8, above `train.gradient_limit`, which is 7.5, over rows 0";
    assert_eq!((step.to_string().as_str(), step.step, step.state.step), (text, 3, 2));
    let way_out = "could not go on in epoch 2, at step 3: ";
    assert!(TrainError::Diverged(Box::new(step)).to_string().starts_with(way_out));
}

#[test]
fn files_give_the_step_back() {
    for said in [said(), TrainConfig { class_weights: Some(ClassWeights::Balanced), ..said() }] {
        let (step, _) = with_nan(&said);
        let plan = said.check().unwrap();
        let files = step.files().unwrap();
        let names = ["batches.safetensors", "progress.json", "state.safetensors", "step.json"];
        assert_eq!(files.keys().collect::<Vec<_>>(), names);
        let read = FailedStep::from_files(files.clone(), &plan, &Limits::default()).unwrap();
        assert_eq!(read.files().unwrap(), files);
        assert_eq!(read.again(&plan, &mut Regression::new()).unwrap(), step.finding);
    }
}

#[test]
fn files_that_do_not_fit_are_named() {
    let (step, _) = with_nan(&said());
    let plan = said().check().unwrap();
    let check = |change: &dyn Fn(&mut Files), expect: &str| {
        let mut files = step.files().unwrap();
        change(&mut files);
        let error = FailedStep::from_files(files, &plan, &Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), expect);
    };
    let replace = |from: &'static str, to: &'static str| {
        move |files: &mut Files| {
            let text = String::from_utf8(files["step.json"].clone()).unwrap();
            assert!(text.contains(from), "{text}");
            files.insert("step.json".to_owned(), text.replacen(from, to, 1).into_bytes());
        }
    };
    check(
        &|files| drop(files.remove("step.json")),
        "a step to try again wants `step.json`, got a set without it",
    );
    check(&replace("\"version\": 1", "\"version\": 2"), "the step wants to be of version 1, got 2");
    check(&replace("\"epoch\"", "\"era\""), "could not read or write `step.json` of the step");
    check(
        &replace("\"targets\": 1", "\"targets\": 2"),
        "`batches.safetensors` of the step wants a tensor `part0.target1`, got none",
    );
    check(
        &|files| drop(files.insert("batches.safetensors".to_owned(), vec![])),
        "could not read or write `batches.safetensors` of the step",
    );
    check(
        &|files| drop(files.remove("state.safetensors")),
        "a checkpoint wants `state.safetensors`, got a set without it",
    );
    let task = replace("\"task\": \"classify\"", "\"task\": \"regress\"");
    let weighted = TrainConfig { class_weights: Some(ClassWeights::Balanced), ..said() }.check().unwrap();
    let mut files = step.files().unwrap();
    task(&mut files);
    let error = FailedStep::from_files(files, &weighted, &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "the recipe wants to be that of the step");
}

/// The rows of a source, with names.
struct Called(Arc<dyn Source>);

impl Source for Called {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn record(&self, row: usize) -> Result<Record, SourceError> {
        Ok([("who".to_owned(), Value::Text(format!("p{row}")))].into())
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError> {
        self.0.batch(rows)
    }
}

#[test]
fn rows_are_called_as_people_call_them() {
    let data = dataset_with(Task::Classify, 20, 0, &[4, 13]);
    let field = Field {
        name: "who".to_owned(),
        kind: Kind::Text,
        role: Role::Id,
        labels: vec![],
        columns: vec![],
        range: None,
    };
    let schema = Schema { fields: vec![field] };
    let data = Dataset { source: Arc::new(Called(Arc::clone(&data.source))), schema, ..data };
    let said = TrainConfig { batch_size: 20, ..said() };
    let step = failed(&said, &mut Regression::new(), &data);
    let mut called = step.called();
    called.sort();
    assert_eq!(called, ["`p13`", "`p4`"]);
    let all = FailedStep { finding: Finding { first: None, ..step.finding.clone() }, ..step };
    assert!(all.to_string().ends_with("` and 12 more"), "{all}");
}

/// Several heads, and quantiles, are no task of which the loss is known.
#[test]
fn heads_are_kept_with_the_step() {
    let (step, _) = with_nan(&said());
    let head = |name: &str, task, levels: &[f64]| FailedHead {
        name: name.to_owned(),
        task,
        levels: levels.to_vec(),
    };
    let heads = vec![head("kind", Task::Classify, &[]), head("size", Task::Regress, &[0.1, 0.9])];
    let [kind, size] = [Loss::CROSS_ENTROPY, Loss::Quantile { levels: vec![0.1, 0.9] }];
    let [kind, size] = [(kind, 0.5), (size, 1.0)].map(|(loss, weight)| baeum_core::HeadLoss { loss, weight });
    let step = FailedStep { heads, loss: Loss::Heads(vec![kind, size]), ..step };
    let of_kind = crate::HeadConfig { weight: 0.5, ..crate::HeadConfig::default() };
    let plan = TrainConfig { heads: [("kind".to_owned(), of_kind)].into(), ..said() }.check().unwrap();
    let again = |step: &FailedStep| {
        let again = FailedStep::from_files(step.files().unwrap(), &plan, &Limits::default()).unwrap();
        assert_eq!((&again.heads, &again.loss), (&step.heads, &step.loss));
    };
    again(&step);
    let weighted = Loss::CrossEntropy { weights: vec![0.5, 4.0], smoothing: 0.0, gamma: 0.0 };
    let mut weighs = step;
    if let Loss::Heads(heads) = &mut weighs.loss {
        heads[0].loss = weighted;
    }
    again(&weighs);
}

//! Small datasets and a network that answers by heart, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use baeum_core::{
    Batch, Dataset, Decode, Loss, LossParts, Network, NetworkError, Part, Probes, Record, Schema, Source,
    SourceError, Splits, State, Target, TargetStats, Task, Tensor, Update, UpdateStats, Value,
};

/// Rows whose only input is their own place.
struct Places {
    /// Of each target.
    truths: Vec<Tensor>,
}

impl Source for Places {
    fn len(&self) -> usize {
        self.truths[0].shape()[0]
    }

    fn record(&self, _: usize) -> Result<Record, SourceError> {
        Ok(Record::new())
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError> {
        let targets = self.truths.iter().map(|truth| picked(truth, rows)).collect::<Result<_, _>>()?;
        Ok(Batch { rows: rows.len(), inputs: places(rows), targets })
    }
}

fn picked(truth: &Tensor, rows: &[usize]) -> Result<Tensor, SourceError> {
    let width = truth.len() / truth.shape()[0];
    let truth: Vec<f32> = truth.to_f64s().into_iter().map(|x| x as f32).collect();
    let pick = |&row: &usize| match truth.get(row * width..(row + 1) * width) {
        Some(truth) => Ok(truth.to_vec()),
        None => Err(SourceError { row, source: "no such row".into() }),
    };
    Ok(Tensor::vector(rows.iter().map(pick).collect::<Result<Vec<_>, _>>()?.concat()))
}

fn places(rows: &[usize]) -> BTreeMap<String, Tensor> {
    [("x".to_owned(), Tensor::vector(rows.iter().map(|&row| row as f32).collect::<Vec<f32>>()))].into()
}

/// A network that was told what to yield for each row: `[rows, width]`.
pub(crate) struct ByHeart {
    pub(crate) width: usize,
    pub(crate) outputs: Vec<f32>,
    yielded: Vec<Tensor>,
}

impl ByHeart {
    pub(crate) fn new(width: usize, outputs: Vec<f32>) -> ByHeart {
        ByHeart { width, outputs, yielded: vec![] }
    }
}

impl Network for ByHeart {
    fn predict(&mut self, batch: &Batch) -> Result<&[Tensor], NetworkError> {
        let asked = batch.inputs.get("x").ok_or(NetworkError::Input { name: "x".to_owned() })?;
        let start = |place: f64| place as usize * self.width;
        let rows = asked
            .to_f64s()
            .into_iter()
            .flat_map(|place| &self.outputs[start(place)..start(place) + self.width]);
        self.yielded = vec![Tensor::new([batch.rows, self.width], rows.copied().collect::<Vec<f32>>())?];
        Ok(&self.yielded)
    }

    fn loss_and_grad(&mut self, _: &Batch, _: &Loss, _: Part) -> Result<LossParts, NetworkError> {
        Ok(LossParts::default())
    }

    fn update(&mut self, _: &Update) -> Result<UpdateStats, NetworkError> {
        Ok(UpdateStats { gradient_norm: 0.0 })
    }

    fn state(&self) -> Result<State, NetworkError> {
        Ok(State::default())
    }

    fn load(&mut self, _: &State) -> Result<(), NetworkError> {
        Ok(())
    }
}

/// Networks that answer a target each, as one; it counts how often it was asked.
pub(crate) struct Together {
    pub(crate) nets: Vec<ByHeart>,
    pub(crate) asked: usize,
    yielded: Vec<Tensor>,
}

impl Together {
    pub(crate) fn new(nets: Vec<ByHeart>) -> Together {
        Together { nets, asked: 0, yielded: vec![] }
    }
}

impl Network for Together {
    fn predict(&mut self, batch: &Batch) -> Result<&[Tensor], NetworkError> {
        self.asked += 1;
        let each = self.nets.iter_mut().map(|net| net.predict(batch).map(<[Tensor]>::to_vec));
        self.yielded = each.collect::<Result<Vec<_>, _>>()?.concat();
        Ok(&self.yielded)
    }

    fn loss_and_grad(&mut self, _: &Batch, _: &Loss, _: Part) -> Result<LossParts, NetworkError> {
        Ok(LossParts::default())
    }

    fn update(&mut self, _: &Update) -> Result<UpdateStats, NetworkError> {
        Ok(UpdateStats { gradient_norm: 0.0 })
    }

    fn state(&self) -> Result<State, NetworkError> {
        Ok(State::default())
    }

    fn load(&mut self, _: &State) -> Result<(), NetworkError> {
        Ok(())
    }
}

/// The targets of datasets with equally many rows, as those of one.
pub(crate) fn together(all: &[(&str, Dataset)]) -> Dataset {
    let (_, first) = &all[0];
    let rows: Vec<usize> = first.splits.test.rows().to_vec();
    #[expect(clippy::unwrap_used, reason = "a test may panic")]
    let truths = all.iter().map(|(_, data)| data.source.batch(&rows).unwrap().targets[0].clone()).collect();
    let named =
        |(name, data): &(&str, Dataset)| Target { field: (*name).to_owned(), ..data.targets[0].clone() };
    Dataset {
        source: Arc::new(Places { truths }),
        targets: all.iter().map(named).collect(),
        stats: all.iter().map(|(_, data)| data.stats[0].clone()).collect(),
        ..first.clone()
    }
}

/// Rows with these class indices, all of them test rows; `counts` of the labels in training.
pub(crate) fn labels(names: &[&str], counts: &[u64], truth: &[i64]) -> Dataset {
    let labels = names.iter().map(|&name| name.to_owned()).collect();
    let stats = TargetStats::Labels { counts: counts.to_vec() };
    dataset(Task::Classify, Decode::Label { labels }, stats, Tensor::vector(truth.to_vec()))
}

/// Rows with these standardised numbers, all of them test rows; a number `x` stands for `2 x + 10` metres.
pub(crate) fn numbers(truth: &[f32]) -> Dataset {
    let decode = Decode::Number { scale: 2.0, offset: 10.0, unit: Some("m".to_owned()) };
    let stats = TargetStats::Numbers { mean: 10.0, std: 2.0 };
    dataset(Task::Regress, decode, stats, Tensor::vector(truth.to_vec()))
}

/// Rows that may have several of these labels; `counts` of the labels in so many training rows, `truth` is `[rows][labels]`.
pub(crate) fn label_sets(names: &[&str], (rows, counts): (u64, &[u64]), truth: &[f32]) -> Dataset {
    let labels: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let decode = Decode::Labels { thresholds: vec![0.5; labels.len()], labels };
    let stats = TargetStats::LabelSets { rows, counts: counts.to_vec() };
    dataset(Task::MultiLabel, decode, stats, wide(names.len(), truth))
}

/// Rows of a `price` that is `100 x + 200` and a `rent` that is `2 x + 1`; `truth` is `[rows][2]`.
pub(crate) fn columns(truth: &[f32]) -> Dataset {
    let columns = ["price", "rent"].map(str::to_owned).to_vec();
    let (scale, offset) = (vec![100.0, 2.0], vec![200.0, 1.0]);
    let stats = TargetStats::Columns { mean: offset.clone(), std: scale.clone() };
    dataset(Task::Regress, Decode::Numbers { columns, scale, offset, unit: None }, stats, wide(2, truth))
}

#[expect(clippy::unwrap_used, reason = "a test may panic")]
fn wide(width: usize, numbers: &[f32]) -> Tensor {
    Tensor::new([numbers.len() / width, width], numbers.to_vec()).unwrap()
}

/// Records `a` with their truths; the network is asked for rows 0, 1, ..; those below 10 are inside.
pub(crate) fn probes(known: &[(f64, f64)]) -> Probes {
    let record = |&(a, _): &(f64, f64)| Record::from([("a".to_owned(), Value::Number(a))]);
    let rows: Vec<usize> = (0..known.len()).collect();
    Probes {
        records: known.iter().map(record).collect(),
        truth: known.iter().map(|&(_, truth)| truth).collect(),
        inside: known.iter().map(|&(a, _)| a < 10.0).collect(),
        batch: Batch { rows: rows.len(), inputs: places(&rows), targets: vec![] },
    }
}

fn dataset(task: Task, decode: Decode, stats: TargetStats, truth: Tensor) -> Dataset {
    let test = (0..truth.shape()[0]).collect();
    #[expect(clippy::unwrap_used, reason = "a test may panic")]
    let splits = Splits::new(vec![], vec![], test).unwrap();
    Dataset {
        source: Arc::new(Places { truths: vec![truth] }),
        splits,
        task,
        schema: Schema::default(),
        inputs: vec![],
        targets: vec![Target { field: "kind".to_owned(), decode }],
        stats: vec![stats],
        probes: Probes::default(),
    }
}

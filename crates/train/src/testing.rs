//! Two networks that can be read at a glance, and examples for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use baeum_core::{
    Batch, Data, Dataset, Decode, HeadMetric, Loss, LossParts, Lost, LostWhat, Method, Network, NetworkError,
    Part, Probes, Record, Schema, Scored, Source, SourceError, Splits, State, Target, Task, Tensor, Update,
    UpdateStats, Weights,
};
use baeum_kernels::{
    AdamStep, adam, argmax, clip_factor, logsumexp, running_average, softmax, sum_of_squares,
};

/// Numbers of a row.
const FEATURES: usize = 3;
const CLASSES: usize = 2;
const SIZE: usize = CLASSES * FEATURES;

/// Softmax regression in plain loops, moved by Adam: it has moments and a step count, as any real network.
pub(crate) struct Regression {
    weight: [f32; SIZE], // [CLASSES, FEATURES]
    gradient: [f32; SIZE],
    rows: f32,
    moments: [[f32; SIZE]; 2],
    average: Option<[f32; SIZE]>,
    step: u64,
    logits: Vec<Tensor>,
}

impl Regression {
    pub(crate) fn new() -> Regression {
        let moments = [[0.0; SIZE]; 2];
        let (weight, gradient, average) = ([0.0; SIZE], [0.0; SIZE], None);
        Regression { weight, gradient, rows: 0.0, moments, average, step: 0, logits: vec![] }
    }

    fn logits(&self, x: &[f32]) -> [f32; CLASSES] {
        let dot = |w: &[f32]| w.iter().zip(x).map(|(w, x)| w * x).sum();
        [dot(&self.weight[..FEATURES]), dot(&self.weight[FEATURES..])]
    }
}

impl Network for Regression {
    fn predict(&mut self, batch: &Batch) -> Result<&[Tensor], NetworkError> {
        let logits: Vec<f32> =
            batch.inputs["x"].f32s()?.chunks(FEATURES).flat_map(|x| self.logits(x)).collect();
        self.logits = vec![Tensor::new([batch.rows, CLASSES], logits)?];
        Ok(&self.logits)
    }

    fn loss_and_grad(&mut self, batch: &Batch, loss: &Loss, part: Part) -> Result<LossParts, NetworkError> {
        if part.index == 0 {
            (self.gradient, self.rows) = ([0.0; SIZE], 0.0);
        }
        let Loss::CrossEntropy { weights, .. } = loss else { panic!("only cross-entropy is written here") };
        let mut parts = LossParts::default();
        for (x, &class) in batch.inputs["x"].f32s()?.chunks(FEATURES).zip(batch.targets[0].i64s()?) {
            let logits = self.logits(x);
            let weight = weights.get(class as usize).copied().unwrap_or(1.0);
            let nll = logsumexp(&logits) - f64::from(logits[class as usize]);
            parts.add(LossParts { sum: f64::from(weight) * nll, weight: weight.into() });
            let mut error = logits;
            softmax(&mut error);
            error[class as usize] -= 1.0;
            for (i, gradient) in self.gradient.iter_mut().enumerate() {
                *gradient += weight * error[i / FEATURES] * x[i % FEATURES];
            }
            self.rows += weight;
        }
        Ok(parts)
    }

    fn first_lost(&mut self, batch: &Batch, _: &Loss, _: Part) -> Result<Option<Lost>, NetworkError> {
        let x = batch.inputs["x"].f32s()?.chunks(FEATURES).enumerate();
        let rows = x.filter(|(_, x)| x.iter().any(|x| !x.is_finite())).map(|(row, _)| row).collect();
        Ok(Some(Lost { node: "x".to_owned(), what: LostWhat::Input, rows })
            .filter(|lost| !lost.rows.is_empty()))
    }

    fn update(&mut self, update: &Update) -> Result<UpdateStats, NetworkError> {
        let gradient = self.gradient.map(|g| g / self.rows);
        let gradient_norm = sum_of_squares(&gradient).sqrt();
        if !update.takes(gradient_norm) {
            return Ok(UpdateStats { gradient_norm });
        }
        let Method::Adam(said) = update.method else { panic!("only adam is written here") };
        self.step += 1;
        let step = AdamStep {
            learning_rate: update.learning_rate,
            beta1: said.beta1,
            beta2: said.beta2,
            eps: said.eps,
            weight_decay: update.weight_decay,
            step: self.step,
            clip: update.clip.map_or(1.0, |length| clip_factor(gradient_norm, length)),
        };
        let [mean, square] = &mut self.moments;
        adam(None, &step, &mut self.weight, &gradient, mean, square);
        if let Some(decay) = update.ema {
            let average = self.average.get_or_insert(self.weight);
            running_average(None, decay, &self.weight, average); // moves nothing at first
        }
        Ok(UpdateStats { gradient_norm })
    }

    fn state(&self) -> Result<State, NetworkError> {
        let tensor = |name: &str, numbers: [f32; SIZE]| (name.to_owned(), Tensor::vector(numbers.to_vec()));
        let [mean, square] = self.moments;
        let average = self.average.map(|average| tensor("weight.ema", average));
        let moments = [tensor("weight.exp_avg", mean), tensor("weight.exp_avg_sq", square)];
        Ok(State {
            step: self.step,
            weights: [tensor("weight", self.weight)].into(),
            moments: moments.into_iter().chain(average).collect(),
        })
    }

    fn load(&mut self, state: &State) -> Result<(), NetworkError> {
        let numbers = |tensors: &Weights, name: &str| -> [f32; SIZE] {
            tensors[name].f32s().unwrap().try_into().unwrap()
        };
        self.weight = numbers(&state.weights, "weight");
        self.moments = ["weight.exp_avg", "weight.exp_avg_sq"].map(|name| numbers(&state.moments, name));
        let average = state.moments.contains_key("weight.ema");
        self.average = average.then(|| numbers(&state.moments, "weight.ema"));
        self.step = state.step;
        Ok(())
    }
}

/// The share of the validation rows that are told right, whatever the metric is called.
pub(crate) fn accuracy(
    net: &mut dyn Network,
    data: &Dataset,
    metrics: &[HeadMetric],
) -> Result<Vec<Scored>, Box<dyn std::error::Error + Send + Sync>> {
    let batch = data.source.batch(data.splits.valid.rows())?;
    let classes = batch.targets[0].i64s()?;
    let logits = net.predict(&batch)?[0].f32s()?.chunks(CLASSES);
    let right =
        logits.zip(classes).filter(|(logits, class)| argmax(logits) == Some(**class as usize)).count();
    let value = Some(right as f64 / batch.rows as f64);
    Ok(metrics.iter().map(|metric| Scored { metric: metric.clone(), value }).collect())
}

/// Yields the losses it was given, one update after the other; its only weight is the number of updates.
pub(crate) struct Scripted {
    /// Loss and gradient norm of each update.
    pub(crate) steps: Vec<(f64, f64)>,
    /// Validation loss after each update.
    pub(crate) valid: Vec<f64>,
    /// After which update the weight becomes infinite.
    pub(crate) overflow: Option<u64>,
    /// The parts that came, and their rows.
    pub(crate) parts: Vec<(Part, usize)>,
    step: u64,
    output: Vec<Tensor>,
}

impl Scripted {
    pub(crate) fn new(steps: &[(f64, f64)], valid: &[f64]) -> Scripted {
        Scripted {
            steps: steps.to_vec(),
            valid: valid.to_vec(),
            overflow: None,
            parts: vec![],
            step: 0,
            output: vec![],
        }
    }

    /// A network whose training goes well.
    pub(crate) fn valid(losses: &[f64]) -> Scripted {
        Scripted::new(&vec![(1.0, 1.0); losses.len()], losses)
    }
}

impl Network for Scripted {
    fn predict(&mut self, batch: &Batch) -> Result<&[Tensor], NetworkError> {
        // The targets are 0, so the squared error is the loss wanted.
        let root = self.valid[self.step as usize - 1].sqrt();
        self.output = vec![Tensor::new([batch.rows, 1], vec![root; batch.rows])?];
        Ok(&self.output)
    }

    fn loss_and_grad(&mut self, batch: &Batch, _: &Loss, part: Part) -> Result<LossParts, NetworkError> {
        self.parts.push((part, batch.rows));
        let weight = batch.rows as f64;
        Ok(LossParts { sum: self.steps[self.step as usize].0 * weight, weight })
    }

    fn update(&mut self, update: &Update) -> Result<UpdateStats, NetworkError> {
        let gradient_norm = self.steps[self.step as usize].1;
        self.step += u64::from(update.takes(gradient_norm));
        Ok(UpdateStats { gradient_norm })
    }

    fn state(&self) -> Result<State, NetworkError> {
        let weight =
            if self.overflow.is_some_and(|at| self.step >= at) { f32::INFINITY } else { self.step as f32 };
        let weights = [("step".to_owned(), Tensor::scalar(weight))].into();
        Ok(State { step: self.step, weights, moments: BTreeMap::new() })
    }

    fn load(&mut self, state: &State) -> Result<(), NetworkError> {
        self.step = state.step;
        Ok(())
    }
}

/// Rows with the network's input `x` and one target.
struct Rows {
    x: Vec<[f32; FEATURES]>,
    task: Task,
}

impl Source for Rows {
    fn len(&self) -> usize {
        self.x.len()
    }

    fn record(&self, _: usize) -> Result<Record, SourceError> {
        Ok(Record::new())
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError> {
        let x: Vec<f32> = rows.iter().flat_map(|&row| self.x[row]).collect();
        let x = Tensor::new([rows.len(), FEATURES], x).unwrap();
        let class = |x: [f32; FEATURES]| i64::from(x[0] > 2.0 * x[1]);
        let target = match self.task {
            Task::Classify | Task::Generate => {
                Tensor::vector(rows.iter().map(|&row| class(self.x[row])).collect::<Vec<_>>())
            }
            Task::Regress | Task::MultiLabel => {
                Tensor::new([rows.len(), 1], Data::F32(vec![0.0; rows.len()])).unwrap()
            }
        };
        Ok(Batch { rows: rows.len(), inputs: [("x".to_owned(), x)].into(), targets: vec![target] })
    }
}

/// A dataset whose first rows are for training and whose next ones are for validation. Two numbers of each row run
/// through remainders without a pattern; the third is 1, which makes its weight a bias.
pub(crate) fn dataset(task: Task, train: usize, valid: usize) -> Dataset {
    dataset_with(task, train, valid, &[])
}

/// The same, but the second number of some rows is none.
pub(crate) fn dataset_with(task: Task, train: usize, valid: usize, lost: &[usize]) -> Dataset {
    let share = |i: usize, factor: usize| ((i * factor) % 101) as f32 / 101.0;
    let second = |i: usize| if lost.contains(&i) { f32::NAN } else { share(i, 59) };
    let x = (0..train + valid).map(|i| [share(i, 37), second(i), 1.0]).collect();
    Dataset {
        source: Arc::new(Rows { x, task }),
        splits: Splits::new((0..train).collect(), (train..train + valid).collect(), vec![]).unwrap(),
        task,
        schema: Schema::default(),
        inputs: vec![],
        targets: vec![],
        stats: vec![],
        probes: Probes::default(),
    }
}

/// Training rows of which several labels fit some.
pub(crate) fn fitting<const K: usize>(
    rows: usize,
    labels: &[&str; K],
    fits: impl Fn(usize) -> [bool; K],
) -> Dataset {
    let numbers = (0..rows).flat_map(fits).map(|fits| f32::from(u8::from(fits))).collect::<Vec<_>>();
    let data = dataset(Task::MultiLabel, rows, 0);
    let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
    let decode = Decode::Labels { labels, thresholds: vec![0.5; K] };
    let source = Arc::new(Fitting { rows: data.source, fits: Tensor::new([rows, K], numbers).unwrap() });
    Dataset { source, targets: vec![Target { field: "y".to_owned(), decode }], ..data }
}

/// Rows with other targets.
struct Fitting {
    rows: Arc<dyn Source>,
    fits: Tensor,
}

impl Source for Fitting {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn record(&self, row: usize) -> Result<Record, SourceError> {
        self.rows.record(row)
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError> {
        let (width, numbers) = (self.fits.shape()[1], self.fits.f32s().unwrap());
        let of_row = |&row: &usize| &numbers[row * width..][..width];
        let fits =
            Tensor::new([rows.len(), width], rows.iter().flat_map(of_row).copied().collect::<Vec<_>>());
        Ok(Batch { targets: vec![fits.unwrap()], ..self.rows.batch(rows)? })
    }
}

/// Two datasets with the same rows as one, whose targets are called so.
pub(crate) fn both((first, one): (&str, Dataset), (second, other): (&str, Dataset)) -> Dataset {
    let named = |name: &str, data: &Dataset| Target { field: name.to_owned(), ..data.targets[0].clone() };
    let targets = vec![named(first, &one), named(second, &other)];
    Dataset { source: Arc::new(Both([one.source.clone(), other.source])), targets, ..one }
}

/// The targets of two sources beside each other.
struct Both([Arc<dyn Source>; 2]);

impl Source for Both {
    fn len(&self) -> usize {
        self.0[0].len()
    }

    fn record(&self, row: usize) -> Result<Record, SourceError> {
        self.0[0].record(row)
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError> {
        let [one, other] = &self.0;
        let (one, other) = (one.batch(rows)?, other.batch(rows)?);
        Ok(Batch { targets: [one.targets, other.targets].concat(), ..one })
    }
}

/// The same, with names for its classes.
pub(crate) fn named(data: Dataset, labels: &[&str]) -> Dataset {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    let targets = vec![Target { field: "y".to_owned(), decode: Decode::Label { labels } }];
    Dataset { targets, ..data }
}

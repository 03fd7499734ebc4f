//! A line through points, found by `baeum_train::fit`: network and data are written by hand, and no other crate of
//! Baeum is imported.

use std::error::Error;
use std::sync::Arc;

use baeum_train::{
    Batch, Dataset, Loss, LossParts, Method, Network, NetworkError, Optimizer, Outside, Part, Probes, Record, Schema,
    SgdConfig, Signal, Source, SourceError, Splits, State, SystemClock, Task, Tensor, TrainConfig, Update, UpdateStats,
    fit,
};

/// `y = slope * x + offset`.
#[derive(Default)]
struct Line {
    weights: [f32; 2],  // slope, offset
    gradient: [f32; 2], // summed over the rows of a batch
    rows: f32,
    step: u64,
    outputs: Vec<Tensor>,
}

impl Network for Line {
    fn predict(&mut self, batch: &Batch) -> Result<&[Tensor], NetworkError> {
        let [slope, offset] = self.weights;
        let y: Vec<f32> = xs(batch)?.iter().map(|x| slope * x + offset).collect();
        self.outputs = vec![Tensor::new([batch.rows, 1], y)?];
        Ok(&self.outputs)
    }

    fn loss_and_grad(&mut self, batch: &Batch, _: &Loss, part: Part) -> Result<LossParts, NetworkError> {
        if part.index == 0 {
            (self.gradient, self.rows) = ([0.0; 2], 0.0);
        }
        let targets = batch.targets.first().ok_or(NetworkError::Targets { wanted: 1, got: 0 })?;
        let mut sum = 0.0;
        for (x, y) in xs(batch)?.iter().zip(targets.f32s()?) {
            let error = self.weights[0] * x + self.weights[1] - y;
            sum += f64::from(error * error);
            self.gradient[0] += 2.0 * error * x;
            self.gradient[1] += 2.0 * error;
        }
        self.rows += batch.rows as f32;
        Ok(LossParts { sum, weight: batch.rows as f64 })
    }

    fn update(&mut self, update: &Update) -> Result<UpdateStats, NetworkError> {
        let Update { method: Method::Sgd { momentum: 0.0, .. }, learning_rate, weight_decay: 0.0, clip: None, .. } =
            update
        else {
            return Err(NetworkError::Backend {
                what: format!("{update:?}"),
                source: "a line knows plain sgd alone".into(),
            });
        };
        let gradient = self.gradient.map(|g| g / self.rows);
        let gradient_norm = f64::from(gradient[0].hypot(gradient[1]));
        if gradient_norm.is_finite() {
            self.weights = [0, 1].map(|i| self.weights[i] - *learning_rate as f32 * gradient[i]);
            self.step += 1;
        }
        Ok(UpdateStats { gradient_norm })
    }

    fn state(&self) -> Result<State, NetworkError> {
        let weights = [("line".to_owned(), Tensor::vector(self.weights.to_vec()))].into();
        Ok(State { step: self.step, weights, ..State::default() })
    }

    fn load(&mut self, state: &State) -> Result<(), NetworkError> {
        let found = state.weights.get("line");
        let got = found.map(|line| line.shape().to_vec());
        let misfit = || NetworkError::State { name: "line".to_owned(), wanted: vec![2], got };
        self.weights = found.and_then(|line| line.f32s().ok()?.try_into().ok()).ok_or_else(misfit)?;
        self.step = state.step;
        Ok(())
    }
}

/// The network's only input.
fn xs(batch: &Batch) -> Result<&[f32], NetworkError> {
    let x = batch.inputs.get("x").ok_or_else(|| NetworkError::Input { name: "x".to_owned() })?;
    Ok(x.f32s()?)
}

/// Forty points on `y = 3 x + 2`.
struct Points;

impl Source for Points {
    fn len(&self) -> usize {
        40
    }

    fn record(&self, _: usize) -> Result<Record, SourceError> {
        Ok(Record::new())
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError> {
        let x: Vec<f32> = rows.iter().map(|&row| row as f32 / 20.0 - 1.0).collect();
        let y: Vec<f32> = x.iter().map(|x| 3.0 * x + 2.0).collect();
        let column = |numbers: Vec<f32>| {
            let tensor = Tensor::new([rows.len(), 1], numbers);
            tensor.map_err(|error| SourceError {
                row: rows.first().copied().unwrap_or(0),
                source: error.into(),
            })
        };
        Ok(Batch {
            rows: rows.len(),
            inputs: [("x".to_owned(), column(x)?)].into(),
            targets: vec![column(y)?],
        })
    }
}

/// Learns the line; returns slope and offset of the best epoch, and its loss.
fn learn() -> Result<(Vec<f32>, f64), Box<dyn Error>> {
    let (train, valid) = (0..40).partition(|row| row % 4 != 0);
    let data = Dataset {
        source: Arc::new(Points),
        splits: Splits::new(train, valid, vec![])?,
        task: Task::Regress,
        schema: Schema::default(),
        inputs: vec![],
        targets: vec![],
        stats: vec![],
        probes: Probes::default(),
    };
    let optimizer = Optimizer::Sgd(SgdConfig { momentum: 0.0, ..SgdConfig::default() });
    let said =
        TrainConfig { epochs: 60, batch_size: 5, optimizer, learning_rate: 0.1, ..TrainConfig::default() };
    let mut line = Line::default();
    let outside = Outside {
        clock: &SystemClock::new(),
        keep: &mut |_| Ok(()),
        judge: &mut |_, _, _| Ok(vec![]),
        look: &mut |_, _, _| (),
        watch: &mut |_| Signal::Go,
    };
    let fitted = fit(&said.check()?, 7, &mut line, &data, None, outside)?;
    let best = fitted.best.ok_or("no epoch ended")?;
    Ok((best.weights["line"].f32s()?.to_vec(), best.loss))
}

fn main() -> Result<(), Box<dyn Error>> {
    let (line, loss) = learn()?;
    println!("y = {} x + {}, loss {loss:e}", line[0], line[1]);
    Ok(())
}

#[test]
fn the_line_is_found() {
    let (line, loss) = learn().unwrap();
    // The points lie exactly on the line, so only the rounding of f32, some 1e-7 of numbers up to 5, is left.
    assert!((line[0] - 3.0).abs() < 1e-5 && (line[1] - 2.0).abs() < 1e-5, "{line:?}");
    assert!(loss < 1e-10, "{loss}");
}

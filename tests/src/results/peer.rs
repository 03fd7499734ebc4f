//! The same training in PyTorch: `tests/interop/results_torch.py` is handed the network with its first weights, the rows as our data
//! stage made them and every step's size; the weights of its best epoch come back and are judged as ours are.
mod handed;

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use baeum::fs::RealFs;
use baeum::{
    Context, Dataset, Limits, Model, NoHooks, Plans, Predictor, Recipe, Stages, Trained, Weights, cli, data,
    weights_file,
};
use serde::Deserialize;

use super::measure::Draw;
use super::record::{Peer, Theirs};
use crate::bench::process::ask;
use crate::{Scratch, root};

/// Names the Python that has PyTorch; `cargo xtask` sets it.
const PYTHON: &str = "BAEUM_PYTHON_TORCH";

/// Why there is no training to compare with.
type Failure = Box<dyn Error + Send + Sync>;

/// A recipe with its data and its network, before it has learned.
pub struct Opened {
    recipe: Recipe,
    plans: Plans,
    place: data::Place,
    dataset: Dataset,
    model: Model,
}

/// What PyTorch's side says of its training.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Went {
    /// The mean loss of the training rows in each epoch.
    pub train_losses: Vec<f64>,
    /// The loss of the validation rows behind each epoch; none where there are no such rows.
    pub valid_losses: Vec<Option<f64>>,
    /// The epoch whose weights came back.
    pub best_epoch: usize,
    /// From the first step to the last validation.
    pub seconds: f64,
    /// The version of PyTorch.
    pub torch: String,
}

/// The Python that has PyTorch, if there is one.
pub(super) fn python() -> Option<PathBuf> {
    env::var_os(PYTHON).map(PathBuf::from)
}

/// Trains a recipe with the seed and fold of this run in PyTorch, with as many threads.
pub(super) fn trained(
    python: &Path,
    recipe: &str,
    draw: Draw,
    data: Option<&Path>,
    threads: usize,
) -> Result<Peer, Failure> {
    let opened = Opened::new(recipe, &draw.sets(), data)?;
    if let Some(why) = opened.unspoken() {
        return Ok(Peer::Cannot { why });
    }
    let folder = Scratch::new("results-peer");
    let note = opened.hand_over(folder.path())?;
    let went = train(python, folder.path(), threads, None)?;
    let metrics = opened.judged(folder.path())?;
    Ok(Peer::Trained(Theirs { seed: draw.seed, seconds: went.seconds, metrics, torch: went.torch, note }))
}

/// Takes a few steps in PyTorch, and says how they went: whether a recipe can be trained there at all.
pub(super) fn tried(
    python: &Path,
    recipe: &str,
    data: Option<&Path>,
    threads: usize,
    steps: usize,
) -> Result<String, Failure> {
    let opened = Opened::new(recipe, &[], data)?;
    if let Some(why) = opened.unspoken() {
        return Ok(format!("not in PyTorch: {why}"));
    }
    let folder = Scratch::new("results-peer");
    let note = opened.hand_over(folder.path())?;
    let went = train(python, folder.path(), threads, Some(steps))?;
    Ok(format!("{:?}, {went:?} {note}", opened.judged(folder.path())?))
}

/// Lets PyTorch learn from what [`Opened::hand_over`] wrote, to the end or for so many steps.
///
/// # Errors
/// Whatever it says where it fails.
pub fn train(python: &Path, folder: &Path, threads: usize, steps: Option<usize>) -> Result<Went, Failure> {
    let threads = threads.to_string();
    let mut command = Command::new(python);
    command.arg(root().join("tests/interop/results_torch.py")).arg(folder).args(["--threads", &threads]);
    if let Some(steps) = steps {
        command.args(["--steps", &steps.to_string()]);
    }
    // Its libraries read these before the script can say anything.
    command.env("OMP_NUM_THREADS", &threads).env("MKL_NUM_THREADS", &threads).env("CUDA_VISIBLE_DEVICES", "");
    Ok(ask("PyTorch", &mut command)?)
}

impl Opened {
    /// Runs the first two stages of a recipe, a path from the root of the workspace, with these settings changed.
    ///
    /// # Errors
    /// What the stages refuse.
    pub fn new(recipe: &str, sets: &[String], data: Option<&Path>) -> Result<Opened, Failure> {
        let path = root().join(recipe);
        let parsed = Recipe::parse(recipe, &fs::read_to_string(&path)?, sets)?;
        let plans = parsed.check()?;
        let place = data::Place {
            fs: Arc::new(RealFs),
            base: path.parent().map(Path::to_owned).unwrap_or_default(),
            folders: cli::folders(data.map(Path::to_owned)),
            limits: plans.run.limits().clone(),
            seed: plans.run.seed(),
            progress: Default::default(),
            cache: None,
        };
        let (stages, context) =
            (Stages::default(), Context { plans: &plans, place: &place, hooks: &NoHooks });
        let dataset = (stages.data)(&context, ())?.dataset;
        let model = (stages.models)(&context, dataset.clone())?;
        Ok(Opened { recipe: parsed.recipe, plans, place, dataset, model })
    }

    /// Our own training of it.
    ///
    /// # Errors
    /// What the stage refuses.
    pub fn learned(&self) -> Result<Trained, Failure> {
        Ok((Stages::default().train)(&self.context(), (self.model.clone(), self.dataset.clone()))?)
    }

    /// What the weights that PyTorch left in the folder score on the test rows.
    ///
    /// # Errors
    /// What cannot be read, or is not what the network has.
    pub fn judged(&self, folder: &Path) -> Result<BTreeMap<String, f64>, Failure> {
        let (weights, _) =
            weights_file::read(&fs::read(folder.join("best.safetensors"))?, &Limits::default())?;
        self.scored(weights)
    }

    /// What these weights score on the test rows.
    ///
    /// # Errors
    /// What the stage refuses.
    pub fn scored(&self, weights: Weights) -> Result<BTreeMap<String, f64>, Failure> {
        let Dataset { schema, inputs, targets, .. } = self.dataset.clone();
        let predictor = Predictor { schema, inputs, graph: self.model.graph.clone(), weights, targets };
        let report = (Stages::default().evaluate)(&self.context(), (predictor, self.dataset.clone()))?;
        let named = report.metrics.iter().filter_map(|metric| Some((metric.name.to_string(), metric.value?)));
        Ok(named.collect())
    }

    fn context(&self) -> Context<'_> {
        Context { plans: &self.plans, place: &self.place, hooks: &NoHooks }
    }
}

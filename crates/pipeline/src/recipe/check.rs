use baeum_data::{DataError, DataPlan};
use baeum_evaluate::{EvaluateError, EvaluatePlan};
use baeum_export::{ExportError, ExportPlan};
use baeum_models::{Head, ModelError, ModelPlan};
use baeum_train::{TrainError, TrainPlan};

use super::{Recipe, RunConfigError, RunPlan};

/// What a recipe means: a plan for each stage. Made by [`Recipe::check`].
#[derive(Clone, Debug)]
pub struct Plans {
    /// What concerns every stage.
    pub run: RunPlan,
    /// Where examples come from.
    pub data: DataPlan,
    /// The network.
    pub models: ModelPlan,
    /// How it learns.
    pub train: TrainPlan,
    /// How it is measured.
    pub evaluate: EvaluatePlan,
    /// What is written.
    pub export: ExportPlan,
}

/// What a stage refuses about a recipe.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// No run can be so.
    #[error(transparent)]
    Run(#[from] RunConfigError),
    /// The data stage refuses.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The models stage refuses.
    #[error(transparent)]
    Models(#[from] ModelError),
    /// The train stage refuses.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// The evaluate stage refuses.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// The export stage refuses.
    #[error(transparent)]
    Export(#[from] ExportError),
}

impl CheckError {
    /// The setting that is blamed, such as `train.learning_rate`; none if it is no setting.
    pub fn path(&self) -> Option<String> {
        match self {
            CheckError::Run(error) => Some(error.path()),
            CheckError::Data(error) => error.path(),
            CheckError::Models(error) => error.path(),
            CheckError::Train(error) => error.path(),
            CheckError::Evaluate(error) => error.path(),
            CheckError::Export(error) => error.path(),
        }
    }
}

impl Recipe {
    /// Everything that can be refused before any data is read.
    ///
    /// # Errors
    /// [`CheckError`] for the first setting that is impossible, or that does not go with another one.
    pub fn check(&self) -> Result<Plans, CheckError> {
        let (run, data) = (self.run.check()?, self.data.check()?);
        let inputs: Vec<&str> = data.items().into_iter().map(|(name, _)| name).collect();
        let targets: Vec<&str> = data.targets().into_iter().map(|target| target.name).collect();
        let models = self.models.check_for(&inputs, &targets)?;
        let plans = Plans {
            run,
            data,
            models,
            train: self.train.check()?,
            evaluate: self.evaluate.check()?,
            export: self.export.check()?,
        };
        if let Some(items) = plans.data.items().into_iter().map(|(_, item)| item).collect::<Option<Vec<_>>>()
        {
            // How many labels there are is known from the data; only the head is as wide.
            const WIDTH: usize = 1;
            let head = match plans.data.horizon() {
                None if plans.data.tells_next() => Head::Places(WIDTH),
                Some(steps) => Head::Series { columns: 1, steps },
                None => Head::Numbers(WIDTH),
            };
            let items: Vec<&[usize]> = items.iter().map(Vec::as_slice).collect();
            let targets: Vec<&str> = plans.data.targets().into_iter().map(|target| target.name).collect();
            plans.models.graph_of(&items, &targets, head)?;
        }
        plans.train.loss_of(&plans.data.targets())?;
        plans.train.best(&plans.data.targets())?;
        if self.data.mix.is_some() {
            plans.train.refuse_mixed()?;
        }
        Ok(plans)
    }
}

use std::fmt;
use std::path::Path;

use baeum_core::tagged::Several;
use baeum_core::{LimitValueError, Limits};
use baeum_models::{Device, Rung};
use serde::{Deserialize, Serialize};

/// The `[run]` section of a recipe: what concerns every stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunConfig {
    /// What run folders are called: letters, digits, `-` and `_`. The recipe's file name if not given, or its folder's
    /// where the file is called `recipe.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where all random numbers come from: parts that are drawn by lot, first weights, the order of rows; 0 if not given. The
    /// same seed gives the same bytes. A list, `[0, 1, 2]`, makes a run of each; the command tells mean and spread of what they
    /// score, and exports the one that does best on its validation rows.
    pub seed: Several<u64>,
    /// How many processor cores are used; 0, for all of them, if not given. Changes no result.
    pub threads: usize,
    /// Where the network computes: `cpu`, if not given, or, in a build with that feature, `cuda` or `metal`.
    pub device: Device,
    /// How exactly matrices are multiplied; `highest` if not given.
    pub precision: Precision,
    /// Whether settings, losses and metrics are written for MLflow too, to `mlruns` in the folder of runs; not, if not given. Nothing
    /// is sent: `MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri runs/mlruns` shows them.
    pub mlflow: bool,
    /// Whether TensorBoard is shown more than curves, the graph and the settings: a few training images, and behind each epoch
    /// histograms of weights and of the optimizer's mean gradients, precision-recall curves of the validation rows (of 20 labels at most),
    /// and texts with answers, or gone on with; not, if not given. It takes one more pass over the validation rows each
    /// epoch, and changes no result. `tensorboard --logdir runs` shows it.
    pub tensorboard: bool,
    /// How much of anything a reader accepts.
    pub limits: Limits,
}

impl Default for RunConfig {
    fn default() -> RunConfig {
        RunConfig {
            name: None,
            seed: Several(vec![0]),
            threads: 0,
            device: Device::default(),
            precision: Precision::default(),
            mlflow: false,
            tensorboard: false,
            limits: Limits::default(),
        }
    }
}

/// How exactly matrices are multiplied, as in PyTorch's `set_float32_matmul_precision`.
///
/// `high` and `medium` allow faster products in dense layers, on processors with matrix units (AMX). Elsewhere they are `highest`
/// by definition. Convolutions, attention and recurrence are always `highest`, and so are exports and predictions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// In `f32`.
    #[default]
    Highest,
    /// Allows the sum of two `bf16` for each factor.
    High,
    /// Allows `bf16` factors, summed in `f32`.
    Medium,
}

impl Precision {
    /// What the runner is told.
    pub(crate) fn tier(self) -> baeum_models::Precision {
        match self {
            Precision::Highest => baeum_models::Precision::Highest,
            Precision::High => baeum_models::Precision::High,
            Precision::Medium => baeum_models::Precision::Medium,
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Precision::Highest => "highest",
            Precision::High => "high",
            Precision::Medium => "medium",
        })
    }
}

/// Settings of a run that were checked. Only [`RunConfig::check`] makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPlan {
    said: RunConfig,
    isa: Option<Rung>,
}

/// Why no run can be as the recipe wants it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunConfigError {
    /// A name that is no good folder name everywhere.
    #[error("`run.name` wants 1 to {LONGEST} letters, digits, `-` or `_`, got `{0}`")]
    Name(String),
    /// A seed that no recipe can hold: whole numbers of TOML have 63 bits.
    #[error("`run.seed` wants at most {most}, got {0}", most = i64::MAX)]
    Seed(u64),
    /// A list of seeds that is empty, or has one twice.
    #[error("`run.seed` wants at least one number, and each once, got {0:?}")]
    Seeds(Vec<u64>),
    /// More threads than any machine has cores.
    #[error("`run.threads` wants 0 for all cores, or up to {MOST_THREADS}, got {0}")]
    Threads(usize),
    /// A device that this build cannot use.
    #[error("`run.device` wants a build with `--features {0}`, got one without; `cpu` always works")]
    Device(&'static str),
    /// A limit that limits nothing, or lets nothing pass.
    #[error(transparent)]
    Limit(#[from] LimitValueError),
}

/// A folder's name has 255 bytes on common file systems; the rest is for the run's number.
const LONGEST: usize = 100;

/// Far above the cores of any machine, and below what makes a thread pool fail.
const MOST_THREADS: usize = 4096;

impl RunConfig {
    /// What the settings mean, or the first one that is impossible.
    ///
    /// # Errors
    /// [`RunConfigError`] knows the setting's path.
    pub fn check(&self) -> Result<RunPlan, RunConfigError> {
        if let Some(name) = self.name.as_ref().filter(|name| !is_name(name)) {
            return Err(RunConfigError::Name(name.clone()));
        }
        let Several(seeds) = &self.seed;
        if let Some(seed) = seeds.iter().find(|seed| i64::try_from(**seed).is_err()) {
            return Err(RunConfigError::Seed(*seed));
        }
        let is_twice = |(place, seed): (usize, &u64)| seeds[..place].contains(seed);
        if seeds.is_empty() || seeds.iter().enumerate().any(is_twice) {
            return Err(RunConfigError::Seeds(seeds.clone()));
        }
        if self.threads > MOST_THREADS {
            return Err(RunConfigError::Threads(self.threads));
        }
        match self.device {
            Device::Cuda if !cfg!(feature = "cuda") => return Err(RunConfigError::Device("cuda")),
            Device::Metal if !cfg!(feature = "metal") => return Err(RunConfigError::Device("metal")),
            Device::Cpu | Device::Cuda | Device::Metal => {}
        }
        self.limits.check()?;
        Ok(RunPlan { said: self.clone(), isa: None })
    }
}

impl RunPlan {
    /// What run folders are called, for a recipe in this file.
    pub fn name(&self, recipe: &Path) -> String {
        self.said.name.clone().unwrap_or_else(|| name_of(recipe))
    }

    /// Where all random numbers come from; the first of a list.
    pub fn seed(&self) -> u64 {
        self.seeds().first().copied().unwrap_or_default()
    }

    /// All seeds of the recipe, each for a run of its own.
    pub fn seeds(&self) -> &[u64] {
        let Several(seeds) = &self.said.seed;
        seeds
    }

    /// The same with one seed.
    pub fn of_seed(self, seed: u64) -> RunPlan {
        RunPlan { said: RunConfig { seed: Several(vec![seed]), ..self.said }, ..self }
    }

    /// How many threads are used; none for one on each core.
    pub fn threads(&self) -> Option<usize> {
        Some(self.said.threads).filter(|threads| *threads > 0)
    }

    /// The highest rung of instructions that may be used; none for the best of the processor, tiles included. No recipe says it:
    /// `BAEUM_ISA` does, for tests and measurements. Changes no bit, but that any rung makes every precision the highest.
    pub fn isa(&self) -> Option<Rung> {
        self.isa
    }

    /// The same, with instructions of this rung at most.
    pub fn with_isa(self, rung: Rung) -> RunPlan {
        RunPlan { isa: Some(rung), ..self }
    }

    /// Where the network computes.
    pub fn device(&self) -> Device {
        self.said.device
    }

    /// How exactly the recipe asks matrices to be multiplied.
    pub fn precision(&self) -> Precision {
        self.said.precision
    }

    /// How exactly they are multiplied here: as asked for, if processor and rung allow it, or else the highest.
    ///
    /// A run keeps both: `recipe.toml` what was asked for, and the identity in `run.json` this.
    pub fn computed(&self) -> Precision {
        let asked = self.said.precision;
        match self.said.device {
            Device::Cpu if asked.tier().computed(self.isa) == asked.tier() => asked,
            Device::Cpu | Device::Cuda | Device::Metal => Precision::Highest,
        }
    }

    /// Whether the run is written down for MLflow.
    pub fn mlflow(&self) -> bool {
        self.said.mlflow
    }

    /// Whether TensorBoard is shown what a network is like inside.
    pub fn tensorboard(&self) -> bool {
        self.said.tensorboard
    }

    /// How much of anything a reader accepts.
    pub fn limits(&self) -> &Limits {
        &self.said.limits
    }
}

impl RunConfigError {
    /// Where in the recipe the offender stands.
    pub fn path(&self) -> String {
        match self {
            RunConfigError::Name(_) => "run.name".to_owned(),
            RunConfigError::Seed(_) | RunConfigError::Seeds(_) => "run.seed".to_owned(),
            RunConfigError::Threads(_) => "run.threads".to_owned(),
            RunConfigError::Device(_) => "run.device".to_owned(),
            RunConfigError::Limit(error) => format!("run.limits.{}", error.limit.name()),
        }
    }
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=LONGEST).contains(&name.len()) && name.chars().all(fits)
}

/// A name for the runs of a recipe that gives none. What may not stand in a name becomes `-`.
fn name_of(recipe: &Path) -> String {
    let text = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let stem = text(recipe.file_stem()).unwrap_or_default();
    let folder = text(recipe.parent().and_then(Path::file_name)).filter(|_| stem == "recipe");
    let name =
        folder.unwrap_or(stem).replace(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_', "-");
    match name.trim_matches('-') {
        "" => "run".to_owned(),
        name => name.chars().take(LONGEST).collect(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[track_caller]
    fn check(config: &RunConfig, path: &str, expect: &str) {
        let error = config.check().unwrap_err();
        assert_eq!((error.path().as_str(), error.to_string().as_str()), (path, expect));
    }

    #[test]
    fn nothing_said_means_the_defaults() {
        let plan = RunConfig::default().check().unwrap();
        assert_eq!((plan.seed(), plan.threads(), plan.device()), (0, None, Device::Cpu));
        assert_eq!((plan.precision(), plan.limits()), (Precision::Highest, &Limits::default()));
    }

    #[test]
    fn impossible_settings_are_refused_by_path() {
        let name = |name: &str| RunConfig { name: Some(name.to_owned()), ..RunConfig::default() };
        assert!(name("digits-2_b").check().is_ok());
        for bad in ["", "..", "a/b", "이름", "a b"] {
            let text = format!("`run.name` wants 1 to 100 letters, digits, `-` or `_`, got `{bad}`");
            check(&name(bad), "run.name", &text);
        }
        assert!(name(&"a".repeat(101)).check().is_err());
        let text = "`run.threads` wants 0 for all cores, or up to 4096, got 4097";
        check(&RunConfig { threads: 4097, ..RunConfig::default() }, "run.threads", text);
        let text = "`run.seed` wants at most 9223372036854775807, got 9223372036854775808";
        let seeds = |seeds: &[u64]| RunConfig { seed: Several(seeds.to_vec()), ..RunConfig::default() };
        check(&seeds(&[1 << 63]), "run.seed", text);
        check(&seeds(&[0, 1 << 63]), "run.seed", text);
        let text = "`run.seed` wants at least one number, and each once, got ";
        check(&seeds(&[]), "run.seed", &format!("{text}[]"));
        check(&seeds(&[3, 1, 3]), "run.seed", &format!("{text}[3, 1, 3]"));
        let plan = seeds(&[3, 1]).check().unwrap();
        assert_eq!((plan.seed(), plan.seeds()), (3, &[3, 1][..]));
        assert_eq!(plan.of_seed(1), seeds(&[1]).check().unwrap());
        let limits = Limits { csv_columns: 0, ..Limits::default() };
        let text = "`run.limits.csv_columns` wants a number from 1 to 9007199254740992, got 0";
        check(&RunConfig { limits, ..RunConfig::default() }, "run.limits.csv_columns", text);
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_of_another_build_is_refused() {
        let text = "`run.device` wants a build with `--features cuda`, got one without; `cpu` always works";
        check(&RunConfig { device: Device::Cuda, ..RunConfig::default() }, "run.device", text);
    }

    #[test]
    fn a_recipe_without_a_name_goes_by_its_file() {
        let name = |path: &str| RunConfig::default().check().unwrap().name(Path::new(path));
        assert_eq!(name("datasets/digits/recipe.toml"), "digits");
        assert_eq!(name("my experiments/first try.toml"), "first-try");
        assert_eq!(name("recipe.toml"), "recipe");
        assert_eq!(name("숫자.toml"), "run");
        let said = RunConfig { name: Some("own".to_owned()), ..RunConfig::default() };
        assert_eq!(said.check().unwrap().name(Path::new("a.toml")), "own");
    }

    #[test]
    fn a_precision_is_computed_if_there_are_tiles_and_no_rung_leaves_them_out() {
        for precision in [Precision::Highest, Precision::High, Precision::Medium] {
            assert_eq!(serde_json::to_value(precision).unwrap(), precision.to_string());
            let plan = RunConfig { precision, ..RunConfig::default() }.check().unwrap();
            let here = if there_are_tiles() { precision } else { Precision::Highest };
            assert_eq!((plan.precision(), plan.computed()), (precision, here));
            for rung in Rung::ALL {
                assert_eq!(plan.clone().with_isa(rung).computed(), Precision::Highest);
            }
        }
    }

    fn there_are_tiles() -> bool {
        baeum_models::Precision::High.computed(None) == baeum_models::Precision::High
    }
}

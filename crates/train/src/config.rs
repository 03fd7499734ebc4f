mod class_weights;
mod head;
mod loss;
mod optimizer;
mod schedule;

use std::collections::BTreeMap;

use baeum_core::tagged::Several;
use baeum_core::{Decayed, HeadMetric};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use class_weights::ClassWeights;
pub use head::HeadConfig;
pub use loss::{CrossEntropyConfig, Huber, LossConfig, Quantile};
pub use optimizer::{AdamConfig, LionConfig, MuonConfig, Optimizer, RmsPropConfig, SgdConfig};
pub use schedule::{Cooldown, Descent, OneCycle, Plateau, Schedule, StepDown};

/// The `[train]` section of a recipe: how a network learns. What is left out takes the value given here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// How often every training row is seen; 30, which small tables and pictures need at most.
    pub epochs: u32,
    /// How many updates training takes at most, wherever in an epoch the last one is, and that epoch counts as far as it went;
    /// schedules have these in place of the epochs' and `train.epochs` has to reach as far. None: the epochs are whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<u64>,
    /// How many minutes training may take, those before an interruption with them; it ends behind the update in which they run
    /// out, and the epoch counts as far as it went. With it a result depends on the speed of the machine. None: as many as it
    /// takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_minutes: Option<f64>,
    /// How many rows make one update; 64: large enough to keep a processor busy, small enough to find wide minima
    /// (Keskar et al. 2017). The last batch of an epoch has what is left; more than 64 are refused where an epoch has fewer.
    pub batch_size: usize,
    /// Whether an epoch leaves out the last rows of its order that fill no batch, which are others in each epoch; not, if not given.
    /// Batch norm learns little from a batch of few rows.
    pub drop_last: bool,
    /// How often the rows of each label are seen in an epoch; `all`: every row once. Where labels are far from equally
    /// frequent, the others give rare ones more weight. A row that may have several goes by the rarest of them, and of several targets the
    /// first counts.
    pub sampler: Sampler,
    /// What a row counts in the loss by its label: `balanced`, which is `n / (classes * count)` of the training rows;
    /// `square_root`, the root of it; a table such as `{ yes = 5, no = 1 }`, where what is not named counts 1; or a list in
    /// the order of the labels. Where a row may have several, it is what a label counts that fits, beside 1 where it does not:
    /// `balanced` is then the rows that it does not fit over those that it fits. Not given, all count the same. The validation
    /// loss is weighted alike; scores are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
    /// How many rows go through the network at once, if a whole batch does not fit into memory. The gradients of the
    /// parts are added up before the update, so all but batch normalisation comes out as with the whole batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub micro_batch: Option<usize>,
    /// How gradients move the weights; `adamw`, which needs the least tuning.
    #[serde(deserialize_with = "baeum_core::tagged::one")]
    pub optimizer: Optimizer,
    /// What the optimizer's `weight_decay` pulls towards zero: `weights`, which are parameters of two axes or more, or `all`,
    /// as in PyTorch.
    pub decay: Decayed,
    /// The largest step size; 1e-3, as in Kingma & Ba 2015. With `sgd` 0.01 to 0.1 is usual, with `lion` a third to a tenth of
    /// what `adamw` takes.
    pub learning_rate: f64,
    /// Whether growing step sizes are tried on the untrained network before it learns, as `baeum find-rate` does; the report shows how the
    /// loss answers, and where `learning_rate` lies. Not, if not given; it takes a hundred steps, and changes no result.
    pub find_rate: bool,
    /// How many epochs the step size rises along a line before the schedule begins, in parts of an epoch if need be; 0.
    pub warmup_epochs: f64,
    /// How the step size changes over the steps behind the warmup; `constant`.
    #[serde(deserialize_with = "baeum_core::tagged::one")]
    pub schedule: Schedule,
    /// The longest gradient that passes as it is; a longer one is scaled down to this length. None: all pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip: Option<f64>,
    /// The length of the gradient, before it is clipped, above which training stops, as it does in any case at the first loss or
    /// gradient that is no number: it names the step, the layer and the rows, and keeps them to be tried again. None: any
    /// length passes, for what is usual differs from task to task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gradient_limit: Option<f64>,
    /// How much of a running average of the weights is kept at each step, such as 0.999 (Polyak & Juditsky 1992); such averages
    /// are what is validated, chosen and exported, while the weights themselves learn on. None: the weights are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema: Option<f64>,
    /// What is minimised; what the task wants: `cross_entropy` to classify, `binary_cross_entropy` for several labels at
    /// once, `mse` to regress, where `mae`, `huber` and `quantile` fit too. `{ cross_entropy = { smoothing = 0.1 } }` spreads
    /// a tenth of each label over all labels, and the validation loss is smoothed alike.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "baeum_core::tagged::option")]
    pub loss: Option<LossConfig>,
    /// Losses of several targets, by the target: `heads = { weight = { loss = "mae", weight = 0.5 } }`. What is minimised is the
    /// sum of their means, each times its weight.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub heads: BTreeMap<String, HeadConfig>,
    /// What makes an epoch the best one, whose weights are kept: a metric of the validation rows, such as `accuracy`, or several
    /// in the order of their importance, where each tells apart what those before it leave equal. Where there are several targets, one
    /// stands in front of each metric: `species.accuracy`. The loss of these rows, if
    /// not given; it also tells apart what all metrics leave equal, and of equals the first is best.
    #[serde(skip_serializing_if = "Several::is_empty")]
    pub best: Several<HeadMetric>,
    /// When to stop before the last epoch; never, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// How often the state of the training is kept.
    pub checkpoint: CheckpointConfig,
}

/// How many rows make one update, unless it is said.
pub(crate) const BATCH_SIZE: usize = 64;

/// How often the rows of each label are seen in an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// Every row once.
    #[default]
    All,
    /// Every label as often as the most frequent one; its rows come again.
    Over,
    /// Every label as often as the rarest one; the rows of the others take turns.
    Under,
    /// Every label by the square root of its rows, as many rows in all as there are.
    SquareRoot,
}

impl Sampler {
    /// The name used in recipes and errors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Sampler::All => "all",
            Sampler::Over => "over",
            Sampler::Under => "under",
            Sampler::SquareRoot => "square_root",
        }
    }
}

/// When to stop before the last epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStopping {
    /// After so many epochs in a row without progress; 10. Progress is that the loss gets better, or, where `train.best` names
    /// metrics, one of them.
    pub patience: u32,
    /// By how much it must get better to count as progress; 0: by anything.
    pub min_delta: f64,
}

/// How often the state of the training is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointConfig {
    /// After so many epochs. Unless it is said, after each epoch that ends ten seconds or more behind the last checkpoint, and twenty
    /// times as long as that one took to write, so that checkpoints take a twentieth of the time at most. The last epoch, and
    /// one cut short by a signal, are kept in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// Also after so many updates, wherever in an epoch that is; not, unless said: for epochs of an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_steps: Option<u64>,
    /// Also once so many minutes have gone by since the last one, after the update in which they did; not, unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_minutes: Option<f64>,
    /// How many of them stay on disk; 2, the least: if the newest one is damaged, the one before it serves.
    pub keep: usize,
    /// How many of the best epochs keep their weights; 1. The best one goes on to the next stages; the others lie beside it in
    /// the run folder, `3-train/best/2.safetensors` and so on, and in every checkpoint.
    pub best: usize,
}

impl Default for TrainConfig {
    fn default() -> TrainConfig {
        TrainConfig {
            epochs: 30,
            max_steps: None,
            max_minutes: None,
            batch_size: BATCH_SIZE,
            drop_last: false,
            sampler: Sampler::All,
            class_weights: None,
            micro_batch: None,
            optimizer: Optimizer::AdamW(AdamConfig::default()),
            decay: Decayed::Weights,
            learning_rate: 1e-3,
            find_rate: false,
            warmup_epochs: 0.0,
            schedule: Schedule::Constant,
            clip: None,
            gradient_limit: None,
            ema: None,
            loss: None,
            heads: BTreeMap::new(),
            best: Several::default(),
            early_stopping: None,
            checkpoint: CheckpointConfig::default(),
        }
    }
}

impl Default for EarlyStopping {
    fn default() -> EarlyStopping {
        EarlyStopping { patience: 10, min_delta: 0.0 }
    }
}

impl Default for CheckpointConfig {
    fn default() -> CheckpointConfig {
        CheckpointConfig { every: None, every_steps: None, every_minutes: None, keep: 2, best: 1 }
    }
}

/// Tells an editor that a variant whose settings all have defaults may be written as its name alone.
fn bare_names(schema: &mut schemars::Schema) {
    let Some(serde_json::Value::Array(variants)) = schema.get_mut("oneOf") else { return };
    let names: Vec<_> =
        variants.iter().filter_map(|variant| variant.pointer("/required/0").cloned()).collect();
    variants.extend(names.into_iter().map(|name| serde_json::json!({ "type": "string", "const": name })));
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<TrainConfig, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_takes_its_default() {
        assert_eq!(read("{}"), Ok(TrainConfig::default()));
        let adam = Optimizer::AdamW(AdamConfig { beta1: 0.8, ..AdamConfig::default() });
        let early_stopping = Some(EarlyStopping { patience: 3, min_delta: 0.0 });
        let said = TrainConfig {
            optimizer: adam,
            early_stopping,
            loss: Some(LossConfig::Mse),
            ..TrainConfig::default()
        };
        let text =
            r#"{"optimizer": {"adamw": {"beta1": 0.8}}, "early_stopping": {"patience": 3}, "loss": "mse"}"#;
        assert_eq!(read(text), Ok(said.clone()));
        assert_eq!(read(&serde_json::to_string(&said).unwrap()), Ok(said));
    }

    #[test]
    fn a_name_alone_takes_all_defaults() {
        let said = read(r#"{"optimizer": "sgd", "schedule": "cosine"}"#).unwrap();
        assert_eq!(said.optimizer, Optimizer::Sgd(SgdConfig::default()));
        assert_eq!(said.schedule, Schedule::Cosine(Descent { final_factor: 0.0 }));
        assert_eq!(read(r#"{"schedule": "constant"}"#).unwrap().schedule, Schedule::Constant);
        let plain = LossConfig::CrossEntropy(CrossEntropyConfig { smoothing: 0.0, gamma: 0.0 });
        assert_eq!(read(r#"{"loss": "cross_entropy"}"#).unwrap().loss, Some(plain));
    }

    #[test]
    fn a_misspelt_name_is_refused() {
        let check = |text: &str, expect: &str| assert!(read(text).unwrap_err().starts_with(expect), "{text}");
        check(
            r#"{"epoch": 3}"#,
            "unknown field `epoch`, expected one of `epochs`, `max_steps`, `max_minutes`",
        );
        check(
            r#"{"optimizer": "adamax"}"#,
            "unknown variant `adamax`, expected one of `sgd`, `adam`, `adamw`, `rmsprop`, `lion`, `muon`",
        );
        check(r#"{"optimizer": {"adam": {"beta3": 1}}}"#, "unknown field `beta3`, expected one of `beta1`");
    }

    #[test]
    fn an_editor_is_told_of_both_spellings() {
        let schema = schemars::schema_for!(TrainConfig);
        let variants = schema.pointer("/$defs/Optimizer/oneOf").unwrap();
        assert_eq!(variants[1]["required"], serde_json::json!(["adam"]));
        assert_eq!(variants[7], serde_json::json!({ "type": "string", "const": "adam" }));
    }
}

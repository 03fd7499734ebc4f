use baeum_core::Filter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step from a field to numbers, as a recipe writes it; fitted to the training rows it is a
/// `baeum_core::Transform`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StepConfig {
    /// An image of any size to one size, antialiased.
    Resize {
        /// Rows that come out.
        height: usize,
        /// Columns that come out.
        width: usize,
        /// How pixels are weighed.
        #[serde(default)]
        filter: Filter,
    },
    /// `x * factor + offset`.
    Scale {
        /// What each number is multiplied by.
        #[serde(default = "one")]
        factor: f64,
        /// What is added then.
        #[serde(default)]
        offset: f64,
    },
    /// `(x - mean) / deviation`, both of the training rows.
    Standardise {
        /// Which numbers share a mean.
        #[serde(default)]
        per: Per,
    },
    /// A missing number becomes another one.
    Impute {
        /// Which one.
        #[serde(default)]
        with: ImputeWith,
    },
    /// A name becomes its place among the names of the training rows, from 1; 0 stands for all others.
    Category {},
    /// The place of a name becomes a row of zeros with a one at that place.
    OneHot {},
}

/// Which numbers share a mean and a deviation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Each number of a row has its own.
    #[default]
    Feature,
    /// All numbers of all rows share one.
    All,
    /// Each channel of an image has its own.
    Channel,
}

/// What a missing number becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImputeWith {
    /// The mean of the training rows.
    #[default]
    Mean,
    /// The number in the middle of the training rows.
    Median,
    /// A number of your choice.
    Constant(f64),
}

impl StepConfig {
    /// The name used in recipes and errors.
    pub fn name(&self) -> &'static str {
        match self {
            StepConfig::Resize { .. } => "resize",
            StepConfig::Scale { .. } => "scale",
            StepConfig::Standardise { .. } => "standardise",
            StepConfig::Impute { .. } => "impute",
            StepConfig::Category {} => "category",
            StepConfig::OneHot {} => "one_hot",
        }
    }
}

fn one() -> f64 {
    1.0
}

use serde::{Deserialize, Serialize};

/// One step of preprocessing with the numbers it was fitted to. The only list of transforms in the workspace.
///
/// `data` fits them on the training rows and applies them; `export` writes them into files that can say them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Transform {
    /// An image of any size to one size: bytes `[h, w, c]` in, numbers `[c, height, width]` from 0 to 255 out.
    /// Antialiased, as PIL and torchvision resize; computed in `f32` and not rounded, so that ONNX can say the same.
    Resize {
        /// Rows that come out.
        height: usize,
        /// Columns that come out.
        width: usize,
        /// How pixels are weighed.
        filter: Filter,
    },
    /// `x * factor + offset`.
    Scale {
        /// What each number is multiplied by.
        factor: f64,
        /// What is added then.
        offset: f64,
    },
    /// `(x - mean) / std`: one pair for all numbers, or one for each number of a row or each channel of an image.
    /// A number that never changed in training has deviation 1 here, so it becomes 0.
    Standardise {
        /// Means of the training rows.
        mean: Vec<f64>,
        /// Their standard deviations (over n), none of them 0.
        std: Vec<f64>,
    },
    /// A missing number becomes this one: the mean or median of the training rows, or a constant of the recipe.
    Impute {
        /// One value, or one for each number of a row.
        value: Vec<f64>,
    },
    /// A name becomes its place among the names of the training rows, counted from 1; 0 is for a name that training
    /// did not see, and for a missing one.
    Category {
        /// The names, in order.
        labels: Vec<String>,
    },
    /// The place of a name becomes a row of zeros with a 1 at that place.
    OneHot {
        /// Length of the row: the names, and one more for the unseen.
        size: usize,
    },
}

/// How pixels are weighed when an image changes its size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// A triangle, PIL's `BILINEAR`.
    #[default]
    Bilinear,
    /// A Catmull-Rom spline (a = -0.5), PIL's `BICUBIC`.
    Bicubic,
}

impl Transform {
    /// The name used in recipes, tables and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Transform::Resize { .. } => "resize",
            Transform::Scale { .. } => "scale",
            Transform::Standardise { .. } => "standardise",
            Transform::Impute { .. } => "impute",
            Transform::Category { .. } => "category",
            Transform::OneHot { .. } => "one_hot",
        }
    }
}

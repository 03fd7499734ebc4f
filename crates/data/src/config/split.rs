use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Paths;

/// How examples are divided into those that teach, those that choose the best epoch and those that judge.
///
/// A drawn split goes by what a row says, not by where it stands: in another order, or under another file
/// name, the same examples fall into the same parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SplitConfig {
    /// Drawn by lot.
    Random {
        /// Share of the rows for `valid`.
        #[serde(default = "fifteen_percent")]
        valid: f64,
        /// Share of the rows for `test`.
        #[serde(default = "fifteen_percent")]
        test: f64,
    },
    /// Drawn by lot, class by class, so that each part has the same mixture; where a row may have several labels, as nearly
    /// as can be (Sechidis et al. 2011).
    Stratified {
        /// Share of each class for `valid`.
        #[serde(default = "fifteen_percent")]
        valid: f64,
        /// Share of each class for `test`.
        #[serde(default = "fifteen_percent")]
        test: f64,
    },
    /// Drawn by lot, but rows of one group stay together: the visits of a patient, the frames of a film.
    Groups {
        /// The column that names the group.
        column: String,
        /// Share of the rows for `valid`, as near as whole groups allow.
        #[serde(default = "fifteen_percent")]
        valid: f64,
        /// Share of the rows for `test`.
        #[serde(default = "fifteen_percent")]
        test: f64,
    },
    /// By time: the last rows are for `test`, those before them for `valid`. Rows of one moment stay together.
    Time {
        /// The column of the moment: numbers, or dates such as `2026-11-25 13:00`; a series has named it already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
        /// Share of the rows for `valid`.
        #[serde(default = "fifteen_percent")]
        valid: f64,
        /// Share of the rows for `test`.
        #[serde(default = "fifteen_percent")]
        test: f64,
    },
    /// By time, at moments that are said.
    Moments {
        /// The column of the moment: numbers, or dates such as `2026-11-25 13:00`; a series has named it already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
        /// The moment from which on rows are for `valid`; without one there are none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid: Option<String>,
        /// The moment from which on rows are for `test`. Of a date its beginning is enough, such as `2026-11`.
        test: String,
    },
    /// Each row by itself, so that it keeps its part when others come and go.
    Hash {
        /// The column that tells rows apart; unless it is said, all that a row says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
        /// The chance of `valid`.
        #[serde(default = "fifteen_percent")]
        valid: f64,
        /// The chance of `test`.
        #[serde(default = "fifteen_percent")]
        test: f64,
    },
    /// One of several equal parts judges, a different one in each run; classes are spread evenly over them.
    Fold {
        /// How many parts there are.
        of: usize,
        /// Which one is for `test`, from 0.
        #[serde(default)]
        fold: usize,
        /// Share of the other rows for `valid`.
        #[serde(default = "ten_percent")]
        valid: f64,
    },
    /// A column of the table says it: `train`, `valid` or `test`.
    Column {
        /// The column; `{}` in it stands for the number of the repeat, as in `split_{}`.
        name: String,
        /// Which of several given splits is used, where `name` has a `{}`. The network sees none of their columns.
        #[serde(default, rename = "use")]
        used: usize,
    },
    /// Lists of rows say it, a file of text for each part: in each line one id, as a column of `data.ids` has it; the
    /// name of an image or a text below its folder; or else the number of a row, counted from 0 over all files. `{}` in
    /// a name stands for the number of the repeat, as in `split_{}/train.txt`.
    Lists {
        /// The rows that teach; may be left out where `unlisted = "train"`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        train: Option<String>,
        /// The rows that choose the best epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid: Option<String>,
        /// The rows that judge.
        test: String,
        /// The column that the lists tell rows by; unless it is said, that of `data.ids` where there is one alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
        /// What becomes of rows that stand in no list.
        #[serde(default)]
        unlisted: Unlisted,
        /// Share of the rows of `train` that choose the best epoch, where no list does; drawn class by class.
        #[serde(default = "ten_percent")]
        valid_share: f64,
        /// Which of several given splits is used, where the names have a `{}`.
        #[serde(default, rename = "use")]
        used: usize,
    },
    /// One table for each part, all with the same columns.
    Files {
        /// The table that teaches.
        train: Paths,
        /// The table that chooses the best epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        valid: Option<Paths>,
        /// The table that judges.
        test: Paths,
        /// Share of the rows of `train` that choose the best epoch, where no table does; drawn class by class.
        #[serde(default = "ten_percent")]
        valid_share: f64,
    },
    /// The source has test rows of its own; `valid` is drawn from the others, class by class.
    Given {
        /// Share of the other rows for `valid`.
        #[serde(default = "ten_percent")]
        valid: f64,
    },
}

/// What becomes of rows that stand in no list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unlisted {
    /// The stage ends and counts them.
    #[default]
    Stop,
    /// The network learns from them.
    Train,
}

fn fifteen_percent() -> f64 {
    0.15
}

fn ten_percent() -> f64 {
    0.1
}

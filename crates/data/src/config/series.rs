use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A table whose rows are the steps of a series: an example is a window of them, and its answer the steps behind it.
///
/// The network sees one field, `series`: the numbers of a window, channel by channel. A window belongs to the part that all
/// its answer lies in; what it sees may reach back into the part before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesConfig {
    /// The column of the moment, by which rows are put in order: numbers, or dates such as `2026-11-25 13:00`. Unless it
    /// is said, they stay in the order of the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The column that tells which series a row belongs to, where the table holds several; no window reaches from one into
    /// another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The number columns that the network sees, by name or by a pattern such as `sensor_*`; unless it is said, all that
    /// nothing else names, the target among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// How many steps the network sees.
    pub window: usize,
    /// How many steps behind the window are told.
    #[serde(default = "one")]
    pub horizon: usize,
    /// After how many steps the series more or less repeats itself, such as 12 for months: forecasts are held against the
    /// season before.
    #[serde(default = "one")]
    pub season: usize,
    /// How many steps lie between the beginnings of two windows.
    #[serde(default = "one")]
    pub stride: usize,
    /// Steps from this moment on are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

fn one() -> usize {
    1
}

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How labels become clean, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CleanConfig {
    /// Characters that are left out at both ends of a label, such as `" ."`.
    pub strip: String,
    /// What labels are called, by what the data call them: `{ "1.0" = "yes", Y = "yes" }`.
    pub map: BTreeMap<String, String>,
}

/// What happens to what cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBad {
    /// The stage ends and says where it is.
    #[default]
    Stop,
    /// It is left out, counted, and listed in the profile.
    Skip,
}

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Paths;

/// One of several inputs of the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputConfig {
    /// The fields that it is made of, side by side in this order: `"photo"`, or `["price", "rooms"]`. An image and a text
    /// stand alone. A field may stand in several inputs.
    pub fields: Paths,
    /// How the numbers of one example are laid out, such as `[1, 8, 8]`; one behind the other, or as the one field has them,
    /// unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Vec<usize>>,
}

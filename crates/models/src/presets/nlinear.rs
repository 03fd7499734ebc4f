use baeum_core::{Anchor, Anchored, Decode};
use serde::{Deserialize, Serialize};

use super::{Facts, Preset, Refusal};
use crate::LayerSpec;

/// One linear layer from the steps that are seen to those that are told, the same for each column (NLinear; Zeng, Chen, Zhang &
/// Xu 2023).
///
/// The layer is the head. That windows are measured from their last step, and the answers too, is the work of `normalise_window`;
/// without it this is another network, which is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nlinear {}

impl Preset for Nlinear {
    fn check(&self) -> Result<(), Refusal> {
        Ok(())
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        facts.want_each_column()?;
        match facts.target {
            None | Some(Decode::Forecast { anchor: Some(Anchored { by: Anchor::Last, .. }), .. }) => {
                Ok(vec![])
            }
            Some(_) => Err(Refusal::whole(
                "wants windows that are measured from their last step, got others; \
                 put `normalise_window = { by = \"last\" }` among the steps of the series",
            )),
        }
    }
}

use baeum_core::{Layer, Padding};
use serde::{Deserialize, Serialize};

use super::{Facts, Preset, Refusal, Stack, refusal};
use crate::LayerSpec;

/// A linear layer for the trend of each column and one for what it leaves, the same for all columns (DLinear; Zeng, Chen, Zhang &
/// Xu 2023).
///
/// The trend is a moving average; the first and the last step are repeated where it reaches beyond the window. Both layers are the
/// head, over the two side by side, so their two biases are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dlinear {
    /// Steps of the moving average, an odd number; 25 if not given.
    pub kernel: usize,
}

impl Default for Dlinear {
    fn default() -> Dlinear {
        Dlinear { kernel: 25 }
    }
}

impl Preset for Dlinear {
    fn check(&self) -> Result<(), Refusal> {
        refusal::odd("kernel", self.kernel)
    }

    fn layers(&self, facts: &Facts<'_>) -> Result<Vec<LayerSpec>, Refusal> {
        facts.want_each_column()?;
        let reach = self.kernel / 2;
        let mut stack = Stack::default();
        stack.named("edges", Layer::Pad1d { before: reach, after: reach, mode: Padding::Replicate });
        stack.named(
            "trend",
            Layer::AvgPool1d { kernel: self.kernel, stride: Some(1), padding: 0, ceil_mode: false },
        ); // [B, C, T]
        stack.behind(&["x", "trend"], "rest", Layer::Subtract);
        stack.behind(&["rest", "trend"], "parts", Layer::Concat { axis: 2 }); // [B, C, 2 T]
        Ok(stack.layers())
    }
}

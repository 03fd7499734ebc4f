use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One optimizer step, with this step's numbers. `train` chooses, the network computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// How a gradient becomes a step.
    pub method: Method,
    /// Step size.
    pub learning_rate: f64,
    /// Pull towards zero; what it acts through is said at the method.
    pub weight_decay: f64,
    /// What is pulled.
    pub decayed: Decayed,
    /// The longest gradient that passes as it is; a longer one is scaled down to that length
    /// (`torch.nn.utils.clip_grad_norm_`).
    pub clip: Option<f64>,
    /// How much of the running average of the parameters is kept, behind the step, as PyTorch's `AveragedModel` with
    /// `get_ema_multi_avg_fn` has it; none: there is no average. The first average are the parameters after the first step.
    pub ema: Option<f64>,
    /// A gradient longer than this is not taken, as none is that is not finite; none: every length is.
    pub limit: Option<f64>,
}

/// How a gradient becomes a step. Each means what PyTorch's optimizer of that name means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// `v = momentum v + g; w -= learning_rate v`, the first `v` being `g`; decay is added to the gradient.
    Sgd {
        /// Share of the last step that is kept.
        momentum: f64,
        /// Whether `w` moves by `g + momentum v` instead.
        nesterov: bool,
    },
    /// Kingma & Ba 2015; decay is added to the gradient.
    Adam(Adam),
    /// Loshchilov & Hutter 2019: as Adam, but decay shrinks the weights apart from the gradient.
    AdamW(Adam),
    /// Tieleman & Hinton 2012, as PyTorch's `RMSprop`; decay is added to the gradient.
    RmsProp {
        /// Share of the old mean of squared gradients that is kept.
        alpha: f64,
        /// Added to the root of the mean of squares.
        eps: f64,
        /// Share of the last step that is kept.
        momentum: f64,
        /// Whether the square of the mean gradient is taken from the mean of squares, which leaves a variance.
        centered: bool,
    },
    /// Chen et al. 2023, algorithm 2, which PyTorch has not: a step of one length along the sign of a mean gradient; decay
    /// shrinks the weights apart from the gradient.
    Lion {
        /// Share of the mean gradient in the direction.
        beta1: f64,
        /// Share of the mean gradient that is kept.
        beta2: f64,
    },
    /// Jordan et al. 2024, with the step size of Liu et al. 2025, as PyTorch's `Muon` with `match_rms_adamw`: matrices go along
    /// their mean gradient with all singular values made about one. What has one axis, embeddings, and the layer that answers
    /// go by AdamW, and so does decay, which shrinks the weights apart from the gradient.
    Muon {
        /// Share of the mean gradient that is kept.
        momentum: f64,
        /// Whether the newest gradient counts once more in the direction.
        nesterov: bool,
        /// The numbers of what goes by AdamW.
        others: Adam,
    },
}

/// The numbers of Adam and AdamW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Share of the old mean of gradients that is kept.
    pub beta1: f64,
    /// Share of the old mean of squared gradients that is kept.
    pub beta2: f64,
    /// Added to the root of the mean of squares.
    pub eps: f64,
}

impl Adam {
    /// The numbers of Kingma & Ba 2015, which are PyTorch's defaults.
    pub const USUAL: Adam = Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
}

/// Which parameters weight decay pulls towards zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decayed {
    /// Those of two axes or more: matrices, filters, embeddings. A bias or the scale of a norm is left alone, for it is no
    /// means to fit noise, and pulling it costs accuracy (He et al. 2019, section 3.1).
    #[default]
    Weights,
    /// All of them, as PyTorch does when it is given them in one group.
    All,
}

impl Update {
    /// A step of this size that pulls nothing, clips nothing and averages nothing.
    pub const fn of(method: Method, learning_rate: f64) -> Update {
        let decayed = Decayed::All;
        Update { method, learning_rate, weight_decay: 0.0, decayed, clip: None, ema: None, limit: None }
    }

    /// Whether a gradient of this length, before it is clipped, becomes a step.
    pub fn takes(&self, gradient_norm: f64) -> bool {
        gradient_norm.is_finite() && self.limit.is_none_or(|limit| gradient_norm <= limit)
    }

    /// This step as it acts on a parameter of so many axes.
    pub fn on(&self, axes: usize) -> Update {
        let pulled = match self.decayed {
            Decayed::Weights => axes >= 2,
            Decayed::All => true,
        };
        Update { weight_decay: if pulled { self.weight_decay } else { 0.0 }, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gradient_that_is_too_long_or_no_number_is_not_taken() {
        let all = Update::of(Method::Adam(Adam::USUAL), 0.1);
        assert_eq!(
            [0.0, 1e300, f64::INFINITY, f64::NAN].map(|norm| all.takes(norm)),
            [true, true, false, false]
        );
        let some = Update { limit: Some(2.0), ..all };
        assert_eq!([2.0, 2.1, f64::NAN].map(|norm| some.takes(norm)), [true, false, false]);
    }

    #[test]
    fn decay_acts_on_weights_or_on_all() {
        let decay = |decayed, axes| {
            let plain = Update::of(Method::AdamW(Adam::USUAL), 0.1);
            let update = Update { weight_decay: 0.5, decayed, clip: Some(2.0), ..plain };
            assert_eq!(Update { weight_decay: 0.5, ..update.on(axes) }, update, "nothing else changes");
            update.on(axes).weight_decay
        };
        assert_eq!([0, 1, 2, 4].map(|axes| decay(Decayed::Weights, axes)), [0.0, 0.0, 0.5, 0.5]);
        assert_eq!([0, 1, 2, 4].map(|axes| decay(Decayed::All, axes)), [0.5; 4]);
    }
}

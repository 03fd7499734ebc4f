mod parts;

/// The loss of one of several outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadLoss {
    /// What is minimised there; never that of heads again.
    pub loss: Loss,
    /// How much its mean counts in the sum of all.
    pub weight: f64,
}

/// What to minimise. `train` chooses, the network computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Loss {
    /// Between logits `[B, K]` and class indices `[B]`, in nats, as PyTorch's `CrossEntropyLoss`: a row of class `t` adds
    /// `w_t (1 - s) nll_t + s / K * sum of w_c nll_c`, and the sum is divided by the sum of the `w_t`.
    ///
    /// Or between logits and probabilities `[B, K]` of f32, as two examples mixed into one have them: a row adds the sum of
    /// `w_c ((1 - s) p_c + s / K) nll_c`, and the sum is divided by the sum of all `w_c p_c`, where PyTorch divides by the rows.
    CrossEntropy {
        /// What a row counts by its class, `w` of `[K]`; every row counts 1 if it is empty.
        weights: Vec<f32>,
        /// How much of a label's probability is spread over all classes evenly, `s`; 0 for none (Szegedy et al. 2016).
        smoothing: f64,
        /// How much less a row counts the surer its own class is: its loss is taken times `(1 - p_t)^gamma` (focal loss, Lin et
        /// al. 2017); 0 for all alike. Against class indices alone, and without smoothing.
        gamma: f64,
    },
    /// Between logits `[B, K]` and how much each label fits, `[B, K]` from 0 to 1, in nats, averaged over all of them, as
    /// PyTorch's `BCEWithLogitsLoss`: `-w_k t ln(p) - (1 - t) ln(1 - p)` with `p = sigmoid(logit)`.
    BinaryCrossEntropy {
        /// How much it counts that a label fits, `w` of `[K]` (PyTorch's `pos_weight`); as much as that it does not if it is
        /// empty.
        weights: Vec<f32>,
    },
    /// Squared error between numbers `[B, n]` and `[B, n]`, averaged over all of them.
    Mse,
    /// Absolute error, averaged alike: least where half of the answers are too large (PyTorch's `L1Loss`).
    Mae,
    /// Half the squared error up to `delta`, from there on a line of that slope (Huber 1964; PyTorch's `HuberLoss`).
    Huber {
        /// Where the line begins.
        delta: f64,
    },
    /// `q (t - x)` below the target `t` and `(1 - q) (x - t)` above, averaged over all: least where the share `q` of the targets lies
    /// below the answer `x` (Koenker & Bassett 1978).
    Quantile {
        /// The share, `q`, between 0 and 1: one for all numbers, or one for each of a row.
        levels: Vec<f64>,
    },
    /// One for each output of the network, in their order: the sum of their means, each times its weight. Any other loss is that
    /// of every output, and all of them together have one mean.
    Heads(Vec<HeadLoss>),
}

impl Loss {
    /// Cross-entropy where every row counts the same, sure or not, and nothing is smoothed.
    pub const CROSS_ENTROPY: Loss = Loss::CrossEntropy { weights: vec![], smoothing: 0.0, gamma: 0.0 };

    /// Binary cross-entropy where all labels count the same, whether they fit or not.
    pub const BINARY_CROSS_ENTROPY: Loss = Loss::BinaryCrossEntropy { weights: vec![] };

    /// The name used in recipes and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Loss::CrossEntropy { .. } => "cross_entropy",
            Loss::BinaryCrossEntropy { .. } => "binary_cross_entropy",
            Loss::Mse => "mse",
            Loss::Mae => "mae",
            Loss::Huber { .. } => "huber",
            Loss::Quantile { .. } => "quantile",
            Loss::Heads(_) => "heads",
        }
    }

    /// The loss of the output at a place; how much its mean counts, where each output has one of its own.
    pub fn of_output(&self, place: usize) -> (&Loss, Option<f64>) {
        match self {
            Loss::Heads(heads) => {
                heads.get(place).map_or((self, None), |head| (&head.loss, Some(head.weight)))
            }
            Loss::CrossEntropy { .. }
            | Loss::BinaryCrossEntropy { .. }
            | Loss::Mse
            | Loss::Mae
            | Loss::Huber { .. }
            | Loss::Quantile { .. } => (self, None),
        }
    }
}

//! What the settings of an optimizer must be, and what they mean.

use baeum_core::{Adam, Method};

use crate::TrainError;
use crate::config::{AdamConfig, LionConfig, MuonConfig, Optimizer, RmsPropConfig, SgdConfig};
use crate::plan::{ABOVE_ZERO, BELOW_ONE, NOT_NEGATIVE, Rule, number, require};

impl Optimizer {
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let number = |setting: &str, got, rule: Rule| {
            number(&format!("optimizer.{}.{setting}", self.name()), got, rule)
        };
        number("weight_decay", self.weight_decay(), NOT_NEGATIVE)?;
        match self {
            Optimizer::Sgd(SgdConfig { momentum, nesterov, .. }) => {
                number("momentum", *momentum, BELOW_ONE)?;
                self.check_nesterov(*nesterov, *momentum)
            }
            Optimizer::Adam(AdamConfig { beta1, beta2, eps, .. })
            | Optimizer::AdamW(AdamConfig { beta1, beta2, eps, .. }) => {
                number("beta1", *beta1, BELOW_ONE)?;
                number("beta2", *beta2, BELOW_ONE)?;
                number("eps", *eps, ABOVE_ZERO)
            }
            Optimizer::RmsProp(RmsPropConfig { alpha, eps, momentum, .. }) => {
                number("alpha", *alpha, BELOW_ONE)?;
                number("eps", *eps, ABOVE_ZERO)?;
                number("momentum", *momentum, BELOW_ONE)
            }
            Optimizer::Lion(LionConfig { beta1, beta2, .. }) => {
                number("beta1", *beta1, BELOW_ONE)?;
                number("beta2", *beta2, BELOW_ONE)
            }
            Optimizer::Muon(MuonConfig { momentum, nesterov, beta1, beta2, eps, .. }) => {
                number("momentum", *momentum, BELOW_ONE)?;
                self.check_nesterov(*nesterov, *momentum)?;
                number("beta1", *beta1, BELOW_ONE)?;
                number("beta2", *beta2, BELOW_ONE)?;
                number("eps", *eps, ABOVE_ZERO)
            }
        }
    }

    fn check_nesterov(&self, nesterov: bool, momentum: f64) -> Result<(), TrainError> {
        let (setting, rule) =
            (format!("optimizer.{}.nesterov", self.name()), "false, because `momentum` is 0");
        require(!nesterov || momentum > 0.0, &setting, rule, nesterov)
    }

    pub(crate) fn method(&self) -> Method {
        match *self {
            Optimizer::Sgd(SgdConfig { momentum, nesterov, .. }) => Method::Sgd { momentum, nesterov },
            Optimizer::Adam(AdamConfig { beta1, beta2, eps, .. }) => Method::Adam(Adam { beta1, beta2, eps }),
            Optimizer::AdamW(AdamConfig { beta1, beta2, eps, .. }) => {
                Method::AdamW(Adam { beta1, beta2, eps })
            }
            Optimizer::RmsProp(RmsPropConfig { alpha, eps, momentum, centered, .. }) => {
                Method::RmsProp { alpha, eps, momentum, centered }
            }
            Optimizer::Lion(LionConfig { beta1, beta2, .. }) => Method::Lion { beta1, beta2 },
            Optimizer::Muon(MuonConfig { momentum, nesterov, beta1, beta2, eps, .. }) => {
                Method::Muon { momentum, nesterov, others: Adam { beta1, beta2, eps } }
            }
        }
    }

    pub(crate) fn weight_decay(&self) -> f64 {
        match self {
            Optimizer::Sgd(said) => said.weight_decay,
            Optimizer::Adam(said) => said.weight_decay.unwrap_or(0.0),
            Optimizer::AdamW(said) => said.weight_decay.unwrap_or(0.01),
            Optimizer::RmsProp(said) => said.weight_decay,
            Optimizer::Lion(said) => said.weight_decay,
            Optimizer::Muon(said) => said.weight_decay,
        }
    }

    /// The name used in recipes.
    fn name(&self) -> &'static str {
        match self {
            Optimizer::Sgd(_) => "sgd",
            Optimizer::Adam(_) => "adam",
            Optimizer::AdamW(_) => "adamw",
            Optimizer::RmsProp(_) => "rmsprop",
            Optimizer::Lion(_) => "lion",
            Optimizer::Muon(_) => "muon",
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn numbers_must_make_sense() {
        let check = |optimizer: Optimizer, setting: &str, expect: &str| {
            let error = optimizer.check().unwrap_err();
            let path = format!("train.optimizer.{setting}");
            assert_eq!(error.to_string(), format!("`{path}` must be {expect}"));
            assert_eq!(error.path(), Some(path));
        };
        let below_one = "from 0 up to, but not reaching, 1, got";
        let sgd = SgdConfig::default();
        let fast = SgdConfig { momentum: 1.0, ..sgd.clone() };
        check(Optimizer::Sgd(fast), "sgd.momentum", &format!("{below_one} 1"));
        let pushed = SgdConfig { weight_decay: -1.0, ..sgd.clone() };
        check(Optimizer::Sgd(pushed), "sgd.weight_decay", "zero or more, got -1");
        let blind = SgdConfig { momentum: 0.0, nesterov: true, ..sgd };
        check(Optimizer::Sgd(blind), "sgd.nesterov", "false, because `momentum` is 0, got true");
        let adam = AdamConfig::default();
        let beta = AdamConfig { beta2: -0.5, ..adam.clone() };
        check(Optimizer::Adam(beta), "adam.beta2", &format!("{below_one} -0.5"));
        check(Optimizer::Adam(AdamConfig { eps: 0.0, ..adam.clone() }), "adam.eps", "above zero, got 0");
        let lost = AdamConfig { weight_decay: Some(f64::NAN), ..adam };
        check(Optimizer::AdamW(lost), "adamw.weight_decay", "a finite number, got NaN");
        let rmsprop = RmsPropConfig::default();
        let alpha = RmsPropConfig { alpha: 1.0, ..rmsprop.clone() };
        check(Optimizer::RmsProp(alpha), "rmsprop.alpha", &format!("{below_one} 1"));
        let eps = RmsPropConfig { eps: -1.0, ..rmsprop.clone() };
        check(Optimizer::RmsProp(eps), "rmsprop.eps", "above zero, got -1");
        let fast = RmsPropConfig { momentum: 2.0, ..rmsprop };
        check(Optimizer::RmsProp(fast), "rmsprop.momentum", &format!("{below_one} 2"));
        let beta = LionConfig { beta1: 1.5, ..LionConfig::default() };
        check(Optimizer::Lion(beta), "lion.beta1", &format!("{below_one} 1.5"));
        let muon = MuonConfig::default();
        let fast = MuonConfig { momentum: 1.0, ..muon.clone() };
        check(Optimizer::Muon(fast), "muon.momentum", &format!("{below_one} 1"));
        let blind = MuonConfig { momentum: 0.0, ..muon.clone() };
        check(Optimizer::Muon(blind), "muon.nesterov", "false, because `momentum` is 0, got true");
        let beta = MuonConfig { beta2: 1.0, ..muon.clone() };
        check(Optimizer::Muon(beta), "muon.beta2", &format!("{below_one} 1"));
        check(Optimizer::Muon(MuonConfig { eps: 0.0, ..muon }), "muon.eps", "above zero, got 0");
    }

    #[test]
    fn decay_that_is_not_said_is_that_of_pytorch() {
        assert_eq!(Optimizer::Adam(AdamConfig::default()).weight_decay(), 0.0);
        assert_eq!(Optimizer::AdamW(AdamConfig::default()).weight_decay(), 0.01);
    }
}

use serde::{Deserialize, Serialize};

use crate::EvaluateError;

/// `[evaluate]` of a recipe: how the final score is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateConfig {
    /// How many resamples of the test rows the intervals rest on; 0 leaves the intervals out. 1000 by default, as in
    /// Efron & Tibshirani 1993, chapter 13, for percentiles this far out.
    pub bootstrap: usize,
    /// The share of resamples that an interval holds; 0.95 by default.
    pub level: f64,
    /// How many test rows go through the network at once; changes memory, not the answers. 256 by default.
    pub batch_size: usize,
}

/// A checked [`EvaluateConfig`].
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluatePlan {
    bootstrap: usize,
    level: f64,
    batch_size: usize,
}

/// More resamples than this move no digit that is shown.
const MOST_RESAMPLES: usize = 1_000_000;

impl Default for EvaluateConfig {
    fn default() -> EvaluateConfig {
        EvaluateConfig { bootstrap: 1000, level: 0.95, batch_size: 256 }
    }
}

impl EvaluateConfig {
    /// What the settings mean, or the first one that is impossible.
    ///
    /// # Errors
    /// [`EvaluateError::Setting`] with the setting's path.
    pub fn check(&self) -> Result<EvaluatePlan, EvaluateError> {
        let refuse = |path, wanted: String, got: String| Err(EvaluateError::Setting { path, wanted, got });
        let EvaluateConfig { bootstrap, level, batch_size } = *self;
        if !(level > 0.0 && level < 1.0) {
            return refuse(
                "evaluate.level",
                "a share between 0 and 1, such as 0.95".to_owned(),
                level.to_string(),
            );
        }
        let fewest = fewest_resamples(level);
        if bootstrap != 0 && !(fewest..=MOST_RESAMPLES).contains(&bootstrap) {
            let wanted = format!(
                "0 for no intervals, or {fewest} to {MOST_RESAMPLES} resamples for a level of {level}"
            );
            return refuse("evaluate.bootstrap", wanted, bootstrap.to_string());
        }
        if batch_size == 0 {
            return refuse("evaluate.batch_size", "at least 1 row".to_owned(), batch_size.to_string());
        }
        Ok(EvaluatePlan { bootstrap, level, batch_size })
    }
}

impl EvaluatePlan {
    /// How many resamples the intervals rest on; none for no intervals.
    pub fn bootstrap(&self) -> usize {
        self.bootstrap
    }

    /// The share of resamples that an interval holds.
    pub fn level(&self) -> f64 {
        self.level
    }

    /// How many rows go through the network at once.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }
}

/// With fewer, not even one resample lies outside each end of the interval.
pub(crate) fn fewest_resamples(level: f64) -> usize {
    // Rounded before it is rounded up, because 2 / (1 - 0.95) is 39.99999999999996.
    ((2e6 / (1.0 - level)).round() / 1e6).ceil() as usize
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let config: EvaluateConfig = serde_json::from_str(text).unwrap();
        let error = config.check().err().unwrap();
        assert_eq!(error.to_string(), expect);
        assert!(expect.starts_with(&format!("`{}`", error.path().unwrap())));
    }

    #[test]
    fn nothing_said_means_the_defaults() {
        let plan = serde_json::from_str::<EvaluateConfig>("{}").unwrap().check().unwrap();
        assert_eq!((plan.bootstrap(), plan.level(), plan.batch_size()), (1000, 0.95, 256));
    }

    #[test]
    fn impossible_settings_are_refused_by_path() {
        let level = "`evaluate.level` wants a share between 0 and 1, such as 0.95, got ";
        check(r#"{"level": 95}"#, &format!("{level}95"));
        check(r#"{"level": 1}"#, &format!("{level}1"));
        check(r#"{"level": -0.0}"#, &format!("{level}-0"));
        check(r#"{"batch_size": 0}"#, "`evaluate.batch_size` wants at least 1 row, got 0");
        check(
            r#"{"bootstrap": 39}"#,
            "`evaluate.bootstrap` wants 0 for no intervals, or 40 to 1000000 resamples for a level of 0.95, got 39",
        );
        check(
            r#"{"bootstrap": 1000001, "level": 0.9}"#,
            "`evaluate.bootstrap` wants 0 for no intervals, or 20 to 1000000 resamples for a level of 0.9, got 1000001",
        );
        let nan = EvaluateConfig { level: f64::NAN, ..EvaluateConfig::default() };
        assert_eq!(nan.check().err().unwrap().to_string(), format!("{level}NaN"));
    }

    #[test]
    fn the_edges_are_allowed() {
        for (bootstrap, level) in [(0, 0.95), (40, 0.95), (200, 0.99), (1_000_000, 0.5)] {
            assert!(
                EvaluateConfig { bootstrap, level, batch_size: 1 }.check().is_ok(),
                "{bootstrap} {level}"
            );
        }
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        let error = serde_json::from_str::<EvaluateConfig>(r#"{"bootstraps": 5}"#).err().unwrap().to_string();
        assert!(
            error.starts_with(
                "unknown field `bootstraps`, expected one of `bootstrap`, `level`, `batch_size`"
            ),
            "{error}"
        );
    }
}

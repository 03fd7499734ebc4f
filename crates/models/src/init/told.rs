//! Starts that the recipe tells: `models.init`.

use std::collections::BTreeMap;

use baeum_core::{Graph, Init, ParamKind, fits};
use serde::{Deserialize, Serialize};

use crate::freeze::names;
use crate::{ModelError, ModelPlan};

/// Where some tensors start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InitConfig {
    /// A pattern of their names, such as `block*.weight`; what fits several goes by the last.
    pub tensors: String,
    /// What they are filled with.
    pub to: Fill,
}

/// What a tensor is filled with before training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// Normal with mean 0 and this deviation; GPT-2 starts its weights with 0.02.
    Normal(f64),
    /// Uniform between minus and plus this bound.
    Uniform(f64),
    /// This number everywhere.
    Constant(f64),
}

impl Fill {
    fn init(self) -> Init {
        match self {
            Fill::Normal(deviation) => Init::Normal(deviation),
            Fill::Uniform(bound) => Init::Uniform(bound),
            Fill::Constant(value) => Init::Constant(value as f32),
        }
    }

    /// What is wrong with its number.
    fn refusal(self) -> Option<(&'static str, String)> {
        match self {
            Fill::Normal(got) if !is_width(got) => Some(("normal", wants_width(got))),
            Fill::Uniform(got) if !is_width(got) => Some(("uniform", wants_width(got))),
            Fill::Constant(got) if !(got as f32).is_finite() => {
                Some(("constant", format!("must be a finite number, got {got}")))
            }
            Fill::Normal(_) | Fill::Uniform(_) | Fill::Constant(_) => None,
        }
    }
}

fn is_width(got: f64) -> bool {
    got > 0.0 && (got as f32).is_finite()
}

fn wants_width(got: f64) -> String {
    format!("must be above zero, got {got}")
}

/// Refuses numbers that no tensor can start with; asked before there are data.
pub(crate) fn check(init: &[InitConfig]) -> Result<(), ModelError> {
    for (i, InitConfig { to, .. }) in init.iter().enumerate() {
        if let Some((kind, rule)) = to.refusal() {
            return Err(ModelError::Setting { path: format!("models.init[{i}].to.{kind}"), rule });
        }
    }
    Ok(())
}

impl ModelPlan {
    /// The starts that the recipe tells, by the names of tensors.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a pattern that fits no learned tensor.
    pub(super) fn told_fills(&self, graph: &Graph) -> Result<BTreeMap<String, Init>, ModelError> {
        let params = graph.params();
        let learned = || params.iter().filter(|(_, param)| param.kind != ParamKind::Running);
        let mut starts = BTreeMap::new();
        for (i, InitConfig { tensors, to }) in self.init().iter().enumerate() {
            let fitting: Vec<&String> =
                learned().map(|(name, _)| name).filter(|name| fits(tensors, name)).collect();
            if fitting.is_empty() {
                let rule = format!(
                    "must fit the name of a learned tensor, got `{tensors}`; there are {}",
                    names(graph)
                );
                return Err(ModelError::Setting { path: format!("models.init[{i}].tensors"), rule });
            }
            starts.extend(fitting.into_iter().map(|name| (name.clone(), to.init())));
        }
        Ok(starts)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::{DType, Decode, InputSpec, Model, Target};

    use crate::{ModelConfig, ModelError, build};

    /// Two numbers, a dense layer of 400 and a head of one.
    fn model(init: &str) -> Result<Model, ModelError> {
        let text =
            format!(r#"{{ "layers": [{{ "dense": {{ "units": 400 }} }}, "batch_norm"], "init": {init} }}"#);
        let config: ModelConfig = serde_json::from_str(&text).unwrap();
        let input = InputSpec { name: "x".to_owned(), dtype: DType::F32, shape: vec![2], columns: vec![] };
        let decode = Decode::Number { scale: 1.0, offset: 0.0, unit: None };
        let target = Target { field: "y".to_owned(), decode };
        build(&config.check()?, 3, &[input], &[target])
    }

    fn deviation(model: &Model, name: &str) -> f64 {
        let numbers = model.weights[name].to_f64s();
        (numbers.iter().map(|number| number * number).sum::<f64>() / numbers.len() as f64).sqrt()
    }

    #[test]
    fn tensors_start_as_the_recipe_tells_and_the_last_that_fits_counts() {
        let init = r#"[{ "tensors": "*.weight", "to": { "normal": 0.02 } }, { "tensors": "head.*", "to": { "constant": 0.5 } },
            { "tensors": "dense1.bias", "to": { "uniform": 0.3 } }]"#;
        let (plain, told) = (model("[]").unwrap(), model(init).unwrap());
        assert!((deviation(&told, "dense1.weight") - 0.02).abs() < 0.002);
        assert!((deviation(&told, "dense1.bias") - 0.3 / 3f64.sqrt()).abs() < 0.02);
        assert!(told.weights["head.weight"].to_f64s().iter().all(|number| *number == 0.5));
        assert!((deviation(&told, "batch_norm1.weight") - 0.02).abs() < 0.002);
        // Nothing else is drawn anew.
        for name in ["batch_norm1.bias", "batch_norm1.running_mean", "batch_norm1.running_var"] {
            assert_eq!(told.weights[name], plain.weights[name], "{name}");
        }
        assert_ne!(told.weights["dense1.weight"], plain.weights["dense1.weight"]);
    }

    #[test]
    fn a_start_that_fits_nothing_or_is_no_number_is_refused() {
        let refusal = |init: &str| model(init).unwrap_err().to_string();
        assert_eq!(
            refusal(r#"[{ "tensors": "conv*", "to": { "normal": 1 } }]"#),
            "`models.init[0].tensors` must fit the name of a learned tensor, got `conv*`; there are `dense1.weight`, `dense1.bias`, \
             `batch_norm1.weight`, `batch_norm1.bias`, `head.weight`, `head.bias`"
        );
        assert_eq!(
            refusal(r#"[{ "tensors": "*", "to": { "normal": 0 } }]"#),
            "`models.init[0].to.normal` must be above zero, got 0"
        );
        assert_eq!(
            refusal(r#"[{ "tensors": "*", "to": { "uniform": -1 } }]"#),
            "`models.init[0].to.uniform` must be above zero, got -1"
        );
        let too_large = refusal(r#"[{ "tensors": "*", "to": { "constant": 1e300 } }]"#);
        assert!(
            too_large.starts_with("`models.init[0].to.constant` must be a finite number, got 1000"),
            "{too_large}"
        );
    }
}

//! Several targets: a loss for each, how much it counts, and how the recipe names them.

use std::collections::BTreeMap;

use baeum_core::{Dataset, Expected, HeadLoss, Loss, Target, Task, nearest};

use crate::class_weights::{SETTING, of_head};
use crate::config::{ClassWeights, HeadConfig, LossConfig};
use crate::plan::{ABOVE_ZERO, number, require};
use crate::{TrainError, TrainPlan};

/// What can be refused before any data are read.
pub(crate) fn check(heads: &BTreeMap<String, HeadConfig>) -> Result<(), TrainError> {
    heads.iter().try_for_each(|(name, head)| {
        number(&format!("heads.{name}.weight"), head.weight, ABOVE_ZERO)?;
        head.class_weights.as_ref().map_or(Ok(()), |weights| weights.check(&of_head(name)))?;
        head.loss.as_ref().map_or(Ok(()), |loss| loss.check(&at(name)))
    })
}

/// Refuses losses that want one label a row, where the data make two of it.
pub(crate) fn refuse_mixed(heads: &BTreeMap<String, HeadConfig>) -> Result<(), TrainError> {
    let refuse = |(name, head): (&String, &HeadConfig)| {
        head.loss.as_ref().map_or(Ok(()), |loss| loss.refuse_mixed(&at(name)))
    };
    heads.iter().try_for_each(refuse)
}

/// The targets of some data.
pub(crate) fn told(data: &Dataset) -> Vec<Expected<'_>> {
    let task = Some(data.task);
    match &data.targets[..] {
        [] => vec![Expected { name: "", task, levels: &[] }],
        [only] => vec![Expected { task, ..only.expected() }],
        several => several.iter().map(Target::expected).collect(),
    }
}

impl TrainPlan {
    /// What is minimised for these targets, where every row counts the same: the loss of the one, or the sum of the means of several,
    /// each times its weight. A target whose task is not known yet has none.
    ///
    /// # Errors
    /// [`TrainError::Setting`] for a loss that the targets cannot have, and for what is said of one target but means several, or the
    /// other way round.
    pub fn loss_of(&self, targets: &[Expected<'_>]) -> Result<Option<Loss>, TrainError> {
        match targets {
            [only] => {
                let said = self.said().heads.keys().next();
                let rule = "left out, because there is one target; `train.loss` says its loss";
                require(said.is_none(), "heads", rule, said.map_or("", String::as_str))?;
                match of_quantiles(only, self.said().loss.as_ref(), "loss")? {
                    Some(loss) => Ok(Some(loss)),
                    None => only.task.map(|task| self.loss(task)).transpose(),
                }
            }
            several => {
                self.refuse_what_is_for_one(several)?;
                let heads = several.iter().map(|told| self.head(told));
                Ok(heads.collect::<Result<Option<_>, _>>()?.map(Loss::Heads))
            }
        }
    }

    fn refuse_what_is_for_one(&self, targets: &[Expected<'_>]) -> Result<(), TrainError> {
        let said = self.said();
        let rule = "left out, because there are several targets; `train.heads` says the loss of each";
        require(said.loss.is_none(), "loss", rule, named(said.loss.as_ref()))?;
        let rule = "left out, because there are several targets; `train.heads` says the weights of each";
        let weights = self.class_weights().map(ClassWeights::shown).unwrap_or_default();
        require(self.class_weights().is_none(), SETTING, rule, weights)?;
        let names = || targets.iter().map(|target| target.name);
        let Some(stranger) = said.heads.keys().find(|head| !names().any(|name| name == *head)) else {
            return Ok(());
        };
        let rule = match nearest(stranger, names()) {
            Some(near) => format!("a target, such as `{near}`"),
            None => format!("a target: {}", list(targets)),
        };
        require(false, &format!("heads.{stranger}"), rule, format!("`{stranger}`"))
    }

    fn head(&self, target: &Expected<'_>) -> Result<Option<HeadLoss>, TrainError> {
        let (said, at) = (self.said().heads.get(target.name).cloned().unwrap_or_default(), at(target.name));
        let weight = said.weight;
        refuse_weights(&said, target)?;
        if let Some(loss) = of_quantiles(target, said.loss.as_ref(), &at)? {
            return Ok(Some(HeadLoss { loss, weight }));
        }
        let Some(task) = target.task else { return Ok(None) };
        let loss = said.loss.map_or(Ok(task.loss()), |loss| loss.of(task, &at))?;
        Ok(Some(HeadLoss { loss, weight }))
    }
}

/// Refuses weights of labels where there are none.
fn refuse_weights(said: &HeadConfig, target: &Expected<'_>) -> Result<(), TrainError> {
    let Some(weights) = &said.class_weights else { return Ok(()) };
    let task = if target.levels.is_empty() { target.task } else { Some(Task::Regress) };
    task.map_or(Ok(()), |task| weights.refuse_for(task, &of_head(target.name)))
}

/// The loss of a target whose quantiles are told: they say it.
fn of_quantiles(
    target: &Expected<'_>,
    said: Option<&LossConfig>,
    at: &str,
) -> Result<Option<Loss>, TrainError> {
    if target.levels.is_empty() {
        return Ok(None);
    }
    let rule = "left out, because the quantiles of the target say it";
    require(said.is_none(), at, rule, named(said))?;
    Ok(Some(Loss::Quantile { levels: target.levels.to_vec() }))
}

/// A loss as a recipe spells it.
fn named(loss: Option<&LossConfig>) -> String {
    loss.map_or(String::new(), |loss| format!("`{}`", loss.name()))
}

fn at(name: &str) -> String {
    format!("heads.{name}.loss")
}

/// The targets, as errors list them.
pub(crate) fn list(targets: &[Expected<'_>]) -> String {
    targets.iter().map(|target| format!("`{}`", target.name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::Task;

    use super::*;
    use crate::TrainConfig;

    const KIND: Expected<'_> = Expected { name: "kind", task: Some(Task::Classify), levels: &[] };
    const SIZE: Expected<'_> = Expected { name: "size", task: Some(Task::Regress), levels: &[] };
    const TARGETS: [Expected<'_>; 2] = [KIND, SIZE];

    fn plan(text: &str) -> Result<TrainPlan, TrainError> {
        serde_json::from_str::<TrainConfig>(text).unwrap().check()
    }

    #[test]
    fn each_target_has_a_loss_and_a_weight() {
        let said = plan(r#"{"heads": {"size": {"loss": "mae", "weight": 0.25}}}"#).unwrap();
        let head = |loss, weight| HeadLoss { loss, weight };
        let wanted = Loss::Heads(vec![head(Loss::CROSS_ENTROPY, 1.0), head(Loss::Mae, 0.25)]);
        assert_eq!(said.loss_of(&TARGETS).unwrap(), Some(wanted));
        let unknown = [KIND, Expected { task: None, ..SIZE }];
        assert_eq!(said.loss_of(&unknown).unwrap(), None, "what the data will say is not known yet");
        assert_eq!(plan("{}").unwrap().loss_of(&TARGETS[1..]).unwrap(), Some(Loss::Mse));
    }

    #[test]
    fn what_does_not_go_with_the_targets_is_refused() {
        let check = |text: &str, targets: &[Expected<'_>], path: &str, expect: &str| {
            let error = plan(text).and_then(|plan| plan.loss_of(targets)).unwrap_err();
            assert_eq!(error.to_string(), format!("`train.{path}` must be {expect}"));
            assert_eq!(error.path(), Some(format!("train.{path}")));
        };
        let one = "left out, because there is one target; `train.loss` says its loss, got kind";
        check(r#"{"heads": {"kind": {}}}"#, &TARGETS[..1], "heads", one);
        let all =
            "left out, because there are several targets; `train.heads` says the loss of each, got `mse`";
        check(r#"{"loss": "mse"}"#, &TARGETS, "loss", all);
        let weights = "left out, because there are several targets; `train.heads` says the weights of each, got `balanced`";
        check(r#"{"class_weights": "balanced"}"#, &TARGETS, "class_weights", weights);
        let size = r#"{"heads": {"size": {"class_weights": "balanced"}}}"#;
        let rule = "left out, because the target is a number, got `balanced`";
        check(size, &TARGETS, "heads.size.class_weights", rule);
        let zero = r#"{"heads": {"kind": {"class_weights": {"a": 0}}}}"#;
        check(zero, &TARGETS, "heads.kind.class_weights.a", "a number from 1e-6 to 1e6, got 0");
        let slip = r#"{"heads": {"siz": {"weight": 2}}}"#;
        check(slip, &TARGETS, "heads.siz", "a target, such as `size`, got `siz`");
        let other = r#"{"heads": {"colour": {}}}"#;
        check(other, &TARGETS, "heads.colour", "a target: `kind`, `size`, got `colour`");
        let loss = r#"{"heads": {"kind": {"loss": "mae"}}}"#;
        let rule = "`cross_entropy`, because the task is `classify`, got `mae`";
        check(loss, &TARGETS, "heads.kind.loss", rule);
        check(r#"{"heads": {"kind": {"weight": 0}}}"#, &TARGETS, "heads.kind.weight", "above zero, got 0");
        let huber = r#"{"heads": {"size": {"loss": {"huber": {"delta": -1}}}}}"#;
        check(huber, &TARGETS, "heads.size.loss.huber.delta", "above zero, got -1");
    }

    #[test]
    fn quantiles_say_their_loss() {
        let told = Expected { levels: &[0.1, 0.9], ..SIZE };
        let loss = Loss::Quantile { levels: vec![0.1, 0.9] };
        let said = plan("{}").unwrap();
        assert_eq!(said.loss_of(&[told]).unwrap(), Some(loss.clone()));
        let Some(Loss::Heads(heads)) = said.loss_of(&[KIND, told]).unwrap() else { unreachable!() };
        assert_eq!(heads[1], HeadLoss { loss, weight: 1.0 });
        let error = plan(r#"{"loss": "mae"}"#).unwrap().loss_of(&[told]).unwrap_err();
        let rule = "`train.loss` must be left out, because the quantiles of the target say it, got `mae`";
        assert_eq!(error.to_string(), rule);
        let metric = plan(r#"{"best": "r2"}"#).unwrap();
        let rule = "`train.best` must be among `pinball_loss`, `coverage_error`, because quantiles are told, got `r2`";
        assert_eq!(metric.best(&[told]).unwrap_err().to_string(), rule);
    }

    #[test]
    fn a_mixed_head_has_no_one_label() {
        let focal = r#"{"heads": {"kind": {"loss": {"cross_entropy": {"gamma": 2}}}}}"#;
        let error = plan(focal).unwrap().refuse_mixed().unwrap_err();
        assert_eq!(error.path().as_deref(), Some("train.heads.kind.loss.cross_entropy.gamma"));
    }
}

//! What rows count in the loss by their labels, in numbers.

use baeum_core::{Dataset, Decode, Loss, Target, Task, nearest};

use crate::config::ClassWeights;
use crate::plan::require;
use crate::sampler::labels;
use crate::{TrainError, TrainPlan};

/// Beyond, one row would be all that a batch learns from, or nothing.
const LEAST_AND_MOST: (f64, f64) = (1e-6, 1e6);

const SETTING: &str = "class_weights";

impl ClassWeights {
    /// Refuses numbers that cannot weigh, before any data is read.
    ///
    /// None may be 0: a batch of rows that count nothing has no mean.
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let number = |place: String, weight: f64| {
            let (least, most) = LEAST_AND_MOST;
            let holds = (least..=most).contains(&weight);
            require(holds, &format!("{SETTING}{place}"), "a number from 1e-6 to 1e6", weight)
        };
        let (rule, none) = ("a weight for at least one label", "none");
        match self {
            ClassWeights::Balanced | ClassWeights::SquareRoot => Ok(()),
            ClassWeights::Labels(weights) => {
                require(!weights.is_empty(), SETTING, rule, none)?;
                weights.iter().try_for_each(|(label, weight)| number(format!(".{label}"), *weight))
            }
            ClassWeights::Order(weights) => {
                require(!weights.is_empty(), SETTING, rule, none)?;
                weights.iter().enumerate().try_for_each(|(i, weight)| number(format!("[{i}]"), *weight))
            }
        }
    }

    /// As a person would write it.
    fn shown(&self) -> String {
        match self {
            ClassWeights::Balanced => "`balanced`".to_owned(),
            ClassWeights::SquareRoot => "`square_root`".to_owned(),
            ClassWeights::Labels(_) => "a table".to_owned(),
            ClassWeights::Order(_) => "a list".to_owned(),
        }
    }

    /// Numbers have no labels that could weigh, and a row of several labels no weight of its own.
    pub(crate) fn refuse_for(&self, task: Task) -> Result<(), TrainError> {
        match why_not_by_label(task) {
            None => Ok(()),
            Some(why) => require(false, SETTING, format!("left out, because {why}"), self.shown()),
        }
    }

    /// The weight of each label of these data, in order.
    fn over(&self, data: &Dataset) -> Result<Vec<f64>, TrainError> {
        let [Target { decode: Decode::Label { labels: names }, .. }] = &data.targets[..] else {
            let rule = "left out, because there is not one target with labels";
            return require(false, SETTING, rule, self.shown()).map(|()| vec![]);
        };
        let mut rows = vec![0; names.len()];
        for label in labels(data)?.into_values() {
            if let Some(rows) = usize::try_from(label).ok().and_then(|label| rows.get_mut(label)) {
                *rows += 1; // a class beyond the labels is refused by the network
            }
        }
        self.of(names, &rows)
    }

    /// The weight of each of these labels; `rows` of them stand in the training rows.
    fn of(&self, names: &[String], rows: &[usize]) -> Result<Vec<f64>, TrainError> {
        match self {
            ClassWeights::Balanced => balanced(self, names, rows),
            ClassWeights::SquareRoot => Ok(balanced(self, names, rows)?.into_iter().map(f64::sqrt).collect()),
            ClassWeights::Labels(weights) => {
                let unknown = |label: &&String| !names.contains(label);
                if let Some(label) = weights.keys().find(unknown) {
                    let meant = nearest(label, names.iter().map(String::as_str));
                    let known = meant.map_or_else(|| list(names), |meant| format!("such as `{meant}`"));
                    let rule = format!("a label of the training rows, {known}");
                    require(false, &format!("{SETTING}.{label}"), rule, format!("`{label}`"))?;
                }
                Ok(names.iter().map(|label| weights.get(label).copied().unwrap_or(1.0)).collect())
            }
            ClassWeights::Order(weights) => {
                let rule = format!("one number for each of the {} labels {}", names.len(), list(names));
                require(weights.len() == names.len(), SETTING, rule, format!("{} numbers", weights.len()))?;
                Ok(weights.clone())
            }
        }
    }
}

/// Why rows cannot be told apart by one label each; none where they can.
pub(crate) fn why_not_by_label(task: Task) -> Option<&'static str> {
    match task {
        Task::Classify => None,
        Task::MultiLabel => Some("a row may have several labels; `data.thresholds` favours rare ones"),
        Task::Regress | Task::Generate => Some("the target is a number"),
    }
}

/// What scikit-learn calls `balanced`: rows over labels times rows of the label.
fn balanced(said: &ClassWeights, names: &[String], rows: &[usize]) -> Result<Vec<f64>, TrainError> {
    if let Some((label, _)) = names.iter().zip(rows).find(|(_, rows)| **rows == 0) {
        let rule = format!("a table, because no training row has the label `{label}`");
        require(false, SETTING, rule, said.shown())?;
    }
    let (all, labels) = (rows.iter().sum::<usize>() as f64, names.len() as f64);
    Ok(rows.iter().map(|rows| all / (labels * *rows as f64)).collect())
}

/// What is minimised over these data, with the weights that the recipe gives to their labels.
///
/// The weights follow from recipe and training rows alone, so they are the same after an interruption.
///
/// # Errors
/// [`TrainError::Setting`] for a label that nobody knows, or as many weights as there are no labels;
/// [`TrainError::Source`] if a row cannot be read.
pub(crate) fn weighted_loss(plan: &TrainPlan, data: &Dataset) -> Result<Loss, TrainError> {
    let mut loss = plan.loss(data.task)?;
    let next = data.targets.first().map(|target| &target.decode);
    match (&mut loss, plan.class_weights(), next) {
        (Loss::CrossEntropy { weights, .. }, Some(said), _) => {
            *weights = said.over(data)?.into_iter().map(|weight| weight as f32).collect();
        }
        // Padding stands behind the end of a text, where nothing is to be told.
        (Loss::CrossEntropy { weights, .. }, None, Some(Decode::Next { vocabulary, padding, .. })) => {
            *weights = vec![1.0; *vocabulary];
            weights.iter_mut().skip(*padding).take(1).for_each(|padding| *padding = 0.0);
        }
        (
            Loss::CrossEntropy { .. }
            | Loss::BinaryCrossEntropy
            | Loss::Mse
            | Loss::Mae
            | Loss::Huber { .. }
            | Loss::Quantile { .. },
            _,
            _,
        ) => {}
    }
    Ok(loss)
}

/// The first few names; there may be thousands.
fn list(names: &[String]) -> String {
    let some: Vec<String> = names.iter().take(8).map(|name| format!("`{name}`")).collect();
    let more = names.len() - some.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    some.join(", ") + &more
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::testing::{dataset, named};
    use crate::{CrossEntropyConfig, LossConfig, TrainConfig};

    fn said(class_weights: ClassWeights) -> TrainConfig {
        TrainConfig { class_weights: Some(class_weights), ..TrainConfig::default() }
    }

    fn table(weights: &[(&str, f64)]) -> ClassWeights {
        ClassWeights::Labels(weights.iter().map(|(label, weight)| ((*label).to_owned(), *weight)).collect())
    }

    fn weights(said: ClassWeights) -> Vec<f32> {
        let plan = self::said(said).check().unwrap();
        let loss = weighted_loss(&plan, &named(dataset(Task::Classify, 60, 10), &["no", "yes"])).unwrap();
        let Loss::CrossEntropy { weights, .. } = loss else { panic!("{loss:?} has no classes") };
        weights
    }

    #[test]
    fn balanced_is_scikit_learns() {
        // compute_class_weight("balanced", classes=[0, 1, 2], y=[0] * 6 + [1] * 3 + [2])
        let names = ["a", "b", "c"].map(str::to_owned);
        let of = |said: ClassWeights| said.of(&names, &[6, 3, 1]).unwrap();
        let wanted = [0.555_555_555_555_555_6, 1.111_111_111_111_111_2, 3.333_333_333_333_333_5];
        assert_eq!(of(ClassWeights::Balanced), wanted);
        assert_eq!(of(ClassWeights::SquareRoot), wanted.map(f64::sqrt));
        let rows = labels(&dataset(Task::Classify, 60, 10)).unwrap().into_values().sum::<i64>() as f64;
        let wanted = [60.0 / (2.0 * (60.0 - rows)), 60.0 / (2.0 * rows)].map(|weight| weight as f32);
        assert_eq!(weights(ClassWeights::Balanced), wanted, "the training rows alone count");
    }

    #[test]
    fn a_table_and_a_list_say_numbers() {
        assert_eq!(weights(table(&[("yes", 2.5)])), [1.0, 2.5]);
        assert_eq!(weights(ClassWeights::Order(vec![0.5, 4.0])), [0.5, 4.0]);
    }

    #[test]
    fn smoothing_and_weights_go_together() {
        let loss = Some(LossConfig::CrossEntropy(CrossEntropyConfig { smoothing: 0.1, gamma: 0.0 }));
        let plan = TrainConfig { loss, ..said(table(&[("no", 3.0)])) }.check().unwrap();
        let data = named(dataset(Task::Classify, 6, 1), &["no", "yes"]);
        let wanted = Loss::CrossEntropy { weights: vec![3.0, 1.0], smoothing: 0.1, gamma: 0.0 };
        assert_eq!(weighted_loss(&plan, &data).unwrap(), wanted);
    }

    #[track_caller]
    fn refused(class_weights: ClassWeights, data: &Dataset, path: &str, expect: &str) {
        let error = said(class_weights).check().and_then(|plan| weighted_loss(&plan, data)).unwrap_err();
        assert_eq!(error.to_string(), format!("`{path}` must be {expect}"));
        assert_eq!(error.path().as_deref(), Some(path));
    }

    #[test]
    fn what_cannot_weigh_is_refused() {
        let data = named(dataset(Task::Classify, 20, 0), &["no", "yes"]);
        for (weight, got) in
            [(0.0, "0"), (-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf"), (1e9, "1000000000")]
        {
            let expect = format!("a number from 1e-6 to 1e6, got {got}");
            refused(table(&[("yes", weight)]), &data, "train.class_weights.yes", &expect);
            refused(ClassWeights::Order(vec![1.0, weight]), &data, "train.class_weights[1]", &expect);
        }
        let path = "train.class_weights";
        refused(table(&[]), &data, path, "a weight for at least one label, got none");
        refused(ClassWeights::Order(vec![]), &data, path, "a weight for at least one label, got none");
        let expect = "one number for each of the 2 labels `no`, `yes`, got 3 numbers";
        refused(ClassWeights::Order(vec![1.0; 3]), &data, path, expect);
        let expect = "a label of the training rows, such as `yes`, got `yess`";
        refused(table(&[("yess", 2.0)]), &data, "train.class_weights.yess", expect);
        let expect = "a label of the training rows, `no`, `yes`, got `maybe`";
        refused(table(&[("maybe", 2.0)]), &data, "train.class_weights.maybe", expect);
        let never = named(dataset(Task::Classify, 20, 0), &["no", "yes", "never"]);
        let expect = "a table, because no training row has the label `never`, got `balanced`";
        refused(ClassWeights::Balanced, &never, path, expect);
        let expect = "left out, because there is not one target with labels, got `balanced`";
        refused(ClassWeights::Balanced, &dataset(Task::Classify, 20, 0), path, expect);
        let expect = "left out, because the target is a number, got `square_root`";
        refused(ClassWeights::SquareRoot, &dataset(Task::Regress, 20, 0), path, expect);
        let several = Dataset { task: Task::MultiLabel, ..dataset(Task::Regress, 20, 0) };
        let expect = "left out, because a row may have several labels; `data.thresholds` favours rare ones, got \
                      `balanced`";
        refused(ClassWeights::Balanced, &several, path, expect);
    }
}

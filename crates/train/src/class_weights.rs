//! What rows count in the loss by their labels, in numbers.

use baeum_core::{Dataset, Decode, Loss, Target, Task, nearest};

use crate::config::ClassWeights;
use crate::heads::told;
use crate::plan::require;
use crate::row_labels::{rows_of_labels, why_not_by_label};
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

    /// Numbers have no labels that could weigh.
    pub(crate) fn refuse_for(&self, task: Task) -> Result<(), TrainError> {
        match why_not_by_label(task) {
            None => Ok(()),
            Some(why) => require(false, SETTING, format!("left out, because {why}"), self.shown()),
        }
    }

    /// The weight of each label of these data, in order.
    fn over(&self, data: &Dataset) -> Result<Vec<f64>, TrainError> {
        let all = data.splits.train.rows().len();
        let balances = |names: &[String], of: &dyn Fn(usize) -> Balance| {
            Ok::<_, TrainError>(rows_of_labels(data, names.len())?.into_iter().map(of).collect())
        };
        match &data.targets[..] {
            [Target { decode: Decode::Label { labels: names }, .. }] => {
                self.of(names, balances(names, &|rows| among_classes(rows, all, names.len()))?)
            }
            [Target { decode: Decode::Labels { labels: names, .. }, .. }] => {
                self.of(names, balances(names, &|rows| by_itself(rows, all))?)
            }
            _ => {
                let rule = "left out, because there is not one target with labels";
                require(false, SETTING, rule, self.shown()).map(|()| vec![])
            }
        }
    }

    /// The weight of each of these labels.
    fn of(&self, names: &[String], balances: Vec<Balance>) -> Result<Vec<f64>, TrainError> {
        match self {
            ClassWeights::Balanced => self.balanced(names, balances),
            ClassWeights::SquareRoot => {
                Ok(self.balanced(names, balances)?.into_iter().map(f64::sqrt).collect())
            }
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

    fn balanced(&self, names: &[String], balances: Vec<Balance>) -> Result<Vec<f64>, TrainError> {
        let weigh = |(label, balance): (&String, Balance)| {
            balance.or_else(|whose| {
                let rule = format!("a table, because {whose} has the label `{label}`");
                require(false, SETTING, rule, self.shown()).map(|()| 1.0)
            })
        };
        names.iter().zip(balances).map(weigh).collect()
    }
}

/// The weight that balances a label, or whose label it is that no weight balances.
type Balance = Result<f64, &'static str>;

const NOBODYS: &str = "no training row";

/// What scikit-learn calls `balanced`: rows over labels times rows of the label.
fn among_classes(rows: usize, all: usize, labels: usize) -> Balance {
    if rows == 0 { Err(NOBODYS) } else { Ok(all as f64 / (labels as f64 * rows as f64)) }
}

/// Where each label fits or not by itself: rows that it does not fit over those that it fits, as PyTorch advises for its
/// `pos_weight`.
fn by_itself(rows: usize, all: usize) -> Balance {
    match rows {
        0 => Err(NOBODYS),
        rows if rows == all => Err("every training row"),
        rows => Ok((all - rows) as f64 / rows as f64),
    }
}

/// What is minimised over these data, with the weights that the recipe gives to their labels.
///
/// The weights follow from recipe and training rows alone, so they are the same after an interruption.
///
/// # Errors
/// [`TrainError::Setting`] for a label that nobody knows, or as many weights as there are no labels;
/// [`TrainError::Source`] if a row cannot be read.
pub(crate) fn weighted_loss(plan: &TrainPlan, data: &Dataset) -> Result<Loss, TrainError> {
    let mut loss = match plan.loss_of(&told(data))? {
        Some(loss) => loss,
        None => plan.loss(data.task)?,
    };
    let next = data.targets.first().map(|target| &target.decode);
    match (&mut loss, plan.class_weights(), next) {
        (Loss::CrossEntropy { weights, .. }, Some(said), _) => {
            *weights = said.over(data)?.into_iter().map(|weight| weight as f32).collect();
        }
        (Loss::BinaryCrossEntropy { weights }, Some(said), _) => {
            *weights = said.over(data)?.into_iter().map(|weight| weight as f32).collect();
        }
        // Padding stands behind the end of a text, where nothing is to be told.
        (Loss::CrossEntropy { weights, .. }, None, Some(Decode::Next { vocabulary, padding, .. })) => {
            *weights = vec![1.0; *vocabulary];
            weights.iter_mut().skip(*padding).take(1).for_each(|padding| *padding = 0.0);
        }
        (
            Loss::CrossEntropy { .. }
            | Loss::BinaryCrossEntropy { .. }
            | Loss::Mse
            | Loss::Mae
            | Loss::Huber { .. }
            | Loss::Quantile { .. }
            | Loss::Heads(_),
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
    use crate::row_labels::labels;
    use crate::testing::{dataset, fitting, named};
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
        let of = |said: ClassWeights| {
            said.of(&names, [6, 3, 1].map(|rows| among_classes(rows, 10, 3)).into()).unwrap()
        };
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
        let always = fitting(20, &["always", "even"], |row| [true, row.is_multiple_of(2)]);
        let expect = "a table, because every training row has the label `always`, got `square_root`";
        refused(ClassWeights::SquareRoot, &always, path, expect);
        let never = fitting(20, &["even", "never"], |row| [row.is_multiple_of(2), false]);
        let expect = "a table, because no training row has the label `never`, got `balanced`";
        refused(ClassWeights::Balanced, &never, path, expect);
    }

    #[test]
    fn labels_that_fit_by_themselves_weigh_by_themselves() {
        let data = fitting(40, &["even", "rare"], |row| [row.is_multiple_of(2), row.is_multiple_of(8)]);
        let of = |said: ClassWeights| {
            let loss = weighted_loss(&self::said(said).check().unwrap(), &data).unwrap();
            let Loss::BinaryCrossEntropy { weights } = loss else { panic!("{loss:?} has other labels") };
            weights
        };
        assert_eq!(of(ClassWeights::Balanced), [1.0, 7.0]); // 35 rows that it does not fit over 5
        assert_eq!(of(ClassWeights::SquareRoot), [1.0, 7f32.sqrt()]);
        assert_eq!(of(table(&[("rare", 2.5)])), [1.0, 2.5]);
        assert_eq!(of(ClassWeights::Order(vec![0.5, 4.0])), [0.5, 4.0]);
    }
}

//! What rows count in the loss by their labels, in numbers.

use baeum_core::{Dataset, Decode, Loss, Task, nearest};

use crate::config::ClassWeights;
use crate::heads::told;
use crate::plan::require;
use crate::row_labels::{rows_of_labels, why_not_by_label};
use crate::{TrainError, TrainPlan};

/// Beyond, one row would be all that a batch learns from, or nothing.
const LEAST_AND_MOST: (f64, f64) = (1e-6, 1e6);

/// Where the recipe says them of a single target, below `train`.
pub(crate) const SETTING: &str = "class_weights";

impl ClassWeights {
    /// Refuses numbers that cannot weigh, before any data is read; `at`: where the recipe says them, below `train`.
    ///
    /// None may be 0: a batch of rows that count nothing has no mean.
    pub(crate) fn check(&self, at: &str) -> Result<(), TrainError> {
        let number = |place: String, weight: f64| {
            let (least, most) = LEAST_AND_MOST;
            let holds = (least..=most).contains(&weight);
            require(holds, &format!("{at}{place}"), "a number from 1e-6 to 1e6", weight)
        };
        let (rule, none) = ("a weight for at least one label", "none");
        match self {
            ClassWeights::Balanced | ClassWeights::SquareRoot => Ok(()),
            ClassWeights::Labels(weights) => {
                require(!weights.is_empty(), at, rule, none)?;
                weights.iter().try_for_each(|(label, weight)| number(format!(".{label}"), *weight))
            }
            ClassWeights::Order(weights) => {
                require(!weights.is_empty(), at, rule, none)?;
                weights.iter().enumerate().try_for_each(|(i, weight)| number(format!("[{i}]"), *weight))
            }
        }
    }

    /// As a person would write it.
    pub(crate) fn shown(&self) -> String {
        match self {
            ClassWeights::Balanced => "`balanced`".to_owned(),
            ClassWeights::SquareRoot => "`square_root`".to_owned(),
            ClassWeights::Labels(_) => "a table".to_owned(),
            ClassWeights::Order(_) => "a list".to_owned(),
        }
    }

    /// Numbers have no labels that could weigh. `at` as for [`ClassWeights::check`].
    pub(crate) fn refuse_for(&self, task: Task, at: &str) -> Result<(), TrainError> {
        match why_not_by_label(task) {
            None => Ok(()),
            Some(why) => require(false, at, format!("left out, because {why}"), self.shown()),
        }
    }

    /// The weight of each label of the target at a place, in order. `at` as for [`ClassWeights::check`].
    fn over(&self, data: &Dataset, place: usize, at: &str) -> Result<Vec<f32>, TrainError> {
        let all = data.splits.train.rows().len();
        let balances = |names: &[String], of: &dyn Fn(usize) -> Balance| {
            Ok::<_, TrainError>(rows_of_labels(data, place, names.len())?.into_iter().map(of).collect())
        };
        let weights = match data.targets.get(place).map(|target| &target.decode) {
            Some(Decode::Label { labels: names }) => {
                self.of(names, balances(names, &|rows| among_classes(rows, all, names.len()))?, at)?
            }
            Some(Decode::Labels { labels: names, .. }) => {
                self.of(names, balances(names, &|rows| by_itself(rows, all))?, at)?
            }
            Some(
                Decode::Number { .. }
                | Decode::Numbers { .. }
                | Decode::Quantiles { .. }
                | Decode::Forecast { .. }
                | Decode::Next { .. },
            )
            | None => {
                let rule = "left out, because there is no target with labels";
                require(false, at, rule, self.shown()).map(|()| vec![])?
            }
        };
        Ok(weights.into_iter().map(|weight| weight as f32).collect())
    }

    /// The weight of each of these labels.
    fn of(&self, names: &[String], balances: Vec<Balance>, at: &str) -> Result<Vec<f64>, TrainError> {
        match self {
            ClassWeights::Balanced => self.balanced(names, balances, at),
            ClassWeights::SquareRoot => {
                Ok(self.balanced(names, balances, at)?.into_iter().map(f64::sqrt).collect())
            }
            ClassWeights::Labels(weights) => {
                let unknown = |label: &&String| !names.contains(label);
                if let Some(label) = weights.keys().find(unknown) {
                    let meant = nearest(label, names.iter().map(String::as_str));
                    let known = meant.map_or_else(|| list(names), |meant| format!("such as `{meant}`"));
                    let rule = format!("a label of the training rows, {known}");
                    require(false, &format!("{at}.{label}"), rule, format!("`{label}`"))?;
                }
                Ok(names.iter().map(|label| weights.get(label).copied().unwrap_or(1.0)).collect())
            }
            ClassWeights::Order(weights) => {
                let rule = format!("one number for each of the {} labels {}", names.len(), list(names));
                require(weights.len() == names.len(), at, rule, format!("{} numbers", weights.len()))?;
                Ok(weights.clone())
            }
        }
    }

    fn balanced(&self, names: &[String], balances: Vec<Balance>, at: &str) -> Result<Vec<f64>, TrainError> {
        let weigh = |(label, balance): (&String, Balance)| {
            balance.or_else(|whose| {
                let rule = format!("a table, because {whose} has the label `{label}`");
                require(false, at, rule, self.shown()).map(|()| 1.0)
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
    if let Loss::Heads(heads) = &mut loss {
        for (place, (head, target)) in heads.iter_mut().zip(&data.targets).enumerate() {
            let said = plan.said().heads.get(&target.field).and_then(|head| head.class_weights.as_ref());
            if let Some(said) = said {
                weigh(&mut head.loss, said.over(data, place, &of_head(&target.field))?);
            }
        }
        return Ok(loss);
    }
    match (plan.class_weights(), data.targets.first().map(|target| &target.decode)) {
        (Some(said), _) => weigh(&mut loss, said.over(data, 0, SETTING)?),
        // Padding stands behind the end of a text, where nothing is to be told.
        (None, Some(Decode::Next { vocabulary, padding, .. })) => {
            let weights = (0..*vocabulary).map(|piece| if piece == *padding { 0.0 } else { 1.0 });
            weigh(&mut loss, weights.collect());
        }
        (None, _) => {}
    }
    Ok(loss)
}

/// Where the recipe says the weights of the head of a target.
pub(crate) fn of_head(target: &str) -> String {
    format!("heads.{target}.{SETTING}")
}

/// Gives a loss between labels its weights.
pub(crate) fn weigh(loss: &mut Loss, weighed: Vec<f32>) {
    match loss {
        Loss::CrossEntropy { weights, .. } | Loss::BinaryCrossEntropy { weights } => *weights = weighed,
        Loss::Mse | Loss::Mae | Loss::Huber { .. } | Loss::Quantile { .. } | Loss::Heads(_) => {}
    }
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
    use baeum_core::HeadLoss;

    use super::*;
    use crate::row_labels::labels;
    use crate::testing::{both, dataset, fitting, named};
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
            said.of(&names, [6, 3, 1].map(|rows| among_classes(rows, 10, 3)).into(), SETTING).unwrap()
        };
        let wanted = [0.555_555_555_555_555_6, 1.111_111_111_111_111_2, 3.333_333_333_333_333_5];
        assert_eq!(of(ClassWeights::Balanced), wanted);
        assert_eq!(of(ClassWeights::SquareRoot), wanted.map(f64::sqrt));
        let rows = labels(&dataset(Task::Classify, 60, 10), 0).unwrap().into_values().sum::<i64>() as f64;
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
        let expect = "left out, because there is no target with labels, got `balanced`";
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

    #[test]
    fn each_head_weighs_its_own_labels() {
        let tags = fitting(40, &["even", "rare"], |row| [row.is_multiple_of(2), row.is_multiple_of(8)]);
        let data = both(("kind", named(dataset(Task::Classify, 40, 0), &["no", "yes"])), ("tags", tags));
        let of = |heads: &str| {
            let said: TrainConfig = serde_json::from_str(&format!(r#"{{"heads": {heads}}}"#)).unwrap();
            said.check().and_then(|plan| weighted_loss(&plan, &data))
        };
        let said = of(
            r#"{"kind": {"class_weights": {"yes": 3}}, "tags": {"class_weights": "balanced", "weight": 2}}"#,
        );
        let head = |loss, weight| HeadLoss { loss, weight };
        let kind = Loss::CrossEntropy { weights: vec![1.0, 3.0], smoothing: 0.0, gamma: 0.0 };
        let tags = Loss::BinaryCrossEntropy { weights: vec![1.0, 7.0] };
        assert_eq!(said.unwrap(), Loss::Heads(vec![head(kind, 1.0), head(tags, 2.0)]));
        let alone = of(r#"{"tags": {"class_weights": "balanced"}}"#).unwrap();
        assert_eq!(alone.of_output(0).0, &Loss::CROSS_ENTROPY, "nothing is said of this one");
        let error = of(r#"{"kind": {"class_weights": {"yess": 3}}}"#).unwrap_err();
        let text = "`train.heads.kind.class_weights.yess` must be a label of the training rows, such as `yes`, got `yess`";
        assert_eq!(error.to_string(), text);
    }
}

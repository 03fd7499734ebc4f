//! How often the rows of each label are seen in an epoch.

use std::collections::BTreeMap;

use baeum_core::{Dataset, Decode, Rng};

use crate::config::Sampler;
use crate::plan::require;
use crate::row_labels::{labels, why_not_by_label};
use crate::{TrainError, TrainPlan};

/// Of several targets, it is the labels of the first that rows are drawn by.
const FIRST: usize = 0;

/// The rows of epochs, drawn as the recipe says.
///
/// What an epoch is, is a function of sampler, seed, epoch and data: it is made anew after an interruption.
pub(crate) struct Sampling {
    /// The label of each training row by its place in the source, and how often each label is seen; none where every row is
    /// seen once.
    labels: Option<(BTreeMap<usize, i64>, BTreeMap<i64, usize>)>,
}

impl Sampling {
    /// Looks at the labels of the training rows, if the sampler asks for them.
    ///
    /// # Errors
    /// [`TrainError::Setting`] for numbers, which have no labels; [`TrainError::Source`] if a row cannot be read.
    pub(crate) fn new(plan: &TrainPlan, data: &Dataset) -> Result<Sampling, TrainError> {
        let wanted = match plan.sampler() {
            Sampler::All => return Ok(Sampling { labels: None }),
            Sampler::Over => over,
            Sampler::Under => under,
            Sampler::SquareRoot => square_root,
        };
        if let Some(why) = why_not_by_label(data.task) {
            let rule = format!("`all`, because {why}");
            require(false, "sampler", rule, format!("`{}`", plan.sampler().name()))?;
        }
        let labels = labels(data, FIRST)?;
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        labels.values().for_each(|label| *counts.entry(*label).or_default() += 1);
        Ok(Sampling { labels: Some((labels, wanted(&counts))) })
    }

    /// How many rows an epoch has.
    pub(crate) fn rows(&self, data: &Dataset) -> usize {
        match &self.labels {
            None => data.splits.train.rows().len(),
            Some((_, wanted)) => wanted.values().sum(),
        }
    }

    /// The first `rows` rows of an epoch, in order. Where a label has more rows than are wanted, each epoch takes others; where it
    /// has fewer, all of them come as often before one comes once more.
    pub(crate) fn order(&self, data: &Dataset, rng: &Rng, epoch: u32, rows: usize) -> Vec<usize> {
        let mut order = self.drawn(data, rng, epoch);
        order.truncate(rows);
        order
    }

    fn drawn(&self, data: &Dataset, rng: &Rng, epoch: u32) -> Vec<usize> {
        let order = data.splits.train.order(rng, epoch);
        let Some((labels, wanted)) = &self.labels else { return order };
        let mut groups: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for row in order {
            groups.entry(labels.get(&row).copied().unwrap_or_default()).or_default().push(row);
        }
        let taken = groups.iter().flat_map(|(label, rows)| {
            let count = wanted.get(label).copied().unwrap_or_default();
            rows.iter().copied().cycle().take(count)
        });
        let mut drawn: Vec<usize> = taken.collect();
        rng.stream("sampler", "").shuffle(&mut drawn, epoch);
        drawn
    }
}

/// How many rows of each label an epoch draws, as the recipe says; none where it sees each row once.
///
/// # Errors
/// [`TrainError`] as training itself.
pub fn drawn(plan: &TrainPlan, data: &Dataset) -> Result<BTreeMap<String, usize>, TrainError> {
    let Some((_, wanted)) = Sampling::new(plan, data)?.labels else { return Ok(BTreeMap::new()) };
    let names = match data.targets.first().map(|target| &target.decode) {
        Some(Decode::Label { labels } | Decode::Labels { labels, .. }) => labels.as_slice(),
        Some(
            Decode::Number { .. }
            | Decode::Numbers { .. }
            | Decode::Quantiles { .. }
            | Decode::Forecast { .. }
            | Decode::Next { .. },
        )
        | None => &[],
    };
    let name = |label: i64| usize::try_from(label).ok().and_then(|label| names.get(label).cloned());
    let named = |(label, rows)| (name(label).unwrap_or_else(|| NO_LABEL.to_owned()), rows);
    Ok(wanted.into_iter().map(named).collect())
}

/// What rows are called that no label fits.
const NO_LABEL: &str = "(none)";

type Counts = BTreeMap<i64, usize>;

/// All as often as the most frequent one.
fn over(counts: &Counts) -> Counts {
    let most = counts.values().max().copied().unwrap_or_default();
    counts.keys().map(|label| (*label, most)).collect()
}

/// All as often as the rarest one.
fn under(counts: &Counts) -> Counts {
    let least = counts.values().min().copied().unwrap_or_default();
    counts.keys().map(|label| (*label, least)).collect()
}

/// By the square root of how many rows there are, as many in all as there are rows (Mahajan et al. 2018); at least once.
fn square_root(counts: &Counts) -> Counts {
    let root = |count: usize| (count as f64).sqrt();
    let rows = counts.values().sum::<usize>() as f64;
    let roots: f64 = counts.values().map(|count| root(*count)).sum();
    let share = |count: usize| ((rows * root(count) / roots).round() as usize).max(1);
    counts.iter().map(|(label, count)| (*label, share(*count))).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::Task;

    use super::*;
    use crate::TrainConfig;
    use crate::testing::{dataset, fitting, named};

    /// How often each label comes in an epoch, and all rows of it.
    fn epoch(sampler: Sampler, epoch: u32) -> (Counts, Vec<usize>) {
        let data = dataset(Task::Classify, 60, 10);
        let plan = TrainConfig { sampler, ..TrainConfig::default() }.check().unwrap();
        let sampling = Sampling::new(&plan, &data).unwrap();
        let rows = sampling.order(&data, &Rng::new(7), epoch, usize::MAX);
        assert_eq!(rows.len(), sampling.rows(&data));
        assert!(rows.iter().all(|row| data.splits.train.rows().contains(row)));
        let labels = labels(&data, FIRST).unwrap();
        let mut counts = Counts::new();
        rows.iter().for_each(|row| *counts.entry(labels[row]).or_default() += 1);
        (counts, rows)
    }

    #[test]
    fn each_way_sees_labels_as_often_as_it_says() {
        let all = epoch(Sampler::All, 0).0;
        let (rare, frequent) = (*all.values().min().unwrap(), *all.values().max().unwrap());
        assert!(rare < frequent && rare + frequent == 60, "{all:?}");
        assert!(epoch(Sampler::Over, 0).0.values().all(|count| *count == frequent));
        assert!(epoch(Sampler::Under, 0).0.values().all(|count| *count == rare));
        let between = epoch(Sampler::SquareRoot, 0).0;
        let ratio =
            |counts: &Counts| *counts.values().max().unwrap() as f64 / *counts.values().min().unwrap() as f64;
        assert!((ratio(&between) - ratio(&all).sqrt()).abs() < 0.2, "{between:?} of {all:?}");
    }

    #[test]
    fn an_epoch_is_the_same_again_and_another_one_is_not() {
        for sampler in [Sampler::Over, Sampler::Under, Sampler::SquareRoot] {
            assert_eq!(epoch(sampler, 3), epoch(sampler, 3));
            assert_ne!(epoch(sampler, 3).1, epoch(sampler, 4).1);
        }
        // What one epoch leaves out, others see.
        let seen: std::collections::BTreeSet<usize> =
            (0..40).flat_map(|n| epoch(Sampler::Under, n).1).collect();
        assert_eq!(seen.len(), 60);
    }

    #[test]
    fn rows_come_again_only_when_all_have_come() {
        let rows = epoch(Sampler::Over, 1).1;
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        rows.iter().for_each(|row| *counts.entry(*row).or_default() += 1);
        assert_eq!(counts.len(), 60);
        assert!(counts.values().max().unwrap() - counts.values().min().unwrap() <= 60 / 10);
    }

    /// Labels that fit 12, 6 and 3 of 60 rows; the rarest of a row's decides how often it comes, and the 43 rows without one
    /// are seen as often as those of each label.
    #[test]
    fn a_row_of_several_labels_goes_by_the_rarest() {
        let fits = |row: usize| [row.is_multiple_of(5), row.is_multiple_of(10), row.is_multiple_of(20)];
        let data = fitting(60, &["common", "rarer", "rarest"], fits);
        let plan = TrainConfig { sampler: Sampler::Over, ..TrainConfig::default() }.check().unwrap();
        let rows = Sampling::new(&plan, &data).unwrap().order(&data, &Rng::new(7), 0, usize::MAX);
        let count = |of: fn([bool; 3]) -> bool| rows.iter().filter(|row| of(fits(**row))).count();
        let counts = [
            count(|fits| fits[2]),
            count(|fits| fits[1] && !fits[2]),
            count(|fits| fits[0] && !fits[1]),
            count(|fits| !fits[0]),
        ];
        assert_eq!(counts, [48; 4]);
    }

    /// What is told is what is drawn.
    #[test]
    fn the_rows_of_an_epoch_are_told_by_their_labels() {
        let told = |sampler: Sampler, data: &Dataset| {
            drawn(&TrainConfig { sampler, ..TrainConfig::default() }.check().unwrap(), data).unwrap()
        };
        let data = named(dataset(Task::Classify, 60, 10), &["no", "yes"]);
        assert!(told(Sampler::All, &data).is_empty());
        for sampler in [Sampler::Over, Sampler::Under, Sampler::SquareRoot] {
            let counts = epoch(sampler, 2).0;
            let told = told(sampler, &data);
            assert_eq!([told["no"], told["yes"]], [counts[&0], counts[&1]], "{sampler:?}");
        }
        let data = fitting(60, &["rare"], |row| [row.is_multiple_of(10)]);
        let expect = [("(none)".to_owned(), 54), ("rare".to_owned(), 54)];
        assert_eq!(told(Sampler::Over, &data), expect.into());
    }

    #[test]
    fn numbers_have_no_labels() {
        let plan = TrainConfig { sampler: Sampler::Over, ..TrainConfig::default() }.check().unwrap();
        let error = Sampling::new(&plan, &dataset(Task::Regress, 5, 1)).map(|_| ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`train.sampler` must be `all`, because the target is a number, got `over`"
        );
    }
}

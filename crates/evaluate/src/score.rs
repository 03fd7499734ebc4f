//! Puts a network to the test split, or to the validation split.

use std::collections::{BTreeMap, BTreeSet};

use baeum_core::{Dataset, HeadMetric, MetricName, Network, Probes, Rng, Scored};

use crate::bootstrap::intervals;
use crate::exam::{Asked, Exam, Found};
use crate::predictions::Predictions;
use crate::report::{Metric, Report, SplitRows};
use crate::{EvaluateError, EvaluatePlan};

/// How well `net` answers the test rows of `data`.
///
/// The same network, data and seed give the same report, bit for bit; the seed decides the resamples and nothing else.
/// A true number has the precision that the network is trained with, `f32`.
///
/// # Errors
/// [`EvaluateError`] names the row or the part of the dataset that could not be scored.
pub fn score(
    plan: &EvaluatePlan,
    seed: u64,
    net: &mut dyn Network,
    data: &Dataset,
) -> Result<Report, EvaluateError> {
    let asked = (0..data.targets.len().max(1)).map(|place| Asked::of(data, place));
    let asked = asked.collect::<Result<Vec<_>, EvaluateError>>()?;
    let rows = data.splits.test.rows();
    if rows.is_empty() {
        return Err(EvaluateError::NoTestRows);
    }
    let found = Exam { net, data, rows, batch_rows: plan.batch_size() }.take(&asked)?;
    tracing::debug!(rows = rows.len(), targets = asked.len(), "the test rows are answered");
    let each = asked.iter().zip(found).map(|(asked, found)| Ok(report(plan, seed, *asked, found?)));
    let mut reports = each.collect::<Result<Vec<_>, EvaluateError>>()?.into_iter();
    match reports.next() {
        Some(first) => Ok(Report { others: reports.collect(), ..first }),
        None => Err(EvaluateError::Targets { got: 0 }),
    }
}

/// What is said about one of the targets.
fn report(plan: &EvaluatePlan, seed: u64, asked: Asked<'_>, found: Found) -> Report {
    let (target, splits) = (asked.target, &asked.data.splits);
    let [train, valid, test] =
        [splits.train.rows(), splits.valid.rows(), splits.test.rows()].map(<[usize]>::len);
    let head = asked.is_one_of_several().then_some(target.field.as_str());
    Report {
        version: Report::VERSION,
        place: asked.place,
        task: asked.task(),
        target: target.field.clone(),
        unit: found.unit,
        rows: SplitRows { train, valid, test },
        level: plan.level(),
        resamples: plan.bootstrap(),
        baseline: found.baseline,
        metrics: metrics(plan, seed, head, &found.predictions, &found.always),
        classes: found.classes,
        columns: found.columns,
        quantiles: found.quantiles,
        confusion: found.confusion,
        learned: found.learned,
        others: vec![],
        predictions: Some(found.predictions),
    }
}

/// What `net` scores by these metrics on the validation rows of `data`, of which `batch_rows` go through it at once.
///
/// A network that answers with NaN or infinity has no score by any of them, which is no error: an epoch may go wrong.
///
/// # Errors
/// As [`score`].
pub fn judge(
    net: &mut dyn Network,
    data: &Dataset,
    batch_rows: usize,
    metrics: &[HeadMetric],
) -> Result<Vec<Scored>, EvaluateError> {
    let data = &Dataset { probes: Probes::default(), ..data.clone() };
    let places = metrics.iter().map(|asked| place_of(data, asked)).collect::<Result<Vec<_>, _>>()?;
    let asked: BTreeSet<usize> = places.iter().copied().collect();
    let asked = asked.into_iter().map(|place| Asked::of(data, place)).collect::<Result<Vec<_>, _>>()?;
    let found = Exam { net, data, rows: data.splits.valid.rows(), batch_rows }.take(&asked)?;
    let mut known: BTreeMap<usize, Vec<(MetricName, f64)>> = BTreeMap::new();
    for (asked, found) in asked.iter().zip(found) {
        known.insert(asked.place, judged(found)?);
    }
    let scored = places.iter().zip(metrics).map(|(place, asked)| {
        let mut values = known.get(place).into_iter().flatten();
        let value = values.find(|(name, value)| *name == asked.metric && value.is_finite());
        Scored { metric: asked.clone(), value: value.map(|found| found.1) }
    });
    Ok(scored.collect())
}

/// The values of all metrics of a target; none where an answer is no number.
fn judged(found: Result<Found, EvaluateError>) -> Result<Vec<(MetricName, f64)>, EvaluateError> {
    match found {
        Ok(Found { predictions, .. }) => {
            Ok(predictions.metrics().iter().copied().zip(predictions.values()).collect())
        }
        Err(EvaluateError::NotFinite { .. }) => Ok(vec![]),
        Err(error) => Err(error),
    }
}

/// Which target a metric is of.
fn place_of(data: &Dataset, asked: &HeadMetric) -> Result<usize, EvaluateError> {
    let Some(head) = &asked.head else { return Ok(0) };
    let place = data.targets.iter().position(|target| target.field == *head);
    place.ok_or_else(|| EvaluateError::Head { got: head.clone() })
}

/// `head`: the target, if there are several; `always`: what the baseline answers to the same rows.
fn metrics(
    plan: &EvaluatePlan,
    seed: u64,
    head: Option<&str>,
    predictions: &Predictions,
    always: &Predictions,
) -> Vec<Metric> {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    let values = predictions.values().into_iter().zip(always.values());
    let columns =
        predictions.metrics().iter().copied().zip(values).zip(intervals(predictions, plan, &Rng::new(seed)));
    let metric = columns.map(|((name, (value, baseline)), interval)| Metric {
        name: HeadMetric { head: head.map(str::to_owned), metric: name },
        value: finite(value),
        low: interval.ends.map(|(low, _)| low),
        high: interval.ends.map(|(_, high)| high),
        baseline: finite(baseline),
        higher_is_better: name.higher_is_better(),
        undefined_resamples: interval.undefined,
    });
    metric.collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::fixture::{ByHeart, Together, columns, label_sets, labels, numbers, probes, together};
    use crate::{Baseline, EvaluateConfig, MetricName, Verdict};
    use baeum_core::{Splits, TargetStats};

    fn scored(net: &mut ByHeart, data: &Dataset, batch_size: usize) -> Result<Report, EvaluateError> {
        let config = EvaluateConfig { batch_size, bootstrap: 200, ..EvaluateConfig::default() };
        score(&config.check().unwrap(), 7, net, data)
    }

    #[track_caller]
    fn check_refusal(net: &mut ByHeart, data: &Dataset, expect: &str) {
        let error = scored(net, data, 2).err().unwrap();
        assert_eq!(error.to_string(), expect);
    }

    /// Four rows of labels `a`, `b`, `c`, of which the last is wrong.
    fn four() -> (ByHeart, Dataset) {
        let logits = vec![9.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 9.0, 0.0, 9.0, 0.0, 0.0];
        (ByHeart::new(3, logits), labels(&["a", "b", "c"], &[5, 20, 15], &[0, 1, 1, 2]))
    }

    #[test]
    fn labels_are_scored() {
        let (mut net, data) = four();
        let report = scored(&mut net, &data, 3).unwrap();
        assert_eq!(
            report.metrics.iter().map(|metric| metric.name.metric).collect::<Vec<_>>(),
            MetricName::OF_LABELS
        );
        let accuracy = report.metric(MetricName::Accuracy).unwrap();
        assert_eq!((accuracy.value, accuracy.baseline), (Some(0.75), Some(0.5)));
        assert_eq!(report.baseline, Baseline::Majority { label: "b".to_owned(), share: 0.5 });
        assert_eq!(report.confusion, [[1, 0, 0], [0, 2, 0], [1, 0, 0]]);
        let supports: Vec<_> = report.classes.iter().map(|class| (&class.label[..], class.support)).collect();
        assert_eq!(supports, [("a", 1), ("b", 2), ("c", 1)]);
        assert_eq!(report.rows, SplitRows { train: 0, valid: 0, test: 4 });
    }

    #[test]
    fn validation_rows_are_judged_by_what_is_asked_for_in_its_order() {
        let (mut net, data) = four();
        let valid = Dataset { splits: Splits::new(vec![], vec![0, 1, 3], vec![2]).unwrap(), ..data.clone() };
        let asked = [MetricName::MacroF1, MetricName::Accuracy].map(HeadMetric::from);
        let [one, all] = [1, 100].map(|rows| judge(&mut net, &valid, rows, &asked).unwrap());
        assert_eq!(one, all, "how many go through at once changes nothing");
        assert_eq!(one.iter().map(|scored| scored.metric.clone()).collect::<Vec<_>>(), asked);
        // The fourth row is a `c` answered as `a`: F1 of 2/3 for `a`, 1 for `b`, 0 for `c`.
        let near = |scored: &Scored, value: f64| (scored.value.unwrap() - value).abs() < 1e-15;
        assert!(near(&one[0], 5.0 / 9.0) && near(&one[1], 2.0 / 3.0), "{one:?}");
        net.outputs[4] = f32::NAN;
        let lost = judge(&mut net, &valid, 2, &asked).unwrap();
        assert!(lost.iter().all(|scored| scored.value.is_none()), "{lost:?}");
    }

    /// The labels of [`four`], and numbers that are off by 1 metre in the second row.
    fn two_heads() -> (Together, Dataset) {
        let (kind, data) = four();
        let net = Together::new(vec![kind, ByHeart::new(1, vec![0.0, 1.5, -1.0, 2.0])]);
        (net, together(&[("kind", data), ("height", numbers(&[0.0, 1.0, -1.0, 2.0]))]))
    }

    #[test]
    fn the_network_is_asked_once_for_all_targets() {
        let (mut net, data) = two_heads();
        let config = EvaluateConfig { batch_size: 3, bootstrap: 0, ..EvaluateConfig::default() };
        let report = score(&config.check().unwrap(), 7, &mut net, &data).unwrap();
        assert_eq!(net.asked, 2, "four rows, three at a time");
        let value = |report: &Report, name: MetricName| report.metric(name).unwrap().value;
        assert_eq!(value(&report, MetricName::Accuracy), Some(0.75));
        assert_eq!(value(&report.others[0], MetricName::Mae), Some(0.25));
        let valid = Dataset { splits: Splits::new(vec![], vec![0, 1, 3], vec![2]).unwrap(), ..data };
        let of = |head: &str, metric| HeadMetric { head: Some(head.to_owned()), metric };
        let asked =
            [of("height", MetricName::Mae), of("kind", MetricName::Accuracy), of("height", MetricName::Rmse)];
        net.asked = 0;
        let judged = judge(&mut net, &valid, 100, &asked).unwrap();
        assert_eq!((net.asked, &judged[0].metric, judged[0].value), (1, &asked[0], Some(1.0 / 3.0)));
        net.nets[1].outputs[0] = f32::NAN;
        let values: Vec<_> =
            judge(&mut net, &valid, 100, &asked).unwrap().into_iter().map(|s| s.value).collect();
        assert_eq!(values, [None, Some(2.0 / 3.0), None], "what one head has lost is no fault of the other");
    }

    #[test]
    fn the_batch_size_changes_nothing() {
        let (mut net, data) = four();
        let [one, all] = [1, 100].map(|size| scored(&mut net, &data, size).unwrap());
        assert_eq!(one, all);
    }

    #[test]
    fn numbers_are_scored_in_their_own_unit() {
        let data = numbers(&[0.0, 1.0, -1.0]);
        let report = scored(&mut ByHeart::new(1, vec![0.5, 1.0, -1.0]), &data, 2).unwrap();
        let values: Vec<_> = report.metrics.iter().map(|metric| (metric.value, metric.baseline)).collect();
        // One answer of three is off by 1 metre; the truths are 10, 12 and 8, and the baseline answers 10.
        let [rmse, always] = [(1.0f64 / 3.0).sqrt(), (8.0f64 / 3.0).sqrt()];
        assert_eq!(
            values,
            [(Some(0.875), Some(0.0)), (Some(rmse), Some(always)), (Some(1.0 / 3.0), Some(4.0 / 3.0))]
        );
        assert_eq!((report.unit.as_deref(), report.classes.len()), (Some("m"), 0));
        let Some(Predictions::Numbers(numbers)) = &report.predictions else { panic!("no numbers") };
        assert_eq!((numbers.truth(), numbers.answers()), (&[10.0, 12.0, 8.0][..], &[11.0, 12.0, 8.0][..]));
    }

    #[test]
    fn several_labels_are_scored() {
        let truth = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0];
        let data = label_sets(&["a", "b"], (10, &[6, 5]), &truth);
        let mut net = ByHeart::new(2, vec![1.0, -1.0, 2.0, -2.0, -3.0, 0.0]);
        let report = scored(&mut net, &data, 2).unwrap();
        let values: Vec<_> =
            report.metrics.iter().map(|metric| (metric.name.metric, metric.value, metric.baseline)).collect();
        let wanted = [
            (MetricName::MacroF1, Some(0.5), Some(0.4)), // `b` is answered at the threshold and wrong
            (MetricName::MicroF1, Some(4.0 / 6.0), Some(4.0 / 6.0)),
            (MetricName::SubsetAccuracy, Some(1.0 / 3.0), Some(1.0 / 3.0)),
            (MetricName::HammingLoss, Some(2.0 / 6.0), Some(2.0 / 6.0)),
        ];
        assert_eq!(values, wanted);
        assert_eq!(report.baseline, Baseline::Usual { labels: vec!["a".to_owned()] }, "half is no majority");
        let ranked: Vec<_> = report.classes.iter().map(|class| class.average_precision).collect();
        assert_eq!(ranked, [Some(1.0), Some(1.0 / 3.0)]);
        let mut broken = label_sets(&["a", "b"], (10, &[6, 5]), &[1.0, 0.5]);
        check_refusal(&mut net, &broken, "row 0 wants a finite target, got 0.5");
        broken.stats = vec![TargetStats::LabelSets { rows: 0, counts: vec![0, 0] }];
        let text =
            "the dataset wants counts of labels that fit the task `multi_label`, got [0, 0] for 2 labels";
        check_refusal(&mut net, &broken, text);
    }

    #[test]
    fn several_numbers_are_scored_column_by_column() {
        let data = columns(&[0.0, 0.0, 1.0, 1.0, -1.0, -1.0]);
        let report = scored(&mut ByHeart::new(2, vec![0.0, 0.0, 1.0, 0.0, -1.0, -1.0]), &data, 2).unwrap();
        let values: Vec<_> = report.metrics.iter().map(|metric| (metric.value, metric.baseline)).collect();
        // `price` is told exactly; one `rent` of three is off by one standard deviation, which is 2.
        let [rmse, always] = [(1.0f64 / 3.0).sqrt() / 2.0, (2.0f64 / 3.0).sqrt()];
        let wanted =
            [(Some(0.75), Some(0.0)), (Some(rmse), Some(always)), (Some(1.0 / 6.0), Some(2.0 / 3.0))];
        for ((found, always), (wanted, wanted_always)) in values.into_iter().zip(wanted) {
            let near = |x: Option<f64>, y: Option<f64>| (x.unwrap() - y.unwrap()).abs() < 1e-15;
            assert!(near(found, wanted) && near(always, wanted_always), "{found:?} {always:?}");
        }
        assert_eq!(report.unit.as_deref(), Some("standard deviations"));
        let rent = &report.columns[1];
        assert_eq!((rent.column.as_str(), rent.r2, rent.mae), ("rent", Some(0.5), 2.0 / 3.0));
        assert_eq!((report.columns[0].rmse, report.columns[0].baseline_mae), (0.0, 200.0 / 3.0));
    }

    #[test]
    fn probes_stand_beside_the_truth() {
        let data =
            Dataset { probes: probes(&[(1.0, 10.0), (2.0, 11.5), (50.0, 60.0)]), ..numbers(&[0.0, 1.0]) };
        let mut net = ByHeart::new(1, vec![0.0, 1.0, f32::INFINITY]);
        let learned = scored(&mut net, &data, 2).unwrap().learned;
        let shown: Vec<_> =
            learned.iter().map(|probe| (&probe.record["a"][..], probe.answer, probe.inside)).collect();
        assert_eq!(shown, [("1", Some(10.0), true), ("2", Some(12.0), true), ("50", None, false)]);
    }

    #[test]
    fn a_single_row_has_no_r2() {
        let report = scored(&mut ByHeart::new(1, vec![0.5]), &numbers(&[0.0]), 2).unwrap();
        let r2 = report.metric(MetricName::R2).unwrap();
        assert_eq!((r2.value, r2.low, r2.baseline, r2.undefined_resamples), (None, None, None, 200));
        assert_eq!(report.metric(MetricName::Mae).unwrap().high, Some(1.0));
    }

    #[test]
    fn a_report_survives_its_file() {
        let (mut net, data) = four();
        let report = scored(&mut net, &data, 3).unwrap();
        let read: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
        assert_eq!(read, Report { predictions: None, ..report });
    }

    #[test]
    fn the_verdict_looks_at_the_whole_interval() {
        let metric = |low, high, higher_is_better| Metric {
            name: MetricName::Accuracy.into(),
            value: None,
            low: Some(low),
            high: Some(high),
            baseline: Some(0.5),
            higher_is_better,
            undefined_resamples: 0,
        };
        assert_eq!(metric(0.6, 0.8, true).verdict(), Some(Verdict::Better));
        assert_eq!(metric(0.6, 0.8, false).verdict(), Some(Verdict::Worse));
        assert_eq!(metric(0.1, 0.4, true).verdict(), Some(Verdict::Worse));
        assert_eq!(metric(0.1, 0.4, false).verdict(), Some(Verdict::Better));
        assert_eq!(metric(0.4, 0.8, true).verdict(), Some(Verdict::Unclear));
        assert_eq!(Metric { low: None, ..metric(0.4, 0.8, true) }.verdict(), None);
    }

    #[test]
    fn a_broken_answer_names_its_row() {
        let (mut net, data) = four();
        net.outputs[7] = f32::NAN;
        let hint = "train with a smaller `train.learning_rate`";
        check_refusal(
            &mut net,
            &data,
            &format!("row 2 wants finite numbers from the network, got NaN; {hint}"),
        );
        let mut net = ByHeart::new(1, vec![0.0, f32::NEG_INFINITY]);
        let data = numbers(&[0.0, 1.0]);
        check_refusal(
            &mut net,
            &data,
            &format!("row 1 wants finite numbers from the network, got -inf; {hint}"),
        );
    }

    #[test]
    fn nothing_to_score_says_the_way_out() {
        let expect = "the test split wants at least 1 row, got 0; give `data.split` a share, a column or files for `test`";
        check_refusal(&mut ByHeart::new(1, vec![]), &numbers(&[]), expect);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let (mut net, data) = four();
        let (targets, stats) = ([&data.targets[..]; 2].concat(), [&data.stats[..]; 2].concat());
        let twice = Dataset { targets, stats, ..data.clone() };
        check_refusal(&mut net, &twice, "target `kind` wants network output of shape [2, 3], got 1 outputs");
        let strange = labels(&["a", "b", "c"], &[1, 1, 1], &[0, 1, 3, 2]);
        check_refusal(&mut net, &strange, "row 2 wants a class below 3, got 3");
        let negative = labels(&["a", "b", "c"], &[1, 1, 1], &[0, -1, 1, 2]);
        check_refusal(&mut net, &negative, "row 1 wants a class below 3, got -1");
        check_refusal(
            &mut ByHeart::new(2, vec![0.0; 8]),
            &data,
            "target `kind` wants network output of shape [2, 3], got [2, 2]",
        );
        check_refusal(
            &mut net,
            &labels(&["a", "b", "c"], &[0, 0, 0], &[0]),
            "the dataset wants counts of labels that fit the task `classify`, got [0, 0, 0] for 3 labels",
        );
        let probed = Dataset { probes: probes(&[(1.0, 2.0)]), ..data };
        check_refusal(
            &mut net,
            &probed,
            "the dataset wants probes that fit the task `classify`, got known answers that are numbers",
        );
        let known = Dataset { probes: probes(&[(1.0, f64::INFINITY)]), ..numbers(&[0.0]) };
        check_refusal(
            &mut ByHeart::new(1, vec![0.0]),
            &known,
            "the dataset wants probes that fit the task `regress`, got a known answer of inf",
        );
        let untrained =
            Dataset { stats: vec![TargetStats::Numbers { mean: f64::NAN, std: 0.0 }], ..numbers(&[0.0]) };
        check_refusal(
            &mut ByHeart::new(1, vec![0.0]),
            &untrained,
            "the dataset wants statistics that fit the task `regress`, got a mean of NaN",
        );
        let missing = numbers(&[0.0, f32::NAN]);
        check_refusal(&mut ByHeart::new(1, vec![0.0; 2]), &missing, "row 1 wants a finite target, got NaN");
    }
}

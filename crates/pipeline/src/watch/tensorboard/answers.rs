use baeum_core::{Answer, Dataset, Decode, Network, NetworkError, Target, Tensor};
use baeum_export::log::tensorboard::PrCurve;

use crate::predict::PredictError;
use crate::watch::WatchError;

/// How many labels of a target have a curve.
const LABELS: usize = 20;

/// A precision-recall curve of each label over the validation rows, with its tag; none where no label is told.
pub(super) fn curves(
    net: &mut dyn Network,
    data: &Dataset,
    batch_rows: usize,
) -> Result<Vec<(String, PrCurve)>, WatchError> {
    let targets = data.targets.iter().enumerate();
    let mut heads: Vec<Head<'_>> =
        targets.filter_map(|(place, target)| Head::of(place, target, data.targets.len() > 1)).collect();
    if heads.is_empty() {
        return Ok(vec![]);
    }
    for rows in data.splits.valid.rows().chunks(batch_rows) {
        let batch = data.source.batch(rows)?;
        let outputs = net.predict(&batch).map_err(PredictError::from)?;
        for head in &mut heads {
            if let (Some(output), Some(truth)) = (outputs.get(head.place), batch.targets.get(head.place)) {
                head.add(output, truth).map_err(PredictError::from)?;
            }
        }
    }
    Ok(heads.into_iter().flat_map(|head| head.curves).collect())
}

/// A target whose answers are labels.
struct Head<'a> {
    place: usize,
    decode: &'a Decode,
    /// Whether a row has one label and not several.
    has_classes: bool,
    curves: Vec<(String, PrCurve)>,
}

impl<'a> Head<'a> {
    fn of(place: usize, target: &'a Target, is_one_of_several: bool) -> Option<Head<'a>> {
        let (Decode::Label { labels } | Decode::Labels { labels, .. }) = &target.decode else { return None };
        let group = if is_one_of_several { format!("valid/{}/", target.field) } else { "valid/".to_owned() };
        let curve = |label: &String| (format!("{group}{label}"), PrCurve::default());
        let curves = labels.iter().take(LABELS).map(curve).collect();
        let has_classes = matches!(target.decode, Decode::Label { .. });
        Some(Head { place, decode: &target.decode, has_classes, curves })
    }

    /// The rows of a batch. `output`: logits `[rows, K]`; `truth`: classes `[rows]`, or a 1 for each label that fits, `[rows, K]`.
    fn add(&mut self, output: &Tensor, truth: &Tensor) -> Result<(), NetworkError> {
        let (labels, truth) = (self.decode.width().max(1), truth.to_f64s());
        let truths = truth.chunks(if self.has_classes { 1 } else { labels });
        for (logits, truth) in output.f32s()?.chunks_exact(labels).zip(truths) {
            let probabilities = match self.decode.answer(logits) {
                Answer::Label { probabilities, .. } | Answer::Labels { probabilities, .. } => probabilities,
                Answer::Number { .. }
                | Answer::Numbers { .. }
                | Answer::Next { .. }
                | Answer::Forecast { .. } => vec![],
            };
            for (place, ((_, curve), probability)) in self.curves.iter_mut().zip(probabilities).enumerate() {
                let fits = if self.has_classes {
                    truth == [place as f64]
                } else {
                    truth.get(place).is_some_and(|fit| *fit > 0.0)
                };
                curve.add(probability, fits);
            }
        }
        Ok(())
    }
}

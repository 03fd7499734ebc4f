//! A trained run that tells labels, and what it makes of rows.

use std::path::Path;

use baeum_core::commit::read_set;
use baeum_core::{Answer, Decode, Fs, Predictor};
use baeum_data::DataError;
use baeum_data::labelling::{
    Candidate, FitCandidate, Measure, Records, candidates, fit_candidates, most_useful, most_useful_fits,
};

use super::LabelError;
use crate::artifacts;
use crate::predict::Predict;
use crate::run::{RunError, Stage};
use crate::session::Job;

/// How many rows are read and answered together.
const ROWS: usize = 256;

/// A trained run that tells labels.
pub(super) struct Model {
    pub(super) predictor: Predictor,
    predict: Predict,
    pub(super) told: Told,
}

/// The labels that a run tells.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) labels: Vec<String>,
    /// How probable each has to be, where a row may have several.
    thresholds: Option<Vec<f32>>,
}

/// A row by its place, and what its labels should perhaps be.
pub(super) struct Doubt {
    pub(super) place: usize,
    pub(super) suggested: Vec<String>,
    pub(super) is_suspect: bool,
    pub(super) score: f32,
}

impl Model {
    pub(super) fn open(job: &Job, run: &Path) -> Result<Model, LabelError> {
        let fs: &dyn Fs = &*job.place.fs;
        let set = read_set(fs, &run.join(Stage::Train.folder())).map_err(RunError::from)?;
        let predictor = artifacts::predictor(&set.files, &job.place.limits)?;
        let (labels, thresholds) = match predictor.targets.first().map(|target| &target.decode) {
            Some(Decode::Label { labels }) => (labels.clone(), None),
            Some(Decode::Labels { labels, thresholds }) => (labels.clone(), Some(thresholds.clone())),
            Some(
                Decode::Number { .. }
                | Decode::Numbers { .. }
                | Decode::Quantiles { .. }
                | Decode::Forecast { .. }
                | Decode::Next { .. },
            )
            | None => return Err(LabelError::Numbers { run: run.to_owned() }),
        };
        Ok(Model { predict: Predict::new(&predictor)?, predictor, told: Told { labels, thresholds } })
    }

    /// How probable each label is for each row: `[rows, labels]`.
    pub(super) fn answers(&mut self, records: &Records, rows: &[usize]) -> Result<Vec<f32>, LabelError> {
        let mut shares = vec![];
        for rows in rows.chunks(ROWS) {
            let read = rows.iter().map(|&row| records.record(row));
            for prediction in self.predict.answers(&read.collect::<Result<Vec<_>, DataError>>()?)? {
                if let Some((_, Answer::Label { probabilities, .. } | Answer::Labels { probabilities, .. })) =
                    prediction.answers.first()
                {
                    shares.extend(probabilities);
                }
            }
        }
        Ok(shares)
    }
}

impl Told {
    /// Whether the answers of another run can be added to those of this one.
    pub(super) fn tells_like(&self, other: &Told) -> bool {
        self.labels == other.labels && self.thresholds.is_some() == other.thresholds.is_some()
    }

    /// Places of rows with how unsure the run is of them, the least sure first. `shares`: `[rows, labels]`, as below.
    pub(super) fn most_useful(&self, shares: &[f32]) -> Vec<(usize, f32)> {
        match self.thresholds {
            None => most_useful(shares, self.labels.len(), Measure::Margin),
            Some(_) => most_useful_fits(shares, self.labels.len()),
        }
    }

    /// What the run answers for the row at a place, and how probable that is: of several labels, that of the least sure one.
    pub(super) fn answer(&self, shares: &[f32], place: usize) -> (Vec<String>, f32) {
        let row = shares.iter().skip(place * self.labels.len()).copied();
        let named = self.labels.iter().zip(row);
        let Some(thresholds) = &self.thresholds else {
            let best = named.max_by(|(_, one), (_, other)| one.total_cmp(other));
            return best.map(|(label, share)| (vec![label.clone()], share)).unwrap_or_default();
        };
        let sure = named.clone().map(|(_, share)| share.max(1.0 - share)).fold(1.0, f32::min);
        let fits = named.zip(thresholds).filter(|((_, share), threshold)| share >= threshold);
        (fits.map(|((label, _), _)| label.clone()).collect(), sure)
    }

    /// The rows whose labels are most probably wrong; `given` has those of each row.
    pub(super) fn doubts(&self, shares: &[f32], given: &[Vec<String>]) -> Vec<Doubt> {
        let count = self.labels.len();
        if self.thresholds.is_none() {
            let place = |label: &String| self.labels.iter().position(|known| known == label);
            // A label that the runs do not know is no class, which has probability 0.
            let places: Vec<usize> =
                given.iter().map(|labels| labels.first().and_then(place).unwrap_or(usize::MAX)).collect();
            return candidates(shares, &places, count).iter().map(|found| self.doubt(found)).collect();
        }
        let fits: Vec<bool> =
            given.iter().flat_map(|given| self.labels.iter().map(|label| given.contains(label))).collect();
        let found = fit_candidates(shares, &fits, count);
        found.iter().map(|found| self.fit_doubt(found, &fits[found.row * count..][..count])).collect()
    }

    fn doubt(&self, found: &Candidate) -> Doubt {
        let suggested = self.labels.get(found.suggested).into_iter().cloned().collect();
        Doubt { place: found.row, suggested, is_suspect: found.is_suspect, score: found.score }
    }

    /// `fits` has the labels of the row, some of which are turned over.
    fn fit_doubt(&self, found: &FitCandidate, fits: &[bool]) -> Doubt {
        let kept = |(label, fits): &(usize, &bool)| **fits != found.turned.contains(label);
        let suggested = fits.iter().enumerate().filter(kept).map(|(label, _)| self.labels[label].clone());
        Doubt {
            place: found.row,
            suggested: suggested.collect(),
            is_suspect: found.is_suspect,
            score: found.score,
        }
    }
}

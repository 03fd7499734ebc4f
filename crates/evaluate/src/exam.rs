//! Asks the network for every row, once for all targets, and holds its answers against the truth.

mod asked;
mod columns;
mod forecast;
mod label_sets;
mod labels;
mod next;
mod numbers;
mod quantiles;

use baeum_core::{Dataset, Network, Tensor};

use crate::EvaluateError;
use crate::baseline::Baseline;
use crate::metrics::ClassScores;
use crate::predictions::Predictions;
use crate::report::{ColumnScores, Learned, Quantiles};

pub(crate) use asked::Asked;

/// A network before the rows of a part.
pub(crate) struct Exam<'a> {
    pub(crate) net: &'a mut dyn Network,
    pub(crate) data: &'a Dataset,
    pub(crate) rows: &'a [usize],
    /// How many of them go through the network at once.
    pub(crate) batch_rows: usize,
}

/// What an exam found out about one target.
pub(crate) struct Found {
    pub(crate) predictions: Predictions,
    /// What the baseline answers to the same rows.
    pub(crate) always: Predictions,
    pub(crate) baseline: Baseline,
    pub(crate) unit: Option<String>,
    pub(crate) classes: Vec<ClassScores>,
    pub(crate) columns: Vec<ColumnScores>,
    pub(crate) quantiles: Option<Quantiles>,
    pub(crate) confusion: Vec<Vec<u64>>,
    pub(crate) learned: Vec<Learned>,
}

impl Found {
    /// What every target has; the rest is none.
    fn of(predictions: Predictions, always: Predictions, baseline: Baseline) -> Found {
        Found {
            predictions,
            always,
            baseline,
            unit: None,
            classes: vec![],
            columns: vec![],
            quantiles: None,
            confusion: vec![],
            learned: vec![],
        }
    }
}

/// The answers to one target, written down row by row.
trait Paper {
    /// How many known numbers each row has.
    fn truths(&self) -> usize;

    /// Keeps the truth of a row, `[truths]`, and what the network yields for it, `[width]`; all of it finite.
    fn push(&mut self, row: usize, truth: &[f64], output: &[f64]) -> Result<(), EvaluateError>;

    /// What the answers are worth.
    fn found(self: Box<Self>) -> Found;
}

/// What a standardised number stands for: `x * scale + offset`.
#[derive(Clone, Copy)]
struct Ruler {
    scale: f64,
    offset: f64,
}

impl Ruler {
    fn read(self, x: f64) -> f64 {
        x * self.scale + self.offset
    }
}

/// What was found of a target, or why its answers cannot be judged.
type Outcome = Result<Found, EvaluateError>;

impl Exam<'_> {
    /// Answers every row, and every probe. A target whose answers cannot be judged keeps no other from it.
    pub(crate) fn take(mut self, asked: &[Asked<'_>]) -> Result<Vec<Outcome>, EvaluateError> {
        let mut papers: Vec<Result<Box<dyn Paper + '_>, EvaluateError>> =
            asked.iter().map(|asked| asked.paper()).collect();
        // As many rows as fit into a few hundred MiB, whatever each yields.
        let width: usize = asked.iter().map(|asked| asked.target.decode.width()).sum();
        let most = (MOST_NUMBERS / width.max(1)).max(1);
        for rows in self.rows.chunks(self.batch_rows.min(most)) {
            if papers.iter().all(Result::is_err) {
                break;
            }
            let batch = self.data.source.batch(rows)?;
            let outputs = self.net.predict(&batch)?;
            for (asked, paper) in asked.iter().zip(&mut papers) {
                let Ok(open) = paper else { continue };
                if let Err(error) = mark(*asked, open.as_mut(), rows, &batch.targets, outputs) {
                    *paper = Err(error);
                }
            }
        }
        let both = asked.iter().zip(papers);
        Ok(both.map(|(asked, paper)| paper.and_then(|paper| self.learned(*asked, paper.found()))).collect())
    }

    /// The same with what was learned of a known function.
    fn learned(&mut self, asked: Asked<'_>, found: Found) -> Outcome {
        Ok(Found { learned: asked.learned(self.net)?, ..found })
    }
}

/// Writes down what one of the outputs says about some rows.
fn mark(
    asked: Asked<'_>,
    paper: &mut dyn Paper,
    rows: &[usize],
    targets: &[Tensor],
    outputs: &[Tensor],
) -> Result<(), EvaluateError> {
    let (truths, width) = (paper.truths().max(1), asked.target.decode.width().max(1));
    let known = targets.get(asked.place).map(Tensor::to_f64s).unwrap_or_default();
    if known.len() != rows.len() * truths {
        let got = format!("{} for {}", known.len(), rows.len());
        return Err(asked.refuse("one known answer for each row", got));
    }
    let outputs = asked.output(outputs, rows.len())?;
    for ((&row, truth), output) in rows.iter().zip(known.chunks(truths)).zip(outputs.chunks(width)) {
        if let Some(&got) = truth.iter().find(|truth| !truth.is_finite()) {
            return Err(EvaluateError::Truth { row, got });
        }
        if let Some(&got) = output.iter().find(|x| !x.is_finite()) {
            return Err(EvaluateError::NotFinite { row, got });
        }
        paper.push(row, truth, output)?;
    }
    Ok(())
}

/// More numbers than this do not go through a network at once.
const MOST_NUMBERS: usize = 1 << 24;

fn class(row: usize, truth: f64, classes: usize) -> Result<usize, EvaluateError> {
    // Comparing the way back refuses negative and broken numbers too.
    let class = truth as usize;
    if class as f64 == truth && class < classes {
        Ok(class)
    } else {
        Err(EvaluateError::Class { row, classes, got: truth })
    }
}

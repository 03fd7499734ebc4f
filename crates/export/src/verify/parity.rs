use baeum_core::{Answer, Target};
use serde::{Deserialize, Serialize};

use crate::error::VerifyError;
use crate::format::Level;

/// How far a probability may be off: another order of summation moves the seventh digit of small networks.
const PROBABILITY: f64 = 1e-5;
/// How far a number may be off, as a share of the largest one; the share covers the scale of the target.
const NUMBER: f64 = 1e-4;

/// How well a file agreed with the predictor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parity {
    /// How it was compared.
    pub level: Level,
    /// The engine that executed it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// How many rows were compared.
    pub rows: usize,
    /// The comparison for each target.
    pub targets: Vec<TargetParity>,
}

/// How well the answers for one target agreed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetParity {
    /// The target.
    pub field: String,
    /// The largest difference between two probabilities or numbers.
    pub max_abs: f64,
    /// The largest difference as a share of what it should have been.
    pub max_rel: f64,
    /// How large a difference may be.
    pub tolerance: f64,
    /// In how many rows the labels were the same; none for numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels_agree: Option<usize>,
}

/// Compares the answers of a file with those of the predictor, row by row and target by target.
///
/// # Errors
/// [`VerifyError`] names the first row whose label differs, whose number is not finite or is off by more than the
/// tolerance: 1e-5 for probabilities, `1e-5 + 1e-4 * max|ours|` for numbers.
pub fn compare(
    targets: &[Target],
    ours: &[Vec<Answer>],
    theirs: &[Vec<Answer>],
) -> Result<Vec<TargetParity>, VerifyError> {
    if ours.len() != theirs.len() {
        return Err(VerifyError::Rows { wanted: ours.len(), got: theirs.len() });
    }
    let of = |(place, target): (usize, &Target)| {
        let column =
            |answers: &[Vec<Answer>]| answers.iter().map(|row| row.get(place).cloned()).collect::<Vec<_>>();
        compare_target(&target.field, &column(ours), &column(theirs))
    };
    targets.iter().enumerate().map(of).collect()
}

fn compare_target(
    field: &str,
    ours: &[Option<Answer>],
    theirs: &[Option<Answer>],
) -> Result<TargetParity, VerifyError> {
    let mut parity = TargetParity {
        field: field.to_owned(),
        max_abs: 0.0,
        max_rel: 0.0,
        tolerance: tolerance(ours),
        labels_agree: None,
    };
    for (row, pair) in ours.iter().zip(theirs).enumerate() {
        let at = At { field, row };
        match pair {
            (Some(Answer::Number { value: wanted, .. }), Some(Answer::Number { value: got, .. })) => {
                at.number(&mut parity, *wanted, *got)?;
            }
            (
                Some(Answer::Label { label: wanted, probabilities: ours }),
                Some(Answer::Label { label: got, probabilities: theirs }),
            ) => {
                at.numbers(&mut parity, ours, theirs)?;
                at.label(wanted, got)?;
                parity.labels_agree = Some(parity.labels_agree.unwrap_or(0) + 1);
            }
            (
                Some(Answer::Labels { labels: wanted, probabilities: ours }),
                Some(Answer::Labels { labels: got, probabilities: theirs }),
            ) => {
                at.numbers(&mut parity, ours, theirs)?;
                at.label(&wanted.join("`, `"), &got.join("`, `"))?;
                parity.labels_agree = Some(parity.labels_agree.unwrap_or(0) + 1);
            }
            (Some(Answer::Numbers { values: ours, .. }), Some(Answer::Numbers { values: theirs, .. })) => {
                at.values(&mut parity, ours, theirs)?;
            }
            (Some(Answer::Next { probabilities: ours }), Some(Answer::Next { probabilities: theirs })) => {
                at.numbers(&mut parity, &ours.concat(), &theirs.concat())?;
            }
            (Some(Answer::Forecast { values: ours, .. }), Some(Answer::Forecast { values: theirs, .. })) => {
                at.values(&mut parity, &ours.concat(), &theirs.concat())?;
            }
            (wanted, got) => return Err(at.kind(wanted.as_ref(), got.as_ref())),
        }
    }
    Ok(parity)
}

/// The bound for a target: fixed for probabilities, with the scale of our answers for numbers.
fn tolerance(ours: &[Option<Answer>]) -> f64 {
    let size = |answer: &Option<Answer>| match answer {
        Some(Answer::Number { value, .. }) => value.abs(),
        Some(Answer::Forecast { values, .. }) => values.iter().flatten().map(|x| x.abs()).fold(0.0, f64::max),
        Some(Answer::Numbers { values, .. }) => values.iter().map(|x| x.abs()).fold(0.0, f64::max),
        Some(Answer::Label { .. } | Answer::Labels { .. } | Answer::Next { .. }) | None => 0.0,
    };
    PROBABILITY + NUMBER * ours.iter().map(size).fold(0.0, f64::max)
}

/// The place of an answer, for errors.
struct At<'a> {
    field: &'a str,
    row: usize,
}

impl At<'_> {
    fn numbers(&self, parity: &mut TargetParity, ours: &[f32], theirs: &[f32]) -> Result<(), VerifyError> {
        if ours.len() != theirs.len() {
            let (wanted, got) = (format!("{} probabilities", ours.len()), theirs.len().to_string());
            return Err(self.answer(wanted, got));
        }
        ours.iter()
            .zip(theirs)
            .try_for_each(|(wanted, got)| self.number(parity, (*wanted).into(), (*got).into()))
    }

    fn values(&self, parity: &mut TargetParity, ours: &[f64], theirs: &[f64]) -> Result<(), VerifyError> {
        if ours.len() != theirs.len() {
            let (wanted, got) = (format!("{} numbers", ours.len()), theirs.len().to_string());
            return Err(self.answer(wanted, got));
        }
        ours.iter().zip(theirs).try_for_each(|(wanted, got)| self.number(parity, *wanted, *got))
    }

    fn number(&self, parity: &mut TargetParity, wanted: f64, got: f64) -> Result<(), VerifyError> {
        if !wanted.is_finite() || !got.is_finite() {
            return Err(self.answer(format!("finite numbers and {wanted}"), got.to_string()));
        }
        let difference = (wanted - got).abs();
        parity.max_abs = parity.max_abs.max(difference);
        if wanted != 0.0 {
            parity.max_rel = parity.max_rel.max(difference / wanted.abs());
        }
        match difference <= parity.tolerance {
            true => Ok(()),
            false => {
                let (field, row, tolerance) = (self.field.to_owned(), self.row, parity.tolerance);
                Err(VerifyError::Differs { field, row, wanted, got, difference, tolerance })
            }
        }
    }

    fn label(&self, wanted: &str, got: &str) -> Result<(), VerifyError> {
        match wanted == got {
            true => Ok(()),
            false => Err(self.answer(format!("label `{wanted}`"), format!("`{got}`"))),
        }
    }

    fn kind(&self, wanted: Option<&Answer>, got: Option<&Answer>) -> VerifyError {
        let kind = |answer: Option<&Answer>| match answer {
            Some(Answer::Label { .. }) => "a label",
            Some(Answer::Labels { .. }) => "labels",
            Some(Answer::Number { .. }) => "a number",
            Some(Answer::Numbers { .. }) => "numbers",
            Some(Answer::Forecast { .. }) => "a forecast",
            Some(Answer::Next { .. }) => "the next pieces of a text",
            None => "no answer",
        };
        self.answer(kind(wanted).to_owned(), kind(got).to_owned())
    }

    fn answer(&self, wanted: String, got: String) -> VerifyError {
        VerifyError::Answer { field: self.field.to_owned(), row: self.row, wanted, got }
    }
}

#[cfg(test)]
mod tests {
    use baeum_core::Decode;

    use super::*;

    fn numbers(values: &[f64]) -> Vec<Vec<Answer>> {
        values.iter().map(|&value| vec![Answer::Number { value, unit: None }]).collect()
    }

    fn labels(label: &str, probabilities: &[f32]) -> Vec<Vec<Answer>> {
        vec![vec![Answer::Label { label: label.to_owned(), probabilities: probabilities.to_vec() }]]
    }

    fn compared(ours: &[Vec<Answer>], theirs: &[Vec<Answer>]) -> Result<TargetParity, String> {
        let decode = Decode::Number { scale: 1.0, offset: 0.0, unit: None };
        let target = Target { field: "price".to_owned(), decode };
        let mut found = compare(&[target], ours, theirs).map_err(|error| error.to_string())?;
        Ok(found.remove(0))
    }

    #[track_caller]
    fn refused(ours: &[Vec<Answer>], theirs: &[Vec<Answer>], expect: &str) {
        assert_eq!(compared(ours, theirs).err().as_deref(), Some(expect));
    }

    #[test]
    fn the_bound_grows_with_the_largest_number() {
        let parity = compared(&numbers(&[200.0, 1.0, 0.0]), &numbers(&[200.0, 1.015, 0.0]))
            .map_err(|error| assert_eq!(error, ""));
        let Ok(parity) = parity else { return };
        assert_eq!(parity.tolerance, 1e-5 + 1e-4 * 200.0);
        // The decimal 1.015 is off by a rounding of its 17th digit.
        assert!((parity.max_abs - 0.015).abs() < 1e-15 && (parity.max_rel - 0.015).abs() < 1e-15);
        assert_eq!(parity.labels_agree, None);
    }

    #[test]
    fn what_is_off_is_named_with_its_row() {
        refused(
            &numbers(&[2.0, 1.0]),
            &numbers(&[2.0, 1.5]),
            "`price` of golden row 1 wants 1 within 2.1e-4, got 1.5, which is off by 5.0e-1",
        );
        refused(
            &labels("a", &[0.75, 0.25]),
            &labels("a", &[0.5, 0.5]),
            "`price` of golden row 0 wants 0.75 within 1.0e-5, got 0.5, which is off by 2.5e-1",
        );
    }

    #[test]
    fn what_is_not_finite_is_refused_on_either_side() {
        let (one, nan, inf) = (numbers(&[1.0]), numbers(&[f64::NAN]), numbers(&[f64::INFINITY]));
        refused(&one, &nan, "`price` of golden row 0 wants finite numbers and 1, got NaN");
        refused(&nan, &nan, "`price` of golden row 0 wants finite numbers and NaN, got NaN");
        refused(&inf, &inf, "`price` of golden row 0 wants finite numbers and inf, got inf");
    }

    #[test]
    fn other_labels_and_other_kinds_are_refused() {
        let a = labels("a", &[0.5, 0.5]);
        refused(&a, &labels("b", &[0.5, 0.5]), "`price` of golden row 0 wants label `a`, got `b`");
        refused(&a, &labels("a", &[1.0]), "`price` of golden row 0 wants 2 probabilities, got 1");
        refused(&a, &numbers(&[1.0]), "`price` of golden row 0 wants a label, got a number");
        refused(&a, &[vec![]], "`price` of golden row 0 wants a label, got no answer");
        refused(&a, &[], "1 golden rows want as many answers, got 0");
        assert_eq!(compared(&a, &a).map(|parity| parity.labels_agree), Ok(Some(1)));
    }
}

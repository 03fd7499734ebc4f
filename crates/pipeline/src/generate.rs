//! Going on with a text, piece by piece.

use baeum_core::{Counter, Decode, Record, Rng, Stream, Value, probabilities};

use crate::predict::{Predict, PredictError};

/// How a text is gone on with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Generation {
    /// How many pieces are added.
    pub pieces: usize,
    /// How daring it is: 1 draws each piece as probable as the network says, less keeps to the probable ones, 0 takes the
    /// most probable one.
    pub temperature: f64,
    /// Decides what is drawn.
    pub seed: u64,
}

/// Why there is nothing to go on with.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GenerateError {
    /// The run answers something else.
    #[error("the run wants `data.source.text` to go on with a text, got another task")]
    Task,
    /// A temperature that is none.
    #[error("`--temperature` wants a number from 0 to 100, got {got}")]
    Temperature {
        /// What came.
        got: f64,
    },
}

impl Predict {
    /// What the network adds to a text; it sees as much of its end as a window has. The same seed adds the same.
    ///
    /// # Errors
    /// [`GenerateError`] if the network does not tell what comes next.
    pub fn go_on(&mut self, text: &str, how: Generation) -> Result<String, PredictError> {
        if !(0.0..=100.0).contains(&how.temperature) {
            return Err(GenerateError::Temperature { got: how.temperature }.into());
        }
        let (field, vocabulary) = self.told_next()?;
        let pieces = self.pieces.clone().ok_or(GenerateError::Task)?;
        let stream = Rng::new(how.seed).stream("generate", "");
        // Behind nothing comes what may begin a line.
        let mut seen: Vec<char> = if text.is_empty() { vec!['\n'] } else { text.chars().collect() };
        let mut added = String::new();
        for step in 0..how.pieces as u64 {
            let window = &seen[seen.len().saturating_sub(pieces.length())..];
            let record = Record::from([(field.clone(), Value::Text(window.iter().collect()))]);
            let prediction = self.answer(&record)?;
            let logits = prediction.outputs.first().map(|outputs| outputs.chunks(vocabulary));
            // Not as many as letters, where the steps of the text make one of two.
            let place = self.seen_pieces(&record)?.saturating_sub(1);
            let Some(last) = logits.and_then(|mut places| places.nth(place)) else { break };
            let is_letter = |place: usize| pieces.text(place as u32).is_some();
            let place = drawn(last, is_letter, how.temperature, (&stream, step));
            let piece = pieces.text(place as u32).unwrap_or_default();
            seen.extend(piece.chars());
            added += &piece;
        }
        Ok(added)
    }

    /// The text that is gone on with, and how many pieces there are.
    fn told_next(&self) -> Result<(String, usize), GenerateError> {
        let input = self.schema().with_role(baeum_core::Role::Input).next();
        match (self.targets(), input) {
            ([target], Some(input)) => match target.decode {
                Decode::Next { vocabulary, .. } => Ok((input.name.clone(), vocabulary)),
                Decode::Label { .. }
                | Decode::Labels { .. }
                | Decode::Number { .. }
                | Decode::Numbers { .. }
                | Decode::Forecast { .. } => Err(GenerateError::Task),
            },
            _ => Err(GenerateError::Task),
        }
    }
}

/// One of the pieces that `may` be drawn.
fn drawn(
    logits: &[f32],
    may: impl Fn(usize) -> bool,
    temperature: f64,
    (stream, step): (&Stream, u64),
) -> usize {
    let allowed: Vec<usize> = (0..logits.len()).filter(|&place| may(place)).collect();
    let best =
        allowed.iter().copied().reduce(|best, place| if logits[place] > logits[best] { place } else { best });
    if temperature == 0.0 {
        return best.unwrap_or(0);
    }
    let cooled: Vec<f32> =
        allowed.iter().map(|&place| (f64::from(logits[place]) / temperature) as f32).collect();
    let mut left = stream.uniform(Counter::step(step));
    for (&place, share) in allowed.iter().zip(probabilities(&cooled)) {
        left -= share;
        if left < 0.0 {
            return place;
        }
    }
    best.unwrap_or(0) // rounding left a rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_drawn_as_probable_as_they_are() {
        let stream = Rng::new(3).stream("generate", "");
        let logits = [9.0, 1.0, 1.0 + 3f32.ln()]; // a quarter and three quarters, the first is no letter
        let may = |place| place > 0;
        let count = (0..4000).filter(|&step| drawn(&logits, may, 1.0, (&stream, step)) == 2).count();
        assert!(count.abs_diff(3000) < 140, "{count}"); // five deviations
        assert!((0..100).all(|step| drawn(&logits, may, 0.0, (&stream, step)) == 2));
        let cold = (0..4000).filter(|&step| drawn(&logits, may, 0.25, (&stream, step)) == 1).count();
        assert!(cold.abs_diff(49) < 35, "{cold}"); // 1 of 82
    }
}

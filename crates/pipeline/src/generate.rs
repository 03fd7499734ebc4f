//! Going on with a text, piece by piece.

use baeum_core::{Counter, Decode, NetworkError, Rng, Stream, Target, Tensor, probabilities};
use baeum_data::Pieces;

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
    /// What the network adds to a text; it sees as many pieces of its end as a window has. Where it has learned texts that
    /// stand by themselves, such as lines, it stops at the end of this one. The same seed adds the same.
    ///
    /// # Errors
    /// [`GenerateError`] if the network does not tell what comes next.
    pub fn go_on(&mut self, text: &str, how: Generation) -> Result<String, PredictError> {
        if !(0.0..=100.0).contains(&how.temperature) {
            return Err(GenerateError::Temperature { got: how.temperature }.into());
        }
        let pieces = self.pieces.clone().ok_or(GenerateError::Task)?;
        let (vocabulary, end) = self.told()?;
        let stream = Rng::new(how.seed).stream("generate", "");
        let mut all: Vec<u32> = end.into_iter().chain(pieces.cut(text)?).collect();
        if all.is_empty() {
            all = pieces.cut("\n")?; // behind nothing comes what may begin a line
        }
        let given = all.len();
        let places = 0..vocabulary as u32;
        let may_come: Vec<bool> = places.map(|piece| pieces.is_text(piece) || end == Some(piece)).collect();
        for step in 0..how.pieces as u64 {
            let window = &all[all.len().saturating_sub(pieces.length())..];
            let logits = self.next(window, vocabulary, &pieces)?;
            let may_come = |place: usize| may_come.get(place) == Some(&true);
            let piece = drawn(&logits, may_come, how.temperature, (&stream, step)) as u32;
            if logits.is_empty() || end == Some(piece) {
                break;
            }
            all.push(piece);
        }
        let (before, whole) = (pieces.text(&all[..given])?, pieces.text(&all)?);
        match whole.strip_prefix(&before) {
            Some(added) => Ok(added.to_owned()),
            None => Ok(pieces.text(&all[given..])?), // a decoder that writes what stands before another way
        }
    }

    /// Whether lines stand by themselves, and not files or windows of a text.
    ///
    /// # Errors
    /// [`GenerateError`] if the network does not tell what comes next.
    pub fn goes_on_with_lines(&self) -> Result<bool, PredictError> {
        let pieces = self.pieces.as_ref().ok_or(GenerateError::Task)?;
        let (_, end) = self.told()?;
        Ok(end.map(|end| pieces.text(&[end])).transpose()?.is_some_and(|end| end == "\n"))
    }

    /// How many pieces there are, and the one that ends a text, where texts stand by themselves.
    fn told(&self) -> Result<(usize, Option<u32>), GenerateError> {
        match self.targets() {
            [Target { decode: Decode::Next { vocabulary, end, .. }, .. }] => {
                Ok((*vocabulary, end.map(|end| end as u32)))
            }
            _ => Err(GenerateError::Task),
        }
    }

    /// How probable each piece is behind some pieces that fit into a window, as logits `[vocabulary]`.
    fn next(&mut self, window: &[u32], vocabulary: usize, pieces: &Pieces) -> Result<Vec<f32>, PredictError> {
        let mut seen: Vec<i64> = window.iter().map(|piece| i64::from(*piece)).collect();
        seen.resize(pieces.length(), i64::from(pieces.padding()));
        let logits = self.yields(Tensor::new([1, seen.len()], seen).map_err(NetworkError::from)?)?;
        let mut places = logits.chunks_exact(vocabulary.max(1));
        Ok(window.len().checked_sub(1).and_then(|last| places.nth(last)).unwrap_or_default().to_vec())
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

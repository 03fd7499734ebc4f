//! Going on with a text, piece by piece.

mod draw;
mod telling;

use baeum_core::{Counter, Decode, Rng, Target};
use baeum_data::Pieces;

use crate::predict::{Predict, PredictError, Runs};
use draw::drawn;
use telling::Telling;

/// How a text is gone on with.
#[derive(Clone, Debug, PartialEq)]
pub struct Generation {
    /// How many pieces are added at most.
    pub pieces: usize,
    /// How daring it is: 1 draws each piece as probable as the network says, less keeps to the probable ones, 0 takes the
    /// most probable one.
    pub temperature: f64,
    /// Only so many of the most probable pieces may come; all, if not given (Fan et al. 2018).
    pub top_k: Option<usize>,
    /// Only the most probable pieces may come that make up this share together, which is above 0 and at most 1; all, if not given
    /// (Holtzman et al. 2020). It is a share of those that `temperature` and `top_k` leave.
    pub top_p: Option<f64>,
    /// Texts at which it ends. None of them is told.
    pub stop: Vec<String>,
    /// Decides what is drawn.
    pub seed: u64,
}

impl Default for Generation {
    /// 200 pieces, as the network says.
    fn default() -> Generation {
        Generation { pieces: 200, temperature: 1.0, top_k: None, top_p: None, stop: vec![], seed: 0 }
    }
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
    /// A number of pieces out of which none can be drawn.
    #[error("`--top-k` wants 1 piece or more, got 0")]
    TopK,
    /// A share that is none.
    #[error("`--top-p` wants a number above 0 and at most 1, got {got}")]
    TopP {
        /// What came.
        got: f64,
    },
    /// A stop text that stands everywhere.
    #[error("`--stop` wants a text, got an empty one")]
    Stop,
}

impl Generation {
    /// Refuses settings that are none.
    pub(crate) fn check(&self) -> Result<(), GenerateError> {
        if !(0.0..=100.0).contains(&self.temperature) {
            return Err(GenerateError::Temperature { got: self.temperature });
        }
        if self.top_k == Some(0) {
            return Err(GenerateError::TopK);
        }
        if let Some(got) = self.top_p.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
            return Err(GenerateError::TopP { got });
        }
        if self.stop.iter().any(String::is_empty) { Err(GenerateError::Stop) } else { Ok(()) }
    }
}

impl Predict {
    /// Goes on with a text, tells what is added while it comes, and gives how many pieces that was.
    ///
    /// The network sees as many pieces of the end as a window has. Where it has learned texts that stand by themselves, such as
    /// lines, it stops at the end of this one. The same seed adds the same. Until the window is full each piece costs one place of
    /// the network, for keys and values of the others are kept; from then on all places move, and each piece costs all of them.
    ///
    /// # Errors
    /// [`GenerateError`] if the network does not tell what comes next, and for settings that are none.
    pub fn go_on(
        &mut self,
        text: &str,
        how: &Generation,
        tell: &mut dyn FnMut(&str),
    ) -> Result<usize, PredictError> {
        how.check()?;
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
        let mut telling = Telling::behind(given, &pieces, &how.stop, tell);
        for step in 0..how.pieces as u64 {
            let window = &all[all.len().saturating_sub(pieces.length())..];
            let logits = self.next(window, &pieces)?;
            let may_come = |place: usize| may_come.get(place) == Some(&true);
            let piece = drawn(&logits, may_come, how, stream.uniform(Counter::step(step))) as u32;
            if logits.is_empty() || end == Some(piece) {
                break;
            }
            all.push(piece);
            if telling.see(&all)? {
                break;
            }
        }
        telling.end();
        Ok(all.len() - given)
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
    fn next(&mut self, window: &[u32], pieces: &Pieces) -> Result<Vec<f32>, PredictError> {
        match &mut self.network {
            Runs::Text(text) => Ok(text.next(window, pieces.padding())?),
            Runs::Any(_) => Err(GenerateError::Task.into()),
        }
    }
}

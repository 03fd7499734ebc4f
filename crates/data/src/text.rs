//! Words: brought into one form, cut into pieces, and numbered; and pieces put together again.

mod given;
mod learn;
mod pieces;
mod seam;
mod shell;
#[cfg(test)]
mod tests;

use std::path::Path;

use baeum_core::{End, GuardError, TextForm, guard};
use tokenizers::normalizers::unicode::{NFC, NFKC};
use tokenizers::{
    NormalizedString, Normalizer, Tokenizer, TruncationDirection, TruncationParams, TruncationStrategy,
};

use crate::refusal::Refusal;

pub(crate) use given::given;
pub(crate) use learn::learn;
pub(crate) use pieces::Ended;
pub use pieces::Pieces;
pub(crate) use shell::Blanks;

/// The place of what fills up a short text.
pub(crate) const PADDING: &str = "[PAD]";
/// The place of a piece that training did not know.
pub(crate) const UNKNOWN: &str = "[UNK]";

fn refuse<T>(wants: impl Into<String>, got: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(wants, got))
}

/// A text in one of Unicode's normal forms (UAX #15), and in small letters if that is wished.
pub(crate) fn normalised(text: &str, form: TextForm, lower: bool) -> String {
    let mut text = NormalizedString::from(text);
    let done = match form {
        TextForm::AsIs => Ok(()),
        TextForm::Nfc => NFC.normalize(&mut text),
        TextForm::Nfkc => NFKC.normalize(&mut text),
    };
    debug_assert!(done.is_ok(), "normal forms exist for every text");
    match lower {
        true => text.get().to_lowercase(),
        false => text.get().to_owned(),
    }
}

/// Cuts texts into pieces, and gives each text as many places as the network wants.
#[derive(Clone, Debug)]
pub(crate) struct Cutter {
    tokenizer: Tokenizer,
    padding: u32,
    fill: End,
}

impl Cutter {
    /// The tokenizer of a `tokenizer.json` that [`learn`] or [`given`] has made; no text gets more than `length`
    /// places. A longer one keeps the first of two ends, a shorter one is filled up at the second.
    pub(crate) fn new(
        json: &str,
        padding: u32,
        length: usize,
        [keep, fill]: [End; 2],
    ) -> Result<Cutter, Refusal> {
        let mut tokenizer = load(json)?;
        let direction = match keep {
            End::Start => TruncationDirection::Right,
            End::End => TruncationDirection::Left,
        };
        let strategy = TruncationStrategy::LongestFirst;
        let cut = TruncationParams { direction, max_length: length, strategy, stride: 0 };
        let set = guarded(|| tokenizer.with_truncation(Some(cut)).map(drop))?;
        set.or_else(|error| refuse("a length that leaves room for its special tokens", error.to_string()))?;
        Ok(Cutter { tokenizer, padding, fill })
    }

    /// Writes the places of a text, the rest filled up; never more than `out` has.
    pub(crate) fn write(&self, text: &str, out: &mut [f32]) -> Result<(), Refusal> {
        out.fill(self.padding as f32);
        let cut = guarded(|| self.tokenizer.encode_fast(text, true))?;
        let cut = cut.or_else(|error| refuse("a text that the tokenizer can cut", error.to_string()))?;
        let places = cut.get_ids();
        let skipped = match self.fill {
            End::Start => out.len().saturating_sub(places.len()),
            End::End => 0,
        };
        // Places are below 2^24, which f32 holds exactly.
        out.iter_mut().skip(skipped).zip(places).for_each(|(out, place)| *out = *place as f32);
        Ok(())
    }
}

/// The tokenizer of a `tokenizer.json`.
fn load(json: &str) -> Result<Tokenizer, Refusal> {
    let loaded = guarded(|| Tokenizer::from_bytes(json.as_bytes()))?;
    loaded.or_else(|error| refuse("a `tokenizer.json` that can be read", error.to_string()))
}

/// How many pieces a `tokenizer.json` knows; each place is below it.
pub(crate) fn vocabulary(json: &str) -> Result<usize, Refusal> {
    load(json).map(|tokenizer| places(&tokenizer))
}

fn places(tokenizer: &Tokenizer) -> usize {
    let last = tokenizer.get_vocab(true).into_values().max(); // a file may leave places out
    last.map_or(0, |last| last as usize + 1)
}

/// Calls the library; a panic in it becomes a refusal.
fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, Refusal> {
    let stopped = |_: GuardError| Refusal {
        wants: "a tokenizer that does not stop in the middle".to_owned(),
        got: "one that did".to_owned(),
    };
    guard("tokenizer", Path::new("tokenizer.json"), call).map_err(stopped)
}

//! Words: brought into one form, cut into pieces, and numbered; and pieces put together again.

mod cutter;
mod given;
mod learn;
mod normal;
mod pieces;
mod seam;
mod shell;
#[cfg(test)]
mod tests;

use std::path::Path;

use baeum_core::{GuardError, guard};
use tokenizers::Tokenizer;

use crate::refusal::Refusal;

pub(crate) use cutter::Cutter;
pub(crate) use given::given;
pub(crate) use learn::learn;
pub(crate) use normal::normalised;
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

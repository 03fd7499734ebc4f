//! Long texts are cut piecewise, where no piece changes by it: it takes less memory, and more than one thread.

mod file;
#[cfg(test)]
mod tests;

use super::{Blanks, Refusal, refuse};
use crate::config::TokensBy;

pub(super) use file::of;

/// So many bytes are cut into pieces at a time.
const RUN: usize = 1 << 16;

/// As many at most, where a text cannot be divided: the library takes some 90 times as much memory.
const MOST: usize = 4 << 20;

/// Where a text may be divided so that its pieces stay the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seam {
    /// Between any two characters.
    Anywhere,
    /// Before one of these characters, where what stands in front of it is not white: a new word begins there.
    Before(&'static [u8]),
    /// Nobody knows.
    Nowhere,
}

/// Before all that is white.
const WHITE: Seam = Seam::Before(b" \t\n\r");
/// Before blanks alone: what else is white may be a part of a word.
const BLANK: Seam = Seam::Before(b" ");
const BLANK_OR_LINE: Seam = Seam::Before(b" \n");

impl Seam {
    /// Where one of our own ways to cut words begins a new one.
    pub(super) fn of(by: &TokensBy, blanks: Blanks) -> Seam {
        match (by, blanks) {
            (TokensBy::Character {}, _) => Seam::Anywhere,
            (TokensBy::Word {} | TokensBy::Bpe {} | TokensBy::WordPiece {}, _) => WHITE,
            (TokensBy::Unigram {}, Blanks::Before) => BLANK,
            (TokensBy::Unigram {}, Blanks::AsTheyStand) => BLANK_OR_LINE,
            (TokensBy::File { .. }, _) => Seam::Nowhere,
        }
    }

    /// The runs of a text, one behind the other.
    pub(super) fn runs(self, text: &str) -> impl Iterator<Item = &str> {
        self.runs_of(RUN, text)
    }

    fn runs_of(self, bytes: usize, text: &str) -> impl Iterator<Item = &str> {
        divided(bytes, text, move |end| match self {
            Seam::Anywhere => text.is_char_boundary(end),
            Seam::Before(white) => {
                white.contains(&text.as_bytes()[end]) && !text[..end].ends_with(char::is_whitespace)
            }
            Seam::Nowhere => false,
        })
    }
}

/// The runs of a text that may be divided where it is said.
pub(super) fn runs(text: &str, is_seam: impl Fn(usize) -> bool) -> impl Iterator<Item = &str> {
    divided(RUN, text, is_seam)
}

/// Each run ends at the first seam behind so many bytes.
fn divided(bytes: usize, text: &str, is_seam: impl Fn(usize) -> bool) -> impl Iterator<Item = &str> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = (start + bytes..text.len()).find(|end| is_seam(*end)).unwrap_or(text.len());
        let run = &text[std::mem::replace(&mut start, end)..end];
        (!run.is_empty()).then_some(run)
    })
}

/// Refuses a run that the library would take too much memory for.
pub(super) fn admit(run: &str) -> Result<&str, Refusal> {
    if run.len() <= MOST {
        return Ok(run);
    }
    let wants = format!("at most {} MiB of a text that cannot be divided at blanks", MOST >> 20);
    refuse(wants, format!("{} bytes; make several texts of it", run.len()))
}

//! What is said of texts: how long they are, and how a few of them begin.

use serde::{Deserialize, Serialize};

/// How long texts are, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    /// The shortest text.
    pub shortest: usize,
    /// The length of the text in the middle.
    pub median: usize,
    /// The longest text.
    pub longest: usize,
}

/// Longer examples are cut.
const MOST_CHARACTERS: usize = 120;

impl Lengths {
    /// The shortest, the middle and the longest of some lengths in characters; none without any. Of two in the middle it is
    /// the shorter.
    pub fn of(mut characters: Vec<usize>) -> Option<Lengths> {
        characters.sort_unstable();
        let median = *characters.get(characters.len().saturating_sub(1) / 2)?;
        Some(Lengths { shortest: *characters.first()?, median, longest: *characters.last()? })
    }
}

/// A text as an example: its beginning, at most 120 characters.
pub(crate) fn example(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        None => text.to_owned(),
        Some(_) => text.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_sorted() {
        assert_eq!(Lengths::of(vec![]), None);
        assert_eq!(Lengths::of(vec![9, 1, 5, 3]), Some(Lengths { shortest: 1, median: 3, longest: 9 }));
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(example("짧다"), "짧다");
        assert_eq!(example(&"길".repeat(120)), "길".repeat(120));
        assert_eq!(example(&"길".repeat(121)), "길".repeat(119) + "…");
    }
}

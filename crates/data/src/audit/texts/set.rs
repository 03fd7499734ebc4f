//! Texts as sets of shingles.

use baeum_core::hash64;

/// How many characters a shingle has; Leskovec, Rajaraman and Ullman advise 5 for short documents.
const SHINGLE: usize = 5;

/// Texts with fewer different shingles, as those of less than 20 characters or of one letter again and again,
/// are alike only when they are equal: people who never met write "very good movie!" and "very good movie".
pub(super) const FEW: usize = 16;

/// As many shingles of a text are kept at most, those with the smallest hashes: a sample that is the same for all texts,
/// by which their similarity is known to half a percent (bottom-k sketches; Broder 1997, Cohen and Kaplan 2007).
pub(super) const KEPT: usize = 1 << 12;

/// The text in lower case, each run of white space as one space, none at the ends.
pub(super) fn normalise(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.extend(word.chars().flat_map(char::to_lowercase));
    }
    normal
}

/// The smallest hashes of the shingles of a normalised text, sorted, each once. A text with
/// less than [`FEW`] of them is one shingle as a whole.
///
/// Shingles are characters for every text. Shingles of words would miss more: one word that changes takes three
/// of them away, so that only texts of 29 words and more stay above 0.8; Korean runs its words together as it
/// likes; and two kinds would need a border, across which no text is like its neighbour. Of 7,590 reviews of
/// NSMC with 8 words or more, one changed letter leaves 3,801 alike by characters, and 379 by three words.
pub(super) fn shingles(normal: &str) -> Vec<u64> {
    let starts = || normal.char_indices().map(|(start, _)| start);
    let ends = starts().skip(SHINGLE).chain([normal.len()]);
    let windows = starts().zip(ends).filter_map(|(start, end)| normal.as_bytes().get(start..end));
    let hashes = smallest(windows.map(hash64));
    if hashes.len() < FEW { vec![hash64(normal.as_bytes())] } else { hashes }
}

/// The [`KEPT`] smallest of some hashes, sorted, each once.
fn smallest(hashes: impl Iterator<Item = u64>) -> Vec<u64> {
    let (mut kept, mut bound) = (vec![], u64::MAX);
    for hash in hashes {
        if hash <= bound {
            kept.push(hash);
        }
        if kept.len() == 2 * KEPT {
            settle(&mut kept);
            bound = if kept.len() == KEPT { kept[KEPT - 1] } else { bound };
        }
    }
    settle(&mut kept);
    kept
}

fn settle(hashes: &mut Vec<u64>) {
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(KEPT);
}

/// The share of shingles that both sets have, of those that either has (Jaccard 1901), by the [`KEPT`] smallest of
/// these. Both are sorted; 0 for two empty sets.
pub(super) fn jaccard(one: &[u64], other: &[u64]) -> f64 {
    let (mut left, mut right, mut both, mut either) = (one, other, 0, 0);
    while let (Some((a, after_a)), Some((b, after_b))) = (left.split_first(), right.split_first())
        && either < KEPT
    {
        both += usize::from(a == b);
        either += 1;
        if a <= b {
            left = after_a;
        }
        if b <= a {
            right = after_b;
        }
    }
    // A set that has come to its end before was kept whole.
    let either = (either + left.len() + right.len()).min(KEPT);
    if either == 0 { 0.0 } else { both as f64 / either as f64 }
}

//! Texts as sets of shingles.

use baeum_core::hash64;

/// How many characters a shingle has; Leskovec, Rajaraman and Ullman advise 5 for short documents.
const SHINGLE: usize = 5;

/// Texts with fewer different shingles, as those of less than 20 characters or of one letter again and again,
/// are alike only when they are equal: people who never met write "very good movie!" and "very good movie".
pub(super) const FEW: usize = 16;

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

/// The hashes of all the shingles of a normalised text, sorted, each once. A text with
/// [`FEW`] of them is one shingle as a whole.
///
/// Shingles are characters for every text. Shingles of words would miss more: one word that changes takes three
/// of them away, so that only texts of 29 words and more stay above 0.8; Korean runs its words together as it
/// likes; and two kinds would need a border, across which no text is like its neighbour. Of 7,590 reviews of
/// NSMC with 8 words or more, one changed letter leaves 3,801 alike by characters, and 379 by three words.
pub(super) fn shingles(normal: &str) -> Vec<u64> {
    let mut starts: Vec<usize> = normal.char_indices().map(|(start, _)| start).collect();
    starts.push(normal.len());
    let bytes = normal.as_bytes();
    let windows = starts.iter().zip(starts.iter().skip(SHINGLE));
    let mut hashes: Vec<u64> =
        windows.filter_map(|(&start, &end)| bytes.get(start..end)).map(hash64).collect();
    hashes.sort_unstable();
    hashes.dedup();
    if hashes.len() < FEW { vec![hash64(normal.as_bytes())] } else { hashes }
}

/// The share of shingles that both sets have, of those that either has (Jaccard 1901). Both are sorted; 0 for
/// two empty sets.
pub(super) fn jaccard(one: &[u64], other: &[u64]) -> f64 {
    let (mut left, mut right, mut both) = (one, other, 0);
    while let (Some((a, after_a)), Some((b, after_b))) = (left.split_first(), right.split_first()) {
        both += usize::from(a == b);
        if a <= b {
            left = after_a;
        }
        if b <= a {
            right = after_b;
        }
    }
    let either = one.len() + other.len() - both;
    if either == 0 { 0.0 } else { both as f64 / either as f64 }
}

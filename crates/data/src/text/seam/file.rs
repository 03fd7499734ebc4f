//! Where a text may be divided before a `tokenizer.json` cuts it, as far as that can be told from what stands in there.

use serde_json::Value;

use super::{BLANK, Seam, WHITE};
use crate::config::TokensBy;
use crate::text::{Blanks, given, shell};

/// What a normalizer may do to the white space around a seam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Around {
    Nothing,
    /// It adds blanks, or leaves out letters between two of them.
    MoreWhite,
    Anything,
}

/// The seams of a tokenizer; of one that nothing is known of there are none.
pub(in crate::text) fn of(tokenizer: &str) -> Seam {
    let file: Value = serde_json::from_str(tokenizer).unwrap_or_default();
    let (words, signs) = (&file["pre_tokenizer"], list(&file["added_tokens"]));
    let is_removed =
        ["Whitespace", "WhitespaceSplit", "BertPreTokenizer"].iter().any(|kind| words["type"] == *kind);
    let is_known = match around(&file["normalizer"]) {
        Around::Nothing => true,
        Around::MoreWhite => is_removed,
        Around::Anything => false,
    };
    match of_words(words) {
        Seam::Anywhere if is_known && signs.is_empty() => Seam::Anywhere,
        Seam::Before(white) if is_known && signs.iter().all(is_in_one_word) => Seam::Before(white),
        Seam::Anywhere | Seam::Before(_) | Seam::Nowhere => Seam::Nowhere,
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Where a way to cut words begins a new one.
fn of_words(words: &Value) -> Seam {
    if let Some((by, blanks)) = ours().into_iter().find(|(by, blanks)| shell::words(by, *blanks) == *words) {
        return Seam::of(&by, blanks);
    }
    match words["type"].as_str() {
        Some("WhitespaceSplit") => WHITE,
        // A word may get a blank in front that has none.
        Some("ByteLevel") if words["use_regex"] != false => {
            if words["add_prefix_space"] == false {
                WHITE
            } else {
                BLANK
            }
        }
        Some("Metaspace") if words["split"] != false => BLANK,
        Some("Split") if words["behavior"] == "Isolated" && words["invert"] == false => {
            let pattern = words["pattern"]["Regex"].as_str();
            if pattern.is_some_and(|pattern| given::PATTERNS.contains(&pattern)) {
                BLANK
            } else {
                Seam::Nowhere
            }
        }
        Some("Sequence") => of_sequence(list(&words["pretokenizers"])),
        Some(_) | None => Seam::Nowhere,
    }
}

fn ours() -> [(TokensBy, Blanks); 6] {
    [
        (TokensBy::Character {}, Blanks::Before),
        (TokensBy::Word {}, Blanks::Before),
        (TokensBy::WordPiece {}, Blanks::Before),
        (TokensBy::Bpe {}, Blanks::Before),
        (TokensBy::Unigram {}, Blanks::Before),
        (TokensBy::Unigram {}, Blanks::AsTheyStand),
    ]
}

/// Ways behind the first cut its words further; these do it without a look at where a word stands.
fn of_sequence(ways: &[Value]) -> Seam {
    let is_blind =
        |way: &Value| ["ByteLevel", "Digits", "Punctuation"].iter().any(|kind| way["type"] == *kind);
    match ways {
        [first, others @ ..] if others.iter().all(is_blind) => of_words(first),
        _ => Seam::Nowhere,
    }
}

fn around(normalizer: &Value) -> Around {
    match normalizer["type"].as_str() {
        None if normalizer.is_null() => Around::Nothing,
        // No letter becomes white space by these, or vanishes, and no white space becomes a part of a letter before it.
        Some("NFC" | "NFD" | "NFKC" | "NFKD" | "Lowercase") => Around::Nothing,
        Some("BertNormalizer" | "StripAccents") => Around::MoreWhite,
        Some("Sequence") => {
            list(&normalizer["normalizers"]).iter().map(around).max().unwrap_or(Around::Nothing)
        }
        Some(_) | None => Around::Anything,
    }
}

/// Whether a sign that is a piece by itself never lies on both sides of a seam.
fn is_in_one_word(sign: &Value) -> bool {
    let is_plain =
        |text: &str| !text.contains(char::is_whitespace) && (text.is_ascii() || sign["normalized"] == false);
    sign["rstrip"] == false && sign["content"].as_str().is_some_and(is_plain)
}

use serde_json::{Value, json};

use super::{PADDING, UNKNOWN};
use crate::config::TokensBy;

/// What becomes of the blanks between words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blanks {
    /// Each word begins with one, whether it stands there or not: a text is read, and a word is the same everywhere.
    Before,
    /// They are pieces where they stand, as are the ends of lines: a text is written again.
    AsTheyStand,
}

/// How text is cut into words before a model cuts words into pieces, as a `tokenizer.json` says it.
pub(super) fn words(by: &TokensBy, blanks: Blanks) -> Value {
    match by {
        TokensBy::Character {} => {
            json!({ "type": "Split", "pattern": { "Regex": "[\\s\\S]" }, "behavior": "Isolated", "invert": false })
        }
        TokensBy::Word {} => json!({ "type": "Whitespace" }),
        TokensBy::WordPiece {} => json!({ "type": "BertPreTokenizer" }),
        TokensBy::Bpe {} => {
            json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true })
        }
        TokensBy::Unigram {} => match blanks {
            Blanks::Before => metaspace("always"),
            Blanks::AsTheyStand => {
                let ends = json!({ "type": "Split", "pattern": { "String": "\n" }, "behavior": "Isolated", "invert": false });
                json!({ "type": "Sequence", "pretokenizers": [ends, metaspace("never")] })
            }
        },
        TokensBy::File { .. } => Value::Null,
    }
}

/// A blank becomes a letter, with which its word begins; `prepend`: which other words begin with it.
fn metaspace(prepend: &str) -> Value {
    json!({ "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": prepend, "split": true })
}

/// How pieces become text again.
fn decoder(by: &TokensBy, blanks: Blanks) -> Value {
    match by {
        TokensBy::Character {} => json!({ "type": "Fuse" }),
        TokensBy::Word {} | TokensBy::File { .. } => Value::Null,
        TokensBy::WordPiece {} => json!({ "type": "WordPiece", "prefix": "##", "cleanup": false }),
        TokensBy::Bpe {} => {
            json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true })
        }
        TokensBy::Unigram {} => match blanks {
            Blanks::Before => metaspace("always"),
            Blanks::AsTheyStand => metaspace("never"),
        },
    }
}

/// A `tokenizer.json` around a model whose first two pieces are padding and the unknown.
pub(super) fn tokenizer(by: &TokensBy, blanks: Blanks, model: Value) -> String {
    json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": words(by, blanks),
        "post_processor": null,
        "decoder": decoder(by, blanks),
        "model": model,
    })
    .to_string()
}

/// A model that knows whole words alone: the most frequent ones, those of equal count in the order of their letters.
pub(super) fn word_level(words: impl Iterator<Item = String>) -> Value {
    let pieces = [PADDING, UNKNOWN].map(str::to_owned).into_iter().chain(words);
    let vocabulary: serde_json::Map<String, Value> =
        pieces.zip(0u32..).map(|(piece, place)| (piece, place.into())).collect();
    json!({ "type": "WordLevel", "vocab": vocabulary, "unk_token": UNKNOWN })
}

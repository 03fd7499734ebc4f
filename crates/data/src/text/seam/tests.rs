#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use tokenizers::Tokenizer;

use super::*;
use crate::testing::Dice;
use crate::text::{given, learn};

#[test]
fn runs_end_where_they_may() {
    let text = "가".repeat(RUN) + " b  c. " + &"d".repeat(RUN) + ".\n e";
    let of = |seam: Seam| seam.runs(&text).map(str::len).collect::<Vec<_>>();
    assert_eq!(of(Seam::Nowhere), [text.len()]);
    let anywhere = of(Seam::Anywhere);
    assert_eq!((anywhere[0], anywhere.len()), (RUN + 2, 5), "a letter of three bytes is whole");
    // The first blank behind the letters; at the end a line end stands in front of it.
    assert_eq!(of(BLANK), [3 * RUN, text.len() - 3 * RUN]);
    assert_eq!(of(WHITE), [3 * RUN, RUN + 8, 3]);
    for seam in [Seam::Nowhere, Seam::Anywhere, BLANK, WHITE] {
        assert_eq!(seam.runs(&text).collect::<String>(), text);
        assert_eq!(seam.runs("").count(), 0);
    }
}

/// White space of all sorts, what stands for it, marks, signs, numbers, letters that go together, and pieces by themselves.
const PARTS: [&str; 34] = [
    " ", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u{3000}", "\u{a0}", "\u{200b}", "\u{0}", "\u{2581}",
    "\u{301}", ".", ",", "...", "(", "'s", "'", "12", "3456", "\u{2460}", "\u{fb01}", "A", "the", "Cat",
    "움", "배", "中", "\u{1107}", "\u{1162}", "[MASK]", "<|end|>", "\u{c0}",
];

fn texts() -> Vec<String> {
    let mut dice = Dice(5);
    let mut text = || (0..4 + dice.below(24)).map(|_| PARTS[dice.below(PARTS.len())]).collect();
    (0..1500).map(|_| text()).collect()
}

/// The pieces of a text whole, and divided at every seam.
#[track_caller]
fn same_pieces(json: &str, seam: Seam, name: &str) {
    let tokenizer = Tokenizer::from_bytes(json).unwrap();
    let pieces = |text: &str| tokenizer.encode_fast(text, false).unwrap().get_ids().to_vec();
    let mut divided = 0;
    for text in texts() {
        let runs: Vec<&str> = seam.runs_of(1, &text).collect();
        divided += runs.len() - 1;
        let apart: Vec<u32> = runs.into_iter().flat_map(pieces).collect();
        assert_eq!(apart, pieces(&text), "{name}: {text:?}");
    }
    assert!(divided > 1000, "{name}: {divided}");
}

fn learned(by: &TokensBy, blanks: Blanks) -> String {
    let texts = texts();
    learn((by, blanks), 400, texts.iter().map(|text| (text.as_str(), 1))).unwrap()
}

#[test]
fn what_is_learned_here_has_the_same_pieces_at_every_seam() {
    let all = [
        TokensBy::Character {},
        TokensBy::Word {},
        TokensBy::Bpe {},
        TokensBy::WordPiece {},
        TokensBy::Unigram {},
    ];
    for by in all {
        for blanks in [Blanks::Before, Blanks::AsTheyStand] {
            let json = learned(&by, blanks);
            assert_eq!(of(&json), Seam::of(&by, blanks), "{by:?} {blanks:?}");
            same_pieces(&json, Seam::of(&by, blanks), &format!("{by:?} {blanks:?}"));
        }
    }
}

/// The `tokenizer.json` of some learned pieces with other parts, and pieces by themselves.
fn file(by: &TokensBy, normalizer: Value, words: Value, signs: Value) -> String {
    let mut file: Value = serde_json::from_str(&learned(by, Blanks::AsTheyStand)).unwrap();
    file["normalizer"] = normalizer;
    file["pre_tokenizer"] = words;
    file["added_tokens"] = signs;
    file.to_string()
}

fn sign(id: u32, content: &str, lstrip: bool, rstrip: bool, normalized: bool) -> Value {
    json!({ "id": id, "content": content, "single_word": false, "lstrip": lstrip, "rstrip": rstrip,
        "normalized": normalized, "special": true })
}

fn split(pattern: &str) -> Value {
    json!({ "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false })
}

fn byte_level(add_prefix_space: bool, use_regex: bool) -> Value {
    json!({ "type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": true, "use_regex": use_regex })
}

fn metaspace(prepend: &str) -> Value {
    json!({ "type": "Metaspace", "replacement": "\u{2581}", "prepend_scheme": prepend, "split": true })
}

/// As BERT, GPT-2, RoBERTa, Llama 3, Qwen and SentencePiece's children have them.
#[test]
fn what_is_given_has_the_same_pieces_at_every_seam() {
    let bert = json!({ "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
        "strip_accents": true, "lowercase": true });
    let both = json!({ "type": "Sequence", "normalizers": [{ "type": "NFKC" }, { "type": "Lowercase" }] });
    let accents =
        json!({ "type": "Sequence", "normalizers": [{ "type": "NFD" }, { "type": "StripAccents" }] });
    let mask =
        |lstrip| json!([sign(2, "[MASK]", lstrip, false, false), sign(3, "<|end|>", false, false, true)]);
    let sequence = |ways: [Value; 2]| json!({ "type": "Sequence", "pretokenizers": ways });
    let (pieces, bytes, letters) = (TokensBy::WordPiece {}, TokensBy::Bpe {}, TokensBy::Unigram {});
    let given = [
        (&pieces, bert, json!({ "type": "BertPreTokenizer" }), mask(false), WHITE),
        (&pieces, accents, json!({ "type": "WhitespaceSplit" }), mask(true), WHITE),
        (&pieces, both, json!({ "type": "Whitespace" }), mask(false), WHITE),
        (&bytes, Value::Null, byte_level(false, true), mask(false), WHITE),
        (&bytes, json!({ "type": "NFC" }), byte_level(false, true), mask(true), WHITE),
        (&bytes, Value::Null, byte_level(true, true), mask(true), BLANK),
        (
            &bytes,
            Value::Null,
            sequence([split(given::PATTERNS[0]), byte_level(false, false)]),
            mask(false),
            BLANK,
        ),
        (
            &bytes,
            json!({ "type": "NFKC" }),
            sequence([split(given::PATTERNS[1]), byte_level(false, false)]),
            mask(true),
            BLANK,
        ),
        (
            &bytes,
            json!({ "type": "NFC" }),
            sequence([split(given::PATTERNS[2]), byte_level(false, false)]),
            mask(false),
            BLANK,
        ),
        (&letters, json!({ "type": "NFD" }), metaspace("always"), mask(true), BLANK),
        (&letters, Value::Null, metaspace("first"), mask(true), BLANK),
        (&letters, Value::Null, metaspace("never"), mask(false), BLANK),
    ];
    for (by, normalizer, words, signs, seam) in given {
        let name = format!("{normalizer} {words}");
        let json = file(by, normalizer, words, signs);
        assert_eq!(of(&json), seam, "{name}");
        same_pieces(&json, seam, &name);
    }
}

/// What is not known to have seams is cut as a whole.
#[test]
fn what_is_not_known_has_no_seams() {
    let ours = || byte_level(false, true);
    let kind = |kind: &str| json!({ "type": kind });
    let none = || json!([]);
    let sequence = |ways: Value| json!({ "type": "Sequence", "pretokenizers": ways });
    let replace = json!({ "type": "Replace", "pattern": { "String": " " }, "content": "_" });
    let cases = [
        (kind("Strip"), ours(), none()),
        (json!({ "type": "Prepend", "prepend": "_" }), ours(), none()),
        (json!({ "type": "Sequence", "normalizers": [kind("NFC"), replace] }), ours(), none()),
        (kind("BertNormalizer"), ours(), none()), // blanks around ideographs come together with others
        (Value::Null, Value::Null, none()),
        (Value::Null, byte_level(false, false), none()),
        (Value::Null, split(r"\s+"), none()),
        (Value::Null, sequence(json!([ours(), metaspace("first")])), none()),
        (Value::Null, sequence(json!([])), none()),
        (
            Value::Null,
            json!({ "type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": false }),
            none(),
        ),
        (Value::Null, ours(), json!([sign(2, "the cat", false, false, false)])),
        (Value::Null, ours(), json!([sign(2, "x", false, true, false)])),
        (kind("NFKC"), ours(), json!([sign(2, "中", false, false, true)])),
        (Value::Null, split(r"[\s\S]"), json!([sign(2, "[MASK]", false, false, false)])),
    ];
    for (normalizer, words, signs) in cases {
        let file = json!({ "normalizer": normalizer, "pre_tokenizer": words, "added_tokens": signs });
        assert_eq!(of(&file.to_string()), Seam::Nowhere, "{file}");
    }
    assert_eq!(of("{}"), Seam::Nowhere);
    assert_eq!(of("no file"), Seam::Nowhere);
}

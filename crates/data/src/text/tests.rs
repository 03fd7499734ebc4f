#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use serde_json::json;

use super::*;
use crate::config::TokensBy;

const TEXTS: [&str; 4] =
    ["the cat sat on the mat", "the dog sat on the log, too", "배움은 끝이 없다", "a cat and a dog: 배움"];

fn kinds() -> [TokensBy; 5] {
    [
        TokensBy::Character {},
        TokensBy::Word {},
        TokensBy::Bpe {},
        TokensBy::WordPiece {},
        TokensBy::Unigram {},
    ]
}

fn learned(by: &TokensBy, vocabulary: usize) -> String {
    learn(by, vocabulary, TEXTS.into_iter().zip(1..)).unwrap()
}

fn cut(json: &str, text: &str, length: usize) -> Vec<f32> {
    let mut out = vec![-1.0; length];
    Cutter::new(json, 0, length, [End::Start, End::End]).unwrap().write(text, &mut out).unwrap();
    out
}

#[test]
fn the_same_texts_give_the_same_bytes_in_any_order() {
    for by in kinds() {
        let json = learned(&by, 300);
        for _ in 0..5 {
            let turned = [3, 1, 0, 2].into_iter().map(|place| (TEXTS[place], place + 1));
            assert_eq!(learn(&by, 300, turned).unwrap(), json, "{by:?}");
        }
    }
}

#[test]
fn padding_is_0_and_the_unknown_is_1() {
    for by in kinds() {
        let json = learned(&by, 300);
        let tokenizer = Tokenizer::from_bytes(json.as_bytes()).unwrap();
        assert_eq!(tokenizer.token_to_id(PADDING), Some(0), "{by:?}");
        assert_eq!(tokenizer.token_to_id(UNKNOWN), Some(1), "{by:?}");
        assert!(tokenizer.get_vocab_size(true) <= 300, "{by:?}");
        assert_eq!(cut(&json, "", 3), [0.0; 3], "{by:?}");
        let knows_all = by == TokensBy::Bpe {};
        assert_eq!(cut(&json, "\u{2603}", 4).contains(&1.0), !knows_all, "{by:?}");
    }
}

#[test]
fn words_get_places_by_how_often_they_stand_there() {
    // The texts stand in 1, 2, 3 and 4 rows: `a` 8 times, `dog` and `the` 6 times, `cat` 5 times.
    let json = learned(&TokensBy::Word {}, 6);
    assert_eq!(cut(&json, "a dog the 배움 cat", 7), [2.0, 3.0, 4.0, 1.0, 5.0, 0.0, 0.0]);
}

#[test]
fn a_long_text_is_cut_at_the_end_that_is_not_kept() {
    let json = learned(&TokensBy::Character {}, 100);
    let ends = |keep| {
        let mut out = [0.0; 3];
        Cutter::new(&json, 0, 3, [keep, End::End]).unwrap().write("the cat", &mut out).unwrap();
        out
    };
    assert_eq!(ends(End::Start), cut(&json, "the", 3)[..]);
    assert_eq!(ends(End::End), cut(&json, "cat", 3)[..]);
}

#[test]
fn a_short_text_is_filled_up_at_either_end() {
    let json = learned(&TokensBy::Word {}, 6);
    let mut out = [9.0; 4];
    Cutter::new(&json, 0, 4, [End::Start; 2]).unwrap().write("a dog", &mut out).unwrap();
    assert_eq!(out, [0.0, 0.0, 2.0, 3.0]);
}

#[test]
fn texts_come_back_from_their_pieces() {
    for by in kinds() {
        let json = learned(&by, 400);
        let tokenizer = Tokenizer::from_bytes(json.as_bytes()).unwrap();
        let back =
            |text: &str| tokenizer.decode(tokenizer.encode(text, true).unwrap().get_ids(), true).unwrap();
        match by {
            TokensBy::Character {} | TokensBy::Unigram {} => assert_eq!(back(TEXTS[1]), TEXTS[1], "{by:?}"),
            TokensBy::Bpe {} => assert_eq!(back("Ünbekannt \u{0}\t☃ 없"), "Ünbekannt \u{0}\t☃ 없"),
            // Signs stand by themselves.
            TokensBy::Word {} | TokensBy::WordPiece {} => {
                assert_eq!(back(TEXTS[1]), "the dog sat on the log , too", "{by:?}");
            }
            TokensBy::File { .. } => panic!("none of these"),
        }
    }
}

#[test]
fn a_vocabulary_that_is_too_small_for_all_letters_keeps_the_frequent_ones() {
    for by in [TokensBy::WordPiece {}, TokensBy::Unigram {}] {
        let json = learned(&by, 30);
        let tokenizer = Tokenizer::from_bytes(json.as_bytes()).unwrap();
        assert!((10..=30).contains(&tokenizer.get_vocab_size(true)), "{}", tokenizer.get_vocab_size(true));
    }
}

#[test]
fn texts_without_a_word_teach_nothing() {
    let refusal = learn(&TokensBy::Word {}, 10, [(" ", 1)].into_iter()).unwrap_err();
    assert_eq!((refusal.wants.as_str(), refusal.got.as_str()), ("words in the training rows", "none"));
}

#[test]
fn letters_come_into_one_form() {
    assert_eq!(normalised("e\u{301}", TextForm::Nfc, false), "é");
    assert_eq!(normalised("e\u{301}ﬁ", TextForm::AsIs, false), "e\u{301}ﬁ");
    assert_eq!(normalised("ﬁＡ", TextForm::Nfkc, true), "fia");
    assert_eq!(normalised("배움", TextForm::Nfc, true), "배움");
    assert_eq!(normalised("\u{1107}\u{1162}", TextForm::Nfc, false), "배");
}

fn word_level() -> serde_json::Value {
    serde_json::from_str(&learned(&TokensBy::Word {}, 20)).unwrap()
}

#[track_caller]
fn refuse_given(change: impl FnOnce(&mut serde_json::Value), wants: &str, got: &str) {
    let mut file = word_level();
    change(&mut file);
    let refusal = given(&file.to_string()).unwrap_err();
    assert_eq!((refusal.wants.as_str(), refusal.got.as_str()), (wants, got));
}

#[test]
fn a_given_tokenizer_keeps_its_places() {
    let mut file = word_level();
    file["padding"] = json!({ "strategy": { "Fixed": 2_000_000_000 }, "direction": "Right",
        "pad_to_multiple_of": null, "pad_id": 3, "pad_type_id": 0, "pad_token": "x" });
    let (json, padding) = given(&file.to_string()).unwrap();
    assert_eq!(padding, 3);
    let cutter = Cutter::new(&json, padding, 4, [End::Start, End::End]).unwrap();
    let mut out = [0.0; 4];
    cutter.write("the cat", &mut out).unwrap(); // its own padding would ask for two billion places
    assert_eq!(out[2..], [3.0, 3.0]);
    assert_eq!(cutter.vocabulary(), 18);
}

#[test]
fn hostile_tokenizers_are_refused() {
    refuse_given(
        |file| file["normalizer"] = json!({ "type": "Precompiled", "precompiled_charsmap": "////fw==" }),
        "a normalizer other than `Precompiled`, such as `NFKC`",
        "`Precompiled`",
    );
    refuse_given(
        |file| {
            file["pre_tokenizer"] = json!({ "type": "Sequence", "pretokenizers": [{ "type": "Split",
                "pattern": { "Regex": "(a+)+$" }, "behavior": "Isolated", "invert": false }] });
        },
        "one of the patterns that are known to end",
        "`(a+)+$`",
    );
    refuse_given(
        |file| drop(file.as_object_mut().unwrap().remove("model")),
        "a `tokenizer.json` with a `model`",
        "none",
    );
    assert_eq!(given("[1").unwrap_err().wants, "a `tokenizer.json`");
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(given(&nested).unwrap_err().wants, "a `tokenizer.json`");
}

#[test]
fn what_the_library_panics_on_is_refused() {
    // A merge of a piece that is shorter than the prefix it should have.
    let merges = json!({ "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
        "model": { "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "#####",
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": { "[PAD]": 0, "a": 1, "b": 2, "ab": 3 }, "merges": [["a", "b"]] } });
    assert!(given(&merges.to_string()).is_err());
    let strange = json!({ "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": { "type": "FixedLength", "length": 0 }, "post_processor": null,
        "decoder": null, "model": { "type": "WordLevel", "vocab": { "[PAD]": 0, "a": 1 }, "unk_token": "[PAD]" } });
    let (json, padding) = given(&strange.to_string()).unwrap();
    let refusal = Cutter::new(&json, padding, 4, [End::Start, End::End])
        .and_then(|cutter| cutter.write("a b c", &mut [0.0; 4]));
    assert_eq!(refusal.unwrap_err().wants, "a tokenizer that does not stop in the middle");
}

#[test]
fn a_tokenizer_cut_at_every_byte_is_refused() {
    let whole = word_level().to_string();
    for end in (0..whole.len()).filter(|&end| whole.is_char_boundary(end)) {
        assert!(given(&whole[..end]).is_err(), "{end}");
    }
}

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use baeum_core::{End, TextForm, Transform};
use serde_json::json;

use tokenizers::{TruncationDirection, TruncationParams};

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
    learn((by, Blanks::Before), vocabulary, TEXTS.into_iter().zip(1..)).unwrap()
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
            assert_eq!(learn((&by, Blanks::Before), 300, turned).unwrap(), json, "{by:?}");
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
    let cutter = Cutter::new(&json, 0, 3, [End::End, End::End]).unwrap();
    let limit = |text| cutter.limit(text).unwrap();
    assert_eq!([limit("cat"), limit("cats"), limit("")], [None, Some((3, End::End)), None]);
}

/// As with a text cut whole by the library, from either end, with signs around it; RoBERTa's come through its own step.
#[test]
fn a_long_text_is_cut_as_a_whole() {
    let line = "the cat, which  sat on the mat; 배움은 끝이 없다 (2026).\n\n  \"No end\"  \n\tit's\n";
    let text = line.repeat(3000);
    let signs = json!({ "type": "RobertaProcessing", "sep": ["the", 2], "cls": ["cat", 3], "trim_offsets": true,
        "add_prefix_space": false });
    for by in kinds() {
        for (keep, direction) in
            [(End::Start, TruncationDirection::Right), (End::End, TruncationDirection::Left)]
        {
            for length in [5, 40_000, 1_000_000] {
                for signs in [json!(null), signs.clone()] {
                    let mut file: serde_json::Value = serde_json::from_str(&learned(&by, 300)).unwrap();
                    file["post_processor"] = signs;
                    let json = file.to_string();
                    let mut whole = Tokenizer::from_bytes(&json).unwrap();
                    let cut =
                        TruncationParams { direction, max_length: length, ..TruncationParams::default() };
                    whole.with_truncation(Some(cut)).unwrap();
                    let expect = whole.encode_fast(text.as_str(), true).unwrap();
                    let mut out = vec![0.0; expect.len()];
                    let cutter = Cutter::new(&json, 0, length, [keep, End::End]).unwrap();
                    cutter.write(&text, &mut out).unwrap();
                    let limit = (length < 1_000_000).then_some((length, keep));
                    assert_eq!(cutter.limit(&text).unwrap(), limit, "{by:?}");
                    assert!(expect.len() == length || length == 1_000_000);
                    assert!(
                        out.iter().map(|out| *out as u32).eq(expect.get_ids().iter().copied()),
                        "{by:?} {length}"
                    );
                }
            }
        }
    }
}

/// A text that cannot be divided is refused before the library takes the memory; of what is cut off anyway nobody asks.
#[test]
fn a_text_in_one_is_refused_when_it_is_long() {
    let word = "a".repeat((4 << 20) + 1);
    let wants = "at most 4 MiB of a text that cannot be divided at blanks";
    let refused = |text: &str, keep: End| {
        let json = learned(&TokensBy::Word {}, 100);
        let cutter = Cutter::new(&json, 0, 2, [keep, End::End]).unwrap();
        cutter.write(text, &mut [0.0; 2]).map_err(|refusal| (refusal.wants, refusal.got))
    };
    let expect = Err((wants.to_owned(), "4194305 bytes; make several texts of it".to_owned()));
    assert_eq!(refused(&word, End::Start), expect);
    let behind = format!("{} {word}", "the cat ".repeat(1 << 14));
    assert_eq!(refused(&behind, End::Start), Ok(()));
    assert_eq!(refused(&behind, End::End).unwrap_err().0, wants);
    let learned = learn((&TokensBy::Bpe {}, Blanks::Before), 300, [(word.as_str(), 1)].into_iter());
    assert_eq!(learned.unwrap_err().wants, wants);
    let pieces = written(&TokensBy::Bpe {}, &TEXTS);
    assert!(pieces.cut(&word).unwrap_err().to_string().contains(wants));
}

#[test]
fn a_long_text_takes_little_memory() {
    crate::testing::alone("text::tests::in_a_process_of_its_own");
}

/// 24 MiB, which took 2 GiB as a whole.
#[test]
#[ignore = "a part of the test above, run by it in a process of its own"]
fn in_a_process_of_its_own() {
    let text = "the cat, which  sat on the mat; 배움은 끝이 없다 (2026).\n".repeat(24 << 14);
    for by in kinds() {
        let json = learned(&by, 300);
        for keep in [End::Start, End::End] {
            let cutter = Cutter::new(&json, 0, 64, [keep, End::End]).unwrap();
            let (_, peak) = crate::testing::ALLOCATOR.peak(|| cutter.write(&text, &mut [0.0; 64]).unwrap());
            assert!(peak < 24 << 20, "{by:?}: {} KiB", peak >> 10);
        }
        let learn = || learn((&by, Blanks::Before), 300, [(text.as_str(), 1)].into_iter()).map(drop);
        let (_, peak) = crate::testing::ALLOCATOR.peak(learn);
        assert!(peak < 24 << 20, "learning {by:?}: {} KiB", peak >> 10);
    }
    let (text, peak) = crate::testing::ALLOCATOR.peak(|| normalised(&text, TextForm::Nfkc, true));
    assert!(peak < 4 * text.len(), "{} KiB", peak >> 10);
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
    let refusal = learn((&TokensBy::Word {}, Blanks::Before), 10, [(" ", 1)].into_iter()).unwrap_err();
    assert_eq!((refusal.wants.as_str(), refusal.got.as_str()), ("words in the training rows", "none"));
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
    file["padding"] = json!({ "strategy": { "Fixed": 1_000_000 }, "direction": "Right",
        "pad_to_multiple_of": null, "pad_id": 3, "pad_type_id": 0, "pad_token": "x" });
    let (json, padding) = given(&file.to_string()).unwrap();
    assert_eq!(padding, 3);
    let cutter = Cutter::new(&json, padding, 4, [End::Start, End::End]).unwrap();
    let mut out = [0.0; 4];
    cutter.write("the cat", &mut out).unwrap(); // its own padding would ask for a million places
    assert_eq!(out[2..], [3.0, 3.0]);
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
    refuse_given(
        |file| file["model"]["vocab"]["far"] = json!(4_000_000_000u32),
        "at most 16777216 places for pieces",
        "4000000001",
    );
    refuse_given(
        |file| {
            file["model"] = json!({ "type": "BPE", "dropout": 0.1, "vocab": { "[PAD]": 0 }, "merges": [] })
        },
        "a model without `dropout`, so that a text has the same pieces each time",
        "0.1",
    );
    assert_eq!(given("[1").unwrap_err().wants, "a `tokenizer.json`");
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(given(&nested).unwrap_err().wants, "a `tokenizer.json`");
}

/// A `tokenizer.json` with a part in another way.
fn with(place: &str, part: serde_json::Value) -> String {
    let mut file = word_level();
    *file.pointer_mut(place).unwrap() = part;
    file.to_string()
}

/// What it says of texts, and of pieces put together again.
fn used(file: &str) -> Result<(), Refusal> {
    let (json, padding) = given(file)?;
    let cutter = Cutter::new(&json, padding, 6, [End::Start, End::End])?;
    let texts = ["the cat", "", "a\u{301}\u{ac00}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"];
    texts.iter().try_for_each(|text| cutter.write(text, &mut [0.0; 6]))?;
    let written = guarded(|| load(&json).map(|tokenizer| tokenizer.decode(&[2, 3, 4], false)))??;
    written.map(drop).or_else(|error| refuse("pieces that can be put together", error.to_string()))
}

/// The eighteen of reliability.md, section 7: nine on which the library panics, two on which it ends the process, and seven
/// that it refuses itself. Each is refused in words.
#[test]
fn each_hostile_tokenizer_is_refused() {
    let stops = "a tokenizer that does not stop in the middle";
    let unread = "a `tokenizer.json` that can be read";
    let ends = "one of the patterns that are known to end";
    let prefix = "merges whose second piece starts with `#####`";
    let map = "a normalizer other than `Precompiled`, such as `NFKC`";
    let precompiled = |map: &str| json!({ "type": "Precompiled", "precompiled_charsmap": map });
    let split = |pattern: &str| json!({ "type": "Split", "pattern": { "Regex": pattern }, "behavior": "Isolated", "invert": false });
    let bpe = |prefix: Option<&str>, merges: serde_json::Value| {
        json!({ "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": prefix,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": { "[PAD]": 0, "a": 1, "b": 2, "ab": 3, "##b": 4 }, "merges": merges })
    };
    let template = json!({ "type": "TemplateProcessing", "pair": [], "special_tokens": {},
        "single": [{ "SpecialToken": { "id": "[CLS]", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }] });
    let truncation =
        json!({ "direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 9 });
    let padding = json!({ "strategy": { "Fixed": 2_000_000_000u32 }, "direction": "Right", "pad_to_multiple_of": null,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]" });
    let unigram = json!({ "type": "Unigram", "unk_id": 9, "vocab": [["[PAD]", 0.0], ["a", -1.0]] });
    let word_piece = json!({ "type": "WordPiece", "unk_token": "none", "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100, "vocab": { "[PAD]": 0 } });
    let cases: [(&str, &str, serde_json::Value, &str); 18] = [
        // On loading.
        ("a prefix longer than what is merged", "/model", bpe(Some("#####"), json!([["a", "b"]])), prefix),
        ("what is merged is longer than any piece", "/model", bpe(None, json!([["[PAD]", "ab"]])), stops),
        ("a map that is none", "/normalizer", precompiled("AAAA"), map),
        // On use.
        ("a template without its sign", "/post_processor", template, stops),
        (
            "a stride above the length",
            "/truncation",
            truncation,
            "a `truncation` whose `stride` is below its `max_length` of 4",
        ),
        ("pieces of no length", "/pre_tokenizer", json!({ "type": "FixedLength", "length": 0 }), stops),
        ("a pattern that goes back", "/pre_tokenizer", split("(a+)+$"), ends),
        ("another one", "/pre_tokenizer", split("(a|aa)+c"), ends),
        (
            "more to strip than there is",
            "/decoder",
            json!({ "type": "Strip", "content": "a", "start": 9, "stop": 9 }),
            stops,
        ),
        // The process would end.
        ("a map of 8 letters, 8.6 GB", "/normalizer", precompiled("////fw=="), map),
        ("two billion places", "/padding", padding, "a `padding` to at most 1048576 places"),
        // The library says it too.
        ("no such model", "/model", json!({ "type": "Oracle", "vocab": {} }), unread),
        ("no pieces", "/model", json!({ "type": "WordLevel", "unk_token": "[UNK]" }), unread),
        ("what is merged is no piece", "/model", bpe(None, json!([["a", "c"]])), unread),
        ("an unknown that is none", "/model", unigram, unread),
        ("a word that nothing stands for", "/model", word_piece, "a text that the tokenizer can cut"),
        ("a broken pattern", "/pre_tokenizer", split("("), ends),
        ("no such step", "/pre_tokenizer", json!({ "type": "Shuffle" }), unread),
    ];
    let said = |(name, place, part, wants): (&'static str, &str, serde_json::Value, &str)| match used(&with(
        place, part,
    )) {
        Err(refusal) if refusal.wants == wants => None,
        other => Some((name, other)),
    };
    let wrong: Vec<_> = cases.into_iter().filter_map(said).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// More of that sort: a refusal, or pieces; never a panic.
#[test]
fn strange_tokenizers_are_refused_or_cut() {
    let strange: [(&str, serde_json::Value); 10] = [
        (
            "/truncation",
            json!({ "direction": "Right", "max_length": 0, "strategy": "LongestFirst", "stride": 0 }),
        ),
        ("/decoder", json!({ "type": "Strip", "content": "\u{ac00}", "start": 4_000_000_000u32, "stop": 9 })),
        ("/normalizer", json!({ "type": "Replace", "pattern": { "String": "" }, "content": "aa" })),
        ("/normalizer", json!({ "type": "Replace", "pattern": { "Regex": "(x+x+)+y" }, "content": "" })),
        ("/normalizer", json!({ "type": "Prepend", "prepend": "" })),
        ("/normalizer", json!({ "type": "Sequence", "normalizers": [] })),
        (
            "/pre_tokenizer",
            json!({ "type": "Split", "pattern": { "String": "" }, "behavior": "Isolated", "invert": true }),
        ),
        (
            "/added_tokens",
            json!([{ "id": 4_294_967_295u32, "content": "", "single_word": true, "lstrip": true, "rstrip": true,
            "normalized": true, "special": true }]),
        ),
        (
            "/model",
            json!({ "type": "Unigram", "unk_id": 0, "vocab": [["[PAD]", 0.0], ["a", -1e308]], "byte_fallback": true }),
        ),
        (
            "/model",
            json!({ "type": "BPE", "dropout": 7.5, "unk_token": "none", "vocab": { "[PAD]": 0, "a": 7, "b": 7 },
            "merges": ["a b", "b"] }),
        ),
    ];
    for (place, part) in strange {
        let file = with(place, part);
        let long = given(&file).and_then(|(json, padding)| {
            let cutter = Cutter::new(&json, padding, 6, [End::Start, End::End])?;
            cutter.write(&"a".repeat(1 << 20), &mut [0.0; 6])
        });
        let said = [used(&file), long].map(|used| used.err().map(|refusal| refusal.wants + &refusal.got));
        assert!(said.iter().flatten().all(|said| !said.is_empty()), "{place}");
    }
    let lone = word_level().to_string().replace("the", "\\ud800");
    assert_eq!(given(&lone).unwrap_err().wants, "a `tokenizer.json`");
}

#[test]
fn a_tokenizer_cut_at_every_byte_is_refused() {
    let whole = word_level().to_string();
    for end in (0..whole.len()).filter(|&end| whole.is_char_boundary(end)) {
        assert!(given(&whole[..end]).is_err(), "{end}");
    }
}

/// The pieces of texts that are written again.
fn written(by: &TokensBy, texts: &[&str]) -> Pieces {
    let json = learn((by, Blanks::AsTheyStand), 400, texts.iter().map(|text| (*text, 1))).unwrap();
    let vocabulary = vocabulary(&json).unwrap();
    let (padding, length, keep, fill) = (0, 8, End::Start, End::End);
    let step = Transform::Tokenise { tokenizer: json, vocabulary, padding, length, keep, fill };
    Pieces::behind("text", &[step]).unwrap().unwrap()
}

fn that_are_written() -> [TokensBy; 3] {
    [TokensBy::Character {}, TokensBy::Bpe {}, TokensBy::Unigram {}]
}

#[test]
fn what_is_written_again_has_every_blank() {
    let text = "  the cat\n\n sat  on\tthe mat \n배움은 끝이 없다.\n";
    for by in that_are_written() {
        let pieces = written(&by, &[text]);
        assert_eq!(pieces.text(&pieces.cut(text).unwrap()).unwrap(), text, "{by:?}");
        assert_eq!(pieces.end('\n').unwrap(), pieces.cut("\n").unwrap()[0]);
        let ends =
            pieces.cut(text).unwrap().into_iter().filter(|piece| *piece == pieces.end('\n').unwrap()).count();
        assert!(ends == 4 || by == TokensBy::Bpe {}, "{by:?}: no other piece holds a line end, got {ends}");
    }
}

#[test]
fn a_long_text_has_the_pieces_that_it_has_as_a_whole() {
    let line = "the cat, which  sat on the mat; 배움은 끝이 없다 (2026).\n\n  \"No end\"  \n\tit's\n";
    let text = line.repeat(3000);
    for by in that_are_written() {
        let pieces = written(&by, &[line]);
        let json = learn((&by, Blanks::AsTheyStand), 400, [(line, 1)].into_iter()).unwrap();
        let whole = Tokenizer::from_bytes(json.as_bytes()).unwrap().encode(text.as_str(), false).unwrap();
        let expect = whole.get_ids().iter().copied().zip(whole.get_offsets().iter().map(|(_, end)| *end));
        assert_eq!(pieces.cut_normalised(&text).unwrap(), expect.collect::<Vec<_>>(), "{by:?}");
        assert_eq!(learn((&by, Blanks::AsTheyStand), 400, [(text.as_str(), 1)].into_iter()).unwrap(), {
            let lines = [(line, 3000)].into_iter();
            learn((&by, Blanks::AsTheyStand), 400, lines).unwrap()
        });
    }
}

#[test]
fn a_letter_waits_for_its_last_byte() {
    let pieces = written(&TokensBy::Bpe {}, &["ab"]); // no Korean: three pieces for each letter
    let all = pieces.cut("a배움b").unwrap();
    assert_eq!(all.len(), 8);
    let texts: Vec<String> = (0..=8).map(|count| pieces.text(&all[..count]).unwrap()).collect();
    assert_eq!(texts, ["", "a", "a", "a", "a배", "a배", "a배", "a배움", "a배움b"]);
    let bytes: Vec<u32> = all.iter().map(|piece| pieces.bytes(*piece).unwrap()).collect();
    assert_eq!(bytes, [1; 8]);
    // Bytes that are no letter, and have others behind them, are written as what they are: none.
    assert_eq!(pieces.text(&[all[0], all[1], all[7]]).unwrap(), "a\u{fffd}b");
}

#[test]
fn the_bytes_of_pieces_are_those_of_the_text() {
    let text = "  the cat\n sat  on the mat\n배움은 끝이 없다.\n";
    for by in that_are_written() {
        let pieces = written(&by, &[text]);
        let bytes = |text: &str| -> u32 {
            pieces.cut(text).unwrap().into_iter().map(|piece| pieces.bytes(piece).unwrap()).sum()
        };
        assert_eq!(bytes(text) as usize, text.len(), "{by:?}");
        let known = bytes("the ☃");
        assert_eq!(known, if by == (TokensBy::Bpe {}) { 7 } else { 4 }, "the unknown has no bytes");
        assert!(!pieces.is_text(0) && !pieces.is_text(1) && pieces.is_text(2));
        assert_eq!(pieces.bytes(9_999_999).unwrap(), 0);
    }
}

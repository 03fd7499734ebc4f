#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use baeum_core::{Decode, TargetStats, Tensor, Value};

use crate::testing::{config, place, plan, prepare, refusal};
use crate::text::Pieces;
use crate::{Place, Prepared};

const RECIPE: &str = r#"{"source": {"text": {"path": "a*.txt"}}, "split": {"time": {"valid": 0.2, "test": 0.2}},
    "fields": {"text": {"steps": [{"tokenise": {"by": "character", "length": 4}}]}}}"#;

/// Fifty characters of two files: thirty to learn from, ten, and ten.
fn files() -> Place {
    place(&[("a1.txt", "abcdefghij".repeat(3).as_bytes()), ("a2.txt", "하나abc\ndefg".repeat(2).as_bytes())])
}

#[test]
fn windows_stand_one_behind_the_other_and_tell_what_comes_next() {
    let data = prepare(RECIPE, &files()).unwrap();
    assert_eq!(data.profile.parts, [8, 3, 3]);
    let text = |row: usize| match &data.dataset.source.record(row).unwrap()["text"] {
        Value::Text(text) => text.clone(),
        Value::Missing | Value::Number(_) | Value::Numbers(_) | Value::Image(_) => String::new(),
    };
    let all: Vec<String> = (0..14).map(text).collect();
    assert_eq!(all[..8], ["abcde", "efghi", "ijabc", "cdefg", "ghija", "abcde", "efghi", "fghij"]);
    assert_eq!(all[8..11], ["하나abc", "c\ndef", "abc\nd".replace("abc\nd", "\ndefg").as_str()]);
    let batch = data.dataset.source.batch(&[0, 8]).unwrap();
    let (seen, told) = (batch.inputs["x"].i64s().unwrap(), batch.targets[0].i64s().unwrap());
    assert_eq!((batch.inputs["x"].shape(), batch.targets[0].shape()), (&[2, 4][..], &[2, 4][..]));
    assert_eq!(seen[1..4], told[..3], "what comes next is what is seen one place on");
    assert_eq!(seen[4..6], [1, 1], "training knows no Korean");
    let Decode::Next { length: 4, vocabulary: 12, padding: 0, end: None } = data.blueprint.targets[0].decode
    else {
        unreachable!("{:?}", data.blueprint.targets)
    };
    // Each letter counts once, however many windows tell it.
    let TargetStats::Pieces { counts, bytes } = &data.blueprint.stats[0] else { unreachable!() };
    assert_eq!((counts, bytes), (&[&[0, 0][..], &[3; 10]].concat(), &[&[0, 0][..], &[1; 10]].concat()));
}

#[test]
fn a_line_is_told_from_its_beginning_to_its_end() {
    let recipe = RECIPE.replace(r#""path": "a*.txt""#, r#""path": "a.txt", "examples": "lines""#);
    let recipe = recipe.replace(r#"{"time": {"valid": 0.2, "test": 0.2}}"#, r#""hash""#);
    let names: String = (0..200).map(|i| format!("{}\n", ["ab", "cad", "e", "dacab"][i % 4])).collect();
    let data = prepare(&recipe, &place(&[("a.txt", names.trim_end().as_bytes())])).unwrap();
    assert_eq!(data.profile.rows, 200);
    assert_eq!(data.profile.repairs, [crate::profile::Repair::LongLines { count: 50, length: 4 }]);
    let record = data.dataset.source.record(1).unwrap();
    assert_eq!(record["text"], Value::Text("\ncad\n".to_owned()));
    let batch = data.dataset.source.batch(&[0, 1, 2]).unwrap();
    let (seen, told) = (batch.inputs["x"].i64s().unwrap(), batch.targets[0].i64s().unwrap());
    assert_eq!((seen[3], told[3]), (told[2], 0), "behind the end of `ab` stands nothing");
    assert_eq!(told[2], told[7], "each line is told to its end");
    assert_eq!([seen[1], seen[2]], [told[0], told[1]]);
    assert_eq!(told[8..], [told[8], told[2], 0, 0]);
}

#[test]
fn what_is_no_text_to_go_on_with_is_refused() {
    assert_eq!(
        refusal(RECIPE, &place(&[("a.txt", b"abcdefghijk")])),
        "`data.source.text` wants at least 5 pieces for `valid`, one more than a window has, got 2"
    );
    assert_eq!(refusal(RECIPE, &place(&[("a.txt", b"ab\0cd")])), "`a.txt` wants text, got a NUL at byte 2");
    let lines = RECIPE.replace("a*.txt\"", "a*.txt\", \"examples\": \"lines\"");
    let lines = lines.replace(r#"{"time": {"valid": 0.2, "test": 0.2}}"#, r#""random""#);
    assert_eq!(
        refusal(&lines, &place(&[("a.txt", b"")])),
        "`data.source.text` wants a text to learn from, got an empty one"
    );
    let check = |from: &str, to: &str, expect: &str| {
        let error = config(&RECIPE.replace(from, to)).check().map(drop).unwrap_err();
        assert_eq!(error.to_string(), expect);
    };
    check(
        r#""source""#,
        r#""target": "y", "source""#,
        "`data.target` wants to be left out, for what comes next is learned, got `y`",
    );
    for lossy in ["word", "word_piece"] {
        check(
            "character",
            lossy,
            &format!(
                "`data.fields.text.steps[0].tokenise.by` wants `character`, `bpe`, `unigram` or a file, for words lose the blanks between them, and what is lost cannot be written again, got `{lossy}`"
            ),
        );
    }
    check(
        r#"[{"tokenise": {"by": "character", "length": 4}}]"#,
        "[]",
        "`data.fields.text.steps` wants `tokenise` as the last step, with its `length`, got none",
    );
    check(
        r#"{"time": {"valid": 0.2, "test": 0.2}}"#,
        r#""random""#,
        "`data.split` wants `time`, for the parts of a text stand one behind the other, got another one",
    );
    check(
        r#"{"steps""#,
        r#"{"augment": [{"swap_tokens": {}}], "steps""#,
        "`data.fields.text.augment[0]` wants no piece to change its place, for it would be seen before it is told, got `swap_tokens`",
    );
    check(
        r#""source""#,
        r#""task": "classify", "source""#,
        "`data.task` wants `generate`, for what comes next in a text is learned, got `classify`",
    );
}

/// Sums of numbers, and words of which one is Korean; not in any order.
fn poem(lines: usize) -> String {
    let word = |i: usize| ["the rain", " in  Spain", "배움은", "끝이 없다", "stays;"][i * i % 5];
    (0..lines).map(|i| format!("{} {}\n", word(i), i * 37 % 101)).collect()
}

fn recipe(examples: &str, by: &str, length: usize) -> String {
    format!(
        r#"{{"source": {{"text": {{"path": "a.txt", "examples": "{examples}"}}}}, "audit": {{"allow": ["texts"]}},
        "fields": {{"text": {{"steps": [{{"tokenise": {{"by": "{by}", "vocabulary": 320, "length": {length}}}}}]}}}}}}"#
    )
}

/// The pieces that the rows of a part show and tell, each row with one more than the network sees.
fn shown(data: &Prepared, rows: &[usize]) -> Vec<Vec<u32>> {
    let batch = data.dataset.source.batch(rows).unwrap();
    let ints = |tensor: &Tensor| tensor.i64s().unwrap().iter().map(|x| *x as u32).collect::<Vec<u32>>();
    let (seen, told) = (ints(&batch.inputs["x"]), ints(&batch.targets[0]));
    let length = seen.len() / rows.len();
    let row = |(seen, told): (&[u32], &[u32])| {
        assert_eq!(seen[1..], told[..length - 1]);
        [&seen[..1], told].concat()
    };
    seen.chunks(length).zip(told.chunks(length)).map(row).collect()
}

fn pieces(data: &Prepared) -> Pieces {
    Pieces::of(&data.blueprint.inputs).unwrap().unwrap()
}

#[test]
fn windows_of_pieces_are_the_text() {
    let text = poem(400);
    for by in ["character", "bpe", "unigram"] {
        let data = prepare(&recipe("windows", by, 16), &place(&[("a.txt", text.as_bytes())])).unwrap();
        let splits = &data.dataset.splits;
        let mut written = String::new();
        for rows in [splits.train.rows(), splits.valid.rows(), splits.test.rows()] {
            let windows = shown(&data, rows);
            let (last, others) = windows.split_last().unwrap();
            let whole: Vec<u32> = others.iter().flat_map(|window| window[..16].to_vec()).collect();
            // The last window begins earlier, so that it is whole: what it has of the one before is cut off.
            let overlap = (0..=16).find(|skip| {
                let rest = pieces(&data).text(&[&whole, &last[*skip..]].concat()).unwrap();
                text[written.len()..].starts_with(&rest) && text.is_char_boundary(written.len() + rest.len())
            });
            let all = [&whole, &last[overlap.unwrap()..]].concat();
            written += &pieces(&data).text(&all).unwrap();
        }
        // A letter that training did not see is lost; here it saw all.
        assert_eq!(written, text, "{by}");
        let characters = text.chars().count();
        assert_eq!(by == "character", splits.train.rows().len() == (characters * 9 / 10 - 1).div_ceil(16));
    }
}

#[test]
fn a_tokenizer_learns_from_the_training_part_alone() {
    let tokenizer = |text: &str, examples: &str, by: &str| {
        let data = prepare(&recipe(examples, by, 16), &place(&[("a.txt", text.as_bytes())])).unwrap();
        (data.blueprint.inputs.clone(), data.blueprint.stats.clone())
    };
    let text = poem(400);
    let (kept, changed) = (text.chars().count() - 100, "x☃ z".repeat(25));
    let other: String = text.chars().take(kept).chain(changed.chars()).collect(); // valid and test are the last tenth
    for by in ["character", "bpe", "unigram"] {
        assert_eq!(tokenizer(&text, "windows", by), tokenizer(&other, "windows", by), "{by}");
    }
    let changed = text.replacen("the rain", "☃☃☃ rain", 1);
    assert_ne!(tokenizer(&text, "windows", "bpe"), tokenizer(&changed, "windows", "bpe"));
}

#[test]
fn packed_lines_lose_no_piece_and_tell_each_once() {
    let text = poem(100);
    for by in ["character", "bpe", "unigram"] {
        let files = place(&[("a.txt", text.as_bytes())]);
        let data = prepare(&recipe("packed", by, 24), &files).unwrap();
        let lines = prepare(&recipe("lines", by, 60), &files).unwrap();
        let Decode::Next { end: Some(end), padding: 0, .. } = data.blueprint.targets[0].decode else {
            panic!("{:?}", data.blueprint.targets)
        };
        let end = end as u32;
        for part in [
            (data.dataset.splits.train.rows(), lines.dataset.splits.train.rows()),
            (data.dataset.splits.valid.rows(), lines.dataset.splits.valid.rows()),
            (data.dataset.splits.test.rows(), lines.dataset.splits.test.rows()),
        ] {
            let packed = shown(&data, part.0);
            let (last, full) = packed.split_last().unwrap();
            assert!(full.iter().flatten().all(|piece| *piece != 0), "the last row alone is filled up");
            let last: Vec<u32> = last.iter().copied().filter(|piece| *piece != 0).collect();
            let told = full.iter().map(|row| &row[1..]).chain([&last[1..]]).flatten().copied();
            // The same lines by themselves, in their order.
            let of_line =
                |row: Vec<u32>| row[1..].iter().copied().filter(|piece| *piece != 0).collect::<Vec<_>>();
            let expect: Vec<u32> = shown(&lines, part.1).into_iter().flat_map(of_line).collect();
            assert_eq!(told.collect::<Vec<_>>(), expect, "{by}");
            assert_eq!(
                (packed[0][0], expect.iter().filter(|piece| **piece == end).count()),
                (end, part.1.len())
            );
        }
        let TargetStats::Pieces { counts, bytes } = &data.blueprint.stats[0] else { unreachable!() };
        let told: u64 = counts.iter().sum();
        let written: u64 = counts.iter().zip(bytes).map(|(count, bytes)| count * u64::from(*bytes)).sum();
        let rows = lines.dataset.splits.train.rows();
        let length = |row: &usize| text.lines().nth(*row).unwrap().len() as u64 + 1;
        assert_eq!(written, rows.iter().map(length).sum::<u64>(), "{by}: each byte is one of a piece");
        assert_eq!(told.div_ceil(24), data.dataset.splits.train.rows().len() as u64);
        assert_eq!(data.profile.repairs, [], "no line is cut off");
    }
}

/// Forty files of several lines each, one of them empty.
fn documents() -> Vec<(String, String)> {
    let text = |i: usize| if i == 7 { String::new() } else { poem(i % 5 + 1) + ["", "the end", "\n"][i % 3] };
    (0..40).map(|i| (format!("d{i:02}.txt"), text(i))).collect()
}

#[test]
fn whole_files_are_packed_with_a_form_feed_between_two() {
    let documents = documents();
    let files: Vec<(&str, &[u8])> =
        documents.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    for by in ["character", "bpe", "unigram"] {
        let recipe = recipe("documents", by, 24).replace("a.txt", "d*.txt");
        let data = prepare(&recipe, &place(&files)).unwrap();
        let Decode::Next { end: Some(end), .. } = data.blueprint.targets[0].decode else {
            panic!("{:?}", data.blueprint.targets)
        };
        assert_eq!(pieces(&data).text(&[end as u32]).unwrap(), "\u{c}");
        let splits = &data.dataset.splits;
        // What all parts tell, divided at the ends again, is every file once, its own ends of lines with it.
        let mut told: Vec<String> = vec![];
        for rows in [splits.train.rows(), splits.valid.rows(), splits.test.rows()] {
            let pieces_of = shown(&data, rows);
            assert_eq!(pieces_of[0][0], end as u32);
            let all: Vec<u32> =
                pieces_of.iter().flat_map(|row| &row[1..]).copied().filter(|piece| *piece != 0).collect();
            let ended = all.split(|piece| *piece == end as u32).map(|text| pieces(&data).text(text).unwrap());
            told.extend(ended);
            assert_eq!(told.pop(), Some(String::new()), "behind the last end stands nothing");
        }
        told.sort();
        let mut expect: Vec<String> = documents.iter().map(|(_, text)| text.clone()).collect();
        expect.sort();
        assert_eq!(told, expect, "{by}");
        let again = crate::open(&plan(&recipe), &place(&files), &data.blueprint).unwrap();
        assert_eq!(again.source.batch(&[0]).unwrap(), data.dataset.source.batch(&[0]).unwrap());
    }
}

#[test]
fn what_cannot_be_documents_is_refused() {
    let recipe = recipe("documents", "character", 8).replace("a.txt", "d*.txt");
    let feed = place(&[("d1.txt", b"one\x0ctwo"), ("d2.txt", b"three")]);
    let expect = "`d1.txt` wants a text without a form feed, which stands between two documents, got one";
    assert_eq!(refusal(&recipe, &feed), expect);
    let few = refusal(&recipe, &place(&[("d1.txt", b"one"), ("d2.txt", b"three")]));
    assert!(few.contains("part wants at least one row"), "{few}");
}

#[test]
fn a_text_is_cut_again_as_it_was() {
    let files = place(&[("a.txt", poem(100).as_bytes())]);
    for examples in ["windows", "lines", "packed"] {
        let recipe = recipe(examples, "bpe", 12);
        let data = prepare(&recipe, &files).unwrap();
        let again = crate::open(&plan(&recipe), &files, &data.blueprint).unwrap();
        let rows: Vec<usize> = (0..data.profile.rows).collect();
        assert_eq!(
            again.source.batch(&rows).unwrap(),
            data.dataset.source.batch(&rows).unwrap(),
            "{examples}"
        );
        let other = place(&[("a.txt", poem(120).as_bytes())]);
        let error = crate::open(&plan(&recipe), &other, &data.blueprint).map(drop).unwrap_err();
        assert!(error.to_string().contains(&format!("{} rows", rows.len())), "{error}");
    }
}

#[test]
fn lines_say_where_they_stand() {
    let files = place(&[("a1.txt", b"one\ntwo\n"), ("a2.txt", "three\nfour\nfive\nsix".as_bytes())]);
    let says = |examples: &str, length: usize| {
        let recipe = recipe(examples, "character", length).replace("a.txt", "a*.txt");
        let plan = plan(&recipe);
        let super::super::SourcePlan::Text { config, files: names } = &plan.source else { unreachable!() };
        let text = super::scan(&plan, config, names, &files).unwrap();
        let data = prepare(&recipe, &files).unwrap();
        let divided = baeum_core::Splits::new((0..6).collect(), vec![], vec![]).unwrap();
        let (rows, _) = super::cut::cut(text, &pieces(&data), &divided).unwrap();
        (0..rows.rows()).map(|row| rows.place(row)).collect::<Vec<_>>()
    };
    let all = [
        "`a1.txt` line 1",
        "`a1.txt` line 2",
        "`a2.txt` line 1",
        "`a2.txt` line 2",
        "`a2.txt` line 3",
        "`a2.txt` line 4",
    ];
    assert_eq!(says("lines", 9), all);
    // "\none\ntw", "wo\nthre", "ee\nfou", "ur\nfive", "\nsix\n": what begins with an end begins with the line behind it.
    assert_eq!(says("packed", 6), [all[0], all[1], all[2], all[3], all[5]]);
}

#[test]
fn what_a_given_tokenizer_loses_is_named() {
    let given = |normalizer: &str, decoder: &str| {
        let words = r#""pre_tokenizer": {"type": "Split", "pattern": {"Regex": "[\\s\\S]"}, "behavior": "Isolated", "invert": false}"#;
        format!(
            r#"{{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": {normalizer}, {words},
            "post_processor": null, "decoder": {decoder}, "model": {{"type": "WordLevel", "vocab": {{"a": 0, "b": 1, "\n": 2, "[PAD]": 3, "[UNK]": 4}}, "unk_token": "[UNK]"}}}}"#
        )
    };
    let by_file =
        |examples: &str| recipe(examples, "?", 4).replace(r#""?""#, r#"{"file": {"path": "t.json"}}"#);
    let text = "abBA\n".repeat(40);
    let files = |tokenizer: &str| place(&[("a.txt", text.as_bytes()), ("t.json", tokenizer.as_bytes())]);
    let fuse = r#"{"type": "Fuse"}"#;
    let lower = given(r#"{"type": "Lowercase"}"#, fuse);
    assert_eq!(
        refusal(&by_file("windows"), &files(&lower)),
        "`data.fields.text.steps[0].tokenise` wants a tokenizer that loses nothing, for what is lost cannot be written again; `normalise_text` before it may help, got `abba` for `abBA`"
    );
    let normalised =
        by_file("windows").replace(r#"[{"tok"#, r#"[{"normalise_text": {"lower": true}}, {"tok"#);
    let data = prepare(&normalised, &files(&lower)).unwrap();
    let rows = data.dataset.splits.train.rows();
    assert_eq!(pieces(&data).text(&shown(&data, &rows[..1])[0]).unwrap(), "abba\n");
    // Padding is a piece at the end of the vocabulary, and 0 is a letter.
    let Decode::Next { padding: 3, vocabulary: 5, .. } = data.blueprint.targets[0].decode else {
        panic!("{:?}", data.blueprint.targets)
    };
    let lines = normalised.replace("windows", "lines").replace("\"length\": 4", "\"length\": 6");
    let data = prepare(&lines, &files(&lower)).unwrap();
    assert_eq!(shown(&data, &[0]), [[2, 0, 1, 1, 0, 2, 3]]);
    let without = lower.replace(r#""\n": 2"#, r#""c": 2"#);
    assert_eq!(
        refusal(&lines, &files(&without)),
        "`data.fields.text.steps[1].tokenise` wants a tokenizer with one piece for the end of a line, which stands between lines, got none"
    );
}

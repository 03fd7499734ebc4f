//! Texts: the tokenizers package of Python cuts them as we do, and learns the same pieces.
use std::sync::Arc;

use baeum::data::{DataConfig, Place, Prepared, prepare};
use baeum::fs::RealFs;
use baeum::{Counter, Rng, Transform};
use baeum_tests::Scratch;
use serde_json::{Value, json};

use super::python;

const TRAIN: usize = 120;

/// What tokenizers stumble over, besides words: signs, scripts, spaces, marks that turn the direction of writing.
const STRANGE: [&str; 24] = [
    "plain words, and a sign!",
    "tab\there",
    "two  spaces",
    " leading and trailing ",
    "UPPER lower MiXeD",
    "don't they'll we've",
    "3.14159 1,000,000 0x7f",
    "-1.5e-10 NaN inf",
    "한국어 문장입니다.",
    "배움은 끝이 없다",
    "日本語のテキスト",
    "中文没有空格",
    "العربية من اليمين",
    "עברית",
    "ไทยไม่มีช่องว่าง",
    "e\u{301}te\u{301} ﬁne ＡＢＣ",
    "👩‍👩‍👧‍👦 🇰🇷 👍🏽",
    "\u{202e}gnp.exe\u{202c}",
    "zero\u{200b}width\u{feff}",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "Ω≈ç√∫˜µ≤≥÷",
    "a\u{1}b",
    "ᄇᆡᄋᆞᆷ 옛한글",
];

fn cases() -> Vec<Value> {
    let tokenise = |by: &str, vocabulary: usize, length: usize| json!({ "by": by, "vocabulary": vocabulary, "length": length });
    let with = |mut step: Value, name: &str, end: &str| {
        step[name] = json!(end);
        step
    };
    let normalise = json!({ "normalise_text": { "form": "nfkc", "lower": true } });
    let mut cases: Vec<Value> = vec![];
    for (by, vocabulary) in
        [("character", 200), ("word", 90), ("bpe", 400), ("word_piece", 300), ("unigram", 300)]
    {
        let step = tokenise(by, vocabulary, 12);
        cases.push(json!([{ "tokenise": step }]));
        cases.push(json!([normalise, { "tokenise": with(with(step, "keep", "end"), "fill", "start") }]));
    }
    cases
}

/// Sentences of words that come again, then the strange ones; the first teach.
fn texts() -> Vec<String> {
    let words = [
        "the", "cat", "dog", "sat", "on", "under", "a", "mat", "배움", "은", "끝이", "없다", "learning",
        "learned",
    ];
    let draws = Rng::new(5).stream("texts", "");
    let word = |row: usize, place: usize| {
        words[draws.below(words.len() as u32, Counter::sample(0, row as u64).at(place as u64)) as usize]
    };
    let sentence = |row: usize| (0..3 + row % 9).map(|place| word(row, place)).collect::<Vec<_>>().join(" ");
    (0..TRAIN).map(sentence).chain(STRANGE.map(str::to_owned)).collect()
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_tokenizers_cut_alike() {
    let (folder, texts) = (Scratch::new("texts"), texts());
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut csv = "text,y,part\n".to_owned();
    for (row, text) in texts.iter().enumerate() {
        csv += &format!("{},{},{}\n", quoted(text), row % 2, if row < TRAIN { "train" } else { "test" });
    }
    folder.put("table.csv", csv);
    for (place, steps) in cases().into_iter().enumerate() {
        let config: DataConfig = serde_json::from_value(json!({
            "source": { "csv": { "path": "table.csv" } },
            "target": "y", "task": "classify", "missing": [],
            "split": { "column": { "name": "part" } },
            "audit": { "allow": ["texts"] },
            "fields": { "text": { "steps": steps } },
        }))
        .unwrap();
        let prepared = prepared(&config, &folder);
        let last = prepared.blueprint.inputs[0].columns[0].steps.last().cloned();
        let Some(Transform::Tokenise { tokenizer, length, .. }) = last else { panic!("{last:?}") };
        let rows: Vec<usize> = (0..texts.len()).collect();
        let batch = prepared.dataset.source.batch(&rows).unwrap();
        let ids: Vec<&[i64]> = batch.inputs["x"].i64s().unwrap().chunks(length).collect();
        let case =
            json!({ "steps": steps, "tokenizer": tokenizer, "texts": texts, "ids": ids, "train": TRAIN });
        folder.put(&format!("{place:02}.json"), case.to_string());
    }
    python("BAEUM_PYTHON", "texts.py", folder.path());
}

/// Lines of a text that is longer than one run of ours; its characters can be divided by ten.
fn text() -> Vec<String> {
    let mut lines: Vec<String> = (0..60).flat_map(|_| texts()).map(|line| line.replace('\t', " ")).collect();
    let characters = lines.iter().map(|line| line.chars().count() + 1).sum::<usize>();
    lines.push("x".repeat(9 - characters % 10));
    lines
}

#[test]
#[ignore = "needs Python: cargo xtask interop"]
fn interop_tokenizers_cut_what_is_gone_on_with() {
    let (folder, lines) = (Scratch::new("next"), text());
    folder.put("text.txt", lines.join("\n") + "\n");
    let prepared = |examples: &str, by: &str| {
        let windows = json!({ "time": { "valid": 0.1, "test": 0.1 } });
        let split = if examples == "windows" { windows } else { json!("hash") };
        let step = json!({ "by": by, "vocabulary": 600, "length": 20 });
        let config: DataConfig = serde_json::from_value(json!({
            "source": { "text": { "path": "text.txt", "examples": examples } }, "split": split,
            "audit": { "allow": ["texts"] }, "fields": { "text": { "steps": [{ "tokenise": step }] } },
        }))
        .unwrap();
        prepared(&config, &folder)
    };
    for by in ["character", "bpe", "unigram"] {
        let split = prepared("lines", by).blueprint.splits;
        for examples in ["windows", "packed"] {
            let data = prepared(examples, by);
            let last = data.blueprint.inputs[0].columns[0].steps.last().cloned();
            let Some(Transform::Tokenise { tokenizer, .. }) = last else { panic!("{last:?}") };
            let ours = &data.blueprint.splits;
            let parts = [&ours.train, &ours.valid, &ours.test].map(|rows| {
                let batch = data.dataset.source.batch(rows).unwrap();
                json!([batch.inputs["x"].i64s().unwrap(), batch.targets[0].i64s().unwrap()])
            });
            let case = json!({ "examples": examples, "by": by, "tokenizer": tokenizer, "length": 20, "lines": lines,
                "split": [split.train, split.valid, split.test], "parts": parts });
            folder.put(&format!("{by}-{examples}.json"), case.to_string());
        }
    }
    python("BAEUM_PYTHON", "texts_next.py", folder.path());
}

/// What the first stage makes of texts in a folder.
fn prepared(config: &DataConfig, folder: &Scratch) -> Prepared {
    let place = Place {
        fs: Arc::new(RealFs),
        base: folder.path().to_owned(),
        folders: vec![],
        limits: baeum::Limits::default(),
        seed: 1,
        progress: Default::default(),
        cache: None,
    };
    prepare(&config.check().unwrap(), &place).unwrap()
}

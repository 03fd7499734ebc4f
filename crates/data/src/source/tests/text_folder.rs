use super::*;

/// A folder of two classes with short texts.
fn letters() -> Vec<(String, Vec<u8>)> {
    let word = |row: usize| ["sun", "rain", "wind", "snow", "fog"][row % 5];
    let text = |row: usize| format!("{} {} {row}\n", word(row), word(row / 5 + 1));
    let file = |row: usize| {
        let folder = if row.is_multiple_of(3) { "deeper/" } else { "" };
        (format!("f/{}/{folder}{row}.txt", ["good", "bad"][row % 2]), text(row).into_bytes())
    };
    (0..24).map(file).collect()
}

const LETTERS: &str = r#"{"source": {"text_folder": {"path": "f"}}, "fields": {"text": {"steps": [
    {"tokenise": {"by": "word", "length": 4}}]}}}"#;

#[test]
fn a_text_folder_is_classes_of_texts() {
    let mut files = letters();
    files.push(("f/good/.notes.txt".to_owned(), b"x".to_vec()));
    files.push(("f/bad/999.TXT".to_owned(), "\u{feff}sun\n".into()));
    let place = folder_place(&files);
    let data = prepare(LETTERS, &place).unwrap();
    assert_eq!(data.dataset.source.len(), 25);
    // Sorted by class and name, deeper folders behind: `bad` comes first.
    let record = data.dataset.source.record(0).unwrap();
    assert_eq!(record["text"], Value::Text("rain rain 1\n".to_owned()));
    assert_eq!(record["label"], Value::Text("bad".to_owned()));
    let batch = data.dataset.source.batch(&[0]).unwrap();
    assert_eq!(batch.inputs["x"].shape(), [1, 4]);
    let places = batch.inputs["x"].i64s().unwrap();
    assert!(places[0] == places[1] && places[3] == 0, "{places:?}");
    assert_eq!((data.profile.hidden_files, data.profile.repairs.len()), (1, 0));
    assert_eq!(plan(LETTERS).item_shape(), Some(vec![4]));
    assert_eq!(plan(LETTERS).files(&place).unwrap().len(), 25);
    let again = crate::open(&plan(LETTERS), &place, &data.blueprint).unwrap();
    assert_eq!(again.source.batch(&[0]).unwrap().inputs, batch.inputs);
    let mark = (0..25).map(|row| data.dataset.source.record(row).unwrap()["text"].to_string());
    assert!(mark.into_iter().any(|text| text == "the text `sun\\n`"));
}

#[test]
fn other_encodings_and_empty_files_are_told() {
    let mut files = letters();
    files[1].1 = b"\xba\xf1\xb0\xa1 \xbf\xc2\xb4\xd9".to_vec(); // CP949
    files[2].1 = b"\xff\xfes\x00u\x00n\x00".to_vec();
    files[5].1 = b" \n".to_vec();
    files[8].1 = vec![];
    let data = prepare(LETTERS, &folder_place(&files)).unwrap();
    let repairs: Vec<String> = data.profile.repairs.iter().map(ToString::to_string).collect();
    let expect = [
        "1 files of `f` are not UTF-8 and were read as UTF-16: `f/good/2.txt`; say `encoding` to be sure",
        "1 files of `f` are not UTF-8 and were read as CP949: `f/bad/1.txt`; say `encoding` to be sure",
        "2 files of `f` are empty and count as missing texts: `f/bad/5.txt`; `f/good/8.txt`",
    ];
    assert_eq!(repairs, expect);
    let said = LETTERS.replace(r#""path": "f""#, r#""path": "f", "encoding": "cp949""#);
    let got = refusal(&said, &folder_place(&files));
    let expect = "`f` wants texts alone, got 1 of 24 files that cannot be read: `f/good/2.txt` wants CP949, got bytes that are \
                  none near byte ";
    assert!(got.starts_with(expect), "{got}");
}

#[test]
fn files_that_are_no_texts_are_counted_and_may_be_left_out() {
    let mut files = letters();
    files[1].0 = "f/bad/1.pdf".to_owned();
    files[2].1 = b"sun\0and the rain".to_vec();
    files[4].1 = b"\x80\x81\xff\xff\x80".to_vec();
    let expect = "`f/bad/1.pdf` wants a name that ends in `.txt`, got another one; `f/good/2.txt` wants text, got a NUL at \
                  byte 3; `f/good/4.txt` wants UTF-8, got another encoding; say `encoding`, or save it as UTF-8";
    let stop = format!("`f` wants texts alone, got 3 of 24 files that cannot be read: {expect}");
    assert_eq!(refusal(LETTERS, &folder_place(&files)), stop);
    let skip = LETTERS.replacen('{', r#"{"on_bad": "skip", "#, 1);
    let data = prepare(&skip, &folder_place(&files)).unwrap();
    assert_eq!(data.dataset.source.len(), 21);
    let told = format!("3 of `f` cannot be read and were left out: {expect}");
    assert_eq!(data.profile.repairs[0].to_string(), told);
    let again = crate::open(&plan(&skip), &folder_place(&files), &data.blueprint).unwrap();
    assert_eq!(again.source.len(), 21);
}

#[test]
fn a_text_folder_wants_classes_and_a_way_to_cut_texts() {
    let check = |files: &[(&str, &[u8])], expect: &str| assert_eq!(refusal(LETTERS, &place(files)), expect);
    check(&[("f/.keep", b"")], "`f` wants one folder of texts for each class, got none");
    check(&[("f/a/1.txt", b"x"), ("f/b/.keep", b"")], "`f/b` wants texts, got none");
    let uncut = r#"{"source": {"text_folder": {"path": "f"}}}"#;
    let expect = "`data.fields.text.steps` wants `tokenise` as the last step, got words";
    assert_eq!(refusal(uncut, &folder_place(&letters())), expect);
    let check = |from: &str, to: &str, expect: &str| {
        let error = crate::testing::config(&LETTERS.replacen(from, to, 1)).check().map(drop).unwrap_err();
        assert_eq!(error.to_string(), expect);
    };
    check(
        "{",
        r#"{"ids": ["a"], "#,
        "`data.ids` wants columns of a table: `csv`, `jsonl` or `parquet`, got a `text_folder`",
    );
    check(
        "{",
        r#"{"target": "text", "#,
        "`data.target` wants a name other than that of the texts, got `text`",
    );
    check(
        "{",
        r#"{"task": "regress", "#,
        "`data.task` wants `classify`, for these texts have labels, got `regress`",
    );
    check(
        r#""text":"#,
        r#""words":"#,
        "`data.fields` wants the name `text`, the one field there is, got `words`",
    );
    check(r#""path": "f""#, r#""path": """#, "`data.source.text_folder.path` wants a name, got an empty one");
}

#[test]
fn a_long_text_goes_beyond_its_limit() {
    let with = |csv_field_bytes: u64| Place {
        limits: Limits { csv_field_bytes, ..Limits::default() },
        ..folder_place(&letters())
    };
    assert!(prepare(LETTERS, &with(13)).is_ok());
    let got = refusal(LETTERS, &with(12));
    assert!(
        got.contains("wants at most 12 bytes in a field, got 13; `run.limits.csv_field_bytes` raises"),
        "{got}"
    );
}

#[test]
fn lists_call_texts_by_their_names_below_the_folder() {
    let mut files = letters();
    let names: Vec<String> = files.iter().map(|(name, _)| name.replacen("f/", "", 1)).collect();
    files.push(("train.txt".to_owned(), names[..16].join("\n").into_bytes()));
    files.push(("test.txt".to_owned(), names[16..].join("\n").into_bytes()));
    let split = r#"{"split": {"lists": {"train": "train.txt", "test": "test.txt", "valid_share": 0}}, "#;
    let data = prepare(&LETTERS.replacen('{', split, 1), &folder_place(&files)).unwrap().dataset;
    let text = |row: &usize| data.source.record(*row).unwrap()["text"].to_string();
    let judged: std::collections::BTreeSet<String> = data.splits.test.rows().iter().map(text).collect();
    let listed =
        files[16..24].iter().map(|(_, bytes)| Value::Text(String::from_utf8(bytes.clone()).unwrap()));
    assert_eq!(judged, listed.map(|text| text.to_string()).collect());
    let column = split.replace(r#""train": "#, r#""column": "id", "train": "#);
    let error = crate::testing::config(&LETTERS.replacen('{', &column, 1)).check().map(drop).unwrap_err();
    let expect =
        "`data.split.lists.column` wants a `csv` table, whose columns have names, got another source";
    assert_eq!(error.to_string(), expect);
}

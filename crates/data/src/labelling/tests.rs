//! Files of labels: how they are read, written, merged, and what becomes of the rows they are about.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::path::Path;
use std::sync::Arc;

use baeum_core::fs::{CrashFs, Fault, FaultFs, Syncs};
use baeum_core::{Fs, Limits, Task, Value};

use super::file::{line, parse};
use super::*;
use crate::testing::{place, plan, prepare, refusal};
use crate::{DataError, Place, Profile, Repair, Warning};

const FILE: &str = "labels.jsonl";

/// Rows with an id, two numbers that tell their class, and that class: by turns `u` and `v`.
fn table(label: impl Fn(usize) -> &'static str) -> String {
    let row = |row: usize| format!("r{row},{},{}.5,{}\n", row % 2, row * 7 % 31, label(row));
    "id,n,m,y\n".to_owned() + &(0..40).map(row).collect::<String>()
}

fn usual(row: usize) -> &'static str {
    ["u", "v"][row % 2]
}

fn recipe(more: &str) -> String {
    format!(
        r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "target": "y", "ids": ["id"], "label_file": "labels.jsonl",
            "audit": {{"allow": ["rows", "target"]}}{more}}}"#
    )
}

/// The recipe's folder with a table and, unless it is empty, a file of labels.
fn disk(csv: &str, labels: &str) -> Place {
    match labels {
        "" => place(&[("a.csv", csv.as_bytes())]),
        labels => place(&[("a.csv", csv.as_bytes()), (FILE, labels.as_bytes())]),
    }
}

fn label(id: &str, label: &str) -> Label {
    Label { id: id.to_owned(), label: Some(label.to_owned()), ..Label::default() }
}

fn lines(labels: &[(&str, &str, &str)]) -> String {
    let one = |(id, label, by): &(&str, &str, &str)| {
        format!("{{\"id\": \"{id}\", \"label\": \"{label}\", \"annotator\": \"{by}\"}}\n")
    };
    labels.iter().map(one).collect()
}

fn notes(profile: &Profile) -> Vec<String> {
    profile.repairs.iter().map(ToString::to_string).collect()
}

fn looks(profile: &Profile) -> Vec<String> {
    let leaks = |warning: &&Warning| !matches!(warning, Warning::Leak { .. });
    profile.warnings.iter().filter(leaks).map(ToString::to_string).collect()
}

/// How often `u` and `v` stand in the data, and how many rows have no label.
fn counts(profile: &Profile) -> ([usize; 2], usize) {
    let of = |name: &str| profile.labels.iter().find(|label| label.label == name);
    (["u", "v"].map(|name| of(name).map_or(0, |label| label.parts.iter().sum())), profile.unlabelled)
}

#[test]
fn the_form_of_a_line_is_frozen() {
    let signed = Label {
        annotator: Some("김".to_owned()),
        at: Some("2026-11-28T20:00:00Z".to_owned()),
        ..label("cats/0.png", "a \"b\"")
    };
    let text = r#"{"id":"cats/0.png","label":"a \"b\"","annotator":"김","at":"2026-11-28T20:00:00Z","crc":"#;
    assert!(line(&signed).starts_with(text) && line(&signed).ends_with("\"}\n"), "{}", line(&signed));
    assert_eq!(parse(FILE, line(&signed).as_bytes(), None, &Limits::default()).unwrap().lines, [(1, signed)]);
}

#[test]
fn what_was_taken_back_counts_no_longer() {
    let back =
        |id: &str, by: &str| format!("{{\"id\": \"{id}\", \"withdrawn\": true, \"annotator\": \"{by}\"}}\n");
    let said = lines(&[("r0", "v", "a"), ("r0", "v", "b"), ("r2", "v", "a")]);
    let corrected = |more: &str| {
        let profile = prepare(&recipe(""), &disk(&table(usual), &(said.clone() + more))).unwrap().profile;
        counts(&profile)
    };
    assert_eq!(corrected(""), ([18, 22], 0));
    assert_eq!(corrected(&back("r2", "a")), ([19, 21], 0), "as the data have it");
    assert_eq!(corrected(&back("r0", "a")), ([18, 22], 0), "`b` still says it");
    assert_eq!(corrected("{\"id\": \"r0\", \"withdrawn\": true}\n"), ([19, 21], 0), "everybody's");
    let again = back("r2", "a") + &lines(&[("r2", "v", "a")]);
    assert_eq!(corrected(&again), ([18, 22], 0), "and said once more");
    let all = ["r0", "r2"].map(|id| format!("{{\"id\": \"{id}\", \"withdrawn\": true}}\n")).concat();
    assert_eq!(corrected(&all), ([20, 20], 0));
}

#[test]
fn a_line_that_takes_back_is_written_and_read() {
    let back = Label { id: "r0".to_owned(), annotator: Some("a".to_owned()), ..Label::default() };
    assert!(
        line(&back).starts_with(r#"{"id":"r0","annotator":"a","withdrawn":true,"crc":"#),
        "{}",
        line(&back)
    );
    assert_eq!(parse(FILE, line(&back).as_bytes(), None, &Limits::default()).unwrap().lines, [(1, back)]);
    let both = br#"{"id":"a","label":"b","withdrawn":true}"#;
    let expect = "`labels.jsonl` wants a label, or `withdrawn` in line 1, got `{\"id\":\"a\",\"label\":\"b\",\"withdrawn\":true}`: both";
    assert_eq!(parse(FILE, both, None, &Limits::default()).unwrap_err().to_string(), expect);
}

#[test]
fn people_write_lines_as_they_like() {
    let text = "{\"id\": 7, \"label\": 3}\r\n\n  {\"label\":\"b\",\"id\":\"x\"}  \n\t\n{\"id\":\"z\",\"label\":1.50}";
    let file = parse(FILE, text.as_bytes(), None, &Limits::default()).unwrap();
    assert_eq!(file.lines, [(1, label("7", "3")), (3, label("x", "b")), (5, label("z", "1.5"))]);
    assert_eq!((file.torn, file.whole), (None, text.len()));
}

#[test]
fn a_whole_line_that_is_none_is_refused_with_its_number() {
    let check = |bad: &[u8], expect: &str| {
        let text = [b"{\"id\":\"a\",\"label\":\"b\"}\n", bad, b"\n{\"id\":\"c\",\"label\":\"d\"}\n"].concat();
        let error = parse(FILE, &text, None, &Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), expect);
        assert_eq!(error.fault(), crate::Fault::Input);
        // Nor is it taken for the rest of an interrupted write where it stands last.
        let last = [b"{\"id\":\"a\",\"label\":\"b\"}\n", bad].concat();
        assert_eq!(parse(FILE, &last, None, &Limits::default()).unwrap_err().to_string(), expect);
    };
    let no_label = |got: &str| {
        format!(
            r#"`labels.jsonl` wants a label such as `{{"id": "7", "label": "yes"}}` in line 2, got {got}"#
        )
    };
    check(b"x,y", &no_label("`x,y`: expected value"));
    check(
        br#"{"id":"a","lable":"b"}"#,
        &no_label(
            r#"`{"id":"a","lable":"b"}`: unknown field `lable`, expected one of `id`, `label`, `withdrawn`, `annotator`, `at`, `crc`"#,
        ),
    );
    check(br#"{"id":"a"}"#, &no_label(r#"`{"id":"a"}`: missing field `label`"#));
    check(
        br#"{"id":"a","id":"b","label":"c"}"#,
        &no_label(r#"`{"id":"a","id":"b","label":"c"}`: duplicate field `id`"#),
    );
    check(b"{\"id\":\"a\",\"label\":\"\xff\"}", "`labels.jsonl` wants UTF-8 in line 2, got other bytes");
    let word = "`labels.jsonl` wants a text or a number as `label` in line 2, got";
    check(br#"{"id":"a","label":""}"#, &format!(r#"{word} `""`"#));
    check(br#"{"id":"a","label":null}"#, &format!("{word} `null`"));
    let sealed = line(&label("a", "b")).replace("\"b\"", "\"x\"");
    check(
        sealed.trim_end().as_bytes(),
        "`labels.jsonl` wants the checksum that the line was written with in line 2, got another; leave `crc` out of a line \
         that you change",
    );
}

#[test]
fn a_line_torn_at_any_byte_is_said_and_removed_by_the_next_label() {
    let plan = plan(&recipe(""));
    let (first, second) = (line(&label("r0", "v")), line(&label("r2", "v")));
    for cut in 1..second.len() - 1 {
        let text = first.clone() + &second[..cut];
        let place = disk(&table(usual), &text);
        let profile = crate::prepare(&plan, &place).unwrap().profile;
        let said = notes(&profile);
        let torn = "the last line of `labels.jsonl` was not written whole and is left out; the next `baeum label` removes it";
        let one =
            "`labels.jsonl` labels 1 row: 1 corrected, 0 without a label in the data, 0 with the same one";
        assert_eq!(said, [torn, one], "{cut}");
        let removed = add(&plan, &place, &[label("r4", "v")]).unwrap();
        assert_eq!(removed, Some(format!("`{}`", &second[..cut])), "{cut}");
        let bytes = place.fs.read(Path::new("/r/labels.jsonl"), 999).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), first.clone() + &line(&label("r4", "v")), "{cut}");
    }
    // All of a line but its end is a whole line.
    let place = disk(&table(usual), &(first.clone() + second.trim_end()));
    assert_eq!(add(&plan, &place, &[label("r4", "v")]).unwrap(), None);
    let bytes = place.fs.read(Path::new("/r/labels.jsonl"), 999).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), first + &second + &line(&label("r4", "v")));
}

#[test]
fn labels_are_added_all_or_none_whatever_fails_and_when() {
    let plan = plan(&recipe(""));
    let old = line(&label("r0", "v"));
    let more = [label("r2", "v"), label("r4", "v"), label("r6", "v")];
    let new = old.clone() + &more.iter().map(line).collect::<String>();
    let state = |fs: &dyn Fs| String::from_utf8(fs.read(Path::new("/r/labels.jsonl"), 999).unwrap()).unwrap();
    let mut operations = 0;
    for fault in Fault::ALL {
        for k in 1..=40 {
            let disk = disk(&table(usual), &old);
            let faulty = FaultFs::over(disk.fs.clone());
            let place = Place { fs: Arc::new(faulty.clone()), ..disk.clone() };
            faulty.fail_at(k, fault);
            let added = add(&plan, &place, &more);
            operations = operations.max(faulty.operations());
            let found = state(disk.fs.as_ref());
            assert!(found == old || found == new, "{fault:?} {k}: {found}");
            assert!(added.is_err() || found == new, "{fault:?} {k}");
        }
    }
    assert!((8..40).contains(&operations), "{operations}");
    // And after a power cut: what was there before, or what was added.
    let fs = CrashFs::new();
    fs.create_dir(Path::new("/r")).unwrap();
    fs.sync_dir(Path::new("/")).unwrap();
    let place = |fs: CrashFs| Place { fs: Arc::new(fs.with_syncs(Syncs::Obeyed)), ..disk("", "") };
    add(&plan, &place(fs.clone()), &[label("r0", "v")]).unwrap();
    add(&plan, &place(fs.clone()), &more).unwrap();
    (0..50).for_each(|seed| assert_eq!(state(&fs.crash(seed)), new));
}

#[test]
fn two_who_write_at_once_are_told() {
    let (plan, place) = (plan(&recipe("")), disk(&table(usual), ""));
    let _held = place.fs.lock(Path::new("/r/.labels.jsonl.lock")).unwrap();
    let error = add(&plan, &place, &[label("r0", "v")]).unwrap_err();
    let expect = "`/r/labels.jsonl` is being written by another process; say it again when that is done";
    assert_eq!(error.to_string(), expect);
}

#[test]
fn labels_take_the_place_of_those_in_the_data_before_anything_else() {
    // Ten rows have no label, and two a wrong one.
    let csv = table(|row| match row {
        0..10 => "",
        10 | 12 => "v",
        row => usual(row),
    });
    let bare = prepare(&recipe(""), &disk(&csv, "")).unwrap();
    assert_eq!(counts(&bare.profile), ([13, 17], 10));
    assert_eq!(
        looks(&bare.profile),
        [
            "10 rows without `y`, in no part; with `data.label_file`, `baeum label RECIPE --next 10` lists those to label first",
            "`labels.jsonl` is not there yet; `baeum label RECIPE ID=LABEL` begins it",
        ]
    );
    assert_eq!(bare.blueprint.splits.unlabelled, (0..10).collect::<Vec<usize>>());
    let labels = lines(&[
        ("r10", "u", "a"),
        ("r12", "u", "a"),
        ("r0", "u", "a"),
        ("r1", "u", "b"),
        ("r1", "v", "b"),
        ("r14", "u", "b"),
    ]);
    let place = disk(&csv, &labels);
    let prepared = prepare(&recipe(""), &place).unwrap();
    assert_eq!(counts(&prepared.profile), ([16, 16], 8));
    let said = "`labels.jsonl` labels 5 rows: 2 corrected, 2 without a label in the data, 1 with the same one; by `a` 3; `b` 2";
    assert_eq!(notes(&prepared.profile), [said]);
    // A stratified split has the mixture that the labels have now.
    let parts: Vec<[usize; 3]> = prepared.profile.labels.iter().map(|label| label.parts).collect();
    assert_eq!(parts, [[11, 3, 2]; 2]);
    let opened = crate::open(&plan(&recipe("")), &place, &prepared.blueprint).unwrap();
    let rows: Vec<usize> =
        (0..40).filter(|row| prepared.blueprint.splits.unlabelled.binary_search(row).is_err()).collect();
    assert_eq!(opened.source.batch(&rows).unwrap(), prepared.dataset.source.batch(&rows).unwrap());
    assert_eq!(opened.source.record(10).unwrap()["y"], Value::Text("u".to_owned()));
}

#[test]
fn rows_without_a_label_teach_and_judge_nothing() {
    let unlabelled = |first: &str| {
        let csv = table(|row| if row < 10 { "" } else { usual(row) });
        csv.replace("r4,0,28.5,", &format!("r4,{first},"))
    };
    // Whatever such a row says, nothing that is fitted changes, and a twin of a training row is no leak.
    let fitted = |csv: &str| {
        let data = prepare(&recipe(""), &disk(csv, "")).unwrap();
        let blueprint = data.blueprint;
        (blueprint.schema, blueprint.inputs, blueprint.targets, blueprint.stats, blueprint.splits)
    };
    assert_eq!(fitted(&unlabelled("0,28.5")), fitted(&unlabelled("1e30,-1e30")));
    let twins: String = (10..40).map(|row| format!("t{row},{},{}.5,\n", row % 2, row * 7 % 31)).collect();
    let strict = recipe("").replace(r#""rows", "#, "");
    let data = prepare(&strict, &disk(&(unlabelled("0,28.5") + &twins), "")).unwrap();
    assert_eq!((data.profile.rows, data.profile.unlabelled), (70, 40));
    let leaks = data
        .profile
        .warnings
        .iter()
        .filter(|warning| matches!(warning, Warning::Leak { found: crate::Found::Rows { .. }, .. }));
    assert_eq!(leaks.count(), 0);
    let source = data.dataset.source;
    assert_eq!(source.batch(&[3, 50]).unwrap().targets, []);
    let error = source.batch(&[20, 3]).unwrap_err();
    assert_eq!(crate::error::chain(&error), "could not read row 3: it has no label, so it is in no part");
}

#[test]
fn lines_about_other_rows_are_counted_or_refused() {
    let csv = table(usual);
    let labels = lines(&[("r1", "u", "a"), ("q1", "u", "a"), ("q2", "u", "a")]);
    let profile = prepare(&recipe(""), &disk(&csv, &labels)).unwrap().profile;
    assert_eq!(
        looks(&profile),
        ["2 lines of `labels.jsonl` about no row of the data: line 2 `q1`, line 3 `q2`"]
    );
    let labels = lines(&[("q1", "u", "a"), ("q2", "u", "a")]);
    assert_eq!(
        refusal(&recipe(""), &disk(&csv, &labels)),
        "`labels.jsonl` wants ids of rows of the data, got others alone: line 1 `q1`, line 2 `q2`"
    );
    let twice = csv.replace("r3,", "r1,").replace("r5,", "r1,");
    let allow = recipe("").replace(r#""rows", "#, r#""rows", "ids", "#);
    assert_eq!(
        refusal(&allow, &disk(&twice, &lines(&[("r1", "u", "a")]))),
        "`labels.jsonl` wants an id of one row in line 1, got `r1`, which 3 rows have; name a better column first in `data.ids`"
    );
}

#[test]
fn labels_that_the_data_do_not_have_are_named() {
    let labels = lines(&[("r1", "w", "a"), ("r3", "w", "a"), ("r5", "w", "a"), ("r7", "u", "a")]);
    let profile = prepare(&recipe(""), &disk(&table(usual), &labels)).unwrap().profile;
    let said = "labels that stand in `labels.jsonl` and nowhere in the data: `w`";
    assert_eq!(looks(&profile)[0], said);
    assert_eq!(
        refusal(&recipe(r#", "labels": ["u", "v"]"#), &disk(&table(usual), &labels)),
        "`labels.jsonl` wants one of `data.labels` in line 1, got `w`"
    );
    // Labels may be written as the data write them, or as the recipe calls them.
    let cleaned = recipe(r#", "clean_labels": {"strip": ".", "map": {"V": "v"}}"#);
    let profile = prepare(&cleaned, &disk(&table(usual), &lines(&[("r0", "V.", "a")]))).unwrap().profile;
    assert_eq!((counts(&profile), looks(&profile)), (([19, 21], 0), vec![]));
}

#[test]
fn a_table_may_have_all_its_labels_from_people() {
    let csv = table(|_| "");
    assert_eq!(
        refusal(&recipe(""), &disk(&csv, "")),
        "column `y` wants labels or numbers in the training rows, got none; `baeum label` adds some"
    );
    let labels: String = (0..30).map(|row| line(&label(&format!("r{row}"), usual(row)))).collect();
    let data = prepare(&recipe(""), &disk(&csv, &labels)).unwrap();
    assert_eq!((data.blueprint.task, counts(&data.profile)), (Task::Classify, ([15, 15], 10)));
    let said = prepare(&recipe(r#", "task": "classify""#), &disk(&csv, &labels)).unwrap();
    for profile in [&data.profile, &said.profile] {
        assert!(!looks(profile).iter().any(|look| look.contains("nowhere in the data")));
    }
}

#[test]
fn several_annotators_are_merged_as_the_recipe_says() {
    let said = [
        ("r1", "u", "a"),
        ("r1", "v", "b"),
        ("r1", "v", "c"),
        ("r1", "u", "d"),
        ("r1", "u", "d"),
        ("r3", "u", "a"),
        ("r3", "u", "b"),
        ("r3", "v", "c"),
    ];
    let merged = |how: &str| {
        let recipe = recipe(&format!(r#", "merge_labels": "{how}""#));
        prepare(&recipe, &disk(&table(usual), &lines(&said))).unwrap()
    };
    let of = |data: &crate::Prepared, row: usize| data.dataset.source.record(row).unwrap()["y"].clone();
    let text = |label: &str| Value::Text(label.to_owned());
    let last = merged("last");
    assert_eq!([of(&last, 1), of(&last, 3)], ["u", "v"].map(text));
    // Two say u of row 1 and two say v: it stays as the data have it.
    let majority = merged("majority");
    assert_eq!([of(&majority, 1), of(&majority, 3)], ["v", "u"].map(text));
    assert_eq!(looks(&majority.profile), ["1 row with tied labels in `labels.jsonl`, left as in the data"]);
}

#[test]
fn annotators_are_weighed_and_their_worth_is_told() {
    let mut said = vec![];
    let ids: Vec<String> = (0..40).map(|row| format!("r{row}")).collect();
    for (row, id) in ids.iter().enumerate() {
        let wrong = usual(row + 1);
        said.push((id.as_str(), usual(row), "ann"));
        said.push((id.as_str(), if row % 5 == 0 { wrong } else { usual(row) }, "bob"));
        said.push((id.as_str(), if row % 5 == 1 { wrong } else { usual(row) }, "cid"));
        said.push((id.as_str(), if row % 3 == 0 { usual(row) } else { wrong }, "eve"));
    }
    let recipe = recipe(r#", "merge_labels": "dawid_skene""#);
    let profile = prepare(&recipe, &disk(&table(|_| ""), &lines(&said))).unwrap().profile;
    assert_eq!(counts(&profile), ([20, 20], 0));
    let Some(Repair::Labelled { annotators, .. }) = profile.repairs.first() else {
        panic!("nothing is told")
    };
    let worth: Vec<f64> = annotators.iter().map(|annotator| annotator.accuracy.unwrap()).collect();
    assert!(worth[0] > 0.95 && worth[1] > 0.7 && worth[3] < 0.5, "{worth:?}");
    assert!(notes(&profile)[0].contains("by `ann` 40, right in "), "{:?}", notes(&profile));
    assert_eq!(
        Warning::UnsettledLabels { file: FILE.to_owned() }.to_string(),
        "what the annotators of `labels.jsonl` are worth did not settle; `merge_labels = \"majority\"` may be safer"
    );
}

#[test]
fn numbers_are_given_and_missed_too() {
    let csv = table(usual)
        .replace(",u\n", ",1.5\n")
        .replace(",v\n", ",2.5\n")
        .replace("r0,0,0.5,1.5", "r0,0,0.5,")
        .replace("r2,0,14.5,1.5", "r2,0,14.5,");
    let data = prepare(&recipe(""), &disk(&csv, "{\"id\": \"r0\", \"label\": 1e2}\n")).unwrap();
    assert_eq!((data.blueprint.task, data.profile.unlabelled), (Task::Regress, 1));
    assert_eq!(data.dataset.source.record(0).unwrap()["y"], Value::Number(100.0));
    assert_eq!(data.blueprint.splits.unlabelled, [2]);
    assert_eq!(
        refusal(&recipe(r#", "task": "regress""#), &disk(&csv, &lines(&[("r0", "many", "a")]))),
        "`labels.jsonl` wants a number for `a.csv` row 1, got `many`"
    );
    assert_eq!(
        refusal(&recipe(r#", "merge_labels": "majority""#), &disk(&csv, "")),
        "`data.merge_labels` wants `last`, for the target is a number, got `majority`"
    );
}

/// Rows with an id, two numbers, and the labels that fit: `even`, `third`, both or none.
fn listed(label: impl Fn(usize) -> &'static str) -> String {
    let row = |row: usize| format!("r{row},{}.5,{},{}\n", row % 6, row * 7 % 31, label(row));
    "id,n,m,y\n".to_owned() + &(0..48).map(row).collect::<String>()
}

fn fitting(row: usize) -> &'static str {
    match (row.is_multiple_of(2), row.is_multiple_of(3)) {
        (true, true) => "even;third",
        (true, false) => "even",
        (false, true) => "third",
        (false, false) => "",
    }
}

const LABELS: &str = r#", "task": "multi_label", "missing": ["", "NA"], "split": "random""#;

/// How often `even` and `third` stand in the data, and how many rows nobody knows the labels of.
fn fits(profile: &Profile) -> ([usize; 2], usize) {
    let of = |name: &str| profile.labels.iter().find(|label| label.label == name);
    (["even", "third"].map(|name| of(name).map_or(0, |label| label.parts.iter().sum())), profile.unlabelled)
}

#[test]
fn several_labels_of_a_row_are_written_as_a_list_or_as_in_the_data() {
    let csv = listed(|row| if row < 4 { "NA" } else { fitting(row) });
    let profile = |labels: &str| prepare(&recipe(LABELS), &disk(&csv, labels)).unwrap().profile;
    assert_eq!(fits(&profile("")), ([22, 14], 4));
    // All of them, in another order; one; none.
    let all = "{\"id\": \"r0\", \"label\": [\"third\", \"even\"]}\n{\"id\": \"r2\", \"label\": \"even\"}\n\
               {\"id\": \"r1\", \"label\": []}\n{\"id\": \"r7\", \"label\": \"\"}\n{\"id\": \"r6\", \"label\": \" third ; even\"}\n";
    let with = profile(all);
    assert_eq!(fits(&with), ([24, 15], 1));
    assert_eq!(
        notes(&with),
        ["`labels.jsonl` labels 5 rows: 0 corrected, 3 without a label in the data, 2 with the same one"]
    );
}

#[test]
fn lists_of_labels_that_cannot_be_are_refused_with_their_line() {
    let check = |line: &str, more: &str, expect: &str| {
        let error = refusal(&recipe(&format!("{LABELS}{more}")), &disk(&listed(fitting), line));
        assert_eq!(error, format!("`labels.jsonl` wants {expect}"));
    };
    let said = |label: &str| format!("{{\"id\": \"r0\", \"label\": {label}}}\n");
    let sides = "a label on both sides of each `data.separator` in line 1, got `even;;third`";
    check(&said("\"even;;third\""), "", sides);
    check(&said("\"even; even\""), "", "each label once in line 1, got `even; even`");
    let inside = "labels without the `data.separator` in them in line 1, got `even;third`";
    check(&said("[\"even;third\"]"), "", inside);
    check(&said("[3, null]"), "", "a text or a number as `label` in line 1, got `null`");
    let closed = r#", "labels": ["even", "third"]"#;
    check(&said("[\"even\", \"evn\"]"), closed, "one of `data.labels` in line 1, got `evn`");
    let one = refusal(&recipe(""), &disk(&table(usual), &said("[\"u\"]")));
    assert_eq!(one, "`labels.jsonl` wants a text or a number as `label` in line 1, got `[\"u\"]`");
}

/// Of three people two say `even`, one `third`, and for another row each says something else.
#[test]
fn each_of_several_labels_is_voted_on_by_itself() {
    let votes = [
        ("r1", "even", "a"),
        ("r1", "even;third", "b"),
        ("r1", "", "c"),
        ("r5", "even", "a"),
        ("r5", "third", "b"),
        ("r2", "even;third", "a"),
        ("r2", "third;even", "b"),
    ];
    let merged = |how: &str| {
        let recipe = recipe(&format!(r#"{LABELS}, "merge_labels": "{how}""#));
        let data = prepare(&recipe, &disk(&listed(fitting), &lines(&votes))).unwrap();
        let label = |row: usize| data.dataset.source.record(row).unwrap()["y"].to_string();
        ([1, 2, 5].map(label), looks(&data.profile), notes(&data.profile))
    };
    let texts = |labels: [&str; 3]| labels.map(|label| Value::Text(label.to_owned()).to_string());
    let (labels, looks, _) = merged("majority");
    assert_eq!(labels, texts(["even", "even;third", ""]));
    assert!(looks[0].contains("1 row"), "{looks:?}");
    let (labels, _, notes) = merged("dawid_skene");
    assert_eq!(labels[1], texts(["", "even;third", ""])[1]);
    assert!(notes[0].contains("`a` 3, right in "), "{notes:?}");
    assert_eq!(merged("last").0, texts(["", "third;even", "third"]));
}

#[test]
fn several_numbers_of_a_row_stand_side_by_side() {
    let row = |row: usize| match row {
        0 | 1 => format!("r{row},{row}.5,,\n"),
        _ => format!("r{row},{row}.5,{},{}\n", row * 7 % 31, row * 5 % 13),
    };
    let csv = "id,n,y,z\n".to_owned() + &(0..40).map(row).collect::<String>();
    let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": ["y", "z"], "task": "regress", "ids": ["id"],
        "label_file": "labels.jsonl"}"#;
    let text = "{\"id\": \"r0\", \"label\": [1.5, -2]}\n{\"id\": \"r3\", \"label\": \"4 5e1\"}\n";
    let data = prepare(recipe, &disk(&csv, text)).unwrap();
    assert_eq!(data.profile.unlabelled, 1);
    let numbers = |row: usize| data.dataset.source.record(row).unwrap()["numbers"].clone();
    assert_eq!(
        [numbers(0), numbers(3)],
        [[1.5, -2.0], [4.0, 50.0]].map(|numbers| Value::Numbers(numbers.into()))
    );
    for (label, got) in [("[1.5]", "`1.5`"), ("\"1 b\"", "`1 b`"), ("[1, 2, 3]", "`1 2 3`")] {
        let text = format!("{{\"id\": \"r0\", \"label\": {label}}}\n");
        let expect = "`labels.jsonl` wants 2 numbers, one for each column of the target in line 1, got ";
        assert_eq!(refusal(recipe, &disk(&csv, &text)), format!("{expect}{got}"));
    }
}

#[test]
fn images_are_called_by_their_paths_and_some_may_wait() {
    let png = |level: u8| {
        let image = ::image::GrayImage::from_pixel(2, 2, ::image::Luma([level]));
        let mut bytes = std::io::Cursor::new(vec![]);
        image.write_to(&mut bytes, ::image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    };
    let names: Vec<String> =
        (0..24).map(|i| format!("all/{}/{i}.png", ["dark", "light", "unlabelled"][i % 3])).collect();
    let images: Vec<Vec<u8>> = (0..24).map(|i| png(10 * i as u8)).collect();
    let mut files: Vec<(&str, &[u8])> =
        names.iter().zip(&images).map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let labels = lines(&[("dark/0.png", "light", "a"), ("unlabelled/2.png", "dark", "a")]);
    files.push((FILE, labels.as_bytes()));
    let bare = r#"{"source": {"folder": {"path": "all", "channels": "grey"}}"#;
    let with = format!(r#"{bare}, "label_file": "labels.jsonl"}}"#);
    let profile = prepare(&with, &place(&files)).unwrap().profile;
    let parts = |profile: &Profile| {
        profile
            .labels
            .iter()
            .map(|label| (label.label.clone(), label.parts.iter().sum()))
            .collect::<Vec<(String, usize)>>()
    };
    assert_eq!(parts(&profile), [("dark".to_owned(), 8), ("light".to_owned(), 9)]);
    assert_eq!(profile.unlabelled, 7);
    // Without a file of labels it is a class like any other.
    let profile = prepare(&format!("{bare}}}"), &place(&files)).unwrap().profile;
    assert_eq!((parts(&profile).len(), profile.unlabelled), (3, 0));
}

#[test]
fn rows_of_arrays_are_called_by_their_numbers() {
    let head = |sizes: &[u32]| {
        [vec![0, 0, 8, sizes.len() as u8], sizes.iter().flat_map(|size| size.to_be_bytes()).collect()]
            .concat()
    };
    let images = [head(&[20, 1, 1]), (0..20).collect()].concat();
    let labels = [head(&[20]), (0..20).map(|i| i % 2).collect()].concat();
    let recipe = r#"{"source": {"idx": {"images": "i", "labels": "l"}}, "label_file": "labels.jsonl"}"#;
    let files: [(&str, &[u8]); 3] = [("i", &images), ("l", &labels), (FILE, b"{\"id\": 4, \"label\": 1}\n")];
    let data = prepare(recipe, &place(&files)).unwrap();
    assert_eq!(data.dataset.source.record(4).unwrap()["label"], Value::Text("1".to_owned()));
    assert_eq!(
        data.profile.labels.iter().map(|label| label.parts.iter().sum::<usize>()).collect::<Vec<_>>(),
        [9, 11]
    );
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let check = |json: &str, expect: &str| {
        let config: crate::DataConfig = serde_json::from_str(json).unwrap();
        assert_eq!(config.check().unwrap_err().to_string(), expect);
    };
    let csv = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y""#;
    check(
        &format!(r#"{csv}, "label_file": "l"}}"#),
        "`data.label_file` wants `data.ids` to name the column that tells rows apart, got none",
    );
    check(
        &format!(r#"{csv}, "ids": ["id"], "label_file": ""}}"#),
        "`data.label_file` wants a name, got an empty one",
    );
    check(
        &format!(r#"{csv}, "merge_labels": "majority"}}"#),
        "`data.merge_labels` wants `data.label_file` to have labels to merge, got none",
    );
    check(
        r#"{"source": {"function": {"expression": "a", "inputs": {"a": [0, 1]}, "rows": 9}}, "target": "y", "label_file": "l"}"#,
        "`data.label_file` wants rows that a person can label, got a `function`, which gives its own answers",
    );
}

#[test]
fn the_file_belongs_to_what_the_stage_reads() {
    let plan = plan(&recipe(""));
    let files = |labels: &str| plan.files(&disk(&table(usual), labels)).unwrap();
    assert_eq!(files(""), [Path::new("/r/a.csv")]);
    assert_eq!(files("\n"), [Path::new("/r/a.csv"), Path::new("/r/labels.jsonl")]);
    // A file of that name in another folder of data is none of this recipe's.
    let fs = disk("", "").fs;
    let elsewhere = Path::new("/other");
    fs.create_dir(elsewhere).unwrap();
    std::io::Write::write_all(&mut fs.create_new(&elsewhere.join(FILE), None).unwrap(), b"{").unwrap();
    let place = Place { fs, folders: vec![elsewhere.to_owned()], ..disk("", "") };
    assert_eq!(file::LabelFile::of(&plan, &place).unwrap().unwrap().lines, []);
}

#[test]
fn a_roll_knows_names_and_labels() {
    let csv = table(|row| if row < 3 { "" } else { usual(row) });
    let (plan, place) = (plan(&recipe("")), disk(&csv, &lines(&[("r2", "u", "a")])));
    let roll = Roll::open(&plan, &place).unwrap();
    assert_eq!((roll.len(), roll.unlabelled(), roll.judged(), roll.is_judged(2)), (40, vec![0, 1], 1, true));
    assert_eq!((roll.name(5), roll.label(5).as_deref(), roll.label(0)), (Some("r5"), Some("v"), None));
    assert_eq!(roll.labels(), [("u".to_owned(), 19), ("v".to_owned(), 19)].into());
    assert_eq!(roll.find(&[label("r7", "u"), label("r2", "u")]).unwrap(), [7, 2]);
    assert_eq!(roll.with(&[label("r0", "v")]).unwrap()[0].as_deref(), Some("v"));
    let error = roll.find(&[label("r77x", "u")]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("`labels.jsonl` wants ids of rows of the data, got `r77x`, which none has"),
        "{error}"
    );
    let bare = super::super::testing::plan(&recipe("").replace(r#""label_file": "labels.jsonl","#, ""));
    assert_eq!(
        Roll::open(&bare, &place).err().unwrap().to_string(),
        "`data.label_file` wants a file to keep labels in, got nothing; write `label_file = \"labels.jsonl\"` under `[data]`"
    );
}

#[test]
fn a_table_of_labels_has_three_columns() {
    let plan = plan(&recipe(""));
    let read = |csv: &str| read_table(&plan, "new.csv", csv.into(), &Limits::default());
    let signed = Label { annotator: Some("ann".to_owned()), ..label("r2", "NA") };
    assert_eq!(read("label,id,annotator\nu,r1,\nNA,r2,ann\n").unwrap(), [label("r1", "u"), signed]);
    let check = |csv: &str, expect: &str| assert_eq!(read(csv).unwrap_err().to_string(), expect);
    check(
        "id,lable\n1,u\n",
        "`new.csv` wants the columns `id`, `label` and, if you like, `annotator`, got `lable`; did you mean `label`?",
    );
    check("id,annotator\n1,u\n", "`new.csv` wants a column `label`, got none");
    check("id,label\n1,u\n2,\n", "`new.csv` row 2, column `label`: wants a text, got an empty cell");
    let _: DataError = read("").unwrap_err();
    let several = super::super::testing::plan(&recipe(LABELS));
    let read = read_table(&several, "new.csv", "id,label\n1,\n2,u;v\n".into(), &Limits::default());
    assert_eq!(read.unwrap(), [label("1", ""), label("2", "u;v")]); // nothing fits the first
}

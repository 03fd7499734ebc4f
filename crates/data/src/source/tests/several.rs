//! Targets of several columns, and cells that list several labels.

use baeum_core::{Decode, Kind, Role, TargetStats, Task, Value};

use crate::Prepared;
use crate::testing::{place, prepare, refusal};

const LISTED: &str = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "tags", "task": "multi_label""#;
const FLAGS: &str =
    r#"{"source": {"csv": {"path": "a.csv"}}, "target": ["toxic", "insult"], "task": "multi_label""#;
const NUMBERS: &str =
    r#"{"source": {"csv": {"path": "a.csv"}}, "target": ["price", "rent"], "task": "regress""#;

/// A table whose rows go round these cells, beside a number.
fn table(head: &str, cells: &[&str]) -> String {
    let rows = (0..40).map(|row| format!("{},{}\n", row * 7 % 40, cells[row % cells.len()]));
    format!("n,{head}\n") + &rows.collect::<String>()
}

fn prepared(recipe: &str, csv: &str) -> Prepared {
    prepare(&format!("{recipe}}}"), &place(&[("a.csv", csv.as_bytes())])).unwrap()
}

#[track_caller]
fn refused(recipe: &str, csv: &str, expect: &str) {
    assert_eq!(refusal(&format!("{recipe}}}"), &place(&[("a.csv", csv.as_bytes())])), expect);
}

/// The first targets of the source.
fn first(prepared: &Prepared, rows: usize) -> Vec<Vec<f32>> {
    let targets = prepared.dataset.source.targets(&(0..rows).collect::<Vec<_>>()).unwrap();
    let width = targets[0].shape()[1];
    targets[0].f32s().unwrap().chunks(width).map(<[f32]>::to_vec).collect()
}

#[test]
fn a_cell_lists_labels() {
    let prepared = prepared(LISTED, &table("tags", &["b; a", "", "a", " c;b"]));
    let blueprint = &prepared.blueprint;
    assert_eq!(blueprint.task, Task::MultiLabel);
    let labels = ["a", "b", "c"].map(str::to_owned).to_vec();
    let wanted = Decode::Labels { labels: labels.clone(), thresholds: vec![0.5; 3] };
    assert_eq!(blueprint.targets[0].decode, wanted);
    let target = blueprint.schema.with_role(Role::Target).next().unwrap();
    assert_eq!((&target.labels, &target.kind), (&labels, &Kind::Labels { separator: ";".to_owned() }));
    let wanted = [[1.0, 1.0, 0.0], [0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 1.0]];
    assert_eq!(first(&prepared, 4), wanted, "an empty cell says that no label fits");
    assert_eq!(prepared.dataset.source.record(0).unwrap()["tags"], Value::Text("b; a".to_owned()));
    let counted = prepared.profile.labels.iter().map(|label| label.parts.iter().sum::<usize>());
    assert_eq!(counted.collect::<Vec<usize>>(), [20, 20, 10]);
    let TargetStats::LabelSets { rows, counts } = &blueprint.stats[0] else { panic!("{blueprint:?}") };
    let train: Vec<u64> = prepared.profile.labels.iter().map(|label| label.parts[0] as u64).collect();
    assert_eq!((*rows, counts), (blueprint.splits.train.len() as u64, &train));
}

#[test]
fn missing_labels_are_waited_for() {
    let prepared = prepared(LISTED, &table("tags", &["a", "NA", "a;b", "b"]));
    assert_eq!(prepared.blueprint.splits.unlabelled, (1..40).step_by(4).collect::<Vec<_>>());
    assert!(prepared.dataset.source.targets(&[1]).is_err());
    assert!(prepared.dataset.source.batch(&[1, 5]).unwrap().targets.is_empty());
}

#[test]
fn labels_are_named_cleaned_and_separated_as_the_recipe_says() {
    let more = r#", "separator": " | ", "labels": ["x", "y"], "clean_labels": {"map": {"ex": "x"}},
                  "thresholds": {"y": 0.25}"#;
    let prepared = prepared(&format!("{LISTED}{more}"), &table("tags", &["ex | y", "1", "0 | y"]));
    let labels = ["x", "y"].map(str::to_owned).to_vec();
    assert_eq!(prepared.blueprint.targets[0].decode, Decode::Labels { labels, thresholds: vec![0.5, 0.25] });
    assert_eq!(first(&prepared, 3), [[1.0, 1.0], [0.0, 1.0], [1.0, 1.0]]);
}

#[test]
fn lists_of_labels_that_say_nothing_clear_are_refused() {
    let check = |cell: &str, expect: &str| {
        let csv = table("tags", &["a;b", "b"]).replacen("14,a;b", &format!("14,{cell}"), 1);
        refused(LISTED, &csv, &format!("`a.csv` row 3: `tags` wants {expect}"));
    };
    check("a;b;a", "each label once, got `a` again in `a;b;a`");
    check("a;;b", "a label on both sides of each `separator`, got `a;;b`");
    check("a;", "a label on both sides of each `separator`, got `a;`");
    refused(
        &format!(r#"{LISTED}, "labels": ["a", "c"]"#),
        &table("tags", &["a;b", "b"]),
        "`a.csv` row 1: `tags` wants one of `data.labels`, or its place among them counted from 0, got `b`",
    );
    refused(
        LISTED,
        &table("tags", &[""]),
        "column `tags` wants rows with a label in the training rows, got none",
    );
    refused(
        &format!(r#"{LISTED}, "thresholds": {{"aa": 0.3}}"#),
        &table("tags", &["a;b", "b"]),
        "`data.thresholds.aa` wants a label of the training rows, such as `a`, got `aa`",
    );
}

#[test]
fn a_label_that_training_does_not_know_is_refused() {
    let rows = |part: &str, tags: &str| -> String {
        (0..9).map(|row| format!("{row},{},{part}\n", if row % 2 == 0 { tags } else { "a" })).collect()
    };
    let csv = format!("n,tags,part\n{}{}{}", rows("train", "a;b"), rows("valid", "b"), rows("test", "c;a"));
    let recipe = format!(r#"{LISTED}, "split": {{"column": {{"name": "part"}}}}"#);
    refused(
        &recipe,
        &csv,
        "labels of `tags` want to stand in the training rows, got `c` 0 times there, 0 in valid and 5 in test",
    );
}

#[test]
fn columns_say_yes_or_no() {
    let cells = ["1,no", "0.0,YES", "true,1", "False,0"];
    let prepared = prepared(FLAGS, &table("toxic,insult", &cells));
    let target = prepared.blueprint.schema.with_role(Role::Target).next().unwrap();
    assert_eq!((target.name.as_str(), target.labels.len(), target.columns.len()), ("labels", 2, 2));
    assert_eq!(first(&prepared, 4), [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]);
    assert_eq!(prepared.dataset.source.record(2).unwrap()["labels"], Value::Text("toxic;insult".to_owned()));
    assert_eq!(prepared.dataset.source.record(3).unwrap()["labels"], Value::Text(String::new()));
    let unanswered = self::prepared(FLAGS, &table("toxic,insult", &["1,0", "NA,", "0,1", "1,1"]));
    assert_eq!(unanswered.blueprint.splits.unlabelled.len(), 10);
}

#[test]
fn columns_that_say_neither_are_refused_or_left_out() {
    let csv = table("toxic,insult", &["1,0", "0,1", "1,1"]).replacen("7,0,1", "7,0,maybe", 1);
    let text =
        "`a.csv` row 2, column `insult`: wants `1` or `0`, `true` or `false`, `yes` or `no`, got `maybe`";
    refused(FLAGS, &csv, text);
    let skipping = prepared(&format!(r#"{FLAGS}, "on_bad": "skip""#), &csv);
    assert_eq!(skipping.profile.rows, 39);
    let said: Vec<String> = skipping.profile.repairs.iter().map(ToString::to_string).collect();
    assert!(said.concat().contains("maybe"), "{said:?}");
    refused(
        FLAGS,
        &csv.replacen("maybe", "", 1),
        "`a.csv` row 2, column `insult`: wants an answer in each column of the target, or in none, got an empty cell",
    );
    refused(
        FLAGS,
        &table("toxic,insult", &["1,0", "0,0"]),
        "column `labels` wants rows of the class `insult` in the training rows, got none",
    );
}

#[test]
fn several_numbers_are_measured_one_by_one() {
    let cells = ["10,1.5", "30,0.5", "20,1"];
    let prepared = prepared(NUMBERS, &table("price,rent", &cells));
    let Decode::Numbers { columns, scale, offset, unit } = &prepared.blueprint.targets[0].decode else {
        panic!("{:?}", prepared.blueprint.targets)
    };
    assert_eq!((&columns[..], unit), (&["price".to_owned(), "rent".to_owned()][..], &None));
    let stats = TargetStats::Columns { mean: offset.clone(), std: scale.clone() };
    assert_eq!(prepared.blueprint.stats[0], stats);
    let train = &prepared.blueprint.splits.train;
    let mean = train.iter().map(|row| [10.0, 30.0, 20.0][row % 3]).sum::<f64>() / train.len() as f64;
    assert!((offset[0] - mean).abs() < 1e-12, "{offset:?} {mean}");
    let wanted = [(30.0 - offset[0]) / scale[0], (0.5 - offset[1]) / scale[1]].map(|x| x as f32);
    assert_eq!(first(&prepared, 2)[1], wanted);
    assert_eq!(prepared.dataset.source.record(1).unwrap()["numbers"], Value::Numbers(vec![30.0, 0.5]));
}

#[test]
fn several_numbers_are_all_there_or_none() {
    let cells = ["10,1.5", "30,0.5", ",", "20,1"];
    assert_eq!(prepared(NUMBERS, &table("price,rent", &cells)).blueprint.splits.unlabelled.len(), 10);
    refused(
        NUMBERS,
        &table("price,rent", &["10,1.5", "30,"]),
        "`a.csv` row 2, column `rent`: wants an answer in each column of the target, or in none, got an empty cell",
    );
    refused(
        NUMBERS,
        &table("price,rent", &["10,1.5", "30,much"]),
        "`a.csv` row 2, column `rent`: wants a number, got `much`",
    );
    refused(
        NUMBERS,
        &table("price,rent", &["10,1.5", "30,1.5"]),
        "column `rent` wants at least two different numbers in the training rows, got only 1.5",
    );
}

#[test]
fn every_part_has_its_share_of_every_label() {
    // One row in ten has the rare label, and never alone; rows without any are divided too.
    let cells = ["a;b", "a", "", "b;rare", "a", "b", "a;b", "", "a", ""];
    let rows: String = (0..200).map(|row| format!("{row},{}\n", cells[row % cells.len()])).collect();
    let csv = format!("n,tags\n{rows}");
    let parts = |more: &str| {
        let prepared = prepared(&format!("{LISTED}{more}"), &csv);
        let labels: Vec<[usize; 3]> = prepared.profile.labels.iter().map(|label| label.parts).collect();
        (prepared.profile.parts, labels)
    };
    let (all, labels) = parts("");
    assert_eq!(all, [140, 30, 30]);
    // `a` 100, `b` 80, `rare` 20 rows: 70 %, 15 % and 15 % of each.
    assert_eq!(labels, [[70, 15, 15], [56, 12, 12], [14, 3, 3]]);
    let (all, labels) = parts(r#", "split": {"stratified": {"valid": 0.2, "test": 0.1}}"#);
    assert_eq!((all, labels), ([140, 40, 20], vec![[70, 20, 10], [56, 16, 8], [14, 4, 2]]));
    let (all, labels) = parts(r#", "split": {"fold": {"of": 4, "fold": 1, "valid": 0.2}}"#);
    assert_eq!((all[2], labels.len()), (50, 3));
    assert!(labels.iter().all(|[train, valid, _]| (4 * valid).abs_diff(*train) <= 4), "{labels:?}");
    let seldom = csv.replacen("b;rare", "b;once", 1);
    refused(
        LISTED,
        &seldom,
        "label `once` of `tags` wants at least 3 rows, one for each part, got 1; gather more, or take \
         `data.split = \"random\"`",
    );
}

#[test]
fn a_field_that_is_one_of_several_targets_is_a_leak() {
    let csv = table("toxic,insult,copy", &["1,0,x", "0,1,y", "1,1,x"]);
    let text = refusal(&format!("{FLAGS}}}"), &place(&[("a.csv", csv.as_bytes())]));
    assert!(text.contains("`copy` says what `toxic` says"), "{text}");
    let csv = table("price,rent,double", &["10,1.5,3", "30,0.5,1", "20,1.25,2.5", "40,1.75,3.5"]);
    let text = refusal(&format!("{NUMBERS}}}"), &place(&[("a.csv", csv.as_bytes())]));
    assert!(text.contains("`double` says what `rent` says"), "{text}");
}

#[test]
fn columns_that_are_not_there_are_named() {
    refused(
        FLAGS,
        &table("toxic,insults", &["1,0", "0,1"]),
        "`data.target[1]` wants a column of `a.csv`, got `insult`; did you mean `insults`?",
    );
    refused(
        FLAGS,
        &table("toxic,insult,labels", &["1,0,x", "0,1,y"]),
        "`data.target` wants no other column called `labels`, as the answers are together, got one; give it another name",
    );
}

#[test]
fn lines_of_json_may_have_lists() {
    let line = |row: usize| {
        let tags = [r#"["a", "b"]"#, "[]", "null", r#""b""#][row % 4];
        format!("{{\"n\": {}, \"tags\": {tags}}}\n", row * 7 % 40)
    };
    let lines: String = (0..40).map(line).collect();
    let recipe = LISTED.replace("csv", "jsonl");
    let there = place(&[("a.jsonl", lines.as_bytes())]);
    let prepared = prepare(&format!("{recipe}}}"), &there).unwrap();
    assert_eq!(prepared.blueprint.splits.unlabelled.len(), 10);
    let targets = prepared.dataset.source.targets(&[0, 1, 3]).unwrap();
    assert_eq!(targets[0].f32s().unwrap(), [1.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    let check = |from: &str, to: &str, expect: &str| {
        let lines = lines.replacen(from, to, 1);
        assert_eq!(refusal(&format!("{recipe}}}"), &place(&[("a.jsonl", lines.as_bytes())])), expect);
    };
    check(
        r#"["a", "b"]"#,
        r#"["a;b"]"#,
        "`a.jsonl` row 1, column `tags`: wants labels without the `separator` in them, got `a;b`",
    );
    check(r#"["a", "b"]"#, "[1]", "`a.jsonl` row 1 wants an object of plain values, got a list inside");
    check("0,", "[\"0\"],", "`a.jsonl` row 1 wants an object of plain values, got a list inside");
}

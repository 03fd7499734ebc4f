#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod cached;

use baeum_core::{Source, Task};

use super::*;
use crate::testing::{place, plan, prepare};

const RECIPE: &str = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "ids": ["id"]}"#;

fn table() -> String {
    let row = |row: usize| {
        format!("r{row},{},{},{}\n", row * row % 17, ["red", "blue"][row / 3 % 2], ["u", "v"][row % 2])
    };
    "id,n,c,y\n".to_owned() + &(0..60).map(row).collect::<String>()
}

fn batches(dataset: &Dataset) -> Vec<baeum_core::Batch> {
    (0..dataset.source.len())
        .collect::<Vec<_>>()
        .chunks(7)
        .map(|rows| dataset.source.batch(rows).unwrap())
        .collect()
}

#[test]
fn a_blueprint_gives_the_same_dataset_again() {
    let place = place(&[("a.csv", table().as_bytes())]);
    let prepared = prepare(RECIPE, &place).unwrap();
    let text = serde_json::to_string(&prepared.blueprint).unwrap();
    let blueprint: DataBlueprint = serde_json::from_str(&text).unwrap();
    assert_eq!(blueprint, prepared.blueprint);
    let opened = open(&plan(RECIPE), &place, &blueprint).unwrap();
    assert_eq!(batches(&opened), batches(&prepared.dataset));
    assert_eq!((opened.task, opened.splits), (Task::Classify, prepared.dataset.splits));
    assert_eq!(opened.source.record(5).unwrap()["id"], baeum_core::Value::Text("r5".to_owned()));
}

#[test]
fn examples_in_memory_and_examples_made_anew_are_the_same() {
    let place = place(&[("a.csv", table().as_bytes())]);
    let (plan, prepared) = (plan(RECIPE), prepare(RECIPE, &place).unwrap());
    let raw = || scan(&plan, &place).unwrap().load(&prepared.blueprint.schema.fields).unwrap();
    let lazy = examples(&plan, &place, raw(), &prepared.blueprint, 0).unwrap();
    let lazy = dataset(&plan, lazy, &prepared.blueprint, prepared.dataset.splits.clone()).unwrap();
    assert_eq!(batches(&lazy), batches(&prepared.dataset));
    assert_eq!((lazy.source.is_at_hand(), prepared.dataset.source.is_at_hand()), (false, true));
}

#[test]
fn records_become_what_their_rows_became() {
    let prepared = prepare(RECIPE, &place(&[("a.csv", table().as_bytes())])).unwrap();
    let dataset = prepared.dataset;
    let records: Vec<baeum_core::Record> = (0..60).map(|row| dataset.source.record(row).unwrap()).collect();
    let encoder = Encoder::new(&dataset.schema, &dataset.inputs).unwrap();
    let rows: Vec<usize> = (0..60).collect();
    assert_eq!(encoder.batch(&records).unwrap().inputs, dataset.source.batch(&rows).unwrap().inputs);
}

#[test]
fn other_data_than_those_of_the_blueprint_are_noticed() {
    let blueprint = prepare(RECIPE, &place(&[("a.csv", table().as_bytes())])).unwrap().blueprint;
    let check = |csv: &str, expect: &str| {
        let error = open(&plan(RECIPE), &place(&[("a.csv", csv.as_bytes())]), &blueprint).err().unwrap();
        assert_eq!(error.to_string(), expect);
    };
    check(
        &(table() + "r60,1,red,u\n"),
        "the data have changed since they were prepared: the run wants 60 rows, got 61; prepare them again",
    );
    check(&table().replace("id,n,", "id,m,"), "`n` is missing; give it a value of kind a number");
    check(
        &table().replace(",v\n", ",w\n"),
        "`a.csv` row 2: `y` wants a label that the training rows have, got `w`",
    );
}

#[test]
fn a_row_that_is_not_there_is_an_error() {
    let dataset = prepare(RECIPE, &place(&[("a.csv", table().as_bytes())])).unwrap().dataset;
    let error = dataset.source.batch(&[3, 60]).unwrap_err();
    assert_eq!(crate::error::chain(&error), "could not read row 60: there are 60 rows");
    assert!(dataset.source.record(60).is_err());
    let empty = dataset.source.batch(&[]).unwrap();
    assert_eq!((empty.rows, empty.inputs["x"].shape()), (0, &[0, 4][..]));
}

#[test]
fn the_task_is_told_by_the_target() {
    let task = |csv: &str, more: &str| {
        let recipe = format!(r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "target": "y"{more}}}"#);
        prepare(&recipe, &place(&[("a.csv", csv.as_bytes())])).unwrap().blueprint.task
    };
    let numbers: String = (0..30).map(|row| format!("{row},{}\n", row % 3)).collect();
    let words = numbers.replace(",0\n", ",a\n");
    assert_eq!(task(&format!("x,y\n{numbers}"), ""), Task::Regress);
    assert_eq!(task(&format!("x,y\n{numbers}"), r#", "task": "classify""#), Task::Classify);
    assert_eq!(task(&format!("x,y\n{words}"), ""), Task::Classify);
}

#[test]
fn a_profile_describes_the_training_rows() {
    let rows: String = (0..40)
        .map(|row| format!("{row},5,{},{}\n", 1_700_000_000 + row % 7, if row % 4 == 0 { "" } else { "a" }))
        .collect();
    let csv = format!("seq,same,time,c,y\n{}", rows.replace('\n', ",1.5\n").replacen("1.5", "2.5", 20));
    let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "split": {"random": {"valid": 0, "test": 0.1}}}"#;
    let profile = prepare(recipe, &place(&[("a.csv", csv.as_bytes())])).unwrap().profile;
    assert_eq!((profile.rows, profile.parts), (40, [36, 0, 4]));
    let said: Vec<String> = profile.warnings.iter().map(ToString::to_string).collect();
    let expect = [
        "`seq` looks like an id; put it under `data.ids`",
        "`same` is the same in every training row",
        "`time` has numbers so close together that 32 bits hardly tell them apart",
    ];
    assert_eq!(said, expect);
    let category = &profile.fields[3];
    assert_eq!((category.distinct, category.top.len()), (Some(1), 1));
    assert!(category.missing > 0 && category.missing + category.top[0].1 == 36);
    let text = serde_json::to_string(&profile).unwrap();
    assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile);
}

/// A table that finds no room in memory lies on the disk, and so do its numbers.
#[test]
fn examples_on_the_disk_are_the_same() {
    let row =
        |row: usize| format!("{},{},{}\n", row as f64 / 8.0, (row * 7919 % 60_000) as f64 / 4.0, row % 3);
    let csv = "a,b,y\n".to_owned() + &(0..90_000).map(row).collect::<String>();
    let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "task": "classify"}"#;
    let (plan, place) = (plan(recipe), place(&[("a.csv", csv.as_bytes())]));
    let prepared = crate::prepare(&plan, &place).unwrap();
    let raw = || scan(&plan, &place).unwrap().load(&prepared.blueprint.schema.fields).unwrap();
    assert!(raw().beyond().is_some());
    let on_disk = examples(&plan, &place, raw(), &prepared.blueprint, 0).unwrap();
    assert!(prepared.dataset.source.is_at_hand() && !on_disk.is_at_hand());
    for rows in [vec![0, 89_999, 45_000], (2_000..2_100).collect(), vec![7; 3]] {
        assert_eq!(on_disk.batch(&rows).unwrap(), prepared.dataset.source.batch(&rows).unwrap());
        for &row in &rows {
            let record = on_disk.record(row).unwrap();
            assert_eq!(record["a"], baeum_core::Value::Number(row as f64 / 8.0));
        }
    }
}

/// Nor do they change in which order numbers are added, by making a column one of many different values.
#[test]
fn no_number_of_test_rows_changes_how_those_of_train_are_added() {
    let recipe =
        r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "split": {"column": {"name": "part"}}}"#;
    let fitted = |held_out: &dyn Fn(usize) -> usize| {
        let row = |row: usize| match row % 2 {
            0 => format!("{}.1,{},train\n", row * 37 % 101, row % 17),
            _ => format!("{}.7,1,test\n", held_out(row)),
        };
        let csv = "n,y,part\n".to_owned() + &(0..12_000).map(row).collect::<String>();
        let prepared = prepare(recipe, &place(&[("a.csv", csv.as_bytes())])).unwrap();
        (prepared.blueprint.schema, prepared.blueprint.inputs, prepared.profile.fields[0].mean_std)
    };
    assert_eq!(fitted(&|row| row), fitted(&|_| 5));
}

/// Whatever valid and test say: what is learned from train stays the same bit for bit (reliability.md D2).
#[test]
fn no_value_of_a_test_row_changes_what_is_fitted() {
    let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "task": "classify", "ids": ["id"],
        "split": {"column": {"name": "part"}}, "audit": {"allow": ["rows"]}, "fields": {
        "n": {"steps": ["impute", "quantile"]}, "m": {"steps": [{"clip": {"quantiles": [0.1, 0.9]}}, "robust"]},
        "b": {"steps": [{"bins": {"count": 4}}, "one_hot"]}, "c": {"steps": ["category", "one_hot"]}}}"#;
    let texts = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "task": "classify",
        "split": {"column": {"name": "part"}}, "ignore": ["id", "n", "m", "b"], "audit": {"allow": ["texts"]},
        "fields": {"c": {"steps": [{"tokenise": {"by": "word", "length": 3}}]}}}"#;
    let table = |held_out: &dyn Fn(usize) -> String| {
        let mut csv = "id,n,m,b,c,y,part\n".to_owned();
        for row in 0..40 {
            let part = ["train", "train", "valid", "test"][row % 4];
            let cells = match part {
                "train" => format!("{},{},{},name {}", row * 7 % 13, row * 5 % 11, row, row % 5),
                _ => held_out(row),
            };
            csv += &format!("r{row},{cells},{},{part}\n", row / 4 % 2);
        }
        csv
    };
    let fitted = |recipe: &str, held_out: &dyn Fn(usize) -> String| {
        let blueprint = prepare(recipe, &place(&[("a.csv", table(held_out).as_bytes())])).unwrap().blueprint;
        (blueprint.schema, blueprint.inputs, blueprint.targets, blueprint.stats)
    };
    for recipe in [recipe, texts] {
        let first = fitted(recipe, &|row| format!("{row},1,2,name 1"));
        for other in ["1e30,-1e30,0.5,another", ",7,7,name 0", "-5,0,1e9,이름"] {
            assert_eq!(fitted(recipe, &|_| other.to_owned()), first, "{other}");
        }
    }
}

/// Nobody looks at a hundred thousand histograms; the target is always described at length.
#[test]
fn of_very_many_fields_the_first_are_described_at_length() {
    let line = |value: &dyn Fn(usize) -> String| (0..1_200).map(value).collect::<Vec<_>>().join(",");
    let row = |row: usize| {
        format!("{},{}\n", line(&|column| (row * (column + 3) % 23).to_string()), row * row % 19)
    };
    let csv = format!("{},y\n", line(&|column| format!("p{column}"))) + &(0..60).map(row).collect::<String>();
    let recipe =
        r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "audit": {"allow": ["rows", "target"]}}"#;
    let profile = prepare(recipe, &place(&[("a.csv", csv.as_bytes())])).unwrap().profile;
    let has = |field: usize| profile.fields[field].histogram.is_some();
    assert_eq!([0, 999, 1_000, 1_199, 1_200].map(has), [true, true, false, false, true]);
    assert!(profile.fields[1_100].range.is_some() && profile.fields[1_100].quartiles.is_none());
    let said: Vec<String> = profile.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said.iter().find(|said| said.contains("described")).unwrap(),
        "the first 1000 fields are described at length, and 200 more without histograms, quartiles, names and examples"
    );
}

/// What lies between 0 and 1 in twenty rows is no id, though both ends are whole.
#[test]
fn an_id_has_room_for_its_numbers() {
    let check = |value: &dyn Fn(usize) -> String, expect: bool| {
        let row = |row: usize| format!("{},{}\n", value(row), ["u", "v"][row * row % 7 % 2]);
        let csv = "n,y\n".to_owned() + &(0..40).map(row).collect::<String>();
        let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "split": {"random": {"valid": 0, "test": 0.02}}}"#;
        let profile = prepare(recipe, &place(&[("a.csv", csv.as_bytes())])).unwrap().profile;
        let is_id = profile.warnings.iter().any(|warning| matches!(warning, Warning::LooksLikeId { .. }));
        assert_eq!(is_id, expect);
    };
    check(&|row| (100 + row).to_string(), true);
    check(&|row| (row as f64 / 39.0).to_string(), false);
    check(&|row| (row * 3).to_string(), false);
}

/// A column of few numbers and one word is no column of numbers: a person is told which word it is.
#[test]
fn names_that_are_nearly_numbers_are_told() {
    let odd = |cell: &dyn Fn(usize) -> String| {
        let row = |row: usize| format!("{},{}\n", cell(row), ["u", "v"][row * row % 7 % 2]);
        let csv = "n,y\n".to_owned() + &(0..60).map(row).collect::<String>();
        let recipe =
            r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "audit": {"allow": ["target"]}}"#;
        let profile = prepare(recipe, &place(&[("a.csv", csv.as_bytes())])).unwrap().profile;
        profile.warnings.iter().map(ToString::to_string).find(|said| said.contains("no number"))
    };
    let few = |row: usize| if row.is_multiple_of(23) { "none".to_owned() } else { (row % 9).to_string() };
    assert_eq!(
        odd(&few).as_deref(),
        Some(
            "`n` is read as names, for `none` is no number, as nearly all others are; put what stands for nothing under \
             `data.missing`"
        )
    );
    assert_eq!(odd(&|row| ["1", "2", "x", "y"][row % 4].to_owned()), None);
}

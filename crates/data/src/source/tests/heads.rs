use baeum_core::{Decode, TargetStats, Task, Value};

use super::*;

/// Sixty rows of two inputs, a number, and two classes; the last rows of `more` follow.
fn table(more: &str) -> Vec<u8> {
    let row = |row: usize| {
        let (kind, ripe) = (["elm", "oak", "ash"][row / 2 % 3], ["no", "yes"][row % 2]);
        format!("{}.5,{row},{},{kind},{ripe}\n", row * 7 % 60, row * 13 % 11)
    };
    ("height,a,b,kind,ripe\n".to_owned() + &(0..60).map(row).collect::<String>() + more).into_bytes()
}

const RECIPE: &str = r#"{"source": {"csv": {"path": "a.csv"}}, "split": {"stratified": {"valid": 0.2, "test": 0.2}},
    "targets": [{"column": "kind"}, {"column": "height", "unit": "m"}, {"column": "ripe"}]}"#;

#[test]
fn each_target_is_told_by_itself_in_the_order_of_the_recipe() {
    let data = prepare(RECIPE, &place(&[("a.csv", &table(""))])).unwrap();
    let told = &data.blueprint.targets;
    let names: Vec<&str> = told.iter().map(|target| target.field.as_str()).collect();
    assert_eq!(names, ["kind", "height", "ripe"], "though the number stands first in the table");
    assert!(matches!(&told[0].decode, Decode::Label { labels } if labels == &["ash", "elm", "oak"]));
    assert!(matches!(&told[1].decode, Decode::Number { unit: Some(unit), .. } if unit == "m"));
    assert_eq!((data.dataset.task, told[2].decode.task()), (Task::Classify, Task::Classify));
    assert!(matches!(data.blueprint.stats[1], TargetStats::Numbers { .. }));
    let batch = data.dataset.source.batch(&[0, 3]).unwrap();
    assert_eq!(batch.inputs["x"].shape(), [2, 2]);
    assert_eq!(batch.targets[0].i64s().unwrap(), [1, 2]);
    assert_eq!((batch.targets[1].shape(), batch.targets[2].i64s().unwrap()), (&[2, 1][..], &[0, 1][..]));
    let labels: Vec<&str> = data.profile.labels.iter().map(|label| label.label.as_str()).collect();
    assert_eq!(labels, ["kind: ash", "kind: elm", "kind: oak", "ripe: no", "ripe: yes"]);
    let again = crate::open(&plan(RECIPE), &place(&[("a.csv", &table(""))]), &data.blueprint).unwrap();
    assert_eq!(again.source.batch(&[0, 3]).unwrap(), batch);
}

#[test]
fn a_row_has_all_of_them_or_none() {
    let without = prepare(RECIPE, &place(&[("a.csv", &table(",1,2,,\n,3,4,,\n"))])).unwrap();
    assert_eq!(without.blueprint.splits.unlabelled, [60, 61]);
    let some = table("1.5,1,2,,no\n");
    let expect = "`a.csv` row 61, column `kind`: wants an answer in each column of the target, or in none, got an empty cell";
    assert_eq!(refusal(RECIPE, &place(&[("a.csv", &some)])), expect);
    let skipped = RECIPE.replacen('{', r#"{"on_bad": "skip", "#, 1);
    assert_eq!(prepare(&skipped, &place(&[("a.csv", &some)])).unwrap().dataset.source.len(), 60);
}

#[test]
fn a_field_that_gives_any_of_them_away_is_refused() {
    let twice = |row: &str| row.replace(",no\n", ",no,0\n").replace(",yes\n", ",yes,1\n");
    let copied = twice(&String::from_utf8(table("")).unwrap()).replacen("ripe\n", "ripe,soft\n", 1);
    let got = refusal(RECIPE, &place(&[("a.csv", copied.as_bytes())]));
    assert!(got.contains("`soft`") && got.contains("`ripe`"), "{got}");
}

#[test]
fn a_target_that_is_no_column_is_named_where_the_recipe_says_it() {
    let slip = RECIPE.replace("\"height\"", "\"hight\"");
    let expect = "`data.targets[1].column` wants a column of `a.csv`, got `hight`; did you mean `height`?";
    assert_eq!(refusal(&slip, &place(&[("a.csv", &table(""))])), expect);
}

#[test]
fn each_quantile_is_told_by_the_same_number() {
    let recipe = RECIPE.replace(r#""unit": "m""#, r#""unit": "m", "quantiles": [0.1, 0.5, 0.9]"#);
    let data = prepare(&recipe, &place(&[("a.csv", &table(""))])).unwrap();
    let Decode::Quantiles { levels, scale, offset, unit } = &data.blueprint.targets[1].decode else {
        panic!()
    };
    assert_eq!((&levels[..], unit.as_deref()), (&[0.1, 0.5, 0.9][..], Some("m")));
    let TargetStats::Quantiles { values } = &data.blueprint.stats[1] else {
        panic!("{:?}", data.blueprint.stats)
    };
    assert!(values.len() == 3 && values[0] < values[1] && values[1] < values[2], "{values:?}");
    let batch = data.dataset.source.batch(&[0, 3]).unwrap();
    assert_eq!(batch.targets[1].shape(), [2, 3]);
    let told = [0.5, 21.5].map(|height| ((height - offset) / scale) as f32);
    assert_eq!(batch.targets[1].f32s().unwrap(), [[told[0]; 3], [told[1]; 3]].as_flattened());
    let classes = recipe.replace(r#"{"column": "ripe"}"#, r#"{"column": "ripe", "quantiles": [0.5]}"#);
    let got = refusal(&classes, &place(&[("a.csv", &table(""))]));
    assert_eq!(got, "`data.targets[2].quantiles` wants a number to be learned, got `ripe`, a name");
}

#[test]
fn a_head_may_have_several_labels_of_each_row() {
    let traits = ["tall|green", "", "green"];
    let row =
        |row: usize| format!("{},{},{},{}\n", row % 7, row % 5, ["elm", "oak"][row % 2], traits[row % 3]);
    let table = "a,b,kind,traits\n".to_owned() + &(0..60).map(row).collect::<String>();
    let head =
        r#"{"column": "traits", "task": "multi_label", "separator": "|", "thresholds": {"tall": 0.25}}"#;
    let recipe = |targets: &str| {
        format!(
            r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "split": {{"stratified": {{"valid": 0.2, "test": 0.2}}}}, "targets": [{targets}]}}"#
        )
    };
    let kind = r#"{"column": "kind"}"#;
    let data = prepare(&recipe(&format!("{kind}, {head}")), &place(&[("a.csv", table.as_bytes())])).unwrap();
    let Decode::Labels { labels, thresholds } = &data.blueprint.targets[1].decode else { panic!() };
    assert_eq!((labels.join(" "), &thresholds[..]), ("green tall".to_owned(), &[0.5, 0.25][..]));
    let batch = data.dataset.source.batch(&[0, 1, 2]).unwrap();
    assert_eq!(
        batch.targets[1].f32s().unwrap(),
        [1.0, 1.0, 0.0, 0.0, 1.0, 0.0],
        "an empty cell fits nothing"
    );
    assert_eq!(data.blueprint.splits.unlabelled, Vec::<usize>::new());
    // Rows are divided by the first, whatever it is.
    let first = prepare(&recipe(&format!("{head}, {kind}")), &place(&[("a.csv", table.as_bytes())])).unwrap();
    assert_eq!(
        (first.dataset.task, first.blueprint.targets[1].decode.task()),
        (Task::MultiLabel, Task::Classify)
    );
    let tall = |rows: &[usize]| rows.iter().filter(|row| **row % 3 == 0).count();
    let splits = &first.dataset.splits;
    assert_eq!([tall(splits.train.rows()), tall(splits.valid.rows()), tall(splits.test.rows())], [12, 4, 4]);
    let lines = |row: usize| {
        format!(
            "{{\"a\": {}, \"kind\": \"{}\", \"traits\": [{}]}}\n",
            row % 7,
            ["elm", "oak"][row % 2],
            ["\"tall\", \"green\"", "", "\"green\""][row % 3]
        )
    };
    let lines = (0..60).map(lines).collect::<String>();
    let jsonl = recipe(&format!("{kind}, {head}")).replace("csv", "jsonl");
    let same = prepare(&jsonl, &place(&[("a.jsonl", lines.as_bytes())])).unwrap();
    assert_eq!(same.dataset.source.batch(&[0, 1, 2]).unwrap().targets[1], batch.targets[1]);
    let strange = recipe(&format!("{kind}, {}", head.replace("\"tall\"", "\"tal\"")));
    let expect =
        "`data.targets[1].thresholds.tal` wants a label of the training rows, such as `tall`, got `tal`";
    assert_eq!(refusal(&strange, &place(&[("a.csv", table.as_bytes())])), expect);
}

/// Columns that say yes or no beside a class and two numbers; they stand apart in the table.
fn flagged() -> String {
    let yes = |fits: bool| if fits { "yes" } else { "no" };
    let row = |row: usize| {
        let (kind, [red, green]) = (["elm", "oak"][row % 2], [row.is_multiple_of(3), row % 4 == 1].map(yes));
        format!("{green},{},{kind},{}.5,{red},{}\n", row % 7, row % 11, row % 13)
    };
    "green,a,kind,x,red,y\n".to_owned() + &(0..60).map(row).collect::<String>()
}

const FLAGGED: &str = r#"{"source": {"csv": {"path": "a.csv"}}, "split": {"stratified": {"valid": 0.2, "test": 0.2}}, "targets": [
    {"column": "kind"}, {"name": "tags", "columns": ["red", "green"], "task": "multi_label", "thresholds": {"green": 0.25}},
    {"name": "place", "columns": ["x", "y"], "task": "regress", "unit": "m"}]}"#;

#[test]
fn several_columns_are_one_head() {
    let files = flagged();
    let place = || place(&[("a.csv", files.as_bytes())]);
    let data = prepare(FLAGGED, &place()).unwrap();
    let told = &data.blueprint.targets;
    let names: Vec<&str> = told.iter().map(|target| target.field.as_str()).collect();
    assert_eq!(names, ["kind", "tags", "place"]);
    let labels = ["red", "green"].map(str::to_owned).to_vec();
    assert_eq!(told[1].decode, Decode::Labels { labels, thresholds: vec![0.5, 0.25] });
    let Decode::Numbers { columns, scale, offset, unit } = &told[2].decode else { panic!("{told:?}") };
    assert_eq!((&columns.join(" ")[..], unit.as_deref()), ("x y", Some("m")));
    let batch = data.dataset.source.batch(&[0, 1]).unwrap();
    assert_eq!(batch.inputs["x"].shape(), [2, 1], "no column of a target is seen");
    assert_eq!(batch.targets[0].i64s().unwrap(), [0, 1]);
    assert_eq!(batch.targets[1].f32s().unwrap(), [1.0, 0.0, 0.0, 1.0], "red first, as the recipe says");
    let of = |place: usize, number: f64| ((number - offset[place]) / scale[place]) as f32;
    assert_eq!(batch.targets[2].f32s().unwrap(), [of(0, 0.5), of(1, 0.0), of(0, 1.5), of(1, 1.0)]);
    assert_eq!(data.dataset.source.record(0).unwrap()["tags"], Value::Text("red".to_owned()));
    let again = crate::open(&plan(FLAGGED), &place(), &data.blueprint).unwrap();
    assert_eq!(again.source.batch(&[0, 1]).unwrap(), batch);
    let labels: Vec<&str> = data.profile.labels.iter().map(|label| label.label.as_str()).collect();
    assert_eq!(labels, ["kind: elm", "kind: oak", "tags: red", "tags: green"]);
    // Rows are divided by the first head: by its labels, or else by lot.
    let first = FLAGGED.replacen(r#"{"column": "kind"}, "#, "", 1).replacen(
        "m\"}",
        "m\"}, {\"column\": \"kind\"}",
        1,
    );
    let first = prepare(&first, &place()).unwrap();
    let red = |rows: &[usize]| rows.iter().filter(|row| **row % 3 == 0).count();
    let splits = &first.dataset.splits;
    assert_eq!([red(splits.train.rows()), red(splits.valid.rows()), red(splits.test.rows())], [12, 4, 4]);
}

#[test]
fn several_columns_of_a_head_that_say_nothing_clear_are_refused() {
    let check = |from: &str, to: &str, expect: &str| {
        let table = flagged().replacen(from, to, 1);
        assert_ne!(table, flagged());
        assert_eq!(refusal(FLAGGED, &place(&[("a.csv", table.as_bytes())])), expect);
    };
    let flag =
        "`a.csv` row 1, column `green`: wants `1` or `0`, `true` or `false`, `yes` or `no`, got `perhaps`";
    check("no,0,elm", "perhaps,0,elm", flag);
    let some = "`a.csv` row 1, column `green`: wants an answer in each column of the target, or in none, got an empty cell";
    check("no,0,elm", ",0,elm", some);
    let own = "`data.targets[1].name` wants no other column called `tags`, as the answers are together, got one; give it another name";
    check("green,a,kind", "green,tags,kind", own);
    let skipped = FLAGGED.replacen('{', r#"{"on_bad": "skip", "#, 1);
    let table = flagged().replacen("no,0,elm", "perhaps,0,elm", 1);
    assert_eq!(prepare(&skipped, &place(&[("a.csv", table.as_bytes())])).unwrap().dataset.source.len(), 59);
    let copied =
        flagged().replace(",elm,", ",0,elm,").replace(",oak,", ",1,oak,").replacen("kind", "soft,kind", 1);
    assert!(refusal(FLAGGED, &place(&[("a.csv", copied.as_bytes())])).contains("`soft`"));
}

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use baeum_core::{DType, Decode, Distribution, Kind, TargetStats, Transform};

use crate::testing::{place, prepare, refusal};
use crate::{DataBlueprint, Place};

const COLUMN: &str = r#""split": {"column": {"name": "part"}}"#;

fn recipe(target: &str, more: &str) -> String {
    format!(r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "target": "{target}", {COLUMN}{more}}}"#)
}

fn disk(csv: &str) -> Place {
    place(&[("a.csv", csv.as_bytes())])
}

fn fitted(target: &str, more: &str, csv: &str) -> DataBlueprint {
    prepare(&recipe(target, more), &disk(csv)).unwrap().blueprint
}

fn steps(blueprint: &DataBlueprint, field: &str) -> Vec<Transform> {
    blueprint.inputs[0].columns.iter().find(|pipeline| pipeline.field == field).unwrap().steps.clone()
}

const MIXED: &str =
    "n,m,c,y,part\n1,4,red,u,train\n2,,blue,v,train\n3,8,red,u,train\n9,9,green,v,valid\n7,,red,u,test\n";

#[test]
fn fields_have_usual_steps() {
    let blueprint = fitted("y", "", MIXED);
    let third = (2.0f64 / 3.0).sqrt();
    assert_eq!(steps(&blueprint, "n"), [Transform::Standardise { centre: vec![2.0], spread: vec![third] }]);
    let impute = Transform::Impute { value: vec![6.0] };
    // The mean fills the gap, so the deviation counts three numbers: 4, 6, 8.
    assert_eq!(
        steps(&blueprint, "m"),
        [impute, Transform::Standardise { centre: vec![6.0], spread: vec![(8.0f64 / 3.0).sqrt()] }]
    );
    let labels = vec!["blue".to_owned(), "red".to_owned()];
    assert_eq!(
        steps(&blueprint, "c"),
        [Transform::Category { labels: labels.clone() }, Transform::OneHot { size: 3 }]
    );
    assert_eq!((blueprint.inputs[0].name.as_str(), &blueprint.inputs[0].shape[..]), ("x", &[5][..]));
    assert_eq!(blueprint.schema.field("c").unwrap().labels, labels);
    assert_eq!(blueprint.schema.field("n").unwrap().range, Some((1.0, 3.0)));
    assert_eq!(blueprint.targets[0].decode, Decode::Label { labels: vec!["u".to_owned(), "v".to_owned()] });
    assert_eq!(blueprint.stats, [TargetStats::Labels { counts: vec![2, 1] }]);
}

#[test]
fn rows_become_numbers() {
    let data = prepare(&recipe("y", ""), &disk(MIXED)).unwrap().dataset;
    let batch = data.source.batch(&[4, 3, 0]).unwrap();
    let third = (2.0f32 / 3.0).sqrt();
    let spread = (8.0f32 / 3.0).sqrt();
    #[rustfmt::skip]
    let expect = [
        5.0 / third, 0.0, 0.0, 0.0, 1.0,            // a missing number is the mean, `red` the second name
        7.0 / third, 3.0 / spread, 1.0, 0.0, 0.0,   // training did not see `green`
        -1.0 / third, -2.0 / spread, 0.0, 0.0, 1.0,
    ];
    let found = batch.inputs["x"].f32s().unwrap();
    assert!(found.iter().zip(expect).all(|(found, expect)| (found - expect).abs() < 1e-6), "{found:?}"); // some steps of f32
    assert_eq!(batch.targets[0].i64s().unwrap(), [0, 1, 0]);
}

/// reliability.md D2: whatever stands in valid and test, what is fitted stays as it is, bit for bit.
#[test]
fn no_row_but_those_of_train_is_fitted() {
    let more =
        r#", "fields": {"m": {"steps": [{"impute": {"with": "median"}}, {"standardise": {"per": "all"}}]}}"#;
    let before = fitted("y", more, MIXED);
    for change in [("9,9,green,v,valid", "-1e6,5e5,red,u,valid"), ("7,,red,u,test", "123,4,purple,v,test")] {
        let after = fitted("y", more, &MIXED.replace(change.0, change.1));
        assert_eq!(
            serde_json::to_string(&after).unwrap(),
            serde_json::to_string(&before).unwrap(),
            "{change:?}"
        );
    }
    assert_ne!(fitted("y", more, &MIXED.replace("3,8,red,u,train", "3,9,red,u,train")), before);
}

#[test]
fn a_number_to_be_learned_is_standardised() {
    let csv = "x,y,part\n1,10,train\n2,30,train\n3,20,train\n4,99,valid\n5,50,test\n";
    let data = prepare(&recipe("y", r#", "unit": "m""#), &disk(csv)).unwrap();
    let std = (200.0f64 / 3.0).sqrt();
    let decode = Decode::Number { scale: std, offset: 20.0, unit: Some("m".to_owned()) };
    assert_eq!(data.blueprint.targets[0].decode, decode);
    assert_eq!(data.blueprint.stats, [TargetStats::Numbers { mean: 20.0, std }]);
    let batch = data.dataset.source.batch(&[4, 0]).unwrap();
    assert_eq!(batch.targets[0].shape(), [2, 1]);
    assert_eq!(batch.targets[0].f32s().unwrap(), [(30.0 / std) as f32, (-10.0 / std) as f32]);
}

#[test]
fn columns_that_belong_together_are_one_field() {
    let csv = "p1,y,p2,p3,p4,part\n0,0,4,8,16,train\n16,1,4,0,8,train\n1,10,2,3,4,test\n0,10,0,0,0,train\n";
    let more = r#", "task": "classify", "vectors": {"pixels": "p*"},
        "shape": [1, 2, 2],
        "fields": {"pixels": {"steps": [{"scale": {"factor": 0.0625}}]}}"#;
    let data = prepare(&recipe("y", more), &disk(csv)).unwrap();
    let field = data.blueprint.schema.field("pixels").unwrap();
    assert_eq!((&field.kind, field.columns.join(" ")), (&Kind::Numbers { len: 4 }, "p1 p2 p3 p4".to_owned()));
    let batch = data.dataset.source.batch(&[0]).unwrap();
    assert_eq!(batch.inputs["x"].shape(), [1, 1, 2, 2]);
    assert_eq!(batch.inputs["x"].f32s().unwrap(), [0.0, 0.25, 0.5, 1.0]);
    // Classes written as numbers stand in the order of numbers.
    let labels = ["0", "1", "10"].map(str::to_owned).to_vec();
    assert_eq!(data.blueprint.targets[0].decode, Decode::Label { labels });
}

#[test]
fn means_are_shared_as_said() {
    let csv = "p1,p2,p3,p4,y,part\n0,2,10,30,1,train\n4,6,10,50,2,train\n0,0,0,0,3,test\n";
    let mean = |step: &str, shape: &str| {
        let more = format!(
            r#", "vectors": {{"p": "p*"}}, "fields": {{"p": {{"steps": [{step}]}}}}, "shape": {shape}"#
        );
        let step = steps(&fitted("y", &more, csv), "p").remove(0);
        let Transform::Standardise { centre, spread } = step else { panic!("{step:?}") };
        (centre, spread)
    };
    let per = |per: &str| format!(r#"{{"standardise": {{"per": "{per}"}}}}"#);
    assert_eq!(mean(&per("feature"), "[4]"), (vec![2.0, 4.0, 10.0, 40.0], vec![2.0, 2.0, 1.0, 10.0]));
    assert_eq!(mean(&per("channel"), "[2, 1, 2]"), (vec![3.0, 25.0], vec![5.0f64.sqrt(), 275.0f64.sqrt()]));
    assert_eq!(mean(&per("all"), "[4]").0, [14.0]);
    let unsaid = |shape: &str| mean(r#""standardise""#, shape);
    assert_eq!(unsaid("[4]"), mean(&per("feature"), "[4]"));
    assert_eq!(unsaid("[2, 1, 2]"), mean(&per("channel"), "[2, 1, 2]"), "laid out as an image");
    let more =
        r#", "vectors": {"p": "p*"}, "fields": {"p": {"steps": [{"standardise": {"per": "channel"}}]}}"#;
    let expect = "`data.fields.p.steps[0].standardise.per` wants numbers laid out as [channels, rows, columns] for `channel`, got \
                  [4]; say `data.shape`, or the `shape` of its input";
    assert_eq!(refusal(&recipe("y", more), &disk(csv)), expect);
}

#[test]
fn places_of_names_alone_are_ids() {
    let csv = "c,y,part\nred,1,train\nblue,2,train\ngreen,3,test\n";
    let data = prepare(&recipe("y", r#", "fields": {"c": {"steps": ["category"]}}"#), &disk(csv)).unwrap();
    assert_eq!((data.blueprint.inputs[0].dtype, &data.blueprint.inputs[0].shape[..]), (DType::I64, &[1][..]));
    assert_eq!(data.dataset.source.batch(&[0, 1, 2]).unwrap().inputs["x"].i64s().unwrap(), [2, 1, 0]);
}

#[test]
fn recipes_and_data_that_do_not_fit_are_refused() {
    let csv = "n,c,w,y,part\n1,a,,1,train\n2,b,,2,train\n3,a,,3,test\n,a,,4,test\n";
    let check = |more: &str, expect: &str| assert_eq!(refusal(&recipe("y", more), &disk(csv)), expect);
    let rest = r#", "ignore": ["w"]"#;
    check("", "column `w` wants a value in the training rows, got none; put it under `data.ignore`");
    check(rest, "`a.csv` row 4: `n` wants a number, got nothing; put `impute` among its steps");
    check(
        &format!(r#"{rest}, "fields": {{"c": {{"steps": ["standardise"]}}}}"#),
        "`data.fields.c.steps[0]` wants numbers, got a name",
    );
    check(
        &format!(r#"{rest}, "fields": {{"c": {{"kind": "text"}}}}"#),
        "`data.fields.c.steps` wants `tokenise` as the last step, got words",
    );
    check(
        &format!(r#"{rest}, "fields": {{"c": {{"kind": "number"}}}}"#),
        "`a.csv` row 1, column `c`: wants a number, got `a`",
    );
    check(
        r#", "ignore": ["w", "n"], "shape": [2, 2]"#,
        "`data.shape` wants sizes that multiply to 3, the numbers of one example, got [2, 2]",
    );
    check(
        r#", "ignore": ["w", "n", "c"]"#,
        "`data.source` wants at least one field that the network may see, got none",
    );
    check(
        &format!(r#"{rest}, "labels": ["a", "b"]"#),
        r#"`data.labels` wants classes to name, as `data.task = "classify"` makes of numbers, got a number to be learned"#,
    );
}

#[test]
fn the_places_of_a_text_are_counted() {
    let csv = "w,y,part\na b,1,train\nc a,2,train\nd,3,test\n";
    let steps = r#", "fields": {"w": {"steps": [{"tokenise": {"by": "word", "length": 2}}]}}"#;
    let fitted = fitted("y", steps, csv);
    let step = fitted.inputs[0].columns[0].steps.last().unwrap();
    assert_eq!(step.places(), Some(5), "padding, what training did not know, and three words");
}

#[test]
fn words_want_to_be_said() {
    let rows: String = (0..30).map(|row| format!("word {row},{row},train\n")).collect();
    let csv = format!("w,y,part\n{rows}x,3,test\n");
    let expect = "column `w` reads like text, 30 different cells in 30 training rows; put it under `data.ignore` or `data.ids`, \
                  say `data.fields.w.kind = \"category\"`, or cut it into pieces by `data.fields.w.steps = [{ tokenise = \
                  { by = \"word\", length = 32 } }]`";
    assert_eq!(refusal(&recipe("y", ""), &disk(&csv)), expect);
    let said = r#", "fields": {"w": {"kind": "category"}}"#;
    assert_eq!(fitted("y", said, &csv).inputs[0].shape, [31]);
}

#[test]
fn a_target_must_be_worth_learning() {
    let check =
        |csv: &str, more: &str, expect: &str| assert_eq!(refusal(&recipe("y", more), &disk(csv)), expect);
    check(
        "x,y,part\n1,a,train\n2,a,train\n3,b,test\n",
        "",
        "column `y` wants at least 2 labels in the training rows, got 1: `a`",
    );
    check(
        "x,y,part\n1,3,train\n2,3,train\n3,4,test\n",
        "",
        "column `y` wants at least two different numbers in the training rows, got only 3",
    );
    let none = "column `y` wants labels or numbers in the training rows, got none; `baeum label` adds some";
    check("x,y,part\n1,,train\n2,,train\n3,,test\n", "", none);
    check(
        "x,y,part\n1,1,train\n2,2,train\n3,x,test\n",
        r#", "task": "regress""#,
        "`a.csv` row 3, column `y`: wants a number, got `x`",
    );
    let labels = r#", "task": "classify", "labels": ["zero", "one", "two"]"#;
    check(
        "x,y,part\n1,0,train\n2,1,train\n3,1,test\n",
        labels,
        "column `y` wants rows of the class `two` in the training rows, got none",
    );
    check(
        "x,y,part\n1,0,train\n2,7,train\n3,1,test\n",
        labels,
        "`a.csv` row 2: `y` wants one of `data.labels`, or its place among them counted from 0, got `7`",
    );
    let place = Place {
        limits: baeum_core::Limits { label_classes: 2, ..Default::default() },
        ..disk("x,y,part\n1,a,train\n2,b,train\n3,b,test\n")
    };
    assert!(prepare(&recipe("y", ""), &place).is_ok());
    let place =
        Place { limits: place.limits, ..disk("x,y,part\n1,a,train\n2,b,train\n3,c,train\n4,c,test\n") };
    let expect = "column `y` wants at most 2 classes, got 3; `run.limits.label_classes` raises the limit";
    assert_eq!(refusal(&recipe("y", ""), &place), expect);
}

#[test]
fn classes_get_the_names_of_the_recipe_in_its_order() {
    let csv = "x,y,part\n1,1,train\n2,0,train\n3,one,test\n";
    let data =
        prepare(&recipe("y", r#", "task": "classify", "labels": ["zero", "one"]"#), &disk(csv)).unwrap();
    assert_eq!(data.dataset.source.batch(&[0, 1, 2]).unwrap().targets[0].i64s().unwrap(), [1, 0, 1]);
}

#[test]
fn a_number_that_no_f32_holds_is_refused() {
    let csv = "x,y,part\n1,1,train\n2,2,train\n1e300,3,test\n";
    let huge = "`a.csv` row 3: `x` wants a number that 32 bits can hold, got 1e300";
    assert_eq!(refusal(&recipe("y", ""), &disk(csv)), huge);
}

const SPREAD: &str =
    "x,c,y,part\n1,a,u,train\n2,b,v,train\n3,a,u,train\n5,a,v,train\n5,c,v,train\n,b,u,test\n90,d,v,test\n";

fn steps_of(field: &str, steps: &str) -> Vec<Transform> {
    let other = if field == "x" { "c" } else { "x" };
    let more = format!(r#", "ignore": ["{other}"], "fields": {{"{field}": {{"steps": {steps}}}}}"#);
    self::steps(&fitted("y", &more, &SPREAD.replace("\n,b,u", "\n4,b,u")), field)
}

#[test]
fn steps_of_numbers_are_fitted_to_the_training_rows() {
    let check = |steps: &str, expect: &[Transform]| assert_eq!(steps_of("x", steps), expect, "{steps}");
    check(r#"["robust"]"#, &[Transform::Standardise { centre: vec![3.0], spread: vec![3.0] }]);
    check(r#"["log1p"]"#, &[Transform::Log1p {}]);
    check(r#"[{"clip": {"high": 4}}]"#, &[Transform::Clip { low: vec![], high: vec![4.0] }]);
    check(r#"[{"clip": {"quantiles": [0.25, 1]}}]"#, &[Transform::Clip { low: vec![2.0], high: vec![5.0] }]);
    check(r#"[{"impute": {"with": "mode"}}]"#, &[Transform::Impute { value: vec![5.0] }]);
    let quantiles = vec![vec![1.0, 3.0, 5.0]];
    check(
        r#"[{"quantile": {"quantiles": 3, "output": "uniform"}}]"#,
        &[Transform::Quantile { quantiles, output: Distribution::Uniform }],
    );
    // The upper half of the training rows is 5 or nearly so: the edges that fall together are one.
    check(
        r#"[{"bins": {"count": 4}}, "one_hot"]"#,
        &[Transform::Bins { edges: vec![2.0, 3.0] }, Transform::OneHot { size: 4 }],
    );
    check(r#"[{"bins": {"count": 2, "by": "width"}}]"#, &[Transform::Bins { edges: vec![3.0] }]);
    check(
        r#"[{"piecewise_linear": {"count": 2}}]"#,
        &[Transform::PiecewiseLinear { edges: vec![1.0, 3.0, 5.0] }],
    );
}

#[test]
fn names_may_be_rare_or_without_end() {
    let frequent = Transform::Category { labels: vec!["a".to_owned()] };
    let steps = steps_of("c", r#"[{"category": {"min_rows": 2}}, "one_hot"]"#);
    assert_eq!(steps, [frequent, Transform::OneHot { size: 2 }]);
    let steps = steps_of("c", r#"[{"hash": {"buckets": 8}}, "one_hot"]"#);
    assert_eq!(steps, [Transform::Hash { buckets: 8 }, Transform::OneHot { size: 9 }]);
    let more = r#", "ignore": ["x"], "fields": {"c": {"steps": [{"category": {"min_rows": 9}}]}}"#;
    assert_eq!(
        refusal(&recipe("y", more), &disk(SPREAD)),
        "column `c` wants a name with at least 9 rows, as `min_rows` says in the training rows, got none"
    );
}

/// The flag is a way of its own beside the number, and says of every row whether something was there.
#[test]
fn what_was_missing_may_be_told() {
    let more = r#", "ignore": ["c"], "fields": {"x": {"steps": [{"impute": {"flag": true}}]}}"#;
    let data = prepare(&recipe("y", more), &disk(SPREAD)).unwrap();
    let ways: Vec<_> = data.blueprint.inputs[0].columns.iter().map(|column| column.steps.clone()).collect();
    assert_eq!(ways, [vec![Transform::Impute { value: vec![3.2f64] }], vec![Transform::IsMissing {}]]);
    let batch = data.dataset.source.batch(&[0, 5]).unwrap();
    assert_eq!(batch.inputs["x"].f32s().unwrap(), [1.0, 0.0, 3.2, 1.0]);
}

/// A place stays where it is, whatever names there are, on every machine and in every version.
#[test]
fn the_hash_of_a_name_is_fixed() {
    let more = r#", "ignore": ["x"], "fields": {"c": {"steps": [{"hash": {"buckets": 1000}}]}}"#;
    let data = prepare(&recipe("y", more), &disk(SPREAD)).unwrap();
    let batch = data.dataset.source.batch(&[0, 1, 4]).unwrap();
    assert_eq!(batch.inputs["x"].i64s().unwrap(), [144, 265, 907]);
}

#[test]
fn bins_want_two_different_numbers() {
    let csv = "x,y,part\n4,u,train\n4,v,train\n9,u,test\n";
    for step in [r#"{"bins": {"by": "width"}}"#, "\"piecewise_linear\""] {
        let more = format!(r#", "fields": {{"x": {{"steps": [{step}]}}}}"#);
        assert_eq!(
            refusal(&recipe("y", &more), &disk(csv)),
            "column `x` wants at least two different numbers in the training rows, got only 4"
        );
    }
    let more = r#", "fields": {"x": {"steps": ["log1p"]}}"#;
    assert_eq!(
        refusal(&recipe("y", more), &disk("x,y,part\n4,u,train\n4,v,train\n-1,u,test\n")),
        "`a.csv` row 3: `x` wants a number above -1 where `log1p` takes it, got -1"
    );
}

/// adult's two files spell two labels in four ways.
#[test]
fn labels_become_clean() {
    let csv = "x,y,part\n1, <=50K,train\n2,>50K,train\n3,<=50K.,train\n4,>50K.,test\n5,rich,test\n";
    let more = r#", "clean_labels": {"strip": " .", "map": {"rich": ">50K"}}"#;
    let data = prepare(&recipe("y", more), &disk(csv)).unwrap();
    let labels = vec!["<=50K".to_owned(), ">50K".to_owned()];
    assert_eq!(data.blueprint.targets[0].decode, Decode::Label { labels });
    let batch = data.dataset.source.batch(&[0, 1, 2, 3, 4]).unwrap();
    assert_eq!(batch.targets[0].i64s().unwrap(), [0, 1, 0, 1, 1]);
}

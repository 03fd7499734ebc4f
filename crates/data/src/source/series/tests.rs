#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use baeum_core::{Anchor, Decode, TargetStats, Transform, Value};

use crate::Prepared;
use crate::profile::Repair;
use crate::testing::{place, prepare, refusal};

/// Twenty days in which `a` counts them and `b` is their square.
fn days() -> String {
    let day = |day: i32| format!("2026-01-{day:02},{day},{},w{day}\n", day * day);
    "day,a,b,word\n".to_owned() + &(1..=20).map(day).collect::<String>()
}

fn recipe(target: &str, series: &str, more: &str) -> String {
    format!(
        r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "target": "{target}", "ignore": ["word"],
            "series": {{"time": "day", {series}}}{more}}}"#
    )
}

fn run(recipe: &str, csv: &str) -> Prepared {
    prepare(recipe, &place(&[("a.csv", csv.as_bytes())])).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn refused(recipe: &str, csv: &str) -> String {
    refusal(recipe, &place(&[("a.csv", csv.as_bytes())]))
}

const SPLIT: &str = r#", "split": {"time": {"valid": 0.25, "test": 0.25}}"#;

#[test]
fn windows_lie_in_the_part_of_what_they_tell() {
    let data = run(&recipe("*", r#""window": 3, "horizon": 2"#, SPLIT), &days());
    // Days 1 to 10 teach, 11 to 15 choose, 16 to 20 judge; 20 - 5 + 1 windows, two of them tell days of two parts.
    assert_eq!(data.profile.parts, [6, 4, 4]);
    assert_eq!(data.profile.repairs, [Repair::BetweenParts { count: 2 }]);
    let record = |row: usize| data.dataset.source.record(row).unwrap();
    let first_test = data.dataset.splits.test.rows()[0];
    assert_eq!(record(first_test)["day"], Value::Text("2026-01-16".to_owned()));
    assert_eq!(record(first_test)["series"], Value::Numbers(vec![13.0, 14.0, 15.0, 169.0, 196.0, 225.0]));
    assert_eq!(record(first_test)["forecast"], Value::Numbers(vec![16.0, 17.0, 256.0, 289.0]));
    let last_train = *data.dataset.splits.train.rows().last().unwrap();
    assert_eq!(record(last_train)["forecast"], Value::Numbers(vec![9.0, 10.0, 81.0, 100.0]));
}

#[test]
fn each_training_step_counts_once() {
    let data = run(&recipe("a", r#""window": 3, "horizon": 2"#, SPLIT), &days());
    // Mean and deviation of 1..=10, and of their squares: np.mean, np.std.
    let (mean, std) = (5.5, 8.25f64.sqrt());
    let squares: Vec<f64> = (1..=10).map(|day| f64::from(day * day)).collect();
    let square_mean = squares.iter().sum::<f64>() / 10.0;
    let square_std = (squares.iter().map(|x| (x - square_mean).powi(2)).sum::<f64>() / 10.0).sqrt();
    let [Transform::Standardise { centre, spread }] = &data.blueprint.inputs[0].columns[0].steps[..] else {
        panic!("{:?}", data.blueprint.inputs)
    };
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
    [(centre[0], mean), (spread[0], std), (centre[1], square_mean), (spread[1], square_std)]
        .into_iter()
        .for_each(|(a, b)| near(a, b));
    assert_eq!(data.blueprint.inputs[0].shape, [2, 3]);
    let TargetStats::Steps { mean: told, std: told_std, season: 1 } = &data.blueprint.stats[0] else {
        panic!()
    };
    near(told[0], mean);
    near(told_std[0], std);
    let batch = data.dataset.source.batch(&[0]).unwrap();
    assert_eq!((batch.inputs["x"].shape(), batch.targets[0].shape()), (&[1, 2, 3][..], &[1, 2][..]));
    near(batch.inputs["x"].to_f64s()[0] as f32 as f64, ((1.0 - mean) / std) as f32 as f64);
    near(batch.targets[0].to_f64s()[1], f64::from(((5.0 - mean) / std) as f32));
}

#[test]
fn a_channel_is_profiled_step_by_step() {
    let data = run(&recipe("a", r#""window": 3, "horizon": 2"#, SPLIT), &days());
    let names: Vec<&str> = data.profile.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "a", "day"]);
    let b = &data.profile.fields[1];
    assert_eq!((b.values, b.missing, b.range), (Some(10), 0, Some((1.0, 100.0))));
}

#[test]
fn what_is_measured_from_its_window_is_told_from_there() {
    let steps = |steps: &str| {
        let fields = format!(r#", "fields": {{"series": {{"steps": {steps}}}}}"#);
        run(&recipe("b", r#""window": 3, "horizon": 2"#, &(fields + SPLIT)), &days())
    };
    let data = steps(r#"["normalise_window"]"#);
    let batch = data.dataset.source.batch(&[4]).unwrap();
    assert_eq!(batch.inputs["x"].to_f64s(), [-2.0, -1.0, 0.0, 25.0 - 49.0, 36.0 - 49.0, 0.0]);
    let Decode::Forecast { scale, anchor: Some(anchor), .. } = &data.blueprint.targets[0].decode else {
        panic!()
    };
    assert_eq!((anchor.by, &anchor.channels[..]), (Anchor::Last, &[1][..]));
    let told = [(64.0 - 49.0) / scale[0], (81.0 - 49.0) / scale[0]].map(|x| f64::from(x as f32));
    assert_eq!(batch.targets[0].to_f64s(), told);
    // Whoever decodes it with the record gets the numbers back.
    let record = data.dataset.source.record(4).unwrap();
    let answer = data.blueprint.targets[0].decode.of_record(&record).answer(&told.map(|x| x as f32));
    let baeum_core::Answer::Forecast { values, .. } = answer else { panic!() };
    assert!((values[0][0] - 64.0).abs() < 1e-4 && (values[0][1] - 81.0).abs() < 1e-4, "{values:?}");

    let data = steps(r#"["difference", "steps_first"]"#);
    assert_eq!(data.blueprint.inputs[0].shape, [2, 2]);
    let batch = data.dataset.source.batch(&[0]).unwrap();
    assert_eq!(batch.inputs["x"].to_f64s(), [1.0, 3.0, 1.0, 5.0]);
    assert_eq!(batch.targets[0].to_f64s()[0], f64::from(((16.0 - 9.0) / scale[0]) as f32));

    let data = steps(r#"["standardise", {"normalise_window": {"by": "mean"}}]"#);
    let batch = data.dataset.source.batch(&[0]).unwrap();
    let third = (2.0f64 / 3.0).sqrt();
    assert!((batch.inputs["x"].to_f64s()[0] + 1.0 / third).abs() < 1e-6);
}

#[test]
fn several_series_are_kept_apart_and_put_in_order() {
    let row = |day: i32, shop: &str| {
        format!("2026-01-{day:02},{shop},{}\n", day * if shop == "x" { 1 } else { 100 })
    };
    let mut rows: Vec<String> = (1..=12).flat_map(|day| [row(day, "y"), row(day, "x")]).collect();
    rows.reverse();
    rows.push(row(1, "short"));
    let csv = "day,shop,sold\n".to_owned() + &rows.concat();
    let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "sold",
        "series": {"time": "day", "group": "shop", "window": 2}, "split": {"time": {"valid": 0.2, "test": 0.2}}}"#;
    let data = run(recipe, &csv);
    assert_eq!(data.profile.repairs, [Repair::ShortSeries { count: 1 }]);
    let first = data.dataset.source.record(0).unwrap();
    assert_eq!(
        (&first["shop"], &first["series"]),
        (&Value::Text("x".to_owned()), &Value::Numbers(vec![1.0, 2.0]))
    );
    let tested: Vec<Value> = data
        .dataset
        .splits
        .test
        .rows()
        .iter()
        .map(|&row| data.dataset.source.record(row).unwrap()["day"].clone())
        .collect();
    let days = |days: &[&str]| days.iter().map(|day| Value::Text((*day).to_owned())).collect::<Vec<_>>();
    assert_eq!(
        tested,
        days(&["2026-01-10", "2026-01-11", "2026-01-12"].repeat(2)),
        "both shops, the same days"
    );

    let whole = recipe.replace(
        r#"{"time": {"valid": 0.2, "test": 0.2}}"#,
        r#"{"groups": {"column": "shop", "valid": 0, "test": 0.5}}"#,
    );
    let data = run(&whole, &csv);
    let shop = |row: &usize| data.dataset.source.record(*row).unwrap()["shop"].to_string();
    let shops = |rows: &[usize]| rows.iter().map(shop).collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!((shops(data.dataset.splits.train.rows()), shops(data.dataset.splits.test.rows())), (1, 1));
}

#[test]
fn parts_may_begin_at_moments() {
    let series = r#""window": 3, "until": "2026-01-19""#;
    let split = r#", "split": {"moments": {"valid": "2026-01-11", "test": "2026-01-16"}}"#;
    let data = run(&recipe("a", series, split), &days());
    assert_eq!(data.profile.parts, [7, 5, 3]);
    assert_eq!(data.profile.repairs, [Repair::Until { count: 2 }]);
    let message = refused(&recipe("a", series, &split.replace("2026-01-16", "16.1.2026")), &days());
    assert_eq!(
        message,
        "`data.split.moments.test` wants a moment as the data have them, such as 2026-01-01, got 16.1.2026"
    );
    let message = refused(&recipe("a", series, &split.replace("2026-01-11", "2026-01-17")), &days());
    assert_eq!(
        message,
        "`data.split.moments.valid` wants a moment before that of `test`, 2026-01-16, got 2026-01-17"
    );
}

#[test]
fn windows_that_tell_what_was_taught_are_found() {
    let part = |day: i32| if day % 4 == 0 { "test" } else { "train" };
    let rows = (1..=20).map(|day| format!("2026-01-{day:02},{day},{}\n", part(day))).collect::<String>();
    let csv = "day,a,part\n".to_owned() + &rows;
    let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "a", "series": {"time": "day", "window": 2},
        "split": {"column": {"name": "part"}}}"#;
    let message = refused(recipe, &csv);
    assert!(message.starts_with("4 of 5 rows of valid and test tell steps that a window of train holds, such as the window before `a.csv` row 4 and the window before `a.csv` row 5"), "{message}");
    assert!(message.contains("divide by `time`"), "{message}");
    let allowed = recipe.replacen('{', r#"{"audit": {"allow": ["windows"]}, "#, 1);
    assert_eq!(run(&allowed, &csv).profile.warnings.len(), 1);
    let by_time = recipe.replace(r#""column": {"name": "part"}"#, r#""time": {}"#);
    let by_time = by_time.replacen('{', r#"{"ignore": ["part"], "#, 1);
    assert!(run(&by_time, &csv).profile.warnings.is_empty());
}

#[test]
fn a_missing_answer_is_named_or_left_out() {
    let csv = days().replace("2026-01-09,9,", "2026-01-09,,");
    let series =
        recipe("a", r#""window": 3"#, r#", "fields": {"series": {"steps": ["impute", "standardise"]}}"#);
    let message = refused(&series, &csv);
    assert_eq!(
        message,
        "`a.csv` row 9: `target` wants a number to be told, got nothing; fill it in, or say `data.on_bad = \"skip\"` to leave such windows out"
    );
    let data = run(&series.replacen('{', r#"{"on_bad": "skip", "#, 1), &csv);
    assert_eq!(data.profile.repairs, [Repair::Untold { count: 1, first: vec!["`a.csv` row 9".to_owned()] }]);
    let bare = series.replacen('{', r#"{"on_bad": "skip", "#, 1).replace(r#""impute", "#, "");
    assert_eq!(
        refused(&bare, &csv),
        "the window before `a.csv` row 10: `series` wants a number, got nothing; put `impute` among its steps"
    );
}

#[test]
fn a_table_to_forecast_from_gives_the_last_window() {
    let data = run(&recipe("a", r#""window": 3"#, SPLIT), &days());
    let read = |csv: &str| {
        let (format, limits) = (crate::CsvFormat::default(), baeum_core::Limits::default());
        let schema = &data.blueprint.schema;
        crate::records::read_csv("b.csv", csv.into(), schema, &format, &limits)
            .map_err(|error| error.to_string())
    };
    let csv = "b,day,a\n4,2026-02-04,1\n3,2026-02-03,2\n2,2026-02-02,3\n1,2026-02-01,4\n";
    let window = Value::Numbers(vec![3.0, 2.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(read(csv).unwrap(), [baeum_core::Record::from([("series".to_owned(), window)])]);
    assert_eq!(read("b,a\n1,2\n").unwrap_err(), "`b.csv` wants the last 3 steps to forecast from, got 1");
    assert_eq!(
        read("a,day\n1,2026-01-01\n").unwrap_err(),
        "`b` is missing; give it a value of kind a number"
    );
    assert_eq!(read("a,b,word\n1,2,x\n2,3,x\n3,4,x\n").unwrap().len(), 1);
}

#[test]
fn what_cannot_be_a_series_is_refused() {
    let check = |series: &str, more: &str, expect: &str| {
        let message = refused(&recipe("a", series, more), &days());
        assert_eq!(message, expect);
    };
    check(
        r#""window": 30"#,
        "",
        "`data.series` wants a series of at least 31 steps, `window` and `horizon`, got 20 at most",
    );
    let words = recipe("a", r#""window": 3"#, "").replace(r#""ignore": ["word"],"#, "");
    assert_eq!(
        refused(&words, &days()),
        "`data.series` wants numbers in each column that nothing else names, got names in `word`; put it under `data.ignore`"
    );
    let twice = days() + "2026-01-07,1,1,w\n";
    assert_eq!(
        refused(&recipe("a", r#""window": 3"#, ""), &twice),
        "`a.csv` row 21, column `day`: wants a moment of its own in its series; say `data.series.group` if there are several, got `2026-01-07` again"
    );
    check(
        r#""window": 3, "channels": ["c*"]"#,
        "",
        "`data.series.channels[0]` wants a pattern that columns fit, got `c*`",
    );
    let away = r#", "fields": {"series": {"steps": ["difference"]}}"#;
    check(
        r#""window": 3, "channels": ["b"]"#,
        away,
        "`data.series.channels` wants `a` among them, for it is measured from its window, got others",
    );
    let late = r#", "fields": {"series": {"steps": ["difference", "standardise"]}}"#;
    let config = crate::testing::config(&recipe("a", r#""window": 3"#, late));
    assert_eq!(
        config.check().unwrap_err().to_string(),
        "`data.fields.series.steps[1]` wants numbers, got a series that is measured from itself"
    );
}

#[test]
fn what_no_data_can_mend_is_refused_before_they_are_read() {
    let check = |series: &str, more: &str, expect: &str| {
        let error = crate::testing::config(&recipe("a", series, more)).check().unwrap_err();
        assert_eq!(error.to_string(), expect);
    };
    check(r#""window": 0"#, "", "`data.series.window` wants a number of steps from 1 to 16777216, got 0");
    check(
        r#""window": 3"#,
        r#", "split": "random""#,
        "`data.split` wants `time`, `moments`, `groups` or `column`, for windows by lot would share their steps, got `random`",
    );
    check(
        r#""window": 3"#,
        r#", "task": "classify""#,
        "`data.task` wants `regress`, for the next steps of a series are numbers, got `classify`",
    );
    check(
        r#""window": 3"#,
        r#", "fields": {"a": {}}"#,
        "`data.fields.a` wants a field that the network sees, got the target",
    );
    check(
        r#""window": 3"#,
        r#", "fields": {"b": {}}"#,
        "`data.fields.b` wants the name `series`, the one field there is, got `b`",
    );
    check(
        r#""window": 3"#,
        r#", "fields": {"series": {"steps": [{"difference": {"lag": 3}}]}}"#,
        "`data.fields.series.steps[0]` wants a series, with more steps than `lag`, got a series",
    );
    check(
        r#""window": 3, "group": "day""#,
        "",
        "`data.series.group` wants a column that nothing else names, got `day`",
    );
}

use super::*;

const DATES: &str =
    r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "fields": {"when": {"kind": "date"}}}"#;

/// Thirty days; some columns say the same day and hour in other ways.
fn days(change: impl Fn(usize, String) -> String) -> Vec<u8> {
    let row = |row: usize| {
        let when = change(row, format!("2026-{:02}-{:02}T{:02}:30", row % 12 + 1, row % 28 + 1, row % 24));
        format!("{when},{}.5,{}\n", row % 7, ["a", "b"][row % 2])
    };
    ("when,n,y\n".to_owned() + &(0..30).map(row).collect::<String>()).into_bytes()
}

#[test]
fn a_date_becomes_its_parts() {
    let csv = days(|_, when| when);
    let steps = r#""date", "steps": [{"date_parts": {"parts": ["month", "day", "hour"]}}]"#;
    let recipe = DATES.replace(r#""date""#, steps);
    let data = prepare(&recipe, &place(&[("a.csv", &csv)])).unwrap();
    let batch = data.dataset.source.batch(&[3, 25]).unwrap();
    assert_eq!(batch.inputs["x"].shape(), [2, 4]);
    let numbers = batch.inputs["x"].f32s().unwrap();
    assert_eq!((&numbers[..3], &numbers[4..7]), (&[4.0, 4.0, 3.0][..], &[2.0, 26.0, 1.0][..]));
    // A record that somebody types goes the same way.
    let blueprint = &data.blueprint;
    let field = blueprint.schema.field("when").unwrap();
    let typed = crate::records::read_value("2026-04-04T03:30", field, &crate::CsvFormat::default()).unwrap();
    let record = baeum_core::Record::from([("when".to_owned(), typed), ("n".to_owned(), Value::Number(3.5))]);
    let encoder = crate::Encoder::new(&blueprint.schema, &blueprint.inputs).unwrap();
    assert_eq!(encoder.batch(&[record]).unwrap().inputs["x"].f32s().unwrap(), &numbers[..4]);
    // Without `kind` too, for dates alone have parts; and on a circle.
    let alone = recipe.replace(r#""kind": "date", "#, "").replace(r#""hour"]"#, r#""hour"], "cyclic": true"#);
    let data = prepare(&alone, &place(&[("a.csv", &csv)])).unwrap();
    assert_eq!(data.dataset.source.batch(&[0]).unwrap().inputs["x"].shape(), [1, 7]);
}

#[test]
fn a_date_of_which_nothing_is_said_is_a_day() {
    let data = prepare(DATES, &place(&[("a.csv", &days(|_, when| when))])).unwrap();
    let steps = &data.blueprint.inputs[0].columns[0].steps;
    assert_eq!(
        steps.iter().map(baeum_core::Transform::name).collect::<Vec<_>>(),
        ["date_parts", "standardise"]
    );
    assert_eq!(data.dataset.source.batch(&[0]).unwrap().inputs["x"].shape(), [1, 5]);
    let gaps = days(|row, when| if row % 3 == 0 { String::new() } else { when });
    let data = prepare(DATES, &place(&[("a.csv", &gaps)])).unwrap();
    let steps = &data.blueprint.inputs[0].columns[0].steps;
    let names: Vec<&str> = steps.iter().map(baeum_core::Transform::name).collect();
    assert_eq!(names, ["date_parts", "impute", "standardise"]);
    assert_eq!(data.dataset.source.batch(&[0]).unwrap().inputs["x"].f32s().unwrap()[0], 0.0); // one year alone
}

#[test]
fn what_is_no_date_is_refused_with_its_row() {
    let bad = days(|row, when| if row == 4 { "25.11.2026".to_owned() } else { when });
    let expect =
        "`a.csv` row 5: `when` wants a date such as 2026-11-25 or 2026-11-25 13:00, got `25.11.2026`";
    assert_eq!(refusal(DATES, &place(&[("a.csv", &bad)])), expect);
    let short = days(|row, when| if row == 4 { "2026-11-25".to_owned() } else { when });
    let hours = DATES.replace(r#""date""#, r#""date", "steps": [{"date_parts": {"parts": ["hour"]}}]"#);
    let expect = "`a.csv` row 5: `when` wants a date with a time, such as 2026-11-25 13:00, got `2026-11-25`";
    assert_eq!(refusal(&hours, &place(&[("a.csv", &short)])), expect);
    let check = |parts: &str, expect: &str| {
        let recipe = DATES.replace(r#""date""#, &format!(r#""date", "steps": [{parts}]"#));
        assert_eq!(crate::testing::config(&recipe).check().map(drop).unwrap_err().to_string(), expect);
    };
    let path = "`data.fields.when.steps[0].date_parts.parts";
    check(
        r#"{"date_parts": {"parts": []}}"#,
        &format!("{path}` wants at least one part, such as `month`, got none"),
    );
    check(
        r#"{"date_parts": {"parts": ["day", "day"]}}"#,
        &format!("{path}[1]` wants each part once, got one again"),
    );
    let expect = "`data.fields.when.steps[0]` wants numbers, got words";
    check(r#""standardise""#, expect);
}

/// A cell that is no number leaves its row out, where the recipe says what stands in the column.
#[test]
fn rows_without_a_number_may_be_left_out() {
    let csv = days(|row, when| if row == 4 { "yesterday".to_owned() } else { when });
    let csv = String::from_utf8(csv).unwrap().replacen(",2.5,", ",much,", 1).replacen(",6.5,", ",inf,", 1);
    let recipe = DATES.replace(r#""date"}"#, r#""date"}, "n": {"kind": "number"}"#).replacen(
        '{',
        r#"{"on_bad": "skip", "#,
        1,
    );
    let place = place(&[("a.csv", csv.as_bytes())]);
    let data = prepare(&recipe, &place).unwrap();
    assert_eq!(data.dataset.source.len(), 27);
    let expect = "3 of `a.csv` cannot be read and were left out: `a.csv` row 3, column `n`: wants a number, got `much`; `a.csv` \
                  row 5, column `when`: wants a date such as 2026-11-25 or 2026-11-25 13:00, got `yesterday`; `a.csv` row 7, \
                  column `n`: wants a finite number, got `inf`";
    assert_eq!(data.profile.repairs.iter().map(ToString::to_string).collect::<Vec<_>>(), [expect]);
    assert_eq!(crate::open(&plan(&recipe), &place, &data.blueprint).unwrap().source.len(), 27);
    let stop = recipe.replace(r#""on_bad": "skip", "#, "");
    assert_eq!(refusal(&stop, &place), "`a.csv` row 3, column `n`: wants a number, got `much`");
    let all = "n,y\n".to_owned() + &"x,a\n".repeat(9);
    let recipe = r#"{"on_bad": "skip", "source": {"csv": {"path": "a.csv"}}, "target": "y", "fields": {"n": {"kind": "number"}}}"#;
    let got = refusal(recipe, &crate::testing::place(&[("a.csv", all.as_bytes())]));
    let expect = "`a.csv` wants numbers and dates where the recipe says so, got 9 of 9 rows that cannot be read: `a.csv` row 1, ";
    assert!(got.starts_with(expect), "{got}");
}

/// One word in a column of numbers is named, not taken for a text; a column of texts with numbers among them is one.
#[test]
fn a_word_among_numbers_is_named_with_its_row() {
    let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "split": {"random": {"valid": 0, "test": 0.02}}}"#;
    let said = |cell: &dyn Fn(usize) -> String| {
        let row = |row: usize| format!("{},{}\n", cell(row), ["a", "b"][row % 2]);
        let csv = "n,y\n".to_owned() + &(0..60).map(row).collect::<String>();
        refusal(recipe, &place(&[("a.csv", csv.as_bytes())]))
    };
    assert_eq!(
        said(&|row| if (17..20).contains(&row) { "unknown".to_owned() } else { format!("{row}.5") }),
        "`a.csv` row 18, column `n`: wants a number, as nearly all cells of the column are, got `unknown`; put what \
         stands for nothing under `data.missing`"
    );
    let text = said(&|row| if row % 5 == 0 { format!("word {row}") } else { format!("{row}.5") });
    assert!(text.starts_with("column `n` reads like text"), "{text}");
}

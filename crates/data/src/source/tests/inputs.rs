use super::*;

/// Forty rows of a photo, a text, a number and a name.
fn files() -> Vec<(String, Vec<u8>)> {
    let row = |row: usize| {
        let (good, shop) = (["dull", "fine"][row / 2 % 2], ["north", "south"][row % 2]);
        format!("shots/{row}.png,a {good} thing {row},{row},{shop},{}\n", ["no", "yes"][row / 4 % 2])
    };
    let csv = "photo,review,price,shop,sold\n".to_owned() + &(0..40).map(row).collect::<String>();
    let mut files = vec![("t/a.csv".to_owned(), csv.into_bytes())];
    files.extend((0..40).map(|row: u8| (format!("t/shots/{row}.png"), png(4 + u32::from(row), 3, row * 6))));
    files
}

fn place_of() -> Place {
    folder_place(&files())
}

const FIELDS: &str = r#""fields": {
    "photo": {"kind": {"image": {"channels": "grey"}}, "steps": [{"resize": {"height": 2, "width": 2}}]},
    "review": {"steps": [{"tokenise": {"by": "word", "vocabulary": 60, "length": 5}}]},
    "price": {"steps": [{"scale": {"factor": 0.5}}]}}"#;

fn recipe(inputs: &str) -> String {
    format!(
        r#"{{"source": {{"csv": {{"path": "t/a.csv"}}}}, "target": "sold", "audit": {{"allow": ["images"]}}, {FIELDS}, "inputs": {inputs}}}"#
    )
}

const INPUTS: &str =
    r#"{"words": {"fields": "review"}, "seen": {"fields": "photo"}, "rest": {"fields": ["shop", "price"]}}"#;

#[test]
fn each_input_is_made_of_its_own_fields() {
    let data = prepare(&recipe(INPUTS), &place_of()).unwrap();
    let specs = &data.blueprint.inputs;
    let shown: Vec<_> = specs.iter().map(|spec| (spec.name.as_str(), &spec.shape[..], spec.dtype)).collect();
    let (numbers, ids) = (baeum_core::DType::F32, baeum_core::DType::I64);
    assert_eq!(
        shown,
        [("rest", &[4][..], numbers), ("seen", &[1, 2, 2], numbers), ("words", &[5], ids)],
        "in the order of their names"
    );
    let fields = |place: usize| specs[place].columns.iter().map(|way| way.field.as_str()).collect::<Vec<_>>();
    assert_eq!((fields(0), fields(1)), (vec!["shop", "price"], vec!["photo"]));
    let batch = data.dataset.source.batch(&[3, 8]).unwrap();
    assert_eq!(batch.inputs["rest"].f32s().unwrap(), [0.0, 0.0, 1.0, 1.5, 0.0, 1.0, 0.0, 4.0]);
    assert_eq!(batch.inputs["seen"].shape(), [2, 1, 2, 2]);
    assert_eq!((batch.inputs["words"].shape(), batch.inputs.len()), (&[2, 5][..], 3));
    let plan = plan(&recipe(INPUTS));
    let known: Vec<_> = plan.items();
    assert_eq!(known, [("rest", None), ("seen", Some(vec![1, 2, 2])), ("words", Some(vec![5]))]);
    let again = crate::open(&plan, &place_of(), &data.blueprint).unwrap();
    assert_eq!(again.source.batch(&[3, 8]).unwrap(), batch);
}

#[test]
fn a_field_may_stand_in_two_inputs_and_an_input_has_a_shape() {
    let inputs = r#"{"a": {"fields": ["price", "shop"]}, "b": {"fields": ["shop", "price"], "shape": [1, 4]},
        "c": {"fields": "photo"}, "d": {"fields": "review"}}"#;
    let data = prepare(&recipe(inputs), &place_of()).unwrap().dataset;
    let batch = data.source.batch(&[5]).unwrap();
    assert_eq!(batch.inputs["a"].f32s().unwrap(), [2.5, 0.0, 0.0, 1.0]);
    assert_eq!(
        (batch.inputs["b"].f32s().unwrap(), batch.inputs["b"].shape()),
        (&[0.0, 0.0, 1.0, 2.5][..], &[1, 1, 4][..])
    );
}

/// What an epoch changes in one input has nothing to do with what it changes in another.
#[test]
fn each_input_is_changed_by_itself() {
    let noisy = recipe(INPUTS).replace(
        r#""length": 5}}]"#,
        r#""length": 5}}], "augment": [{"drop_tokens": {"probability": 0.5}}]"#,
    );
    let data = prepare(&noisy, &place_of()).unwrap().dataset;
    let (plain, changed) = (data.source.batch(&[7]).unwrap(), data.source.training_batch(&[7], 1).unwrap());
    assert_eq!(
        (&plain.inputs["rest"], &plain.inputs["seen"]),
        (&changed.inputs["rest"], &changed.inputs["seen"])
    );
    assert_ne!(plain.inputs["words"], changed.inputs["words"]);
    assert_eq!(data.source.training_batch(&[7], 1).unwrap(), changed);
}

#[test]
fn inputs_that_do_not_fit_the_table_are_refused() {
    let check = |inputs: &str, expect: &str| assert_eq!(refusal(&recipe(inputs), &place_of()), expect);
    check(
        &INPUTS.replace("\"price\"", "\"prize\""),
        "`data.inputs.rest.fields[1]` wants a field that the network sees, such as `price`, got `prize`",
    );
    check(
        &INPUTS.replace(r#"["shop", "price"]"#, r#""shop""#),
        "`data.inputs` wants each field in one of the inputs, or under `data.ignore`, got `price` in none",
    );
    check(
        &INPUTS.replace(r#""fields": "review""#, r#""fields": ["review", "price"]"#),
        "`data.fields` wants `review`, a text, to be the one field of its input, got 2 fields; put the others under `data.ignore`, or name several `data.inputs`",
    );
    check(
        &INPUTS.replace(r#""price"]"#, r#""price"], "shape": [2, 3]"#),
        "`data.inputs.rest.shape` wants sizes that multiply to 4, the numbers of one example, got [2, 3]",
    );
}

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use baeum_core::{Field, Filter, Fit, Kind, Pipeline, Transform};

use super::*;

fn schema() -> Schema {
    let field = |name: &str, kind: Kind| crate::source::field(name, kind, Role::Input);
    let fields: Vec<Field> = vec![
        field("n", Kind::Number),
        field("v", Kind::Numbers { len: 4 }),
        field("c", Kind::Category),
        field("i", Kind::Image { channels: 1, size: None }),
        field("w", Kind::Text),
    ];
    Schema { fields }
}

fn encoder(field: &str, steps: Vec<Transform>, shape: &[usize]) -> Result<Encoder, DataError> {
    let columns = vec![Pipeline { field: field.to_owned(), steps }];
    let spec = InputSpec { name: "x".to_owned(), dtype: DType::F32, shape: shape.to_vec(), columns };
    // A schema of the one field, so that records need no other.
    let fields = schema().fields.into_iter().filter(|known| known.name == field).collect();
    Encoder::new(&Schema { fields }, &[spec])
}

#[track_caller]
fn check(field: &str, steps: Vec<Transform>, value: Value, expect: &[f32]) {
    let record = Record::from([(field.to_owned(), value)]);
    let batch = encoder(field, steps, &[expect.len()]).unwrap().batch(&[record]).unwrap();
    assert_eq!(batch.inputs["x"].f32s().unwrap(), expect);
}

#[track_caller]
fn refuse(field: &str, steps: Vec<Transform>, shape: &[usize], expect: &str) {
    assert_eq!(encoder(field, steps, shape).unwrap_err().to_string(), expect);
}

fn category() -> Transform {
    Transform::Category { labels: vec!["a".to_owned(), "b".to_owned()] }
}

#[test]
fn every_step_does_what_it_says() {
    let scale = Transform::Scale { factor: 0.5, offset: 1.0 };
    check("n", vec![scale.clone()], Value::Number(3.0), &[2.5]);
    let standardise =
        |mean: &[f64], std: &[f64]| Transform::Standardise { centre: mean.to_vec(), spread: std.to_vec() };
    let numbers = || Value::Numbers(vec![1.0, 2.0, 3.0, 4.0]);
    check("v", vec![standardise(&[1.0], &[2.0])], numbers(), &[0.0, 0.5, 1.0, 1.5]);
    check("v", vec![standardise(&[1.0, 3.0], &[1.0, 0.5])], numbers(), &[0.0, 1.0, 0.0, 2.0]);
    check("v", vec![standardise(&[1.0, 2.0, 3.0, 4.0], &[1.0; 4])], numbers(), &[0.0; 4]);
    let missing = Value::Numbers(vec![f64::NAN, 2.0, f64::NAN, 4.0]);
    check("v", vec![Transform::Impute { value: vec![9.0, 9.0, 7.0, 7.0] }], missing, &[9.0, 2.0, 7.0, 4.0]);
    check("n", vec![Transform::Impute { value: vec![6.0] }, scale], Value::Missing, &[4.0]);
    check("c", vec![category()], Value::Text("b".to_owned()), &[2.0]);
    check(
        "c",
        vec![category(), Transform::OneHot { size: 3 }],
        Value::Text("a".to_owned()),
        &[0.0, 1.0, 0.0],
    );
    check(
        "c",
        vec![category(), Transform::OneHot { size: 3 }],
        Value::Text("new".to_owned()),
        &[1.0, 0.0, 0.0],
    );
    check("c", vec![category(), Transform::OneHot { size: 3 }], Value::Missing, &[1.0, 0.0, 0.0]);
    let resize = Transform::Resize { height: 1, width: 2, filter: Filter::Bilinear, fit: Fit::Stretch };
    let image = Tensor::new([1, 2, 1], vec![10u8, 30]).unwrap();
    check("i", vec![resize], Value::Image(image), &[10.0, 30.0]);
}

#[test]
fn steps_that_do_not_fit_are_refused() {
    refuse("w", vec![], &[1], "the steps of `w` want `tokenise` as the last step, got words");
    refuse(
        "i",
        vec![],
        &[4],
        "the steps of `i` want `resize` as the first step, got images of different sizes",
    );
    refuse(
        "c",
        vec![Transform::OneHot { size: 3 }],
        &[3],
        "the steps of `c` want a place, which `category`, `hash` and `bins` give, got a name",
    );
    let short = vec![category(), Transform::OneHot { size: 2 }];
    refuse("c", short, &[2], "the steps of `c` want one number for each place and one more, got 2");
    let uneven = Transform::Impute { value: vec![0.0; 3] };
    refuse(
        "v",
        vec![uneven],
        &[4],
        "the steps of `v` want as many settings as divide its numbers, got 3 for 4 numbers",
    );
    let still = Transform::Standardise { centre: vec![0.0], spread: vec![0.0] };
    refuse(
        "n",
        vec![still],
        &[1],
        "the steps of `n` want a deviation above zero for each mean, got 1 means, 1 deviations",
    );
    refuse("n", vec![], &[2, 2], "the steps of `x` want as many numbers as the shape [2, 2] has, got 1");
    let huge =
        Transform::Resize { height: usize::MAX, width: 2, filter: Filter::Bilinear, fit: Fit::Stretch };
    refuse(
        "i",
        vec![huge],
        &[4],
        &format!("the steps of `i` want sizes that can be, got [1, {}, 2]", usize::MAX),
    );
}

#[test]
fn values_that_do_not_fit_are_named_with_their_record() {
    let refused = |field: &str, steps: Vec<Transform>, shape: &[usize], values: Vec<Value>| {
        let records: Vec<Record> =
            values.into_iter().map(|value| Record::from([(field.to_owned(), value)])).collect();
        encoder(field, steps, shape).unwrap().batch(&records).unwrap_err().to_string()
    };
    let numbers = vec![Value::Number(1.0), Value::Missing];
    assert_eq!(
        refused("n", vec![], &[1], numbers),
        "record 2: `n` wants a number, got nothing; put `impute` among its steps"
    );
    let huge = refused("n", vec![], &[1], vec![Value::Number(1e39)]);
    assert_eq!(huge, "record 1: `n` wants a number that 32 bits can hold, got 1e39");
    let text = refused("n", vec![], &[1], vec![Value::Text("one".to_owned())]);
    assert_eq!(text, "`n` wants a number, got the text `one`");
    let fixed = Schema {
        fields: vec![crate::source::field("i", Kind::Image { channels: 1, size: Some((1, 2)) }, Role::Input)],
    };
    let columns = vec![Pipeline { field: "i".to_owned(), steps: vec![] }];
    let spec = InputSpec { name: "x".to_owned(), dtype: DType::F32, shape: vec![1, 1, 2], columns };
    let record =
        Record::from([("i".to_owned(), Value::Image(Tensor::new([2, 2, 1], vec![0u8; 4]).unwrap()))]);
    let error = Encoder::new(&fixed, &[spec]).unwrap().batch(&[record]).unwrap_err();
    assert_eq!(error.to_string(), "`i` wants a 1x2 image with 1 channels, got an image of shape [2, 2, 1]");
}

#[test]
fn no_record_is_an_empty_batch() {
    let batch = encoder("v", vec![], &[2, 2]).unwrap().batch(&[]).unwrap();
    assert_eq!((batch.rows, batch.inputs["x"].shape()), (0, &[0, 2, 2][..]));
}

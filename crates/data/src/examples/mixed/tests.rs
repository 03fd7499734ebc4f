#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use baeum_core::{Batch, Dataset};

use crate::DataError;
use crate::testing::{config, place, prepare};

/// Sixty rows of three labels, or of numbers, with four numbers and a colour each.
fn csv() -> String {
    let row = |row: usize| {
        let colour = ["red", "blue"][row / 2 % 2];
        let [p, q, r, s] = [1, 7, 11, 13].map(|factor| row * factor % 61);
        format!("{p},{q},{r},{s},{colour},{},{}\n", ["a", "b", "c"][row % 3], row * row % 11)
    };
    format!("p,q,r,s,colour,label,number\n{}", (0..60).map(row).collect::<String>())
}

fn recipe(target: &str, more: &str) -> String {
    let other = if target == "label" { "number" } else { "label" };
    format!(r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "target": "{target}", "ignore": ["{other}"{more}"#,)
}

fn data(target: &str, mix: &str) -> Dataset {
    let recipe = recipe(target, &format!(r#"], "mix": {mix}}}"#));
    prepare(&recipe, &place(&[("a.csv", csv().as_bytes())])).unwrap().dataset
}

/// A dataset whose four numbers are an image.
fn image(mix: &str) -> Dataset {
    let recipe = recipe("label", &format!(r#", "colour"], "shape": [1, 2, 2], "mix": {mix}}}"#));
    prepare(&recipe, &place(&[("a.csv", csv().as_bytes())])).unwrap().dataset
}

fn inputs(batch: &Batch) -> &[f32] {
    batch.inputs["x"].f32s().unwrap()
}

fn targets(batch: &Batch) -> &[f32] {
    batch.targets[0].f32s().unwrap()
}

/// Each row of a mixed batch lies between itself and one training row, as far as its target says.
#[track_caller]
fn check(data: &Dataset, classes: usize) {
    let rows: Vec<usize> = data.splits.train.rows().to_vec();
    let plain = data.source.batch(&rows).unwrap();
    let mixed = data.source.training_batch(&rows, 5).unwrap();
    let width = inputs(&plain).len() / rows.len();
    assert_eq!(mixed.targets[0].shape(), [rows.len(), classes]);
    let mut changed = 0;
    for (i, own) in inputs(&plain).chunks(width).enumerate() {
        let (found, target) =
            (&inputs(&mixed)[i * width..][..width], &targets(&mixed)[i * classes..][..classes]);
        let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
        let fits = |j: usize| {
            let (other, label) =
                (&inputs(&plain)[j * width..][..width], |row: usize| one(&plain, row, classes));
            // The share is found from the number that differs most.
            let k =
                (0..width).max_by(|a, b| (own[*a] - other[*a]).abs().total_cmp(&(own[*b] - other[*b]).abs()));
            let k = k.unwrap();
            let share = if own[k] == other[k] { 1.0 } else { (found[k] - other[k]) / (own[k] - other[k]) };
            let between = |a: f32, b: f32| share * a + (1.0 - share) * b;
            (0..width).all(|k| near(found[k], between(own[k], other[k])))
                && (0..classes).all(|k| near(target[k], between(label(i)[k], label(j)[k])))
        };
        assert!((0..rows.len()).any(fits), "row {i}: {found:?} {target:?} of {own:?}");
        changed += usize::from(found != own);
    }
    assert!(changed > rows.len() / 2, "{changed}");
}

/// The target of a row of a plain batch, as numbers.
fn one(batch: &Batch, row: usize, classes: usize) -> Vec<f32> {
    match batch.targets[0].i64s() {
        Ok(places) => (0..classes as i64).map(|k| f32::from(u8::from(k == places[row]))).collect(),
        Err(_) => vec![targets(batch)[row]],
    }
}

#[test]
fn labels_become_probabilities_and_numbers_lie_between() {
    check(&data("label", r#"{"mixup": {"alpha": 1}}"#), 3);
    check(&data("number", r#"{"mixup": {"alpha": 1}}"#), 1);
}

#[test]
fn cutmix_takes_pixels_from_one_of_two() {
    let data = image(r#""cutmix""#);
    let rows = data.splits.train.rows();
    let (plain, mixed) = (data.source.batch(rows).unwrap(), data.source.training_batch(rows, 0).unwrap());
    let known: BTreeSet<u32> = inputs(&plain).iter().map(|x| x.to_bits()).collect();
    assert!(inputs(&mixed).iter().all(|x| known.contains(&x.to_bits())), "no pixel is between two");
    let shares: BTreeSet<u32> = targets(&mixed).iter().map(|share| share.to_bits()).collect();
    assert_eq!(
        shares,
        [0f32, 0.25, 0.75, 1.0].map(f32::to_bits).into(),
        "one of four pixels is the partner's, or none"
    );
    let foreign = inputs(&plain).iter().zip(inputs(&mixed)).filter(|(a, b)| a != b).count();
    assert!(foreign > 5 && foreign <= rows.len(), "{foreign}");
}

#[test]
fn a_row_is_mixed_alike_in_any_batch_and_on_any_thread_and_otherwise_in_another_epoch() {
    for data in [data("label", r#""mixup""#), image(r#""cutmix""#)] {
        let rows: Vec<usize> = data.splits.train.rows().to_vec();
        let all = data.source.training_batch(&rows, 7).unwrap();
        let width = inputs(&all).len() / rows.len();
        for i in [0, 5, 15] {
            let alone = data.source.training_batch(&[rows[i]], 7).unwrap();
            assert_eq!(inputs(&alone), &inputs(&all)[i * width..][..width]);
            assert_eq!(targets(&alone), &targets(&all)[i * 3..][..3]);
        }
        for threads in [1, 2, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| data.source.training_batch(&rows, 7).unwrap()), all, "{threads}");
        }
        assert_ne!(data.source.training_batch(&rows, 8).unwrap(), all);
        let [valid, targets] =
            [data.source.batch(&rows).unwrap().targets, data.source.targets(&rows).unwrap()];
        assert!(valid == targets && valid[0].i64s().is_ok(), "what judges is not mixed");
    }
}

#[test]
fn what_cannot_be_mixed_is_refused() {
    let check = |recipe: &str, path: &str, expect: &str| {
        let error: DataError = match config(recipe).check() {
            Err(error) => error,
            Ok(_) => prepare(recipe, &place(&[("a.csv", csv().as_bytes())])).map(drop).unwrap_err(),
        };
        assert_eq!(error.to_string(), format!("`{path}` wants {expect}"));
        assert_eq!(error.path().as_deref(), Some(path));
    };
    for (alpha, got) in [("0", "0"), ("-1", "-1"), ("1000", "1000")] {
        let recipe = recipe("label", &format!(r#"], "mix": {{"mixup": {{"alpha": {alpha}}}}}}}"#));
        check(&recipe, "data.mix.mixup.alpha", &format!("a number above 0, 100 at most, got {got}"));
    }
    let between = "images and numbers, for there is nothing between two words, got ";
    let text = r#"], "mix": "mixup", "fields": {"colour": {"kind": "text"}}}"#;
    check(&recipe("label", text), "data.mix", &format!("{between}`colour`, a text"));
    let place = r#"], "mix": "mixup", "fields": {"colour": {"steps": [{"category": {}}]}}}"#;
    let got = "`colour`, a place in a list; `one_hot` makes numbers of it";
    check(&recipe("label", place), "data.mix", &format!("{between}{got}"));
    let image = "an image `[channels, rows, columns]` for `cutmix`; `mixup` mixes any numbers, got [7]";
    check(&recipe("label", r#"], "mix": "cutmix"}"#), "data.mix", image);
}

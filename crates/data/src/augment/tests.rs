#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::sync::Arc;

use baeum_core::{Ahead, Batch, Dataset, Record, Rng, Source, SourceError, Tensor};

use crate::testing::{place, prepare};
use crate::{DataError, Place};

/// Sixteen pictures of one size in two folders, as BMP files.
fn pictures() -> Place {
    let picture = |place: usize| {
        let rgb = ::image::RgbImage::from_fn(6, 5, |x, y| {
            ::image::Rgb([x as u8 * 40, y as u8 * 50, (place * 13 % 251) as u8])
        });
        let mut bytes = std::io::Cursor::new(vec![]);
        rgb.write_to(&mut bytes, ::image::ImageFormat::Bmp).unwrap();
        bytes.into_inner()
    };
    let files: Vec<(String, Vec<u8>)> =
        (0..16).map(|i| (format!("p/{}/{i:02}.bmp", ["left", "right"][i % 2]), picture(i))).collect();
    place(&files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect::<Vec<_>>())
}

fn images(augment: &str) -> Dataset {
    let recipe = format!(
        r#"{{"source": {{"folder": {{"path": "p"}}}}, "audit": {{"allow": ["images"]}},
            "split": {{"random": {{"valid": 0.2, "test": 0.2}}}}, "fields": {{"image": {{"augment": {augment}}}}}}}"#
    );
    prepare(&recipe, &pictures()).unwrap().dataset
}

fn inputs(data: &Dataset, rows: &[usize], epoch: Option<u32>) -> Tensor {
    let batch = match epoch {
        Some(epoch) => data.source.training_batch(rows, epoch),
        None => data.source.batch(rows),
    };
    batch.unwrap().inputs.remove("x").unwrap()
}

#[test]
fn training_alone_sees_other_images_each_epoch() {
    let (plain, data) = (images("[]"), images(r#"["flip", {"shift": {"pixels": 2}}, "colour", "policy"]"#));
    let rows: Vec<usize> = (0..16).collect();
    assert_eq!(inputs(&data, &rows, None), inputs(&plain, &rows, None));
    assert_eq!(inputs(&plain, &rows, Some(3)), inputs(&plain, &rows, None));
    let seen: BTreeSet<String> =
        (0..5).map(|epoch| format!("{:?}", inputs(&data, &rows, Some(epoch)))).collect();
    assert_eq!(seen.len(), 5);
    assert_eq!(inputs(&data, &rows, Some(0)).shape(), inputs(&data, &rows, None).shape());
}

#[test]
fn an_image_is_changed_in_the_same_way_in_any_batch_and_on_any_thread() {
    let data = images(r#"["flip", "rotate", "erase", "policy"]"#);
    let rows: Vec<usize> = (0..16).collect();
    let all = inputs(&data, &rows, Some(7));
    let width = all.len() / 16;
    for row in [0, 5, 15] {
        let alone = inputs(&data, &[row], Some(7));
        assert_eq!(alone.f32s().unwrap(), &all.f32s().unwrap()[row * width..(row + 1) * width], "{row}");
    }
    for threads in [1, 2, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| inputs(&data, &rows, Some(7))), all, "{threads}");
    }
}

/// A source that is read by the threads of a pool.
struct OnThreads(Arc<dyn Source>, rayon::ThreadPool);

impl Source for OnThreads {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn record(&self, row: usize) -> Result<Record, SourceError> {
        self.0.record(row)
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, SourceError> {
        self.1.install(|| self.0.batch(rows))
    }

    fn training_batch(&self, rows: &[usize], epoch: u32) -> Result<Batch, SourceError> {
        self.1.install(|| self.0.training_batch(rows, epoch))
    }
}

/// Shuffled, changed, and made ahead: the bytes of an epoch are those of batches that are asked for one by one.
#[test]
fn an_epoch_that_is_made_ahead_is_the_same_on_any_number_of_threads() {
    let data = images(r#"["flip", "colour", "erase"]"#);
    let order = data.splits.train.order(&Rng::new(7), 3);
    let batches: Vec<Vec<usize>> = order.chunks(3).map(<[usize]>::to_vec).collect();
    let asked: Vec<Tensor> = batches.iter().map(|rows| inputs(&data, rows, Some(3))).collect();
    assert!(!data.source.is_at_hand());
    for threads in [1, 2, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let source: Arc<dyn Source> = Arc::new(OnThreads(Arc::clone(&data.source), pool));
        let mut ahead = Ahead::new(&source, Some(3), batches.clone().into_iter());
        let mut made = |rows: &Vec<usize>| ahead.take(rows).unwrap().inputs.remove("x").unwrap();
        assert_eq!(batches.iter().map(&mut made).collect::<Vec<_>>(), asked, "{threads}");
    }
}

#[test]
fn pieces_of_a_text_are_dropped_and_swapped() {
    let rows: String =
        (0..40).map(|row| format!("one two three four five {row},{}\n", ["u", "v"][row % 2])).collect();
    let csv = format!("text,y\n{rows}");
    let recipe = |augment: &str| {
        format!(
            r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "target": "y", "audit": {{"allow": ["texts"]}},
                "fields": {{"text": {{"augment": {augment},
                "steps": [{{"tokenise": {{"by": "word", "vocabulary": 7, "length": 8}}}}]}}}}}}"#
        )
    };
    let data =
        prepare(&recipe(r#"[{"drop_tokens": {"probability": 1}}]"#), &place(&[("a.csv", csv.as_bytes())]));
    let data = data.unwrap().dataset;
    assert_eq!(inputs(&data, &[0], Some(1)).i64s().unwrap(), [1, 1, 1, 1, 1, 1, 0, 0]);
    assert!(inputs(&data, &[0], None).i64s().unwrap().starts_with(&[4, 6])); // words of one count by their letters
    let data = prepare(&recipe(r#"[{"swap_tokens": {"count": 3}}]"#), &place(&[("a.csv", csv.as_bytes())]));
    let data = data.unwrap().dataset;
    let sorted = |tensor: &Tensor| {
        let mut places = tensor.i64s().unwrap().to_vec();
        places.sort_unstable();
        places
    };
    let (plain, swapped) = (inputs(&data, &[0], None), inputs(&data, &[0], Some(1)));
    assert_ne!(swapped, plain);
    assert_eq!(sorted(&swapped), sorted(&plain));
}

#[test]
fn a_series_is_changed_and_its_answer_stays() {
    let rows: String = (0..60).map(|row| format!("{},{}\n", row * row % 17, row * 5 % 11)).collect();
    let csv = format!("a,b\n{rows}");
    let data = |augment: &str| {
        let recipe = format!(
            r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "target": "a", "series": {{"window": 8}},
                "fields": {{"series": {{"augment": {augment}, "steps": ["standardise"]}}}}}}"#
        );
        prepare(&recipe, &place(&[("a.csv", csv.as_bytes())])).unwrap().dataset
    };
    let (plain, changed) = (data("[]"), data(r#"["jitter", "scaling", "time_warp"]"#));
    let rows: Vec<usize> = (0..20).collect();
    assert_eq!(inputs(&changed, &rows, None), inputs(&plain, &rows, None));
    assert_ne!(inputs(&changed, &rows, Some(1)), inputs(&plain, &rows, None));
    assert_ne!(inputs(&changed, &rows, Some(1)), inputs(&changed, &rows, Some(2)));
    assert_eq!(
        changed.source.training_batch(&rows, 1).unwrap().targets,
        plain.source.targets(&rows).unwrap()
    );
    let alone = inputs(&changed, &[5], Some(1));
    assert_eq!(alone.f32s().unwrap(), &inputs(&changed, &rows, Some(1)).f32s().unwrap()[5 * 16..6 * 16]);
    // Time that runs unevenly keeps both ends of each channel.
    let warped = data(r#"[{"time_warp": {"strength": 0.5}}]"#);
    let (old, new) = (inputs(&plain, &[0], None), inputs(&warped, &[0], Some(1)));
    for place in [0, 7, 8, 15] {
        assert!((old.f32s().unwrap()[place] - new.f32s().unwrap()[place]).abs() < 1e-6);
    }
}

#[test]
fn what_does_not_fit_is_refused_before_any_data_are_read() {
    let check = |source: &str, augment: &str, expect: &str| {
        let recipe = format!(r#"{{{source}, "fields": {{"image": {{"augment": {augment}}}}}}}"#);
        let error: DataError = crate::testing::config(&recipe).check().map(drop).unwrap_err();
        assert_eq!(error.to_string(), expect);
    };
    let folder = r#""source": {"folder": {"path": "p"}}"#;
    check(
        folder,
        r#"["flip", {"drop_tokens": {}}]"#,
        "`data.fields.image.augment[1]` wants a way to change images, got `drop_tokens`",
    );
    check(
        folder,
        r#"[{"zoom": {"scale": [2, 1]}}]"#,
        "`data.fields.image.augment[0].zoom.scale` wants two numbers from 0.1 to 10, the lower one first, got [2, 1]",
    );
    check(
        folder,
        r#"[{"flip": {"horizontal": 1.5}}]"#,
        "`data.fields.image.augment[0].flip.horizontal` wants a number from 0 to 1, got 1.5",
    );
    let table = r#""source": {"csv": {"path": "a.csv"}}, "target": "y""#;
    check(
        table,
        r#"["flip"]"#,
        "`data.fields.image.augment[0]` wants to stand at an image, a text or a series, got another field",
    );
    // What 0 and 1 are in a tokenizer from outside, nobody knows.
    let given = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "fields": {"text": {"augment": ["swap_tokens"],
        "steps": [{"tokenise": {"by": {"file": {"path": "t.json"}}, "length": 3}}]}}}"#;
    let error: DataError = crate::testing::config(given).check().map(drop).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`data.fields.text.augment` wants a tokenizer that is learned here, for it is known what 0 and 1 are, got one of a file"
    );
}

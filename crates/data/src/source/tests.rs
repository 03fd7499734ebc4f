#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod cells;
mod heads;
mod inputs;
mod pictured;
mod several;
mod text_folder;

use std::io::Write;

use baeum_core::fs::{Fault as DiskFault, FaultFs};
use baeum_core::{Kind, Limits, Value};

use crate::testing::{place, plan, png, prepare, refusal};
use crate::{Fault, Place};

/// An idx file of bytes.
fn idx(sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let dims = [0, 0, 8, sizes.len() as u8];
    let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
    dims.into_iter().chain(sizes).chain(bytes.iter().copied()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Images of 2x3 pixels, each full of its place, with two labels in turn.
fn images(count: u8) -> (Vec<u8>, Vec<u8>) {
    let pixels: Vec<u8> = (0..count).flat_map(|image| [image; 6]).collect();
    let labels: Vec<u8> = (0..count).map(|image| image % 2).collect();
    (idx(&[count.into(), 2, 3], &pixels), idx(&[count.into()], &labels))
}

const IDX: &str = r#"{"source": {"idx": {"images": "i", "labels": "l"}}}"#;

fn idx_refusal(images: &[u8], labels: &[u8], limits: Limits) -> String {
    refusal(IDX, &Place { limits, ..place(&[("i", images), ("l", labels)]) })
}

#[test]
fn idx_files_are_images_and_labels() {
    let (pixels, labels) = images(20);
    let recipe = IDX.replace("}}}", r#"}}, "labels": ["even", "odd"]}"#);
    for (pixels, labels) in [(pixels.clone(), labels.clone()), (gzip(&pixels), gzip(&labels))] {
        let data = prepare(&recipe, &place(&[("i", &pixels), ("l", &labels)])).unwrap();
        let image = Kind::Image { channels: 1, size: Some((2, 3)) };
        assert_eq!(data.blueprint.schema.field("image").unwrap().kind, image);
        let batch = data.dataset.source.batch(&[3, 4]).unwrap();
        assert_eq!(batch.inputs["x"].shape(), [2, 1, 2, 3]);
        let grey = |level: f32| [level / 255.0; 6];
        assert_eq!(batch.inputs["x"].f32s().unwrap(), [grey(3.0), grey(4.0)].concat());
        assert_eq!(batch.targets[0].i64s().unwrap(), [1, 0]);
        assert_eq!(data.dataset.source.record(3).unwrap()["label"], Value::Text("1".to_owned()));
        assert_eq!(data.profile.labels[1].label, "odd");
    }
}

#[test]
fn test_files_are_the_test_part() {
    let ((pixels, labels), (test_pixels, test_labels)) = (images(20), images(6));
    let recipe = r#"{"source": {"idx": {"images": "i", "labels": "l", "test_images": "ti", "test_labels": "tl"}}, "split": {"given": {"valid": 0.2}}, "audit": {"allow": ["images"]}}"#;
    let files: [(&str, &[u8]); 4] =
        [("i", &pixels), ("l", &labels), ("ti", &test_pixels), ("tl", &test_labels)];
    let splits = prepare(recipe, &place(&files)).unwrap().dataset.splits;
    assert_eq!(splits.test.rows(), (20..26).collect::<Vec<usize>>());
    assert_eq!((splits.train.rows().len(), splits.valid.rows().len()), (16, 4));
    let odd = splits.valid.rows().iter().filter(|row| *row % 2 == 1).count();
    assert_eq!(odd, 2); // class by class
    let other = idx(&[1, 3, 3], &[0; 9]);
    let files: [(&str, &[u8]); 4] =
        [("i", &pixels), ("l", &labels), ("ti", &other), ("tl", &idx(&[1], &[0]))];
    assert_eq!(refusal(recipe, &place(&files)), "`ti` wants images of 2x3 pixels, as `i` has, got 3x3");
}

#[test]
fn broken_idx_files_are_refused() {
    let (pixels, labels) = images(4);
    let refuse =
        |images: &[u8], expect: &str| assert_eq!(idx_refusal(images, &labels, Limits::default()), expect);
    refuse(b"", "`i` wants to be whole, got a file that was cut short");
    refuse(b"\x89PNG", "`i` wants to be an idx file, which starts with two zeros, got the first bytes 89 50");
    refuse(&[0, 0, 0x0d, 3], "`i` wants bytes, type 08 of idx, got type 0d");
    refuse(&idx(&[4], &[0; 4]), "`i` wants 3 dimensions: images, rows, columns, got 1");
    refuse(&pixels[..15], "`i` wants to be whole, got a file that was cut short");
    refuse(&pixels[..39], "`i` wants 24 bytes for sizes [4, 2, 3], got 23");
    refuse(&[&pixels[..], &[0]].concat(), "`i` wants 24 bytes for sizes [4, 2, 3], got 25");
    refuse(&idx(&[0, 2, 3], &[]), "`i` wants images, got 0 of 2x3 pixels");
    refuse(
        &idx(&[u32::MAX, u32::MAX, u32::MAX], &[]),
        "`i` wants sizes that can be, got [4294967295, 4294967295, 4294967295]",
    );
    let packed = gzip(&pixels);
    refuse(&packed[..packed.len() - 9], "`i` wants to be whole, got a file that was cut short");
    refuse(&gzip(&pixels[..39]), "`i` wants 24 bytes for sizes [4, 2, 3], got 23");
    refuse(&gzip(&[&pixels[..], &[0]].concat()), "`i` wants 24 bytes for sizes [4, 2, 3], got more");
    let mut wrong = packed.clone();
    let checksum = wrong.len() - 6;
    wrong[checksum] ^= 1;
    let error = idx_refusal(&wrong, &labels, Limits::default());
    assert!(error.starts_with("could not decode `i` as gzip: "), "{error}");
    let few = idx_refusal(&pixels, &idx(&[3], &[0; 3]), Limits::default());
    assert_eq!(few, "`l` wants 4 labels, one for each image of `i`, got 3");
    for end in 0..packed.len() {
        assert!(prepare(IDX, &place(&[("i", &packed[..end]), ("l", &labels)])).is_err(), "{end}");
    }
}

#[test]
fn every_limit_has_idx_files_just_below_and_just_above() {
    let (pixels, labels) = images(20);
    let over = |images: &[u8], limits: Limits| idx_refusal(images, &labels, limits);
    let fits = |images: &[u8], limits: Limits| {
        prepare(IDX, &Place { limits, ..place(&[("i", images), ("l", &labels)]) }).map(drop).unwrap();
    };
    let limits = Limits::default;
    fits(&pixels, Limits { idx_dims: 3, ..limits() });
    let text = "`i` wants at most 2 dimensions, got 3; `run.limits.idx_dims` raises the limit";
    assert_eq!(over(&pixels, Limits { idx_dims: 2, ..limits() }), text);
    fits(&pixels, Limits { rows: 20, ..limits() });
    let text = "`i` wants at most 19 rows, got 20; `run.limits.rows` raises the limit";
    assert_eq!(over(&pixels, Limits { rows: 19, ..limits() }), text);
    fits(&pixels, Limits { image_side: 3, image_area: 6, ..limits() });
    let text = "`i` wants at most 2 pixels a side, got 3; `run.limits.image_side` raises the limit";
    assert_eq!(over(&pixels, Limits { image_side: 2, ..limits() }), text);
    let text = "`i` wants at most 5 pixels, got 6; `run.limits.image_area` raises the limit";
    assert_eq!(over(&pixels, Limits { image_area: 5, ..limits() }), text);
}

/// 17 MiB of zeros pack into 17 KiB: the ratio counts from 16 MiB on, and nothing is unpacked beyond what the
/// header says.
#[test]
fn an_archive_must_not_be_a_bomb() {
    let side = 1 << 10;
    let labels = idx(&[17], &[0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
    let bomb = gzip(&idx(&[17, side, side], &vec![0; 17 << 20]));
    let ratio = (17u64 << 20).div_ceil(bomb.len() as u64);
    let limits = Limits { archive_ratio: ratio, ..Limits::default() };
    let all_black = IDX.replacen('{', r#"{"audit": {"allow": ["images"]}, "#, 1);
    prepare(&all_black, &Place { limits, ..place(&[("i", &bomb), ("l", &labels)]) }).map(drop).unwrap();
    let limits = Limits { archive_ratio: ratio - 1, ..Limits::default() };
    let text = format!(
        "`i` wants at most {} times its packed length, got {ratio}; `run.limits.archive_ratio` raises the limit",
        ratio - 1
    );
    assert_eq!(idx_refusal(&bomb, &labels, limits), text);
    let limits = Limits { inflated_bytes: (17 << 20) - 1, ..Limits::default() };
    let text = "`i` wants at most 17825791 bytes unpacked, got 17825792; `run.limits.inflated_bytes` raises the limit";
    assert_eq!(idx_refusal(&bomb, &labels, limits), text);
}

/// A folder of two classes with images of many sizes.
fn folder() -> Vec<(String, Vec<u8>)> {
    let image = |(place, class): (u8, &str)| {
        let name = if place % 3 == 0 {
            format!("f/{class}/deeper/{place}.png")
        } else {
            format!("f/{class}/{place}.png")
        };
        (name, png(4 + u32::from(place), 3, place * 10))
    };
    (0..20).zip(["cat", "dog"].into_iter().cycle()).map(image).collect()
}

fn folder_place(files: &[(String, Vec<u8>)]) -> Place {
    place(&files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect::<Vec<_>>())
}

const FOLDER: &str = r#"{"source": {"folder": {"path": "f", "channels": "grey"}},
    "fields": {"image": {"steps": [{"resize": {"height": 2, "width": 2}}, {"scale": {"factor": 0.5}}]}}}"#;

#[test]
fn a_folder_is_classes_of_images() {
    let mut files = folder();
    files.push(("f/.DS_Store".to_owned(), b"x".to_vec()));
    let data = prepare(FOLDER, &folder_place(&files)).unwrap();
    assert_eq!(data.dataset.source.len(), 20);
    // Sorted by class and name, deeper folders behind: the first of `cat` is 10.png.
    let batch = data.dataset.source.batch(&[0]).unwrap();
    assert_eq!(batch.inputs["x"].shape(), [1, 1, 2, 2]);
    assert_eq!(batch.inputs["x"].f32s().unwrap(), [50.0; 4]);
    assert_eq!(batch.targets[0].i64s().unwrap(), [0]);
    let record = data.dataset.source.record(0).unwrap();
    assert_eq!(record["label"], Value::Text("cat".to_owned()));
    assert!(matches!(&record["image"], Value::Image(pixels) if pixels.shape() == [3, 14, 1]));
    assert_eq!(data.profile.hidden_files, 1);
    let sizes = data.profile.fields[0].sizes.unwrap();
    assert!(sizes.smallest.0 == 3 && sizes.largest.0 == 3 && sizes.distinct > 5, "{sizes:?}");
}

/// reliability.md D3: the same images under other names fall into the same parts.
#[test]
fn a_folder_is_divided_by_what_its_images_say() {
    let levels = |files: &[(String, Vec<u8>)]| {
        let data = prepare(FOLDER, &folder_place(files)).unwrap().dataset;
        let level = |row: &usize| data.source.batch(&[*row]).unwrap().inputs["x"].f32s().unwrap()[0] as i32;
        let mut levels: Vec<i32> = data.splits.test.rows().iter().map(level).collect();
        levels.sort_unstable();
        levels
    };
    let renamed: Vec<(String, Vec<u8>)> = folder()
        .into_iter()
        .enumerate()
        .map(|(place, (name, bytes))| {
            (format!("f/{}/{}", name.split('/').nth(1).unwrap(), 99 - place), bytes)
        })
        .collect();
    assert_eq!(levels(&folder()), levels(&renamed));
}

#[test]
fn images_of_different_sizes_want_resize() {
    let recipe = r#"{"source": {"folder": {"path": "f"}}}"#;
    let expect = "`data.fields.image.steps` wants `resize` as the first step, got images of different sizes";
    assert_eq!(refusal(recipe, &folder_place(&folder())), expect);
}

#[test]
fn files_that_are_no_images_are_counted_and_named() {
    let mut files = folder();
    files[2].1.truncate(50);
    files[5].1 = b"<svg/>".to_vec();
    let expect = "`f` wants images alone, got 2 of 20 files that cannot be read: `f/cat/2.png` wants the end of a PNG image, got a \
                  file that was cut short; `f/dog/5.png` wants an image (PNG, JPEG, GIF, BMP, WebP or TIFF), got SVG";
    assert_eq!(refusal(FOLDER, &folder_place(&files)), expect);
    let many: Vec<(String, Vec<u8>)> =
        (0..50).map(|place| (format!("f/{}/{place:02}", place % 2), b"no".to_vec())).collect();
    let error = refusal(FOLDER, &folder_place(&many));
    assert!(
        error.starts_with("`f` wants images alone, got 50 of 50 files that cannot be read: `f/0/00` wants"),
        "{error}"
    );
    assert!(error.matches("other bytes").count() == 20 && error.ends_with("; and 30 more"), "{error}");
}

#[test]
fn a_folder_wants_classes() {
    let check = |files: &[(&str, &[u8])], expect: &str| assert_eq!(refusal(FOLDER, &place(files)), expect);
    check(&[], "could not find `f`; looked for `/r/f`");
    check(&[("f", b"")], "`f` wants to be a folder with one folder for each class, got a regular file");
    check(&[("f/.keep", b"")], "`f` wants one folder of images for each class, got none");
    check(&[("f/a/1.png", b"")], "`f` wants at least 2 class folders, got 1: `a`");
    check(
        &[("f/a/1.png", b""), ("f/2.png", b"")],
        "`f/2.png` wants to lie in the folder of its class, got `f` itself",
    );
    check(&[("f/a/1.png", b""), ("f/b/.keep", b"")], "`f/b` wants images, got none");
}

#[test]
fn every_limit_has_a_folder_just_below_and_just_above() {
    let with = |folder_files: u64| Place {
        limits: Limits { folder_files, ..Limits::default() },
        ..folder_place(&folder())
    };
    assert!(prepare(FOLDER, &with(20)).is_ok());
    let expect = "`f/dog` wants at most 19 files, got 20; `run.limits.folder_files` raises the limit";
    assert_eq!(refusal(FOLDER, &with(19)), expect);
}

#[test]
fn the_disks_troubles_are_no_fault_of_the_images() {
    let sound = folder_place(&folder());
    let faults = FaultFs::over(sound.fs.clone());
    let place = Place { fs: std::sync::Arc::new(faults.clone()), ..sound };
    prepare(FOLDER, &place).map(drop).unwrap();
    let operations = faults.operations();
    for k in (1..operations).step_by(7) {
        faults.fail_at(k, DiskFault::InputOutput);
        let error = prepare(FOLDER, &place).err().unwrap();
        assert_eq!(error.fault(), Fault::Disk, "{k}: {error}");
    }
}

const FUNCTION: &str = r#"{"source": {"function": {"expression": "a * b - 1", "inputs": {"a": [-10, 10], "b": [0, 4]}, "rows": 200}},
    "target": "product"}"#;

#[test]
fn a_function_gives_examples_of_itself() {
    let data = prepare(FUNCTION, &place(&[])).unwrap().dataset;
    let number = |record: &baeum_core::Record, name: &str| match record[name] {
        Value::Number(number) => number,
        Value::Missing | Value::Numbers(_) | Value::Text(_) | Value::Image(_) => f64::NAN,
    };
    for row in 0..200 {
        let record = data.source.record(row).unwrap();
        let (a, b) = (number(&record, "a"), number(&record, "b"));
        assert!((-10.0..10.0).contains(&a) && (0.0..4.0).contains(&b), "{a} {b}");
        assert_eq!(number(&record, "product"), a * b - 1.0);
    }
    assert_eq!(
        [data.splits.train.rows().len(), data.splits.valid.rows().len(), data.splits.test.rows().len()],
        [140, 30, 30]
    );
}

#[test]
fn probes_lie_inside_and_outside() {
    let probes = prepare(FUNCTION, &place(&[])).unwrap().dataset.probes;
    assert_eq!((probes.records.len(), probes.truth.len(), probes.batch.rows), (16, 16, 16));
    assert_eq!(probes.inside.iter().filter(|inside| **inside).count(), 8);
    for ((record, truth), inside) in probes.records.iter().zip(&probes.truth).zip(&probes.inside) {
        let (Value::Number(a), Value::Number(b)) = (&record["a"], &record["b"]) else { panic!("{record:?}") };
        assert_eq!(*truth, a * b - 1.0);
        assert_eq!(*inside, (-10.0..=10.0).contains(a) && (0.0..=4.0).contains(b), "{record:?}");
    }
    let root = FUNCTION.replace("a * b - 1", "sqrt(b)");
    assert_eq!(prepare(&root, &place(&[])).unwrap().dataset.probes.records.len(), 12); // those below zero have no root
}

#[test]
fn a_function_without_a_value_is_refused() {
    let error = refusal(&FUNCTION.replace("a * b - 1", "sqrt(a)"), &place(&[]));
    let path = "`data.source.function.expression` wants a finite value for all its inputs, got NaN at a = -";
    assert!(error.starts_with(path), "{error}");
    let limits = Limits { rows: 199, ..Limits::default() };
    let expect =
        "`data.source.function.rows` wants at most 199 rows, got 200; `run.limits.rows` raises the limit";
    assert_eq!(refusal(FUNCTION, &Place { limits, ..place(&[]) }), expect);
}

/// A `.npy` of format 1.0.
fn npy(descr: &str, shape: &str, content: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), content].concat()
}

const NUMPY: &str = r#"{"source": {"numpy": {"inputs": "x.npy", "targets": "y.npy"}}, "audit": {"allow": ["images", "rows"]},
    "split": {"random": {"valid": 0.2, "test": 0.2}}}"#;

#[test]
fn arrays_of_numpy_are_images_or_numbers() {
    let labels =
        npy("<i8", "(10,)", &(0..10i64).flat_map(|row| (row % 2).to_le_bytes()).collect::<Vec<u8>>());
    let pixels = npy("|u1", "(10, 2, 3)", &(0..60).collect::<Vec<u8>>());
    let data = prepare(NUMPY, &place(&[("x.npy", &pixels), ("y.npy", &labels)])).unwrap();
    let batch = data.dataset.source.batch(&[1]).unwrap();
    assert_eq!(batch.inputs["x"].shape(), [1, 1, 2, 3]);
    assert_eq!(batch.inputs["x"].f32s().unwrap()[0], 6.0 / 255.0);
    assert_eq!(batch.targets[0].i64s().unwrap(), [1]);
    let floats: Vec<u8> = (0..40).flat_map(|i| (i as f32 / 2.0).to_le_bytes()).collect();
    let (numbers, answers) = (npy("<f4", "(10, 2, 2)", &floats), npy("<f4", "(10, 1)", &floats[..40]));
    let recipe = NUMPY.replacen('{', r#"{"shape": [1, 2, 2], "#, 1);
    let data = prepare(&recipe, &place(&[("x.npy", &numbers), ("y.npy", &answers)])).unwrap();
    let batch = data.dataset.source.batch(&[3, 0]).unwrap();
    assert_eq!(batch.inputs["x"].shape(), [2, 1, 2, 2]);
    assert_eq!(batch.inputs["x"].f32s().unwrap()[..4], [6.0, 6.5, 7.0, 7.5]);
    assert_eq!(data.dataset.task, baeum_core::Task::Regress);
    assert_eq!(data.dataset.source.record(3).unwrap()["label"], Value::Number(1.5));
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let labels = npy("<i8", "(2,)", &[0; 16]);
    let check = |x: &[u8], y: &[u8], expect: &str| {
        assert_eq!(refusal(NUMPY, &place(&[("x.npy", x), ("y.npy", y)])), expect);
    };
    let pixels = npy("|u1", "(3, 1, 1)", &[1, 2, 3]);
    check(
        &pixels,
        &labels,
        "`y.npy` wants 3 targets, one for each example of `x.npy`, got an array of shape [2]",
    );
    let single = npy("<f4", "()", &[0; 4]);
    check(
        &single,
        &labels,
        "`x.npy` wants an array whose first dimension counts the examples, got a single number",
    );
    let texts = npy("|S1", "(2,)", b"ab");
    check(&texts, &labels, "`x.npy` wants numbers, got texts");
    let recipe = r#"{"source": {"numpy": {"inputs": "x.npz#a", "targets": "y.npy"}}}"#;
    let error = refusal(recipe, &place(&[("x.npz", b"PK"), ("y.npy", &labels)]));
    assert!(error.starts_with("`x.npz#a` wants "), "{error}");
    let recipe = r#"{"source": {"numpy": {"inputs": "x.npy", "targets": "y.npy", "test_inputs": "z.npy"}}}"#;
    let error = crate::testing::config(recipe).check().map(drop).unwrap_err().to_string();
    assert_eq!(error, "`data.source.numpy.test_targets` wants the targets of `test_inputs`, got nothing");
}

use super::*;

/// A table of twenty pictures beside it, in a folder of its own.
fn table() -> Vec<(String, Vec<u8>)> {
    let name = |row: u8| format!("shots/{row}.png");
    let line = |row: u8| format!("{row},{},{}\n", name(row), ["cat", "dog"][usize::from(row % 2)]);
    let csv = "id,photo,label\n".to_owned() + &(0..20).map(line).collect::<String>();
    let mut files = vec![("t/a.csv".to_owned(), csv.into_bytes())];
    files.extend((0..20).map(|row| (format!("t/{}", name(row)), png(4 + u32::from(row), 3, row * 10))));
    files
}

const TABLE: &str = r#"{"source": {"csv": {"path": "t/a.csv"}}, "target": "label", "ids": ["id"], "fields": {"photo": {
    "kind": {"image": {"channels": "grey"}},
    "steps": [{"resize": {"height": 2, "width": 2}}, {"scale": {"factor": 0.5}}]}}}"#;

fn changed(from: &str, to: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = table();
    let csv = String::from_utf8(files[0].1.clone()).unwrap();
    assert!(csv.contains(from), "{from}");
    files[0].1 = csv.replacen(from, to, 1).into_bytes();
    files
}

#[test]
fn a_column_of_paths_is_a_field_of_images() {
    let data = prepare(TABLE, &folder_place(&table())).unwrap();
    let batch = data.dataset.source.batch(&[3, 0]).unwrap();
    assert_eq!(batch.inputs["x"].shape(), [2, 1, 2, 2]);
    let expect = [15.0, 15.0, 15.0, 15.0, 0.0, 0.0, 0.0, 0.0];
    let near = |(pixel, expect): (&f32, f32)| (pixel - expect).abs() < 1e-5; // one rounding of a sum of weights
    let pixels = batch.inputs["x"].f32s().unwrap();
    assert!(pixels.iter().zip(expect).all(near), "{pixels:?}");
    assert_eq!(batch.targets[0].i64s().unwrap(), [1, 0]);
    let record = data.dataset.source.record(3).unwrap();
    assert_eq!((&record["label"], &record["id"]), (&Value::Text("dog".into()), &Value::Text("3".into())));
    assert!(matches!(&record["photo"], Value::Image(pixels) if pixels.shape() == [3, 7, 1]));
    let photo = data.blueprint.schema.field("photo").unwrap();
    assert_eq!((photo.role, photo.columns.len()), (baeum_core::Role::Input, 0));
    let sizes = data.profile.fields.iter().find_map(|field| field.sizes).unwrap();
    assert!(sizes.smallest.0 == 3 && sizes.distinct > 5, "{sizes:?}");
    assert_eq!(plan(TABLE).item_shape(), Some(vec![1, 2, 2]));
    let read = plan(TABLE).files(&folder_place(&table())).unwrap();
    assert!(read.len() == 21 && read[20].ends_with("t/shots/19.png"), "{read:?}");
    let again = crate::open(&plan(TABLE), &folder_place(&table()), &data.blueprint).unwrap();
    assert_eq!(again.source.batch(&[3, 0]).unwrap().inputs, batch.inputs);
}

#[test]
fn paths_start_in_a_folder_that_the_recipe_names() {
    let recipe = TABLE.replace(r#""grey""#, r#""grey", "folder": "pictures""#);
    let moved: Vec<(String, Vec<u8>)> =
        table().into_iter().map(|(name, bytes)| (name.replace("t/shots", "pictures/shots"), bytes)).collect();
    let data = prepare(&recipe, &folder_place(&moved)).unwrap();
    assert_eq!(data.dataset.source.len(), 20);
    let expect = "could not find `pictures`; looked for `/r/pictures`";
    assert_eq!(refusal(&recipe, &folder_place(&table())), expect);
}

#[test]
fn json_lines_may_name_images_too() {
    let mut files = table();
    let line = |row: usize| {
        format!("{{\"photo\": \"shots/{row}.png\", \"label\": \"{}\"}}\n", ["cat", "dog"][row % 2])
    };
    files[0] = ("t/a.jsonl".to_owned(), (0..20).map(line).collect::<String>().into_bytes());
    let recipe = TABLE
        .replace(r#""csv": {"path": "t/a.csv"}"#, r#""jsonl": {"path": "t/a.jsonl"}"#)
        .replace(r#""ids": ["id"], "#, "");
    assert_eq!(prepare(&recipe, &folder_place(&files)).unwrap().dataset.source.len(), 20);
}

/// The same pictures in other rows, under other names, fall into the same parts.
#[test]
fn a_table_of_images_is_divided_by_what_they_show() {
    let levels = |files: &[(String, Vec<u8>)]| {
        let data = prepare(TABLE, &folder_place(files)).unwrap().dataset;
        let level = |row: &usize| data.source.batch(&[*row]).unwrap().inputs["x"].f32s().unwrap()[0] as i32;
        data.splits.test.rows().iter().map(level).collect::<std::collections::BTreeSet<i32>>()
    };
    let mut turned = table();
    let csv = String::from_utf8(turned[0].1.clone()).unwrap().replace("shots/", "shots/p");
    let (header, rows) = csv.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().rev().collect();
    turned[0].1 = format!("{header}\n{}\n", rows.join("\n")).into_bytes();
    turned[1..].iter_mut().for_each(|(name, _)| *name = name.replace("shots/", "shots/p"));
    assert_eq!(levels(&table()), levels(&turned));
}

#[test]
fn a_path_that_leads_to_no_image_is_refused_with_its_row() {
    let check = |path: &str, expect: &str| {
        let got = refusal(TABLE, &folder_place(&changed("shots/4.png", path)));
        let head = "`t/a.csv` wants an image behind each path of `photo`, got 1 of 20 rows that cannot be read: \
                    `t/a.csv` row 5: ";
        assert_eq!(got, format!("{head}{expect}"), "{path}");
    };
    check("../a.png", "`t/../a.png` wants a path below its folder, got one that leads out of it");
    check(
        "shots/../../a.png",
        "`t/shots/../../a.png` wants a path below its folder, got one that leads out of it",
    );
    check("/etc/passwd", "`t//etc/passwd` wants a path below its folder, got one that starts at the root");
    check("", "`photo` wants the path of a file, got an empty cell");
    check("shots/x.png", "`t/shots/x.png` wants to be a regular file, got nothing");
    check("shots", "`t/shots` wants to be a regular file, got a folder");
    check("a.csv", "`t/a.csv` wants an image (PNG, JPEG, GIF, BMP, WebP or TIFF), got other bytes");
}

#[test]
fn all_missing_images_are_counted_and_the_first_are_named() {
    let files: Vec<(String, Vec<u8>)> = table().into_iter().filter(|(name, _)| !name.contains("1")).collect();
    let got = refusal(TABLE, &folder_place(&files));
    assert!(got.contains("got 11 of 20 rows that cannot be read: `t/a.csv` row 2: `t/shots/1.png`"), "{got}");
    let files: Vec<(String, Vec<u8>)> = table().into_iter().take(1).collect();
    let got = refusal(&TABLE.replacen('{', r#"{"on_bad": "skip", "#, 1), &folder_place(&files));
    assert!(got.contains("got 20 of 20 rows that cannot be read"), "{got}");
}

#[test]
fn rows_without_an_image_may_be_left_out() {
    let recipe = TABLE.replacen('{', r#"{"on_bad": "skip", "#, 1);
    let mut files = changed("4,shots/4.png,cat", "4,shots/4.png,cat,more");
    files[8].1.truncate(40);
    files.remove(3);
    let place = folder_place(&files);
    let data = prepare(&recipe, &place).unwrap();
    assert_eq!(data.dataset.source.len(), 17);
    let record = |row: usize| data.dataset.source.record(row).unwrap()["id"].to_string();
    assert_eq!([1, 2, 3, 4].map(record), ["the text `1`", "the text `3`", "the text `5`", "the text `6`"]);
    let repairs: Vec<String> = data.profile.repairs.iter().map(ToString::to_string).collect();
    let expect = "3 of `t/a.csv` cannot be read and were left out: `t/a.csv` row 3: `t/shots/2.png` wants to be a regular \
                  file, got nothing; `t/a.csv` row 5 wants 3 fields, got 4; `t/a.csv` row 8: `t/shots/7.png` wants the end of \
                  a PNG image, got a file that was cut short";
    assert_eq!(repairs, [expect]);
    let again = crate::open(&plan(&recipe), &place, &data.blueprint).unwrap();
    assert_eq!(again.source.batch(&[2]).unwrap().inputs, data.dataset.source.batch(&[2]).unwrap().inputs);
    // Its number in the file stands in messages, whatever was left out before it.
    let small = recipe.replace(r#"{"resize""#, r#"{"crop": {"height": 3, "width": 14}}, {"resize""#);
    let got = refusal(&small, &place);
    assert!(
        got.starts_with("`t/a.csv` row 1 (`t/shots/0.png`): `photo` wants an image at least as large"),
        "{got}"
    );
}

#[test]
fn an_image_stands_alone_before_the_network() {
    let rule = "`data.fields.photo.kind` wants an image to be the one field of its input, got";
    let got = refusal(&TABLE.replace(r#", "ids": ["id"]"#, ""), &folder_place(&table()));
    let help = "put what is no image under `data.ignore`, or name several `data.inputs`";
    assert_eq!(got, format!("{rule} `id` beside it; {help}"));
    let check = |recipe: String| crate::testing::config(&recipe).check().map(drop).unwrap_err().to_string();
    let two = TABLE.replace(r#""fields": {"#, r#""fields": {"back": {"kind": "image"}, "#);
    let rule_of_two = "`data.fields.back.kind` wants an image to be the one field of its input, got `photo` beside it; name \
                       several `data.inputs`";
    assert_eq!(check(two.clone()), rule_of_two);
    let together =
        two.replacen('{', r#"{"inputs": {"a": {"fields": ["photo", "back"]}, "b": {"fields": "back"}}, "#, 1);
    assert_eq!(check(together), rule_of_two.replace("; name several `data.inputs`", ""));
    let vectors = TABLE.replacen('{', r#"{"vectors": {"v": "p*"}, "#, 1);
    assert_eq!(check(vectors), format!("{rule} `v` beside it; name several `data.inputs`"));
    let folder = TABLE.replace(r#""grey""#, r#""grey", "folder": """#);
    assert_eq!(check(folder), "`data.fields.photo.kind.image.folder` wants a name, got an empty one");
    let absent =
        TABLE.replace("\"photo\"", "\"photos\"").replace(r#", "ids": ["id"]"#, r#", "ignore": ["id"]"#);
    let got = refusal(&absent, &folder_place(&table()));
    assert_eq!(got, "`data.fields.photos` wants a column of `t/a.csv`, got `photos`; did you mean `photo`?");
}

#[test]
fn the_disks_troubles_are_no_fault_of_the_rows() {
    let sound = folder_place(&table());
    let faults = FaultFs::over(sound.fs.clone());
    let place = Place { fs: std::sync::Arc::new(faults.clone()), ..sound };
    let recipe = TABLE.replacen('{', r#"{"on_bad": "skip", "#, 1);
    prepare(&recipe, &place).map(drop).unwrap();
    let operations = faults.operations();
    for k in (1..operations).step_by(7) {
        faults.fail_at(k, DiskFault::InputOutput);
        let error = prepare(&recipe, &place).err().unwrap();
        assert_eq!(error.fault(), Fault::Disk, "{k}: {error}");
    }
}

/// The same table with a picture of the other side of each, in another folder and of another size.
fn sides() -> Vec<(String, Vec<u8>)> {
    let mut files = table();
    let csv = String::from_utf8(files[0].1.clone()).unwrap();
    let line = |(row, line): (usize, &str)| match row {
        0 => format!("{line},back\n"),
        row => format!("{line},{}.png\n", row - 1),
    };
    files[0].1 = csv.lines().enumerate().map(line).collect::<String>().into_bytes();
    files.extend((0..20).map(|row: u8| (format!("backs/{row}.png"), png(3, 4 + u32::from(row), 200 - row))));
    files
}

fn two_sides() -> String {
    let back = r#""fields": {"back": {"kind": {"image": {"channels": "grey", "folder": "backs"}},
        "steps": [{"resize": {"height": 1, "width": 3}}, {"scale": {"factor": 0.01}}]}, "#;
    let inputs = r#"{"inputs": {"front": {"fields": "photo"}, "behind": {"fields": "back"}}, "audit": {"allow": ["images"]}, "#;
    TABLE.replace(r#""fields": {"#, back).replacen('{', inputs, 1)
}

#[test]
fn two_columns_of_paths_are_two_inputs() {
    let (recipe, place) = (two_sides(), folder_place(&sides()));
    let data = prepare(&recipe, &place).unwrap();
    let batch = data.dataset.source.batch(&[3, 0]).unwrap();
    let (front, back) = (&batch.inputs["front"], &batch.inputs["behind"]);
    assert_eq!((front.shape(), back.shape()), (&[2, 1, 2, 2][..], &[2, 1, 1, 3][..]));
    let near = |got: f32, wanted: f32| assert!((got - wanted).abs() < 1e-5, "{got} {wanted}");
    near(front.f32s().unwrap()[0], 15.0);
    near(back.f32s().unwrap()[0], 1.97);
    let record = data.dataset.source.record(3).unwrap();
    let shape =
        |name: &str| if let Value::Image(pixels) = &record[name] { pixels.shape().to_vec() } else { vec![] };
    assert_eq!((shape("photo"), shape("back")), (vec![3, 7, 1], vec![7, 3, 1]));
    let sizes: Vec<_> = data.profile.fields.iter().filter_map(|field| field.sizes).collect();
    assert_eq!(sizes.len(), 2, "each column has sizes of its own");
    assert!(sizes[0].smallest != sizes[1].smallest, "{sizes:?}");
    assert_eq!(plan(&recipe).files(&place).unwrap().len(), 41);
    let known = plan(&recipe);
    assert_eq!(known.items(), [("behind", Some(vec![1, 1, 3])), ("front", Some(vec![1, 2, 2]))]);
    let again = crate::open(&plan(&recipe), &place, &data.blueprint).unwrap();
    assert_eq!(again.source.batch(&[3, 0]).unwrap(), batch);
}

#[test]
fn a_row_without_one_of_two_images_may_be_left_out() {
    let mut files = sides();
    files.retain(|(name, _)| name != "t/shots/4.png" && name != "backs/9.png");
    let got = refusal(&two_sides(), &folder_place(&files));
    let expect = "`t/a.csv` wants an image behind each path of `photo`, got 1 of 20 rows that cannot be read: `t/a.csv` row 5: \
                  `t/shots/4.png` wants to be a regular file, got nothing";
    assert_eq!(got, expect);
    let place = folder_place(&files);
    let data = prepare(&two_sides().replacen('{', r#"{"on_bad": "skip", "#, 1), &place).unwrap();
    let id = |row: usize| data.dataset.source.record(row).unwrap()["id"].to_string();
    assert_eq!(data.dataset.source.len(), 18);
    assert_eq!([id(3), id(4), id(7), id(8)], [3, 5, 8, 10].map(|id| format!("the text `{id}`")));
    let batch = data.dataset.source.batch(&[8]).unwrap();
    assert!((batch.inputs["behind"].f32s().unwrap()[0] - 1.9).abs() < 1e-5, "the picture of its own row");
    let small = two_sides().replace(
        r#"{"resize": {"height": 1"#,
        r#"{"crop": {"height": 9, "width": 3}}, {"resize": {"height": 1"#,
    );
    let got = refusal(&small, &folder_place(&sides()));
    assert!(
        got.starts_with("`t/a.csv` row 1 (`t/shots/0.png`, `backs/0.png`): `back` wants an image"),
        "{got}"
    );
}

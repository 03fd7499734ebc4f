//! Leaks that were put in on purpose, each in data that are clean without it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::fmt::Write;

use ::image::{ImageFormat, RgbImage, imageops};

use super::*;
use crate::testing::{Dice, place, prepare, refusal};

type Files = Vec<(String, Vec<u8>)>;

/// Runs the stage; says what it refused.
fn refused(recipe: &str, files: &Files) -> String {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    refusal(recipe, &place(&files))
}

/// What the profile warns of.
fn warnings(recipe: &str, files: &Files) -> Vec<Warning> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let prepared = prepare(recipe, &place(&files)).unwrap_or_else(|error| panic!("{error}"));
    let is_leak = |warning: &Warning| matches!(warning, Warning::Leak { .. });
    prepared.profile.warnings.into_iter().filter(is_leak).collect()
}

/// Nothing is found without the leak; with it the run ends and names it, unless it is allowed.
#[track_caller]
fn found(leak: Leak, recipe: &str, clean: &Files, leaky: &Files, names: &[&str]) {
    assert_eq!(warnings(recipe, clean), [], "a false alarm");
    let message = refused(recipe, leaky);
    for name in names {
        assert!(message.contains(name), "`{name}` is not in: {message}");
    }
    let way_out = format!("`data.audit.allow = [\"{}\"]`", leak.name());
    assert!(message.ends_with(&way_out), "{message}");
    let allowed = recipe.replacen('{', &format!(r#"{{"audit": {{"allow": ["{}"]}}, "#, leak.name()), 1);
    let warnings = warnings(&allowed, leaky);
    assert!(
        matches!(&warnings[..], [Warning::Leak { found, why: Why::Allowed }] if found.leak() == leak),
        "{warnings:?}"
    );
}

const TABLE: &str = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "task": "classify",
    "split": {"column": {"name": "part"}}}"#;

/// 60 rows of two numbers and a name; every fifth is for test, row 1 among the others and row 5 one of them.
fn rows() -> Vec<String> {
    let mut dice = Dice(3);
    (0..60)
        .map(|row| {
            let (length, width) = (dice.share() * 9.0 + 1.0, dice.share() * 9000.0 + 1000.0);
            let part = if row % 5 == 4 { "test" } else { "train" };
            format!("{length:.5},{width:.1},City {},{},{part}", dice.below(9), dice.below(2))
        })
        .collect()
}

fn table(rows: &[String]) -> Files {
    vec![("a.csv".to_owned(), format!("length,width,city,y,part\n{}\n", rows.join("\n")).into_bytes())]
}

/// Row 5, which is for test, becomes row 1 with this change.
#[track_caller]
fn found_in_table(change: impl Fn(&[&str]) -> [String; 3]) {
    let clean = rows();
    let mut leaky = clean.clone();
    let cells: Vec<&str> = clean[0].split(',').collect();
    leaky[4] = format!("{},{},test", change(&cells).join(","), cells[3]);
    found(Leak::Rows, TABLE, &table(&clean), &table(&leaky), &["`a.csv` row 5 and `a.csv` row 1"]);
}

fn same(cells: &[&str]) -> [String; 3] {
    [0, 1, 2].map(|place| cells[place].to_owned())
}

#[test]
fn an_equal_row() {
    found_in_table(same);
}

#[test]
fn a_row_whose_numbers_are_written_in_another_way() {
    found_in_table(|cells| [format!("{}00", cells[0]), format!("{}e0", cells[1]), cells[2].to_owned()]);
}

#[test]
fn a_row_that_differs_in_the_sixth_digit() {
    found_in_table(|cells| {
        let number: f64 = cells[1].parse().unwrap();
        [cells[0].to_owned(), (number * 1.000_001).to_string(), cells[2].to_owned()]
    });
}

#[test]
fn a_row_whose_name_is_spelled_in_capitals() {
    found_in_table(|cells| [cells[0].to_owned(), cells[1].to_owned(), cells[2].to_uppercase()]);
}

#[test]
fn a_row_whose_name_has_another_space() {
    found_in_table(|cells| [cells[0].to_owned(), cells[1].to_owned(), cells[2].replace(' ', "  ")]);
}

#[test]
fn a_row_with_another_label() {
    let clean = rows();
    let mut leaky = clean.clone();
    let cells: Vec<&str> = clean[0].split(',').collect();
    leaky[4] = format!("{},{},test", same(&cells).join(","), if cells[3] == "0" { "1" } else { "0" });
    found(Leak::Rows, TABLE, &table(&clean), &table(&leaky), &["1 of 12 rows"]);
}

#[test]
fn rows_that_were_copied_for_training_before_they_were_divided() {
    let clean = rows();
    let test: Vec<String> = clean.iter().filter(|row| row.ends_with("test")).cloned().collect();
    let copies = test.iter().map(|row| row.replace("test", "train"));
    let leaky: Vec<String> = clean.iter().cloned().chain(copies).collect();
    found(Leak::Rows, TABLE, &table(&clean), &table(&leaky), &["12 of 12 rows"]);
}

#[test]
fn rows_that_stand_in_two_files() {
    let recipe = r#"{"source": {"csv": {}}, "target": "y", "task": "classify", "ignore": ["part"],
        "split": {"files": {"train": "train.csv", "test": "test.csv"}}}"#;
    let (head, rows) = ("length,width,city,y,part\n", rows());
    let files = |test: &[String]| {
        vec![
            ("train.csv".to_owned(), format!("{head}{}\n", rows[..40].join("\n")).into_bytes()),
            ("test.csv".to_owned(), format!("{head}{}\n", test.join("\n")).into_bytes()),
        ]
    };
    let leaky = [&rows[45..], &rows[7..8]].concat();
    // A tenth of the training rows, drawn by lot, may be the one that is copied: it would be held out as well.
    let names = ["`test.csv` row 16 and `train.csv` row 8"];
    found(Leak::Rows, recipe, &files(&rows[45..]), &files(&leaky), &names);
}

#[test]
fn a_row_of_a_vector() {
    let recipe = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "task": "classify",
        "vectors": {"v": "v*"}, "split": {"column": {"name": "part"}}}"#;
    let clean: Vec<String> = rows().iter().map(|row| row.replace("City ", "")).collect();
    let file = |rows: &[String]| {
        vec![("a.csv".to_owned(), format!("v1,v2,v3,y,part\n{}\n", rows.join("\n")).into_bytes())]
    };
    let mut leaky = clean.clone();
    leaky[4] = clean[0].replace("train", "test");
    found(Leak::Rows, recipe, &file(&clean), &file(&leaky), &["row 5 and `a.csv` row 1"]);
}

#[test]
fn the_same_patient() {
    let recipe = TABLE.replacen('{', r#"{"ids": ["city"], "#, 1);
    let one_each = |place: usize, row: &String| row.replacen("City ", &format!("patient {place} "), 1);
    let clean: Vec<String> = rows().iter().enumerate().map(|(place, row)| one_each(place, row)).collect();
    let mut leaky = clean.clone();
    let patient = clean[0].split(',').nth(2).unwrap();
    let other = clean[4].split(',').nth(2).unwrap();
    leaky[4] = leaky[4].replace(other, patient);
    found(
        Leak::Ids,
        &recipe,
        &table(&clean),
        &table(&leaky),
        &["have the id of a row of train", "split.groups"],
    );
}

/// The table with one more column, made of the label or the first number of a row.
#[track_caller]
fn found_target(target: &str, task: &str, extra: impl Fn(&[&str]) -> String) {
    let recipe = TABLE.replace("\"y\"", &format!("\"{target}\"")).replace("classify", task);
    let with = |value: &dyn Fn(&[&str]) -> String| {
        let mut csv = "length,width,city,y,part,extra\n".to_owned();
        for row in rows() {
            let cells: Vec<&str> = row.split(',').collect();
            writeln!(csv, "{row},{}", value(&cells)).unwrap();
        }
        vec![("a.csv".to_owned(), csv.into_bytes())]
    };
    let clean = with(&|cells| cells[1].chars().rev().filter(char::is_ascii_digit).collect());
    let says = format!("`extra` says what `{target}` says");
    found(Leak::Target, &recipe, &clean, &with(&extra), &[&says, "put it under `data.ignore`"]);
}

#[test]
fn a_label_by_another_name() {
    found_target("y", "classify", |cells| if cells[3] == "0" { "no".to_owned() } else { "yes".to_owned() });
}

#[test]
fn a_label_as_a_number() {
    found_target("y", "classify", |cells| format!("{}7", cells[3]));
}

#[test]
fn a_target_in_another_unit() {
    found_target("length", "regress", |cells| (cells[0].parse::<f64>().unwrap() * 1.8 + 32.0).to_string());
}

#[test]
fn a_target_that_was_rounded() {
    found_target("length", "regress", |cells| format!("{:.2}", cells[0].parse::<f64>().unwrap()));
}

const TEXTS: &str = r#"{"source": {"csv": {"path": "a.csv"}}, "target": "y", "split": {"column": {"name": "part"}},
    "fields": {"text": {"steps": [{"tokenise": {"by": "word", "length": 8}}]}}}"#;

/// Reviews of words that hardly repeat; row 5 is for test and becomes row 1 with a change.
#[track_caller]
fn found_in_texts(korean: bool, change: impl Fn(&str) -> String) {
    let mut dice = Dice(9);
    let mut word = || -> String {
        let letters = 2 + dice.below(6);
        let first = if korean { 0xac00 } else { u32::from('a') };
        let kinds = if korean { 2000 } else { 26 };
        (0..letters).filter_map(|_| char::from_u32(first + dice.below(kinds) as u32)).collect()
    };
    let texts: Vec<String> = (0..40).map(|_| (0..14).map(|_| word()).collect::<Vec<_>>().join(" ")).collect();
    let file = |texts: &[String]| {
        let mut csv = "text,y,part\n".to_owned();
        for (row, text) in texts.iter().enumerate() {
            let part = if row % 5 == 4 { "test" } else { "train" };
            writeln!(csv, "\"{text}\",{},{part}", ["good", "bad"][row % 2]).unwrap();
        }
        vec![("a.csv".to_owned(), csv.into_bytes())]
    };
    let mut leaky = texts.clone();
    leaky[4] = change(&texts[0]);
    found(Leak::Texts, TEXTS, &file(&texts), &file(&leaky), &["1 of 8 rows", "row 5 and `a.csv` row 1"]);
}

#[test]
fn an_equal_text() {
    found_in_texts(false, str::to_owned);
}

#[test]
fn a_text_in_capitals_and_other_spaces() {
    found_in_texts(false, |text| text.to_uppercase().replace(' ', "  "));
}

#[test]
fn a_text_with_another_word() {
    found_in_texts(false, |text| {
        let mut words: Vec<&str> = text.split(' ').collect();
        words[7] = "new";
        words.join(" ")
    });
}

#[test]
fn a_korean_text_with_another_end() {
    found_in_texts(true, |text| format!("{text} 끝"));
}

const FOLDER: &str = r#"{"source": {"folder": {"path": "p"}}, "split": {"random": {"valid": 0, "test": 0.4}},
    "fields": {"image": {"steps": [{"resize": {"height": 8, "width": 8}}]}}}"#;

/// Soft blobs in colour, elsewhere for each seed.
fn picture(seed: usize) -> RgbImage {
    let seed = seed as f64 * 0.37 + 0.2;
    RgbImage::from_fn(60, 50, |x, y| {
        let (x, y) = (f64::from(x) / 60.0, f64::from(y) / 50.0);
        let wave =
            (7.0 * x + seed * 3.0).sin() * (5.0 * y + seed * seed).cos() + (9.0 * x * y + 3.0 * seed).sin();
        ::image::Rgb([0.0, 5.0, 10.0].map(|more| (120.0 + (40.0 + more) * wave) as u8))
    })
}

fn encoded(image: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(vec![]);
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Twenty pictures, and for each a copy, as whoever augments first and divides then has them.
#[track_caller]
fn found_in_pictures(copy: impl Fn(&RgbImage) -> Vec<u8>) {
    let name = |place: usize, end: &str| format!("p/{}/{place:02}{end}.png", ["left", "right"][place % 2]);
    let clean: Files =
        (0..20).map(|place| (name(place, ""), encoded(&picture(place), ImageFormat::Png))).collect();
    let copies = (0..20).map(|place| (name(place, "-copy"), copy(&picture(place))));
    let leaky: Files = clean.iter().cloned().chain(copies).collect();
    found(Leak::Images, FOLDER, &clean, &leaky, &["-copy.png", "an image of train"]);
}

#[test]
fn an_image_that_was_turned_into_another_format() {
    found_in_pictures(|image| encoded(image, ImageFormat::Bmp));
}

#[test]
fn an_image_that_was_packed_anew() {
    found_in_pictures(|image| encoded(image, ImageFormat::Jpeg));
}

#[test]
fn an_image_in_another_size() {
    found_in_pictures(|image| {
        let smaller = imageops::resize(image, 48, 40, imageops::FilterType::Triangle);
        encoded(&smaller, ImageFormat::Bmp)
    });
}

#[test]
fn an_image_with_more_light() {
    found_in_pictures(|image| encoded(&imageops::brighten(image, 12), ImageFormat::Png));
}

#[test]
fn an_image_that_was_mirrored() {
    found_in_pictures(|image| encoded(&imageops::flip_horizontal(image), ImageFormat::Png));
}

#[test]
fn an_image_that_was_turned_by_a_quarter() {
    found_in_pictures(|image| encoded(&imageops::rotate90(image), ImageFormat::Jpeg));
}

#[test]
fn an_image_that_a_table_names_twice() {
    let picture = |place: usize| encoded(&picture(place), ImageFormat::Png);
    let line = |place: usize, end: &str| format!("{place:02}{end}.png,{}\n", ["left", "right"][place % 2]);
    let table = |ends: &[&str]| {
        let lines = ends.iter().flat_map(|end| (0..20).map(move |place| line(place, end)));
        ("a.csv".to_owned(), format!("photo,side\n{}", lines.collect::<String>()).into_bytes())
    };
    let clean: Files = (0..20).map(|place| (format!("{place:02}.png"), picture(place))).collect();
    let copies = (0..20).map(|place| (format!("{place:02}-copy.png"), picture(place)));
    let leaky: Files = clean.iter().cloned().chain(copies).chain([table(&["", "-copy"])]).collect();
    let clean: Files = clean.into_iter().chain([table(&[""])]).collect();
    let recipe = FOLDER
        .replace(r#""folder": {"path": "p"}}"#, r#""csv": {"path": "a.csv"}}, "target": "side""#)
        .replace(r#""image": {"#, r#""photo": {"kind": "image", "#);
    found(Leak::Images, &recipe, &clean, &leaky, &["-copy.png`)", "an image of train"]);
}

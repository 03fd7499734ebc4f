#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use baeum_core::Rng;

use super::*;
use crate::testing::{place, prepare, refusal};

/// A table of `labels`, one row each, with a number that tells rows apart.
fn table(labels: &[&str]) -> String {
    let rows = labels.iter().enumerate().map(|(row, label)| format!("{row}.5,{label}\n"));
    "x,y\n".to_owned() + &rows.collect::<String>()
}

fn recipe(split: &str) -> String {
    format!(
        r#"{{"source": {{"csv": {{"path": "a.csv"}}}}, "target": "y", "task": "classify", "split": {split}}}"#
    )
}

fn parts(split: &str, csv: &str, seed: u64) -> [Vec<usize>; 3] {
    let place = crate::Place { seed, ..place(&[("a.csv", csv.as_bytes())]) };
    let splits = prepare(&recipe(split), &place).unwrap().dataset.splits;
    [splits.train.rows(), splits.valid.rows(), splits.test.rows()].map(<[usize]>::to_vec)
}

fn refuse(split: &str, labels: &[&str], expect: &str) {
    let place = place(&[("a.csv", table(labels).as_bytes())]);
    assert_eq!(refusal(&recipe(split), &place), expect);
}

const THIRDS: [&str; 3] = ["a", "b", "c"];

#[test]
fn parts_are_disjoint_and_as_large_as_said() {
    let labels: Vec<&str> = THIRDS.into_iter().cycle().take(100).collect();
    for split in ["random", "stratified"] {
        for (valid, test, sizes) in [(0.15, 0.2, [65, 15, 20]), (0.0, 0.33, [67, 0, 33])] {
            let split = format!(r#"{{"{split}": {{"valid": {valid}, "test": {test}}}}}"#);
            let parts = parts(&split, &table(&labels), 7);
            let all: BTreeSet<usize> = parts.iter().flatten().copied().collect();
            assert_eq!(all.len(), 100, "{split}");
            // Stratified rounds class by class: at most one row for each of three classes.
            let near = parts.iter().zip(sizes).all(|(part, size)| part.len().abs_diff(size) <= 3);
            assert!(near, "{split} {:?}", parts.map(|part| part.len()));
        }
    }
}

#[test]
fn a_stratified_part_has_the_mixture_of_the_whole() {
    let labels: Vec<&str> = [vec!["a"; 60], vec!["b"; 30], vec!["c"; 10]].concat();
    let [train, valid, test] = parts(r#"{"stratified": {"valid": 0.1, "test": 0.2}}"#, &table(&labels), 3);
    let count = |rows: &[usize]| {
        ["a", "b", "c"].map(|label| rows.iter().filter(|row| labels[**row] == label).count())
    };
    assert_eq!([count(&train), count(&valid), count(&test)], [[42, 21, 7], [6, 3, 1], [12, 6, 2]]);
}

#[test]
fn a_seed_repeats_itself_and_another_does_not() {
    let labels: Vec<&str> = THIRDS.into_iter().cycle().take(60).collect();
    let csv = table(&labels);
    assert_eq!(parts("\"random\"", &csv, 7), parts("\"random\"", &csv, 7));
    assert_ne!(parts("\"random\"", &csv, 7), parts("\"random\"", &csv, 8));
}

/// Frozen: an earlier run must be repeatable by a later version.
#[test]
fn the_draw_is_frozen() {
    let csv = table(&["a", "b", "a", "b", "a", "b", "a", "b"]);
    let [_, valid, test] = parts(r#"{"random": {"valid": 0.25, "test": 0.25}}"#, &csv, 2);
    assert_eq!((valid, test), (vec![1, 6], vec![0, 5]));
}

/// reliability.md D3: rows in another order fall into the same parts.
#[test]
fn a_split_goes_by_what_a_row_says() {
    let labels: Vec<&str> = THIRDS.into_iter().cycle().take(90).collect();
    let text = table(&labels);
    let (header, rows) = text.split_once('\n').unwrap();
    let lines: Vec<&str> = rows.lines().collect();
    let turned: Vec<&str> = lines.iter().rev().copied().collect();
    for split in ["\"random\"", "\"stratified\""] {
        let said = |lines: &[&str]| {
            let csv = format!("{header}\n{}\n", lines.join("\n"));
            parts(split, &csv, 7)
                .map(|rows| rows.iter().map(|row| lines[*row].to_owned()).collect::<BTreeSet<String>>())
        };
        assert_eq!(said(&lines), said(&turned), "{split}");
    }
}

#[test]
fn equal_rows_are_divided_too() {
    let ids = [5u64; 40];
    let order = Lot { stream: Rng::new(1).stream("split", ""), ids: ids.to_vec() }.order();
    assert_ne!(order, (0..40).collect::<Vec<usize>>());
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), 40);
}

#[test]
fn shares_become_whole_numbers() {
    let check = |rows: usize, shares: [f64; 3], expect: [usize; 3]| assert_eq!(counts(rows, shares), expect);
    check(10, [0.6, 0.2, 0.2], [6, 2, 2]);
    check(7, [0.7, 0.15, 0.15], [5, 1, 1]);
    check(3, [0.7, 0.15, 0.15], [1, 1, 1]);
    check(2, [0.9, 0.0, 0.1], [1, 0, 1]);
    check(0, [0.9, 0.0, 0.1], [0, 0, 0]);
    check(1, [0.1, 0.4, 0.5], [0, 0, 1]);
}

#[test]
fn impossible_splits_are_refused_with_counts() {
    let few = "label `c` of `y` wants at least 3 rows, one for each part, got 1; gather more, or take \
               `data.split = \"random\"`";
    refuse("\"stratified\"", &["a", "a", "a", "b", "b", "b", "c"], few);
    let empty = "the `test` part wants at least one row, got 1 rows in train, 1 in valid, 0 in test";
    refuse("\"random\"", &["a", "b"], empty);
}

#[test]
fn a_label_must_stand_in_train() {
    let csv = "x,y,part\n1,a,train\n2,b,train\n3,c,valid\n4,c,test\n5,d,test\n";
    let recipe = recipe(r#"{"column": {"name": "part"}}"#);
    let expect = "labels of `y` want to stand in the training rows, got `c` 0 times there, 1 in valid and 1 in test; `d` 0 times \
                  there, 0 in valid and 1 in test";
    assert_eq!(refusal(&recipe, &place(&[("a.csv", csv.as_bytes())])), expect);
}

#[test]
fn a_drawn_split_must_not_lose_a_label() {
    let labels: Vec<&str> = [vec!["a"; 60], vec!["b"; 3]].concat();
    let csv = table(&labels);
    let expect = "label `b` of `y` wants rows in train and valid, got 3 in train, 0 in valid, 0 in test; take \
                  `data.split = \"stratified\"`, or another `run.seed`";
    let split = r#"{"random": {"valid": 0.02, "test": 0.02}}"#;
    assert_eq!(refusal(&recipe(split), &place(&[("a.csv", csv.as_bytes())])), expect);
}

#[test]
fn a_column_gives_the_parts() {
    let csv = "x,y,part\n1,a,train\n2,b,train\n3,a,valid\n4,b, test\n";
    let split = r#"{"column": {"name": "part"}}"#;
    assert_eq!(parts(split, csv, 7), [vec![0, 1], vec![2], vec![3]]);
    let refused = |csv: &str| refusal(&recipe(split), &place(&[("a.csv", csv.as_bytes())]));
    let cell = "`a.csv` row 1, column `part`: wants `train`, `valid` or `test`, got";
    assert_eq!(refused("x,y,part\n1,a,dev\n"), format!("{cell} `dev`"));
    assert_eq!(refused("x,y,part\n1,a,\n"), format!("{cell} an empty cell"));
    let empty = "the `test` part wants at least one row, got 2 rows in train, 0 in valid, 0 in test";
    assert_eq!(refused("x,y,part\n1,a,train\n2,b,train\n"), empty);
}

#[test]
fn files_give_the_parts() {
    let place =
        place(&[("a.csv", b"x,y\n1,a\n2,b\n"), ("b.csv", b"x,y\n3,a\n"), ("c.csv", b"x,y\n4,b\n5,b\n")]);
    let files = |files: &str| {
        let json = format!(r#"{{"source": {{"csv": {{}}}}, "target": "y", "split": {{"files": {files}}}}}"#);
        let splits = prepare(&json, &place).unwrap().dataset.splits;
        [splits.train.rows(), splits.valid.rows(), splits.test.rows()].map(<[usize]>::to_vec)
    };
    let three = r#"{"train": "a.csv", "valid": "b.csv", "test": "c.csv"}"#;
    assert_eq!(files(three), [vec![0, 1], vec![2], vec![3, 4]]);
    let none = r#"{"train": "a.csv", "test": "c.csv", "valid_share": 0}"#;
    assert_eq!(files(none), [vec![0, 1], vec![], vec![2, 3]]);
    // Three rows of train, one of them for valid; classes want a row for each.
    let several = r#"{"train": ["a*.csv", "c.csv"], "test": "b.csv", "valid_share": 0.5}"#;
    let refused = format!(r#"{{"source": {{"csv": {{}}}}, "target": "y", "split": {{"files": {several}}}}}"#);
    let few = "label `a` of `y` wants at least 2 rows, one for each part, got 1; gather more, or take \
               `data.split = \"random\"`";
    assert_eq!(refusal(&refused, &place), few);
}

/// A table with a column that decides the parts.
fn table_by(name: &str, cells: &[String]) -> String {
    let line = |(row, cell): (usize, &String)| format!("{row}.5,{cell},{}\n", ["u", "v"][row % 2]);
    format!("x,{name},y\n{}", cells.iter().enumerate().map(line).collect::<String>())
}

#[test]
fn a_group_stays_together() {
    let groups: Vec<String> = (0..300).map(|row| format!("p{}", row * row % 61)).collect();
    let split = r#"{"groups": {"column": "patient", "valid": 0.2, "test": 0.3}}"#;
    for seed in 0..5 {
        let parts = parts(split, &table_by("patient", &groups), seed);
        let of = |rows: &Vec<usize>| rows.iter().map(|&row| groups[row].clone()).collect::<BTreeSet<_>>();
        let [train, valid, test] = [of(&parts[0]), of(&parts[1]), of(&parts[2])];
        assert!(train.is_disjoint(&valid) && train.is_disjoint(&test) && valid.is_disjoint(&test));
        // No group has more than ten rows, so no part misses its share by more.
        let near = parts.iter().zip([150, 60, 90]).all(|(part, size)| part.len().abs_diff(size) <= 10);
        assert!(near, "{:?}", parts.map(|part| part.len()));
    }
}

#[test]
fn a_large_group_leaves_the_others_to_the_other_parts() {
    let groups: Vec<String> = (0..100).map(|row| format!("g{}", row.max(70) / 15)).collect();
    for seed in 0..10 {
        let split = r#"{"groups": {"column": "g", "valid": 0.1, "test": 0.1}}"#;
        let parts = parts(split, &table_by("g", &groups), seed);
        assert!(parts.iter().all(|part| !part.is_empty()), "{parts:?}");
    }
    let two: Vec<String> = (0..100).map(|row| format!("g{}", row % 2)).collect();
    assert_eq!(
        refusal(
            &recipe(r#"{"groups": {"column": "g"}}"#),
            &place(&[("a.csv", table_by("g", &two).as_bytes())])
        ),
        "column `g` wants at least 3 groups, one for each part, got 2; gather more, or take another `data.split`"
    );
}

#[test]
fn later_rows_judge_and_one_moment_stays_together() {
    let split = r#"{"time": {"column": "t", "valid": 0.2, "test": 0.3}}"#;
    let days: Vec<String> = (0..20).rev().map(|row| format!("2026-11-{:02} 12:00", row + 1)).collect();
    let rows = |rows: std::ops::Range<usize>| rows.collect::<Vec<_>>();
    assert_eq!(parts(split, &table_by("t", &days), 7), [rows(10..20), rows(6..10), rows(0..6)]);
    // By value, not by letter: 9 comes before 10. Four rows share each moment.
    let numbers: Vec<String> = (0..40).map(|row| (row / 4 + 5).to_string()).collect();
    assert_eq!(parts(split, &table_by("t", &numbers), 7), [rows(0..20), rows(20..28), rows(28..40)]);
    let mixed = ["2026-11-01", "2026-11-02", "11/03/2026", "2026-11-04"].map(str::to_owned);
    assert_eq!(
        refusal(&recipe(split), &place(&[("a.csv", table_by("t", &mixed).as_bytes())])),
        "column `t` wants numbers, or dates of one form such as 2026-11-25 13:00, to divide by time in the training \
         rows, got `11/03/2026`"
    );
    let gap = ["1", "", "3"].map(str::to_owned);
    assert_eq!(
        refusal(&recipe(split), &place(&[("a.csv", table_by("t", &gap).as_bytes())])),
        "`a.csv` row 2, column `t`: wants a value to divide by, got an empty cell"
    );
}

/// When data grow, no row changes its part.
#[test]
fn a_row_keeps_its_part_when_others_come() {
    let ids: Vec<String> = (0..400).map(|row| format!("id{row}")).collect();
    let by_id = r#"{"hash": {"column": "id", "valid": 0.2, "test": 0.3}}, "ids": ["id"]"#;
    for split in [by_id, r#"{"hash": {}}, "ids": ["id"]"#] {
        let before = parts(split, &table_by("id", &ids[..200]), 7);
        let after = parts(split, &table_by("id", &ids), 7);
        for (before, after) in before.iter().zip(&after) {
            let kept: Vec<usize> = after.iter().copied().filter(|row| *row < 200).collect();
            assert_eq!(&kept, before, "{split}");
        }
    }
    let parts = parts(by_id, &table_by("id", &ids), 7);
    assert!((100..140).contains(&parts[2].len()) && (60..100).contains(&parts[1].len()), "{parts:?}");
}

#[test]
fn each_row_judges_in_one_fold() {
    let labels: Vec<&str> = [vec!["a"; 50], vec!["b"; 25], vec!["c"; 5]].concat();
    let csv = table(&labels);
    let mut judged = vec![];
    for fold in 0..5 {
        let split = format!(r#"{{"fold": {{"of": 5, "fold": {fold}, "valid": 0.25}}}}"#);
        let [train, valid, test] = parts(&split, &csv, 7);
        let count = |rows: &[usize], label| rows.iter().filter(|row| labels[**row] == label).count();
        assert_eq!(["a", "b", "c"].map(|label| count(&test, label)), [10, 5, 1]);
        assert_eq!(["a", "b", "c"].map(|label| count(&valid, label)), [10, 5, 1]);
        assert_eq!(train.len() + valid.len() + test.len(), 80);
        judged.extend(test);
    }
    judged.sort_unstable();
    assert_eq!(judged, (0..80).collect::<Vec<_>>());
}

/// Twelve rows with an id, and what the lists of a recipe say.
fn listed(lists: &[(&str, &str)]) -> crate::Place {
    let rows = (0..12).map(|row| format!("r{row},{row}.5,{}\n", THIRDS[row % 2]));
    let table = "id,x,y\n".to_owned() + &rows.collect::<String>();
    let mut files = vec![("a.csv", table.as_bytes())];
    files.extend(lists.iter().map(|(name, text)| (*name, text.as_bytes())));
    place(&files)
}

fn listed_parts(recipe: &str, place: &crate::Place) -> [Vec<usize>; 3] {
    let splits = prepare(recipe, place).unwrap().dataset.splits;
    [splits.train.rows(), splits.valid.rows(), splits.test.rows()].map(<[usize]>::to_vec)
}

const LISTS: &str =
    r#"{"lists": {"train": "train.txt", "valid": "valid.txt", "test": "test.txt"}}, "ids": ["id"]"#;
const TRAIN: (&str, &str) = ("train.txt", "r0\nr1\nr2\nr3\nr4\nr5\nr6\n\n");
const VALID: (&str, &str) = ("valid.txt", "r9\r\nr8\r\n r7\r\n");
const TEST: (&str, &str) = ("test.txt", "\u{feff}r10\nr11");

#[test]
fn lists_give_the_parts() {
    let all = listed(&[TRAIN, VALID, TEST]);
    let expect = [(0..7).collect(), vec![7, 8, 9], vec![10, 11]];
    assert_eq!(listed_parts(&recipe(LISTS), &all), expect);
    // Without a list, or without one for all rows.
    let drawn = LISTS.replace(r#""valid": "valid.txt""#, r#""valid_share": 0.2, "unlisted": "train""#);
    let [train, valid, test] = listed_parts(&recipe(&drawn), &all);
    assert_eq!((train.len(), valid.len(), test), (8, 2, vec![10, 11]));
    let rest = LISTS.replace(r#""train": "train.txt""#, r#""unlisted": "train""#);
    assert_eq!(listed_parts(&recipe(&rest), &all), expect);
    // Places, counted from 0.
    let places =
        [("train.txt", "0\n2\n4\n6\n1\n"), ("valid.txt", "3\n5\n"), ("test.txt", "7\n8\n9\n10\n11\n")];
    let by_place = LISTS.replace(r#""ids": ["id"]"#, r#""ignore": ["id"]"#);
    let expect = [vec![0, 1, 2, 4, 6], vec![3, 5], (7..12).collect()];
    assert_eq!(listed_parts(&recipe(&by_place), &listed(&places)), expect);
    let files = crate::testing::plan(&recipe(LISTS)).files(&all).unwrap();
    assert_eq!(files.len(), 4);
}

#[test]
fn lists_of_several_repeats_are_told_by_number() {
    let lists = [
        ("0/train.txt", "r0\nr1\nr2\nr3"),
        ("0/test.txt", "r4\nr5\nr6\nr7\nr8\nr9\nr10\nr11"),
        ("1/train.txt", "r11\nr10\nr9\nr8\nr7\nr6\nr5\nr4"),
        ("1/test.txt", "r0\nr1\nr2\nr3"),
    ];
    let of = |used: usize| {
        let names = r#""train": "{}/train.txt", "test": "{}/test.txt", "valid_share": 0"#;
        let split = format!(r#"{{"lists": {{{names}, "use": {used}}}}}, "ids": ["id"]"#);
        let [train, _, test] = listed_parts(&recipe(&split), &listed(&lists));
        (train, test)
    };
    assert_eq!(of(0), ((0..4).collect(), (4..12).collect()));
    assert_eq!(of(1), ((4..12).collect(), (0..4).collect()));
}

#[test]
fn lists_that_do_not_fit_are_refused_with_counts() {
    let check = |recipe_split: &str, lists: &[(&str, &str)], expect: &str| {
        assert_eq!(refusal(&recipe(recipe_split), &listed(lists)), expect);
    };
    let unknown = ("test.txt", "r10\nr12\nR11\nr11\n");
    let expect = "`test.txt` wants rows that the data have, got 2 of 4 lines that name none: `r12`; `R11`";
    check(LISTS, &[TRAIN, VALID, unknown], expect);
    let again = ("test.txt", "r10\nr11\nr10");
    let expect = "`test.txt` wants each row once, got 1 of 3 lines that name a row again: `r10`";
    check(LISTS, &[TRAIN, VALID, again], expect);
    let overlapping = ("test.txt", "r10\nr11\nr9\nr0\nr1\nr2\nr3\nr4");
    let expect = "`test.txt` wants rows of no other list, got 6 of 8 lines that stand in one: `r9`; `r0`; `r1`; `r2`; `r3`; and \
                  1 more";
    check(LISTS, &[TRAIN, VALID, overlapping], expect);
    let expect = "`data.split.lists` wants each row to stand in a list, got 1 of 12 rows in none: `r11`; add them to one, or \
                  say `data.split.lists.unlisted = \"train\"`";
    check(LISTS, &[TRAIN, VALID, ("test.txt", "r10")], expect);
    check(LISTS, &[TRAIN, VALID, ("test.txt", "r\u{0}10")], "`test.txt` wants text, got a NUL at byte 1");
    check(LISTS, &[TRAIN, VALID], "could not find `test.txt`; looked for `/r/test.txt`");
    let empty = "the `valid` part wants at least one row, got 10 rows in train, 0 in valid, 2 in test";
    let rest = LISTS.replace(r#""train": "train.txt""#, r#""unlisted": "train""#);
    check(&rest, &[("valid.txt", ""), TEST], empty);
    let column = LISTS.replace(r#""test.txt"}"#, r#""test.txt", "column": "ident"}"#);
    let expect = "`data.split.lists.column` wants a column of `a.csv`, got `ident`";
    check(&column, &[TRAIN, VALID, TEST], expect);
}

/// A list may name rows that cannot be read.
#[test]
fn lists_know_rows_that_are_left_out() {
    let table = "id,x,y\n".to_owned()
        + &(0..12)
            .map(|row| format!("r{row},{row}.5,{}{}\n", THIRDS[row % 2], if row == 3 { ",more" } else { "" }))
            .collect::<String>();
    let train = "0\n1\n2\n4\n5\n6\n7";
    let place = place(&[("a.csv", table.as_bytes()), ("t", train.as_bytes()), ("e", b"8\n9\n10\n11")]);
    let split =
        r#"{"lists": {"train": "t", "test": "e", "valid_share": 0}}, "ignore": ["id"], "on_bad": "skip""#;
    // Eleven rows are left; those behind row 3 keep their places in lists.
    assert_eq!(listed_parts(&recipe(split), &place), [(0..7).collect(), vec![], (7..11).collect()]);
}

#[test]
fn a_column_for_each_repeat_is_told_by_number() {
    let part = |row: usize, repeat: usize| if (row + repeat).is_multiple_of(3) { "test" } else { "train" };
    let row = |row: usize| format!("{row}.5,{},{},{}\n", THIRDS[row % 2], part(row, 0), part(row, 1));
    let csv = "x,y,split_0,split_1\n".to_owned() + &(0..12).map(row).collect::<String>();
    let of = |used: usize| format!(r#"{{"column": {{"name": "split_{{}}", "use": {used}}}}}"#);
    assert_eq!(parts(&of(0), &csv, 7)[2], [0, 3, 6, 9]);
    assert_eq!(parts(&of(1), &csv, 7)[2], [2, 5, 8, 11]);
    // The network sees the column of no repeat.
    let data = prepare(&recipe(&of(1)), &place(&[("a.csv", csv.as_bytes())])).unwrap();
    let inputs = data.blueprint.schema.with_role(baeum_core::Role::Input);
    assert_eq!(inputs.map(|field| field.name.as_str()).collect::<Vec<_>>(), ["x"]);
    let got = refusal(&recipe(&of(2)), &place(&[("a.csv", csv.as_bytes())]));
    assert!(got.starts_with("`data.split.column.name` wants a column of `a.csv`, got `split_2`"), "{got}");
}

#[test]
fn lists_and_repeats_that_cannot_be_are_refused_before_data_are_read() {
    let check = |split: &str, expect: &str| {
        let error = crate::testing::config(&recipe(split)).check().map(drop).unwrap_err();
        assert_eq!(error.to_string(), expect, "{split}");
    };
    let place = "a `{}` in the name for the number of the repeat, got 1";
    check(r#"{"column": {"name": "part", "use": 1}}"#, &format!("`data.split.column.use` wants {place}"));
    check(
        r#"{"lists": {"train": "a", "test": "b", "use": 1}}"#,
        &format!("`data.split.lists.use` wants {place}"),
    );
    let expect = "`data.split.lists` wants a `{}` in each of its names, or in none, got 1 of 2";
    check(r#"{"lists": {"train": "a", "test": "b{}"}}"#, expect);
    check(
        r#"{"column": {"name": "{}_{}"}}"#,
        "`data.split.column` wants one `{}` in a name at most, got `{}_{}`",
    );
    let expect = "`data.split.lists.train` wants a file, unless `unlisted = \"train\"`, got nothing";
    check(r#"{"lists": {"test": "b"}}"#, expect);
    let expect = "`data.split.lists.column` wants the column that the lists tell rows by, got nothing, and 2 of `data.ids`";
    check(r#"{"lists": {"train": "a", "test": "b"}}, "ids": ["i", "j"]"#, expect);
    check(
        r#"{"lists": {"train": "a", "test": ""}}"#,
        "`data.split.lists.test` wants a name, got an empty one",
    );
    let expect = "`data.split.lists.valid_share` wants a share from 0 to below 1, got 1";
    check(r#"{"lists": {"train": "a", "test": "b", "valid_share": 1}}"#, expect);
}

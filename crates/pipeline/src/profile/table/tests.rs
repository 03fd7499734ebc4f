use super::*;
use crate::profile::fixture::{empty, field, images, numbers, people, texts, wide};
use baeum_core::{Kind, Role};
use baeum_data::Warning;

#[test]
fn a_line_says_what_a_field_is_like() {
    let mut profile = empty();
    profile.parts = [4, 1, 0];
    profile.fields = vec![
        numbers("age", [vec![1.0, 2.0, f64::NAN, 3.0], vec![2.0], vec![]]),
        numbers("none", [vec![f64::NAN; 4], vec![], vec![]]),
        field("가격", Kind::Category),
    ];
    profile.fields[2].top = vec![("서울".to_owned(), 3), (String::new(), 1)];
    profile.fields[2].distinct = Some(2);
    profile.fields[2].role = Role::Target;
    profile.labels = vec![LabelProfile { label: "서울".to_owned(), parts: [3, 1, 0] }];
    profile.warnings = vec![Warning::AbsentLabel { label: "서울".to_owned(), part: "test".to_owned() }];
    let expect = "  field  kind               missing  values                       mean  deviation  distinct
  age    number            1 (25 %)  1 to 3                          2     0.8165         3
  none   number           4 (100 %)                                                       0
  가격   category, target         0  서울 75 %, (empty) 25 %                              2

  label  train  valid  test
  서울       3      1     0

  look: label `서울` has no row in test";
    let lines = |text: &str| {
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    let table = table(&profile, 110);
    assert_eq!(lines(&table), lines(expect));
    let end = |line: &str| columns(line);
    let ends: Vec<usize> = table.lines().take(4).map(end).collect();
    assert!(ends.iter().all(|end| *end == ends[0]), "{table}");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for profile in [people(), images(), texts(), wide(400), empty()] {
        for width in [0, 40, 60, 80, 110, 200, usize::MAX] {
            for line in table(&profile, width).lines() {
                let most = if line.contains(": ") { width.max(40).saturating_mul(3) } else { width.max(40) };
                assert!(columns(line) <= most, "{width}: {line}");
                assert!(!line.chars().any(|c| c.is_control() || c == '\u{202e}'), "{line:?}");
            }
        }
    }
}

#[test]
fn wide_tables_are_counted_after_forty() {
    let table = table(&wide(400), 110);
    assert_eq!(table.lines().count(), 1 + 40 + 1 + 1 + 40 + 1);
    assert!(table.contains("\n  and 360 more fields\n"), "{table}");
    assert!(table.ends_with("\n  and 360 more warnings"), "{table}");
    assert!(super::table(&wide(41), 110).contains("  and 1 more field\n"));
    assert!(!super::table(&wide(40), 110).contains(" more"));
}

#[test]
fn tricks_of_names_are_written_out() {
    let mut profile = empty();
    profile.fields = vec![field("a\u{1b}[2J\u{202e}b", Kind::Number)];
    profile.warnings = vec![Warning::Constant { field: "x\ny".to_owned() }];
    let table = table(&profile, 110);
    assert!(table.contains("a\\u{1b}[2J\\u{202e}b"), "{table}");
    assert!(table.contains("  look: `x\\ny` is the same"), "{table}");
}

#[test]
fn nothing_has_a_head_alone() {
    assert_eq!(table(&empty(), 80), "  field  kind  missing  values  mean  deviation  distinct");
}

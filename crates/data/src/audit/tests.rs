#![expect(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

const HELD_OUT: [bool; 6] = [false, false, false, false, true, true];

#[test]
fn twins_are_counted_across_and_within() {
    let seen = rows::twins(&[1, 2, 2, 3, 3, 4], &HELD_OUT);
    assert_eq!(seen.pairs, [(4, 3)]);
    assert_eq!(seen.within, Share { rows: 4, twins: 2 });
    assert_eq!(seen.across, Share { rows: 2, twins: 1 });
}

#[test]
fn numbers_are_the_same_to_four_digits_and_names_but_for_case_and_space() {
    let fold = |cells: &[Cell<'static>]| cells.iter().map(rows::folded).collect::<Vec<u64>>();
    let row = fold(&[Cell::Number(1234.5), Cell::Name("New York")]);
    assert_eq!(fold(&[Cell::Number(1234.501), Cell::Name("new  york ")]), row);
    assert_ne!(fold(&[Cell::Number(1236.0), Cell::Name("New York")]), row);
    assert_ne!(fold(&[Cell::Number(1234.5), Cell::Name("Newyork")]), row);
    assert_eq!(fold(&[Cell::Number(-0.0)]), fold(&[Cell::Number(0.0)]));
    assert_ne!(fold(&[Cell::Number(f64::MAX)]), fold(&[Cell::Number(f64::NAN)]));
    // Fields do not run into each other.
    assert_ne!(fold(&[Cell::Name("a"), Cell::Name("bc")]), fold(&[Cell::Name("ab"), Cell::Name("c")]));
    assert_ne!(fold(&[Cell::Missing, Cell::Name("")]), fold(&[Cell::Name(""), Cell::Missing]));
}

#[test]
fn what_is_as_frequent_within_train_is_usual() {
    let seen = |within: usize, across: usize| Seen {
        pairs: vec![],
        within: Share { rows: 1000, twins: within },
        across: Share { rows: 200, twins: across },
        expected: 0.0,
        unfinished: 0,
    };
    assert!(!seen(0, 5).is_usual());
    assert!(seen(100, 20).is_usual());
    assert!(seen(100, 30).is_usual()); // three in a hundred more may be chance
    assert!(!seen(100, 60).is_usual());
    assert!(!seen(0, 1).is_usual());
}

#[test]
fn halves_of_train_tell_what_is_usual() {
    // Rows 0 and 1, the first of each half, are alike; so are 2 and 4.
    let look = |parts: &[Option<bool>]| {
        let pairs: Vec<(usize, usize)> = [(0, 1), (2, 4)]
            .into_iter()
            .filter(|&(one, other)| parts[one].zip(parts[other]).is_some_and(|(one, other)| one != other))
            .collect();
        let rows = pairs.iter().flat_map(|&(one, other)| [one, other]).collect();
        Ok(Alike { pairs, rows, unfinished: 0 })
    };
    let seen = halves(&HELD_OUT, look).unwrap();
    assert_eq!(seen.pairs, [(4, 2)]);
    assert_eq!((seen.within.twins, seen.across.twins), (4, 1));
}

#[test]
fn rows_of_few_values_meet_by_chance() {
    assert_eq!(rows::agreement(vec![1, 1, 2, 3]), 1.0 / 6.0);
    assert_eq!(rows::agreement(vec![1, 2, 3]), 0.0);
    assert_eq!(rows::agreement(vec![]), 0.0);
    let seen = |twins: usize, expected: f64| Seen {
        pairs: vec![],
        within: Share::default(),
        across: Share { rows: 200, twins },
        expected,
        unfinished: 0,
    };
    assert!(seen(40, 4.0).is_chance());
    assert!(!seen(41, 4.0).is_chance());
    assert!(!seen(1, 0.0).is_chance());
    assert!(seen(2, 0.0).are_few() && !seen(3, 0.0).are_few());
}

//! Fields that give the target away.

use std::collections::BTreeMap;

use crate::source::Cell;

#[cfg(test)]
mod tests;

/// From so many rows on, a match says something.
pub(crate) const ROWS: usize = 20;

/// A match is no chance if fewer than one shuffled field in so many would make it: 20 rows of two equally
/// frequent labels are enough, 20 rows of which one has another label are not.
const ODDS: f64 = 10_000.0;

/// From this correlation on, a number is the target in other words.
const CORRELATION: f64 = 0.9999;

/// So much must be left of it between the ranks. A single outlier, far out in both columns, makes any two
/// correlate; it has but one rank.
const RANK_CORRELATION: f64 = 0.99;

/// How far the target may lie from a line that is exact, as a share of its largest distance from the mean.
const EXACT: f64 = 1e-9;

/// Whether a field is the label by other names: in the training rows, each value stands with one label and
/// each label with one value.
///
/// Rows where it is missing are left out, if every label is seen in the others; or missing is itself one of
/// the values. An id has more values than there are labels and is no copy.
pub(crate) fn copies_label(values: &[Cell<'_>], labels: &[usize]) -> bool {
    let all: Vec<(Key<'_>, usize)> = values.iter().map(Key::of).zip(labels.iter().copied()).collect();
    let present: Vec<(Key<'_>, usize)> =
        all.iter().copied().filter(|(key, _)| *key != Key::Missing).collect();
    let mut seen = labels.to_vec();
    seen.sort_unstable();
    seen.dedup();
    [present, all].iter().any(|pairs| is_renaming(pairs, seen.len()))
}

/// Whether these values may be the first of a field that [`copies_label`]: there is a way to name labels after them.
pub(crate) fn may_rename(values: &[Cell<'_>], labels: &[usize]) -> bool {
    let all: Vec<(Key<'_>, usize)> = values.iter().map(Key::of).zip(labels.iter().copied()).collect();
    let present: Vec<(Key<'_>, usize)> =
        all.iter().copied().filter(|(key, _)| *key != Key::Missing).collect();
    [present, all].iter().any(|pairs| renamed(pairs).is_some())
}

/// A value by which rows are put together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Missing,
    Number(u64),
    Name(&'a str),
}

impl<'a> Key<'a> {
    fn of(value: &Cell<'a>) -> Key<'a> {
        match value {
            Cell::Number(number) if !number.is_nan() => Key::Number((number + 0.0).to_bits()),
            Cell::Name(name) => Key::Name(name),
            Cell::Missing | Cell::Number(_) | Cell::Numbers(_) | Cell::Image(_) => Key::Missing,
        }
    }
}

/// Whether values and labels go one to one, for all `labels`, and by no chance.
fn is_renaming(pairs: &[(Key<'_>, usize)], labels: usize) -> bool {
    let Some(rows) = renamed(pairs) else { return false };
    labels >= 2 && rows.len() == labels && pairs.len() >= ROWS && log_odds(rows) >= ODDS.ln()
}

/// How many rows each label has, if values and labels go one to one.
fn renamed(pairs: &[(Key<'_>, usize)]) -> Option<Vec<usize>> {
    let (mut forth, mut back) = (BTreeMap::new(), BTreeMap::new());
    let mut rows: BTreeMap<usize, usize> = BTreeMap::new();
    for &(key, label) in pairs {
        if *forth.entry(key).or_insert(label) != label || *back.entry(label).or_insert(key) != key {
            return None;
        }
        *rows.entry(label).or_default() += 1;
    }
    Some(rows.into_values().collect())
}

/// The logarithm of how many shuffled fields there are for each that matches the labels, up to names: n! /
/// (n1! n2! ...), over the ways to swap the names of equally frequent labels.
fn log_odds(mut rows: Vec<usize>) -> f64 {
    rows.sort_unstable();
    let swaps: f64 = rows.chunk_by(|a, b| a == b).map(|equal| log_factorial(equal.len())).sum();
    let within: f64 = rows.iter().map(|&rows| log_factorial(rows)).sum();
    log_factorial(rows.iter().sum()) - within - swaps
}

fn log_factorial(number: usize) -> f64 {
    (1..=number).map(|factor| (factor as f64).ln()).sum()
}

/// Whether a number is a copy of the target in the training rows. Rows where one of them is missing or
/// infinite are left out.
pub(crate) fn copies_number(numbers: &[f64], targets: &[f64]) -> bool {
    let rows = numbers.iter().zip(targets).filter(|(x, y)| x.is_finite() && y.is_finite());
    let (x, y): (Vec<f64>, Vec<f64>) = rows.unzip();
    let Some(line) = Line::through(&x, &y) else { return false };
    if x.len() < ROWS || line.correlation.abs() <= CORRELATION {
        return false;
    }
    let of_ranks = || Line::through(&ranks(&x), &ranks(&y));
    line.is_exact(&x, &y) || of_ranks().is_some_and(|line| line.correlation.abs() >= RANK_CORRELATION)
}

/// The line of least squares.
struct Line {
    /// The means.
    x: f64,
    y: f64,
    scale: f64,
    correlation: f64,
}

impl Line {
    /// None if one of the columns is constant, or too large to be squared.
    fn through(x: &[f64], y: &[f64]) -> Option<Line> {
        let [mean_x, mean_y] = [x, y].map(|column| column.iter().sum::<f64>() / column.len() as f64);
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        for (x, y) in x.iter().zip(y) {
            let (x, y) = (x - mean_x, y - mean_y);
            (xx, yy, xy) = (xx + x * x, yy + y * y, xy + x * y);
        }
        let correlation = xy / (xx.sqrt() * yy.sqrt());
        (xx > 0.0 && yy > 0.0 && correlation.is_finite()).then_some(Line {
            x: mean_x,
            y: mean_y,
            scale: xy / xx,
            correlation,
        })
    }

    fn is_exact(&self, x: &[f64], y: &[f64]) -> bool {
        let largest =
            |all: &mut dyn Iterator<Item = f64>| all.fold(0.0, |largest: f64, next| largest.max(next.abs()));
        let spread = largest(&mut y.iter().map(|y| y - self.y));
        let off = largest(&mut x.iter().zip(y).map(|(x, y)| y - self.y - self.scale * (x - self.x)));
        off <= EXACT * spread
    }
}

/// The rank of each number; equal ones share their mean rank.
fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> = numbers.iter().copied().zip(0..).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut below) = (vec![0.0; numbers.len()], 0);
    for equal in order.chunk_by(|a, b| a.0 == b.0) {
        let rank = below as f64 + (equal.len() - 1) as f64 / 2.0;
        equal.iter().for_each(|&(_, row)| ranks[row] = rank);
        below += equal.len();
    }
    ranks
}

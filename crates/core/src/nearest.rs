/// The name out of `names` that a misspelt `name` most likely meant, for "did you mean".
///
/// Counts insertions, deletions, exchanges and swaps of neighbours (Damerau 1964); a name further away than a third of
/// its length is no help and is not given. Of equally near names the first one wins.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.into_iter().map(|other| (distance(&name.to_lowercase(), &other.to_lowercase()), other));
    let near =
        near.filter(|(steps, other)| *steps <= (other.chars().count().max(name.chars().count()) / 3).max(1));
    near.min_by_key(|(steps, _)| *steps).map(|(_, other)| other)
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let exchange = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = exchange.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        let names = ["epochs", "batch_size", "learning_rate"];
        assert_eq!(nearest("epoch", names), Some("epochs"));
        assert_eq!(nearest("lerning_rate", names), Some("learning_rate"));
        assert_eq!(nearest("Epochs", names), Some("epochs"));
        assert_eq!(nearest("bacth_size", names), Some("batch_size"));
        assert_eq!(nearest("dropout", names), None);
        assert_eq!(nearest("", names), None);
    }
}

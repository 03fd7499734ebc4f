//! The command talks to a terminal; nothing else in the workspace prints.
use std::io::{self, Write};

use baeum_core::{Limit, Limits};

use super::Failure;

/// One line on standard output. A closed pipe (`baeum runs | head -1`) is no panic: the rest is for nobody.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Text that stands on the terminal before its line is over.
pub(crate) fn part(text: &str) {
    let mut out = io::stdout();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

const USUAL_WIDTH: usize = 110;

/// How many columns the terminal has; as many as most have where nobody says it.
pub(crate) fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(USUAL_WIDTH)
}

/// What went wrong, on standard error.
pub(crate) fn error(text: &str) {
    let _ = writeln!(io::stderr(), "{}", text.trim_end());
}

/// A JSON document.
pub(crate) fn json(value: &serde_json::Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Print(error.into()))?;
    writeln!(io::stdout(), "{text}").map_err(Failure::Print)
}

/// The table of limits.
pub(crate) fn limits() -> Result<(), Failure> {
    let values = Limits::default();
    let row = |limit: &Limit| {
        vec![
            format!("run.limits.{}", limit.name()),
            values.get(*limit).to_string(),
            limit.unit().to_owned(),
            limit.doc().to_owned(),
        ]
    };
    line(&table(&["setting", "default", "unit", "what"], &Limit::ALL.iter().map(row).collect::<Vec<_>>()));
    Ok(())
}

/// Columns aligned by their widest cell; numbers to the right.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|text| (*text).to_owned()).collect();
    let all = || [&head].into_iter().chain(rows);
    let widths: Vec<usize> = (0..head.len())
        .map(|i| all().map(|row| row.get(i).map_or(0, |cell| cell.chars().count())).max().unwrap_or(0))
        .collect();
    let is_number = |i: usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(i)).filter(|cell| !cell.is_empty()).peekable();
        cells.peek().is_some() && cells.all(|cell| cell.starts_with(|c: char| c.is_ascii_digit() || c == '-'))
    };
    let right: Vec<bool> = (0..head.len()).map(is_number).collect();
    let line = |row: &Vec<String>| {
        let cell = |(i, text): (usize, &String)| match right[i] {
            true => format!("{text:>width$}", width = widths[i]),
            false => format!("{text:<width$}", width = widths[i]),
        };
        let cells: Vec<String> = row.iter().enumerate().map(cell).collect();
        format!("  {}", cells.join("  ")).trim_end().to_owned()
    };
    all().map(line).collect::<Vec<_>>().join("\n")
}

/// So many of something.
pub(crate) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned() {
        let rows = [vec!["accuracy".to_owned(), "0.99".to_owned()], vec!["f1".to_owned(), "10.5".to_owned()]];
        assert_eq!(
            table(&["metric", "value"], &rows),
            "  metric    value\n  accuracy   0.99\n  f1         10.5"
        );
    }
}

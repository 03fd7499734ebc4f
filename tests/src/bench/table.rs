use std::fmt::Write;

use super::{BenchError, Record, Timing};
use crate::workloads;

/// The table of a page begins behind this line ..
const BEGIN: &str = "<!-- bench: `cargo xtask bench table` writes what stands from here -->";

/// .. and ends before this one.
const END: &str = "<!-- bench: to here -->";

/// The newest measurement of each workload that has one, in the order of [`workloads`].
pub fn newest(records: &[Record]) -> Vec<&Record> {
    let of = |name: &str| records.iter().rev().find(|record| record.workload == name);
    workloads().iter().filter_map(|workload| of(workload.name)).collect()
}

/// Measurements as Markdown, with what one must know to judge them. PyTorch's columns stand there if any measurement has them.
pub fn table(records: &[&Record]) -> String {
    if records.is_empty() {
        return "Not measured yet; `cargo xtask bench train` does it.\n".to_owned();
    }
    let compared = records.iter().any(|record| record.peer.is_some());
    let mut text = if compared { compared_rows(records) } else { own_rows(records) };
    text.push('\n');
    text += match compared {
        true => {
            "Ratio: PyTorch's time over ours within a pair of runs, the median with the smallest and the largest; above 1, ours is \
             the faster. Peak: the most memory the process ever had.\n"
        }
        false => "PyTorch was not there to compare with. Peak: the most memory the process ever had.\n",
    };
    text + &circumstances(records) + &notes(records)
}

fn compared_rows(records: &[&Record]) -> String {
    let mut text = "\
| workload | ours, ms/step | PyTorch, ms/step | ours, items/s | PyTorch, items/s | ratio (min to max) | ours, peak MiB | PyTorch, peak MiB | PyTorch as |
|---|---:|---:|---:|---:|---:|---:|---:|---|
"
    .to_owned();
    for record in records {
        let ours = Cells::of(record, &record.ours);
        let theirs = record.peer.as_ref().map(|peer| Cells::of(record, &peer.timing)).unwrap_or_default();
        let ratio = record.ratio().map_or_else(absent, |ratio| {
            format!("{:.2} ({:.2} to {:.2})", ratio.median, ratio.min, ratio.max)
        });
        let cells = [
            record.workload.clone(),
            ours.ms,
            theirs.ms,
            ours.items_per_s,
            theirs.items_per_s,
            ratio,
            ours.peak_mib,
            theirs.peak_mib,
            record.peer.as_ref().map_or_else(absent, |peer| peer.way.clone()),
        ];
        text += &row(&cells);
    }
    text
}

fn own_rows(records: &[&Record]) -> String {
    let mut text = "| workload | ms/step | items/s | peak MiB |\n|---|---:|---:|---:|\n".to_owned();
    for record in records {
        let ours = Cells::of(record, &record.ours);
        text += &row(&[record.workload.clone(), ours.ms, ours.items_per_s, ours.peak_mib]);
    }
    text
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

fn absent() -> String {
    "-".to_owned()
}

/// What the table says of one side.
struct Cells {
    ms: String,
    items_per_s: String,
    peak_mib: String,
}

impl Cells {
    fn of(record: &Record, timing: &Timing) -> Cells {
        Cells {
            ms: figure(timing.median_ms()),
            items_per_s: format!("{:.0}", record.items_per_s(timing)),
            peak_mib: format!("{:.0}", timing.peak_kib as f64 / 1024.0),
        }
    }
}

impl Default for Cells {
    fn default() -> Cells {
        Cells { ms: absent(), items_per_s: absent(), peak_mib: absent() }
    }
}

/// Three digits, which is more than a shared machine repeats.
fn figure(value: f64) -> String {
    let decimals = match value {
        ..1.0 => 3,
        1.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// Where, when and with what: once for all the workloads that share it.
fn circumstances(records: &[&Record]) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = vec![];
    for record in records {
        let versions: Vec<String> =
            record.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let Record { date, processor, threads, rung, .. } = record;
        let shared = format!(
            "{processor}, {threads} {}, {rung}, {} pairs, {}, {date}",
            if *threads == 1 { "thread" } else { "threads" },
            record.ours.step_ms.len(),
            versions.join(", "),
        );
        match groups.iter_mut().find(|(known, _)| *known == shared) {
            Some((_, names)) => names.push(record.workload.as_str()),
            None => groups.push((shared, vec![record.workload.as_str()])),
        }
    }
    groups.iter().fold("\n".to_owned(), |mut text, (shared, names)| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "- {}: {shared}.", names.join(", "));
        text
    })
}

fn notes(records: &[&Record]) -> String {
    let lines = |record: &&Record| {
        let workload = record.workload.clone();
        record.notes.clone().into_iter().map(move |note| format!("- {workload}: {note}.\n"))
    };
    records.iter().flat_map(lines).collect()
}

/// `page` with `table` between its two markers.
///
/// # Errors
/// [`BenchError::Marker`] names the marker that `page` has not.
pub fn with_table(page: &str, table: &str) -> Result<String, BenchError> {
    let missing = |marker| BenchError::Marker { marker };
    let (before, rest) = page.split_once(BEGIN).ok_or_else(|| missing(BEGIN))?;
    let (_, behind) = rest.split_once(END).ok_or_else(|| missing(END))?;
    Ok(format!("{before}{BEGIN}\n\n{table}\n{END}{behind}"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::record::sample;
    use super::*;

    #[test]
    fn a_row_says_both_sides_and_their_ratio() {
        let noted = Record { notes: vec!["eager 3.00 ms/step".to_owned()], ..sample("mlp") };
        let text = table(&[&noted]);
        let row = "| mlp | 2.00 | 4.00 | 64000 | 32000 | 1.50 (1.00 to 2.00) | 20 | 400 | torch.compile |\n";
        assert!(text.contains(row), "{text}");
        let behind = "\n- mlp: Some CPU, 2 threads, avx2, 3 pairs, baeum 0.1.0, torch 2.15.0, 2026-11-22.\n\
                      - mlp: eager 3.00 ms/step.\n";
        assert!(text.ends_with(behind), "{text}");
    }

    #[test]
    fn without_pytorch_its_columns_are_left_out() {
        let alone = Record { peer: None, ..sample("mlp") };
        let text = table(&[&alone]);
        assert!(text.starts_with("| workload | ms/step | items/s | peak MiB |\n"), "{text}");
        assert!(text.contains("| mlp | 2.00 | 64000 | 20 |\n\nPyTorch was not there"), "{text}");
        let mixed = table(&[&sample("cnn"), &alone]);
        assert!(mixed.contains("| mlp | 2.00 | - | 64000 | - | - | 20 | - | - |\n"), "{mixed}");
    }

    #[test]
    fn the_newest_line_counts_and_circumstances_are_said_once() {
        let later = Record { date: "2026-11-23".to_owned(), ..sample("mlp") };
        let records = [sample("cnn"), sample("mlp"), later.clone(), sample("a workload of the past")];
        let newest = newest(&records);
        assert_eq!(newest, [&later, &records[0]]);
        assert_eq!(table(&[&records[0], &records[1]]).matches("Some CPU").count(), 1);
        assert_eq!(table(&newest).matches("Some CPU").count(), 2);
    }

    #[test]
    fn figures_have_three_digits() {
        let figures = [0.1234, 1.234, 12.34, 123.4].map(figure);
        assert_eq!(figures, ["0.123", "1.23", "12.3", "123"]);
    }

    #[test]
    fn a_table_replaces_the_old_one_and_nothing_else() {
        let page = format!("# Name\n\n{BEGIN}\nold\n{END}\n\nrest\n");
        let once = with_table(&page, "new\n").unwrap();
        assert_eq!(once, format!("# Name\n\n{BEGIN}\n\nnew\n\n{END}\n\nrest\n"));
        assert_eq!(with_table(&once, "new\n").unwrap(), once);
        let error = with_table("# Name\n", "new\n").unwrap_err().to_string();
        assert_eq!(error, format!("the page wants a line `{BEGIN}`, got none"));
    }
}

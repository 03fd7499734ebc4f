use std::fmt::Write;

use baeum_kernels::Rung;

use super::{BenchError, Contest, Record, Spread, Timing};

/// The lines between which a page has a part.
fn markers(name: &str) -> [String; 2] {
    [
        format!("<!-- {name}: `cargo xtask bench table` writes what stands from here -->"),
        format!("<!-- {name}: to here -->"),
    ]
}

fn name(contest: Contest) -> &'static str {
    match contest {
        Contest::Train => "bench",
        Contest::Predict => "bench predict",
        Contest::Generate => "bench generate",
        Contest::Data => "bench data",
    }
}

/// The newest measurement of each workload that has one, in the order of the contest.
pub fn newest<'a>(contest: Contest, records: impl IntoIterator<Item = &'a Record>) -> Vec<&'a Record> {
    let records: Vec<&Record> = records.into_iter().collect();
    let of = |name: &str, rows: Option<usize>| {
        let fits = |record: &&&Record| record.workload == name && rows.is_none_or(|rows| record.rows == rows);
        records.iter().rev().find(fits).copied()
    };
    let each = |name: &'static str| match contest.rows() {
        [] => vec![of(name, None)],
        several => several.iter().map(|&rows| of(name, Some(rows))).collect(),
    };
    contest.names().into_iter().flat_map(each).flatten().collect()
}

/// The newest measurements as Markdown: a table for each kind of instructions that they were made with, where these decide.
pub fn tables(contest: Contest, records: &[Record]) -> String {
    match by_rung(contest, records).as_slice() {
        [] => table(contest, &[]),
        [(_, records)] => table(contest, records),
        several => {
            let one = |(rung, records): &(Rung, Vec<&Record>)| {
                format!("With `{}`:\n\n{}", rung.name(), table(contest, records))
            };
            several.iter().map(one).collect::<Vec<_>>().join("\n")
        }
    }
}

/// The newest measurements with each kind of instructions that there are some with, the widest first; where instructions do not
/// decide, all under one.
pub(super) fn by_rung(contest: Contest, records: &[Record]) -> Vec<(Rung, Vec<&Record>)> {
    let newest_with = |rung: Rung| {
        let counts = |record: &&Record| !contest.is_about_kernels() || record.rung == rung.name();
        newest(contest, records.iter().filter(counts))
    };
    let rungs = Rung::ALL.into_iter().rev().take(if contest.is_about_kernels() { usize::MAX } else { 1 });
    rungs.map(|rung| (rung, newest_with(rung))).filter(|(_, records)| !records.is_empty()).collect()
}

/// Measurements as Markdown, with what one must know to judge them. The other side's columns stand there if any measurement has
/// them.
pub fn table(contest: Contest, records: &[&Record]) -> String {
    if records.is_empty() {
        return format!("Not measured yet; `cargo xtask bench {}` does it.\n", contest.verb());
    }
    let compared = records.iter().any(|record| record.peer.is_some());
    let mut text = if compared { compared_rows(contest, records) } else { own_rows(contest, records) };
    let peer = contest.peer();
    text.push('\n');
    text += &match compared {
        true => format!(
            "Ratio: {peer}'s time over ours within a pair of runs, the median with the smallest and the largest; above 1, ours is \
             the faster. Peak: the most memory the process ever had.\n"
        ),
        false => {
            format!("{peer} was not there to compare with. Peak: the most memory the process ever had.\n")
        }
    };
    text + &circumstances(contest, records) + &notes(contest, records)
}

fn compared_rows(contest: Contest, records: &[&Record]) -> String {
    let (peer, unit) = (contest.peer(), contest.unit());
    let mut text = format!(
        "| workload | ours, ms/{unit} | {peer}, ms/{unit} | ours, items/s | {peer}, items/s | ratio (min to max) | ours, peak MiB | {peer}, peak MiB | {peer} as |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---|\n"
    );
    for record in records {
        let ours = Cells::of(record, &record.ours);
        let theirs = record.peer.as_ref().map(|peer| Cells::of(record, &peer.timing)).unwrap_or_default();
        let cells = [
            contest.label(record),
            ours.ms,
            theirs.ms,
            ours.items_per_s,
            theirs.items_per_s,
            ratio(record),
            ours.peak_mib,
            theirs.peak_mib,
            record.peer.as_ref().map_or_else(absent, |peer| peer.way.clone()),
        ];
        text += &row(&cells);
    }
    text
}

pub(super) fn ratio(record: &Record) -> String {
    let text = |ratio: Spread| format!("{:.2} ({:.2} to {:.2})", ratio.median, ratio.min, ratio.max);
    record.ratio().map_or_else(absent, text)
}

fn own_rows(contest: Contest, records: &[&Record]) -> String {
    let mut text =
        format!("| workload | ms/{} | items/s | peak MiB |\n|---|---:|---:|---:|\n", contest.unit());
    for record in records {
        let ours = Cells::of(record, &record.ours);
        text += &row(&[contest.label(record), ours.ms, ours.items_per_s, ours.peak_mib]);
    }
    text
}

pub(super) fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

pub(super) fn absent() -> String {
    "-".to_owned()
}

/// What the table says of one side.
pub(super) struct Cells {
    pub(super) ms: String,
    items_per_s: String,
    pub(super) peak_mib: String,
}

impl Cells {
    pub(super) fn of(record: &Record, timing: &Timing) -> Cells {
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
pub(super) fn circumstances(contest: Contest, records: &[&Record]) -> String {
    let mut groups: Vec<(String, Vec<String>)> = vec![];
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
            Some((_, names)) => names.push(contest.label(record)),
            None => groups.push((shared, vec![contest.label(record)])),
        }
    }
    groups.iter().fold("\n".to_owned(), |mut text, (shared, names)| {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "- {}: {shared}.", names.join(", "));
        text
    })
}

fn notes(contest: Contest, records: &[&Record]) -> String {
    let lines = |record: &&Record| {
        let workload = contest.label(record);
        record.notes.clone().into_iter().map(move |note| format!("- {workload}: {note}.\n"))
    };
    records.iter().flat_map(lines).collect()
}

/// `page` with `table` between the two markers of the contest.
///
/// # Errors
/// [`BenchError::Marker`] names the marker that `page` has not.
pub fn with_table(contest: Contest, page: &str, table: &str) -> Result<String, BenchError> {
    with_part(name(contest), page, table)
}

/// As [`with_table`], between the markers of this name.
pub(super) fn with_part(name: &str, page: &str, table: &str) -> Result<String, BenchError> {
    let [begin, end] = markers(name);
    let missing = |marker: &String| BenchError::Marker { marker: marker.clone() };
    let (before, rest) = page.split_once(&begin).ok_or_else(|| missing(&begin))?;
    let (_, behind) = rest.split_once(&end).ok_or_else(|| missing(&end))?;
    Ok(format!("{before}{begin}\n\n{table}\n{end}{behind}"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::record::sample;
    use super::*;

    #[test]
    fn a_row_says_both_sides_and_their_ratio() {
        let noted = Record { notes: vec!["eager 3.00 ms/step".to_owned()], ..sample("mlp") };
        let text = table(Contest::Train, &[&noted]);
        let row = "| mlp | 2.00 | 4.00 | 64000 | 32000 | 1.50 (1.00 to 2.00) | 20 | 400 | torch.compile |\n";
        assert!(text.contains(row), "{text}");
        let behind = "\n- mlp: Some CPU, 2 threads, avx2, 3 pairs, baeum 0.1.0, torch 2.15.0, 2026-11-22.\n\
                      - mlp: eager 3.00 ms/step.\n";
        assert!(text.ends_with(behind), "{text}");
    }

    #[test]
    fn without_pytorch_its_columns_are_left_out() {
        let alone = Record { peer: None, ..sample("mlp") };
        let text = table(Contest::Train, &[&alone]);
        assert!(text.starts_with("| workload | ms/step | items/s | peak MiB |\n"), "{text}");
        assert!(text.contains("| mlp | 2.00 | 64000 | 20 |\n\nPyTorch was not there"), "{text}");
        let mixed = table(Contest::Train, &[&sample("cnn"), &alone]);
        assert!(mixed.contains("| mlp | 2.00 | - | 64000 | - | - | 20 | - | - |\n"), "{mixed}");
    }

    #[test]
    fn the_newest_line_counts_and_circumstances_are_said_once() {
        let later = Record { date: "2026-11-23".to_owned(), ..sample("mlp") };
        let records = [sample("cnn"), sample("mlp"), later.clone(), sample("a workload of the past")];
        let newest = newest(Contest::Train, &records);
        assert_eq!(newest, [&later, &records[0]]);
        assert_eq!(table(Contest::Train, &[&records[0], &records[1]]).matches("Some CPU").count(), 1);
        assert_eq!(table(Contest::Train, &newest).matches("Some CPU").count(), 2);
    }

    #[test]
    fn processors_with_other_instructions_have_a_table_of_their_own() {
        let wide = Record { rung: "avx512".to_owned(), date: "2026-11-21".to_owned(), ..sample("mlp") };
        let records = [wide, sample("mlp"), sample("cnn")];
        let text = tables(Contest::Train, &records);
        assert!(text.starts_with("With `avx512`:\n\n| workload |"), "{text}");
        let (wide, narrow) = text.split_once("\nWith `avx2`:\n\n| workload |").unwrap();
        assert_eq!((wide.matches("| mlp |").count(), narrow.matches("| mlp |").count()), (1, 1));
        assert!(!wide.contains("cnn") && narrow.contains("cnn"), "{text}");
        assert!(!tables(Contest::Train, &records[1..]).contains("With"));
        assert!(tables(Contest::Train, &[]).starts_with("Not measured yet"));
        assert!(!tables(Contest::Data, &records).contains("With"));
    }

    #[test]
    fn answers_are_told_apart_by_their_rows() {
        let of = |rows| Record { rows, ..sample("mlp") };
        let records = [of(1), of(64), of(128)];
        assert_eq!(newest(Contest::Predict, &records), [&records[0], &records[1]]);
        let text = table(Contest::Predict, &[&records[0], &records[1]]);
        assert!(text.contains("| mlp, 1 row | 2.00 | 4.00 | 500 |"), "{text}");
        assert!(text.contains("| mlp, 64 rows | 2.00 | 4.00 | 32000 |"), "{text}");
        assert!(text.starts_with("| workload | ours, ms/call | ONNX Runtime, ms/call |"), "{text}");
    }

    #[test]
    fn figures_have_three_digits() {
        let figures = [0.1234, 1.234, 12.34, 123.4].map(figure);
        assert_eq!(figures, ["0.123", "1.23", "12.3", "123"]);
    }

    #[test]
    fn a_table_replaces_the_old_one_and_nothing_else() {
        let [begin, end] = markers(name(Contest::Train));
        let page = format!("# Name\n\n{begin}\nold\n{end}\n\nrest\n");
        let once = with_table(Contest::Train, &page, "new\n").unwrap();
        assert_eq!(once, format!("# Name\n\n{begin}\n\nnew\n\n{end}\n\nrest\n"));
        assert_eq!(with_table(Contest::Train, &once, "new\n").unwrap(), once);
        let error = with_table(Contest::Train, "# Name\n", "new\n").unwrap_err().to_string();
        assert_eq!(error, format!("the page wants a line `{begin}`, got none"));
    }
}

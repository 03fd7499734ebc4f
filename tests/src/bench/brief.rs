//! The measurements as the README shows them: the newest, on the best processor that was at hand.

use super::table::{Cells, by_rung, circumstances, ratio, row};
use super::{Contest, Record};

/// The newest measurements as Markdown, with the widest instructions that there are some with.
pub(super) fn brief(contest: Contest, records: &[Record]) -> String {
    let rungs = by_rung(contest, records);
    let Some((_, records)) = rungs.first() else {
        return format!("Not measured yet; `cargo xtask bench {}` does it.\n", contest.verb());
    };
    let (peer, unit) = (contest.peer(), contest.unit());
    let mut text = format!(
        "| workload | ours, ms/{unit} | {peer}, ms/{unit} | ratio (min to max) | ours, peak MiB | {peer}, peak MiB |\n\
         |---|---:|---:|---:|---:|---:|\n"
    );
    for record in records {
        let ours = Cells::of(record, &record.ours);
        let theirs = record.peer.as_ref().map(|peer| Cells::of(record, &peer.timing)).unwrap_or_default();
        let label = contest.label(record);
        text += &row(&[label, ours.ms, theirs.ms, ratio(record), ours.peak_mib, theirs.peak_mib]);
    }
    text + &circumstances(contest, records)
}

#[cfg(test)]
mod tests {
    use super::super::record::sample;
    use super::*;

    #[test]
    fn the_widest_instructions_are_shown() {
        let wide = Record { rung: "avx512".to_owned(), ..sample("mlp") };
        let alone = Record { peer: None, ..wide.clone() };
        let row = "| mlp | 2.00 | 4.00 | 1.50 (1.00 to 2.00) | 20 | 400 |\n";
        let text = brief(Contest::Train, &[wide, sample("mlp"), sample("cnn")]);
        assert!(text.contains(row) && !text.contains("cnn"), "{text}");
        assert!(
            text.ends_with(
                "\n- mlp: Some CPU, 2 threads, avx512, 3 pairs, baeum 0.1.0, torch 2.15.0, 2026-11-22.\n"
            ),
            "{text}"
        );
        let text = brief(Contest::Train, &[alone]);
        assert!(text.contains("| mlp | 2.00 | - | - | 20 | - |\n"), "{text}");
        assert!(
            brief(Contest::Data, &[]).starts_with("Not measured yet; `cargo xtask bench data DIR` does it.")
        );
    }
}

use std::collections::BTreeMap;
use std::fs;

use super::{Bar, LESSONS, Lesson, Peer, Record, Theirs, WRONG_LABELS, WrongLabels};
use crate::bench::Spread;
use crate::root;

const HEAD: &str = "# What the recipes reach

Written by `cargo xtask results` and compared by a test (`tests/it/pages.rs`); do not edit. `cargo xtask results --only digits` runs
a recipe with the seeds 1 to 5, or each of its folds, and keeps what it reaches in `docs/results/runs.jsonl`; `--data DIR` says where fetched files lie.

Each row is the recipe as it stands, run through `baeum pipeline` from nothing. The score is that on the test rows, which nothing was
chosen by: its mean over the runs, the smallest and the largest. A recipe that was changed since it was run is not shown as run.

| recipe | protocol | score | published | bar | ours, mean (min to max) | runs | reached | parameters | ours, s | training: ours, s | PyTorch, s | PyTorch's score |
|---|---|---|---|---:|---:|---:|---|---:|---:|---:|---:|---:|
";

const CIRCUMSTANCES: &str = "\nTime: the median of the runs, from the start of the command to its end. Training: the part of it from the first step to the last
validation. PyTorch's: the same training as that of the first run in a process of its own, in turn with ours, with as many threads: the same
network from the same first weights, the same rows in the same order, step sizes and batches, all epochs, the validation rows behind
each; eager, the optimizers fused, with PyTorch's own dropout. Importing PyTorch and reading the rows is not in its time, what its first
step sets up is. Its score is that of its best epoch on the same test rows, by our evaluation.\n\n";

const TRIED: &str = "\n## Not reached, and what was tried\n\n";

/// The share of the processors that others may use; above it, a time says so.
const BUSY: f64 = 0.05;

/// The page with the newest record of each lesson.
pub fn page(records: &[Record]) -> String {
    let shown: Vec<(&Lesson, Option<&Record>)> =
        LESSONS.iter().map(|lesson| (lesson, newest(lesson, records))).collect();
    let rows: String = shown.iter().map(|(lesson, record)| row(lesson, *record)).collect();
    let tried = shown.iter().filter(|(lesson, _)| !lesson.tried.is_empty());
    let tried: String = tried.map(|(lesson, _)| format!("- {}: {}\n", lesson.name(), lesson.tried)).collect();
    let tried = if tried.is_empty() { "Nothing.\n".to_owned() } else { tried };
    let (where_and_when, beside) = (circumstances(&shown), beside(&shown));
    format!("{HEAD}{rows}{CIRCUMSTANCES}{where_and_when}{beside}{TRIED}{tried}{}", wrong_labels())
}

/// What is found in labels, which no network learns here.
fn wrong_labels() -> String {
    let WrongLabels { known, bar, found } = WRONG_LABELS;
    let reached = if found >= bar { "yes" } else { "**no**" };
    format!(
        "\n## Wrong labels\n\nOf 10,000 test digits of MNIST, with the probabilities of models that had not learned from the row, the \
         first hundred rows\nthat `baeum label` proposes as candidates hold {found} of the {known} whose label people agree is wrong \
         (Northcutt et al. 2021; `tests/it/labels.rs`).\nBar: {bar}; reached: {reached}.\n"
    )
}

/// The newest record of a recipe as it stands today.
fn newest<'a>(lesson: &Lesson, records: &'a [Record]) -> Option<&'a Record> {
    let text = fs::read_to_string(root().join(lesson.recipe)).ok()?;
    records.iter().rev().find(|record| record.recipe == lesson.recipe && record.text == text)
}

fn row(lesson: &Lesson, record: Option<&Record>) -> String {
    let bar = lesson.bar.map_or_else(absent, |bar| match bar {
        Bar::AtLeast(least) => format!("&ge; {least}"),
        Bar::AtMost(most) => format!("&le; {most}"),
    });
    let measured = record.map_or_else(unmeasured, |record| measured(lesson, record)).join(" | ");
    let training = record.map_or_else(|| [absent(), absent(), absent()], |record| training(lesson, record));
    let training = training.join(" | ");
    let Lesson { protocol, called, published, .. } = lesson;
    let link = format!("[{}](../{})", lesson.name(), lesson.recipe);
    format!("| {link} | {protocol} | {called} | {published} | {bar} | {measured} | {training} |\n")
}

fn unmeasured() -> [String; 5] {
    ["not run as it stands".to_owned(), absent(), absent(), absent(), absent()]
}

fn measured(lesson: &Lesson, record: &Record) -> [String; 5] {
    let scores = record.reached(lesson.measure);
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    let Spread { min, max, .. } = Spread::of(&scores);
    let decimals = decimals(mean);
    let reached = match scores.len() {
        1 => format!("{mean:.decimals$}"),
        _ => format!("{mean:.decimals$} ({min:.decimals$} to {max:.decimals$})"),
    };
    let seconds: Vec<f64> = record.runs.iter().map(|run| run.seconds).collect();
    let median = Spread::of(&seconds).median;
    let verdict = lesson.bar.map_or_else(absent, |bar| match bar.is_reached(mean) {
        true => "yes".to_owned(),
        false => "**no**".to_owned(),
    });
    [reached, runs(record), verdict, record.parameters.to_string(), format!("{median:.1}")]
}

/// How many runs there were, and what they differ in.
fn runs(record: &Record) -> String {
    let what = if record.runs.iter().all(|run| run.fold.is_some()) { "fold" } else { "seed" };
    let n = record.runs.len();
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The seconds of our training and of PyTorch's, and what PyTorch's scores.
fn training(lesson: &Lesson, record: &Record) -> [String; 3] {
    let ours: Vec<f64> = record.runs.iter().filter_map(|run| run.train_seconds).collect();
    let ours = if ours.is_empty() { absent() } else { seconds(Spread::of(&ours).median) };
    let Some(Peer::Trained(theirs)) = &record.peer else { return [ours, absent(), absent()] };
    let score = lesson.measure.of(&theirs.metrics);
    let score = score.map_or_else(absent, |score| format!("{score:.0$}", decimals(score)));
    [ours, seconds(theirs.seconds), score]
}

/// Small trainings take thousandths, which is what the log of a run tells apart.
fn seconds(time: f64) -> String {
    match time {
        10.0.. => format!("{time:.1}"),
        0.1.. => format!("{time:.2}"),
        _ => format!("{time:.3}"),
    }
}

/// Dollars need none, shares three or four.
fn decimals(score: f64) -> usize {
    match score.abs() {
        100.0.. => 0,
        1.0.. => 3,
        _ => 4,
    }
}

fn absent() -> String {
    "-".to_owned()
}

/// With which PyTorch, what is not alike on its side, and why it is missing where it is.
fn beside(shown: &[(&Lesson, Option<&Record>)]) -> String {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (lesson, record) in shown {
        let Some(record) = record else { continue };
        let said = match &record.peer {
            Some(Peer::Trained(Theirs { torch, note, .. })) if note.is_empty() => format!("PyTorch {torch}"),
            Some(Peer::Trained(Theirs { torch, note, .. })) => format!("PyTorch {torch}; {note}"),
            Some(Peer::Cannot { why }) => format!("not in PyTorch, for {why}"),
            None => "not run in PyTorch, which was not there".to_owned(),
        };
        groups.entry(said).or_default().push(lesson.name());
    }
    listed(&groups)
}

fn listed(groups: &BTreeMap<String, Vec<&str>>) -> String {
    groups.iter().map(|(shared, names)| format!("- {}: {shared}.\n", names.join(", "))).collect()
}

/// Where and when, once for all recipes that share it.
fn circumstances(shown: &[(&Lesson, Option<&Record>)]) -> String {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (lesson, record) in shown {
        let Some(Record { processor, threads, date, busy, .. }) = record else { continue };
        let beside = if *busy > BUSY { ", beside other work, so that the times mean little" } else { "" };
        groups
            .entry(format!("{processor}, {threads} threads, {date}{beside}"))
            .or_default()
            .push(lesson.name());
    }
    listed(&groups)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::record::sample;
    use super::*;
    use crate::results::Measure;

    fn lesson() -> Lesson {
        let (measure, bar) = (Measure::Metric("accuracy"), Some(Bar::AtLeast(0.6)));
        Lesson { measure, bar, called: "accuracy", protocol: "rows", published: "0.5", ..LESSONS[0] }
    }

    #[test]
    fn a_row_says_mean_and_spread_and_whether_they_suffice() {
        let record = sample("datasets/digits/recipe.toml", "", &[0.5, 0.625, 0.75]);
        let start = "| [digits](../datasets/digits/recipe.toml) | rows | accuracy | 0.5 | &ge; 0.6 | ";
        assert_eq!(
            row(&lesson(), Some(&record)),
            format!("{start}0.6250 (0.5000 to 0.7500) | 3 seeds | yes | 1234 | 2.0 | - | - | - |\n")
        );
        let once = sample("datasets/digits/recipe.toml", "", &[0.5]);
        assert_eq!(
            row(&lesson(), Some(&once)),
            format!("{start}0.5000 | 1 seed | **no** | 1234 | 1.0 | - | - | - |\n")
        );
        let none = "- | - | - | - | - | - | -";
        assert_eq!(row(&lesson(), None), format!("{start}not run as it stands | {none} |\n"));
    }

    fn theirs(note: &str) -> Peer {
        let metrics = [("accuracy".to_owned(), 0.5625)].into();
        Peer::Trained(Theirs {
            seed: 1,
            seconds: 12.34,
            metrics,
            torch: "2.15.0".to_owned(),
            note: note.to_owned(),
        })
    }

    #[test]
    fn a_row_says_how_long_both_train() {
        let mut record = sample("datasets/digits/recipe.toml", "", &[0.5, 0.625, 0.75]);
        record.runs.iter_mut().zip([0.5, 0.25, 0.125]).for_each(|(run, time)| run.train_seconds = Some(time));
        assert_eq!(training(&lesson(), &record), ["0.25", "-", "-"]);
        assert_eq!([0.0034, 0.1, 9.876, 98.76].map(seconds), ["0.003", "0.10", "9.88", "98.8"]);
        let both = Record { peer: Some(theirs("")), ..record.clone() };
        assert_eq!(training(&lesson(), &both), ["0.25", "12.3", "0.5625"]);
        assert!(row(&lesson(), Some(&both)).ends_with(" | 2.0 | 0.25 | 12.3 | 0.5625 |\n"));
        let cannot = Record { peer: Some(Peer::Cannot { why: "it mixes rows".to_owned() }), ..record };
        assert_eq!(training(&lesson(), &cannot), ["0.25", "-", "-"]);
    }

    #[test]
    fn what_pytorch_did_not_do_has_a_reason() {
        let of = |peer| Record { peer, ..sample("a.toml", "", &[0.5]) };
        let cannot = Peer::Cannot { why: "it does not mix rows".to_owned() };
        let records =
            [of(Some(theirs(""))), of(Some(theirs("its rows are larger"))), of(Some(cannot)), of(None)];
        let mut shown: Vec<(&Lesson, Option<&Record>)> =
            LESSONS.iter().zip(records.iter().map(Some)).collect();
        shown.push((&LESSONS[4], None));
        let names: Vec<&str> = LESSONS.iter().map(Lesson::name).collect();
        let lines = [
            format!("- {}: PyTorch 2.15.0.\n", names[0]),
            format!("- {}: PyTorch 2.15.0; its rows are larger.\n", names[1]),
            format!("- {}: not in PyTorch, for it does not mix rows.\n", names[2]),
            format!("- {}: not run in PyTorch, which was not there.\n", names[3]),
        ];
        assert_eq!(beside(&shown), lines.concat());
    }

    #[test]
    fn a_changed_recipe_is_not_shown_as_run() {
        let recipe = LESSONS[0].recipe;
        let text = fs::read_to_string(root().join(recipe)).unwrap();
        let line = |records: &[Record]| {
            let page = page(records);
            page.lines().find(|line| line.contains(recipe)).unwrap().to_owned()
        };
        let of = |text: &str, accuracy| sample(recipe, text, &[accuracy]);
        assert!(line(&[of(&text, 0.25), of(&text, 0.75)]).contains("| 0.7500 |"), "the newest counts");
        assert!(line(&[of(&text, 0.25), of("seed = 8", 0.75)]).contains("| 0.2500 |"));
        assert!(line(&[of("seed = 8", 0.75)]).contains("not run as it stands"));
    }

    #[test]
    fn every_recipe_has_a_row() {
        let folders = fs::read_dir(root().join("datasets")).unwrap().flatten();
        let files = folders.flat_map(|folder| fs::read_dir(folder.path()).unwrap().flatten());
        let is_recipe = |name: &str| name.ends_with(".toml") && !name.ends_with("/source.toml");
        let path = |file: fs::DirEntry| {
            let folder = file.path().parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
            format!("datasets/{folder}/{}", file.file_name().to_string_lossy())
        };
        let mut found: Vec<String> = files.map(path).filter(|path| is_recipe(path)).collect();
        let mut rows: Vec<&str> = LESSONS.iter().map(|lesson| lesson.recipe).collect();
        found.sort();
        rows.sort_unstable();
        assert_eq!(found, rows);
    }

    #[test]
    fn what_is_not_reached_says_what_was_tried() {
        let lines = fs::read_to_string(root().join(crate::results::RECORDS)).unwrap();
        let records = crate::results::parse_records(&lines).unwrap();
        for lesson in LESSONS {
            let Some(record) = newest(lesson, &records) else { continue };
            let [_, _, is_reached, ..] = measured(lesson, record);
            let is_reached = is_reached == "yes" || lesson.bar.is_none();
            assert_eq!(is_reached, lesson.tried.is_empty(), "{}", lesson.name());
        }
    }

    /// A cell that holds a bar would end there.
    #[test]
    fn cells_are_whole() {
        for Lesson { recipe, protocol, published, called, .. } in LESSONS {
            assert!(![protocol, published, called].iter().any(|cell| cell.contains('|')), "{recipe}");
        }
    }

    #[test]
    fn what_recipes_share_is_said_once() {
        let quiet = sample("a.toml", "", &[0.5]);
        let beside = Record { busy: 0.5, ..quiet.clone() };
        let shown = [
            (&LESSONS[0], Some(&quiet)),
            (&LESSONS[1], Some(&beside)),
            (&LESSONS[2], Some(&quiet)),
            (&LESSONS[3], None),
        ];
        let names: Vec<&str> = LESSONS.iter().map(Lesson::name).collect();
        assert_eq!(
            circumstances(&shown),
            format!(
                "- {}, {}: Some CPU, 2 threads, 2026-11-29.\n- {}: Some CPU, 2 threads, 2026-11-29, beside other work, so that the \
                 times mean little.\n",
                names[0], names[2], names[1]
            )
        );
    }
}

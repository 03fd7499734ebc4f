use std::collections::BTreeMap;
use std::fs;

use super::{Bar, LESSONS, Lesson, Record};
use crate::bench::Spread;
use crate::root;

const HEAD: &str = "# What the recipes reach

Written by `cargo xtask results` and compared by a test (`tests/it/pages.rs`); do not edit. `cargo xtask results --only digits` runs
a recipe with the seeds 1 to 5 and keeps what it reaches in `docs/results/runs.jsonl`; `--data DIR` says where fetched files lie.

Each row is the recipe as it stands, run through `baeum pipeline` from nothing. The score is that on the test rows, which nothing was
chosen by: its mean over the seeds, the smallest and the largest. A recipe that was changed since it was run is not shown as run.

| recipe | protocol | score | published | bar | ours, mean (min to max) | seeds | reached | parameters | ours, s |
|---|---|---|---|---:|---:|---:|---|---:|---:|
";

const CIRCUMSTANCES: &str = "\nTime: the median of the runs, from the start of the command to its end.\n\n";

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
    format!("{HEAD}{rows}{CIRCUMSTANCES}{}{TRIED}{tried}", circumstances(&shown))
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
    let [reached, seeds, is_reached, parameters, seconds] =
        record.map_or_else(unmeasured, |record| measured(lesson, record));
    let Lesson { protocol, called, published, .. } = lesson;
    let link = format!("[{}](../{})", lesson.name(), lesson.recipe);
    format!(
        "| {link} | {protocol} | {called} | {published} | {bar} | {reached} | {seeds} | {is_reached} | {parameters} | {seconds} |\n"
    )
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
    [reached, scores.len().to_string(), verdict, record.parameters.to_string(), format!("{median:.1}")]
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
    groups.iter().map(|(shared, names)| format!("- {}: {shared}.\n", names.join(", "))).collect()
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
            format!("{start}0.6250 (0.5000 to 0.7500) | 3 | yes | 1234 | 2.0 |\n")
        );
        let once = sample("datasets/digits/recipe.toml", "", &[0.5]);
        assert_eq!(row(&lesson(), Some(&once)), format!("{start}0.5000 | 1 | **no** | 1234 | 1.0 |\n"));
        assert_eq!(row(&lesson(), None), format!("{start}not run as it stands | - | - | - | - |\n"));
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

//! What a person reads when a stage or a run is done: the same numbers that stand in the files.
use std::path::Path;

use baeum_evaluate::{Baseline, Metric, Report};
use baeum_export::{Manifest, Parity};
use baeum_train::judged_loss;

use super::{Failure, print};
use crate::artifacts;
use crate::run::{Files, Stage};
use crate::session::Session;

/// One line about what a stage has put out.
pub(crate) fn stage(stage: Stage, files: &Files) -> String {
    let said = match stage {
        Stage::Data => artifacts::read_data(files).ok().map(|data| {
            let splits = &data.splits;
            let [train, valid, test] = [&splits.train, &splits.valid, &splits.test].map(Vec::len);
            let (known, unlabelled) = (train + valid + test, splits.unlabelled.len());
            let more = if unlabelled > 0 { format!(", {unlabelled} unlabelled") } else { String::new() };
            format!("{} rows: {train} train, {valid} valid, {test} test{more}", known + unlabelled)
        }),
        Stage::Models => artifacts::text(files, "summary.txt").and_then(|text| parameters(&text)),
        Stage::Train => artifacts::history(files).ok().and_then(|history| trained(&history)),
        Stage::Evaluate => report(files).map(|report| headlines(&report)),
        Stage::Export => manifest(files).map(|manifest| {
            let names: Vec<String> = manifest.formats.iter().map(|entry| entry.format.to_string()).collect();
            format!("{}: each opened again and equal", names.join(", "))
        }),
    };
    said.unwrap_or_else(|| format!("{} files", files.len()))
}

fn trained(history: &artifacts::History) -> Option<String> {
    let (epochs, best) = (history.epochs.len(), history.best_epoch);
    let record = history.best().ok()?;
    let chosen = artifacts::shown_metrics(record).map(|said| format!("{said}, ")).unwrap_or_default();
    let loss = judged_loss(record);
    let next = artifacts::shown_runners_up(&history.runners_up);
    let next = next.map(|said| format!(", then {said}")).unwrap_or_default();
    let weights = artifacts::shown_weights(&history.class_weights);
    let weights = weights.map(|said| format!(", class weights {said}")).unwrap_or_default();
    let drawn = artifacts::shown_drawn(&history.drawn);
    let drawn = drawn.map(|said| format!(", rows of an epoch {said}")).unwrap_or_default();
    let rates = artifacts::shown_rates(history.rates.as_ref());
    let rates = rates.map(|said| format!(", learning rate {said}")).unwrap_or_default();
    let end = artifacts::shown_end(history.end).map(|said| format!(", ended {said}")).unwrap_or_default();
    let more = [next, rates, weights, drawn].concat();
    Some(format!("{epochs} epochs{end}, best {} with {chosen}loss {loss:.4}{more}", best + 1))
}

/// The end of a run: the scores with their intervals, the parity of each file, and where to look.
pub(crate) fn end(session: &Session<'_>, last: Stage) -> Result<(), Failure> {
    let path = session.path();
    let show = |stage| session.output(stage);
    if let Some(report) = show(Stage::Evaluate).and_then(report) {
        print::line(&format!("\n{}", metrics(&report)));
    }
    if let Some(manifest) = show(Stage::Export).and_then(manifest) {
        print::line(&format!("\n{}", parity(&manifest)));
    }
    match last {
        Stage::Data => data(session)?,
        Stage::Models => {
            if let Some(text) = show(Stage::Models).and_then(|files| artifacts::text(files, "summary.txt")) {
                print::line(&format!("\n{text}"));
            }
        }
        Stage::Train | Stage::Evaluate | Stage::Export => places(&path, last),
    }
    Ok(())
}

fn places(path: &Path, last: Stage) {
    print::line("");
    if last >= Stage::Evaluate {
        print::line(&format!(
            "  report  {}",
            path.join(Stage::Evaluate.folder()).join("report.html").display()
        ));
    }
    if last >= Stage::Export {
        print::line(&format!("  files   {}", path.join(Stage::Export.folder()).display()));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    print::line(&format!("  next    baeum predict {name} FILE, or --set FIELD=VALUE"));
}

/// The profile of the data, field by field.
fn data(session: &Session<'_>) -> Result<(), Failure> {
    let Some(files) = session.output(Stage::Data) else { return Ok(()) };
    let profile = artifacts::profile(files)?;
    print::line(&format!("\n{}", crate::profile::table(&profile, print::width())));
    let page = session.path().join(Stage::Data.folder()).join("profile.html");
    print::line(&format!("\n  page    {}", page.display()));
    Ok(())
}

fn metrics(report: &Report) -> String {
    let level = format!("{:.0} % interval", report.level * 100.0);
    let baseline = match report.baseline {
        _ if !report.others.is_empty() => "baseline",
        Baseline::Majority { .. } => "always the commonest",
        Baseline::Usual { .. } => "always the commonest",
        Baseline::Mean { .. } => "always the mean",
        Baseline::Means { .. } => "always the means",
        Baseline::Quantiles { .. } => "always the same",
        Baseline::Frequency { .. } => "by frequency",
        Baseline::Repeat { season: 1 } => "always the last",
        Baseline::Repeat { .. } => "the season before",
    };
    let row = |metric: &Metric| {
        let interval = match (metric.low, metric.high) {
            (Some(low), Some(high)) => format!("{low:.4} to {high:.4}"),
            _ => "none".to_owned(),
        };
        vec![metric.name.to_string(), value(metric.value), interval, value(metric.baseline)]
    };
    let rows: Vec<Vec<String>> = report.each().flat_map(|report| &report.metrics).map(row).collect();
    print::table(&["metric", "value", &level, baseline], &rows)
}

fn parity(manifest: &Manifest) -> String {
    // Of one target nobody asks which it is.
    let has_heads = manifest.formats.iter().any(|entry| entry.parity.targets.len() > 1);
    let mut rows = vec![];
    for entry in &manifest.formats {
        let Parity { level, engine, rows: count, targets } = &entry.parity;
        let proof = engine.iter().fold(level.to_string(), |level, engine| format!("{level} by {engine}"));
        for target in targets {
            let labels = target.labels_agree.map(|agree| format!("{agree} of {count} equal"));
            let mut row = vec![entry.format.to_string(), proof.clone(), count.to_string()];
            row.extend(has_heads.then(|| target.field.clone()));
            row.extend([format!("{:.1e}", target.max_abs), format!("{:.1e}", target.tolerance)]);
            row.push(labels.unwrap_or_default());
            rows.push(row);
        }
    }
    let mut heading = vec!["format", "proof", "rows"];
    heading.extend(has_heads.then_some("target"));
    heading.extend(["largest difference", "allowed", "labels"]);
    print::table(&heading, &rows)
}

fn report(files: &Files) -> Option<Report> {
    files.get("metrics.json").and_then(|bytes| serde_json::from_slice(bytes).ok())
}

fn manifest(files: &Files) -> Option<Manifest> {
    files.get("manifest.json").and_then(|bytes| serde_json::from_slice(bytes).ok())
}

/// The two most telling metrics, or the first of each of several targets.
fn headlines(report: &Report) -> String {
    let each = if report.others.is_empty() { 2 } else { 1 };
    let told = report.each().flat_map(|report| report.metrics.iter().take(each));
    told.map(|metric| format!("{} {}", metric.name, value(metric.value))).collect::<Vec<_>>().join(", ")
}

fn value(value: Option<f64>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("{value:.4}"))
}

/// The lines of the summary that count parameters, those that are frozen, and the tensors that were taken over.
fn parameters(summary: &str) -> Option<String> {
    let line = |start: &str| summary.lines().find(|line| line.starts_with(start)).map(str::to_owned);
    let more = ["frozen: ", "taken over: "].into_iter().filter_map(line).map(|line| format!("; {line}"));
    Some(line("parameters: ")? + &more.collect::<String>())
}

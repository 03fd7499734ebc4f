//! The page: one file, no script, nothing loaded from elsewhere.

use baeum_core::{EpochRecord, Graph, RateCurve, Task};

use crate::Report;

use super::columns::columns;
use super::confusion::confusion;
use super::curves::{curves, metric_curves};
use super::forecast::forecast;
use super::learned::learned;
use super::network::network;
use super::numbers::numbers;
use super::quantiles::quantiles;
use super::rates::tried;
use super::scores::{cards, sentence};
use super::table::{Cell, name, section, table};
use super::text::{count, escape, percent};

/// What a page shows. Its words may come from anywhere; they are escaped.
#[derive(Clone, Copy, Debug)]
pub struct ReportInput<'a> {
    /// The scores.
    pub report: &'a Report,
    /// How training went, epoch by epoch.
    pub history: &'a [EpochRecord],
    /// How the untrained network answered to growing step sizes, if that was tried.
    pub rates: Option<&'a RateCurve>,
    /// The epoch whose weights were kept, counted from zero.
    pub best_epoch: Option<u32>,
    /// What the page is called: the name of the run.
    pub title: &'a str,
    /// What else to know about the run, such as its seed: (name, value).
    pub facts: &'a [(String, String)],
    /// The network, to be drawn.
    pub graph: Option<&'a Graph>,
    /// The network, layer by layer, as plain text; may be empty.
    pub summary: &'a str,
    /// The recipe as it was run; may be empty.
    pub recipe: &'a str,
    /// How the exported files compare with the network, if they were compared.
    pub parity: Option<&'a Table>,
}

/// A table that comes from another stage, written out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The names of its columns.
    pub head: Vec<String>,
    /// Its rows, one text for each column.
    pub rows: Vec<Vec<String>>,
}

/// The report as one self-contained HTML page.
///
/// It holds style and pictures within itself, runs no script, asks no server, and follows the reader's choice of a light
/// or dark screen. The same input gives the same bytes.
pub fn html(input: &ReportInput) -> String {
    let report = input.report;
    let is_one = report.others.is_empty();
    let answered = report.each().flat_map(|report| answered(report, is_one));
    let sections = answered.chain([
        section("training", "How training went", training(input)),
        section("rates", "Learning rates tried", input.rates.and_then(tried)),
        section("rows", "Rows", Some(splits(report))),
        section("network", "Network", layers(input)),
        section("files", "Exported files", input.parity.map(parity)),
        section("recipe", "Recipe", preformatted(input.recipe)),
    ]);
    let head = format!("<p class=\"lead\">{}</p>{}", sentence(report), facts(input.facts));
    page("Baeum report", input.title, &head, sections)
}

/// How one target is answered; where it is not the one, each part says whose it is.
fn answered(report: &Report, is_one: bool) -> impl Iterator<Item = Option<(String, String)>> {
    let scores = match report.place {
        0 => cards(report),
        _ => format!("<p>{}</p>{}", sentence(report), cards(report)),
    };
    let parts = [
        ("scores", "Scores", Some(scores)),
        ("learned", "Learned and true", learned(report)),
        ("confusion", "What is taken for what", confusion(report)),
        ("labels", "Label by label", classes(report)),
        ("columns", "Column by column", columns(report)),
        ("quantiles", "Quantile by quantile", quantiles(report)),
        ("answers", "Answers and errors", numbers(report)),
        ("forecasts", "Forecasts and errors", forecast(report)),
    ];
    let of = if is_one { String::new() } else { format!(": {}", name(&report.target)) };
    parts.map(|(id, title, content)| section(&report.id(id), &format!("{title}{of}"), content)).into_iter()
}

/// A page of its own: what it is, whose it is, what stands at its head, and its sections; all but the title is markup.
pub fn page(
    kind: &str,
    title: &str,
    head: &str,
    sections: impl IntoIterator<Item = Option<(String, String)>>,
) -> String {
    let (links, body): (String, String) = sections.into_iter().flatten().unzip();
    let (title, version) = (escape(title), env!("CARGO_PKG_VERSION"));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title} · {kind}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n\
         <header><p class=\"over\">{kind}</p><h1>{title}</h1>{head}\
         <nav aria-label=\"Sections\">{links}</nav></header>\n{body}\
         <footer>Made by Baeum {version}. This page is one file: it runs no script and loads nothing.</footer>\n\
         </main>\n</body>\n</html>\n",
        super::markup::STYLE,
    )
}

fn facts(facts: &[(String, String)]) -> String {
    if facts.is_empty() {
        return String::new();
    }
    let fact = |(fact, value): &(String, String)| {
        format!("<div><dt>{}</dt><dd>{}</dd></div>", name(fact), name(value))
    };
    format!("<dl class=\"facts\">{}</dl>", facts.iter().map(fact).collect::<String>())
}

fn training(input: &ReportInput) -> Option<String> {
    if input.history.is_empty() {
        return None;
    }
    let Some(curves) = curves(input.history, input.best_epoch) else {
        return Some("<p class=\"note\">No epoch had a finite loss.</p>".to_owned());
    };
    let valid = input.history.iter().any(|record| record.valid_loss.is_some());
    let hint = "Where the validation curve rises while the training curve falls, the network learns its rows by heart.";
    let hint = if valid { hint } else { "There were no validation rows." };
    let figure = |drawing: String, caption: &str| {
        format!("<figure><div class=\"wide\">{drawing}</div><figcaption>{caption}</figcaption></figure>")
    };
    let cut = if is_cut(input.history) { CUT } else { "" };
    let loss = figure(curves, &format!("The loss is what training makes small. {hint}{cut}"));
    let chose = std::iter::once("Chose the epoch whose weights were kept.")
        .chain(std::iter::repeat("Chose between epochs that were equal in what stands above."));
    let metrics = metric_curves(input.history, input.best_epoch).into_iter().zip(chose);
    Some(loss + &metrics.map(|(drawing, chose)| figure(drawing, chose)).collect::<String>())
}

/// What to know of a last epoch that its time did not suffice for.
const CUT: &str = " The last epoch was cut short, so its training loss is of fewer rows.";

/// Whether the last epoch had fewer steps than the first.
fn is_cut(history: &[EpochRecord]) -> bool {
    match history {
        [first, .., before, last] => last.step.saturating_sub(before.step) < first.step,
        [first, last] => last.step.saturating_sub(first.step) < first.step,
        [] | [_] => false,
    }
}

fn classes(report: &Report) -> Option<String> {
    let are_sets = report.task == Task::MultiLabel;
    let rows = report.classes.iter().map(|class| {
        let [precision, recall, f1] = [class.precision, class.recall, class.f1].map(Cell::share);
        let ranked = class.average_precision.map_or(Cell::text("undefined"), Cell::share);
        let mut row = vec![Cell::text(&class.label), precision, recall, f1];
        row.extend(are_sets.then_some(ranked));
        row.push(Cell::number(&count(class.support)));
        row
    });
    let caption = "Precision: of the rows answered so, the share that is so. Recall: of the rows that are so, the share \
                   answered so. F1: both in one number.";
    let (caption, heads) = match are_sets {
        true => (
            format!(
                "{caption} Average precision: precision over all thresholds, from the most probable row on."
            ),
            &["label", "precision", "recall", "F1", "average precision", "test rows"][..],
        ),
        false => (caption.to_owned(), &["label", "precision", "recall", "F1", "test rows"][..]),
    };
    (!report.classes.is_empty()).then(|| table(&caption, heads, rows))
}

fn splits(report: &Report) -> String {
    let rows = report.rows;
    let all = (rows.train + rows.valid + rows.test) as f64;
    let parts = [
        ("training", rows.train, "what the network learned from"),
        ("validation", rows.valid, "what chose the best epoch"),
        ("test", rows.test, "what the scores are taken on"),
    ];
    let bar = parts.iter().filter(|(_, n, _)| *n > 0);
    let bar: String =
        bar.map(|(part, n, _)| format!("<span class=\"{part}\" style=\"flex-grow:{n}\"></span>")).collect();
    let rows = parts.map(|(part, n, what)| {
        let share = percent(n as f64 / all);
        vec![Cell::text(part), Cell::number(&count(n as u64)), Cell::number(&share), Cell::text(what)]
    });
    let table = table("No row is in two parts.", &["part", "rows", "share", "used as"], rows);
    format!("<div class=\"splits\" aria-hidden=\"true\">{bar}</div>{table}")
}

/// The network as a drawing, and as a table of numbers below it.
fn layers(input: &ReportInput) -> Option<String> {
    let figure = |drawing: String| {
        let caption = "A filled dot has learned something; the number at the right says how many parameters.";
        format!(
            "<figure><div class=\"wide tall\" tabindex=\"0\">{drawing}</div><figcaption>{caption}</figcaption></figure>"
        )
    };
    let drawn = input.graph.and_then(network).map(figure);
    let parts: Vec<String> = drawn.into_iter().chain(preformatted(input.summary)).collect();
    (!parts.is_empty()).then(|| parts.concat())
}

fn preformatted(text: &str) -> Option<String> {
    let text = text.trim_matches('\n');
    (!text.is_empty()).then(|| format!("<pre tabindex=\"0\">{}</pre>", escape(text)))
}

fn parity(parity: &Table) -> String {
    let heads: Vec<&str> = parity.head.iter().map(String::as_str).collect();
    let rows = parity.rows.iter().map(|row| row.iter().map(|text| Cell::text(text)).collect());
    table("Every file was opened again and compared with the network.", &heads, rows)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
mod tests;

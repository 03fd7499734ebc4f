//! The page of a list of seeds: one file, no script, nothing loaded from elsewhere.

use baeum_core::HeadMetric;
use baeum_evaluate::markup::{Cell, counted, name, number, page as framed, section, table};

use super::{Seeded, Seeds};

/// What to know where each seed has its own parts.
const OWN_PARTS: &str = "Each seed drew its own parts, so the spread is of the parts too, and the run that was chosen may have had \
                         the easier validation rows.";

pub(super) fn page(seeds: &Seeds, title: &str) -> String {
    let note = (!seeds.same_parts).then(|| format!("<p class=\"note\">{OWN_PARTS}</p>"));
    let sections = [
        section("spread", "Spread", Some(spread(seeds) + &note.unwrap_or_default())),
        section("seeds", "Seed by seed", Some(runs(seeds))),
    ];
    framed("Baeum seeds", title, &format!("<p class=\"lead\">{}</p>", lead(seeds)), sections)
}

/// The runs in a sentence or two. Already escaped.
fn lead(seeds: &Seeds) -> String {
    let count = counted(seeds.runs.len() as u64, "seed");
    let best = seeds.best_run().map(|run| {
        let (seed, run, by) = (run.seed, name(&run.run), run.chosen_by());
        format!(" Seed <strong>{seed}</strong> does best on its validation rows: run {run}, {by}.")
    });
    format!("The same recipe with <strong>{count}</strong>.{}", best.unwrap_or_default())
}

fn spread(seeds: &Seeds) -> String {
    let rows = seeds.spread.iter().map(|spread| {
        let numbers = [spread.mean, spread.deviation, spread.low, spread.high].map(cell);
        [Cell::text(&spread.name.title())].into_iter().chain(numbers).collect()
    });
    let caption = "What the test rows score, over the seeds. Standard deviation: of a sample.";
    table(caption, &["metric", "mean", "standard deviation", "lowest", "highest"], rows)
}

fn runs(seeds: &Seeds) -> String {
    let names: Vec<&HeadMetric> = seeds.spread.iter().map(|spread| &spread.name).collect();
    let titles: Vec<String> = names.iter().map(|name| name.title()).collect();
    let heads = ["seed", "run", "best epoch", "chosen by", "the best"].into_iter();
    let heads: Vec<&str> = heads.chain(titles.iter().map(String::as_str)).collect();
    let row = |(place, run): (usize, &Seeded)| {
        let mut row = vec![Cell::number(&run.seed.to_string()), Cell::text(&run.run)];
        row.push(Cell::number(&(run.best.epoch + 1).to_string()));
        row.push(Cell::text(&run.chosen_by()));
        row.push(Cell::text(if seeds.best == Some(place) { "yes" } else { "no" }));
        row.extend(names.iter().map(|name| cell(run.value(name))));
        row
    };
    let caption = "The run that does best on its validation rows is the one that is exported; test rows choose nothing.";
    table(caption, &heads, seeds.runs.iter().enumerate().map(row))
}

fn cell(value: Option<f64>) -> Cell {
    Cell::number(&value.map_or_else(|| "undefined".to_owned(), number))
}

#[cfg(test)]
mod tests {
    use super::super::tests::seeded;
    use super::*;

    #[test]
    fn a_page_tells_the_spread_and_the_best() {
        let runs = vec![seeded(0, 0.5, 1.0, Some(0.5)), seeded(1, 0.75, 1.0, Some(1.0))];
        let page = Seeds::of(runs.clone(), true).page("iris <b>");
        for part in [
            "<title>iris &lt;b&gt; · Baeum seeds</title>",
            "Seed <strong>1</strong> does best on its validation rows: run <bdi>iris-0002</bdi>, validation accuracy 0.7500.",
            "<th scope=\"row\"><bdi>Accuracy</bdi></th><td class=\"num\">0.7500</td><td class=\"num\">0.3536</td>",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains(OWN_PARTS) && !page.contains("<script"));
        assert!(Seeds::of(runs, false).page("iris").contains(OWN_PARTS));
    }
}

//! For quantiles: how each level fares, and how often the truth lies between the first and the last.

use crate::Report;

use super::table::{Cell, table};
use super::text::{number, percent};

/// A row for each level; none where no quantiles are told.
pub(super) fn quantiles(report: &Report) -> Option<String> {
    let found = report.quantiles.as_ref()?;
    let rows = found.each.iter().map(|scores| {
        vec![
            Cell::number(&format!("q{}", scores.level)),
            Cell::share(scores.below),
            Cell::number(&number(scores.pinball)),
            Cell::number(&number(scores.baseline_pinball)),
        ]
    });
    let between = found.wanted.zip(found.held).map(|(wanted, held)| {
        format!(
            " The truth lies between the first and the last in {} of the rows, where {} are meant.",
            percent(held),
            percent(wanted)
        )
    });
    let caption = format!(
        "The share of truths up to a quantile should be its level.{} Quantiles are told as the network yields them: two may cross.",
        between.unwrap_or_default()
    );
    let heads = ["quantile", "truths up to it", "pinball loss", "of the training rows' quantile"];
    Some(table(&caption, &heads, rows))
}

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
        "The share of truths up to a quantile should be its level.{}{}",
        between.unwrap_or_default(),
        crossed(found.crossed)
    );
    let heads = ["quantile", "truths up to it", "pinball loss", "of the training rows' quantile"];
    Some(table(&caption, &heads, rows))
}

/// In how many rows answers are not as the network yields them.
fn crossed(share: f64) -> String {
    match share {
        0.0 => String::new(),
        share => format!(
            " In {} of the rows two crossed as the network yields them; answers are sorted, which never makes them worse.",
            percent(share)
        ),
    }
}

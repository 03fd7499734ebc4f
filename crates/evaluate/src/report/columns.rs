//! For several numbers: the scores of each in its own unit.

use crate::Report;

use super::table::{Cell, table};
use super::text::number;

/// A row for each column; none where one number is told, or labels.
pub(super) fn columns(report: &Report) -> Option<String> {
    let rows = report.columns.iter().map(|scores| {
        let r2 = scores.r2.map_or("undefined".to_owned(), number);
        let [rmse, mae, baseline] = [scores.rmse, scores.mae, scores.baseline_mae].map(number);
        vec![
            Cell::text(&scores.column),
            Cell::number(&r2),
            Cell::number(&rmse),
            Cell::number(&mae),
            Cell::number(&baseline),
        ]
    });
    let caption = "Errors in the unit of each column. The last number is what always answering the mean of the training \
                   rows would be off by.";
    let heads = ["column", "R²", "RMSE", "MAE", "MAE of the mean"];
    (!report.columns.is_empty()).then(|| table(caption, &heads, rows))
}

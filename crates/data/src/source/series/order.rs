//! The steps of a table in their order: series behind series, each by time.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::DataError;
use crate::config::SeriesConfig;
use crate::sheet::Sheet;
use crate::split::time;

/// The rows of a table in the order of their steps.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// The row of each step.
    pub(super) rows: Vec<usize>,
    /// The steps of each series.
    pub(super) series: Vec<Range<usize>>,
    /// How many rows are too late.
    pub(super) left_out: usize,
}

/// Orders the rows: series by their names, the steps of each by their moments, or as they stand in the files.
///
/// # Errors
/// [`DataError`] for moments that cannot be compared, and for two of one series that are equal.
pub(super) fn order(
    config: &SeriesConfig,
    sheet: &Sheet,
    moments: Option<&[String]>,
    groups: Option<&[String]>,
) -> Result<Order, DataError> {
    let compare = match (&config.time, moments) {
        (Some(time), Some(moments)) => time::order(time, moments)?,
        _ => |_: &str, _: &str| Ordering::Equal,
    };
    let moment = |row: usize| moments.map_or("", |moments| moments[row].as_str());
    if let (Some(until), Some(moments)) = (&config.until, moments) {
        time::refuse_other("data.series.until", until, moments)?;
    }
    let is_early = |row: &usize| {
        config.until.as_ref().is_none_or(|until| compare(moment(*row), until) == Ordering::Less)
    };
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for row in (0..sheet.rows()).filter(is_early) {
        members.entry(groups.map_or("", |groups| &groups[row])).or_default().push(row);
    }
    let mut order = Order::default();
    for mut rows in members.into_values() {
        rows.sort_by(|&a, &b| compare(moment(a), moment(b)));
        if let (Some(column), Some(pair)) = (
            config.time.as_deref().and_then(|time| sheet.column(time)),
            rows.windows(2).find(|pair| compare(moment(pair[0]), moment(pair[1])) == Ordering::Equal),
        ) {
            let wants = "a moment of its own in its series; say `data.series.group` if there are several";
            return Err(sheet.refuse(pair[1], column, wants, format!("`{}` again", moment(pair[1]))));
        }
        let start = order.rows.len();
        order.rows.extend(rows);
        order.series.push(start..order.rows.len());
    }
    order.left_out = sheet.rows() - order.rows.len();
    Ok(order)
}

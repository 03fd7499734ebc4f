//! Windows of a series that have to tell what others have taught.

use super::Seen;
use crate::source::Raw;

/// Windows of valid and test whose answer holds a step that a window of train sees or tells; nothing where examples are no
/// windows. That they see what train has seen is no leak: the past is known.
pub(super) fn shared(raw: &dyn Raw, is_held_out: &[bool]) -> Option<Seen> {
    let all: Vec<_> = (0..raw.rows()).map(|row| raw.steps(row)).collect::<Option<_>>()?;
    let end = all.iter().map(|steps| steps.told.end).max()?;
    let mut teacher: Vec<Option<usize>> = vec![None; end];
    for (row, steps) in all.iter().enumerate().filter(|(row, _)| !is_held_out[*row]) {
        for teacher in &mut teacher[steps.seen.start..steps.told.end] {
            teacher.get_or_insert(row);
        }
    }
    let mut seen = Seen::of(is_held_out);
    let held_out = all.iter().enumerate().filter(|(row, _)| is_held_out[*row]);
    let met = |(row, steps): (usize, &crate::source::Steps)| {
        Some((row, steps.told.clone().find_map(|step| teacher[step])?))
    };
    seen.pairs = held_out.filter_map(met).collect();
    seen.across.twins = seen.pairs.len();
    Some(seen)
}

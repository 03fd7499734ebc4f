//! How a text is gone on with, and how often each piece comes in training.

use baeum_core::{Decode, Pipeline, Target, TargetStats};

use super::rows::Rows;
use crate::DataError;
use crate::text::Following;

/// What comes next in the text whose steps are fitted; `rows` are those of the text.
pub(super) fn target(
    name: &str,
    rows: &Rows<'_>,
    pipelines: &[Pipeline],
) -> Result<(Target, TargetStats), DataError> {
    let steps = pipelines.first().map_or(&[][..], |pipeline| &pipeline.steps);
    let following = Following::new(rows.place, &rows.field.name, steps)?.ok_or_else(|| {
        DataError::setting("data.fields.text.steps", "`tokenise` as the last step", "another one")
    })?;
    let mut counts = vec![0; following.vocabulary];
    for &row in rows.train.rows() {
        for place in following.of(&rows.raw.cell(row, rows.place)?)? {
            if let Some(count) = usize::try_from(place).ok().and_then(|place| counts.get_mut(place)) {
                *count += 1;
            }
        }
    }
    counts[0] = 0; // padding is no piece
    let decode = Decode::Next { length: following.length(), vocabulary: following.vocabulary };
    Ok((Target { field: name.to_owned(), decode }, TargetStats::Labels { counts }))
}

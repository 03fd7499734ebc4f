//! How a text is gone on with, and how often each piece comes in training.

use baeum_core::{Decode, Pipeline, Target, TargetStats};

use super::rows::Rows;
use crate::DataError;
use crate::plan::{DataPlan, plain_text};
use crate::source::{Cell, without_ends};
use crate::text::Pieces;

/// So many lines are written again, to see whether the tokenizer can.
const TRIED: usize = 1000;

/// What comes next in the text whose way to the network is fitted; `rows` are those of the text, before it is cut into
/// examples.
pub(super) fn target(
    plan: &DataPlan,
    name: &str,
    rows: &Rows<'_>,
    read: Option<&Pipeline>,
) -> Result<(Target, TargetStats), DataError> {
    let pieces = read.map(|text| Pieces::behind(&text.field, &text.steps)).transpose()?.flatten();
    let pieces = pieces.ok_or_else(|| {
        DataError::setting("data.fields.text.steps", "`tokenise` as the last step", "another one")
    })?;
    let letter = plain_text::examples(&plan.config).end();
    let end = letter.map(|letter| pieces.end(letter)).transpose()?.map(|piece| piece as usize);
    let texts = texts(rows)?;
    pieces.refuse_lossy(texts.iter().flat_map(|text| text.lines()).take(TRIED))?;
    let (length, padding) = (pieces.length(), pieces.padding() as usize);
    let mut counts = vec![0; pieces.vocabulary()];
    for text in texts {
        let text = letter.map_or(text, |letter| without_ends(text, letter));
        let told = pieces.cut(text)?.into_iter().map(|piece| piece as usize).chain(end);
        for piece in told.filter(|piece| *piece != padding) {
            counts.get_mut(piece).into_iter().for_each(|count| *count += 1);
        }
    }
    let bytes = (0..pieces.vocabulary() as u32).map(|piece| pieces.bytes(piece)).collect::<Result<_, _>>()?;
    let decode = Decode::Next { length, vocabulary: pieces.vocabulary(), padding, end };
    Ok((Target { field: name.to_owned(), decode }, TargetStats::Pieces { counts, bytes }))
}

/// The texts of the training rows.
fn texts<'a>(rows: &Rows<'a>) -> Result<Vec<&'a str>, DataError> {
    let mut texts = vec![];
    for &row in rows.train.rows() {
        if let Cell::Name(text) = rows.raw.cell(row, rows.place)? {
            texts.push(text);
        }
    }
    Ok(texts)
}

//! Texts that are gone on with: what comes behind each of their pieces, and pieces back to text.

use baeum_core::{InputSpec, Kind, Transform};

use crate::DataError;
use crate::encoder::Line;
use crate::source::Cell;

/// The pieces behind those that the network sees of a text.
#[derive(Debug)]
pub(crate) struct Following {
    /// The place of the text in the schema.
    pub(crate) field: usize,
    /// The steps of the text, one piece longer.
    line: Line,
    length: usize,
    pub(crate) vocabulary: usize,
}

impl Following {
    /// For the text at a place of the schema that these steps cut; none if they do not.
    ///
    /// # Errors
    /// [`DataError::Steps`] for a tokenizer that cannot be read.
    pub(crate) fn new(field: usize, name: &str, steps: &[Transform]) -> Result<Option<Following>, DataError> {
        let Some((Transform::Tokenise { tokenizer, padding, length, keep, fill }, before)) =
            steps.split_last()
        else {
            return Ok(None);
        };
        let refuse = |wants: &str, got: String| DataError::Steps {
            field: name.to_owned(),
            wants: wants.to_owned(),
            got,
        };
        let cutter = super::Cutter::new(tokenizer, *padding, *length, [*keep, *fill])
            .map_err(|refusal| refuse(&refusal.wants, refusal.got))?;
        let longer = Transform::Tokenise {
            tokenizer: tokenizer.clone(),
            padding: *padding,
            length: length + 1,
            keep: *keep,
            fill: *fill,
        };
        let steps: Vec<Transform> = before.iter().cloned().chain([longer]).collect();
        let line = Line::new(field, &Kind::Text, &steps, length + 1)
            .map_err(|wrong| refuse(wrong.wants, wrong.got))?;
        Ok(Some(Following { field, line, length: *length, vocabulary: cutter.vocabulary() }))
    }

    /// The place of the piece behind each, `[length]`; padding behind the last.
    pub(crate) fn of(&self, text: &Cell<'_>) -> Result<Vec<i64>, DataError> {
        let mut places = vec![0.0; self.length + 1];
        self.line.encode(text, &mut places).map_err(|wrong| DataError::Steps {
            field: "text".to_owned(),
            wants: wrong.wants.to_owned(),
            got: wrong.got,
        })?;
        Ok(places[1..].iter().map(|place| *place as i64).collect())
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }
}

/// From text to the pieces that a network reads, and back: what a person needs who lets it go on with a text.
#[derive(Clone, Debug)]
pub struct Pieces {
    tokenizer: tokenizers::Tokenizer,
    length: usize,
}

impl Pieces {
    /// Those of the input that is cut into pieces; none if no input is.
    ///
    /// # Errors
    /// [`DataError::Steps`] for a tokenizer that cannot be read.
    pub fn of(inputs: &[InputSpec]) -> Result<Option<Pieces>, DataError> {
        let columns = inputs.iter().flat_map(|spec| &spec.columns);
        let cut = columns.filter_map(|column| Some((&column.field, column.steps.last()?)));
        for (field, step) in cut {
            let Transform::Tokenise { tokenizer, length, .. } = step else { continue };
            let loaded = super::guarded(|| tokenizers::Tokenizer::from_bytes(tokenizer.as_bytes()));
            let refuse = |got: String| DataError::Steps {
                field: field.clone(),
                wants: "a `tokenizer.json` that can be read".to_owned(),
                got,
            };
            let tokenizer =
                loaded.map_err(|refusal| refuse(refusal.got))?.map_err(|error| refuse(error.to_string()))?;
            return Ok(Some(Pieces { tokenizer, length: *length }));
        }
        Ok(None)
    }

    /// How many pieces the network sees at once.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The letters of a piece; none for padding and the unknown.
    pub fn text(&self, place: u32) -> Option<String> {
        let piece = self.tokenizer.id_to_token(place)?;
        (piece != super::PADDING && piece != super::UNKNOWN).then_some(piece)
    }
}

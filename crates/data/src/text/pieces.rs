//! From text to pieces and back: what a text needs that is gone on with.

use baeum_core::{InputSpec, TextForm, Transform};
use rayon::prelude::*;
use tokenizers::Tokenizer;

use super::seam::{self, Seam};
use super::{PADDING, Refusal, UNKNOWN, guarded, load, normalised, refuse};
use crate::DataError;

/// What a decoder writes for bytes that are no letter yet.
const NO_LETTER: char = '\u{fffd}';

/// From text to the pieces that a network reads, and back.
#[derive(Clone, Debug)]
pub struct Pieces {
    field: String,
    normalise: Vec<(TextForm, bool)>,
    tokenizer: Tokenizer,
    vocabulary: usize,
    seam: Seam,
    padding: u32,
    length: usize,
}

/// A piece, and the byte of the text where it ends.
pub(crate) type Ended = (u32, usize);

impl Pieces {
    /// Those of the input that is cut into pieces; none if no input is.
    ///
    /// # Errors
    /// [`DataError::Steps`] for a tokenizer that cannot be read.
    pub fn of(inputs: &[InputSpec]) -> Result<Option<Pieces>, DataError> {
        let mut columns = inputs.iter().flat_map(|spec| &spec.columns);
        columns.find_map(|column| Pieces::behind(&column.field, &column.steps).transpose()).transpose()
    }

    /// Those that the steps of a field end in; none if they end in something else.
    ///
    /// # Errors
    /// [`DataError::Steps`] for a tokenizer that cannot be read.
    pub(crate) fn behind(field: &str, steps: &[Transform]) -> Result<Option<Pieces>, DataError> {
        let Some((Transform::Tokenise { tokenizer: json, vocabulary, padding, length, .. }, before)) =
            steps.split_last()
        else {
            return Ok(None);
        };
        let form = |step: &Transform| {
            if let Transform::NormaliseText { form, lower } = step { Some((*form, *lower)) } else { None }
        };
        let tokenizer = load(json).map_err(|refusal| refused(field, refusal))?;
        Ok(Some(Pieces {
            field: field.to_owned(),
            normalise: before.iter().filter_map(form).collect(),
            tokenizer,
            vocabulary: *vocabulary,
            seam: seam::of(json),
            padding: *padding,
            length: *length,
        }))
    }

    /// How many pieces the network sees at once.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The piece that fills up a text shorter than that.
    pub fn padding(&self) -> u32 {
        self.padding
    }

    /// How many pieces there are.
    pub(crate) fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// A text as the steps before the last leave it.
    pub(crate) fn normalised(&self, text: &str) -> String {
        self.normalise.iter().fold(text.to_owned(), |text, (form, lower)| normalised(&text, *form, *lower))
    }

    /// The pieces of a text; none is added at its ends.
    ///
    /// # Errors
    /// [`DataError::Steps`] for a text that the tokenizer cannot cut.
    pub fn cut(&self, text: &str) -> Result<Vec<u32>, DataError> {
        let pieces = self.cut_normalised(&self.normalised(text))?;
        Ok(pieces.into_iter().map(|(piece, _)| piece).collect())
    }

    /// The pieces of a text that is in its normal form.
    ///
    /// # Errors
    /// [`DataError::Steps`] for a text that the tokenizer cannot cut.
    pub(crate) fn cut_normalised(&self, text: &str) -> Result<Vec<Ended>, DataError> {
        let runs: Vec<&str> = self.seam.runs(text).collect();
        let cut: Result<Vec<Vec<Ended>>, Refusal> = runs.par_iter().map(|run| self.cut_run(run)).collect();
        let (mut pieces, mut start) = (vec![], 0);
        for (run, cut) in runs.into_iter().zip(cut.map_err(|refusal| refused(&self.field, refusal))?) {
            pieces.extend(cut.into_iter().map(|(piece, end)| (piece, start + end)));
            start += run.len();
        }
        Ok(pieces)
    }

    fn cut_run(&self, run: &str) -> Result<Vec<Ended>, Refusal> {
        let run = seam::admit(run)?;
        let cut = guarded(|| self.tokenizer.encode(run, false))?;
        let cut = cut.or_else(|error| refuse("a text that the tokenizer can cut", error.to_string()))?;
        let ends = cut.get_offsets().iter().map(|(_, end)| *end);
        Ok(cut.get_ids().iter().copied().zip(ends).collect())
    }

    /// The text that pieces stand for. Bytes that are no letter yet, for the next piece has the rest of it, wait for that
    /// piece: the text of the first pieces is how the text of all begins.
    ///
    /// # Errors
    /// [`DataError::Steps`] for pieces that the tokenizer cannot put together.
    pub fn text(&self, pieces: &[u32]) -> Result<String, DataError> {
        let written = self.written(pieces).map_err(|refusal| refused(&self.field, refusal))?;
        Ok(written.trim_end_matches(NO_LETTER).to_owned())
    }

    fn written(&self, pieces: &[u32]) -> Result<String, Refusal> {
        let written = guarded(|| self.tokenizer.decode(pieces, false))?;
        written.or_else(|error| refuse("pieces that the tokenizer can put together", error.to_string()))
    }

    /// Whether a piece stands for text: neither padding nor the unknown nor another sign of its own.
    pub fn is_text(&self, piece: u32) -> bool {
        let is_special = |name: String| {
            name == PADDING
                || name == UNKNOWN
                || self.tokenizer.get_added_vocabulary().is_special_token(&name)
        };
        piece != self.padding && self.tokenizer.id_to_token(piece).is_some_and(|name| !is_special(name))
    }

    /// How many bytes of text a piece stands for; what a decoder leaves out in front is counted.
    pub(crate) fn bytes(&self, piece: u32) -> Result<u32, DataError> {
        if !self.is_text(piece) {
            return Ok(0);
        }
        let written = |pieces: &[u32]| self.written(pieces).map_err(|refusal| refused(&self.field, refusal));
        let (once, twice) = (written(&[piece])?, written(&[piece, piece])?);
        let name = self.tokenizer.id_to_token(piece).unwrap_or_default();
        Ok(match twice.contains(NO_LETTER) && !name.contains(NO_LETTER) {
            false => twice.len().saturating_sub(once.len()) as u32,
            true if name.starts_with("<0x") => 1, // a byte of its own
            true => name.chars().count() as u32,  // byte-level pieces have a letter for each byte
        })
    }

    /// The one piece of what stands between lines or documents.
    ///
    /// # Errors
    /// [`DataError::Setting`] if there is none.
    pub(crate) fn end(&self, letter: char) -> Result<u32, DataError> {
        match self.cut_normalised(letter.encode_utf8(&mut [0; 4]))?[..] {
            [(piece, _)] if self.is_text(piece) => Ok(piece),
            _ => {
                let what = if letter == '\n' { "the end of a line" } else { "a form feed" };
                let between = if letter == '\n' { "lines" } else { "documents" };
                let wants = format!("a tokenizer with one piece for {what}, which stands between {between}");
                Err(DataError::setting(self.path(), wants, "none"))
            }
        }
    }

    /// Refuses a tokenizer that does not give lines back as they were. Those with a piece that it does not know say nothing.
    pub(crate) fn refuse_lossy<'a>(&self, lines: impl Iterator<Item = &'a str>) -> Result<(), DataError> {
        for line in lines {
            let line = self.normalised(line);
            let pieces: Vec<u32> = self.cut_normalised(&line)?.into_iter().map(|(piece, _)| piece).collect();
            let written = self.written(&pieces).map_err(|refusal| refused(&self.field, refusal))?;
            if written != line && pieces.iter().all(|piece| self.is_text(*piece)) {
                let quoted = crate::error::quoted;
                let wants = "a tokenizer that loses nothing, for what is lost cannot be written again; `normalise_text` before it may help";
                let got = format!("{} for {}", quoted(&written), quoted(&line));
                return Err(DataError::setting(self.path(), wants, got));
            }
        }
        Ok(())
    }

    fn path(&self) -> String {
        format!("data.fields.{}.steps[{}].tokenise", self.field, self.normalise.len())
    }
}

fn refused(field: &str, refusal: Refusal) -> DataError {
    DataError::Steps { field: field.to_owned(), wants: refusal.wants, got: refusal.got }
}

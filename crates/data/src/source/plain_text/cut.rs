//! From the parts or lines of a text to its examples, once it is known what its pieces are.

use std::ops::Range;

use baeum_core::Splits;
use rayon::prelude::*;

use super::PlainText;
use crate::DataError;
use crate::config::TextExamples;
use crate::profile::Repair;
use crate::source::{Cell, Divided, Pieced, Raw, without_ends};
use crate::split::Part;
use crate::text::{Ended, Pieces};

/// The examples of a text.
#[derive(Debug)]
struct Examples {
    /// What they are cut from.
    from: PlainText,
    /// The text and the pieces of all of them, one behind the other.
    text: String,
    pieces: Vec<u32>,
    rows: Vec<Row>,
    padding: u32,
    /// Lines that are longer than the network sees.
    long: Option<Repair>,
}

/// One example.
#[derive(Clone, Debug)]
struct Row {
    part: Part,
    /// Its pieces, one more than the network sees; fewer where it is filled up.
    pieces: Range<usize>,
    /// Its bytes in the text of all; a piece that is a part of a letter stands for all of it.
    text: Range<usize>,
    /// Where it begins in the text as it was read.
    from: usize,
}

/// The examples of a text whose parts or lines are divided so.
pub(super) fn cut(from: PlainText, pieces: &Pieces, documents: &Splits) -> Result<Divided, DataError> {
    let letter = from.examples.end();
    let end = letter.map(|letter| Ok::<_, DataError>((letter, pieces.end(letter)?))).transpose()?;
    let texts = (0..from.documents.len()).into_par_iter().map(|number| {
        let text = from.document(number);
        let text = pieces.normalised(letter.map_or(text, |letter| without_ends(text, letter)));
        Ok((pieces.cut_normalised(&text)?, text))
    });
    let texts = texts.collect::<Result<Vec<_>, DataError>>()?;
    let width = pieces.length() + 1;
    let mut laid = Laid { from: &from, texts, end, width, text: String::new(), pieces: vec![], rows: vec![] };
    let Splits { train, valid, test } = documents;
    for (part, numbers) in Part::ALL.into_iter().zip([train.rows(), valid.rows(), test.rows()]) {
        laid.part(part, numbers)?;
    }
    let long = laid.long();
    let Laid { text, pieces: all, mut rows, .. } = laid;
    rows.sort_by_key(|row| row.from); // lines keep their numbers
    let of = |part: Part| (0..rows.len()).filter(|&row| rows[row].part == part).collect::<Vec<_>>();
    let [train, valid, test] = Part::ALL.map(of);
    let splits = Splits::new(train, valid, test).map_err(|error| DataError::Changed {
        wants: "every row in one part".to_owned(),
        got: error.to_string(),
    })?;
    Ok((Box::new(Examples { from, text, pieces: all, rows, padding: pieces.padding(), long }), splits))
}

/// Examples that are being cut.
struct Laid<'a> {
    from: &'a PlainText,
    /// The pieces of each document, each with the byte where it ends, and its text.
    texts: Vec<(Vec<Ended>, String)>,
    /// What stands before and behind each document, if anything does, and its piece.
    end: Option<(char, u32)>,
    /// How many pieces an example has.
    width: usize,
    text: String,
    pieces: Vec<u32>,
    rows: Vec<Row>,
}

/// Documents one behind the other.
#[derive(Default)]
struct Stream {
    /// The byte where it begins, and where each of its pieces ends.
    start: usize,
    ends: Vec<usize>,
    /// For each document its first piece, its first byte, and the same in the text as it was read.
    documents: Vec<[usize; 3]>,
}

impl Laid<'_> {
    fn part(&mut self, part: Part, documents: &[usize]) -> Result<(), DataError> {
        let together = match self.from.examples {
            TextExamples::Lines => 1,
            TextExamples::Windows | TextExamples::Packed | TextExamples::Documents => documents.len().max(1),
        };
        for documents in documents.chunks(together) {
            let first = self.pieces.len();
            let stream = self.lay(documents);
            for Range { start, end } in self.ranges(part, stream.ends.len())? {
                let text = stream.text(start..end);
                let from = stream.place(start, text.start);
                self.rows.push(Row { part, pieces: first + start..first + end, text, from });
            }
        }
        Ok(())
    }

    /// Lays documents one behind the other, with an end around each if it has one.
    fn lay(&mut self, documents: &[usize]) -> Stream {
        let mut stream = Stream { start: self.text.len(), ..Stream::default() };
        self.lay_end(&mut stream);
        for &number in documents {
            let (pieces, text) = &self.texts[number];
            let byte = self.text.len();
            stream.documents.push([stream.ends.len(), byte, self.from.documents[number].start]);
            self.pieces.extend(pieces.iter().map(|(piece, _)| *piece));
            stream.ends.extend(pieces.iter().map(|(_, end)| byte + end));
            self.text += text;
            self.lay_end(&mut stream);
        }
        stream
    }

    fn lay_end(&mut self, stream: &mut Stream) {
        if let Some((letter, piece)) = self.end {
            self.text.push(letter);
            self.pieces.push(piece);
            stream.ends.push(self.text.len());
        }
    }

    /// Which of so many pieces each example has.
    fn ranges(&self, part: Part, length: usize) -> Result<Vec<Range<usize>>, DataError> {
        let width = self.width;
        let starts = (0..length.saturating_sub(1)).step_by(width - 1);
        match self.from.examples {
            TextExamples::Windows if length < width => {
                let wants =
                    format!("at least {width} pieces for `{}`, one more than a window has", part.name());
                Err(DataError::setting("data.source.text", wants, length.to_string()))
            }
            TextExamples::Windows => {
                Ok(starts.map(|start| start.min(length - width)).map(|start| start..start + width).collect())
            }
            TextExamples::Packed | TextExamples::Documents => {
                Ok(starts.map(|start| start..length.min(start + width)).collect())
            }
            TextExamples::Lines => Ok(starts.take(1).map(|start| start..length.min(width)).collect()),
        }
    }

    /// What is told of lines that were cut off.
    fn long(&self) -> Option<Repair> {
        let room = self.width - 2; // the ends take two
        let count = self.texts.iter().filter(|(pieces, _)| pieces.len() > room).count();
        let is_cut = self.from.examples == TextExamples::Lines && count > 0;
        is_cut.then_some(Repair::LongLines { count, length: self.width - 1 })
    }
}

impl Stream {
    fn text(&self, pieces: Range<usize>) -> Range<usize> {
        let end_of = |pieces: usize| pieces.checked_sub(1).map_or(self.start, |last| self.ends[last]);
        end_of(pieces.start)..end_of(pieces.end)
    }

    /// Where an example that begins with this piece and this byte begins in the text as it was read; the end in front of a
    /// line belongs to that line.
    fn place(&self, piece: usize, byte: usize) -> usize {
        let number = self.documents.partition_point(|[first, ..]| *first <= piece + 1);
        let [_, laid, read] = number.checked_sub(1).map_or([0; 3], |number| self.documents[number]);
        read + byte.saturating_sub(laid)
    }
}

impl Raw for Examples {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn cell(&self, row: usize, field: usize) -> Result<Cell<'_>, DataError> {
        match field == self.from.seen {
            true => Ok(Cell::Name(self.text.get(self.rows[row].text.clone()).unwrap_or_default())),
            false => Ok(Cell::Missing),
        }
    }

    fn place(&self, row: usize) -> String {
        self.from.place_of(self.rows[row].from)
    }

    fn pieces(&self, row: usize) -> Option<Pieced<'_>> {
        Some(Pieced { pieces: &self.pieces[self.rows[row].pieces.clone()], padding: self.padding })
    }

    fn repairs(&self) -> Vec<Repair> {
        [self.from.repairs(), self.long.iter().cloned().collect()].concat()
    }
}

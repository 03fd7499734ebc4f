//! The cells of a column, in the shortest form that they allow.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use baeum_core::fs::FsError;

use super::long::{Long, Room};
use super::words::Words;
use crate::csv::number;
use crate::source::Cell;

/// With more different values than this, a column is none of few.
pub(crate) const MOST_FEW: usize = 1 << 12;

/// The place of nothing.
pub(crate) const NOTHING: u16 = u16::MAX;

/// The cells of one column, row by row.
#[derive(Debug)]
pub(crate) enum Cells {
    /// Numbers; NaN where nothing is.
    Numbers(Long<f64>),
    /// Few different numbers.
    FewNumbers(Few<f64>),
    /// Few different texts.
    Names(Names),
    /// Texts that hardly repeat.
    Texts(Texts),
}

/// Few different values in the order in which they come first, and the place of each row's among them.
#[derive(Clone, Debug)]
pub(crate) struct Few<T> {
    values: Vec<T>,
    rows: Arc<Long<u16>>,
}

/// Few different texts.
pub(crate) type Names = Few<String>;

/// Texts behind each other, in pieces: one that grows is copied, and has to lie in memory twice.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pieces: Vec<String>,
    /// Where each row's ends.
    ends: Vec<End>,
}

/// How long pieces of texts are; the first ones are shorter, and a longer text has a piece of its own.
const PIECES: std::ops::RangeInclusive<usize> = 1 << 10..=1 << 20;

/// Where the text of a row ends.
#[derive(Clone, Copy, Debug)]
struct End {
    /// Its place in its piece.
    at: usize,
    piece: u32,
    is_there: bool,
}

/// Why cells are no numbers: the first that is none, and what it should have been.
#[derive(Debug)]
pub(crate) enum NoNumbers {
    /// A cell says something else.
    Cell { row: usize, wants: &'static str, got: String },
    /// The disk refused.
    Fs(FsError),
}

impl From<FsError> for NoNumbers {
    fn from(error: FsError) -> NoNumbers {
        NoNumbers::Fs(error)
    }
}

impl<T> Few<T> {
    pub(super) fn new(values: Vec<T>, rows: Long<u16>) -> Few<T> {
        Few { values, rows: Arc::new(rows) }
    }

    /// All values, each once.
    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    /// The place of a row's value among all of them; none where nothing is.
    #[inline]
    pub(crate) fn place(&self, row: usize) -> Result<Option<usize>, FsError> {
        let place = self.rows.get(row)?;
        Ok((place != NOTHING).then_some(usize::from(place)))
    }

    /// The value of a row, if it has one.
    pub(crate) fn get(&self, row: usize) -> Result<Option<&T>, FsError> {
        Ok(self.place(row)?.and_then(|place| self.values.get(place)))
    }

    /// In how many of these rows each value stands, and how many rows have none.
    pub(crate) fn counts(&self, rows: &[usize]) -> Result<(Vec<usize>, usize), FsError> {
        let mut counts = vec![0; self.values.len() + 1];
        for &row in rows {
            counts[self.place(row)?.unwrap_or(self.values.len())] += 1;
        }
        let none = counts.pop().unwrap_or_default();
        Ok((counts, none))
    }
}

impl Texts {
    pub(crate) fn push(&mut self, text: Option<&str>) {
        let (is_there, text) = (text.is_some(), text.unwrap_or_default());
        let at = self.piece(text.len()).map_or(0, |piece| {
            piece.push_str(text);
            piece.len()
        });
        self.ends.push(End { at, piece: self.pieces.len() as u32, is_there });
    }

    /// The last piece, which has room for so many bytes more.
    fn piece(&mut self, bytes: usize) -> Option<&mut String> {
        let (len, room) = self.pieces.last().map_or((0, 0), |piece| (piece.len(), piece.capacity()));
        if len + bytes > room || room == 0 {
            let usual = (2 * room).clamp(*PIECES.start(), *PIECES.end());
            self.pieces.push(String::with_capacity(usual.max(bytes)));
        }
        self.pieces.last_mut()
    }

    pub(super) fn extend(&mut self, other: &Texts) {
        (0..other.len()).for_each(|row| self.push(other.get(row)));
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a row, if it has one.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let End { at, piece, is_there } = self.ends[row];
        let before = row.checked_sub(1).map(|before| self.ends[before]);
        let start = before.filter(|before| before.piece == piece).map_or(0, |before| before.at);
        let piece = (piece as usize).checked_sub(1).and_then(|place| self.pieces.get(place));
        piece.filter(|_| is_there).and_then(|piece| piece.get(start..at))
    }
}

impl Cells {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Cells::Numbers(numbers) => numbers.len(),
            Cells::FewNumbers(few) => few.rows.len(),
            Cells::Names(few) => few.rows.len(),
            Cells::Texts(texts) => texts.len(),
        }
    }

    /// What a row holds.
    pub(crate) fn cell(&self, row: usize) -> Result<Cell<'_>, FsError> {
        let number = |number: f64| if number.is_nan() { Cell::Missing } else { Cell::Number(number) };
        Ok(match self {
            Cells::Numbers(numbers) => number(numbers.get(row)?),
            Cells::FewNumbers(few) => few.get(row)?.copied().map_or(Cell::Missing, number),
            Cells::Names(names) => names.get(row)?.map_or(Cell::Missing, |name| Cell::Name(name)),
            Cells::Texts(texts) => texts.get(row).map_or(Cell::Missing, Cell::Name),
        })
    }

    /// Where more can lie, if they found no room in memory.
    pub(crate) fn beyond(&self) -> Option<Room> {
        match self {
            Cells::Numbers(numbers) => numbers.beyond(),
            Cells::FewNumbers(few) => few.rows.beyond(),
            Cells::Names(few) => few.rows.beyond(),
            Cells::Texts(_) => None,
        }
    }

    /// Whether a row holds anything.
    pub(crate) fn is_there(&self, row: usize) -> Result<bool, FsError> {
        Ok(self.cell(row)? != Cell::Missing)
    }

    /// A row as text; none where nothing is.
    pub(crate) fn text(&self, row: usize) -> Result<Option<Cow<'_, str>>, FsError> {
        Ok(match self.cell(row)? {
            Cell::Name(name) => Some(Cow::Borrowed(name)),
            Cell::Number(number) => Some(Cow::Owned(number.to_string())),
            Cell::Missing | Cell::Numbers(_) | Cell::Image(_) => None,
        })
    }

    /// What they are called in messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Cells::Numbers(_) | Cells::FewNumbers(_) => "numbers",
            Cells::Names(_) | Cells::Texts(_) => "words",
        }
    }

    /// Whether each cell that is there is a number, or written like one.
    pub(super) fn are_numbers(&self) -> bool {
        let is_number = |cell: &str| number(cell) != Err("a number");
        match self {
            Cells::Numbers(_) | Cells::FewNumbers(_) => true,
            Cells::Names(names) => names.values.iter().all(|name| is_number(name)),
            Cells::Texts(texts) => (0..texts.len()).all(|row| texts.get(row).is_none_or(is_number)),
        }
    }

    /// The same as numbers.
    ///
    /// # Errors
    /// The first cell that is none.
    pub(super) fn to_numbers(&self, room: &Room) -> Result<Cells, NoNumbers> {
        let refuse = |row, wants, got: &str| NoNumbers::Cell { row, wants, got: got.to_owned() };
        match self {
            Cells::Numbers(numbers) => {
                let mut same = Long::default();
                for run in numbers.runs() {
                    let run = run?;
                    if let Some(place) = run.iter().position(|number| number.is_infinite()) {
                        let (row, got) = (same.len() + place, run[place].to_string());
                        return Err(NoNumbers::Cell { row, wants: "a finite number", got });
                    }
                    same.extend(&run, room)?;
                }
                Ok(Cells::Numbers(same))
            }
            Cells::FewNumbers(few) => Ok(Cells::FewNumbers(few.clone())),
            Cells::Names(names) => {
                let numbers: Vec<Result<f64, &'static str>> =
                    names.values.iter().map(|name| number(name)).collect();
                if numbers.iter().any(Result::is_err) {
                    for row in 0..names.rows.len() {
                        let Some(place) = names.place(row)? else { continue };
                        numbers[place].map_err(|wants| refuse(row, wants, &names.values[place]))?;
                    }
                }
                let values = numbers.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect();
                Ok(Cells::FewNumbers(Few { values, rows: Arc::clone(&names.rows) }))
            }
            Cells::Texts(texts) => {
                let mut numbers = vec![];
                for row in 0..texts.len() {
                    let number = texts
                        .get(row)
                        .map_or(Ok(f64::NAN), |text| number(text).map_err(|wants| refuse(row, wants, text)));
                    numbers.push(number?);
                }
                let mut long = Long::default();
                long.extend(&numbers, room)?;
                Ok(Cells::Numbers(long))
            }
        }
    }

    /// The same as texts; a number is written as short as it can be.
    pub(super) fn to_words(&self, room: &Room) -> Result<Cells, FsError> {
        let mut words = Words::default();
        for row in 0..self.len() {
            words.push(self.text(row)?.as_deref(), room)?;
        }
        words.cells(room)
    }

    /// Those of rows that are not left out.
    pub(super) fn without(&self, is_out: impl Fn(usize) -> bool, room: &Room) -> Result<Cells, FsError> {
        let kept = || (0..self.len()).filter(|row| !is_out(*row));
        Ok(match self {
            Cells::Numbers(numbers) => Cells::Numbers(picked(numbers, kept(), room)?),
            Cells::FewNumbers(few) => {
                Cells::FewNumbers(Few::new(few.values.clone(), picked(&few.rows, kept(), room)?))
            }
            Cells::Names(_) | Cells::Texts(_) => {
                let mut words = Words::default();
                for row in kept() {
                    words.push(self.text(row)?.as_deref(), room)?;
                }
                words.cells(room)?
            }
        })
    }

    /// These cells and others of the same kind behind them; none if they are of another kind. A column in which nothing was
    /// found so far is of any kind.
    pub(super) fn and(&self, other: &Cells, room: &Room) -> Result<Option<Cells>, FsError> {
        let is_nothing = |cells: &Cells| match cells {
            Cells::Numbers(numbers) => {
                numbers.runs().try_fold(true, |all, run| Ok(all && run?.iter().all(|number| number.is_nan())))
            }
            Cells::FewNumbers(_) | Cells::Names(_) | Cells::Texts(_) => Ok::<bool, FsError>(false),
        };
        if let (Cells::Numbers(mine), Cells::Numbers(others)) = (self, other) {
            let mut both = Long::default();
            for run in mine.runs().chain(others.runs()) {
                both.extend(&run?, room)?;
            }
            return Ok(Some(Cells::Numbers(both)));
        }
        if self.kind() != other.kind() && !is_nothing(self)? && !is_nothing(other)? {
            return Ok(None);
        }
        let mut words = Words::default();
        for cells in [self, other] {
            for row in 0..cells.len() {
                words.push(cells.text(row)?.as_deref(), room)?;
            }
        }
        words.cells(room).map(Some)
    }

    /// The numbers of some rows that lie side by side; a missing one, and what is none, is NaN.
    pub(crate) fn copy_numbers(&self, rows: Range<usize>, out: &mut Vec<f64>) -> Result<(), FsError> {
        match self {
            Cells::Numbers(numbers) => numbers.copy(rows, out),
            Cells::FewNumbers(few) => {
                let mut places = vec![];
                few.rows.copy(rows, &mut places)?;
                let number = |place: u16| few.values.get(usize::from(place)).copied().unwrap_or(f64::NAN);
                out.extend(places.into_iter().map(number));
                Ok(())
            }
            Cells::Names(_) | Cells::Texts(_) => {
                out.extend(rows.map(|_| f64::NAN));
                Ok(())
            }
        }
    }
}

/// The numbers of some rows.
fn picked<T: super::long::Plain>(
    all: &Long<T>,
    rows: impl Iterator<Item = usize>,
    room: &Room,
) -> Result<Long<T>, FsError> {
    let picked = rows.map(|row| all.get(row)).collect::<Result<Vec<T>, FsError>>()?;
    let mut long = Long::default();
    long.extend(&picked, room)?;
    Ok(long)
}

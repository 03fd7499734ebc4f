//! A column of texts while it grows.

use baeum_core::fs::FsError;

use super::cells::{Cells, Few, MOST_FEW, NOTHING, Texts};
use super::long::{Long, Room};
use crate::hash::Places;

/// Places that wait until they are many.
const WAITING: usize = 1 << 11;

/// Few texts that take more than this are many, if most rows have one of their own: each is held twice.
const MOST_BYTES: usize = 1 << 20;

/// Texts, each kept once as long as there are few.
#[derive(Debug, Default)]
pub(crate) struct Words {
    values: Vec<String>,
    /// How many bytes they take.
    bytes: usize,
    index: Places<String, u16>,
    rows: Long<u16>,
    waiting: Vec<u16>,
    /// All of them, once there are too many.
    texts: Option<Texts>,
}

impl Words {
    pub(crate) fn len(&self) -> usize {
        self.texts.as_ref().map_or(self.rows.len() + self.waiting.len(), Texts::len)
    }

    /// The different texts, as long as there are few.
    pub(crate) fn few(&self) -> Option<&[String]> {
        self.texts.is_none().then_some(&self.values)
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, text: Option<&str>, room: &Room) -> Result<(), FsError> {
        let Some(place) = text.map_or(Some(NOTHING), |text| self.place(text, self.len() + 1)) else {
            self.widen()?;
            return self.push(text, room);
        };
        if let Some(texts) = &mut self.texts {
            texts.push(text);
            return Ok(());
        }
        self.waiting.push(place);
        if self.waiting.len() >= WAITING { self.flush(room) } else { Ok(()) }
    }

    /// Adds rows, given as places among different texts; none of them if there were too many different texts then.
    pub(crate) fn push_few(
        &mut self,
        values: &[impl AsRef<str>],
        rows: &[u16],
        room: &Room,
    ) -> Result<bool, FsError> {
        let (known, all) = (self.values.len(), self.len() + rows.len());
        let Some(places) =
            values.iter().map(|value| self.place(value.as_ref(), all)).collect::<Option<Vec<u16>>>()
        else {
            for value in self.values.drain(known..) {
                self.bytes -= value.len();
                self.index.remove(&value);
            }
            return Ok(false);
        };
        let place = |place: &u16| places.get(usize::from(*place)).copied().unwrap_or(NOTHING);
        self.waiting.extend(rows.iter().map(place));
        self.flush(room)?;
        Ok(true)
    }

    /// Adds rows, each with a text of its own.
    pub(crate) fn push_texts(&mut self, texts: &Texts) -> Result<(), FsError> {
        self.widen()?;
        if let Some(all) = &mut self.texts {
            all.extend(texts);
        }
        Ok(())
    }

    /// The place of a text among the different ones of so many rows; none if there are too many.
    fn place(&mut self, text: &str, rows: usize) -> Option<u16> {
        if self.texts.is_some() {
            return Some(NOTHING); // nobody asks for it
        }
        if let Some(place) = self.index.get(text) {
            return Some(*place);
        }
        let place = u16::try_from(self.values.len()).ok().filter(|_| self.values.len() < MOST_FEW)?;
        let hardly_repeat = (self.values.len() + 1) * 2 > rows;
        if hardly_repeat && self.bytes + text.len() > MOST_BYTES {
            return None;
        }
        self.bytes += text.len();
        self.values.push(text.to_owned());
        self.index.insert(text.to_owned(), place);
        Some(place)
    }

    /// From now on each row has a text of its own.
    pub(crate) fn widen(&mut self) -> Result<(), FsError> {
        if self.texts.is_some() {
            return Ok(());
        }
        let mut texts = Texts::default();
        let rows = std::mem::take(&mut self.rows);
        for run in rows.runs().chain([Ok(std::mem::take(&mut self.waiting))]) {
            run?.iter()
                .for_each(|&place| texts.push(self.values.get(usize::from(place)).map(String::as_str)));
        }
        self.values.clear();
        self.index.clear();
        self.texts = Some(texts);
        Ok(())
    }

    fn flush(&mut self, room: &Room) -> Result<(), FsError> {
        self.rows.extend(&self.waiting, room)?;
        self.waiting.clear();
        Ok(())
    }

    /// The numbers that all of them are, by `read`; none if one is none.
    pub(crate) fn numbers(
        &self,
        read: impl Fn(&str) -> Option<f64>,
        room: &Room,
    ) -> Result<Option<Long<f64>>, FsError> {
        let numbers: Option<Vec<f64>> = self.values.iter().map(|value| read(value)).collect();
        let Some(numbers) = numbers.filter(|_| self.texts.is_none()) else { return Ok(None) };
        let number = |place: u16| numbers.get(usize::from(place)).copied().unwrap_or(f64::NAN);
        let mut all = self.rows.map(room, number)?;
        let rest: Vec<f64> = self.waiting.iter().map(|place| number(*place)).collect();
        all.extend(&rest, room)?;
        Ok(Some(all))
    }

    /// The column.
    pub(crate) fn cells(mut self, room: &Room) -> Result<Cells, FsError> {
        self.flush(room)?;
        Ok(match self.texts {
            Some(texts) => Cells::Texts(texts),
            None => Cells::Names(Few::new(self.values, self.rows)),
        })
    }
}

//! The targets of all rows, as the source writes them or people say them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::DataError;
use crate::sheet::Cells;

/// The targets of all rows; a row whose target nobody knows has none.
#[derive(Debug)]
pub(crate) struct Targets {
    own: Own,
    /// What people said about some of them.
    said: BTreeMap<usize, String>,
}

/// What the source says.
#[derive(Debug)]
enum Own {
    Column(Arc<Cells>),
    /// So many that each have one; nothing is divided by it.
    Each(usize),
    Texts(Vec<Option<String>>),
}

impl From<Arc<Cells>> for Targets {
    fn from(column: Arc<Cells>) -> Targets {
        Targets { own: Own::Column(column), said: BTreeMap::new() }
    }
}

impl FromIterator<Option<String>> for Targets {
    fn from_iter<I: IntoIterator<Item = Option<String>>>(texts: I) -> Targets {
        Targets { own: Own::Texts(texts.into_iter().collect()), said: BTreeMap::new() }
    }
}

impl Targets {
    /// So many rows that each have one of their own.
    pub(crate) fn each(rows: usize) -> Targets {
        Targets { own: Own::Each(rows), said: BTreeMap::new() }
    }

    /// How many rows there are, with those that have none.
    pub(crate) fn len(&self) -> usize {
        match &self.own {
            Own::Column(cells) => cells.len(),
            Own::Texts(texts) => texts.len(),
            Own::Each(rows) => *rows,
        }
    }

    /// The target of a row.
    ///
    /// # Errors
    /// [`DataError`] if it cannot be read again.
    pub(crate) fn get(&self, row: usize) -> Result<Option<Cow<'_, str>>, DataError> {
        if let Some(said) = self.said.get(&row) {
            return Ok(Some(Cow::Borrowed(said)));
        }
        Ok(match &self.own {
            Own::Column(cells) => cells.text(row)?,
            Own::Texts(texts) => texts.get(row).and_then(|text| text.as_deref()).map(Cow::Borrowed),
            Own::Each(_) => Some(Cow::Borrowed("")),
        })
    }

    /// All that there are, each with its row.
    pub(crate) fn known(&self) -> impl Iterator<Item = Result<(usize, Cow<'_, str>), DataError>> {
        (0..self.len()).filter_map(|row| self.get(row).map(|text| Some((row, text?))).transpose())
    }

    /// The rows without one, going up.
    pub(crate) fn unknown(&self) -> Result<Vec<usize>, DataError> {
        let mut unknown = vec![];
        for row in 0..self.len() {
            if !self.is_known(row)? {
                unknown.push(row);
            }
        }
        Ok(unknown)
    }

    fn is_known(&self, row: usize) -> Result<bool, DataError> {
        Ok(match &self.own {
            Own::Column(cells) => cells.is_there(row)? || self.said.contains_key(&row),
            Own::Texts(_) | Own::Each(_) => self.get(row)?.is_some(),
        })
    }

    /// Takes what a person said in the place of what the source says.
    pub(crate) fn say(&mut self, row: usize, label: String) {
        self.said.insert(row, label);
    }

    /// What people said, row by row.
    pub(crate) fn said(&self) -> &BTreeMap<usize, String> {
        &self.said
    }
}

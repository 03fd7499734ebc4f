//! Parts that lists of rows give.

use std::collections::{BTreeMap, BTreeSet};

use baeum_core::Limit;

use super::Part;
use crate::config::Encoding;
use crate::csv::text_of;
use crate::error::{listed, quoted};
use crate::place::shown_name;
use crate::plan::ListsPlan;
use crate::{DataError, Place};

/// How many rows are named.
const NAMED: usize = 5;

/// The part of each name that stands in a list.
pub(crate) struct Lists(BTreeMap<String, Part>);

/// Reads the lists and compares them with what the rows are called, those included that are left out later.
///
/// # Errors
/// [`DataError::File`] counts the lines that name no row, a row again, or a row of another list.
pub(super) fn read(plan: &ListsPlan, names: &[String], place: &Place) -> Result<Lists, DataError> {
    let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    for (part, file, _) in &plan.files {
        let lines = lines(file, place)?;
        let (mut unknown, mut again, mut elsewhere) = (vec![], vec![], vec![]);
        for line in &lines {
            match parts.get(line) {
                _ if !known.contains(line.as_str()) => unknown.push(line),
                Some(other) if other == part => again.push(line),
                Some(_) => elsewhere.push(line),
                None => drop(parts.insert(line.clone(), *part)),
            }
        }
        let refuse = |wants: &str, got: &str, of: &[&String]| match of.is_empty() {
            true => Ok(()),
            false => {
                let got = format!("{} of {} lines {got}: {}", of.len(), lines.len(), named(of));
                Err(DataError::file(&shown_name(file), wants, got))
            }
        };
        refuse("rows that the data have", "that name none", &unknown)?;
        refuse("each row once", "that name a row again", &again)?;
        refuse("rows of no other list", "that stand in one", &elsewhere)?;
    }
    Ok(Lists(parts))
}

impl Lists {
    /// The part of each row.
    ///
    /// # Errors
    /// [`DataError::Setting`] counts the rows that stand in no list, unless they are to teach.
    pub(super) fn parts(&self, names: &[String], takes_unlisted: bool) -> Result<Vec<Part>, DataError> {
        let unlisted: Vec<&String> = names.iter().filter(|name| !self.0.contains_key(*name)).collect();
        if !unlisted.is_empty() && !takes_unlisted {
            let got = format!(
                "{} of {} rows in none: {}; add them to one, or say `data.split.lists.unlisted = \"train\"`",
                unlisted.len(),
                names.len(),
                named(&unlisted)
            );
            return Err(DataError::setting("data.split.lists", "each row to stand in a list", got));
        }
        Ok(names.iter().map(|name| self.0.get(name).copied().unwrap_or(Part::Train)).collect())
    }
}

/// The first of some names, and how many more there are.
fn named(names: &[&String]) -> String {
    let first: Vec<String> = names.iter().take(NAMED).map(|name| quoted(name)).collect();
    listed(&first, names.len())
}

/// What stands in the lines of a file; blank ones say nothing.
fn lines(file: &str, place: &Place) -> Result<Vec<String>, DataError> {
    let bytes = place.read(file, Limit::InflatedBytes)?;
    let text = text_of(bytes, Some(Encoding::Utf8));
    let (text, _) = text.map_err(|refusal| DataError::file(&shown_name(file), refusal.wants, refusal.got))?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

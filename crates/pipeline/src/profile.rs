//! What the data look like, on a page and in a terminal.

mod page;
mod table;
mod width;
mod words;

#[cfg(test)]
mod fixture;

pub(crate) use page::{Sample, page};
pub(crate) use table::table;

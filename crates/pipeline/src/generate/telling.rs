//! What pieces come to, told as soon as it is sure.

use baeum_data::{DataError, Pieces};

/// Tells a text while its pieces come.
pub(super) struct Telling<'a> {
    pieces: &'a Pieces,
    stop: &'a [String],
    tell: &'a mut dyn FnMut(&str),
    /// The pieces from here on are decoded: some are written another way where a text begins.
    from: usize,
    /// Those before this one have been told.
    to: usize,
    /// What may be the beginning of a stop text.
    waiting: String,
}

impl<'a> Telling<'a> {
    /// Of what comes behind the first `given` pieces.
    pub(super) fn behind(
        given: usize,
        pieces: &'a Pieces,
        stop: &'a [String],
        tell: &'a mut dyn FnMut(&str),
    ) -> Telling<'a> {
        Telling { pieces, stop, tell, from: 0, to: given, waiting: String::new() }
    }

    /// One more piece came; says whether a stop text is there, which is not told.
    pub(super) fn see(&mut self, all: &[u32]) -> Result<bool, DataError> {
        let (before, whole) =
            (self.pieces.text(&all[self.from..self.to])?, self.pieces.text(&all[self.from..])?);
        let new = match whole.strip_prefix(&before) {
            Some(new) => new.to_owned(),
            None => self.pieces.text(&all[self.to..])?, // a decoder that writes what stands before another way
        };
        if new.is_empty() {
            return Ok(false); // bytes that are no letter yet
        }
        (self.from, self.to) = (self.to, all.len());
        self.waiting += &new;
        let stop = self.stop.iter().filter_map(|stop| self.waiting.find(stop.as_str())).min();
        let sure = stop.unwrap_or_else(|| self.waiting.len() - begun(&self.waiting, self.stop));
        (self.tell)(&self.waiting[..sure]);
        self.waiting.drain(..sure);
        if stop.is_some() {
            self.waiting.clear();
        }
        Ok(stop.is_some())
    }

    /// No more pieces come.
    pub(super) fn end(self) {
        (self.tell)(&self.waiting);
    }
}

/// How many bytes at the end of a text are how a stop text begins.
fn begun(text: &str, stop: &[String]) -> usize {
    let begins = |start: &usize| stop.iter().any(|stop| stop.starts_with(&text[*start..]));
    let starts = text.char_indices().map(|(start, _)| start);
    starts.into_iter().find(begins).map_or(0, |start| text.len() - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_become_a_stop_text_waits() {
        let stop = ["END".to_owned(), "\n\n".to_owned(), "배움".to_owned()];
        for (text, waits) in
            [("", 0), ("THE", 1), ("THEN", 2), ("THEM", 0), ("S EN", 2), ("a\n", 1), ("배", 3), ("ENE", 1)]
        {
            assert_eq!(begun(text, &stop), waits, "{text:?}");
        }
        assert_eq!(begun("anything", &[]), 0);
    }
}

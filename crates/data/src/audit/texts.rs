//! Texts that stand, nearly the same, in two parts of the data.

use std::borrow::Cow;

use rayon::prelude::*;
use set::{jaccard, normalise, shingles};
use signature::{BANDS, Hashes, MOST_BANDS, Signature};

mod set;
mod signature;
#[cfg(test)]
mod tests;

/// Texts are alike from this similarity on: the Jaccard index of their shingles. One word in twenty may
/// differ.
pub(crate) const ALIKE: f64 = 0.8;

/// How many others a text is held against at most, over all bands of a signature. Bounds the time where thousands of texts
/// are cut from one template.
const VISITS: usize = 32;

/// How many pairs of rows are listed at most for two texts that stand in many rows each.
const LISTED_EACH: usize = 16;

/// Rows of different parts with texts that are nearly the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NearTexts {
    /// Two rows of different parts, the smaller first, and their similarity in 0.8..=1; sorted. Texts that
    /// are equal in lower case and up to white space have 1.
    pub(crate) pairs: Vec<(usize, usize, f64)>,
    /// Every row that is like one of another part; sorted. Also those whose pairs are not listed.
    pub(crate) rows: Vec<usize>,
    /// How many texts met more others that looked alike at first sight than the 32 they are held against. One
    /// text of each pair that was not compared is counted here; 0 says that all were.
    pub(crate) unfinished: usize,
}

/// Finds them among `(row, part, text)`. Empty texts are like no other.
///
/// Candidates come from MinHash signatures in bands, and each is confirmed by its shingles. Time and memory
/// grow with the number of texts, never with its square.
pub(crate) fn near_texts(texts: &[(usize, u8, &str)]) -> NearTexts {
    let places = places(texts);
    let units: Vec<&[Place]> = places.chunk_by(|a, b| (a.text, a.part) == (b.text, b.part)).collect();
    let mut search = Search::new(texts, &units);
    search.equal();
    (0..MOST_BANDS).for_each(|band| search.band(band));
    let unfinished = search.units.iter().filter(|unit| unit.is_unfinished).count();
    NearTexts { unfinished, ..pairs(&units, search.found) }
}

/// Where a text stands. Ordered so that equal texts lie side by side, those of one part next to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// The hash of the normalised text. With a million texts, two of them share one by chance in one case of
    /// 40 million.
    text: u64,
    part: u8,
    row: usize,
    /// Its place among the texts that were given.
    place: usize,
}

fn places(texts: &[(usize, u8, &str)]) -> Vec<Place> {
    let mut places = Vec::with_capacity(texts.len());
    for (place, &(row, part, text)) in texts.iter().enumerate() {
        let normal = normalise(text);
        if !normal.is_empty() {
            places.push(Place { text: baeum_core::hash64(normal.as_bytes()), part, row, place });
        }
    }
    places.sort_unstable();
    places
}

/// One text of one part, however many rows it has there.
struct Unit<'a> {
    text: u64,
    part: u8,
    words: &'a str,
    signature: Signature,
    /// Its shingles, where the text takes more memory; those of others are cut again.
    shingles: Option<Vec<u64>>,
    /// How many others it may still be held against.
    visits: usize,
    /// Whether these were too few.
    is_unfinished: bool,
}

impl Unit<'_> {
    fn shingles(&self) -> Cow<'_, [u64]> {
        match &self.shingles {
            Some(shingles) => shingles.into(),
            None => shingles(&normalise(self.words)).into(),
        }
    }

    /// Whether the two were held against each other in an earlier band.
    fn met(&self, other: &Unit<'_>, band: usize) -> bool {
        let mut earlier = self.signature.iter().zip(&other.signature).take(band);
        self.text == other.text || earlier.any(|(one, other)| one == other)
    }
}

/// Two units that are alike, and how much.
type Found = (usize, usize, f64);

/// How far the search has come.
struct Search<'a> {
    units: Vec<Unit<'a>>,
    found: Vec<Found>,
}

impl<'a> Search<'a> {
    fn new(texts: &[(usize, u8, &'a str)], units: &[&[Place]]) -> Search<'a> {
        let hashes = Hashes::new();
        let unit = |places: &&[Place]| {
            let first = places.first()?;
            let &(_, part, words) = texts.get(first.place)?;
            let shingles = shingles(&normalise(words));
            let (text, signature) = (first.text, hashes.signature(&shingles));
            let visits = VISITS * signature.len() / BANDS;
            let shingles = (size_of_val(&*shingles) <= words.len()).then_some(shingles);
            Some(Unit { text, part, words, signature, shingles, visits, is_unfinished: false })
        };
        Search { units: units.par_iter().filter_map(unit).collect(), found: vec![] }
    }

    /// Equal texts lie side by side.
    fn equal(&mut self) {
        for (one, unit) in self.units.iter().enumerate() {
            let later = self.units.iter().enumerate().skip(one + 1);
            let equal = later.take_while(|(_, other)| other.text == unit.text);
            self.found.extend(equal.map(|(other, _)| (one, other, 1.0)));
        }
    }

    /// Texts with the same band, part against part.
    fn band(&mut self, band: usize) {
        let key = |(place, unit): (usize, &Unit<'_>)| Some((*unit.signature.get(band)?, unit.part, place));
        let mut keys: Vec<(u32, u8, usize)> = self.units.iter().enumerate().filter_map(key).collect();
        keys.sort_unstable();
        for bucket in keys.chunk_by(|a, b| a.0 == b.0) {
            let parts: Vec<Vec<usize>> = bucket
                .chunk_by(|a, b| a.1 == b.1)
                .map(|part| part.iter().map(|key| key.2).collect())
                .collect();
            for (place, part) in parts.iter().enumerate() {
                parts.iter().skip(place + 1).for_each(|other| self.bucket(band, part, other));
            }
        }
    }

    /// Each text of the larger side goes to those of the smaller, as long as it may. Each starts at another
    /// one, so that all have their turn.
    fn bucket(&mut self, band: usize, one: &[usize], other: &[usize]) {
        let (more, fewer) = if one.len() >= other.len() { (one, other) } else { (other, one) };
        for (start, &visitor) in more.iter().enumerate() {
            let Some(unit) = self.units.get_mut(visitor) else { continue };
            let seen = fewer.len().min(unit.visits);
            unit.visits -= seen;
            unit.is_unfinished |= seen < fewer.len();
            let hosts = fewer.iter().cycle().skip(start % fewer.len()).take(seen);
            self.visit(band, visitor, hosts);
        }
    }

    fn visit<'b>(&mut self, band: usize, visitor: usize, hosts: impl Iterator<Item = &'b usize>) {
        let Some(unit) = self.units.get(visitor) else { return };
        let strangers = hosts.filter_map(|&host| Some((host, self.units.get(host)?)));
        let mut strangers = strangers.filter(|(_, host)| !unit.met(host, band)).peekable();
        if strangers.peek().is_none() {
            return;
        }
        let own = unit.shingles();
        for (place, host) in strangers {
            let similarity = jaccard(&own, &host.shingles());
            if similarity >= ALIKE {
                self.found.push((visitor, place, similarity));
            }
        }
    }
}

/// From pairs of texts to pairs of rows.
fn pairs(units: &[&[Place]], found: Vec<Found>) -> NearTexts {
    let mut near = NearTexts::default();
    let mut touched = vec![false; units.len()];
    for (one, other, similarity) in found {
        let (Some(left), Some(right)) = (units.get(one), units.get(other)) else { continue };
        let rows = left.iter().flat_map(|a| right.iter().map(move |b| (a.row.min(b.row), a.row.max(b.row))));
        near.pairs.extend(rows.take(LISTED_EACH).map(|(a, b)| (a, b, similarity)));
        (touched[one], touched[other]) = (true, true);
    }
    near.pairs.sort_unstable_by_key(|&(one, other, _)| (one, other));
    let touched = units.iter().zip(touched).filter(|(_, touched)| *touched);
    near.rows = touched.flat_map(|(places, _)| places.iter().map(|place| place.row)).collect();
    near.rows.sort_unstable();
    near
}

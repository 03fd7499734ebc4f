use std::sync::OnceLock;

use baeum_core::End;
use tokenizers::{Encoding, Tokenizer, TruncationDirection, TruncationParams, TruncationStrategy};

use super::seam::{self, Seam};
use super::{Refusal, guarded, load, refuse};

/// Cuts texts into pieces, and gives each text as many places as the network wants.
#[derive(Clone, Debug)]
pub(crate) struct Cutter {
    tokenizer: Tokenizer,
    /// The same where it leaves out nothing, once somebody asks whether it did.
    whole: OnceLock<Tokenizer>,
    seam: Seam,
    padding: u32,
    length: usize,
    keep: End,
    fill: End,
}

impl Cutter {
    /// The tokenizer of a `tokenizer.json` that [`learn`](super::learn) or [`given`](super::given()) has made; no text gets
    /// more than `length` places. A longer one keeps the first of two ends, a shorter one is filled up at the second.
    pub(crate) fn new(
        json: &str,
        padding: u32,
        length: usize,
        [keep, fill]: [End; 2],
    ) -> Result<Cutter, Refusal> {
        let mut tokenizer = load(json)?;
        let direction = match keep {
            End::Start => TruncationDirection::Right,
            End::End => TruncationDirection::Left,
        };
        let strategy = TruncationStrategy::LongestFirst;
        let cut = TruncationParams { direction, max_length: length, strategy, stride: 0 };
        let set = guarded(|| tokenizer.with_truncation(Some(cut)).map(drop))?;
        set.or_else(|error| refuse("a length that leaves room for its special tokens", error.to_string()))?;
        Ok(Cutter { tokenizer, whole: OnceLock::new(), seam: seam::of(json), padding, length, keep, fill })
    }

    /// Writes the places of a text, the rest filled up; never more than `out` has.
    pub(crate) fn write(&self, text: &str, out: &mut [f32]) -> Result<(), Refusal> {
        out.fill(self.padding as f32);
        let cut = self.cut(text)?;
        let places = cut.get_ids();
        let skipped = match self.fill {
            End::Start => out.len().saturating_sub(places.len()),
            End::End => 0,
        };
        // Places are below 2^24, which f32 holds exactly.
        out.iter_mut().skip(skipped).zip(places).for_each(|(out, place)| *out = *place as f32);
        Ok(())
    }

    /// How many pieces of a text are kept, and from which end, if it has more.
    pub(crate) fn limit(&self, text: &str) -> Result<Option<(usize, End)>, Refusal> {
        let kept = self.cut(text)?;
        if kept.len() < self.length {
            return Ok(None);
        }
        let signs: u32 = kept.get_special_tokens_mask().iter().sum();
        let room = self.length.saturating_sub(signs as usize);
        let is_cut = self.has_more_than(room, text)?;
        Ok(is_cut.then_some((self.length, self.keep)))
    }

    fn has_more_than(&self, room: usize, text: &str) -> Result<bool, Refusal> {
        let whole = self.whole.get_or_init(|| {
            let mut whole = self.tokenizer.clone();
            whole.with_truncation(None).map(drop).unwrap_or_default(); // refused are lengths alone
            whole
        });
        let mut count = 0;
        for run in self.seam.runs(text) {
            let Ok(run) = seam::admit(run) else { return Ok(true) }; // too long to be divided, and so to be kept
            count += ask(whole, |tokenizer| tokenizer.encode_fast(run, false))?.len();
            if count > room {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The pieces of a text that are kept, and the tokenizer's own signs around them.
    fn cut(&self, text: &str) -> Result<Encoding, Refusal> {
        let runs: Vec<&str> = self.seam.runs(text).collect();
        match runs[..] {
            [] | [_] => {
                let text = seam::admit(text)?;
                ask(&self.tokenizer, |tokenizer| tokenizer.encode_fast(text, true))
            }
            [..] => {
                let pieces = Encoding::merge(self.enough(runs)?, false);
                ask(&self.tokenizer, |tokenizer| tokenizer.post_process(pieces, None, true))
            }
        }
    }

    /// The pieces of as many runs as give all that is kept, from that end.
    fn enough(&self, mut runs: Vec<&str>) -> Result<Vec<Encoding>, Refusal> {
        if self.keep == End::End {
            runs.reverse();
        }
        let (mut all, mut count) = (vec![], 0);
        for run in runs {
            let run = seam::admit(run)?;
            let mut pieces = ask(&self.tokenizer, |tokenizer| tokenizer.encode_fast(run, false))?;
            pieces.take_overflowing(); // what was cut off
            count += pieces.len();
            all.push(pieces);
            if count >= self.length {
                break;
            }
        }
        if self.keep == End::End {
            all.reverse();
        }
        Ok(all)
    }
}

fn ask(
    tokenizer: &Tokenizer,
    call: impl FnOnce(&Tokenizer) -> tokenizers::Result<Encoding>,
) -> Result<Encoding, Refusal> {
    let cut = guarded(|| call(tokenizer))?;
    cut.or_else(|error| refuse("a text that the tokenizer can cut", error.to_string()))
}

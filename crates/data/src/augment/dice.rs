use baeum_core::{Counter, Stream};

/// The random draws of one example in one epoch, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    stream: Stream,
    next: Counter,
}

impl Dice {
    /// The draws for a row in an epoch.
    pub(crate) fn of(stream: Stream, row: usize, epoch: u32) -> Dice {
        Dice { stream, next: Counter::sample(epoch, row as u64) }
    }

    /// The same for one of several inputs, none of which shares a draw with another.
    pub(crate) fn of_input(stream: Stream, (row, epoch): (usize, u32), input: usize) -> Dice {
        let mut dice = Dice::of(stream, row, epoch);
        dice.next = dice.next.at((input as u64) << 28);
        dice
    }

    /// The draws of a key, for tests.
    #[cfg(test)]
    pub(crate) fn new(key: u64) -> Dice {
        Dice::of(baeum_core::Rng::new(key).stream("augment", ""), 0, 0)
    }

    /// A number from 0 up to, but not reaching, 1.
    pub(crate) fn unit(&mut self) -> f32 {
        let here = self.draw();
        self.stream.uniform(here)
    }

    /// An integer from 0 up to, but not reaching, `bound`; 0 if `bound` is 0. No image has a side beyond 2^32.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let here = self.draw();
        self.stream.below(u32::try_from(bound).unwrap_or(u32::MAX), here) as usize
    }

    /// A number between `low` and `high`; `low` itself if they are equal.
    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// A number of the standard normal distribution (Box & Muller 1958). Not the stream's own, which share their words with
    /// the uniform numbers beside them.
    pub(crate) fn normal(&mut self) -> f32 {
        let (radius, turns) = (1.0 - self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f32::consts::TAU * turns).cos()
    }

    /// Whether something happens that has this probability; never at 0, always at 1.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    fn draw(&mut self) -> Counter {
        let here = self.next;
        self.next = here.at(here.element + 1);
        here
    }
}

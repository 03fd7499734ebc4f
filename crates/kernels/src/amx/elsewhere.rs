//! What stands for the instructions where there are none.

use std::convert::Infallible;

use super::detect::Words;
use super::{Amx, Step, Sums, Tiles};

pub(super) fn words() -> Words {
    Words::default()
}

pub(super) fn permission() -> bool {
    false
}

/// Never made: there is no token here.
#[derive(Debug)]
pub(crate) struct Loaded(Infallible);

impl Tiles for Loaded {
    type Token = Amx;

    fn load(_: Amx) -> Loaded {
        unreachable!("no processor of this target has tiles")
    }

    fn multiply<const PARTS: usize>(&mut self, _: &[Step<PARTS>], _: &[Step<PARTS>], _: &mut Sums) {
        match self.0 {}
    }
}

//! Tiles: registers for blocks of matrices, and instructions that multiply them (Intel's AMX).
//!
//! Products are written over [`Tiles`], which has two implementations: the instructions, and their twin in plain Rust. So all but
//! the instructions themselves is tested on processors that have none.

mod detect;
#[cfg_attr(not(all(target_arch = "x86_64", target_os = "linux")), path = "amx/elsewhere.rs")]
mod instructions;
// What other targets have is at least compiled in tests.
#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
#[expect(dead_code, reason = "only its types are checked")]
mod elsewhere;
#[cfg(test)]
mod twin;

pub use detect::{Amx, NoAmx};
pub(crate) use instructions::Loaded;
#[cfg(test)]
pub(crate) use twin::Twin;

/// Rows of a tile, and words in a row of it.
pub(crate) const TILE: usize = 16;
/// Rows and columns of a block of C, and how deep a step of K is.
pub(crate) const SIDE: usize = 2 * TILE;

/// A register's worth of `bf16`, two of them in a word: the one of the even step of K in the lower half.
///
/// Of A: 16 rows, of each 16 pairs along K. Of B: 16 pairs along K, of each 16 columns.
pub(crate) type Tile = [[u32; TILE]; TILE];

/// [`SIDE`] rows of A, or columns of B, over as many steps of K: two tiles for each part of the numbers.
pub(crate) type Step<const PARTS: usize> = [[Tile; 2]; PARTS];

/// A block of C, on cache lines.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Sums(pub(crate) [[f32; SIDE]; SIDE]);

impl Sums {
    pub(crate) const ZERO: Sums = Sums([[0.0; SIDE]; SIDE]);
}

/// The tiles of a thread, set up for as long as this lives.
pub(crate) trait Tiles {
    /// What shows that there are any.
    type Token: Copy + Sync;

    /// Sets them up. Only one at a time lives on a thread.
    fn load(token: Self::Token) -> Self;

    /// The product of a panel of A and one of B, step by step.
    ///
    /// Numbers have one part, or two: high and low. Of two the products are low.high, high.high and high.low, in this order in
    /// each step.
    fn multiply<const PARTS: usize>(&mut self, a: &[Step<PARTS>], b: &[Step<PARTS>], sums: &mut Sums);
}

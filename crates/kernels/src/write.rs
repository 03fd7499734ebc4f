//! Whether a kernel overwrites or adds.

/// What a kernel does with what stands where its result belongs.
///
/// The first writer of a gradient sets, later ones add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Overwrites.
    Set,
    /// Adds to what stands there.
    Add,
}

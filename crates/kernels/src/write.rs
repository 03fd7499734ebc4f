//! How a kernel leaves its result.

/// Whether a result replaces what stands in its place or is added to it.
///
/// Of several kernels that yield parts of one gradient the first sets it and the others add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Overwrites.
    Set,
    /// Adds to what stands there.
    Add,
}

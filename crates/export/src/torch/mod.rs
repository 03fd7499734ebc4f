//! PyTorch's own file of weights, `.pth`: a zip of one pickle and the raw numbers beside it.
mod read;
mod write;

pub use read::read;
pub(crate) use write::write;

/// The folder in the archive; any name will do.
const TOP: &str = "model";

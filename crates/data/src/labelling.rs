//! Work on labels: which are probably wrong, which rows to label next, and one label out of several people's.
//!
//! ```
//! use baeum_data::labelling::{Measure, Vote, candidates, dawid_skene, most_useful};
//!
//! // Three rows of two classes, judged by a model that has not learned from them; row 1 is labelled 0.
//! let probabilities = [0.9, 0.1, 0.05, 0.95, 0.2, 0.8];
//! assert_eq!(candidates(&probabilities, &[0, 0, 1], 2)[0].row, 1);
//! assert_eq!(most_useful(&probabilities, 2, Measure::Margin)[0].0, 2);
//!
//! let votes = [(0, 0, 1), (0, 1, 1), (0, 2, 0)].map(|(row, annotator, label)| Vote { row, annotator, label });
//! assert_eq!(dawid_skene(&votes).rows[0].label, Some(1));
//! ```

mod annotators;
mod answer;
mod append;
mod candidates;
mod file;
mod given;
mod merged;
mod roll;
mod table;
mod uncertainty;

#[cfg(test)]
mod tests;

pub use annotators::{Annotator, Majority, Merged, Reconciled, Vote, dawid_skene, majority};
pub use append::{AddError, add};
pub use candidates::{Candidate, FitCandidate, candidates, fit_candidates};
pub use file::Label;
pub use merged::AnnotatorProfile;
pub use roll::{Records, Roll};
pub use table::read_table;
pub use uncertainty::{Measure, most_useful, most_useful_fits};

pub(crate) use given::given;

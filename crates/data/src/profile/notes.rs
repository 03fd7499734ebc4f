//! What a person is told of the data beside their numbers: what was repaired, and what to look at.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::audit::Found;
use crate::config::Encoding;
use crate::error::listed;
use crate::labelling::AnnotatorProfile;

/// Something that was done so that the data could be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Repair {
    /// A file that is not UTF-8 was read in another encoding.
    TakenFor {
        /// The file.
        file: String,
        /// The encoding.
        encoding: Encoding,
    },
    /// Files of a folder that are not UTF-8 were read in another encoding.
    FilesTakenFor {
        /// The folder.
        folder: String,
        /// The encoding.
        encoding: Encoding,
        /// How many.
        count: usize,
        /// The first of them.
        first: Vec<String>,
    },
    /// Files of a folder in which nothing stands count as missing texts.
    EmptyTexts {
        /// The folder.
        folder: String,
        /// How many.
        count: usize,
        /// The first of them.
        first: Vec<String>,
    },
    /// A table ends in blank lines, which are no rows.
    BlankEnd {
        /// The table.
        file: String,
        /// How many.
        count: usize,
    },
    /// Rows of a table, or images of a folder, that cannot be read were left out, as `data.on_bad` says.
    Skipped {
        /// The table or the folder.
        file: String,
        /// How many.
        count: usize,
        /// The first of them, each with its reason.
        first: Vec<String>,
    },
    /// Steps of a series from `data.series.until` on were left out.
    Until {
        /// How many.
        count: usize,
    },
    /// Windows of a series whose answer lies in two parts were left out.
    BetweenParts {
        /// How many.
        count: usize,
    },
    /// Series that are shorter than a window and its answer give no example.
    ShortSeries {
        /// How many.
        count: usize,
    },
    /// Lines of a text that are longer than the network sees were cut off.
    LongLines {
        /// How many.
        count: usize,
        /// How many pieces it sees.
        length: usize,
    },
    /// Windows of a series whose answer has a missing number were left out, as `data.on_bad` says.
    Untold {
        /// How many.
        count: usize,
        /// Where the first of the missing numbers are.
        first: Vec<String>,
    },
    /// Rows have the labels that people gave them, not those of the data.
    Labelled {
        /// The file of these labels.
        file: String,
        /// How many rows.
        rows: usize,
        /// How many of them have another label in the data.
        corrected: usize,
        /// How many have none there.
        added: usize,
        /// Who labelled how many.
        annotators: Vec<AnnotatorProfile>,
    },
    /// The last line of a file of labels was not written whole, and was left out.
    TornLabel {
        /// The file.
        file: String,
    },
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Repair::TakenFor { file, encoding } => {
                let name = encoding.name();
                write!(f, "`{file}` is not UTF-8 and was read as {name}; say `encoding` to be sure")
            }
            Repair::FilesTakenFor { folder, encoding, count, first } => {
                let (name, listed) = (encoding.name(), listed(first, *count));
                write!(
                    f,
                    "{count} files of `{folder}` are not UTF-8 and were read as {name}: {listed}; say `encoding` to be sure"
                )
            }
            Repair::EmptyTexts { folder, count, first } => {
                let listed = listed(first, *count);
                write!(f, "{count} files of `{folder}` are empty and count as missing texts: {listed}")
            }
            Repair::BlankEnd { file, count: 1 } => {
                write!(f, "`{file}` ends in a blank line, which is no row")
            }
            Repair::BlankEnd { file, count } => {
                write!(f, "`{file}` ends in {count} blank lines, which are no rows")
            }
            Repair::Until { count } => write!(f, "{count} steps from `data.series.until` on were left out"),
            Repair::BetweenParts { count } => {
                write!(f, "{count} windows whose answer lies in two parts were left out")
            }
            Repair::ShortSeries { count } => {
                write!(f, "{count} series are shorter than a window and its answer, and were left out")
            }
            Repair::LongLines { count, length } => {
                write!(
                    f,
                    "{count} lines are longer than the {length} pieces of `tokenise.length`, and were cut off"
                )
            }
            Repair::Untold { count, first } => {
                write!(
                    f,
                    "{count} windows whose answer has a missing number were left out: {}",
                    first.join("; ")
                )
            }
            Repair::Skipped { file, count, first } => {
                let were = if *count == 1 { "was" } else { "were" };
                write!(f, "{count} of `{file}` cannot be read and {were} left out: {}", listed(first, *count))
            }
            Repair::Labelled { file, rows, corrected, added, annotators } => {
                let same = rows.saturating_sub(corrected + added);
                write!(
                    f,
                    "`{file}` labels {}: {corrected} corrected, {added} without a label in the data, {same} with the same one",
                    counted(*rows, "row")
                )?;
                match &annotators[..] {
                    [AnnotatorProfile { name: None, .. }] | [] => Ok(()),
                    several => {
                        let by = several.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                        write!(f, "; by {by}")
                    }
                }
            }
            Repair::TornLabel { file } => {
                write!(
                    f,
                    "the last line of `{file}` was not written whole and is left out; the next `baeum label` removes it"
                )
            }
        }
    }
}

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Warning {
    /// A field that is the same in every training row teaches nothing.
    Constant {
        /// The field.
        field: String,
    },
    /// A whole number that is another one in every row, and hardly leaves one out.
    LooksLikeId {
        /// The field.
        field: String,
    },
    /// Names of which nearly all are numbers.
    NearlyNumbers {
        /// The field.
        field: String,
        /// One that is none.
        odd: String,
    },
    /// Numbers that lie so close together that 32 bits cannot tell them apart.
    Coarse {
        /// The field.
        field: String,
    },
    /// A target whose largest or smallest number stands in so many rows that it was cut off there, perhaps.
    Capped {
        /// The target.
        field: String,
        /// The number.
        at: String,
        /// In how many training rows it stands.
        count: usize,
    },
    /// A label that valid or test does not have.
    AbsentLabel {
        /// The label.
        label: String,
        /// The part.
        part: String,
    },
    /// Files that were left out because they are hidden.
    HiddenFiles {
        /// How many.
        count: usize,
    },
    /// Fields beyond so many are described without histograms, quartiles, names and examples.
    InShort {
        /// How many.
        count: usize,
        /// How many are described at length.
        detailed: usize,
    },
    /// Texts that look like so many others that the audit did not hold them against all.
    NotCompared {
        /// How many.
        count: usize,
    },
    /// Rows without a target are in no part.
    Unlabelled {
        /// How many.
        count: usize,
        /// The target.
        field: String,
    },
    /// The file of labels that the recipe names is not there.
    NoLabelFile {
        /// The file.
        file: String,
    },
    /// Lines of a file of labels that are about no row of the data.
    StrayLabels {
        /// The file.
        file: String,
        /// How many.
        count: usize,
        /// The first of them.
        first: Vec<String>,
    },
    /// Labels that people gave and the data do not have: perhaps slips.
    NewLabels {
        /// The file.
        file: String,
        /// The labels.
        labels: Vec<String>,
    },
    /// Rows that several labels have equal claims to.
    TiedLabels {
        /// The file.
        file: String,
        /// How many.
        count: usize,
    },
    /// Annotators whose worth did not settle: their labels may be merged otherwise with a few more.
    UnsettledLabels {
        /// The file.
        file: String,
    },
    /// Something that the parts share, or that gives the target away.
    Leak {
        /// What was found.
        found: Found,
        /// Why it did not end the run.
        why: Why,
    },
}

/// Why a leak did not end the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// They are few, or such as chance may explain.
    Usual,
    /// The recipe allows it.
    Allowed,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::Constant { field } => write!(f, "`{field}` is the same in every training row"),
            Warning::LooksLikeId { field } => {
                write!(f, "`{field}` looks like an id; put it under `data.ids`")
            }
            Warning::NearlyNumbers { field, odd } => write!(
                f,
                "`{field}` is read as names, for `{odd}` is no number, as nearly all others are; put what stands for nothing under `data.missing`"
            ),
            Warning::Coarse { field } => {
                write!(f, "`{field}` has numbers so close together that 32 bits hardly tell them apart")
            }
            Warning::Capped { field, at, count } => write!(
                f,
                "`{field}` is {at} in {}, and no other number in a third of that: it was cut off there, perhaps, and what lies beyond cannot be learned",
                counted(*count, "training row")
            ),
            Warning::AbsentLabel { label, part } => write!(f, "label `{label}` has no row in {part}"),
            Warning::HiddenFiles { count } => write!(f, "{count} hidden files were left out"),
            Warning::InShort { count, detailed } => write!(
                f,
                "the first {detailed} fields are described at length, and {count} more without histograms, quartiles, names and examples"
            ),
            Warning::NotCompared { count } => write!(
                f,
                "{count} texts look like so many others that they were not compared with all of them; more may stand in two parts"
            ),
            Warning::Unlabelled { count, field } => write!(
                f,
                "{} without `{field}`, in no part; with `data.label_file`, `baeum label RECIPE --next 10` lists those to label first",
                counted(*count, "row")
            ),
            Warning::NoLabelFile { file } => {
                write!(f, "`{file}` is not there yet; `baeum label RECIPE ID=LABEL` begins it")
            }
            Warning::StrayLabels { file, count, first } => {
                write!(
                    f,
                    "{} of `{file}` about no row of the data: {}",
                    counted(*count, "line"),
                    first.join(", ")
                )?;
                if *count > first.len() { write!(f, ", and {} more", count - first.len()) } else { Ok(()) }
            }
            Warning::NewLabels { file, labels } => {
                let labels = labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
                write!(f, "labels that stand in `{file}` and nowhere in the data: {labels}")
            }
            Warning::TiedLabels { file, count } => {
                write!(f, "{} with tied labels in `{file}`, left as in the data", counted(*count, "row"))
            }
            Warning::UnsettledLabels { file } => {
                write!(
                    f,
                    "what the annotators of `{file}` are worth did not settle; `merge_labels = \"majority\"` may be safer"
                )
            }
            Warning::Leak { found, why: Why::Usual } => {
                write!(f, "{found}; so few, or as many as within train, that they do not end the run")
            }
            Warning::Leak { found, why: Why::Allowed } => {
                write!(f, "{found}; `data.audit.allow` has `{}`", found.leak().name())
            }
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

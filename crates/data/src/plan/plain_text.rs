//! The refusals of `data.source.text` that need no data.

use baeum_core::End;

use super::check::{Checked, TEXT, refuse};
use super::splits::shares;
use super::steps::Form;
use super::{SourcePlan, SplitPlan};
use crate::augment::Augment;
use crate::config::{DataConfig, FieldConfig, SourceConfig, SplitConfig, StepConfig, TextExamples, TokensBy};

/// What its answer is called.
pub(crate) const NEXT: &str = "next";

/// Refuses a plain text that nothing cuts into pieces.
pub(super) fn check(config: &DataConfig, source: &SourcePlan) -> Checked {
    let SourcePlan::Text { .. } = source else { return Ok(()) };
    if config.shape.is_some() {
        return refuse("data.shape", "to be left out, for `tokenise` says how long a window is", "sizes");
    }
    match length(config) {
        Some(_) => Ok(()),
        None => refuse("data.fields.text.steps", "`tokenise` as the last step, with its `length`", "none"),
    }
}

/// How many pieces a window has.
pub(crate) fn length(config: &DataConfig) -> Option<usize> {
    let StepConfig::Tokenise { length, .. } = config.fields.get(TEXT)?.steps.as_ref()?.last()? else {
        return None;
    };
    Some(*length)
}

/// What its examples are.
pub(crate) fn examples(config: &DataConfig) -> TextExamples {
    if let Some(SourceConfig::Text(text)) = &config.source { text.examples } else { TextExamples::default() }
}

/// What the field is before its steps.
pub(super) fn field(name: &str, field: &FieldConfig) -> Checked<Form> {
    if name != TEXT {
        return refuse("data.fields", "the name `text`, the one field there is", format!("`{name}`"));
    }
    if let Some(place) = field.augment.iter().position(|way| matches!(way, Augment::SwapTokens { .. })) {
        let wants = "no piece to change its place, for it would be seen before it is told";
        return refuse(format!("data.fields.text.augment[{place}]"), wants, "`swap_tokens`");
    }
    for (place, step) in field.steps.iter().flatten().enumerate() {
        let path = |setting: &str| format!("data.fields.text.steps[{place}].tokenise.{setting}");
        let StepConfig::Tokenise { by, keep, fill, .. } = step else { continue };
        let lossy = match by {
            TokensBy::Word {} => Some("`word`"),
            TokensBy::WordPiece {} => Some("`word_piece`"),
            TokensBy::Character {} | TokensBy::Bpe {} | TokensBy::Unigram {} | TokensBy::File { .. } => None,
        };
        if let Some(lossy) = lossy {
            return refuse(
                path("by"),
                "`character`, `bpe`, `unigram` or a file, for words lose the blanks between them, and what is lost cannot be written again",
                lossy,
            );
        }
        for (setting, is, wants) in [("keep", *keep, End::Start), ("fill", *fill, End::End)] {
            if is != wants {
                return refuse(
                    path(setting),
                    "to be left out, for what comes next is at the end",
                    "another end",
                );
            }
        }
    }
    Ok(Form::Words)
}

/// How a text is divided: windows one part behind the other, lines and files by lot.
pub(super) fn split(config: &DataConfig, examples: TextExamples) -> Checked<SplitPlan> {
    match examples {
        TextExamples::Windows => windows(config),
        TextExamples::Lines | TextExamples::Packed | TextExamples::Documents => lines(config),
    }
}

fn windows(config: &DataConfig) -> Checked<SplitPlan> {
    let behind = |valid, test| Ok(SplitPlan::Time { column: String::new(), valid, test });
    match &config.split {
        None => behind(0.05, 0.05),
        Some(SplitConfig::Time { column: None, valid, test }) => {
            shares("data.split.time", *valid, *test)?;
            behind(*valid, *test)
        }
        Some(SplitConfig::Time { column: Some(column), .. }) => refuse(
            "data.split.time.column",
            "to be left out, for a text has no columns",
            format!("`{column}`"),
        ),
        Some(_) => {
            refuse("data.split", "`time`, for the parts of a text stand one behind the other", "another one")
        }
    }
}

fn lines(config: &DataConfig) -> Checked<SplitPlan> {
    match &config.split {
        None => Ok(SplitPlan::Random { valid: 0.1, test: 0.1 }),
        Some(SplitConfig::Random { valid, test }) => {
            shares("data.split.random", *valid, *test)?;
            Ok(SplitPlan::Random { valid: *valid, test: *test })
        }
        Some(SplitConfig::Hash { column: None, valid, test }) => {
            shares("data.split.hash", *valid, *test)?;
            Ok(SplitPlan::Hash { column: None, valid: *valid, test: *test })
        }
        Some(_) => refuse("data.split", "`random`, or `hash` to keep equal ones together", "another one"),
    }
}

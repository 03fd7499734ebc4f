use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::error::ExportError;
use crate::format::Format;

/// The operator sets of ONNX that the writer knows. 13 is the oldest with today's Softmax; 18 the first with a Resize
/// that smooths.
const OPSETS: RangeInclusive<u32> = 13..=18;

/// The `[export]` section of a recipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportConfig {
    /// What to write; every format that we have, if not given.
    pub formats: Vec<Format>,
    /// The version of ONNX' operators, 13 to 18; the lowest that the predictor needs, if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opset: Option<u32>,
}

/// Settings that were checked. The only way to get one is [`ExportConfig::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPlan {
    formats: Vec<Format>,
    opset: Option<u32>,
}

impl Default for ExportConfig {
    fn default() -> Self {
        ExportConfig { formats: Format::ALL.to_vec(), opset: None }
    }
}

impl ExportConfig {
    /// Refuses settings that cannot be.
    ///
    /// # Errors
    /// [`ExportError::Empty`], [`ExportError::Twice`] or [`ExportError::Opset`]; each knows its path in the recipe.
    pub fn check(&self) -> Result<ExportPlan, ExportError> {
        if self.formats.is_empty() {
            return Err(ExportError::Empty);
        }
        for (place, format) in self.formats.iter().enumerate() {
            if self.formats[..place].contains(format) {
                return Err(ExportError::Twice { place, format: *format });
            }
        }
        match self.opset {
            Some(got) if !OPSETS.contains(&got) => {
                Err(ExportError::Opset { low: *OPSETS.start(), high: *OPSETS.end(), got })
            }
            opset => Ok(ExportPlan { formats: self.formats.clone(), opset }),
        }
    }
}

impl ExportPlan {
    /// What to write, each format once, in the order of the recipe.
    pub fn formats(&self) -> &[Format] {
        &self.formats
    }

    /// The version of ONNX' operators that the recipe asks for.
    pub fn opset(&self) -> Option<u32> {
        self.opset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, path: &str, expect: &str) {
        let config: ExportConfig = serde_json::from_str(text).unwrap_or_default();
        let error = config.check().err();
        assert_eq!(error.as_ref().and_then(ExportError::path).as_deref(), Some(path));
        assert_eq!(error.map(|error| error.to_string()).as_deref(), Some(expect));
    }

    #[test]
    fn settings_that_cannot_be_are_refused() {
        check(r#"{"formats": []}"#, "export.formats", "`export.formats` wants at least one format, got none");
        check(
            r#"{"formats": ["onnx", "pth", "onnx"]}"#,
            "export.formats[2]",
            "`export.formats` wants each format once, got `onnx` again",
        );
        check(r#"{"opset": 12}"#, "export.opset", "`export.opset` wants 13 to 18, got 12");
        check(r#"{"opset": 19}"#, "export.opset", "`export.opset` wants 13 to 18, got 19");
    }

    #[test]
    fn an_empty_section_writes_every_format() {
        let plan = serde_json::from_str::<ExportConfig>("{}").ok().and_then(|config| config.check().ok());
        assert_eq!(plan, Some(ExportPlan { formats: Format::ALL.to_vec(), opset: None }));
    }
}

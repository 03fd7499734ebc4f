use baeum::data::{DataConfig, DataPlan};
use clap::ValueEnum;

use crate::bench::BenchError;

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Job {
    /// 10,000 JPEGs of mixed sizes.
    Images,
    /// The training rows of adult, twenty times over.
    Table,
    /// The reviews of nsmc.
    Texts,
    /// A million rows of ten numbers and two names.
    LargeTable,
    /// 60,000 images in one idx file.
    ManyIdx,
    /// 60,000 small JPEGs.
    ManyFiles,
}

/// Where files come from, and whether there are twice as many rows of it: that shows what a row costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) job: Job,
    pub(super) twice: bool,
}

impl Job {
    /// All of them, in the order of the table.
    pub(in crate::bench) const ALL: [Job; 6] =
        [Job::Images, Job::Table, Job::Texts, Job::LargeTable, Job::ManyIdx, Job::ManyFiles];

    /// Its name on the command line and in the table.
    pub(in crate::bench) fn name(self) -> &'static str {
        match self {
            Job::Images => "images",
            Job::Table => "table",
            Job::Texts => "texts",
            Job::LargeTable => "large-table",
            Job::ManyIdx => "many-idx",
            Job::ManyFiles => "many-files",
        }
    }

    /// Whether all that counts is how much memory it takes.
    pub(super) fn is_about_memory(self) -> bool {
        match self {
            Job::Images | Job::Table | Job::Texts => false,
            Job::LargeTable | Job::ManyIdx | Job::ManyFiles => true,
        }
    }

    /// How many rows there are.
    pub(super) fn rows(self) -> usize {
        match self {
            Job::Images => 10_000,
            Job::Table => 651_220,
            Job::Texts => 200_000,
            Job::LargeTable => 1_000_000,
            Job::ManyIdx | Job::ManyFiles => 60_000,
        }
    }

    /// Rows of a batch.
    pub(super) fn batch(self) -> usize {
        match self {
            Job::Images | Job::ManyIdx | Job::ManyFiles => 64,
            Job::Table | Job::Texts | Job::LargeTable => 256,
        }
    }

    /// What the other side's libraries are called.
    pub(super) fn way(self) -> &'static str {
        match self {
            Job::Images => "DataLoader of PyTorch, torchvision's ImageFolder, 2 workers",
            Job::Table => "pandas, ColumnTransformer of scikit-learn",
            Job::Texts => "tokenizers, encode_batch_fast",
            Job::LargeTable | Job::ManyIdx | Job::ManyFiles => "nobody",
        }
    }

    /// What differs, and by how much it may.
    pub(super) fn bound(self) -> (&'static str, f64) {
        match self {
            // Two JPEG decoders, and PIL rounds to whole grey levels after each of two passes.
            Job::Images => ("the mean grey level", 1.0),
            // One row of 10,000 does not teach on our side.
            Job::Table => ("the numbers", 1e-3),
            Job::Texts | Job::LargeTable | Job::ManyIdx | Job::ManyFiles => ("the numbers", 0.0),
        }
    }
}

impl Files {
    /// What they are called in the folder of files.
    pub(super) fn name(self) -> &'static str {
        match (self.job, self.twice) {
            (Job::Images, _) => "images",
            (Job::Table, _) => "adult-20.csv",
            (Job::Texts, _) => "nsmc.tsv",
            (Job::LargeTable, false) => "table-1.csv",
            (Job::LargeTable, true) => "table-2.csv",
            (Job::ManyIdx, false) => "idx-1",
            (Job::ManyIdx, true) => "idx-2",
            (Job::ManyFiles, false) => "folder-1",
            (Job::ManyFiles, true) => "folder-2",
        }
    }

    /// What a person would write to read them.
    pub(super) fn plan(self) -> Result<DataPlan, BenchError> {
        let config: DataConfig = serde_json::from_str(&self.recipe())?;
        Ok(config.check()?)
    }

    fn recipe(self) -> String {
        let path = self.name();
        match self.job {
            // PIL's filter `BILINEAR` with antialiasing, which is torchvision's default as well.
            Job::Images => format!(
                r#"{{ "source": {{ "folder": {{ "path": "{path}" }} }},
                      "fields": {{ "image": {{ "steps": [
                          {{ "resize": {{ "height": 64, "width": 64, "filter": "bilinear" }} }},
                          {{ "scale": {{ "factor": 0.00392156862745098 }} }},
                          {{ "standardise": {{ "per": "channel" }} }} ] }} }},
                      "audit": {{ "allow": ["images"] }} }}"#
            ),
            Job::Table => format!(
                r#"{{ "source": {{ "csv": {{ "path": "{path}", "header": false, "trim": true, "columns": [
                          "age", "workclass", "fnlwgt", "education", "education_num", "marital_status",
                          "occupation", "relationship", "race", "sex", "capital_gain", "capital_loss",
                          "hours_per_week", "native_country", "income"] }} }},
                      "target": "income",
                      "split": {{ "random": {{ "valid": 0.0, "test": 0.0001 }} }},
                      "audit": {{ "allow": ["rows"] }} }}"#
            ),
            Job::Texts => format!(
                r#"{{ "source": {{ "csv": {{ "path": "{path}", "delimiter": "\t", "quote": "" }} }},
                      "target": "label", "task": "classify", "ids": ["id"], "missing": [""],
                      "fields": {{ "document": {{ "steps": [
                          {{ "tokenise": {{ "by": "bpe", "vocabulary": 8000, "length": 48 }} }} ] }} }},
                      "audit": {{ "allow": ["rows", "texts", "ids"] }} }}"#
            ),
            Job::LargeTable => {
                format!(r#"{{ "source": {{ "csv": {{ "path": "{path}" }} }}, "target": "target" }}"#)
            }
            Job::ManyIdx => format!(
                r#"{{ "source": {{ "idx": {{ "images": "{path}/images", "labels": "{path}/labels" }} }},
                      "audit": {{ "allow": ["images"] }} }}"#
            ),
            Job::ManyFiles => format!(
                r#"{{ "source": {{ "folder": {{ "path": "{path}", "channels": "grey" }} }},
                      "audit": {{ "allow": ["images"] }} }}"#
            ),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_is_one() {
        for job in Job::ALL {
            for twice in [false, true] {
                Files { job, twice }.plan().unwrap();
            }
            assert_eq!(job.to_possible_value().unwrap().get_name(), job.name());
        }
    }
}

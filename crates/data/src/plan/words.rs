use std::collections::BTreeSet;

use baeum_core::Task;

use super::DataPlan;
use crate::config::{FieldConfig, HeadTarget, KindConfig};

impl DataPlan {
    /// The columns of a table whose text matters even if all of it could be numbers.
    pub(crate) fn words(&self) -> BTreeSet<String> {
        let is_word = |(name, field): (&String, &FieldConfig)| match field.kind() {
            Some(KindConfig::Number) | None => None,
            Some(KindConfig::Category | KindConfig::Text | KindConfig::Date | KindConfig::Image { .. }) => {
                Some(name.clone())
            }
        };
        let mut words: BTreeSet<String> = self.config.fields.iter().filter_map(is_word).collect();
        words.extend(self.config.ids.iter().cloned());
        words.extend(self.split.column().map(|(name, _)| name.to_owned()));
        words.extend(
            self.config.series.iter().flat_map(|series| series.time.iter().chain(&series.group)).cloned(),
        );
        let are_words = |task| matches!(task, Some(Task::Classify | Task::MultiLabel));
        let classes = self.config.targets.iter().filter(|head| are_words(head.task));
        words.extend(classes.flat_map(HeadTarget::columns).cloned());
        if self.config.targets.is_empty() && (are_words(self.task) || self.config.label_file.is_some()) {
            words.extend(self.columns.iter().cloned());
        }
        words
    }
}

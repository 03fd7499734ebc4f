//! What a person's answer for a row says, in the words of the recipe.

use std::collections::BTreeSet;

use baeum_core::Task;

use crate::csv::number;
use crate::error::quoted;
use crate::labels::Naming;
use crate::plan::DataPlan;
use crate::refusal::Refusal;

/// What stands between several numbers of one answer.
const BETWEEN_NUMBERS: &str = " ";

/// How answers are written; each is one text, as in the data.
#[derive(Clone, Debug)]
pub(super) enum Answers {
    /// One label, or one number.
    One(Naming),
    /// Any number of labels, between them what separates them in the data.
    Labels(Naming, String),
    /// So many numbers, in the order of their columns.
    Numbers(usize),
}

impl Answers {
    pub(super) fn of(plan: &DataPlan) -> Answers {
        match (plan.task, &plan.columns[..]) {
            (Some(Task::MultiLabel), _) => {
                Answers::Labels(plan.naming(&plan.target), plan.separator().to_owned())
            }
            (Some(Task::Regress), columns @ [_, _, ..]) => Answers::Numbers(columns.len()),
            (Some(Task::Classify | Task::Regress | Task::Generate) | None, _) => {
                Answers::One(plan.naming(&plan.target))
            }
        }
    }

    /// What makes one text of a list, where an answer may be one.
    pub(super) fn separator(&self) -> Option<&str> {
        match self {
            Answers::One(_) => None,
            Answers::Labels(_, separator) => Some(separator),
            Answers::Numbers(_) => Some(BETWEEN_NUMBERS),
        }
    }

    /// The labels of an answer as the recipe calls them, sorted where they may be several; for numbers, these as they are.
    pub(super) fn labels(&self, answer: &str) -> Vec<String> {
        match self {
            Answers::One(naming) => vec![naming.called(answer)],
            Answers::Labels(naming, _) => {
                let called: BTreeSet<String> =
                    self.written(answer).into_iter().map(|label| naming.called(label)).collect();
                called.into_iter().collect()
            }
            Answers::Numbers(_) => vec![answer.split_whitespace().collect::<Vec<_>>().join(BETWEEN_NUMBERS)],
        }
    }

    /// The same as one text: equal for answers that say the same.
    pub(super) fn called(&self, answer: &str) -> String {
        self.labels(answer).join(self.separator().unwrap_or_default())
    }

    /// The labels of an answer, each as it is written.
    pub(super) fn written<'a>(&self, answer: &'a str) -> Vec<&'a str> {
        match self {
            Answers::One(_) | Answers::Numbers(_) => vec![answer],
            Answers::Labels(_, separator) => {
                answer.split(separator.as_str()).map(str::trim).filter(|label| !label.is_empty()).collect()
            }
        }
    }

    /// The labels of an answer that somebody gave, as the recipe calls them.
    ///
    /// # Errors
    /// What is wrong with it: nothing where something must stand, a label twice or of nobody, too few numbers.
    pub(super) fn read(&self, answer: &str) -> Result<Vec<String>, Refusal> {
        let refuse = |wants: &str| Err(Refusal::new(wants, quoted(answer)));
        let labels = self.labels(answer);
        match self {
            Answers::One(_) if answer.trim().is_empty() => return refuse("a label"),
            Answers::Labels(_, separator) => {
                let count = answer.split(separator.as_str()).count();
                if !answer.trim().is_empty() && self.written(answer).len() < count {
                    return refuse("a label on both sides of each `data.separator`");
                }
                if labels.len() < self.written(answer).len() {
                    return refuse("each label once");
                }
            }
            Answers::Numbers(count) => {
                let numbers: Vec<_> = answer.split_whitespace().map(number).collect();
                if numbers.len() != *count || numbers.iter().any(Result::is_err) {
                    return refuse(&match count {
                        1 => "a number".to_owned(),
                        _ => format!("{count} numbers, one for each column of the target"),
                    });
                }
            }
            Answers::One(_) => {}
        }
        match labels.iter().find(|label| !self.may_be(label)) {
            None => Ok(labels),
            Some(other) => Err(Refusal::new("one of `data.labels`", quoted(other))),
        }
    }

    /// Whether the recipe allows a label: it lists all, or none.
    fn may_be(&self, label: &String) -> bool {
        match self {
            Answers::One(naming) | Answers::Labels(naming, _) => {
                naming.names.is_empty() || naming.names.contains(label)
            }
            Answers::Numbers(_) => true,
        }
    }

    /// The labels that the recipe lists, if it does.
    pub(super) fn listed(&self) -> &[String] {
        match self {
            Answers::One(naming) | Answers::Labels(naming, _) => &naming.names,
            Answers::Numbers(_) => &[],
        }
    }
}

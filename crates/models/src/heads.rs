//! What the heads of targets are called, and which layer each reads.

use std::collections::BTreeMap;

use baeum_core::nearest;

use crate::config::in_words;
use crate::inputs::is_plain;
use crate::plan::{self, Step};
use crate::{ModelError, ModelPlan};

/// The name of the head, or how the names of several heads begin.
pub(crate) const HEAD: &str = "head";

/// Whether a head is or may be called so.
pub(crate) fn is_of_a_head(name: &str) -> bool {
    name == HEAD || name.strip_prefix(HEAD).is_some_and(|rest| rest.starts_with('_'))
}

/// What the head of one of several targets is called; its place is counted from 1.
fn head_name(place: usize, field: &str) -> String {
    if is_plain(field) { format!("{HEAD}_{field}") } else { format!("{HEAD}_{}", place + 1) }
}

/// What the heads of these targets are called: `head` where there is one.
pub(crate) fn names(targets: &[&str]) -> Vec<String> {
    match targets {
        [] | [_] => vec![HEAD.to_owned()],
        several => several.iter().enumerate().map(|(place, field)| head_name(place, field)).collect(),
    }
}

/// Heads are said of targets that there are.
pub(crate) fn check(said: &BTreeMap<String, String>, targets: &[&str]) -> Result<(), ModelError> {
    let Some(stranger) = said.keys().find(|target| !targets.contains(&target.as_str())) else {
        return Ok(());
    };
    let rule = match nearest(stranger, targets.iter().copied()) {
        Some(near) => format!("wants a target, such as `{near}`, got `{stranger}`"),
        None => format!("wants a target, of which there are {}, got `{stranger}`", in_words(targets.iter())),
    };
    Err(ModelError::Setting { path: at(stranger), rule })
}

impl ModelPlan {
    /// The place of what the head of each target reads: inputs are counted first, then the steps, of which it is the last unless the
    /// recipe says another.
    ///
    /// # Errors
    /// [`ModelError`] for a layer that is not there, and for one, or an input, that neither a layer nor a head reads: it would be
    /// computed, or even decayed, for nothing.
    pub(crate) fn read_by_heads(&self, steps: &[Step], targets: &[&str]) -> Result<Vec<usize>, ModelError> {
        let last = (self.inputs().len() + steps.len()).saturating_sub(1);
        let read = |target: &&str| match self.heads().get(*target) {
            Some(layer) => plan::place(layer, at(target), self.inputs(), steps),
            None => Ok(last),
        };
        let read = match targets {
            [] => vec![last],
            targets => targets.iter().map(read).collect::<Result<_, _>>()?,
        };
        self.refuse_unread(steps, &read)?;
        Ok(read)
    }

    fn refuse_unread(&self, steps: &[Step], heads: &[usize]) -> Result<(), ModelError> {
        let is_read =
            |place: usize| heads.contains(&place) || steps.iter().any(|step| step.inputs.contains(&place));
        let inputs = self.inputs();
        if let Some((_, name)) = inputs.iter().enumerate().find(|(place, _)| !is_read(*place)) {
            return Err(ModelError::UnreadInput { name: name.clone() });
        }
        match steps.iter().enumerate().find(|(place, _)| !is_read(inputs.len() + place)) {
            None => Ok(()),
            Some((_, step)) => Err(ModelError::Unread { path: step.path.clone(), name: step.name.clone() }),
        }
    }
}

fn at(target: &str) -> String {
    format!("models.heads.{target}")
}

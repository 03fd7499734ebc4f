use crate::ModelError;

/// A number of a preset that cannot be, or data that it is not for.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// Which setting, as a path below the preset; empty for the preset as a whole.
    setting: String,
    rule: String,
}

impl Refusal {
    pub(super) fn new(setting: &str, rule: impl Into<String>) -> Refusal {
        Refusal { setting: setting.to_owned(), rule: rule.into() }
    }

    /// The preset does not suit what is to be learned.
    pub(super) fn whole(rule: impl Into<String>) -> Refusal {
        Refusal::new("", rule)
    }

    /// The refusal by the preset of this path.
    pub(crate) fn at(self, path: &str) -> ModelError {
        let Refusal { setting, rule } = self;
        let dot = if setting.is_empty() { "" } else { "." };
        ModelError::Setting { path: format!("{path}{dot}{setting}"), rule }
    }
}

/// Sizes of layers; what fits here is counted in full when it is wired.
pub(super) fn sizes(setting: &str, sizes: &[usize]) -> Result<(), Refusal> {
    let checked = |(i, got): (usize, &usize)| size(&format!("{setting}[{i}]"), *got);
    sizes.iter().enumerate().try_for_each(checked)
}

/// The size of a layer.
pub(super) fn size(setting: &str, got: usize) -> Result<(), Refusal> {
    within(setting, 1 << 31, got)
}

/// How often something comes again: far beyond any network that was ever trained, and short of what fills the memory with names.
pub(super) fn count(setting: &str, got: usize) -> Result<(), Refusal> {
    within(setting, 1000, got)
}

/// Heads that divide the numbers of a place among them.
pub(super) fn heads(heads: usize, units: usize) -> Result<(), Refusal> {
    size("heads", heads)?;
    size("units", units)?;
    match units.is_multiple_of(heads) {
        true => Ok(()),
        false => Err(Refusal::new("heads", format!("must divide `units` = {units}, got {heads}"))),
    }
}

/// Heads of keys and values, each for as many of the `heads` of queries.
pub(super) fn kv_heads(kv_heads: usize, heads: usize) -> Result<(), Refusal> {
    size("kv_heads", kv_heads)?;
    match heads.is_multiple_of(kv_heads) {
        true => Ok(()),
        false => Err(Refusal::new("kv_heads", format!("must divide `heads` = {heads}, got {kv_heads}"))),
    }
}

fn within(setting: &str, most: usize, got: usize) -> Result<(), Refusal> {
    match (1..=most).contains(&got) {
        true => Ok(()),
        false => Err(Refusal::new(setting, format!("must be from 1 to {most}, got {got}"))),
    }
}

/// The side of a window.
pub(super) fn side(setting: &str, got: usize) -> Result<(), Refusal> {
    within(setting, 1 << 16, got)
}

/// The side of a window that has a middle.
pub(super) fn odd(setting: &str, got: usize) -> Result<(), Refusal> {
    match got % 2 == 1 && got < 1 << 16 {
        true => Ok(()),
        false => Err(Refusal::new(setting, format!("must be an odd number up to 65535, got {got}"))),
    }
}

/// At least one of something.
pub(super) fn some(setting: &str, sizes: &[usize]) -> Result<(), Refusal> {
    match sizes {
        [] => Err(Refusal::new(setting, "wants one or more sizes, got none")),
        _ => Ok(()),
    }
}

/// Each size once, where a name is made of it.
pub(super) fn different(setting: &str, sizes: &[usize]) -> Result<(), Refusal> {
    let again = |(i, size): (usize, &usize)| sizes.iter().take(i).any(|before| before == size);
    match sizes.iter().enumerate().find(|(i, size)| again((*i, size))) {
        None => Ok(()),
        Some((i, got)) => Err(Refusal::new(
            &format!("{setting}[{i}]"),
            format!("must differ from those before it, got {got}"),
        )),
    }
}

pub(super) fn probability(setting: &str, p: f64) -> Result<(), Refusal> {
    match (0.0..=1.0).contains(&p) {
        true => Ok(()),
        false => Err(Refusal::new(setting, format!("must be from 0 to 1, got {p}"))),
    }
}

use std::fmt;

use serde::{Deserialize, Serialize};

/// One axis of a tensor: known now, or left open until a batch arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dim {
    /// The number of examples in a batch.
    Batch,
    /// The number of steps in a sequence.
    Time,
    /// A length fixed when the graph is built.
    Size(usize),
}

/// The axes of a tensor, outermost first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape(pub Vec<Dim>);

/// A layer met shapes that it cannot take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{layer} wants {wanted}, got {got}{way_out}", way_out = .way_out.map(|text| format!("; {text}")).unwrap_or_default())]
pub struct ShapeError {
    /// The layer, as written in a recipe.
    pub layer: &'static str,
    /// What it takes, in words.
    pub wanted: String,
    /// What arrived, written out.
    pub got: String,
    /// What to do about it, where that is known.
    pub way_out: Option<&'static str>,
}

impl Shape {
    /// A batch of items of the given sizes.
    pub fn batch(sizes: &[usize]) -> Shape {
        Shape([Dim::Batch].into_iter().chain(sizes.iter().copied().map(Dim::Size)).collect())
    }

    /// How many axes there are, the batch included.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The sizes of one item of the batch, if none of them is open: `[batch, 3, 8, 8]` gives `[3, 8, 8]`.
    pub fn item(&self) -> Option<Vec<usize>> {
        match self.0.split_first() {
            Some((Dim::Batch, rest)) => rest.iter().map(|dim| dim.size()).collect(),
            Some((Dim::Time | Dim::Size(_), _)) | None => None,
        }
    }

    /// The size of the innermost axis, if it is known.
    pub fn last(&self) -> Option<usize> {
        self.0.last().and_then(|dim| dim.size())
    }

    /// The sizes for a batch of `rows` items, if no other axis is open.
    pub fn with_batch(&self, rows: usize) -> Option<Vec<usize>> {
        let size = |dim: &Dim| match dim {
            Dim::Batch => Some(rows),
            Dim::Time => None,
            Dim::Size(n) => Some(*n),
        };
        self.0.iter().map(size).collect()
    }
}

impl Dim {
    /// Its length, unless it is open.
    pub fn size(self) -> Option<usize> {
        match self {
            Dim::Size(n) => Some(n),
            Dim::Batch | Dim::Time => None,
        }
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Batch => f.write_str("batch"),
            Dim::Time => f.write_str("time"),
            Dim::Size(n) => write!(f, "{n}"),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes: Vec<String> = self.0.iter().map(Dim::to_string).collect();
        write!(f, "[{}]", axes.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_axes_have_names() {
        let shape = Shape(vec![Dim::Batch, Dim::Time, Dim::Size(8)]);
        assert_eq!(shape.to_string(), "[batch, time, 8]");
        assert_eq!(shape.item(), None);
        assert_eq!(Shape::batch(&[3, 8]).with_batch(2), Some(vec![2, 3, 8]));
    }
}

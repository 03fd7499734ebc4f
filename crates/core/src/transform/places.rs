use super::Transform;

impl Transform {
    /// How many places there are, where one comes out: place 0, and those of names, bins or pieces. None where numbers do.
    pub fn places(&self) -> Option<usize> {
        match self {
            Transform::Category { labels } => Some(labels.len() + 1),
            Transform::Hash { buckets } => Some(buckets + 1),
            Transform::Bins { edges } => Some(edges.len() + 2),
            Transform::Tokenise { vocabulary, .. } => Some(*vocabulary),
            Transform::Denoise { .. }
            | Transform::Crop { .. }
            | Transform::Resize { .. }
            | Transform::Scale { .. }
            | Transform::Standardise { .. }
            | Transform::Log1p {}
            | Transform::Clip { .. }
            | Transform::Quantile { .. }
            | Transform::Impute { .. }
            | Transform::IsMissing {}
            | Transform::PiecewiseLinear { .. }
            | Transform::DateParts { .. }
            | Transform::NormaliseText { .. }
            | Transform::OneHot { .. }
            | Transform::NormaliseWindow { .. }
            | Transform::Difference { .. }
            | Transform::StepsFirst { .. } => None,
        }
    }
}

//! Tensors that were learned before and stay as they are.

use std::collections::BTreeSet;

use super::{Graph, GraphError, Node};
use crate::{Param, ParamKind, fits};

impl Graph {
    /// Freezes the learned tensors whose names fit a pattern, such as `conv*`: no gradient moves them, no decay acts on them, and no
    /// optimizer keeps anything for them. Running statistics move on, as PyTorch's do where `requires_grad` is off. Says how many fit.
    pub fn freeze(&mut self, pattern: &str) -> usize {
        let learned = self.params().into_iter().filter(|(_, param)| param.kind != ParamKind::Running);
        let fitting: Vec<String> = learned.map(|(name, _)| name).filter(|name| fits(pattern, name)).collect();
        let count = fitting.len();
        self.frozen.extend(fitting);
        count
    }

    pub(super) fn mark_frozen(&self, node: &Node, params: &mut [Param]) {
        for param in params.iter_mut().filter(|_| !self.frozen.is_empty()) {
            if self.frozen.contains(&format!("{}.{}", node.name, param.name)) {
                param.kind = ParamKind::Frozen;
            }
        }
    }

    /// Refuses names of a file that are not those of learned tensors.
    pub(super) fn refuse_frozen(&self, names: &BTreeSet<String>) -> Result<(), GraphError> {
        let params = self.params();
        let learned = |name: &String| {
            params.iter().any(|(known, param)| known == name && param.kind == ParamKind::Learned)
        };
        match names.iter().find(|name| !learned(name)) {
            None => Ok(()),
            Some(got) => Err(GraphError::Frozen { got: got.clone() }),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::{ChannelAxis, DType, Layer, Shape};

    #[test]
    fn tensors_that_fit_are_frozen_and_statistics_are_not() {
        let mut graph = Graph::default();
        let x = graph.input("x", Shape::batch(&[3]), DType::F32).unwrap();
        let a = graph.add("a", Layer::Dense { units: 2, bias: true }, &[x]).unwrap();
        graph
            .add("norm", Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second }, &[a])
            .unwrap();
        assert_eq!(graph.freeze("b*"), 0);
        let plain = graph.clone();
        assert_eq!([graph.freeze("norm.*"), graph.freeze("*.weight"), graph.freeze("norm.*")], [2, 2, 2]);
        let kinds: Vec<(String, ParamKind)> =
            graph.params().into_iter().map(|(name, param)| (name, param.kind)).collect();
        let [learned, frozen, running] = [ParamKind::Learned, ParamKind::Frozen, ParamKind::Running];
        let wanted = [
            ("a.weight", frozen),
            ("a.bias", learned),
            ("norm.weight", frozen),
            ("norm.bias", frozen),
            ("norm.running_mean", running),
            ("norm.running_var", running),
        ];
        assert_eq!(kinds, wanted.map(|(name, kind)| (name.to_owned(), kind)));
        let text = serde_json::to_string(&graph).unwrap();
        assert_eq!(serde_json::from_str::<Graph>(&text).unwrap(), graph);
        assert!(!serde_json::to_string(&plain).unwrap().contains("frozen"));
        let wrong = text.replace("norm.bias", "norm.running_mean");
        assert!(
            serde_json::from_str::<Graph>(&wrong)
                .unwrap_err()
                .to_string()
                .starts_with("`frozen` wants the names of learned tensors, got `norm.running_mean`")
        );
    }
}

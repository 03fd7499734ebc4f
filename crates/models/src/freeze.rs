//! Freezing what the recipe names: `models.freeze`.

use baeum_core::{Graph, ParamKind};

use crate::{ModelError, ModelPlan};

impl ModelPlan {
    /// The graph with its tensors frozen that the recipe names.
    ///
    /// # Errors
    /// [`ModelError::Setting`] for a pattern that fits no learned tensor, and for patterns that fit all.
    pub(crate) fn frozen(&self, mut graph: Graph) -> Result<Graph, ModelError> {
        let refuse = |path: String, rule| Err(ModelError::Setting { path, rule });
        for (i, pattern) in self.freeze().iter().enumerate() {
            if graph.freeze(pattern) == 0 {
                let rule = format!(
                    "must fit the name of a learned tensor, got `{pattern}`; there are {}",
                    names(&graph)
                );
                return refuse(format!("models.freeze[{i}]"), rule);
            }
        }
        let learns = graph.params().iter().any(|(_, param)| param.kind == ParamKind::Learned);
        match learns || self.freeze().is_empty() {
            true => Ok(graph),
            false => {
                let rule =
                    format!("must leave something to learn, got patterns that fit all of {}", names(&graph));
                refuse("models.freeze".to_owned(), rule)
            }
        }
    }
}

/// The learned tensors, those that are frozen among them.
pub(crate) fn names(graph: &Graph) -> String {
    let learned = graph.params().into_iter().filter(|(_, param)| param.kind != ParamKind::Running);
    learned.map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::{Batch, Graph, Loss, Network, Part, State, Tensor, Update};

    use crate::testing::{ADAM, batch, cases, updates, weights};
    use crate::{CpuRunner, Head, ModelConfig, ModelError, Runner, RunnerConfig, summary};

    fn graph(freeze: &str) -> Result<Graph, ModelError> {
        let text =
            format!(r#"{{ "layers": [{{ "dense": {{ "units": 5 }} }}, "relu"], "freeze": {freeze} }}"#);
        let config: ModelConfig = serde_json::from_str(&text).unwrap();
        config.check()?.graph_for(&[4], Head::Numbers(3))
    }

    #[test]
    fn the_summary_counts_what_is_frozen() {
        let text = summary(&graph(r#"["dense*"]"#).unwrap());
        assert!(text.contains("parameters: 43 (172 bytes as f32)\nfrozen: 25 of them\n"), "{text}");
        assert!(!summary(&graph("[]").unwrap()).contains("frozen"));
    }

    #[test]
    fn patterns_fit_something_and_not_everything() {
        let refused = |freeze: &str| {
            let error = graph(freeze).unwrap_err();
            (error.path().unwrap(), error.to_string())
        };
        assert_eq!(
            refused(r#"["dense1.bias", "dens"]"#),
            (
                "models.freeze[1]".to_owned(),
                "`models.freeze[1]` must fit the name of a learned tensor, got `dens`; there are `dense1.weight`, `dense1.bias`, \
                 `head.weight`, `head.bias`"
                    .to_owned()
            )
        );
        assert_eq!(
            refused(r#"["head*", "dense*"]"#),
            (
                "models.freeze".to_owned(),
                "`models.freeze` must leave something to learn, got patterns that fit all of `dense1.weight`, `dense1.bias`, \
                 `head.weight`, `head.bias`"
                    .to_owned()
            )
        );
    }

    /// Every layer's network with half of its tensors frozen, in turn one and the other half.
    fn halves() -> Vec<(String, Graph)> {
        let half = |(name, graph): (&str, Graph), odd: usize| {
            let mut frozen = graph.clone();
            for (i, (tensor, _)) in graph.params().into_iter().enumerate() {
                if i % 2 == odd {
                    frozen.freeze(&tensor);
                }
            }
            (format!("{name}, half {odd}"), frozen)
        };
        cases()
            .into_iter()
            .flat_map(|(name, graph)| [0, 1].map(|odd| half((name, graph.clone()), odd)))
            .collect()
    }

    fn is_frozen(graph: &Graph, name: &str) -> bool {
        graph
            .params()
            .iter()
            .any(|(known, param)| known == name && param.kind == baeum_core::ParamKind::Frozen)
    }

    /// Two steps.
    fn learn(net: &mut dyn Network, batch: &Batch, update: &Update) -> State {
        for _ in 0..2 {
            net.loss_and_grad(batch, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap();
            net.update(update).unwrap();
        }
        net.state().unwrap()
    }

    #[test]
    fn a_half_frozen_network_goes_on_where_it_stood() {
        for (name, graph) in halves() {
            let (start, batch) = (weights(&graph), batch(&graph, 4));
            let new = || CpuRunner::new(&graph, &start, RunnerConfig::default()).unwrap();
            let (mut net, mut again) = (new(), new());
            again.load(&learn(&mut net, &batch, &ADAM)).unwrap();
            assert_eq!(learn(&mut net, &batch, &ADAM), learn(&mut again, &batch, &ADAM), "{name}");
        }
    }

    #[test]
    fn frozen_tensors_stay_and_both_runners_agree_on_the_others() {
        for (name, graph) in halves() {
            let (start, batch) = (weights(&graph), batch(&graph, 4));
            // Adam would blow up what rounding leaves of a gradient of zero.
            let sgd = updates()[1];
            let cpu =
                learn(&mut CpuRunner::new(&graph, &start, RunnerConfig::default()).unwrap(), &batch, &sgd);
            let candle =
                learn(&mut Runner::new(&graph, &start, RunnerConfig::default()).unwrap(), &batch, &sgd);
            assert!(cpu.moments.keys().eq(candle.moments.keys()), "{name}");
            for (tensor, found) in &cpu.weights {
                if is_frozen(&graph, tensor) {
                    assert_eq!(
                        (found, &candle.weights[tensor]),
                        (&start[tensor], &start[tensor]),
                        "{name} {tensor}"
                    );
                    assert!(!cpu.moments.keys().any(|moment| moment.starts_with(tensor)), "{name} {tensor}");
                }
                near(found, &candle.weights[tensor], &format!("{name} {tensor}"));
            }
        }
    }

    /// Rounding of three steps of numbers around 1, as where both runners are compared on every layer.
    fn near(a: &Tensor, b: &Tensor, what: &str) {
        for (a, b) in a.f32s().unwrap().iter().zip(b.f32s().unwrap()) {
            assert!((a - b).abs() <= 1e-4 * (1.0 + b.abs()), "{what}: {a} and {b}");
        }
    }
}

//! Several outputs, each with a loss of its own.

use baeum_core::{HeadLoss, LossParts};

use super::*;

/// Three classes and two numbers, of one layer in front of both.
fn graph() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[5]), DType::F32).unwrap();
    let hidden = graph.add("hidden", Layer::Dense { units: 4, bias: true }, &[x]).unwrap();
    for (name, units) in [("kind", CLASSES), ("size", 2)] {
        let head = graph.add(name, Layer::Dense { units, bias: true }, &[hidden]).unwrap();
        graph.output(head);
    }
    graph
}

fn two() -> Batch {
    let mut batch = batch(&graph(), 6);
    let numbers: Vec<f32> = (0..12).map(|i| (i as f32 * 0.7).sin()).collect();
    batch.targets.push(Tensor::new([6, 2], numbers).unwrap());
    batch
}

fn heads(kind: f64, size: f64) -> Loss {
    Loss::Heads(vec![
        HeadLoss { loss: Loss::CROSS_ENTROPY, weight: kind },
        HeadLoss { loss: Loss::Mae, weight: size },
    ])
}

/// The same, where rows count by their classes, and how surely they are told.
fn weighted(weights: &[f32], smoothing: f64) -> Loss {
    let loss = Loss::CrossEntropy { weights: weights.to_vec(), smoothing, gamma: 0.0 };
    Loss::Heads(vec![HeadLoss { loss, weight: 1.5 }, HeadLoss { loss: Loss::Mae, weight: 0.25 }])
}

/// Loss and gradients of a batch that comes in parts.
fn found(build: Build, loss: &Loss, cuts: &[usize]) -> (LossParts, State) {
    let mut net = build(&graph());
    let parts = add_parts(&mut *net, &two(), loss, cuts);
    // A step of plain descent shows the gradients.
    net.update(&Update::of(baeum_core::Method::Sgd { momentum: 0.0, nesterov: false }, 1.0)).unwrap();
    (parts, net.state().unwrap())
}

fn near(a: &State, b: &State) {
    for (name, tensor) in &a.weights {
        let pairs = tensor.to_f64s().into_iter().zip(b.weights[name].to_f64s());
        // Sums of a dozen numbers near 1 in another order.
        pairs.into_iter().for_each(|(a, b)| assert!((a - b).abs() < 1e-6, "{name}: {a} {b}"));
    }
}

#[test]
fn means_add_up_by_their_weights() {
    let means = BOTH.map(|build| {
        let mean = |kind, size| found(build, &heads(kind, size), &[0, 6]).0.mean();
        let (kind, size) = (mean(1.0, 0.0), mean(0.0, 1.0));
        assert!((mean(2.0, 0.25) - (2.0 * kind + 0.25 * size)).abs() < 1e-6);
        [kind, size]
    });
    assert!(
        (means[0][0] - means[1][0]).abs() < 1e-6 && (means[0][1] - means[1][1]).abs() < 1e-6,
        "{means:?}"
    );
}

#[test]
fn parts_of_a_batch_add_up_whatever_the_heads() {
    let whole = BOTH.map(|build| found(build, &heads(1.5, 0.25), &[0, 6]));
    near(&whole[0].1, &whole[1].1);
    for build in BOTH {
        add_up(build, &heads(1.5, 0.25));
    }
}

/// The mean of a head whose rows count by their classes is that of all rows, and not of those of a part.
#[test]
fn parts_of_a_batch_add_up_where_classes_count() {
    let mut losses = vec![];
    for build in BOTH {
        losses.push(add_up(build, &weighted(&[0.5, 4.0, 1.25], 0.0)));
        add_up(build, &weighted(&[0.5, 4.0, 1.25], 0.2));
        add_up(build, &weighted(&[0.0, 4.0, 0.0], 0.0)); // a part of which no row counts
        let plain = found(build, &heads(1.5, 0.25), &[0, 6]).0.mean();
        assert!((losses[losses.len() - 1] - plain).abs() > 1e-3, "weights count");
    }
    assert!((losses[0] - losses[1]).abs() < 1e-6, "{losses:?}");
}

/// The mean loss of the whole, which is that of its parts; gradients likewise.
#[track_caller]
fn add_up(build: Build, loss: &Loss) -> f64 {
    let (whole, state) = found(build, loss, &[0, 6]);
    for cuts in [&[0, 1, 4, 6][..], &[0, 2, 4, 6], &[0, 1, 2, 3, 4, 5, 6]] {
        let (parts, cut) = found(build, loss, cuts);
        assert_eq!((parts.weight, whole.weight), (6.0, 6.0), "each row counts once, whatever a head is");
        assert!((parts.mean() - whole.mean()).abs() < 1e-6, "{parts:?} {whole:?}");
        near(&cut, &state);
    }
    whole.mean()
}

#[test]
fn other_heads_than_outputs_are_refused() {
    let one = Loss::Heads(vec![HeadLoss { loss: Loss::CROSS_ENTROPY, weight: 1.0 }]);
    let nested = HeadLoss { loss: heads(1.0, 1.0), weight: 1.0 };
    for build in BOTH {
        let said =
            |loss: &Loss| build(&graph()).loss_and_grad(&two(), loss, Part::WHOLE).unwrap_err().to_string();
        assert_eq!(said(&one), "the loss wants one head for each output of the network, got 1");
        let inside = Loss::Heads(vec![nested.clone(), nested.clone()]);
        assert_eq!(said(&inside), "the loss wants one head for each output of the network, got 2");
    }
}

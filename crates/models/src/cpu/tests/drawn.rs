//! Both runners over graphs drawn by lot.

use super::*;

/// A graph drawn by lot: up to eight layers over an image or a row, with branches that come together again.
pub(super) fn drawn(seed: u64) -> Graph {
    let stream = Rng::new(seed).stream("graph", "");
    let mut drawn = 0;
    let mut draw = |below: usize| {
        drawn += 1;
        stream.below(below as u32, baeum_core::Counter::once().at(drawn)) as usize
    };
    let mut graph = Graph::default();
    let item = [[1, 3, 5, 17][draw(4)], 1 + draw(9), 1 + draw(9)];
    let mut nodes = vec![graph.input("x", Shape::batch(&item), DType::F32).unwrap()];
    for i in 0..1 + draw(8) {
        let x = nodes[nodes.len() - 1 - draw(nodes.len().min(2))];
        let sizes = graph[x].shape.item().unwrap();
        let side = |draw: &mut dyn FnMut(usize) -> usize| Size2 {
            height: 1 + draw(sizes[1].min(3)),
            width: 1 + draw(sizes[2].min(3)),
        };
        let kernel = side(&mut draw);
        let stride = Size2 { height: 1 + draw(2), width: 1 + draw(2) };
        let padding = Size2 { height: kernel.height / 2, width: kernel.width / 2 };
        let one = Size2::square(1);
        let looks = graph.nodes().iter().any(|node| matches!(node.layer, Layer::MultiHeadAttention { .. }));
        let (layer, inputs): (Layer, Vec<NodeId>) = match draw(25) {
            0 | 1 => {
                let (filters, groups) = (sizes[0] * (1 + draw(2)), if draw(3) == 0 { sizes[0] } else { 1 });
                let bias = draw(2) == 0;
                (Layer::Conv2d { filters, kernel, stride, padding, dilation: one, groups, bias }, vec![x])
            }
            2 => {
                let ceil_mode = draw(2) == 0;
                (Layer::MaxPool2d { kernel, stride: Some(stride), padding, ceil_mode }, vec![x])
            }
            3 => {
                let ceil_mode = draw(2) == 0;
                (Layer::AvgPool2d { kernel, stride: Some(stride), padding, ceil_mode }, vec![x])
            }
            4 => (Layer::BatchNorm { eps: 1e-3, momentum: 0.1, axis: ChannelAxis::Second }, vec![x]),
            // Over one number a norm forgets what it reads, and those behind it blow up what rounding left.
            5 if sizes[2] > 1 => (Layer::LayerNorm { eps: 1e-3 }, vec![x]),
            6 | 7 => (Layer::Relu, vec![x]),
            8 => (Layer::Gelu { approximate: Approximate::None }, vec![x]),
            9 => (Layer::Tanh, vec![x]),
            10 => (Layer::Dropout { p: 0.3 }, vec![x]),
            11 => (Layer::Sigmoid, vec![x]),
            12 => (Layer::PositionEmbedding { length: sizes[1] + draw(2) }, vec![x]),
            14 => (Layer::Silu, vec![x]),
            20 => (Layer::LeakyRelu { slope: 0.1 }, vec![x]),
            21 => (Layer::Elu { alpha: 1.0 }, vec![x]),
            22 => (Layer::Softplus, vec![x]),
            23 => (Layer::Mish, vec![x]),
            24 => (Layer::HardTanh { low: -1.0, high: 1.0 }, vec![x]),
            15 if sizes[2] > 1 => (Layer::RmsNorm { eps: 1e-3 }, vec![x]),
            16 if sizes.iter().product::<usize>() > 1 => (Layer::GroupNorm { groups: 1, eps: 1e-3 }, vec![x]),
            17 => (Layer::SinusoidalPositions, vec![x]),
            18 => (Layer::Transpose, vec![x]),
            // One behind another blows rounding up.
            13 if !looks => (attention(1, draw(2) == 0), vec![x]),
            _ => {
                let same = nodes.iter().copied().filter(|id| graph[*id].shape == graph[x].shape);
                (Layer::Add, same.chain([x]).collect())
            }
        };
        nodes.push(graph.add(&format!("l{i}"), layer, &inputs).unwrap());
    }
    let last = *nodes.last().unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[last]).unwrap();
    with_head(graph, rows)
}

#[test]
fn both_runners_agree_on_graphs_drawn_by_lot() {
    for seed in 0..256 {
        let graph = drawn(seed);
        // Numbers as targets: the gradient of a loss of labels that is almost zero is rounding alone.
        let batch = with_numbers(batch(&graph, 2 + seed as usize % 4));
        let text = || serde_json::to_string(&graph).unwrap();
        let outcome = std::panic::catch_unwind(|| check("drawn", &graph, &batch, &Loss::Mse));
        assert!(outcome.is_ok(), "seed {seed}: {}", text());
    }
}

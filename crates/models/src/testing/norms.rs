//! Networks with each norm in them, and with what undoes one.
use baeum_core::{ChannelAxis, DType, Graph, Layer, Shape};

use super::{chain, conv, conv1d, line, with_head};

/// Norms of rows, of sequences and of images.
pub(super) fn cases() -> Vec<(&'static str, Graph)> {
    let dense = || Layer::Dense { units: 4, bias: true };
    let behind_dense = |layer: Layer| chain(&[5], DType::F32, vec![dense(), layer]);
    let point = |filters| conv(filters, [1, 1], [1, 1], [0, 0], 1);
    let behind_conv = |layers: Vec<Layer>| chain(&[2, 5, 4], DType::F32, layers);
    let image = |layer: Layer| behind_conv(vec![point(2), layer, Layer::Flatten { axis: 1 }]);
    vec![
        (
            "batch_norm over time",
            line(Layer::BatchNorm { eps: 1e-3, momentum: 0.3, axis: ChannelAxis::Second }),
        ),
        (
            "batch_norm",
            behind_dense(Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second }),
        ),
        (
            "batch_norm of images",
            image(Layer::BatchNorm { eps: 1e-3, momentum: 0.3, axis: ChannelAxis::Second }),
        ),
        ("batch_norm of channels last", of_last_axis(&[5, 3])),
        ("batch_norm of images, channels last", of_last_axis(&[2, 5, 3])),
        ("layer_norm", behind_dense(Layer::LayerNorm { eps: 1e-5 })),
        ("layer_norm of images", image(Layer::LayerNorm { eps: 1e-3 })),
        ("rms_norm", behind_dense(Layer::RmsNorm { eps: 1e-5 })),
        ("rms_norm of images", image(Layer::RmsNorm { eps: 1e-3 })),
        ("group_norm", behind_dense(Layer::GroupNorm { groups: 2, eps: 1e-3 })),
        (
            "group_norm of images",
            behind_conv(vec![
                point(4),
                Layer::GroupNorm { groups: 2, eps: 1e-5 },
                Layer::Flatten { axis: 1 },
            ]),
        ),
        ("instance_norm", line(Layer::InstanceNorm { eps: 1e-3 })),
        ("instance_norm of images", image(Layer::InstanceNorm { eps: 1e-3 })),
        ("instance_restore", restored()),
    ]
}

/// Channels that stand last.
fn of_last_axis(item: &[usize]) -> Graph {
    let norm = Layer::BatchNorm { eps: 1e-3, momentum: 0.3, axis: ChannelAxis::Last };
    let dense = Layer::Dense { units: 4, bias: true };
    chain(item, DType::F32, vec![dense, norm, Layer::Relu, Layer::Flatten { axis: 1 }])
}

/// Four channels of seven steps, and what is told of each and restored by them; both have parameters in front.
fn restored() -> Graph {
    let mut graph = Graph::default();
    let x = graph.input("x", Shape::batch(&[3, 7]), DType::F32).unwrap();
    let window = graph.add("window", conv1d(4, 1, 1, 0, 1), &[x]).unwrap();
    let normal = graph.add("normal", Layer::InstanceNorm { eps: 1e-3 }, &[window]).unwrap();
    let told = graph.add("told", Layer::Dense { units: 3, bias: true }, &[normal]).unwrap();
    let y = graph.add("y", Layer::InstanceRestore { eps: 1e-3 }, &[told, window]).unwrap();
    let rows = graph.add("rows", Layer::Flatten { axis: 1 }, &[y]).unwrap();
    with_head(graph, rows)
}

//! Networks written out from a few numbers. A block is a function that adds layers.
use baeum_core::{Approximate, Layer, Size2};

use crate::{Activation, Cnn, Mlp, ModelError};

pub(crate) fn check_mlp(mlp: &Mlp) -> Result<Mlp, ModelError> {
    sizes("models.mlp.hidden", &mlp.hidden)?;
    probability("models.mlp.dropout", mlp.dropout)?;
    Ok(mlp.clone())
}

pub(crate) fn check_cnn(cnn: &Cnn) -> Result<Cnn, ModelError> {
    if cnn.filters.is_empty() {
        return Err(refuse("models.cnn.filters", "wants one or more sizes, got none".to_owned()));
    }
    sizes("models.cnn.filters", &cnn.filters)?;
    sizes("models.cnn.dense", &cnn.dense)?;
    // An even kernel has no middle, so that no padding would keep the size of the image.
    if cnn.kernel.is_multiple_of(2) || cnn.kernel > 1 << 16 {
        let rule = format!("must be an odd number up to 65535, got {}", cnn.kernel);
        return Err(refuse("models.cnn.kernel", rule));
    }
    probability("models.cnn.dropout", cnn.dropout)?;
    Ok(cnn.clone())
}

/// The hidden layers for items of these sizes.
pub(crate) fn mlp(mlp: &Mlp, item: &[usize]) -> Vec<Layer> {
    let mut layers = if item.len() > 1 { vec![Layer::Flatten { axis: 1 }] } else { vec![] };
    for &units in &mlp.hidden {
        // Batch norm takes a bias away again and has one of its own.
        layers.push(Layer::Dense { units, bias: !mlp.batch_norm });
        layers.extend(normalise(mlp.batch_norm));
        layers.push(activation(mlp.activation));
        layers.extend(drop(mlp.dropout));
    }
    layers
}

/// The blocks and dense layers for items of these sizes.
pub(crate) fn cnn(cnn: &Cnn, item: &[usize]) -> Vec<Layer> {
    let mut side = item.iter().skip(1).copied().min().unwrap_or(0);
    let mut layers = vec![];
    for &filters in &cnn.filters {
        layers.push(same_convolution(filters, cnn.kernel, !cnn.batch_norm));
        layers.extend(normalise(cnn.batch_norm));
        layers.push(Layer::Relu);
        if side >= 2 {
            layers.push(Layer::MaxPool2d {
                kernel: Size2::square(2),
                stride: None,
                padding: Size2::square(0),
            });
            side /= 2;
        }
    }
    layers.push(if cnn.dense.is_empty() { Layer::GlobalAvgPool } else { Layer::Flatten { axis: 1 } });
    for &units in &cnn.dense {
        layers.extend([Layer::Dense { units, bias: true }, Layer::Relu]);
        layers.extend(drop(cnn.dropout));
    }
    layers
}

/// A convolution that keeps the size of the image.
fn same_convolution(filters: usize, kernel: usize, bias: bool) -> Layer {
    let [one, padding] = [1, kernel / 2].map(Size2::square);
    Layer::Conv2d {
        filters,
        kernel: Size2::square(kernel),
        stride: one,
        padding,
        dilation: one,
        groups: 1,
        bias,
    }
}

fn normalise(wanted: bool) -> Option<Layer> {
    wanted.then_some(Layer::BatchNorm { eps: 1e-5, momentum: 0.1 })
}

fn drop(p: f64) -> Option<Layer> {
    (p > 0.0).then_some(Layer::Dropout { p })
}

fn activation(activation: Activation) -> Layer {
    match activation {
        Activation::Relu => Layer::Relu,
        Activation::Gelu => Layer::Gelu { approximate: Approximate::None },
        Activation::Tanh => Layer::Tanh,
        Activation::Sigmoid => Layer::Sigmoid,
    }
}

fn sizes(path: &str, sizes: &[usize]) -> Result<(), ModelError> {
    const MOST: usize = 1 << 31;
    match sizes.iter().enumerate().find(|(_, size)| !(1..=MOST).contains(*size)) {
        None => Ok(()),
        Some((i, size)) => {
            Err(refuse(&format!("{path}[{i}]"), format!("must be from 1 to {MOST}, got {size}")))
        }
    }
}

fn probability(path: &str, p: f64) -> Result<(), ModelError> {
    match (0.0..=1.0).contains(&p) {
        true => Ok(()),
        false => Err(refuse(path, format!("must be from 0 to 1, got {p}"))),
    }
}

fn refuse(path: &str, rule: String) -> ModelError {
    ModelError::Setting { path: path.to_owned(), rule }
}

use baeum_core::{ChannelAxis, Interpolation, Layer, MeanOf, Positions, Transform};

use crate::format::Say;

fn word(word: &'static str) -> Say {
    Say::Word(word.into())
}

/// What a layer becomes in an ONNX graph.
pub(crate) fn layer(layer: &Layer) -> Say {
    match layer {
        Layer::Input { .. } => word("graph input"),
        Layer::Dense { .. } => word("Gemm, or MatMul and Add"),
        Layer::Unembedding { .. } => word("Transpose, MatMul"),
        Layer::GroupedDense { .. } => word("Slice, MatMul, Concat, Reshape, Add"),
        Layer::Scale { bias: None, .. } | Layer::Multiply => word("Mul"),
        Layer::Scale { bias: Some(_), .. } => word("Mul, Add"),
        Layer::Ensemble { .. } => word("Reshape, Expand"),
        Layer::Conv1d { .. } | Layer::Conv2d { .. } => word("Conv"),
        Layer::ConvTranspose2d { .. } => word("ConvTranspose"),
        Layer::MaxPool1d { .. } | Layer::MaxPool2d { .. } => word("MaxPool"),
        Layer::AvgPool1d { ceil_mode: false, .. } | Layer::AvgPool2d { ceil_mode: false, .. } => {
            word("AveragePool")
        }
        Layer::AvgPool1d { ceil_mode: true, .. } | Layer::AvgPool2d { ceil_mode: true, .. } => {
            word("AveragePool, behind Pad where the last window wants it")
        }
        Layer::Pad1d { .. } => word("Pad"),
        Layer::Upsample { mode: Interpolation::Nearest, .. } => word("Reshape, Expand, Reshape"),
        Layer::Upsample { mode: Interpolation::Bilinear, .. } => word("MatMul, MatMul"),
        Layer::AdaptiveAvgPool2d { .. } => word("MatMul, MatMul"),
        Layer::AdaptiveMaxPool2d { .. } => word("Slice, MaxPool, Concat along each side"),
        Layer::GlobalAvgPool => word("GlobalAveragePool, Flatten"),
        Layer::BatchNorm { axis: ChannelAxis::Second, .. } => word("BatchNormalization"),
        Layer::BatchNorm { axis: ChannelAxis::Last, .. } => word("BatchNormalization between Transpose"),
        Layer::LayerNorm { .. } => word("LayerNormalization"),
        Layer::RmsNorm { .. } => word("Mul, ReduceSum, Sqrt, Div, Mul"),
        Layer::GroupNorm { .. } => word("InstanceNormalization between Reshape and Mul, Add"),
        Layer::InstanceNorm { .. } => word("InstanceNormalization"),
        Layer::InstanceRestore { .. } => word("ReduceSum, Mul, Sub, Sqrt, Add"),
        Layer::Relu => word("Relu"),
        Layer::Gelu { .. } => word("Erf or Tanh, Mul, Add"),
        Layer::Tanh => word("Tanh"),
        Layer::Sigmoid => word("Sigmoid"),
        Layer::Silu => word("Sigmoid, Mul"),
        Layer::LeakyRelu { .. } => word("LeakyRelu"),
        Layer::Elu { .. } => word("Elu"),
        Layer::Softplus => word("Softplus"),
        Layer::Mish => word("Softplus, Tanh, Mul"),
        Layer::HardTanh { .. } => word("Clip"),
        Layer::Dropout { .. } => word("nothing: it acts in training alone"),
        Layer::Flatten { .. } => word("Flatten, or Reshape"),
        Layer::Embedding { .. } | Layer::Patches { .. } => word("Gather"),
        Layer::NgramEmbedding { .. } => word("Pad, Slice, Mul, Add, Mod, Gather"),
        Layer::PositionEmbedding { .. } | Layer::SinusoidalPositions => word("Add"),
        Layer::MultiHeadAttention { positions: Positions::Rotary, .. } => {
            word("Gather, Mul, Add, MatMul, Softmax, MatMul between MatMul and Add")
        }
        Layer::MultiHeadAttention { positions: Positions::None, .. } => {
            word("Gather, MatMul, Softmax, MatMul between MatMul and Add")
        }
        Layer::Lstm { .. } => word("LSTM between Transpose and Reshape"),
        Layer::Gru { .. } => word("GRU between Transpose and Reshape"),
        Layer::MeanOverTime | Layer::MemberMean { of: MeanOf::Scores } => word("ReduceSum, Mul"),
        Layer::MemberMean { of: MeanOf::Softmax } => word("Softmax, ReduceSum, Mul, Log"),
        Layer::MemberMean { of: MeanOf::Sigmoid } => word("Sigmoid, Neg, ReduceSum, Mul, Log, Sub"),
        Layer::MaxOverTime => word("Reshape, MaxPool, Flatten"),
        Layer::Lengths { .. } => word("Equal, Not, Mul, Add, ArgMax, Add"),
        Layer::Transpose => word("Transpose"),
        Layer::Add => word("Add"),
        Layer::Subtract => word("Sub"),
        Layer::Concat { .. } => word("Concat"),
    }
}

/// What a step of preprocessing becomes in an ONNX graph.
pub(crate) fn transform(transform: &Transform) -> Say {
    match transform {
        Transform::Denoise { .. } => {
            Say::Cannot("no operator filters an image as it was filtered for training")
        }
        Transform::Crop { .. } => Say::Cannot("no operator finds the middle of an image of any size"),
        Transform::Resize { .. } => word("Cast, Transpose, Resize"),
        Transform::Scale { .. } => word("Mul, Add"),
        Transform::Standardise { .. } => word("Sub, Div"),
        Transform::Log1p {} => word("Add, Log"),
        Transform::Clip { .. } => word("Less and Greater, Where"),
        Transform::Quantile { .. } => word("GreaterOrEqual, ReduceSum, Gather, Where, and a polynomial"),
        Transform::Impute { .. } => word("IsNaN, Where"),
        Transform::IsMissing {} => word("IsNaN, Cast"),
        Transform::Bins { .. } => word("GreaterOrEqual, ReduceSum"),
        Transform::PiecewiseLinear { .. } => word("Sub, Div, Where"),
        Transform::DateParts { .. } => {
            word("Floor, Greater, MatMul, Sin, Cos; the graph takes year, month, day, hour and minute")
        }
        Transform::Hash { .. } => Say::Cannot("no operator hashes text"),
        Transform::NormaliseText { .. } | Transform::Tokenise { .. } => {
            Say::Cannot("no operator cuts text; the graph takes the places of its pieces")
        }
        Transform::Category { .. } => word("ai.onnx.ml.LabelEncoder"),
        Transform::OneHot { .. } => word("OneHot, Flatten"),
        Transform::NormaliseWindow { .. } => word("Gather or MatMul, Sub, Div"),
        Transform::Difference { .. } => word("Slice, Sub"),
        Transform::StepsFirst { .. } => word("Transpose"),
    }
}

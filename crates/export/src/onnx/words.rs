use baeum_core::{Interpolation, Layer, MeanOf, Positions, Transform};

use crate::format::Say;

/// What a layer becomes in an ONNX graph.
pub(crate) fn layer(layer: &Layer) -> Say {
    match layer {
        Layer::Input { .. } => Say::Word("graph input"),
        Layer::Dense { .. } => Say::Word("Gemm, or MatMul and Add"),
        Layer::Unembedding { .. } => Say::Word("Transpose, MatMul"),
        Layer::GroupedDense { .. } => Say::Word("Slice, MatMul, Concat, Reshape, Add"),
        Layer::Scale { bias: None, .. } | Layer::Multiply => Say::Word("Mul"),
        Layer::Scale { bias: Some(_), .. } => Say::Word("Mul, Add"),
        Layer::Ensemble { .. } => Say::Word("Reshape, Expand"),
        Layer::Conv1d { .. } | Layer::Conv2d { .. } => Say::Word("Conv"),
        Layer::MaxPool1d { .. } | Layer::MaxPool2d { .. } => Say::Word("MaxPool"),
        Layer::AvgPool1d { .. } | Layer::AvgPool2d { .. } => Say::Word("AveragePool"),
        Layer::Pad1d { .. } => Say::Word("Pad"),
        Layer::Upsample { mode: Interpolation::Nearest, .. } => Say::Word("Reshape, Expand, Reshape"),
        Layer::Upsample { mode: Interpolation::Bilinear, .. } => Say::Word("MatMul, MatMul"),
        Layer::GlobalAvgPool => Say::Word("GlobalAveragePool, Flatten"),
        Layer::BatchNorm { .. } => Say::Word("BatchNormalization"),
        Layer::LayerNorm { .. } => Say::Word("LayerNormalization"),
        Layer::RmsNorm { .. } => Say::Word("Mul, ReduceSum, Sqrt, Div, Mul"),
        Layer::GroupNorm { .. } => Say::Word("InstanceNormalization between Reshape and Mul, Add"),
        Layer::InstanceNorm { .. } => Say::Word("InstanceNormalization"),
        Layer::Relu => Say::Word("Relu"),
        Layer::Gelu { .. } => Say::Word("Erf or Tanh, Mul, Add"),
        Layer::Tanh => Say::Word("Tanh"),
        Layer::Sigmoid => Say::Word("Sigmoid"),
        Layer::Silu => Say::Word("Sigmoid, Mul"),
        Layer::Dropout { .. } => Say::Word("nothing: it acts in training alone"),
        Layer::Flatten { .. } => Say::Word("Flatten, or Reshape"),
        Layer::Embedding { .. } | Layer::Patches { .. } => Say::Word("Gather"),
        Layer::PositionEmbedding { .. } | Layer::SinusoidalPositions => Say::Word("Add"),
        Layer::MultiHeadAttention { positions: Positions::Rotary, .. } => {
            Say::Word("Gather, Mul, Add, MatMul, Softmax, MatMul between MatMul and Add")
        }
        Layer::MultiHeadAttention { positions: Positions::None, .. } => {
            Say::Word("MatMul, Softmax, MatMul between MatMul and Add")
        }
        Layer::Lstm { .. } => Say::Word("LSTM between Transpose and Reshape"),
        Layer::Gru { .. } => Say::Word("GRU between Transpose and Reshape"),
        Layer::MeanOverTime | Layer::MemberMean { of: MeanOf::Scores } => Say::Word("ReduceSum, Mul"),
        Layer::MemberMean { of: MeanOf::Softmax } => Say::Word("Softmax, ReduceSum, Mul, Log"),
        Layer::MemberMean { of: MeanOf::Sigmoid } => Say::Word("Sigmoid, Neg, ReduceSum, Mul, Log, Sub"),
        Layer::MaxOverTime => Say::Word("Reshape, MaxPool, Flatten"),
        Layer::Lengths { .. } => Say::Word("Equal, Not, Mul, Add, ArgMax, Add"),
        Layer::Transpose => Say::Word("Transpose"),
        Layer::Add => Say::Word("Add"),
        Layer::Subtract => Say::Word("Sub"),
        Layer::Concat { .. } => Say::Word("Concat"),
    }
}

/// What a step of preprocessing becomes in an ONNX graph.
pub(crate) fn transform(transform: &Transform) -> Say {
    match transform {
        Transform::Denoise { .. } => {
            Say::Cannot("no operator filters an image as it was filtered for training")
        }
        Transform::Crop { .. } => Say::Cannot("no operator finds the middle of an image of any size"),
        Transform::Resize { .. } => Say::Word("Cast, Transpose, Resize"),
        Transform::Scale { .. } => Say::Word("Mul, Add"),
        Transform::Standardise { .. } => Say::Word("Sub, Div"),
        Transform::Log1p {} => Say::Word("Add, Log"),
        Transform::Clip { .. } => Say::Word("Less and Greater, Where"),
        Transform::Quantile { .. } => Say::Word("GreaterOrEqual, ReduceSum, Gather, Where, and a polynomial"),
        Transform::Impute { .. } => Say::Word("IsNaN, Where"),
        Transform::IsMissing {} => Say::Word("IsNaN, Cast"),
        Transform::Bins { .. } => Say::Word("GreaterOrEqual, ReduceSum"),
        Transform::PiecewiseLinear { .. } => Say::Word("Sub, Div, Where"),
        Transform::DateParts { .. } => {
            Say::Word("Floor, Greater, MatMul, Sin, Cos; the graph takes year, month, day, hour and minute")
        }
        Transform::Hash { .. } => Say::Cannot("no operator hashes text"),
        Transform::NormaliseText { .. } | Transform::Tokenise { .. } => {
            Say::Cannot("no operator cuts text; the graph takes the places of its pieces")
        }
        Transform::Category { .. } => Say::Word("ai.onnx.ml.LabelEncoder"),
        Transform::OneHot { .. } => Say::Word("OneHot, Flatten"),
        Transform::NormaliseWindow { .. } => Say::Word("Gather or MatMul, Sub, Div"),
        Transform::Difference { .. } => Say::Word("Slice, Sub"),
        Transform::StepsFirst { .. } => Say::Word("Transpose"),
    }
}

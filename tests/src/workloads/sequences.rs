use baeum::{Approximate, DType, Graph, Layer, Positions, Returns};

use super::chain::Chain;

/// A Transformer's body: its parts have the names of `Transformer` in `bench_models.py`.
struct Transformer {
    length: usize,
    layers: usize,
    heads: usize,
    width: usize,
    hidden: usize,
    causal: bool,
}

impl Transformer {
    /// Places, blocks and a last norm behind a chain that ends in `[.., length, width]`.
    fn add_to(&self, chain: &mut Chain) {
        chain.add("position", Layer::PositionEmbedding { length: self.length });
        for i in 1..=self.layers {
            self.block(chain, &format!("block{i}"));
        }
        chain.add("norm", norm());
    }

    /// Attention and two dense layers, each behind a norm and with a way around it (Radford et al. 2019).
    fn block(&self, chain: &mut Chain, name: &str) {
        let of = |part: &str| format!("{name}.{part}");
        let start = chain.last;
        chain.add(&of("norm1"), norm());
        let (heads, causal, positions) = (self.heads, self.causal, Positions::None);
        chain.add(
            &of("attention"),
            Layer::MultiHeadAttention { heads, kv_heads: None, causal, bias: true, positions },
        );
        let middle = chain.join(&of("add1"), &[chain.last, start]).last;
        chain.add(&of("norm2"), norm());
        chain.dense(&of("dense1"), self.hidden);
        chain.add(&of("gelu"), Layer::Gelu { approximate: Approximate::Tanh });
        chain.dense(&of("dense2"), self.width);
        chain.join(&of("add2"), &[chain.last, middle]);
    }
}

fn norm() -> Layer {
    Layer::LayerNorm { eps: 1e-5 }
}

/// A GPT over the 65 characters of Shakespeare: for each place what comes next.
pub(super) fn gpt(layers: usize, heads: usize, width: usize, length: usize) -> Graph {
    let mut chain = Chain::new(&[length], DType::I64); // [B, T]
    chain.add("embedding", Layer::Embedding { vocabulary: 65, units: width }); // [B, T, width]
    Transformer { length, layers, heads, width, hidden: 4 * width, causal: true }.add_to(&mut chain);
    chain.add("head", Layer::Dense { units: 65, bias: false }); // [B, T, 65]
    chain.graph()
}

/// A text of 128 words, told apart into four classes.
pub(super) fn encoder() -> Graph {
    let mut chain = Chain::new(&[128], DType::I64); // [B, 128]
    chain.add("embedding", Layer::Embedding { vocabulary: 8000, units: 128 }); // [B, 128, 128]
    let transformer =
        Transformer { length: 128, layers: 4, heads: 4, width: 128, hidden: 512, causal: false };
    transformer.add_to(&mut chain);
    chain.add("mean", Layer::MeanOverTime); // [B, 128]
    chain.dense("head", 4); // [B, 4]
    chain.graph()
}

/// From 336 steps of the past to 96 of the future, each of seven channels cut into 41 patches (Nie et al. 2023, PatchTST).
pub(super) fn patches() -> Graph {
    let mut chain = Chain::new(&[7, 336], DType::F32); // [B, 7, 336]
    chain.add("patches", Layer::Patches { size: 16, stride: Some(8) }); // [B, 7, 41, 16]
    chain.dense("dense1", 128); // [B, 7, 41, 128]
    let transformer =
        Transformer { length: 41, layers: 3, heads: 16, width: 128, hidden: 256, causal: false };
    transformer.add_to(&mut chain);
    chain.add("flatten", Layer::Flatten { axis: 2 }); // [B, 7, 5248]
    chain.dense("head", 96); // [B, 7, 96]
    chain.graph()
}

/// 96 steps of 32 numbers, told apart into five classes by the last state.
pub(super) fn lstm() -> Graph {
    let mut chain = Chain::new(&[96, 32], DType::F32); // [B, 96, 32]
    let lstm = Layer::Lstm { units: 128, bidirectional: false, returns: Returns::Last, layers: 1 };
    chain.add("lstm", lstm); // [B, 128]
    chain.dense("head", 5); // [B, 5]
    chain.graph()
}

/// The same in both directions, over sequences of different lengths.
pub(super) fn gru() -> Graph {
    let mut chain = Chain::new(&[96, 32], DType::F32); // [B, 96, 32]
    let lengths = chain.input("lengths", &[], DType::I64); // [B]
    let gru = Layer::Gru { units: 128, bidirectional: true, returns: Returns::Last, layers: 1 };
    chain.add_beside("gru", gru, lengths); // [B, 256]
    chain.dense("head", 5); // [B, 5]
    chain.graph()
}

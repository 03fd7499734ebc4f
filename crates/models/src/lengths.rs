//! Which layers are told how many pieces of a text count, so that padding is seen by none of them.

use baeum_core::{DType, End, Graph, GraphError, InputSpec, Layer, NodeId, Returns, Transform};

use crate::inputs::Entry;
use crate::plan::{self, Step};

/// What is known of a text's places while its network is wired.
pub(crate) struct Lengths {
    text: NodeId,
    /// The name of the node that counts.
    name: String,
    /// What the text is filled up with behind; none if nothing shows where it ends.
    padding: Option<u32>,
    /// The node that counts, from the first layer on that is told.
    counted: Option<NodeId>,
    /// On which axis of each input and of each layer the places of the text stand; none where they were made into others.
    axes: Vec<Option<usize>>,
}

/// What fills up behind a text that an input is made of, and of nothing else.
pub(crate) fn padding(input: &InputSpec) -> Option<u32> {
    let [column] = &input.columns[..] else { return None };
    let Some(Transform::Tokenise { padding, fill: End::End, .. }) = column.steps.last() else { return None };
    Some(*padding)
}

impl Lengths {
    /// `place`: that of the text among so many inputs.
    pub(crate) fn of(text: NodeId, entry: &Entry<'_>, (place, inputs): (usize, usize)) -> Lengths {
        let axes = (0..inputs).map(|input| (input == place).then_some(1)).collect();
        Lengths { text, name: plan::lengths(entry.name), padding: entry.padding, counted: None, axes }
    }

    /// What counts the places that a layer reads, of all texts that come in.
    pub(crate) fn beside_any(
        texts: &mut [Lengths],
        graph: &mut Graph,
        step: &Step,
    ) -> Result<Option<NodeId>, GraphError> {
        for text in texts {
            if let Some(counted) = text.beside(graph, step)? {
                return Ok(Some(counted));
            }
        }
        Ok(None)
    }

    /// What counts the places that a layer reads, if it can be told and the recipe says nothing itself.
    fn beside(&mut self, graph: &mut Graph, step: &Step) -> Result<Option<NodeId>, GraphError> {
        let ([read], Some(padding)) = (&step.inputs[..], self.padding) else { return Ok(None) };
        let is_told = step.layer.takes(0) == DType::F32 && step.layer.takes(1) == DType::I64;
        if !is_told || self.axis(*read) != Some(1) {
            return Ok(None);
        }
        if self.counted.is_none() {
            self.counted = Some(graph.add(&self.name, Layer::Lengths { padding }, &[self.text])?); // [B]
        }
        Ok(self.counted)
    }

    /// Notes where the places stand behind a layer.
    pub(crate) fn follow(&mut self, graph: &Graph, id: NodeId, step: &Step) {
        let mut read = step.inputs.iter().map(|&place| self.axis(place));
        let first = read.next().flatten();
        let alike = read.all(|axis| axis == first);
        let axis = first.and_then(|axis| behind(graph, id, axis, alike));
        self.axes.push(axis);
    }

    fn axis(&self, place: usize) -> Option<usize> {
        self.axes.get(place).copied().flatten()
    }
}

/// On which axis places stand behind a node that reads them on `axis`; `alike` if all that it reads has them there.
fn behind(graph: &Graph, id: NodeId, axis: usize, alike: bool) -> Option<usize> {
    let node = &graph[id];
    match &node.layer {
        Layer::LayerNorm { .. }
        | Layer::RmsNorm { .. }
        | Layer::BatchNorm { .. }
        | Layer::GroupNorm { .. }
        | Layer::InstanceNorm { .. }
        | Layer::Scale { .. }
        | Layer::Relu
        | Layer::Gelu { .. }
        | Layer::Tanh
        | Layer::Sigmoid
        | Layer::Silu
        | Layer::LeakyRelu { .. }
        | Layer::Elu { .. }
        | Layer::Softplus
        | Layer::Mish
        | Layer::HardTanh { .. }
        | Layer::Dropout { .. } => Some(axis),
        Layer::Embedding { .. }
        | Layer::NgramEmbedding { .. }
        | Layer::Dense { .. }
        | Layer::Unembedding { .. }
        | Layer::PositionEmbedding { .. }
        | Layer::SinusoidalPositions
        | Layer::MultiHeadAttention { .. }
        | Layer::Lstm { returns: Returns::Sequence, .. }
        | Layer::Gru { returns: Returns::Sequence, .. } => (axis == 1).then_some(axis),
        Layer::Transpose => Some(3 - axis),
        // A window that moves step by step stands where its middle stands, if the ends are filled up; where both are filled up
        // by all of it but one place, the first windows stand where they end, and what they see ends there.
        Layer::Conv1d { kernel, stride, padding, dilation, .. } => {
            let before = graph.input_shapes(node).first().and_then(|shape| shape.last());
            let ends = *stride == 1 && *padding == dilation * (kernel - 1);
            (axis == 2 && (ends || node.shape.last() == before)).then_some(axis)
        }
        Layer::Add | Layer::Subtract | Layer::Multiply => alike.then_some(axis),
        Layer::Concat { axis: along } => (alike && *along != axis).then_some(axis),
        Layer::Input { .. }
        | Layer::Lengths { .. }
        | Layer::Conv2d { .. }
        | Layer::MaxPool2d { .. }
        | Layer::AvgPool2d { .. }
        | Layer::MaxPool1d { .. }
        | Layer::AvgPool1d { .. }
        | Layer::Pad1d { .. }
        | Layer::ConvTranspose2d { .. }
        | Layer::Upsample { .. }
        | Layer::AdaptiveAvgPool2d { .. }
        | Layer::AdaptiveMaxPool2d { .. }
        | Layer::GlobalAvgPool
        | Layer::Flatten { .. }
        | Layer::Lstm { returns: Returns::Last, .. }
        | Layer::Gru { returns: Returns::Last, .. }
        | Layer::MeanOverTime
        | Layer::MaxOverTime
        | Layer::GroupedDense { .. }
        | Layer::Ensemble { .. }
        | Layer::MemberMean { .. }
        | Layer::InstanceRestore { .. }
        | Layer::Patches { .. } => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests;

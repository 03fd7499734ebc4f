use baeum::{ChannelAxis, DType, Graph, Layer, NodeId, Shape};

/// A graph that grows behind its last node.
pub(super) struct Chain {
    graph: Graph,
    pub(super) last: NodeId,
}

impl Chain {
    /// The input `x` alone.
    pub(super) fn new(item: &[usize], dtype: DType) -> Chain {
        let mut graph = Graph::default();
        let last = graph.input("x", Shape::batch(item), dtype).expect("the first name is free");
        Chain { graph, last }
    }

    pub(super) fn add(&mut self, name: &str, layer: Layer) -> &mut Chain {
        self.last = self.graph.add(name, layer, &[self.last]).expect("a workload is well shaped");
        self
    }

    pub(super) fn dense(&mut self, name: &str, units: usize) -> &mut Chain {
        self.add(name, Layer::Dense { units, bias: true })
    }

    /// Eps and momentum are PyTorch's defaults.
    pub(super) fn conv_norm(&mut self, conv_name: &str, norm_name: &str, conv: Layer) -> &mut Chain {
        self.add(conv_name, conv)
            .add(norm_name, Layer::BatchNorm { eps: 1e-5, momentum: 0.1, axis: ChannelAxis::Second })
    }

    /// Another place where a batch enters; the chain goes on behind its last node.
    pub(super) fn input(&mut self, name: &str, item: &[usize], dtype: DType) -> NodeId {
        self.graph.input(name, Shape::batch(item), dtype).expect("the name is free")
    }

    /// A layer that reads another node beside the last one.
    pub(super) fn add_beside(&mut self, name: &str, layer: Layer, beside: NodeId) -> &mut Chain {
        self.last = self.graph.add(name, layer, &[self.last, beside]).expect("a workload is well shaped");
        self
    }

    pub(super) fn join(&mut self, name: &str, ends: &[NodeId]) -> &mut Chain {
        self.last = self.graph.add(name, Layer::Add, ends).expect("a workload is well shaped");
        self
    }

    /// The graph; its last node answers.
    pub(super) fn graph(mut self) -> Graph {
        self.graph.output(self.last);
        self.graph
    }
}

//! rten, the engine that runs what is not ours: graphs in, values in, values out.
use baeum_core::{Data, Tensor};
use rten::{Model, NodeId, RunOptions, Value};

use crate::error::VerifyError;
use crate::onnx::{Array, Graph, Model as Written, Port, bytes};

/// The engine's name and version, for manifests.
pub(super) const NAME: &str = "rten 0.27";

/// A run of nodes, loaded.
pub(super) struct Part {
    /// The first node, for errors.
    first: String,
    model: Model,
    inputs: Vec<(NodeId, String)>,
    outputs: Vec<(NodeId, String)>,
}

impl Part {
    /// Loads a part of a graph; its inputs and outputs need no types.
    pub(super) fn load(graph: Graph, opset: i64) -> Result<Part, VerifyError> {
        let first = graph.nodes.first().map(|node| node.name.clone()).unwrap_or_default();
        let names = |ports: &[Port]| ports.iter().map(|port| port.name.clone()).collect::<Vec<_>>();
        let (inputs, outputs) = (names(&graph.inputs), names(&graph.outputs));
        let opsets = vec![(String::new(), opset)];
        let whole = Written { ir_version: 8, opsets, graph, metadata: Default::default() };
        let model = Model::load(bytes(&whole)).map_err(failed(&first))?;
        let ids = |names: Vec<String>| -> Result<Vec<(NodeId, String)>, rten::RunError> {
            names.into_iter().map(|name| Ok((model.node_id(&name)?, name))).collect()
        };
        let (inputs, outputs) = (ids(inputs).map_err(failed(&first))?, ids(outputs).map_err(failed(&first))?);
        Ok(Part { first, model, inputs, outputs })
    }

    /// Its outputs by name, given all its inputs by name.
    pub(super) fn run<'a>(
        &self,
        given: impl Fn(&str) -> Result<&'a Array, VerifyError>,
    ) -> Result<Vec<(String, Array)>, VerifyError> {
        let value = |(id, name): &(NodeId, String)| Ok((*id, self.given(name, given(name)?)?.into()));
        let inputs = self.inputs.iter().map(value).collect::<Result<_, VerifyError>>()?;
        let wanted: Vec<NodeId> = self.outputs.iter().map(|(id, _)| *id).collect();
        let found = self.model.run(inputs, &wanted, None::<RunOptions>).map_err(failed(&self.first))?;
        let array =
            |((_, name), value): (&(NodeId, String), Value)| Ok((name.clone(), self.found(name, value)?));
        self.outputs.iter().zip(found).map(array).collect()
    }

    /// rten keeps whole numbers in 32 bits.
    fn given(&self, name: &str, array: &Array) -> Result<Value, VerifyError> {
        let refuse = |got: &str| VerifyError::Node {
            node: self.first.clone(),
            wanted: format!("f32, u8 or i64 within 32 bits in `{name}`"),
            got: got.to_owned(),
        };
        let Array::Numbers(tensor) = array else { return Err(refuse("texts")) };
        let shape = tensor.shape();
        match tensor.data() {
            Data::F32(numbers) => Value::from_shape(shape, numbers.clone()).map_err(failed(name)),
            Data::U8(numbers) => Value::from_shape(shape, numbers.clone()).map_err(failed(name)),
            Data::I64(numbers) => {
                let narrow =
                    numbers.iter().map(|&number| i32::try_from(number)).collect::<Result<Vec<i32>, _>>();
                Value::from_shape(shape, narrow.map_err(|_| refuse("a larger number"))?).map_err(failed(name))
            }
            Data::F64(_) => Err(refuse("f64")),
        }
    }

    fn found(&self, name: &str, value: Value) -> Result<Array, VerifyError> {
        let tensor = floats(&value).or_else(|| whole(&value)).or_else(|| pixels(&value));
        tensor.map(Array::Numbers).ok_or_else(|| VerifyError::Node {
            node: self.first.clone(),
            wanted: format!("numbers of at most {RANKS} axes in `{name}`"),
            got: format!("{:?}", value.dtype()),
        })
    }
}

/// The most axes that a value between two parts may have.
const RANKS: usize = 6;

/// Sizes and numbers of a value, if it has that type. rten gives them for a number of axes known when it is compiled.
macro_rules! unpack {
    ($value:expr, $type:ty, $($rank:literal)*) => {{
        let mut found = None;
        $(
            found = found.or_else(|| {
                let (shape, numbers) = $value.clone().into_shape_vec::<$type, $rank>().ok()?;
                Some((shape.to_vec(), numbers))
            });
        )*
        found
    }};
}

fn floats(value: &Value) -> Option<Tensor> {
    let (shape, numbers) = unpack!(value, f32, 0 1 2 3 4 5 6)?;
    Tensor::new(shape, numbers).ok()
}

fn whole(value: &Value) -> Option<Tensor> {
    let (shape, numbers) = unpack!(value, i32, 0 1 2 3 4 5 6)?;
    Tensor::new(shape, numbers.into_iter().map(i64::from).collect::<Vec<i64>>()).ok()
}

fn pixels(value: &Value) -> Option<Tensor> {
    let (shape, numbers) = unpack!(value, u8, 0 1 2 3 4 5 6)?;
    Tensor::new(shape, numbers).ok()
}

fn failed<E: std::error::Error + Send + Sync + 'static>(node: &str) -> impl Fn(E) -> VerifyError {
    let node = node.to_owned();
    move |error| VerifyError::Engine { node: node.clone(), source: Box::new(error) }
}

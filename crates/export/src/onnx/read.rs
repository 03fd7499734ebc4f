use std::collections::BTreeMap;

use baeum_core::{DType, Limit, Limits, Stored, Tensor};

use super::field::{attribute, graph, kind, model, node, opset, port, property, tensor};
use super::model::{Array, Attribute, Axis, Element, Graph, Model, Node, Port};
use crate::error::ReadError;
use crate::wire::protobuf::{Field, Reader};

/// The model in the bytes of a file.
///
/// A field that we do not know is refused, for it may change what the file means: graphs within nodes, functions, and
/// numbers kept in other files are not read.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Model, ReadError> {
    let mut found =
        Model { ir_version: 0, opsets: vec![], graph: Graph::default(), metadata: BTreeMap::new() };
    for field in Reader::new("ONNX model", bytes, limits).fields() {
        let field = field?;
        match field.number {
            model::IR_VERSION => found.ir_version = field.int()?,
            model::PRODUCER_NAME | model::PRODUCER_VERSION => drop(field.text()?),
            model::GRAPH => read_graph(field.message("ONNX graph")?, limits, &mut found.graph)?,
            model::OPSET_IMPORT => found.opsets.push(read_opset(field.message("ONNX opset")?)?),
            model::METADATA_PROPS => {
                let (key, value) = read_property(field.message("ONNX property")?)?;
                refuse_twice("ONNX model", &key, found.metadata.insert(key.clone(), value))?;
            }
            _ => return Err(field.unknown()),
        }
    }
    Ok(found)
}

fn read_opset(message: Reader<'_>) -> Result<(String, i64), ReadError> {
    let (mut domain, mut version) = (String::new(), 0);
    for field in message.fields() {
        let field = field?;
        match field.number {
            opset::DOMAIN => domain = field.text()?.to_owned(),
            opset::VERSION => version = field.int()?,
            _ => return Err(field.unknown()),
        }
    }
    Ok((domain, version))
}

fn read_property(message: Reader<'_>) -> Result<(String, String), ReadError> {
    let (mut key, mut value) = (String::new(), String::new());
    for field in message.fields() {
        let field = field?;
        match field.number {
            property::KEY => key = field.text()?.to_owned(),
            property::VALUE => value = field.text()?.to_owned(),
            _ => return Err(field.unknown()),
        }
    }
    Ok((key, value))
}

/// Adds to `found`, because protocol buffers merge a message that comes in two parts.
fn read_graph(message: Reader<'_>, limits: &Limits, found: &mut Graph) -> Result<(), ReadError> {
    for field in message.fields() {
        let field = field?;
        match field.number {
            graph::NODE => {
                limits.admit(Limit::OnnxNodes, "the ONNX graph", found.nodes.len() as u64 + 1)?;
                found.nodes.push(read_node(field.message("ONNX node")?)?);
            }
            graph::NAME => drop(field.text()?),
            graph::INITIALIZER => {
                let (name, array) = read_constant(field.message("ONNX tensor")?)?;
                refuse_twice("ONNX graph", &name, found.initializers.insert(name.clone(), array))?;
            }
            graph::INPUT => found.inputs.push(read_port(field.message("ONNX value")?)?),
            graph::OUTPUT => found.outputs.push(read_port(field.message("ONNX value")?)?),
            _ => return Err(field.unknown()),
        }
    }
    Ok(())
}

fn read_node(message: Reader<'_>) -> Result<Node, ReadError> {
    let text = |field: &Field<'_>| field.text().map(str::to_owned);
    let mut found = Node::default();
    for field in message.fields() {
        let field = field?;
        match field.number {
            node::INPUT => found.inputs.push(text(&field)?),
            node::OUTPUT => found.outputs.push(text(&field)?),
            node::NAME => found.name = text(&field)?,
            node::OP_TYPE => found.operator = text(&field)?,
            node::DOMAIN => found.domain = text(&field)?,
            node::ATTRIBUTE => {
                let (name, value) = read_attribute(field.message("ONNX attribute")?)?;
                refuse_twice("ONNX node", &name, found.attributes.insert(name.clone(), value))?;
            }
            _ => return Err(field.unknown()),
        }
    }
    Ok(found)
}

fn read_attribute(message: Reader<'_>) -> Result<(String, Attribute), ReadError> {
    let (mut name, mut stated, mut float, mut int, mut text) = (String::new(), 0, 0.0, 0, String::new());
    let (mut ints, mut texts) = (vec![], vec![]);
    for field in message.fields() {
        let field = field?;
        match field.number {
            attribute::NAME => name = field.text()?.to_owned(),
            attribute::TYPE => stated = field.int()?,
            attribute::F => float = field.float()?,
            attribute::I => int = field.int()?,
            attribute::S => text = field.text()?.to_owned(),
            attribute::INTS => field.ints(&mut ints)?,
            attribute::STRINGS => texts.push(field.text()?.to_owned()),
            _ => return Err(field.unknown()),
        }
    }
    let value = match stated {
        kind::FLOAT => Attribute::Float(float),
        kind::INT => Attribute::Int(int),
        kind::STRING => Attribute::Text(text),
        kind::INTS => Attribute::Ints(ints),
        kind::STRINGS => Attribute::Texts(texts),
        other => {
            let wanted = "a number, a text, numbers or texts";
            return Err(ReadError::malformed(
                format!("ONNX attribute `{name}`"),
                wanted,
                format!("type {other}"),
            ));
        }
    };
    Ok((name, value))
}

fn read_constant(message: Reader<'_>) -> Result<(String, Array), ReadError> {
    let (mut name, mut code, mut sizes, mut raw, mut texts) = (String::new(), 0, vec![], &[][..], vec![]);
    for field in message.fields() {
        let field = field?;
        match field.number {
            tensor::NAME => name = field.text()?.to_owned(),
            tensor::DATA_TYPE => code = field.int()?,
            tensor::DIMS => field.ints(&mut sizes)?,
            tensor::RAW_DATA => raw = field.bytes()?,
            tensor::STRING_DATA => texts.push(field.text()?.to_owned()),
            _ => return Err(field.unknown()),
        }
    }
    let part = format!("ONNX tensor `{name}`");
    let shape = sizes.iter().map(|&size| usize::try_from(size).ok()).collect::<Option<Vec<usize>>>();
    let refuse = |got: String| ReadError::malformed(&part, "sizes that multiply to its elements", got);
    let shape = shape.ok_or_else(|| refuse(format!("{sizes:?}")))?;
    let array = match dtype(element(&part, code)?) {
        None => texts_of(shape, texts).map_err(refuse)?,
        Some(dtype) => {
            let whole = raw.len().is_multiple_of(dtype.bytes());
            let numbers = whole.then(|| Tensor::new(shape, Stored::As(dtype).read(raw)));
            Array::Numbers(
                numbers
                    .ok_or_else(|| refuse("a torn number".to_owned()))?
                    .map_err(|e| refuse(e.to_string()))?,
            )
        }
    };
    Ok((name, array))
}

fn texts_of(shape: Vec<usize>, texts: Vec<String>) -> Result<Array, String> {
    let wanted = shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    match wanted == Some(texts.len()) {
        true => Ok(Array::Texts { shape, texts }),
        false => Err(format!("{} texts for {shape:?}", texts.len())),
    }
}

fn read_port(message: Reader<'_>) -> Result<Port, ReadError> {
    let mut found = Port { name: String::new(), kind: None };
    for field in message.fields() {
        let field = field?;
        match field.number {
            port::NAME => found.name = field.text()?.to_owned(),
            port::TYPE => found.kind = Some(read_kind(field.message("ONNX type")?)?),
            _ => return Err(field.unknown()),
        }
    }
    Ok(found)
}

fn read_kind(message: Reader<'_>) -> Result<(Element, Vec<Axis>), ReadError> {
    let (mut code, mut axes) = (0, vec![]);
    for field in message.fields() {
        let field = field?;
        if field.number != port::TENSOR_TYPE {
            return Err(field.unknown());
        }
        for field in field.message("ONNX tensor type")?.fields() {
            let field = field?;
            match field.number {
                port::ELEM_TYPE => code = field.int()?,
                port::SHAPE => read_axes(field.message("ONNX shape")?, &mut axes)?,
                _ => return Err(field.unknown()),
            }
        }
    }
    Ok((element("ONNX tensor type", code)?, axes))
}

fn read_axes(message: Reader<'_>, axes: &mut Vec<Axis>) -> Result<(), ReadError> {
    for field in message.fields() {
        let field = field?;
        if field.number != port::DIM {
            return Err(field.unknown());
        }
        let mut axis = Axis::Open(String::new());
        for field in field.message("ONNX axis")?.fields() {
            let field = field?;
            match field.number {
                port::DIM_VALUE => axis = Axis::Size(field.int()?),
                port::DIM_PARAM => axis = Axis::Open(field.text()?.to_owned()),
                _ => return Err(field.unknown()),
            }
        }
        axes.push(axis);
    }
    Ok(())
}

fn element(part: &str, code: i64) -> Result<Element, ReadError> {
    let found = Element::ALL.into_iter().find(|element| element.code() == code);
    found.ok_or_else(|| {
        ReadError::malformed(part, "elements of f32, f64, i64, u8 or text", format!("type {code}"))
    })
}

fn dtype(element: Element) -> Option<DType> {
    match element {
        Element::F32 => Some(DType::F32),
        Element::F64 => Some(DType::F64),
        Element::I64 => Some(DType::I64),
        Element::U8 => Some(DType::U8),
        Element::Text => None,
    }
}

fn refuse_twice<T>(part: &str, name: &str, before: Option<T>) -> Result<(), ReadError> {
    match before {
        None => Ok(()),
        Some(_) => Err(ReadError::malformed(part, "each name once", format!("`{name}` again"))),
    }
}

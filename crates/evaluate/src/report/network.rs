//! The network as a drawing: a dot for each layer, a line for each tensor that one hands to another.

use baeum_core::{Graph, HeadNode, Node, NodeId, ParamKind};

use super::svg::{Anchor, Drawing, Point, point};
use super::text::{cap, count};

/// Height of a row, which is one layer.
const ROW: f64 = 28.0;
const TOP: f64 = 20.0;
/// From one lane of lines that pass layers by to the next.
const LANE: f64 = 14.0;
const WIDTH: f64 = 860.0;
/// From the dots to the name, the kind and the shape of a layer.
const COLUMNS: [f64; 3] = [22.0, 230.0, 410.0];

/// The drawing; nothing for a graph without layers.
pub(super) fn network(graph: &Graph) -> Option<String> {
    let nodes = graph.nodes();
    if nodes.is_empty() {
        return None;
    }
    let detours = detours(graph);
    let lanes = detours.iter().map(|detour| detour.lane + 1).max().unwrap_or(0);
    let trunk = 20.0 + lanes as f64 * LANE;
    let dot = |place: usize| point(trunk, TOP + place as f64 * ROW);
    let size = point(WIDTH, TOP + nodes.len() as f64 * ROW);
    let heads: Vec<HeadNode> = if graph.outputs().len() > 1 { graph.heads().collect() } else { vec![] };
    let words = "Each layer reads what its lines come from; a filled dot has learned something.";
    let mut drawing = Drawing::new("drawn-network", "The network", words, size);
    for (place, node) in nodes.iter().enumerate() {
        if place > 0 && node.inputs.iter().any(|input| input.index() + 1 == place) {
            drawing.line("edge", dot(place - 1), dot(place));
        }
    }
    for detour in &detours {
        let x = trunk - (detour.lane + 1) as f64 * LANE;
        drawing.path("edge detour", &around(dot(detour.from), dot(detour.to), x));
    }
    for (place, node) in nodes.iter().enumerate() {
        let reads = heads.iter().find(|head| head.head.index() == place).map(|head| head.reads);
        layer(&mut drawing, graph, (node, reads), dot(place));
    }
    Some(drawing.finish())
}

/// A line that passes other layers by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Detour {
    from: usize,
    to: usize,
    /// How far from the dots it runs; those that pass the same layers have lanes of their own.
    lane: usize,
}

/// The lines that pass layers by, the shortest nearest to the dots.
fn detours(graph: &Graph) -> Vec<Detour> {
    let ends = |(to, node): (usize, &Node)| {
        node.inputs.iter().map(move |input| (input.index(), to)).collect::<Vec<_>>()
    };
    let all = graph.nodes().iter().enumerate().flat_map(ends);
    let mut long: Vec<(usize, usize)> = all.filter(|(from, to)| from + 1 < *to).collect();
    long.sort_by_key(|(from, to)| (to - from, *from));
    long.dedup();
    let mut placed: Vec<Detour> = vec![];
    for (from, to) in long {
        let meets =
            |lane: usize| placed.iter().any(|other| other.lane == lane && from < other.to && other.from < to);
        let lane = (0..).find(|lane| !meets(*lane)).unwrap_or(0);
        placed.push(Detour { from, to, lane });
    }
    placed
}

/// Out to a lane, along it, and back.
fn around(from: Point, to: Point, x: f64) -> [Point; 4] {
    let slope = ROW / 2.0;
    [from, point(x, from.y + slope), point(x, to.y - slope), to]
}

/// The dot of a layer and what is said of it; where it is one of several heads, also what that reads.
fn layer(drawing: &mut Drawing, graph: &Graph, (node, reads): (&Node, Option<NodeId>), at: Point) {
    let inputs = graph.input_shapes(node);
    let params = graph.params_of(node);
    let learned = params.iter().filter(|param| param.kind != ParamKind::Running);
    let learned: usize = learned.map(|param| param.sizes.iter().product::<usize>()).sum();
    let flops = node.layer.flops(&inputs, &node.shape);
    let reads = reads.map_or(String::new(), |id| format!(" of {}", graph[id].name));
    let tip = format!(
        "{}: {} parameters, {} FLOPs an example{}",
        node.name,
        count(learned as u64),
        count(flops),
        if reads.is_empty() { String::new() } else { format!("; a head{reads}") }
    );
    let (shape, below) = (node.shape.to_string(), at.y + 4.5);
    drawing.tipped(&tip, |drawing| {
        drawing.circle(if learned > 0 { "node learned" } else { "node" }, at, 5.0);
        let [name, kind, size] = COLUMNS.map(|column| point(at.x + column, below));
        drawing.text("layer", name, Anchor::Start, &cap(&node.name, 28));
        drawing.text("name", kind, Anchor::Start, &cap(&format!("{}{reads}", node.layer.name()), 26));
        drawing.text("name", size, Anchor::Start, &cap(&shape, 40));
        if learned > 0 {
            drawing.text("name", point(WIDTH - 4.0, below), Anchor::End, &count(learned as u64));
        }
    });
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use baeum_core::{DType, Layer, NodeId, Shape};

    use super::*;

    /// Two residual blocks, one within the other.
    fn residual() -> Graph {
        let mut graph = Graph::default();
        let dense = || Layer::Dense { units: 4, bias: true };
        let x = graph.input("x", Shape::batch(&[4]), DType::F32).unwrap(); // 0
        let mut add = |name: &str, layer: Layer, inputs: &[NodeId]| graph.add(name, layer, inputs).unwrap();
        let a = add("a", dense(), &[x]); // 1
        let b = add("b<", Layer::Relu, &[a]); // 2
        let c = add("c", dense(), &[b]); // 3
        let inner = add("inner", Layer::Add, &[c, a]); // 4
        let outer = add("outer", Layer::Add, &[inner, x]); // 5
        let again = add("again", dense(), &[outer]); // 6
        let end = add("end", Layer::Add, &[again, outer]); // 7
        graph.output(end);
        graph
    }

    #[test]
    fn lines_that_pass_the_same_layers_have_lanes_of_their_own() {
        let detour = |from, to, lane| Detour { from, to, lane };
        assert_eq!(detours(&residual()), [detour(5, 7, 0), detour(1, 4, 0), detour(0, 5, 1)]);
    }

    #[test]
    fn several_heads_say_what_they_read() {
        let mut graph = residual();
        assert!(!network(&graph).unwrap().contains(" of "), "one head reads the last layer");
        let head = |graph: &mut Graph, name: &str, of: &str| {
            let read = graph.find(of).unwrap();
            let head = graph.add(name, Layer::Dense { units: 2, bias: true }, &[read]).unwrap();
            graph.output(head);
        };
        head(&mut graph, "head_kind", "end");
        head(&mut graph, "head_size", "inner");
        let text = network(&graph).unwrap();
        for part in
            [">dense of inner</text>", "<title>head_size: 10 parameters, ", "; a head of inner</title>"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn each_layer_is_a_dot_with_its_name_and_each_tensor_a_line() {
        let text = network(&residual()).unwrap();
        assert_eq!(text.matches("<circle class=\"node learned\"").count(), 3);
        assert_eq!(text.matches("<circle class=\"node\"").count(), 5);
        assert_eq!(
            (text.matches("<line class=\"edge\"").count(), text.matches("edge detour").count()),
            (7, 3)
        );
        for part in
            ["<title>a: 20 parameters, ", ">b&lt;</text>", ">[batch, 4]</text>", "viewBox=\"0 0 860 244\""]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(network(&Graph::default()), None);
    }
}

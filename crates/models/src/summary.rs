use baeum_core::{Graph, HeadNode, Node, ParamKind};

/// The table of a network for people: each node with the shape it yields, its parameters, and the
/// multiplications and additions that one example takes on its way forward; then the totals, and what each of several heads
/// reads.
pub fn summary(graph: &Graph) -> String {
    let rows: Vec<Row> = graph.nodes().iter().map(|node| Row::of(graph, node)).collect();
    let parameters: u64 = rows.iter().map(|row| row.learned).sum();
    let frozen: u64 = rows.iter().map(|row| row.frozen).sum();
    let running: u64 = rows.iter().map(|row| row.running).sum();
    let flops: u64 = rows.iter().map(|row| row.flops).sum();
    let head = ["name", "layer", "output", "parameters", "FLOPs"].map(str::to_owned);
    let cells: Vec<[String; 5]> = std::iter::once(head).chain(rows.iter().map(Row::cells)).collect();
    let mut text = table(&cells);
    text += &format!("parameters: {} ({} bytes as f32)\n", grouped(parameters), grouped(4 * parameters));
    if frozen > 0 {
        text += &format!("frozen: {} of them\n", grouped(frozen));
    }
    if running > 0 {
        text += &format!("running statistics: {}\n", grouped(running));
    }
    text += &format!("FLOPs of one example, forward: {}\n", grouped(flops));
    text + &heads(graph)
}

/// What each of several heads reads, and how large it is; nothing where there is one, which reads the last layer.
fn heads(graph: &Graph) -> String {
    let line = |HeadNode { head, reads }| {
        let (head, reads) = (Row::of(graph, &graph[head]), &graph[reads]);
        format!("{} reads {} {}: {} parameters\n", head.name, reads.name, reads.shape, grouped(head.learned))
    };
    if graph.outputs().len() > 1 { graph.heads().map(line).collect() } else { String::new() }
}

/// What one node adds.
struct Row {
    name: String,
    layer: &'static str,
    shape: String,
    learned: u64,
    frozen: u64,
    running: u64,
    flops: u64,
}

impl Row {
    fn of(graph: &Graph, node: &Node) -> Row {
        let inputs = graph.input_shapes(node);
        let params = graph.params_of(node);
        let count = |kind: ParamKind| -> u64 {
            let of_kind = params.iter().filter(|param| param.kind == kind);
            of_kind.map(|param| param.sizes.iter().product::<usize>() as u64).sum()
        };
        Row {
            name: node.name.clone(),
            layer: node.layer.name(),
            shape: node.shape.to_string(),
            learned: count(ParamKind::Learned) + count(ParamKind::Frozen),
            frozen: count(ParamKind::Frozen),
            running: count(ParamKind::Running),
            flops: node.layer.flops(&inputs, &node.shape),
        }
    }

    fn cells(&self) -> [String; 5] {
        let (name, layer, shape) = (self.name.clone(), self.layer.to_owned(), self.shape.clone());
        [name, layer, shape, grouped(self.learned), grouped(self.flops)]
    }
}

/// Words to the left, numbers to the right, two blanks between columns.
fn table(cells: &[[String; 5]]) -> String {
    let widths: [usize; 5] = std::array::from_fn(|i| {
        let lengths = cells.iter().filter_map(|row| row.get(i)).map(|cell| cell.chars().count());
        lengths.max().unwrap_or(0)
    });
    let line = |[name, layer, shape, parameters, flops]: &[String; 5]| {
        let [a, b, c, d, e] = widths;
        format!("{name:a$}  {layer:b$}  {shape:c$}  {parameters:>d$}  {flops:>e$}\n")
    };
    cells.iter().map(line).collect()
}

/// `1234567` as `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let comma = |(i, digit): (usize, char)| {
        let wanted = i > 0 && (digits.len() - i).is_multiple_of(3);
        [wanted.then_some(','), Some(digit)].into_iter().flatten()
    };
    digits.chars().enumerate().flat_map(comma).collect()
}

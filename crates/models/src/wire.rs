use baeum_core::{Decode, Graph, GraphError, InputSpec, Layer, MeanOf, NodeId, Shape, ShapeError, Target};

use crate::heads;
use crate::inputs::{Entry, ids};
use crate::lengths::Lengths;
use crate::plan::Step;
use crate::presets::Facts;
use crate::reversible::Reversible;
use crate::{ModelError, ModelPlan};

/// What a network has to yield for a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// So many numbers.
    Numbers(usize),
    /// A score of each of so many classes, one of which is right.
    Classes(usize),
    /// A score of each of so many labels, each of which fits or not.
    Labels(usize),
    /// So many numbers at each place of a sequence.
    Places(usize),
    /// The next steps of so many columns of a series.
    Series {
        /// How many columns.
        columns: usize,
        /// How many steps each.
        steps: usize,
    },
}

impl Head {
    /// How many numbers it yields for each row, or each place.
    fn width(self) -> usize {
        match self {
            Head::Numbers(width) | Head::Classes(width) | Head::Labels(width) | Head::Places(width) => width,
            Head::Series { columns, steps } => columns.saturating_mul(steps),
        }
    }
}

impl From<usize> for Head {
    fn from(width: usize) -> Head {
        Head::Numbers(width)
    }
}

impl From<&Decode> for Head {
    fn from(decode: &Decode) -> Head {
        match decode {
            Decode::Label { labels } => Head::Classes(labels.len()),
            Decode::Labels { labels, .. } => Head::Labels(labels.len()),
            Decode::Number { .. } | Decode::Numbers { .. } | Decode::Quantiles { .. } => {
                Head::Numbers(decode.width())
            }
            Decode::Next { vocabulary, .. } => Head::Places(*vocabulary),
            Decode::Forecast { columns, steps, .. } => Head::Series { columns: columns.len(), steps: *steps },
        }
    }
}

impl ModelPlan {
    /// The graph for this data: the input `x`, or several under their names, the layers, and a dense head for each target, named
    /// `head` (`head_<field>` if there are several, or `head_<place>` for a field whose name is no node's), behind the
    /// last layer or the one that the recipe names for it. Where the target is a
    /// series and the last layer yields a row for each of its columns, `[columns, n]`, the same head tells each column's steps.
    ///
    /// An `unembedding` that stands last tells the next piece itself. The members of an `ensemble` have a head each, a `grouped_dense`,
    /// and `head_mean` is what they say together.
    ///
    /// A text that is filled up behind brings how many of its pieces count: the node `x_lengths`, named after its input, which every
    /// layer reads that can be told.
    ///
    /// # Errors
    /// [`ModelError`] names the layer that does not fit and shows the shapes up to there.
    pub fn graph(&self, inputs: &[InputSpec], targets: &[Target]) -> Result<Graph, ModelError> {
        self.refuse_others(inputs)?;
        let target = &targets.first().ok_or(ModelError::Targets)?.decode;
        let first = inputs.first();
        let fields = first.map(InputSpec::widths).unwrap_or_default();
        let (item, ids) = (first.map_or(&[][..], |input| &input.shape), first.map_or(1, ids));
        let steps = self.steps(&Facts {
            item,
            ids,
            fields: &fields,
            head: Head::from(target),
            target: Some(target),
        })?;
        let names: Vec<&str> = targets.iter().map(|target| target.field.as_str()).collect();
        let heads: Vec<Head> = targets.iter().map(|target| Head::from(&target.decode)).collect();
        self.wired(&inputs.iter().map(Entry::of).collect::<Vec<_>>(), &steps, &names, &heads)
    }

    /// The graph for items of these sizes and one head, such as of so many numbers: the check that comes before any data is
    /// read.
    ///
    /// # Errors
    /// As [`ModelPlan::graph`].
    pub fn graph_for(&self, item: &[usize], head: impl Into<Head>) -> Result<Graph, ModelError> {
        self.graph_of(&[item], &[], head)
    }

    /// The same for several inputs, the sizes of one item of each in the order of their names in the plan, and for targets that are called
    /// so, each with such a head.
    ///
    /// # Errors
    /// As [`ModelPlan::graph`].
    pub fn graph_of(
        &self,
        items: &[&[usize]],
        targets: &[&str],
        head: impl Into<Head>,
    ) -> Result<Graph, ModelError> {
        let (head, item) = (head.into(), items.first().copied().unwrap_or_default());
        let steps = self.steps(&Facts { item, ids: 1, fields: &[], head, target: None })?;
        let named = self.inputs().iter().zip(items).enumerate();
        let entries: Vec<Entry<'_>> =
            named.map(|(place, (name, item))| Entry::expected(name, item, place, &steps)).collect();
        self.wired(&entries, &steps, targets, &vec![head; targets.len().max(1)])
    }

    /// The layers and the heads of these targets, as nodes.
    fn wired(
        &self,
        entries: &[Entry<'_>],
        steps: &[Step],
        targets: &[&str],
        heads: &[Head],
    ) -> Result<Graph, ModelError> {
        heads::check(self.heads(), targets)?;
        self.refuse_irreversible(entries, heads)?;
        let read = self.read_by_heads(steps, targets)?;
        let wanted = heads::names(targets).into_iter().zip(heads).zip(read);
        let wanted = wanted.map(|((name, &head), read)| Wanted { name, head, read });
        self.frozen(wire(self, entries, steps, &wanted.collect::<Vec<_>>())?)
    }
}

/// A head to be added.
struct Wanted {
    name: String,
    head: Head,
    /// What it reads: inputs are counted first, then the steps.
    read: usize,
}

/// Where each place is told, no layer looks ahead, and none needs to know where a text ends.
fn wire(
    plan: &ModelPlan,
    entries: &[Entry<'_>],
    steps: &[Step],
    heads: &[Wanted],
) -> Result<Graph, ModelError> {
    let (mut graph, mut reversible) = (Graph::default(), None);
    let answers_once = !heads.iter().any(|wanted| matches!(wanted.head, Head::Places(_)));
    let (mut ids, mut texts) = (vec![], vec![]);
    for (place, entry) in entries.iter().enumerate() {
        let id = graph.input(entry.name, Shape::batch(entry.item), entry.dtype)?;
        ids.push(match plan.reversible_norm() {
            true => {
                let (window, normal) = Reversible::enter(&mut graph, id, entry.name)?;
                reversible = Some(window);
                normal
            }
            false => id,
        });
        texts.extend(answers_once.then(|| Lengths::of(id, entry, (place, entries.len()))));
    }
    for (number, step) in steps.iter().enumerate() {
        step.inputs
            .iter()
            .filter_map(|&place| entries.get(place))
            .try_for_each(|entry| entry.refuse_table(step))?;
        let mut read: Vec<NodeId> = step.inputs.iter().filter_map(|&place| ids.get(place).copied()).collect();
        read.extend(Lengths::beside_any(&mut texts, &mut graph, step)?);
        let id = add(&mut graph, number, step, &read)?;
        texts.iter_mut().for_each(|text| text.follow(&graph, id, step));
        ids.push(id);
    }
    for Wanted { name, head, read } in heads {
        let Some(&id) = ids.get(*read) else { continue };
        let step = read.checked_sub(entries.len()).and_then(|place| steps.get(place));
        refuse_for_head(&graph, id, *head, step)?;
        let output = add_head(&mut graph, id, name, *head, reversible)?;
        graph.output(output);
    }
    Ok(graph)
}

fn add_head(
    graph: &mut Graph,
    last: NodeId,
    name: &str,
    head: Head,
    reversible: Option<Reversible>,
) -> Result<NodeId, ModelError> {
    match (head, &graph[last].layer, members(graph, last)) {
        (Head::Places(_), Layer::Unembedding { .. }, _) => return Ok(last),
        (Head::Places(_), _, _) | (_, _, None) => {}
        (_, _, Some([members, n])) => {
            if reversible.is_some() {
                return Err(Reversible::refuse("members of an ensemble"));
            }
            return Ok(add_heads_of_members(graph, last, name, [members, n], head)?);
        }
    }
    let units = match head {
        Head::Series { steps, .. } if graph[last].shape.rank() > 2 => steps,
        Head::Numbers(_) | Head::Classes(_) | Head::Labels(_) | Head::Places(_) | Head::Series { .. } => {
            head.width()
        }
    };
    let told = graph.add(name, Layer::Dense { units, bias: true }, &[last])?; // [B, units] or [B, columns, steps]
    let told = match reversible {
        Some(reversible) => reversible.leave(graph, told, name)?,
        None => told,
    };
    match (graph[told].shape.rank(), head) {
        (2, _) | (_, Head::Places(_)) => Ok(told),
        (_, Head::Numbers(_) | Head::Classes(_) | Head::Labels(_) | Head::Series { .. }) => {
            Ok(graph.add(&format!("{name}_row"), Layer::Flatten { axis: 1 }, &[told])?)
        } // [B, columns * steps]
    }
}

/// A head for each member of an ensemble, and the mean of what they say.
fn add_heads_of_members(
    graph: &mut Graph,
    last: NodeId,
    name: &str,
    [members, n]: [usize; 2],
    head: Head,
) -> Result<NodeId, GraphError> {
    let units = head.width();
    // Probabilities are averaged where there are some, as in the paper.
    let of = match head {
        Head::Classes(_) => MeanOf::Softmax,
        Head::Labels(_) => MeanOf::Sigmoid,
        Head::Numbers(_) | Head::Places(_) | Head::Series { .. } => MeanOf::Scores,
    };
    let row = graph.add(&format!("{name}_members"), Layer::Flatten { axis: 1 }, &[last])?; // [B, members * n]
    let heads = graph.add(name, Layer::GroupedDense { groups: vec![n; members], units }, &[row])?; // [B, members, units]
    graph.add(&format!("{name}_mean"), Layer::MemberMean { of }, &[heads]) // [B, units]
}

/// How many members of an ensemble a node has a row for, and how long each is.
fn members(graph: &Graph, last: NodeId) -> Option<[usize; 2]> {
    let rows = <[usize; 2]>::try_from(graph[last].shape.item()?).ok()?;
    let is_ensemble =
        |id: NodeId| matches!(graph[id].layer, Layer::Ensemble { members } if members == rows[0]);
    let before = std::iter::successors(Some(last), |id| graph[*id].inputs.first().copied());
    before.into_iter().any(is_ensemble).then_some(rows)
}

fn add(graph: &mut Graph, number: usize, step: &Step, read: &[NodeId]) -> Result<NodeId, ModelError> {
    let Step { name, layer, path, .. } = step;
    let fits = refuse_image(graph, name, layer, read);
    let id = fits.and_then(|()| graph.add(name, layer.clone(), read)).map_err(|error| ModelError::Layer {
        number,
        name: name.clone(),
        path: path.clone(),
        error: Box::new(error),
        trail: trail(graph),
    })?;
    const LIMIT: u64 = 1 << 31;
    let params = graph.params_of(&graph[id]);
    let parameters = params.iter().map(|param| product(&param.sizes)).fold(0, u64::saturating_add);
    let numbers = graph[id].shape.item().map_or(0, |sizes| product(&sizes));
    for (what, got) in [("parameters", parameters), ("numbers for each example", numbers)] {
        if got > LIMIT {
            let (name, path) = (name.clone(), path.clone());
            return Err(ModelError::Large { number, name, path, what, limit: LIMIT, got });
        }
    }
    Ok(id)
}

/// A dense layer over the last axis of an image, each row of pixels by itself, is a forgotten `flatten`. Pieces of several
/// sequences have as many axes and are none.
fn refuse_image(graph: &Graph, name: &str, layer: &Layer, inputs: &[NodeId]) -> Result<(), GraphError> {
    let (Layer::Dense { .. }, [input]) = (layer, inputs) else { return Ok(()) };
    let before = std::iter::successors(Some(*input), |id| graph[*id].inputs.first().copied());
    let in_pieces = before.into_iter().any(|id| matches!(graph[id].layer, Layer::Patches { .. }));
    if graph[*input].shape.rank() != 4 || in_pieces {
        return Ok(());
    }
    let error = ShapeError {
        layer: layer.name(),
        wanted: "[batch, n]".to_owned(),
        got: graph[*input].shape.to_string(),
        way_out: Some("put `flatten` before it"),
    };
    Err(GraphError::Shape { node: name.to_owned(), error })
}

fn product(sizes: &[usize]) -> u64 {
    sizes.iter().fold(1, |product: u64, &size| product.saturating_mul(size as u64))
}

/// A head answers once for each example, so it wants one row of numbers for each, or for each column of a series.
fn refuse_for_head(graph: &Graph, last: NodeId, head: Head, step: Option<&Step>) -> Result<(), ModelError> {
    let node = &graph[last];
    if let (Layer::Unembedding { .. }, Head::Places(pieces)) = (&node.layer, head)
        && node.shape.last() != Some(pieces)
    {
        let path = step.map_or_else(|| "models".to_owned(), |step| step.path.clone());
        let got = node.shape.last().unwrap_or(0);
        let rule = format!("must score the {pieces} pieces of the text, got `vocabulary` = {got}");
        return Err(ModelError::Setting { path, rule });
    }
    let way_out = match (node.shape.rank(), head, node.shape.item().as_deref()) {
        (3, Head::Places(_), _) => return Ok(()),
        (_, Head::Places(_), _) => "layers that keep the places of a text",
        (2, _, _) => return Ok(()),
        (3, _, _) if members(graph, last).is_some() => return Ok(()),
        (3, Head::Series { columns, .. }, Some([rows, _])) if *rows == columns => return Ok(()),
        (4, _, _) => "`flatten` or `global_avg_pool`",
        _ => "`flatten`",
    };
    Err(ModelError::Head {
        last: node.name.clone(),
        path: step.map_or_else(|| "models".to_owned(), |step| step.path.clone()),
        got: node.shape.clone(),
        way_out,
        trail: trail(graph),
    })
}

/// The nodes so far, with the shapes they yield.
fn trail(graph: &Graph) -> Vec<(String, Shape)> {
    graph.nodes().iter().map(|node| (node.name.clone(), node.shape.clone())).collect()
}

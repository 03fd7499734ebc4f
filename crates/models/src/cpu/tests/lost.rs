//! What is not finite is found where it comes from.

use super::*;

/// What is found first in a step over `batch`, by a network whose parameter of this name was changed.
fn lost(graph: &Graph, batch: &Batch, loss: &Loss, change: (&str, f32)) -> Option<Lost> {
    let mut weights = weights(graph);
    if let Some(tensor) = weights.get_mut(change.0) {
        let mut numbers = tensor.f32s().unwrap().to_vec();
        numbers[0] = change.1;
        *tensor = Tensor::new(tensor.shape(), numbers).unwrap();
    }
    let mut net = CpuRunner::new(graph, &weights, config()).unwrap();
    let before = format!("{:?}", net.state()); // as text, in which NaN is NaN
    let found = net.first_lost(batch, loss, Part::WHOLE).unwrap();
    let mut candle = Runner::new(graph, &weights, config()).unwrap();
    let told = candle.first_lost(batch, loss, Part::WHOLE).unwrap();
    match &found {
        // It sees the gradients of parameters alone.
        Some(Lost { what: LostWhat::Gradient, .. }) => {
            assert_eq!(told.map(|lost| lost.what), Some(LostWhat::Gradient));
        }
        Some(_) | None => assert_eq!(told, found, "candle finds the same"),
    }
    assert_eq!(format!("{:?}", net.state()), before, "looking changes nothing");
    let mean = net.loss_and_grad(batch, loss, Part::WHOLE).unwrap().mean();
    let norm = net.update(&SGD).unwrap().gradient_norm;
    assert_eq!(
        found.is_none(),
        mean.is_finite() && norm.is_finite(),
        "{found:?}, loss {mean}, gradient {norm}"
    );
    found
}

#[test]
fn what_is_not_finite_is_found_where_it_comes_from() {
    let dense = |units| Layer::Dense { units, bias: true };
    let graph = chain(&[5], DType::F32, vec![dense(4), Layer::Relu, dense(4), Layer::Relu]);
    let good = with_numbers(batch(&graph, ROWS));
    let check = |batch: &Batch, change, expect: Option<(&str, LostWhat, Vec<usize>)>| {
        let expect = expect.map(|(node, what, rows)| Lost { node: node.to_owned(), what, rows });
        assert_eq!(lost(&graph, batch, &Loss::Mse, change), expect);
    };
    let all = || (0..ROWS).collect::<Vec<usize>>();
    check(&good, ("", 0.0), None);
    let mut bad = good.clone();
    let mut numbers = bad.inputs["x"].f32s().unwrap().to_vec();
    numbers[7] = f32::NAN; // in the second row
    bad.inputs.insert("x".to_owned(), Tensor::new([ROWS, 5], numbers).unwrap());
    check(&bad, ("", 0.0), Some(("x", LostWhat::Input, vec![1])));
    check(&good, ("l2.weight", f32::NAN), Some(("l2", LostWhat::Parameter, vec![])));
    check(&good, ("l2.bias", f32::INFINITY), Some(("l2", LostWhat::Parameter, vec![])));
    // Behind a relu, too: it lets NaN pass.
    check(&good, ("l0.bias", f32::NAN), Some(("l0", LostWhat::Parameter, vec![])));
    let mut bad = good.clone();
    let mut numbers = bad.targets[0].f32s().unwrap().to_vec();
    *numbers.last_mut().unwrap() = f32::INFINITY;
    bad.targets[0] = Tensor::new(bad.targets[0].shape(), numbers).unwrap();
    check(&bad, ("", 0.0), Some(("head", LostWhat::Loss, vec![ROWS - 1])));
    // Finite numbers, whose square is not.
    let mut bad = good.clone();
    let mut numbers = bad.targets[0].f32s().unwrap().to_vec();
    numbers[2 * 3] = 1e30; // in the third row
    bad.targets[0] = Tensor::new(bad.targets[0].shape(), numbers).unwrap();
    check(&bad, ("", 0.0), Some(("head", LostWhat::Loss, vec![2])));
    // Finite numbers, whose product is not.
    let large = chain(&[5], DType::F32, vec![dense(4), dense(4)]);
    let mut batch = with_numbers(batch(&large, ROWS));
    batch.inputs.insert("x".to_owned(), Tensor::new([ROWS, 5], vec![1e30f32; ROWS * 5]).unwrap());
    let found = lost(&large, &batch, &Loss::Mse, ("l0.weight", 1e30)).unwrap();
    assert_eq!(found, Lost { node: "l0".to_owned(), what: LostWhat::Value, rows: all() });
}

#[test]
fn a_gradient_that_overflows_is_found_where_it_does() {
    let dense = |units| Layer::Dense { units, bias: false };
    let graph = chain(&[1], DType::F32, vec![dense(1), dense(1)]);
    let mut batch = with_numbers(batch(&graph, 1));
    let one = |x: f32| Tensor::new([1, 1], vec![x]).unwrap();
    batch.inputs.insert("x".to_owned(), one(1e-30));
    batch.targets[0] = Tensor::new(batch.targets[0].shape(), vec![1e15f32; batch.targets[0].len()]).unwrap();
    // What the first one yields is small; what comes back through the large weight is 1e30 times 1e15.
    let found = lost(&graph, &batch, &Loss::Mse, ("l1.weight", 1e30)).unwrap();
    assert_eq!(found, Lost { node: "l1".to_owned(), what: LostWhat::Gradient, rows: vec![0] });
}

/// A network that is well is well to the eye as well, whatever it is made of and in whichever parts.
#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    for (name, graph) in cases() {
        let batch = batch(&graph, ROWS);
        let part = Part { index: 1, count: 2, first_row: ROWS };
        let mut candle = Runner::new(&graph, &weights(&graph), config()).unwrap();
        let networks: [&mut dyn Network; 2] = [&mut cpu(&graph), &mut candle];
        for network in networks {
            let found = network.first_lost(&batch, &Loss::CROSS_ENTROPY, part).unwrap();
            assert_eq!(found, None, "{name}");
        }
    }
}

//! Neither threads nor instructions change a bit.

use super::*;

/// Parameters and answers after three steps, as bits.
fn learned(graph: &Graph, batch: &Batch, config: RunnerConfig) -> Vec<u32> {
    let mut net = CpuRunner::new(graph, &initial(graph, 3), config).unwrap();
    for _ in 0..3 {
        net.loss_and_grad(batch, &Loss::CROSS_ENTROPY, Part::WHOLE).unwrap();
        net.update(&ADAM).unwrap();
    }
    let outputs = net.predict(batch).unwrap().to_vec();
    let tensors = net.state().unwrap().weights.into_values().chain(outputs);
    tensors.flat_map(|tensor| tensor.f32s().unwrap().to_vec()).map(f32::to_bits).collect()
}

#[test]
fn neither_threads_nor_instructions_change_a_bit() {
    for (name, graph) in cases().into_iter().chain([("wide", wide())]) {
        let batch = batch(&graph, 33);
        let alone = learned(&graph, &batch, RunnerConfig { threads: 1, ..config() });
        for threads in [2, 3, 4, 8] {
            let more = learned(&graph, &batch, RunnerConfig { threads, ..config() });
            assert!(more == alone, "{name}: {threads} threads");
        }
        for isa in Isa::available() {
            let lower = learned(&graph, &batch, RunnerConfig { isa: Some(isa.rung()), ..config() });
            assert!(lower == alone, "{name}: {:?}", isa.rung());
        }
    }
    assert!(Isa::available().iter().any(|isa| isa.rung() == Rung::Portable));
}

#[test]
fn a_lower_precision_is_near_the_highest_and_no_thread_changes_it() {
    let (graph, limit) = (wide(), None);
    let batch = batch(&graph, 33);
    let highest = learned(&graph, &batch, config());
    for precision in Precision::ALL {
        let of = |threads| learned(&graph, &batch, RunnerConfig { threads, precision, ..config() });
        let alone = of(1);
        assert!(of(3) == alone, "{precision:?}: three threads");
        if precision.computed(limit) == Precision::Highest {
            assert!(alone == highest, "{precision:?} is computed as the highest");
        } else {
            let numbers =
                |bits: &[u32]| bits.iter().map(|x| f64::from(f32::from_bits(*x))).collect::<Vec<_>>();
            let far =
                numbers(&alone).iter().zip(numbers(&highest)).any(|(x, wanted)| (x - wanted).abs() > 0.05);
            assert!(!far && alone != highest, "{precision:?}");
        }
        let lowered = RunnerConfig { isa: Some(Rung::Avx512), precision, ..config() };
        assert!(learned(&graph, &batch, lowered) == highest, "{precision:?}: a rung leaves out tiles");
    }
}

/// Wide enough that every kernel cuts its work.
pub(super) fn wide() -> Graph {
    let pool = Layer::MaxPool2d {
        kernel: Size2::square(2),
        stride: None,
        padding: Size2::square(0),
        ceil_mode: false,
    };
    let dense = Layer::Dense { units: 200, bias: true };
    let layers = vec![
        conv(16, true),
        NORM,
        Layer::Relu,
        pool,
        conv(32, true),
        Layer::Flatten { axis: 1 },
        dense,
        Layer::Dropout { p: 0.2 },
    ];
    chain(&[3, 20, 20], DType::F32, layers)
}

//! Every candle operation that the runner is built from, in f64, against central differences.
//!
//! candle 0.11.1 has operations whose gradient is wrong or absent without an error (max_pool2d, its fused
//! layer norm and softmax, conv1d, products of transposed batches). Those listed here were right; they are
//! asked again on every new version of candle.

use baeum_core::{Counter, Rng};
use candle_core::{D, DType, Device, Result, Tensor, Var};

type Op = dyn Fn(&[Var]) -> Result<Tensor>;

fn var(sizes: &[usize], name: &str) -> Var {
    let mut numbers = vec![0.0f32; sizes.iter().product()];
    Rng::new(2).stream("test", name).fill_normal(&mut numbers, Counter::once());
    let numbers: Vec<f64> = numbers.into_iter().map(f64::from).collect();
    Var::from_tensor(&Tensor::from_vec(numbers, sizes, &Device::Cpu).unwrap()).unwrap()
}

fn flat(x: &Tensor) -> Vec<f64> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}

/// A sum in which each element of the result weighs differently, so that elements in each other's place show.
fn total(op: &Op, vars: &[Var]) -> Tensor {
    let y = op(vars).unwrap();
    let weights: Vec<f64> = (0..y.elem_count()).map(|i| (i as f64 * 0.37).sin() + 0.2).collect();
    let weights = Tensor::from_vec(weights, y.shape(), &Device::Cpu).unwrap();
    (y * weights).unwrap().sum_all().unwrap()
}

/// A step of 1e-5 leaves an error of its square, 1e-10, and rounding of 1e-16 / 1e-5; 1e-7 of the largest
/// gradient is far above both.
#[track_caller]
fn check(sizes: &[&[usize]], op: &Op) {
    const STEP: f64 = 1e-5;
    let vars: Vec<Var> = sizes.iter().enumerate().map(|(i, sizes)| var(sizes, &i.to_string())).collect();
    let gradients = total(op, &vars).backward().unwrap();
    for (which, x) in vars.iter().enumerate() {
        let gradient = flat(gradients.get(x).unwrap());
        let largest = gradient.iter().fold(0.0f64, |largest, g| largest.max(g.abs()));
        let start = flat(x);
        for (i, &analytic) in gradient.iter().enumerate() {
            let at = |value: f64| {
                let mut numbers = start.clone();
                numbers[i] = value;
                x.set(&Tensor::from_vec(numbers, x.shape(), x.device()).unwrap()).unwrap();
                total(op, &vars).to_scalar::<f64>().unwrap()
            };
            let difference = (at(start[i] + STEP) - at(start[i] - STEP)) / (2.0 * STEP);
            let error = (difference - analytic).abs();
            assert!(
                error <= 1e-7 * largest.max(1e-2),
                "argument {which}, {i}: {analytic}, differences {difference}"
            );
        }
        x.set(&Tensor::from_vec(start, x.shape(), x.device()).unwrap()).unwrap();
    }
}

#[test]
fn products() {
    check(&[&[4, 3], &[3, 5]], &|x| x[0].matmul(&x[1]));
    check(&[&[4, 3], &[5, 3]], &|x| x[0].matmul(&x[1].t()?));
    check(&[&[2, 4, 3], &[2, 3, 5]], &|x| x[0].matmul(&x[1]));
    check(&[&[1, 3], &[3, 1]], &|x| x[0].matmul(&x[1]));
}

#[test]
fn arithmetic() {
    check(&[&[3, 4], &[3, 4]], &|x| x[0].as_tensor() + x[1].as_tensor());
    check(&[&[3, 4], &[3, 4]], &|x| x[0].as_tensor() - x[1].as_tensor());
    check(&[&[3, 4], &[3, 4]], &|x| x[0].as_tensor() * x[1].as_tensor());
    check(&[&[3, 4], &[3, 4]], &|x| x[0].as_tensor() / (x[1].sqr()? + 0.5)?);
    check(&[&[3, 4]], &|x| (x[0].as_tensor() * 3.0)? + 2.0);
    check(&[&[3, 4]], &|x| x[0].as_tensor() / 3.0);
    // A value that is read twice: its gradients add up.
    check(&[&[3, 4]], &|x| x[0].sqr()? * x[0].as_tensor());
}

#[test]
fn functions() {
    check(&[&[3, 4]], &|x| x[0].exp());
    check(&[&[3, 4]], &|x| (x[0].sqr()? + 0.5)?.log());
    check(&[&[3, 4]], &|x| (x[0].sqr()? + 0.5)?.sqrt());
    check(&[&[3, 4]], &|x| x[0].tanh());
    check(&[&[3, 4]], &|x| x[0].erf());
    check(&[&[3, 4]], &|x| candle_nn::ops::sigmoid(&x[0]));
}

#[test]
fn reductions_and_what_they_are_spread_over() {
    check(&[&[3, 4]], &|x| x[0].sum(1));
    check(&[&[3, 4]], &|x| x[0].sum_all());
    check(&[&[3, 4, 2]], &|x| x[0].mean(2));
    check(&[&[3, 4]], &|x| x[0].mean_keepdim(0));
    check(&[&[3, 4]], &|x| x[0].broadcast_sub(&x[0].mean_keepdim(D::Minus1)?));
    check(&[&[3, 4], &[4]], &|x| x[0].broadcast_add(&x[1]));
    check(&[&[3, 4], &[4]], &|x| x[0].broadcast_mul(&x[1]));
    check(&[&[3, 4], &[3, 1]], &|x| x[0].broadcast_div(&(x[1].sqr()? + 0.5)?));
}

#[test]
fn layouts() {
    check(&[&[2, 3, 4]], &|x| x[0].permute((2, 0, 1))?.contiguous()?.reshape((4, 6)));
    check(&[&[2, 3, 4, 2]], &|x| x[0].permute((0, 3, 1, 2))?.contiguous()?.flatten_from(1));
    check(&[&[2, 3, 4]], &|x| x[0].narrow(1, 1, 2)?.contiguous());
    check(&[&[2, 3], &[2, 4]], &|x| Tensor::cat(&[x[0].as_tensor(), x[1].as_tensor(), x[0].as_tensor()], 1));
    check(&[&[3, 4]], &|x| x[0].unsqueeze(1)?.squeeze(1));
}

fn ids(ids: &[u32]) -> Result<Tensor> {
    Tensor::new(ids, &Device::Cpu)
}

#[test]
fn selections() {
    // Repeated and absent places: their gradients add up, or are none.
    check(&[&[2, 4, 3]], &|x| x[0].index_select(&ids(&[3, 0, 0, 2, 3])?, 1));
    check(&[&[4, 3]], &|x| x[0].index_select(&ids(&[3, 0, 0])?.to_dtype(DType::I64)?, 0));
    check(&[&[3, 4]], &|x| x[0].gather(&ids(&[1, 3, 3])?.unsqueeze(1)?, 1)?.squeeze(1));
    check(&[&[3, 4], &[3, 4]], &|x| x[0].le(x[1].as_tensor())?.where_cond(&x[1].sqr()?, &x[0]));
    check(&[&[3, 4], &[3, 4]], &|x| {
        (x[0].gt(x[1].as_tensor())? + x[0].ne(x[0].as_tensor())?)?.where_cond(&x[0], &x[1])
    });
}

/// Used on values that are cut off from the graph, so only the values count.
#[test]
fn maxima_are_values() {
    let x = Tensor::new(&[[1.0f64, 5.0, -2.0], [-3.0, -1.0, -1.0]], &Device::Cpu).unwrap();
    assert_eq!(flat(&x.max_keepdim(1).unwrap()), [5.0, -1.0]);
}

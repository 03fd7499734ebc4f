use super::*;
use crate::isa::Isa;
use crate::precision::Precision;
use crate::testing::{bits, everywhere, normal, seconds_of};

/// A product with everything beside its numbers.
#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) size: [usize; 3],
    pub(super) transposed: [bool; 2],
    pub(super) write: Write,
    pub(super) bias: u8,
    pub(super) relu: bool,
    /// Whether all numbers are whole and small.
    pub(super) whole: bool,
}

impl Case {
    pub(super) fn plain(size: [usize; 3]) -> Case {
        Case { size, transposed: [false; 2], write: Write::Set, bias: 0, relu: false, whole: false }
    }

    pub(super) fn all(size: [usize; 3]) -> impl Iterator<Item = Case> {
        (0..48).map(move |i: usize| Case {
            size,
            transposed: [i & 1 > 0, i & 2 > 0],
            write: if i & 4 > 0 { Write::Add } else { Write::Set },
            bias: (i >> 3) as u8 % 3,
            relu: i >= 24,
            whole: false,
        })
    }

    pub(super) fn numbers(&self) -> [Vec<f32>; 4] {
        let [m, n, k] = self.size;
        let lens = [m * k, k * n, m * n, [0, n, m][self.bias as usize]];
        let numbers = |i: usize| {
            let numbers = normal(i as u32 + 1, lens[i]);
            if self.whole { numbers.iter().map(|x| (x * 8.0).round()).collect() } else { numbers }
        };
        std::array::from_fn(numbers)
    }

    pub(super) fn run(&self, ctx: &Ctx) -> Vec<f32> {
        self.run_by(|size, (a, b, c), write, epilogue| gemm(ctx, size, a, b, c, write, epilogue))
    }

    /// What another product than [`gemm`] gives.
    pub(super) fn run_by(
        &self,
        product: impl FnOnce([usize; 3], (Matrix<'_>, Matrix<'_>, MatrixMut<'_>), Write, Epilogue<'_>),
    ) -> Vec<f32> {
        let ([m, n, k], [a, b, mut c, bias]) = (self.size, self.numbers());
        let a = if self.transposed[0] { Matrix::transposed(&a, m) } else { Matrix::rows(&a, k) };
        let b = if self.transposed[1] { Matrix::transposed(&b, k) } else { Matrix::rows(&b, n) };
        let bias = [Bias::None, Bias::Columns(&bias), Bias::Rows(&bias)][self.bias as usize];
        let epilogue = Epilogue { bias, relu: self.relu };
        product(self.size, (a, b, MatrixMut::rows(&mut c, n)), self.write, epilogue);
        c
    }

    /// Asserts that each element is near the plain sum in f64.
    fn check(&self, ctx: &Ctx) {
        let ([m, n, k], [a, b, c, bias], got) = (self.size, self.numbers(), self.run(ctx));
        for (place, got) in got.into_iter().enumerate() {
            let (i, j) = (place / n, place % n);
            let a = |p| f64::from(a[if self.transposed[0] { p * m + i } else { i * k + p }]);
            let b = |p| f64::from(b[if self.transposed[1] { j * k + p } else { p * n + j }]);
            let old = if self.write == Write::Add { f64::from(c[place]) } else { 0.0 };
            let bias = if bias.is_empty() { 0.0 } else { f64::from(bias[[0, j, i][self.bias as usize]]) };
            let sum = (0..k).map(|p| a(p) * b(p)).sum::<f64>() + old + bias;
            let size = (0..k).map(|p| (a(p) * b(p)).abs()).sum::<f64>() + old.abs() + bias.abs();
            let wanted = if self.relu { sum.max(0.0) } else { sum };
            // k roundings of half a unit each, of partial sums that stay far below the sum of sizes on average.
            let bound = f64::from(f32::EPSILON) * (1.0 + (k as f64).sqrt()) * size;
            assert!((f64::from(got) - wanted).abs() <= bound, "[{m}, {n}, {k}] ({i}, {j}): {got} {wanted}");
        }
    }
}

#[test]
fn every_edge_is_near_the_plain_sum() {
    let ctx = Ctx::new(2);
    for m in 0..=14 {
        for n in [0, 1, 2, 7, 8, 15, 16, 17, 31, 33] {
            for k in [0, 1, 2, 9, 33] {
                for case in Case::all([m, n, k]).step_by(7) {
                    case.check(&ctx);
                }
            }
        }
    }
    for size in [[5, 18, 0], [1, 257, 321], [7, 17, 641], [150, 130, 3], [145, 129, 320]] {
        for case in Case::all(size) {
            case.check(&ctx);
        }
    }
    // Many tasks, and B packed in several turns.
    Case::plain([300, 260, 961]).check(&ctx);
    Case::plain([145, 1100, 1000]).check(&ctx);
    // Few rows, with many columns or a long K.
    for size in [[1, 1100, 330], [4, 130, 700], [8, 2090, 20]] {
        for case in Case::all(size).step_by(5) {
            case.check(&ctx);
        }
    }
}

#[test]
fn every_rung_and_team_gives_the_same_bits() {
    for size in [[3, 5, 7], [5, 300, 330], [13, 37, 330], [64, 150, 200], [150, 140, 70]] {
        for case in Case::all(size).step_by(11) {
            everywhere(|ctx| case.run(ctx));
        }
    }
}

#[test]
fn a_row_does_not_depend_on_the_others() {
    let ctx = Ctx::new(2);
    let [m, n, k] = [150, 140, 700];
    for transposed in [false, true] {
        let case = Case { transposed: [false, transposed], ..Case::plain([m, n, k]) };
        let ([a, b, ..], all) = (case.numbers(), case.run(&ctx));
        for rows in [1, 2, 3, 4, 5, 6, 7, 8, 9, 13] {
            let mut c = vec![0.0; rows * n];
            let b = if transposed { Matrix::transposed(&b, k) } else { Matrix::rows(&b, n) };
            let (a, out) = (Matrix::rows(&a, k), MatrixMut::rows(&mut c, n));
            gemm(&ctx, [rows, n, k], a, b, out, Write::Set, Epilogue::NONE);
            assert_eq!(bits(&c), bits(&all[..rows * n]), "{rows}");
        }
    }
}

#[test]
fn a_prepared_product_has_the_same_bits() {
    let prepared = |ctx: &Ctx, case: Case| {
        case.run_by(|[m, n, k], (a, b, c), write, epilogue| {
            let mut laid = vec![f32::NAN; gemm_prepared_len(ctx, [k, n])];
            gemm_prepare(ctx, [k, n], b, &mut laid);
            gemm_prepared(ctx, [m, n, k], a, &laid, c, write, epilogue);
        })
    };
    for size in [[0, 5, 3], [1, 0, 7], [1, 70, 0], [1, 300, 330], [2, 65, 961], [5, 37, 330], [150, 140, 70]]
    {
        for case in Case::all(size).step_by(7) {
            let bits_of_all = everywhere(|ctx| prepared(ctx, case));
            assert_eq!(bits(&bits_of_all), bits(&case.run(&Ctx::new(2))), "{size:?}");
        }
    }
}

#[test]
#[should_panic(expected = "a prepared B of 3 rows and 20 columns has 96 numbers, got 60")]
fn a_weight_is_prepared_before_it_is_used() {
    let (ctx, b) = (Ctx::limited(Some(Rung::Portable), 1, Precision::Highest), [0.0; 60]);
    let (a, c) = (Matrix::rows(&[0.0; 3], 3), &mut [0.0; 20]);
    gemm_prepared(&ctx, [1, 20, 3], a, &b, MatrixMut::rows(c, 20), Write::Set, Epilogue::NONE);
}

#[test]
fn zero_times_nan_or_infinity_is_nan() {
    for isa in Isa::available() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut b = [1.0; 20 * 20];
            b[7 * 20 + 18] = bad;
            let epilogue = Epilogue { relu: true, ..Epilogue::columns(&[1.0; 20]) };
            let ctx = Ctx::limited(Some(isa.rung()), 1, Precision::Highest);
            for rows in [1, 3, 9] {
                for (b, column) in [(Matrix::rows(&b, 20), 18), (Matrix::transposed(&b, 20), 7)] {
                    let (zeros, mut c) = (vec![0.0; rows * 20], vec![0.0; rows * 20]);
                    let (a, out) = (Matrix::rows(&zeros, 20), MatrixMut::rows(&mut c, 20));
                    gemm(&ctx, [rows, 20, 20], a, b, out, Write::Set, epilogue);
                    let right = |(i, c): (usize, &f32)| if i % 20 == column { c.is_nan() } else { *c == 1.0 };
                    assert!(c.iter().enumerate().all(right), "{rows} {c:?}");
                }
            }
        }
    }
}

#[test]
fn rows_with_a_stride_leave_what_lies_between() {
    let mut c = [7.0; 25];
    let (a, b) = (Matrix { data: &[1.0; 5], row: 1, col: 1 }, Matrix::rows(&[2.0; 2], 2));
    let out = MatrixMut { data: &mut c, row: 5 };
    gemm(&Ctx::new(1), [5, 2, 1], a, b, out, Write::Add, Epilogue::NONE);
    assert!(c.iter().enumerate().all(|(i, &c)| c == if i % 5 < 2 { 9.0 } else { 7.0 }), "{c:?}");
}

#[test]
#[should_panic(expected = "gemm wants 3 rows and 4 columns in A, got 11 numbers")]
fn a_matrix_has_all_its_numbers() {
    let (a, b) = (Matrix::rows(&[0.0; 11], 4), Matrix::rows(&[0.0; 8], 2));
    gemm(&Ctx::new(1), [3, 2, 4], a, b, MatrixMut::rows(&mut [0.0; 6], 2), Write::Set, Epilogue::NONE);
}

#[test]
#[ignore = "measures"]
#[expect(clippy::print_stderr, reason = "what it measures")]
fn speed() {
    let forward = |m, n, k| Case { transposed: [false, true], bias: 1, relu: true, ..Case::plain([m, n, k]) };
    let cube = |n| Case::plain([n, n, n]);
    let weight = |m, n, k| Case { transposed: [true, false], ..Case::plain([m, n, k]) };
    let data = |m, n, k| Case::plain([m, n, k]);
    let cases = [
        ("cube", vec![cube(64), cube(256), cube(512), cube(1024)]),
        (
            "forward",
            vec![forward(64, 512, 784), forward(128, 256, 512), forward(64, 10, 512), forward(1, 512, 784)],
        ),
        ("forward", vec![forward(64, 128, 3136), forward(1, 4096, 4096), forward(32, 512, 128)]),
        (
            "weight",
            vec![weight(512, 784, 64), weight(10, 512, 64), weight(128, 3136, 64), weight(512, 128, 32)],
        ),
        ("few", vec![forward(1, 128, 3136), forward(1, 512, 128), forward(8, 512, 784), data(1, 784, 512)]),
        ("data", vec![data(64, 784, 512), data(64, 512, 10), data(64, 3136, 128)]),
    ];
    for (name, case) in cases.iter().flat_map(|(name, cases)| cases.iter().map(move |case| (name, case))) {
        let ([m, n, k], [a, b, mut c, bias]) = (case.size, case.numbers());
        let a = if case.transposed[0] { Matrix::transposed(&a, m) } else { Matrix::rows(&a, k) };
        let b = if case.transposed[1] { Matrix::transposed(&b, k) } else { Matrix::rows(&b, n) };
        let epilogue = if case.bias > 0 { Epilogue::columns(&bias) } else { Epilogue::NONE };
        let rate = [1, 2].map(|threads| {
            let ctx = Ctx::new(threads);
            let seconds = seconds_of(50, threads, || {
                gemm(&ctx, case.size, a, b, MatrixMut::rows(&mut c, n), case.write, epilogue);
            });
            2.0 * (m * n * k) as f64 / seconds / 1e9
        });
        eprintln!("{name:8} {:?}: {:.1} GFLOP/s on one thread, {:.1} on two", case.size, rate[0], rate[1]);
    }
}

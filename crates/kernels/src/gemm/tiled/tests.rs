use std::io::Write as _;
use std::sync::Once;

use super::*;
use crate::Ctx;
use crate::amx::{Amx, Twin};
use crate::gemm::tests::Case;
use crate::gemm::{Epilogue, Lines, Matrix, MatrixMut, gemm, pack_all};
use crate::isa::{Isa, Rung};
use crate::testing::{bits, normal, seconds_of};
use crate::write::Write;

const LOWER: [Precision; 2] = [Precision::High, Precision::Medium];

/// Tiles to test, and what they are called.
trait Tested: Tiles {
    const NAME: &str;
}

impl Tested for Twin {
    const NAME: &str = "twin";
}

impl Tested for Loaded {
    const NAME: &str = "instructions";
}

/// Runs a test on the twin and, where there are any, on the instructions.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod twin { $(#[test] fn $name() { super::$name::<super::Twin>(super::Isa::best()) })+ }
        mod instructions { $(#[test] fn $name() {
            if let Some(amx) = super::amx() { super::$name::<super::Loaded>(amx) }
        })+ }
    };
}

on_both!(
    whole_numbers_give_the_exact_product,
    random_numbers_are_as_near_as_the_tier_says,
    threads_change_no_bit,
    what_is_not_finite_stays_so,
    infinity_is_exact_in_one_part,
    rows_with_a_stride_leave_what_lies_between,
    blocks_of_k_are_added_in_order,
);

/// The tiles of this machine. If it has none it says so, past what hides the output of tests that pass: nothing was tested then.
fn amx() -> Option<Amx> {
    static ONCE: Once = Once::new();
    Amx::detect()
        .inspect_err(|none| {
            let text = format!("NOT TESTED: the instructions of AMX, because {none}");
            ONCE.call_once(|| drop(writeln!(std::io::stderr(), "{text}")));
        })
        .ok()
}

/// The product on these tiles, whatever its size.
fn product<T: Tiles>(token: T::Token, threads: usize, precision: Precision, case: &Case) -> Vec<f32> {
    let ctx = Ctx::new(threads);
    case.run_by(|size, matrices, write, epilogue| {
        let (product, c) = Product::of(&ctx, size, matrices, write, epilogue);
        assert!(product.by_precision::<T>(token, precision, &c));
    })
}

fn whole_numbers_give_the_exact_product<T: Tested>(token: T::Token) {
    let ctx = Ctx::new(2);
    let check = |case: Case| {
        for precision in LOWER {
            let case = Case { whole: true, ..case };
            let got = product::<T>(token, 2, precision, &case);
            assert_eq!(bits(&got), bits(&case.run(&ctx)), "{} {precision:?} {:?}", T::NAME, case.size);
        }
    };
    for m in [0, 1, 2, 15, 16, 17, 31, 32, 33, 49] {
        for n in [0, 1, 15, 16, 17, 32, 33] {
            for k in [0, 1, 2, 31, 32, 33] {
                Case::all([m, n, k]).step_by(11).for_each(check);
            }
        }
    }
    for size in [[5, 18, 0], [33, 47, 513], [64, 64, 64], [70, 130, 1100], [1, 40, 600]] {
        Case::all(size).for_each(check);
    }
    // Many tasks of each size, and factors packed in several turns.
    for size in [[600, 520, 40], [257, 300, 96], [150, 300, 5000]] {
        Case::all(size).step_by(13).for_each(check);
    }
}

/// The exact product, for a case that is plain.
fn exact(case: &Case) -> Vec<f64> {
    let ([m, n, k], [a, b, ..]) = (case.size, case.numbers());
    let mut c = vec![0.0; m * n];
    for (i, c) in c.chunks_mut(n).enumerate() {
        for p in 0..k {
            for (j, c) in c.iter_mut().enumerate() {
                *c += f64::from(a[i * k + p]) * f64::from(b[p * n + j]);
            }
        }
    }
    c
}

/// The largest error as a share of the largest number of the exact product.
fn error(got: &[f32], wanted: &[f64]) -> f64 {
    let largest = wanted.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    let off = got.iter().zip(wanted).map(|(got, wanted)| (f64::from(*got) - wanted).abs());
    off.fold(0.0, f64::max) / largest
}

#[expect(clippy::print_stderr, reason = "how far from its bound it is, is read by a person")]
fn random_numbers_are_as_near_as_the_tier_says<T: Tested>(token: T::Token) {
    for k in [256, 512, 700, 1024] {
        let case = Case::plain([96, 160, k]);
        let wanted = exact(&case);
        for (precision, bound) in LOWER.into_iter().zip([1e-5, 5e-3]) {
            let error = error(&product::<T>(token, 2, precision, &case), &wanted);
            eprintln!("{}: K {k}, {precision:?}: {error:.1e}", T::NAME);
            assert!(error <= bound, "{} {precision:?} {k}: {error:e}", T::NAME);
            // It is no other tier in disguise.
            assert!(error >= bound / 100.0, "{} {precision:?} {k}: {error:e}", T::NAME);
        }
    }
}

fn threads_change_no_bit<T: Tested>(token: T::Token) {
    for size in [[130, 200, 700], [33, 17, 1030], [64, 512, 64], [300, 260, 100]] {
        for case in Case::all(size).step_by(17) {
            for precision in LOWER {
                let alone = product::<T>(token, 1, precision, &case);
                for threads in [2, 3, 8] {
                    let again = product::<T>(token, threads, precision, &case);
                    assert_eq!(bits(&again), bits(&alone), "{} {size:?} {threads}", T::NAME);
                }
            }
        }
    }
}

/// A product of 40 by 50 numbers by 50 by 60, one of which is changed in A (row 34, step 21) or in B (step 21, column 50).
fn with_one<T: Tiles>(token: T::Token, precision: Precision, bad: f32, in_a: bool, fill: f32) -> Vec<f32> {
    let (mut a, mut b, mut c) = (vec![fill; 40 * 50], vec![fill; 50 * 60], vec![0.0; 40 * 60]);
    if in_a {
        a[34 * 50 + 21] = bad
    } else {
        b[21 * 60 + 50] = bad
    }
    let ctx = Ctx::new(2);
    let matrices = (Matrix::rows(&a, 50), Matrix::rows(&b, 60), MatrixMut::rows(&mut c, 60));
    let epilogue = Epilogue { relu: true, ..Epilogue::NONE };
    let (product, block) = Product::of(&ctx, [40, 60, 50], matrices, Write::Set, epilogue);
    assert!(product.by_precision::<T>(token, precision, &block));
    c
}

/// Whether element `i` is reached by what [`with_one`] changed.
fn is_reached(i: usize, in_a: bool) -> bool {
    if in_a { i / 60 == 34 } else { i % 60 == 50 }
}

fn what_is_not_finite_stays_so<T: Tested>(token: T::Token) {
    for precision in LOWER {
        for in_a in [false, true] {
            // Neither is 0.1 a bf16, nor is what it leaves positive; 1 leaves nothing, and zero times infinity is NaN.
            for (bad, fill) in [(f32::NAN, 0.0), (f32::NAN, 0.1), (f32::INFINITY, 0.1), (f32::INFINITY, 1.0)]
            {
                let c = with_one::<T>(token, precision, bad, in_a, fill);
                for (i, x) in c.iter().enumerate() {
                    let right = match is_reached(i, in_a) {
                        true if bad.is_nan() => x.is_nan(),
                        true => x.is_nan() || *x == f32::INFINITY,
                        false => x.is_finite(),
                    };
                    assert!(right, "{} {precision:?} {bad} {fill}: {x} at {i}", T::NAME);
                }
            }
        }
    }
}

fn infinity_is_exact_in_one_part<T: Tested>(token: T::Token) {
    for in_a in [false, true] {
        for fill in [0.1, 1.0] {
            let c = with_one::<T>(token, Precision::Medium, f32::INFINITY, in_a, fill);
            assert!(
                c.iter().enumerate().all(|(i, x)| (*x == f32::INFINITY) == is_reached(i, in_a)),
                "{fill}"
            );
            assert!(c.iter().all(|x| !x.is_nan()), "{fill}");
        }
    }
}

fn rows_with_a_stride_leave_what_lies_between<T: Tested>(token: T::Token) {
    let (a, b, mut c) = (vec![1.0; 40], vec![2.0; 3], vec![7.0; 40 * 5]);
    let ctx = Ctx::new(1);
    let matrices = (Matrix::rows(&a, 1), Matrix::rows(&b, 3), MatrixMut { data: &mut c, row: 5 });
    let (product, block) = Product::of(&ctx, [40, 3, 1], matrices, Write::Add, Epilogue::NONE);
    assert!(product.by_precision::<T>(token, Precision::High, &block));
    assert!(c.iter().enumerate().all(|(i, &c)| c == if i % 5 < 3 { 9.0 } else { 7.0 }), "{c:?}");
}

fn blocks_of_k_are_added_in_order<T: Tested>(token: T::Token) {
    let case = Case::plain([40, 50, 2 * DEPTH + 70]);
    let ([m, n, k], [a, b, ..]) = (case.size, case.numbers());
    for precision in LOWER {
        let mut sum = vec![0.0; m * n];
        for depth in depths(k) {
            let (part, ctx) = (depth.len(), Ctx::new(1));
            let matrices = (
                Matrix { data: &a[depth.start..], row: k, col: 1 },
                Matrix::rows(&b[depth.start * n..depth.end * n], n),
                MatrixMut::rows(&mut sum, n),
            );
            let (product, c) = Product::of(&ctx, [m, n, part], matrices, Write::Add, Epilogue::NONE);
            assert!(product.by_precision::<T>(token, precision, &c));
        }
        assert_eq!(bits(&product::<T>(token, 2, precision, &case)), bits(&sum), "{}", T::NAME);
    }
}

#[test]
fn blocks_of_k_have_one_length() {
    let all = |k| depths(k).map(|depth| [depth.start, depth.end]).collect::<Vec<_>>();
    assert_eq!(all(0), [[0, 0]]);
    assert_eq!(all(512), [[0, 512]]);
    assert_eq!(all(1030), [[0, 512], [512, 1024], [1024, 1030]]);
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "the manuals disagree about the order of sums, so a person should see it"
)]
fn the_instructions_agree_with_their_twin() {
    let Some(amx) = amx() else { return };
    for size in [[32, 32, 32], [40, 50, 1000], [130, 200, 700]] {
        for precision in LOWER {
            let case = Case::plain(size);
            let real = product::<Loaded>(amx, 2, precision, &case);
            let twin = product::<Twin>(Isa::best(), 2, precision, &case);
            // Of the larger ones; each sum of K terms is rounded some K times either way.
            let wide: Vec<f64> = twin.iter().map(|x| f64::from(*x)).collect();
            let off = error(&real, &wide);
            let same = bits(&real) == bits(&twin);
            eprintln!(
                "{size:?} {precision:?}: off by {off:.1e}, {}",
                if same { "bit for bit" } else { "other bits" }
            );
            assert!(off <= 1e-6, "{size:?} {precision:?}: {off:e}");
        }
    }
}

#[test]
fn the_instructions_flush_what_their_twin_flushes() {
    let Some(amx) = amx() else { return };
    let numbers: Vec<f32> = normal(9, 32 * 32).iter().map(|x| x * f32::powi(2.0, -64)).collect();
    let run = |product: &dyn Fn(&Product<'_>, &Block<'_>) -> bool| {
        let (mut c, ctx) = (vec![0.0; 32 * 32], Ctx::new(1));
        let matrices = (Matrix::rows(&numbers, 32), Matrix::rows(&numbers, 32), MatrixMut::rows(&mut c, 32));
        let (of, block) = Product::of(&ctx, [32, 32, 32], matrices, Write::Set, Epilogue::NONE);
        assert!(product(&of, &block));
        c.iter().map(|x| *x == 0.0).collect::<Vec<bool>>()
    };
    let real = run(&|of, c| of.by_precision::<Loaded>(amx, Precision::Medium, c));
    let twin = run(&|of, c| of.by_precision::<Twin>(Isa::best(), Precision::Medium, c));
    let same = real.iter().zip(&twin).filter(|(real, twin)| real == twin).count();
    assert!(same > 1000, "{same} of 1024 are zero alike");
}

#[test]
fn without_tiles_the_lower_tiers_are_the_highest() {
    for size in [[64, 64, 64], [200, 300, 400]] {
        for case in Case::all(size).step_by(7) {
            let wanted = bits(&case.run(&Ctx::new(2)));
            for precision in Precision::ALL {
                for rung in Rung::ALL {
                    let got = case.run(&Ctx::limited(Some(rung), 2, precision));
                    assert_eq!(bits(&got), wanted, "{precision:?} {rung:?}");
                }
                if Amx::detect().is_err() {
                    let got = case.run(&Ctx::with_precision(2, precision));
                    assert_eq!(bits(&got), wanted, "{precision:?}");
                }
            }
        }
    }
}

#[test]
fn with_tiles_the_lower_tiers_are_what_is_computed() {
    let Some(amx) = amx() else { return };
    for precision in LOWER {
        let large = Case::plain([64, 80, 96]);
        let got = large.run(&Ctx::with_precision(2, precision));
        assert_eq!(bits(&got), bits(&product::<Loaded>(amx, 2, precision, &large)));
        for size in [[15, 500, 500], [500, 15, 500], [500, 500, 15], [63, 64, 64]] {
            let small = Case::plain(size);
            let got = small.run(&Ctx::with_precision(2, precision));
            assert_eq!(bits(&got), bits(&small.run(&Ctx::new(2))), "{size:?}");
        }
    }
}

#[test]
fn the_shape_alone_decides_what_is_for_tiles() {
    assert!(is_for_tiles([64, 64, 64]) && is_for_tiles([16, 128, 128]));
    for size in [[15, 500, 500], [500, 15, 500], [500, 500, 15], [63, 64, 64], [0, 64, 64]] {
        assert!(!is_for_tiles(size), "{size:?}");
    }
}

#[test]
#[ignore = "measures"]
#[expect(clippy::print_stderr, reason = "what it measures")]
fn packing_speed() {
    let [m, k] = [1024, 1024];
    let (data, ctx) = (normal(1, m * k), Ctx::new(1));
    let matrices = [
        ("rows along K", Lines { data: &data, line: k, deep: 1, count: m }),
        ("rows across K", Lines { data: &data, line: 1, deep: m, count: m }),
    ];
    for (name, lines) in matrices {
        let mut floats = vec![0.0; m * k];
        let seconds = seconds_of(50, 1, || {
            pack_all::<16>(ctx.isa, None, &lines, 0..m, k, &mut floats);
        });
        eprintln!("{name} in f32: {:.2} ns a number", seconds * 1e9 / (m * k) as f64);
        for factor in [Factor::A, Factor::B] {
            let mut words = vec![0; Panels::<2>::words(m, k)];
            let seconds = seconds_of(50, 1, || {
                Panels::<2>::pack(ctx.isa, &ctx.team, (&lines, factor), 0..m, k, &mut words);
            });
            eprintln!("{name} {factor:?}: {:.2} ns a number", seconds * 1e9 / (m * k) as f64);
        }
    }
}

#[test]
fn gemm_takes_sizes_that_are_empty() {
    for precision in LOWER {
        let mut c = [1.0; 4];
        let (a, b) = (Matrix::rows(&[], 0), Matrix::rows(&[], 2));
        let out = MatrixMut::rows(&mut c, 2);
        gemm(
            &Ctx::with_precision(1, precision),
            [2, 2, 0],
            a,
            b,
            out,
            Write::Set,
            Epilogue::columns(&[3.0; 2]),
        );
        assert_eq!(c, [3.0; 4]);
    }
}

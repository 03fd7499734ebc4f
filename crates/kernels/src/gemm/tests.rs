#![expect(clippy::unwrap_used, reason = "a test may panic")]
use super::*;
use crate::philox::fill_normal;

#[test]
#[ignore = "measures"]
fn speed() {
    let ctx = Ctx::new(1);
    for n in [64, 256, 512, 1024] {
        let a = vec![0.5; n * n];
        let b = vec![0.25; n * n];
        let mut c = vec![0.0; n * n];
        let mut best = f64::INFINITY;
        for _ in 0..10 {
            let start = std::time::Instant::now();
            gemm(
                &ctx,
                [n, n, n],
                Matrix::rows(&a, n),
                Matrix::rows(&b, n),
                MatrixMut::rows(&mut c, n),
                Write::Set,
                Epilogue::NONE,
            );
            best = best.min(start.elapsed().as_secs_f64());
        }
        eprintln!("{n} {:.1}", 2.0 * (n as f64).powi(3) / best / 1e9);
    }
}

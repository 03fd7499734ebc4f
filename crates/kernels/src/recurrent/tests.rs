use super::*;
use crate::ctx::Ctx;
use crate::testing::{assert_close, bits, differences, everywhere, inner, normal, wide};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Lstm,
    Gru,
}

type Back = fn(
    &Ctx,
    [usize; 4],
    Sequence<'_>,
    RecurrentWeights<'_>,
    &[f32],
    &[f32],
    &mut [f32],
    StateGradients<'_>,
    Option<(&mut [f32], Write)>,
    RecurrentGradients<'_>,
);

impl Kind {
    fn layer(self) -> (RecurrentLayer, Back) {
        if self == Kind::Lstm { (lstm, lstm_backward) } else { (gru, gru_backward) }
    }

    fn gates(self) -> usize {
        if self == Kind::Lstm { 4 } else { 3 }
    }

    fn saved_len(self, shape: [usize; 4]) -> usize {
        if self == Kind::Lstm { lstm_saved_len(shape) } else { gru_saved_len(shape) }
    }

    /// Lengths of x, w_ih, w_hh, b_ih, b_hh.
    fn lens(self, [b, t, i, h]: [usize; 4]) -> [usize; 5] {
        let gates = self.gates() * h;
        [b * t * i, gates * i, gates * h, gates, gates]
    }
}

/// A sequence by the formulas of PyTorch's pages, in `f64`: all states `[B, T, H]`, then the last `[B, H]`.
fn plain(kind: Kind, shape: [usize; 4], sequence: Sequence<'_>, numbers: [&[f64]; 5]) -> Vec<f64> {
    let [b, t, i, h] = shape;
    let [x, w_ih, w_hh, b_ih, b_hh] = numbers;
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut out = vec![0.0; (b * t + b) * h];
    for row in 0..b {
        let len = sequence.lengths.map_or(t, |lengths| lengths[row] as usize);
        let (mut state, mut cell) = (vec![0.0; h], vec![0.0; h]);
        for step in 0..len {
            let time = if sequence.direction == Direction::Forward { step } else { len - 1 - step };
            let x = &x[(row * t + time) * i..][..i];
            let beside_x = |gate: usize| dot(&w_ih[gate * i..][..i], x) + b_ih[gate];
            let beside_h = |gate: usize| dot(&w_hh[gate * h..][..h], &state) + b_hh[gate];
            let both = |gate: usize| beside_x(gate) + beside_h(gate);
            state = (0..h)
                .map(|unit| {
                    if kind == Kind::Lstm {
                        let new = sigmoid(both(unit)) * both(2 * h + unit).tanh();
                        cell[unit] = sigmoid(both(h + unit)) * cell[unit] + new;
                        sigmoid(both(3 * h + unit)) * cell[unit].tanh()
                    } else {
                        let (reset, update) = (sigmoid(both(unit)), sigmoid(both(h + unit)));
                        let new = (beside_x(2 * h + unit) + reset * beside_h(2 * h + unit)).tanh();
                        (1.0 - update) * new + update * state[unit]
                    }
                })
                .collect();
            out[(row * t + time) * h..][..h].copy_from_slice(&state);
        }
        out[(b * t + row) * h..][..h].copy_from_slice(&state);
    }
    out
}

struct Case {
    kind: Kind,
    shape: [usize; 4],
    direction: Direction,
    lengths: Option<Vec<u32>>,
    /// x, w_ih, w_hh, b_ih, b_hh.
    numbers: [Vec<f32>; 5],
    d_states: Vec<f32>,
    d_last: Vec<f32>,
}

struct Run {
    /// All states, then the last.
    out: Vec<f32>,
    /// Of x, w_ih, w_hh, b_ih, b_hh.
    gradients: [Vec<f32>; 5],
}

impl Case {
    fn new(kind: Kind, shape: [usize; 4], direction: Direction, padded: bool) -> Case {
        let [b, t, _, h] = shape;
        let lengths = padded.then(|| (0..b).map(|row| ((row * 7 + 1) % (t + 1)) as u32).collect());
        let numbers = kind.lens(shape);
        let mut numbers: [Vec<f32>; 5] = std::array::from_fn(|i| normal(i as u32, numbers[i]));
        // Weights of 1 would drive the gates of wide layers to their ends, where every gradient is zero.
        numbers[1..].iter_mut().flatten().for_each(|x| *x *= 0.4);
        let (d_states, d_last) = (normal(8, b * t * h), normal(9, b * h));
        Case { kind, shape, direction, lengths, numbers, d_states, d_last }
    }

    fn sequence(&self) -> Sequence<'_> {
        Sequence { direction: self.direction, lengths: self.lengths.as_deref(), row: self.shape[3] }
    }

    fn run(&self, ctx: &Ctx) -> Run {
        let [b, t, _, h] = self.shape;
        let [x, w_ih, w_hh, b_ih, b_hh] = &self.numbers;
        let weights = RecurrentWeights { w_ih, w_hh, b_ih, b_hh };
        let (mut states, mut last) = (vec![f32::NAN; b * t * h], vec![f32::NAN; b * h]);
        let mut saved = vec![f32::NAN; self.kind.saved_len(self.shape)];
        let (forward, backward) = self.kind.layer();
        forward(ctx, self.shape, self.sequence(), weights, x, &mut states, &mut last, &mut saved);
        let mut gradients = self.kind.lens(self.shape).map(|len| vec![f32::NAN; len]);
        let [d_x, w_ih, w_hh, b_ih, b_hh] = &mut gradients;
        let d_weights = RecurrentGradients {
            w_ih: (w_ih, Write::Set),
            w_hh: (w_hh, Write::Set),
            b_ih: (b_ih, Write::Set),
            b_hh: (b_hh, Write::Set),
        };
        let outer = StateGradients { states: Some(&self.d_states), last: Some(&self.d_last) };
        let d_x = Some((&mut d_x[..], Write::Set));
        backward(ctx, self.shape, self.sequence(), weights, x, &states, &mut saved, outer, d_x, d_weights);
        states.extend(last);
        Run { out: states, gradients }
    }

    /// Against the plain formulas: the outputs, and the gradient of every number by differences if `every`, else along a random
    /// direction within each of the five.
    #[track_caller]
    fn check(&self, ctx: &Ctx, every: bool) {
        let got = self.run(ctx);
        let numbers = self.numbers.each_ref().map(|numbers| wide(numbers));
        let outer = [&self.d_states[..], &self.d_last].concat();
        let all = |numbers: [&[f64]; 5]| plain(self.kind, self.shape, self.sequence(), numbers);
        let sizes = numbers.each_ref().map(|numbers| &numbers[..]);
        // Some 100 terms of size 1, each rounded to 6e-8, and errors that steps hand on but shrink.
        assert_close(&got.out, &all(sizes), 2e-6, "states");
        for which in 0..5 {
            let loss = |moved: &[f64]| {
                let mut numbers = sizes;
                numbers[which] = moved;
                inner(&all(numbers), &outer)
            };
            let gradient = &got.gradients[which];
            if every {
                assert_close(gradient, &differences(&numbers[which], loss), 1e-5, &format!("{which}"));
                continue;
            }
            let way = wide(&normal(20, gradient.len()));
            let along = |step: &[f64]| {
                let moved: Vec<f64> =
                    numbers[which].iter().zip(&way).map(|(x, way)| x + step[0] * way).collect();
                loss(&moved)
            };
            let wanted = differences(&[0.0], along)[0];
            let parts: Vec<f64> = gradient.iter().zip(&way).map(|(&g, way)| f64::from(g) * way).collect();
            let (slope, size) = (parts.iter().sum::<f64>(), parts.iter().map(|x| x.abs()).sum::<f64>());
            assert!((slope - wanted).abs() <= 1e-6 * size, "{which}: {slope} is not {wanted}");
        }
    }
}

fn kinds() -> impl Iterator<Item = (Kind, Direction, bool)> {
    let directions = [Direction::Forward, Direction::Backward];
    let kinds = [Kind::Lstm, Kind::Gru].into_iter();
    kinds
        .flat_map(move |kind| directions.map(|way| (kind, way)))
        .flat_map(|(kind, way)| [(kind, way, false), (kind, way, true)])
}

#[test]
fn gradients_agree_with_differences() {
    let ctx = Ctx::new(2);
    for (kind, direction, padded) in kinds() {
        for shape in [[1, 1, 1, 1], [3, 4, 2, 3], [7, 3, 5, 2]] {
            Case::new(kind, shape, direction, padded).check(&ctx, true);
        }
    }
}

#[test]
fn larger_sizes_agree_with_the_plain_formulas() {
    let ctx = Ctx::new(2);
    for (kind, direction, padded) in kinds() {
        // The last one has more steps than go into one product for the gradients of weights.
        for shape in [[70, 5, 3, 17], [21, 9, 40, 33], [40, 70, 3, 5]] {
            Case::new(kind, shape, direction, padded).check(&ctx, false);
        }
    }
}

#[test]
fn nobody_reads_beyond_the_end_of_a_row() {
    let ctx = Ctx::new(2);
    for (kind, direction, padded) in kinds().filter(|&(.., padded)| padded) {
        let shape @ [_, t, i, h] = [19, 5, 7, 35];
        let mut case = Case::new(kind, shape, direction, padded);
        let wanted = case.run(&ctx);
        let lengths = case.lengths.clone().into_iter().flatten();
        for at in lengths.enumerate().flat_map(|(row, len)| row * t + len as usize..(row + 1) * t) {
            case.numbers[0][at * i..][..i].fill(f32::NAN);
            case.d_states[at * h..][..h].fill(f32::NAN);
        }
        let got = case.run(&ctx);
        assert_eq!(bits(&got.out), bits(&wanted.out), "{kind:?} {direction:?}");
        for (got, wanted) in got.gradients.iter().zip(&wanted.gradients) {
            assert_eq!(bits(got), bits(wanted), "{kind:?} {direction:?}");
        }
    }
}

#[test]
fn empty_sizes_give_zeros() {
    let ctx = Ctx::new(2);
    for (kind, direction, padded) in kinds() {
        for shape in [[0, 3, 2, 2], [2, 0, 2, 2], [2, 3, 2, 0], [2, 3, 0, 2]] {
            let run = Case::new(kind, shape, direction, padded).run(&ctx);
            let [_, rest @ ..] = &run.gradients;
            if shape[0] * shape[1] * shape[3] == 0 {
                assert!(run.out.iter().chain(rest.iter().flatten()).all(|&x| x == 0.0), "{shape:?}");
            }
            assert!(run.out.iter().chain(rest.iter().flatten()).all(|x| x.is_finite()), "{shape:?}");
        }
    }
}

#[test]
fn bits_depend_on_no_rung_and_no_thread() {
    for (kind, direction, padded) in kinds() {
        // The steps of the second one are shared by the team.
        for shape in [[19, 5, 7, 35], [1, 5, 40, 96]] {
            let case = Case::new(kind, shape, direction, padded);
            everywhere(|ctx| {
                let run = case.run(ctx);
                [vec![run.out], run.gradients.to_vec()].concat().concat()
            });
        }
    }
}

#[test]
fn a_row_does_not_depend_on_the_others() {
    let ctx = Ctx::new(2);
    for kind in [Kind::Lstm, Kind::Gru] {
        let [b, t, i, h] = [9, 4, 40, 96];
        let many = Case::new(kind, [b, t, i, h], Direction::Forward, false);
        let all = many.run(&ctx).out;
        for rows in [1, 2, 3, 5] {
            let mut few = Case::new(kind, [rows, t, i, h], Direction::Forward, false);
            few.numbers = many.numbers.clone();
            few.numbers[0].truncate(rows * t * i);
            let got = few.run(&ctx).out;
            assert_eq!(bits(&got[..rows * t * h]), bits(&all[..rows * t * h]), "{kind:?} {rows}");
        }
    }
}

#[test]
fn both_directions_together_are_each_alone() {
    for b in [1, 3] {
        let shape @ [_, t, _, h] = [b, 7, 3, 20];
        for kind in [Kind::Lstm, Kind::Gru] {
            let (layer, saved_len) = (kind.layer().0, kind.saved_len(shape));
            let cases =
                [Direction::Forward, Direction::Backward].map(|way| Case::new(kind, shape, way, true));
            let wanted = cases.each_ref().map(|case| case.run(&Ctx::new(1)));
            let weights = cases.each_ref().map(|case| {
                let [_, w_ih, w_hh, b_ih, b_hh] = &case.numbers;
                RecurrentWeights { w_ih, w_hh, b_ih, b_hh }
            });
            let lengths = cases[0].sequence().lengths;
            let mut out =
                [vec![f32::NAN; 2 * b * t * h], vec![f32::NAN; 2 * b * h], vec![0.0; 2 * saved_len]];
            let [states, last, saved] = &mut out;
            let x = &cases[0].numbers[0];
            bidirectional(&Ctx::new(2), layer, shape, lengths, weights, x, states, last, saved);
            for (i, wanted) in wanted.iter().enumerate() {
                for (at, wanted) in wanted.out[..b * t * h].chunks(h).enumerate() {
                    assert_eq!(states[(2 * at + i) * h..][..h], *wanted, "{b} rows, direction {i}");
                }
                assert_eq!(last[i * b * h..][..b * h], wanted.out[b * t * h..][..b * h]);
            }
        }
    }
}

#[test]
fn two_directions_share_a_tensor() {
    let ctx = Ctx::new(1);
    let shape @ [b, t, _, h] = [3, 4, 2, 5];
    let mut both = vec![f32::NAN; b * t * 2 * h];
    for (half, direction) in [Direction::Forward, Direction::Backward].into_iter().enumerate() {
        let case = Case::new(Kind::Gru, shape, direction, true);
        let wanted = case.run(&ctx);
        let [x, w_ih, w_hh, b_ih, b_hh] = &case.numbers;
        let weights = RecurrentWeights { w_ih, w_hh, b_ih, b_hh };
        let sequence = Sequence { row: 2 * h, ..case.sequence() };
        let (mut last, mut saved) = (vec![0.0; b * h], vec![0.0; gru_saved_len(shape)]);
        let states = &mut both[half * h..];
        gru(&ctx, shape, sequence, weights, x, states, &mut last, &mut saved);
        let mut outer = vec![f32::NAN; states.len()];
        for (at, d) in case.d_states.chunks(h).enumerate() {
            outer[at * 2 * h..][..h].copy_from_slice(d);
            assert_eq!(states[at * 2 * h..][..h], wanted.out[at * h..][..h]);
        }
        // Added to the gradients of the other call they are doubled.
        let [_, mut w_ih, mut w_hh, mut b_ih, mut b_hh] = wanted.gradients.clone();
        let d_weights = RecurrentGradients {
            w_ih: (&mut w_ih, Write::Add),
            w_hh: (&mut w_hh, Write::Add),
            b_ih: (&mut b_ih, Write::Add),
            b_hh: (&mut b_hh, Write::Add),
        };
        let gradients = StateGradients { states: Some(&outer), last: Some(&case.d_last) };
        gru_backward(&ctx, shape, sequence, weights, x, states, &mut saved, gradients, None, d_weights);
        for (twice, once) in
            [w_ih, w_hh, b_ih, b_hh].iter().flatten().zip(wanted.gradients[1..].iter().flatten())
        {
            assert!((twice - 2.0 * once).abs() <= 1e-5 * once.abs().max(1.0), "{twice} is not twice {once}");
        }
    }
    assert!(both.iter().all(|x| x.is_finite()));
}

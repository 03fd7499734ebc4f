//! Rows of a table by their numbers.

use crate::Write;
use crate::buffer::as_words_mut;
use crate::channels::TASK;
use crate::ctx::Ctx;
use crate::isa::rungs;
use crate::scratch::lend;

/// Embedding: the row of the table for each id.
///
/// `ids`: `[N]`, each below `V`; `weight`: `[V, D]`; `y`: `[N, D]`.
///
/// # Panics
/// If a length does not fit, or an id has no row.
pub fn embedding(ctx: &Ctx, d: usize, ids: &[u32], weight: &[f32], y: &mut [f32]) {
    assert_eq!(y.len(), ids.len() * d, "embedding wants y of [{}, {d}]", ids.len());
    assert_ids(ids, d, weight.len());
    if y.is_empty() {
        return;
    }
    let rows = (TASK / d).max(1);
    ctx.team.parts(y, rows * d, |i, y| {
        for (y, &id) in y.chunks_exact_mut(d).zip(&ids[i * rows..]) {
            y.copy_from_slice(&weight[id as usize * d..][..d]);
        }
    });
}

/// The gradient of [`embedding`]: each row of the table gets the sum of the gradients of its occurrences, in their order.
///
/// `ids`: `[N]`; `dy`: `[N, D]`; `dweight`: `[V, D]`. What belongs to `padding_idx` is left out, as in PyTorch.
///
/// Ids are sorted by counting, which keeps the order of equal ones, and rows are summed side by side: no bit depends on threads.
///
/// # Panics
/// If a length does not fit, or an id has no row.
pub fn embedding_backward(
    ctx: &Ctx,
    d: usize,
    ids: &[u32],
    dy: &[f32],
    padding_idx: Option<u32>,
    dweight: &mut [f32],
    write: Write,
) {
    assert_eq!(dy.len(), ids.len() * d, "embedding wants dy of [{}, {d}]", ids.len());
    assert!(u32::try_from(ids.len()).is_ok(), "embedding wants fewer than 2^32 ids, got {}", ids.len());
    let vocabulary = assert_ids(ids, d, dweight.len());
    if dweight.is_empty() {
        return;
    }
    let rows = (TASK / d).max(1);
    lend(vocabulary + 1 + ids.len(), |words| {
        let (starts, order) = as_words_mut(words).split_at_mut(vocabulary + 1);
        sort(ids, starts, order);
        let (starts, order) = (&*starts, &*order);
        ctx.team.parts(dweight, rows * d, |i, dweight| {
            if write == Write::Set {
                dweight.fill(0.0);
            }
            for (row, dweight) in dweight.chunks_exact_mut(d).enumerate() {
                let id = i * rows + row;
                if padding_idx.is_none_or(|padding| padding as usize != id) {
                    let occurrences = starts[id] as usize..starts[id + 1] as usize;
                    add_rows(ctx.isa, &order[occurrences], dy, dweight);
                }
            }
        });
    });
}

/// Asserts that every id has a row, and gives the number of rows.
fn assert_ids(ids: &[u32], d: usize, table: usize) -> usize {
    let vocabulary = table.checked_div(d).unwrap_or(0);
    assert_eq!(vocabulary * d, table, "embedding wants a table of rows of {d}");
    if d > 0
        && let Some(id) = ids.iter().find(|id| **id as usize >= vocabulary)
    {
        panic_of_id(*id, vocabulary);
    }
    vocabulary
}

#[expect(clippy::panic, reason = "the caller has checked the ids")]
fn panic_of_id(id: u32, vocabulary: usize) -> ! {
    panic!("embedding wants ids below the vocabulary of {vocabulary}, got {id}")
}

/// Places of equal ids together, in their order: those of `id` are `order[starts[id]..starts[id + 1]]`.
fn sort(ids: &[u32], starts: &mut [u32], order: &mut [u32]) {
    starts.fill(0);
    for id in ids {
        starts[*id as usize + 1] += 1;
    }
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    for (place, id) in ids.iter().enumerate() {
        let next = &mut starts[*id as usize];
        order[*next as usize] = place as u32;
        *next += 1;
    }
    // Each start has become its end, which is the next one's start.
    starts.copy_within(..starts.len() - 1, 1);
    starts[0] = 0;
}

rungs! {
    fn add_rows(places: &[u32], dy: &[f32], sum: &mut [f32]) {
        let d = sum.len();
        for place in places {
            for (sum, dy) in sum.iter_mut().zip(&dy[*place as usize * d..][..d]) {
                *sum += dy;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, everywhere, normal};

    fn ids(n: usize, vocabulary: usize) -> Vec<u32> {
        normal(3, n).iter().map(|x| (x.abs() * 1000.0) as u32 % vocabulary as u32).collect()
    }

    #[test]
    fn rows_go_out_and_gradients_come_back() {
        for (n, vocabulary, d) in [(0, 3, 2), (1, 1, 1), (7, 5, 3), (100, 40, 17), (3000, 700, 64)] {
            let (ids, weight, dy) = (ids(n, vocabulary), normal(1, vocabulary * d), normal(2, n * d));
            for padding in [None, Some(0)] {
                let [y, dweight] = everywhere(|ctx| {
                    let (mut y, mut dweight) = (vec![f32::NAN; n * d], vec![f32::NAN; vocabulary * d]);
                    embedding(ctx, d, &ids, &weight, &mut y);
                    for write in [Write::Set, Write::Add] {
                        embedding_backward(ctx, d, &ids, &dy, padding, &mut dweight, write);
                    }
                    [y, dweight]
                });
                let mut twice = vec![0.0; vocabulary * d];
                for (i, &id) in ids.iter().enumerate() {
                    assert_eq!(y[i * d..][..d], weight[id as usize * d..][..d]);
                    for (sum, dy) in twice[id as usize * d..][..d].iter_mut().zip(&dy[i * d..]) {
                        *sum += if padding == Some(id) { 0.0 } else { 2.0 * f64::from(*dy) };
                    }
                }
                // Up to 60 additions of one row, each within half a unit.
                assert_close(&dweight, &twice, 1e-5, "dweight");
            }
        }
    }

    #[test]
    fn occurrences_are_added_in_their_order() {
        let (ctx, mut dweight) = (Ctx::new(2), [f32::NAN; 2]);
        embedding_backward(&ctx, 1, &[1, 1, 0, 1], &[1e8, -1e8, 3.0, 1.0], None, &mut dweight, Write::Set);
        assert_eq!(dweight, [3.0, 1.0]); // any other order of 1e8, -1e8 and 1 that ends elsewhere loses the 1
    }

    #[test]
    #[should_panic(expected = "embedding wants ids below the vocabulary of 2, got 2")]
    fn an_id_has_a_row() {
        embedding(&Ctx::new(1), 1, &[0, 2], &[0.0; 2], &mut [0.0; 2]);
    }
}

//! Sums over tasks: each in its own slot, added from left to right. Nothing is allocated.

use crate::team::Team;

/// Slots that are filled before they are added up; they lie on the stack.
const WAVE: usize = 64;

/// The sums of what every number below `count` gives.
pub(crate) fn sums<const N: usize>(
    team: &Team,
    count: usize,
    task: impl Fn(usize) -> [f64; N] + Sync,
) -> [f64; N] {
    let mut total = [0.0; N];
    for first in (0..count).step_by(WAVE) {
        let mut slots = [[0.0; N]; WAVE];
        let slots = &mut slots[..WAVE.min(count - first)];
        team.parts(slots, 1, |i, slot| slot[0] = task(first + i));
        add_all(&mut total, slots);
    }
    total
}

/// The sums of what every part of `out` gives; the parts are those of [`Team::parts`].
pub(crate) fn sums_of_parts<T: Send, const N: usize>(
    team: &Team,
    out: &mut [T],
    size: usize,
    task: impl Fn(usize, &mut [T]) -> [f64; N] + Sync,
) -> [f64; N] {
    let mut total = [0.0; N];
    for (wave, out) in out.chunks_mut(WAVE * size).enumerate() {
        let mut slots = [[0.0; N]; WAVE];
        let slots = &mut slots[..out.len().div_ceil(size)];
        team.parts2((out, size), (slots, 1), |i, out, slot| slot[0] = task(wave * WAVE + i, out));
        add_all(&mut total, slots);
    }
    total
}

fn add_all<const N: usize>(total: &mut [f64; N], slots: &[[f64; N]]) {
    for slot in slots {
        for (total, part) in total.iter_mut().zip(slot) {
            *total += part;
        }
    }
}

//! Texts as places of their pieces: 0 fills up, 1 is a piece that training did not know.

use super::Dice;

const PADDING: i64 = 0;
const UNKNOWN: i64 = 1;

/// Makes each piece unknown with a probability; padding is left alone.
pub(crate) fn drop_tokens(places: &mut [i64], probability: f32, dice: &mut Dice) {
    for place in places.iter_mut().filter(|place| **place != PADDING) {
        if dice.chance(probability) {
            *place = UNKNOWN;
        }
    }
}

/// Exchanges two neighbouring pieces, `count` times, each pair equally likely; padding is left alone.
pub(crate) fn swap_tokens(places: &mut [i64], count: usize, dice: &mut Dice) {
    let pieces: Vec<usize> = (0..places.len()).filter(|&at| places[at] != PADDING).collect();
    for _ in 0..count {
        if let [first, second, ..] = pieces[dice.below(pieces.len().saturating_sub(1))..] {
            places.swap(first, second);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: [i64; 8] = [5, 6, 7, 8, 9, 0, 0, 0];

    fn dropped(text: &[i64], probability: f32, key: u64) -> Vec<i64> {
        let mut places = text.to_vec();
        drop_tokens(&mut places, probability, &mut Dice::new(key));
        places
    }

    #[test]
    fn the_unknown_piece_stands_in() {
        assert_eq!(dropped(&TEXT, 1.0, 1), [1, 1, 1, 1, 1, 0, 0, 0]);
        let gone = dropped(&[7; 10_000], 0.1, 1).iter().filter(|&&place| place == 1).count();
        assert!(gone.abs_diff(1000) < 150, "{gone}"); // five deviations
    }

    #[test]
    fn neighbours_are_exchanged() {
        let mut seen = std::collections::BTreeMap::new();
        for key in 0..4000 {
            let mut places = TEXT;
            swap_tokens(&mut places, 1, &mut Dice::new(key));
            *seen.entry(places).or_insert(0_usize) += 1;
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
        assert!(seen.values().all(|count| count.abs_diff(1000) < 137), "{seen:?}"); // five deviations
        assert!(seen.keys().all(|places| places[5..] == [0; 3]));
    }

    #[test]
    fn nothing_to_do_does_nothing() {
        let mut places = TEXT;
        swap_tokens(&mut places, 0, &mut Dice::new(1));
        assert_eq!(places, TEXT);
        assert_eq!(dropped(&TEXT, 0.0, 1), TEXT);
        for text in [vec![], vec![0], vec![0, 0, 0], vec![4], vec![0, 4, 0]] {
            let mut places = text.clone();
            swap_tokens(&mut places, 9, &mut Dice::new(1));
            assert_eq!(places, text);
        }
    }

    #[test]
    fn the_same_dice_give_the_same_text() {
        let of = |key| {
            let mut places: Vec<i64> = (1..100).collect();
            drop_tokens(&mut places, 0.2, &mut Dice::new(key));
            swap_tokens(&mut places, 10, &mut Dice::new(key));
            places
        };
        assert_eq!(of(3), of(3));
        assert_ne!(of(3), of(4));
    }
}

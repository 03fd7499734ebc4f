use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map from words to places where there are not so many of them that a file could be made to let them collide.
pub(crate) type Places<K, V> = HashMap<K, V, BuildHasherDefault<Folded>>;

/// Eight bytes at a time are multiplied in, and both halves of the product kept (wyhash, Wang Yi): quick for short words.
/// Nothing that can be seen depends on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folded(u64);

impl Folded {
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.fold(u64::from_le_bytes(*word)));
        let mut last = [0xff; 8]; // which no text holds
        last[..rest.len()].copy_from_slice(rest);
        self.fold(u64::from_le_bytes(last));
    }

    fn write_u8(&mut self, byte: u8) {
        self.fold(u64::from(byte));
    }

    fn write_u64(&mut self, word: u64) {
        self.fold(word);
    }
}

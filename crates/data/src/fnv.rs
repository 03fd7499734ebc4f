use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map from words to places where there are not so many of them that a file could be made to let them collide.
pub(crate) type Places<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

/// FNV-1a, which is quick for short words; nothing that can be seen depends on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write;
use std::slice::from_ref;

use super::Zip;

/// A member to be written, with whatever it claims about itself.
#[derive(Clone)]
struct Claim {
    name: &'static str,
    flags: u16,
    method: u16,
    crc: u32,
    packed: Vec<u8>,
    size: u32,
    /// The extra field of the directory, and what stands for the sizes there if it has them.
    extra: Vec<u8>,
    is_wide: bool,
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::DeflateEncoder::new(vec![], flate2::Compression::best());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

fn stored(name: &'static str, content: &[u8]) -> Claim {
    let mut sum = flate2::Crc::new();
    sum.update(content);
    let (packed, size) = (content.to_vec(), content.len() as u32);
    Claim { name, flags: 0, method: 0, crc: sum.sum(), packed, size, extra: vec![], is_wide: false }
}

fn packed(name: &'static str, content: &[u8]) -> Claim {
    Claim { method: 8, packed: deflated(content), ..stored(name, content) }
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn longs(longs: &[u32]) -> Vec<u8> {
    longs.iter().flat_map(|long| long.to_le_bytes()).collect()
}

impl Claim {
    /// What stands in front of the member. Its sizes are zeros, as if they stood behind it.
    fn local(&self) -> Vec<u8> {
        let head = words(&[45, self.flags, self.method, 0, 0]);
        let lengths = words(&[self.name.len() as u16, 5]);
        [b"PK\x03\x04", &head[..], &[0; 12], &lengths, self.name.as_bytes(), b"extra", &self.packed].concat()
    }

    fn central(&self, at: u32) -> Vec<u8> {
        let head = words(&[45, 45, self.flags, self.method, 0, 0]);
        let sizes = if self.is_wide { [u32::MAX; 2] } else { [self.packed.len() as u32, self.size] };
        let lengths = words(&[self.name.len() as u16, self.extra.len() as u16, 0, 0, 0, 0, 0]);
        let sizes = longs(&[self.crc, sizes[0], sizes[1]]);
        let parts =
            [&b"PK\x01\x02"[..], &head, &sizes, &lengths, &longs(&[at]), self.name.as_bytes(), &self.extra];
        parts.concat()
    }
}

/// The members, the directory, and how many, how long and where it is.
fn parts(members: &[Claim]) -> (Vec<u8>, u32, u32) {
    let (mut bytes, mut directory) = (vec![], vec![]);
    for member in members {
        directory.extend(member.central(bytes.len() as u32));
        bytes.extend(member.local());
    }
    let (start, size) = (bytes.len() as u32, directory.len() as u32);
    bytes.extend(directory);
    (bytes, start, size)
}

fn zip(members: &[Claim]) -> Vec<u8> {
    let (bytes, start, size) = parts(members);
    let count = members.len() as u16;
    [bytes, b"PK\x05\x06".to_vec(), words(&[0, 0, count, count]), longs(&[size, start]), words(&[0])].concat()
}

/// The same with the records of zip64 at its end.
fn zip64(members: &[Claim]) -> Vec<u8> {
    let (bytes, start, size) = parts(members);
    let at = bytes.len() as u64;
    let record = [44, 0, members.len() as u64, members.len() as u64, size.into(), start.into()];
    let record: Vec<u8> = record.iter().flat_map(|long: &u64| long.to_le_bytes()).collect();
    let record = [b"PK\x06\x06", &record[..8], &words(&[45, 45]), &record[8..]].concat();
    let locator = [b"PK\x06\x07", &longs(&[0])[..], &at.to_le_bytes(), &longs(&[1])].concat();
    let end =
        [b"PK\x05\x06", &words(&[0, 0, 0xffff, 0xffff])[..], &longs(&[u32::MAX; 2]), &words(&[0])].concat();
    [bytes, record, locator, end].concat()
}

/// What is said about member `a` of an archive.
fn refusal(bytes: &[u8]) -> String {
    let refusal = Zip::open(bytes).and_then(|zip| zip.read("a", 1 << 20).map(drop)).unwrap_err();
    format!("wants {}, got {}", refusal.wants, refusal.got)
}

#[test]
fn members_are_stored_or_deflated() {
    let hints = Claim { flags: 0b1000_0000_1110, ..packed("b", &[7; 999]) }; // sizes behind it, UTF-8
    let bytes = zip(&[hints, stored("a", b"plain"), stored("empty", b"")]);
    let commented = {
        let mut bytes = bytes.clone();
        let end = bytes.len() - 2;
        bytes.splice(end.., *b"\x0b\x00PK\x05\x06comment");
        bytes
    };
    for bytes in [&bytes, &commented] {
        let zip = Zip::open(bytes).unwrap();
        assert_eq!(zip.names().collect::<Vec<_>>(), ["a", "b", "empty"]);
        assert_eq!(*zip.read("a", 5).unwrap(), *b"plain");
        assert_eq!(*zip.read("b", 999).unwrap(), [7; 999]);
        assert_eq!(zip.read("empty", 0).unwrap().len(), 0);
        assert_eq!((zip.size("b"), zip.size("c")), (Some(999), None));
    }
    assert_eq!(Zip::open(&zip(&[])).unwrap().names().count(), 0);
}

#[test]
fn zip64_is_read_in_the_field_and_at_the_end() {
    let plain = packed("a", &[7; 999]);
    let field = [999u64, plain.packed.len() as u64].map(u64::to_le_bytes).concat();
    let other = [&words(&[7, 2])[..], b"xx"].concat();
    let extra = [other, words(&[1, 16]), field].concat();
    let wide = Claim { extra, is_wide: true, ..plain.clone() };
    for bytes in [zip64(from_ref(&plain)), zip(from_ref(&wide)), zip64(&[stored("b", b"x"), wide.clone()])] {
        assert_eq!(*Zip::open(&bytes).unwrap().read("a", 999).unwrap(), [7; 999]);
    }
    let absent = zip(&[Claim { is_wide: true, ..plain }]);
    assert!(refusal(&absent).ends_with("got one whose directory is broken"), "{}", refusal(&absent));
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let bomb = packed("a", &vec![0; 2 << 20]);
    assert_eq!(refusal(&zip(from_ref(&bomb))), "wants at most 1048576 bytes in `a`, got 2097152");
    let liar = zip(&[Claim { size: 100, ..bomb.clone() }]);
    assert_eq!(refusal(&liar), "wants `a` to hold 100 bytes, as the directory says, got more");
    let boaster = zip(&[Claim { size: 1 << 20, ..packed("a", b"x") }]);
    assert_eq!(refusal(&boaster), "wants `a` to hold 1048576 bytes, as the directory says, got 1");
    let twice = [packed("a", &[0; 99]), packed("b", b"x")];
    let mut bytes = parts(&twice[..1]).0;
    let start = twice[0].local().len() as u32;
    bytes.extend(twice[0].central(0));
    let size = bytes.len() as u32 - start;
    bytes.extend([&b"PK\x05\x06"[..], &words(&[0, 0, 2, 2]), &longs(&[size, start]), &words(&[0])].concat());
    assert_eq!(refusal(&bytes), "wants members of different names, got `a` twice");
}

#[test]
fn members_may_not_lie_over_each_other() {
    let inner = stored("b", b"x");
    let outer = stored("a", &inner.local());
    let (mut bytes, at) = (outer.local(), outer.local().len() - outer.packed.len());
    let start = bytes.len() as u32;
    bytes.extend([outer.central(0), inner.central(at as u32)].concat());
    let size = bytes.len() as u32 - start;
    bytes.extend([&b"PK\x05\x06"[..], &words(&[0, 0, 2, 2]), &longs(&[size, start]), &words(&[0])].concat());
    assert_eq!(refusal(&bytes), "wants members one after the other, got members that lie over each other");
}

#[test]
fn what_cannot_be_read_is_refused() {
    let plain = stored("a", b"plain");
    for (member, said) in [
        (
            Claim { flags: 1, ..plain.clone() },
            "wants members without a password, got `a`, which is encrypted",
        ),
        (
            Claim { method: 12, ..plain.clone() },
            "wants members that are stored or deflated, got `a` of method 12, flags 0x0; save it by `np.savez_compressed`",
        ),
        (
            Claim { flags: 1 << 5, ..plain.clone() },
            "wants members that are stored or deflated, got `a` of method 0, flags 0x20; save it by `np.savez_compressed`",
        ),
        (Claim { name: "é", ..plain.clone() }, "wants names of members in UTF-8, got `é`"),
        (Claim { name: "b", ..plain.clone() }, "wants a member out of `b`, got `a`"),
        (Claim { crc: 1, ..plain.clone() }, "wants `a` as it was packed, got another checksum (CRC-32)"),
        (Claim { size: 6, ..plain.clone() }, "wants `a` to hold 6 bytes, as the directory says, got 5"),
        (
            Claim { packed: b"\xff".to_vec(), ..packed("a", b"x") },
            "wants `a` to hold 1 bytes, as the directory says, got corrupt deflate stream",
        ),
        (
            Claim { packed: [deflated(b"x"), vec![0]].concat(), ..packed("a", b"x") },
            "wants `a` to hold 1 bytes, as the directory says, got bytes behind its end",
        ),
    ] {
        assert_eq!(refusal(&zip(&[member])), said);
    }
    assert_eq!(
        refusal(b""),
        "wants a zip archive such as `np.savez` writes, got none, or one that was cut short"
    );
    let mut moved = zip(&[plain]);
    moved.insert(0, 0);
    assert_eq!(
        refusal(&moved),
        "wants a zip archive such as `np.savez` writes, got one whose directory is broken"
    );
}

#[test]
fn nothing_panics_on_broken_archives_of_zip64() {
    let whole = zip64(&[packed("a", &[7; 99]), stored("b", b"x")]);
    let read =
        |bytes: &[u8]| Zip::open(bytes).and_then(|zip| zip.read("a", 99).map(|bytes| bytes.into_owned()));
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "{end}");
    }
    let mut bytes = whole.clone();
    for at in 0..bytes.len() {
        for flip in 1..=255 {
            bytes[at] ^= flip;
            assert!(read(&bytes).is_ok_and(|content| content == [7; 99]) || read(&bytes).is_err(), "{at}");
            bytes[at] ^= flip;
        }
    }
}

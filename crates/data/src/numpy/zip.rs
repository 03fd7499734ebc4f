//! Zip archives in memory, as far as .npz files need them: stored and deflated members, with or without
//! zip64.
//!
//! After PKWARE's APPNOTE 6.3. The directory at the end is the truth; what stands in front of a member must
//! agree with it where both say the same, and its sizes are not looked at.

mod directory;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use self::directory::{Entry, Method};
use super::bytes::Bytes;
use crate::error::quoted;
use crate::refusal::Refusal;

/// How a member starts, and so an archive.
pub(super) const MEMBER: &[u8] = b"PK\x03\x04";

/// An archive whose directory has been checked; nothing is unpacked yet.
#[derive(Debug)]
pub(crate) struct Zip<'a> {
    members: BTreeMap<String, Member<'a>>,
}

#[derive(Debug)]
struct Member<'a> {
    entry: Entry,
    packed: &'a [u8],
}

/// No deflated byte becomes more than this many (RFC 1951: 258 bytes for two bits).
const MOST_RATIO: u64 = 1032;

impl<'a> Zip<'a> {
    /// Reads the directory and finds every member.
    ///
    /// # Errors
    /// [`Refusal`] for a file that is no archive or was cut short, for members that are encrypted, packed by
    /// another method, called alike or lie over each other.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Zip<'a>, Refusal> {
        let (content, entries) = directory::read(bytes)?;
        let (mut members, mut spans) = (BTreeMap::new(), vec![]);
        for (name, entry) in entries {
            let (packed, span) = locate(content, &name, &entry)?;
            spans.push(span);
            let got = format!("{} twice", quoted(&name));
            if members.insert(name, Member { entry, packed }).is_some() {
                return Err(Refusal::new("members of different names", got));
            }
        }
        spans.sort_unstable();
        match spans.is_sorted_by(|(_, end), (start, _)| end <= start) {
            true => Ok(Zip { members }),
            false => Err(Refusal::new("members one after the other", "members that lie over each other")),
        }
    }

    /// The names of the members, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// The length of a member before it was packed, as the directory says; reading checks it.
    pub(crate) fn size(&self, name: &str) -> Option<u64> {
        self.members.get(name).map(|member| member.entry.size)
    }

    /// What a member holds, if that is at most so many bytes.
    ///
    /// # Errors
    /// [`Refusal`] for an unknown name, for too many bytes, which is found out before anything is unpacked,
    /// and for bytes that are not those that were packed.
    pub(crate) fn read(&self, name: &str, most_bytes: u64) -> Result<Cow<'a, [u8]>, Refusal> {
        let Some(member) = self.members.get(name) else {
            let names: Vec<_> = self.names().take(16).map(quoted).collect();
            return Err(Refusal::new(format!("a member out of {}", names.join(", ")), quoted(name)));
        };
        let shown = quoted(name);
        if member.entry.size > most_bytes {
            let wants = format!("at most {most_bytes} bytes in {shown}");
            return Err(Refusal::new(wants, member.entry.size.to_string()));
        }
        let content = member.unpacked().map_err(|got| {
            Refusal::new(format!("{shown} to hold {} bytes, as the directory says", member.entry.size), got)
        })?;
        let mut sum = flate2::Crc::new();
        sum.update(&content);
        match sum.sum() == member.entry.crc {
            true => Ok(content),
            false => Err(Refusal::new(format!("{shown} as it was packed"), "another checksum (CRC-32)")),
        }
    }
}

impl<'a> Member<'a> {
    /// As many bytes as the directory says, or what is there instead.
    fn unpacked(&self) -> Result<Cow<'a, [u8]>, String> {
        let size = self.entry.size;
        let content = match self.entry.method {
            Method::Stored => Cow::Borrowed(self.packed),
            Method::Deflated => Cow::Owned(inflated(self.packed, size)?),
        };
        match (content.len() as u64).cmp(&size) {
            std::cmp::Ordering::Equal => Ok(content),
            std::cmp::Ordering::Less => Err(content.len().to_string()),
            std::cmp::Ordering::Greater => Err("more".to_owned()),
        }
    }
}

/// At most one byte more than `size`, which tells that it is too much.
fn inflated(packed: &[u8], size: u64) -> Result<Vec<u8>, String> {
    let mut decoder = flate2::bufread::DeflateDecoder::new(packed);
    let mut content = vec![];
    let expect = size.min(MOST_RATIO.saturating_mul(packed.len() as u64)); // a false size reserves nothing
    content.try_reserve_exact(expect as usize).map_err(|error| error.to_string())?;
    let mut reader = decoder.by_ref().take(size.saturating_add(1));
    reader.read_to_end(&mut content).map_err(|error| error.to_string())?;
    let is_whole = content.len() as u64 > size || decoder.total_in() == packed.len() as u64;
    if is_whole { Ok(content) } else { Err("bytes behind its end".to_owned()) }
}

/// The packed bytes of a member, and from where to where it lies, its header included.
fn locate<'a>(content: &'a [u8], name: &str, entry: &Entry) -> Result<(&'a [u8], (usize, usize)), Refusal> {
    let find = || {
        let start = usize::try_from(entry.at).ok()?;
        let mut left = Bytes(content.get(start..)?);
        let is_header = left.take(4)? == MEMBER;
        left.take(4)?; // version, flags
        let method = left.u16()?;
        left.take(16)?; // time, checksum, sizes: the directory has them
        let (length, extra) = (left.u16()?, left.u16()?);
        let is_same = left.take(length.into())? == name.as_bytes() && method == entry.method.number();
        left.take(extra.into())?;
        let packed = left.take(usize::try_from(entry.packed).ok()?)?;
        (is_header && is_same).then_some((packed, (start, content.len() - left.0.len())))
    };
    let wants = || format!("{} where the directory says", quoted(name));
    find().ok_or_else(|| Refusal::new(wants(), "something else; the archive is broken"))
}

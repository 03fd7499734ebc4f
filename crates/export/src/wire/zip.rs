//! Zip archives of stored entries, as PyTorch packs its files.
//!
//! The writer knows no clock: every entry is dated 1980-01-01, so that the same entries are the same bytes.
//! The reader trusts the central directory alone, and refuses what two readers could read differently.
mod read;
mod write;

pub(crate) use read::Archive;
pub(crate) use write::Writer;

/// `PK\3\4`: before each entry.
const LOCAL: u32 = 0x0403_4b50;
/// `PK\1\2`: an entry of the central directory.
const CENTRAL: u32 = 0x0201_4b50;
/// `PK\5\6`: the end record.
const END: u32 = 0x0605_4b50;
/// `PK\6\6`: the end record of zip64.
const END_64: u32 = 0x0606_4b50;
/// `PK\6\7`: says where that record is.
const LOCATOR_64: u32 = 0x0706_4b50;
/// The extra field that holds 64-bit sizes.
const EXTRA_64: u16 = 1;
/// Names are UTF-8.
const UTF8: u16 = 0x0800;
/// The sizes and the checksum of the local header stand behind the data.
const DESCRIPTOR: u16 = 0x0008;
/// The entry is encrypted (classic or strong).
const ENCRYPTED: u16 = 0x0041;

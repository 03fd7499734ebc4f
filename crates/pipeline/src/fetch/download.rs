use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use baeum_core::fs::FsError;
use baeum_core::{Fs, fs::WriteFile};
use sha2::{Digest, Sha256};

use super::{FetchError, SourceFile, SourceList};

/// How far one file is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// The file.
    pub file: &'a SourceFile,
    /// How many bytes are here.
    pub bytes: u64,
}

/// What became of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// It was here already, with the right checksum.
    Present,
    /// It was downloaded; the bytes before this number were here from an earlier attempt.
    Downloaded {
        /// Where this download began.
        from: u64,
    },
}

/// Brings every file of a list into `folder`: what is there and right stays, what was cut off goes on, and each is checked.
///
/// A file stands under its name only if its checksum is right; until then it is called `NAME.part`.
///
/// # Errors
/// [`FetchError`] names the first file that could not be had.
pub fn fetch(
    list: &SourceList,
    folder: &Path,
    fs: &dyn Fs,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<Fetched>, FetchError> {
    list.files.iter().map(|file| one(file, folder, fs, progress)).collect()
}

fn one(
    file: &SourceFile,
    folder: &Path,
    fs: &dyn Fs,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Fetched, FetchError> {
    let (path, part) = (folder.join(&file.name), folder.join(format!("{}.part", file.name)));
    let folder = path.parent().unwrap_or(folder);
    fs.create_dir_all(folder)?;
    if fs.exists(&path)? && measure(fs, &path)?.is(file) {
        progress(Progress { file, bytes: file.bytes });
        return Ok(Fetched::Present);
    }
    let from = match fs.exists(&part)? {
        true => fs.metadata(&part)?.len,
        false => 0,
    };
    let from = if from > file.bytes { 0 } else { from };
    let began = match from == file.bytes {
        true => from,
        false => download(file, &part, from, fs, progress)?,
    };
    let found = measure(fs, &part)?;
    if !found.is(file) {
        fs.remove_file(&part)?;
        return Err(found.differs(file));
    }
    fs.rename(&part, &path)?;
    fs.sync_dir(folder)?;
    Ok(Fetched::Downloaded { from: began })
}

/// Fetches the rest of a file behind the `from` bytes that are here; gives where the server really began.
fn download(
    file: &SourceFile,
    part: &Path,
    from: u64,
    fs: &dyn Fs,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<u64, FetchError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| FetchError::Network {
        name: file.name.clone(),
        url: file.url.clone(),
        source,
    };
    let mut request = agent().get(&file.url);
    if from > 0 {
        request = request.header("Range", format!("bytes={from}-"));
    }
    let refused = |error| {
        if let ureq::Error::StatusCode(status) = error {
            return FetchError::Status { name: file.name.clone(), url: file.url.clone(), status };
        }
        failed(Box::new(error))
    };
    let response = request.call().map_err(refused)?;
    // A server that does not know ranges answers 200 with the whole file.
    let began = if response.status() == 206 { from } else { 0 };
    if fs.exists(part)? {
        fs.set_len(part, began)?;
    }
    let mut out = fs.append(part)?;
    let mut body = response.into_body().into_reader();
    let mut bytes = began;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = body.read(&mut buffer).map_err(|error| failed(Box::new(error)))?;
        bytes += n as u64;
        if n == 0 || bytes > file.bytes {
            break;
        }
        out.write_all(buffer.get(..n).unwrap_or_default()).map_err(FsError::io("write", part))?;
        progress(Progress { file, bytes });
    }
    finish(out.as_mut(), part)?;
    match bytes.cmp(&file.bytes) {
        std::cmp::Ordering::Less => {
            Err(failed(format!("the server sent {bytes} of {} bytes", file.bytes).into()))
        }
        std::cmp::Ordering::Equal => Ok(began),
        std::cmp::Ordering::Greater => {
            fs.remove_file(part)?;
            Err(failed(format!("the server sent more than {} bytes", file.bytes).into()))
        }
    }
}

fn finish(out: &mut dyn WriteFile, part: &Path) -> Result<(), FsError> {
    out.flush().map_err(FsError::io("write", part))?;
    out.sync_all().map_err(FsError::io("sync", part))
}

/// A client that gives up on a silent server, but not on a slow one.
fn agent() -> ureq::Agent {
    let seconds = |n| Some(Duration::from_secs(n));
    let config =
        ureq::Agent::config_builder().timeout_connect(seconds(30)).timeout_recv_response(seconds(60));
    config.build().into()
}

/// The length of a file and its SHA-256.
struct Measured {
    bytes: u64,
    sha256: String,
}

impl Measured {
    fn is(&self, file: &SourceFile) -> bool {
        self.bytes == file.bytes && self.sha256.eq_ignore_ascii_case(&file.sha256)
    }

    fn differs(self, file: &SourceFile) -> FetchError {
        FetchError::Checksum {
            name: file.name.clone(),
            wanted: file.bytes,
            wanted_sha256: file.sha256.clone(),
            got: self.bytes,
            got_sha256: self.sha256,
        }
    }
}

fn measure(fs: &dyn Fs, path: &Path) -> Result<Measured, FetchError> {
    let (mut reader, mut hash, mut bytes) = (fs.open(path)?, Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = reader.read(&mut buffer).map_err(FsError::io("read", path))?;
        if n == 0 {
            break;
        }
        hash.update(buffer.get(..n).unwrap_or_default());
        bytes += n as u64;
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Measured { bytes, sha256 })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

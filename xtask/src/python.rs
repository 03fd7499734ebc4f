use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// The interpreter of a virtual environment that holds exactly what `requirements` pins; made if it is not there.
///
/// It lies in the user's cache under the hash of the file, so that a changed pin makes a new one and a clean checkout
/// does not download everything again. A half-made one has no `complete` file and is made anew.
pub fn environment(requirements: &Path) -> io::Result<PathBuf> {
    let text = fs::read(requirements)?;
    let folder = cache()?.join(format!("python-{:016x}", fnv1a(&text)));
    let python = folder.join("bin/python");
    if !folder.join("complete").exists() {
        println!("installing what {} pins; this happens once", requirements.display());
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(requirements))?;
        fs::write(folder.join("complete"), "")?;
    }
    Ok(python)
}

fn cache() -> io::Result<PathBuf> {
    let folder = match (env::var_os("XDG_CACHE_HOME"), env::var_os("HOME")) {
        (Some(cache), _) => PathBuf::from(cache).join("baeum"),
        (None, Some(home)) => PathBuf::from(home).join(".cache/baeum"),
        (None, None) => {
            return Err(io::Error::other("neither XDG_CACHE_HOME nor HOME says where the cache is"));
        }
    };
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn run(command: &mut Command) -> io::Result<()> {
    match command.status()? {
        status if status.success() => Ok(()),
        status => Err(io::Error::other(format!("{:?} ended with {status}", command.get_program()))),
    }
}

/// FNV-1a, 64 bits: names a folder, guards nothing.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

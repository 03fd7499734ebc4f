use std::path::Path;

use baeum_core::Fs;
use serde::Deserialize;

use super::FetchError;

/// Where the files of a data set lie: `source.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceList {
    /// The files, one `[[file]]` each.
    #[serde(rename = "file")]
    pub files: Vec<SourceFile>,
}

/// One file of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// What it is called here: a plain name, behind the folders that a recipe wants it in, such as `clothing/hat/1.jpg`.
    pub name: String,
    /// Where it lies, pinned to a commit or version so that it never changes.
    pub url: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// A list is a page of text.
const LONGEST: u64 = 1 << 20;

impl SourceList {
    /// Reads and checks a list.
    ///
    /// # Errors
    /// [`FetchError`] names the entry and the rule.
    pub fn read(fs: &dyn Fs, path: &Path) -> Result<SourceList, FetchError> {
        let bytes = fs.read(path, LONGEST).map_err(|error| match error.is_absent() {
            true => FetchError::NoList { path: path.to_owned() },
            false => error.into(),
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let list: SourceList =
            toml::from_str(&text).map_err(|source| FetchError::List { path: path.to_owned(), source })?;
        for file in &list.files {
            file.check().map_err(|(wanted, got)| {
                let (path, name) = (path.to_owned(), file.name.clone());
                FetchError::Entry { path, name, wanted, got }
            })?;
        }
        Ok(list)
    }
}

impl SourceFile {
    fn check(&self) -> Result<(), (&'static str, String)> {
        if !self.name.split('/').all(is_plain) {
            return Err((NAME, self.name.escape_debug().to_string()));
        }
        if !(self.url.starts_with("https://") || is_loopback(&self.url)) {
            return Err(("an https address", self.url.clone()));
        }
        if self.sha256.len() != 64 || !self.sha256.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(("a sha256 of 64 hexadecimal digits", self.sha256.clone()));
        }
        Ok(())
    }
}

/// What a name must be, so that no list writes outside of its folder.
const NAME: &str = "a plain file name, behind plain folders at most";

fn is_plain(part: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    !part.is_empty() && !part.starts_with('.') && part.chars().all(is_allowed)
}

/// Whether an address stays on this machine; plain http is allowed there alone, for tests.
fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    ["127.0.0.1", "localhost", "[::1]"].contains(&host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, url: &str, sha256: &str) -> SourceFile {
        SourceFile { name: name.to_owned(), url: url.to_owned(), bytes: 1, sha256: sha256.to_owned() }
    }

    #[test]
    fn a_name_stays_in_its_folder_and_an_address_is_safe() {
        let sha = "0".repeat(64);
        let rule =
            |name: &str, url: &str, sha: &str| file(name, url, sha).check().err().map(|(rule, _)| rule);
        assert_eq!(rule("a.gz", "https://example.org/a.gz", &sha), None);
        assert_eq!(rule("a.gz", "http://127.0.0.1:8080/a.gz", &sha), None);
        assert_eq!(rule("clothing/t-shirt/a.jpg", "https://example.org/a.jpg", &sha), None);
        for name in ["../a.gz", ".a", "", "/a", "a/", "a//b", "a/../b", "a/.b", "a\\b", "C:/a"] {
            assert_eq!(rule(name, "https://example.org/a.gz", &sha), Some(NAME), "{name}");
        }
        assert_eq!(rule("a", "http://example.org/a.gz", &sha), Some("an https address"));
        assert_eq!(rule("a", "http://127.0.0.1@example.org/", &sha), Some("an https address"));
        assert_eq!(rule("a", "file:///etc/passwd", &sha), Some("an https address"));
        assert_eq!(rule("a", "https://example.org/a", "12"), Some("a sha256 of 64 hexadecimal digits"));
    }
}

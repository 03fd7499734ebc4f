#![expect(clippy::unwrap_used, reason = "a test may panic")]
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;

use baeum_core::fs::RealFs;

use super::*;

/// How the server on loopback behaves.
#[derive(Clone, Copy)]
enum Server {
    /// Answers ranges with 206.
    Ranges,
    /// Knows no ranges: the whole file, 200.
    Whole,
    /// Breaks off after so many bytes.
    Cut(usize),
    /// Has no such file.
    Missing,
    /// Sends whoever asks to another address, where the file is.
    Moved,
}

/// Serves `body` for `requests` requests; gives the address.
fn serve(body: &'static [u8], server: Server, requests: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/data.bin", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().take(requests) {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            let range = head
                .iter()
                .find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
            let from: usize = range.and_then(|range| range.trim_end_matches('-').parse().ok()).unwrap_or(0);
            let (status, from, sent) = match server {
                Server::Moved if head[0].contains("/data.bin ") => ("302 Found", body.len(), body.len()),
                Server::Ranges | Server::Moved if from > 0 => ("206 Partial Content", from, body.len()),
                Server::Ranges | Server::Whole | Server::Moved => ("200 OK", 0, body.len()),
                Server::Cut(at) => ("200 OK", 0, at),
                Server::Missing => ("404 Not Found", body.len(), body.len()),
            };
            let length = body.len() - from;
            let moved = "Location: /elsewhere.bin\r\nConnection: close";
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{moved}\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body[from..sent]).unwrap();
        }
    });
    url
}

const BODY: &[u8] = b"ten little bytes, and some more of them";

fn listed(url: String) -> SourceList {
    let sha256 = Sha256::digest(BODY).iter().map(|byte| format!("{byte:02x}")).collect();
    SourceList {
        files: vec![SourceFile { name: "data.bin".to_owned(), url, bytes: BODY.len() as u64, sha256 }],
    }
}

/// An empty folder, and what it holds after `fetch`.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("baeum-fetch-{}-{name}", std::process::id()));
        let _ = RealFs.remove_dir_all(&path);
        RealFs.create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        RealFs.append(&self.0.join(name)).unwrap().write_all(bytes).unwrap();
    }

    fn names(&self) -> Vec<String> {
        RealFs.list(&self.0, 9).unwrap().into_iter().map(|name| name.into_string().unwrap()).collect()
    }

    fn fetch(&self, list: &SourceList) -> Result<Vec<Fetched>, FetchError> {
        fetch(list, &self.0, &RealFs, &mut |_| ())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = RealFs.remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_arrives_once_and_is_then_left_alone() {
    let (folder, list) = (Folder::new("once"), listed(serve(BODY, Server::Ranges, 1)));
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Downloaded { from: 0 }]);
    assert_eq!(RealFs.read(&folder.0.join("data.bin"), 99).unwrap(), BODY);
    // The server answers one request alone, so a second download would fail.
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Present]);
}

#[test]
fn a_file_arrives_in_the_folders_of_its_name() {
    let folder = Folder::new("deep");
    let mut list = listed(serve(BODY, Server::Ranges, 1));
    list.files[0].name = "clothing/hat/1.jpg".to_owned();
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Downloaded { from: 0 }]);
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Present]);
    assert_eq!(RealFs.read(&folder.0.join("clothing/hat/1.jpg"), 99).unwrap(), BODY);
}

#[test]
fn a_file_that_was_cut_off_goes_on() {
    let (folder, list) = (Folder::new("resume"), listed(serve(BODY, Server::Ranges, 1)));
    folder.put("data.bin.part", &BODY[..11]);
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Downloaded { from: 11 }]);
    assert_eq!(RealFs.read(&folder.0.join("data.bin"), 99).unwrap(), BODY);
    assert_eq!(folder.names(), ["data.bin"]);
}

#[test]
fn a_server_without_ranges_begins_again() {
    let (folder, list) = (Folder::new("whole"), listed(serve(BODY, Server::Whole, 1)));
    folder.put("data.bin.part", &BODY[..11]);
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Downloaded { from: 0 }]);
    assert_eq!(RealFs.read(&folder.0.join("data.bin"), 99).unwrap(), BODY);
}

#[test]
fn a_broken_connection_keeps_what_came() {
    let folder = Folder::new("cut");
    let error = folder.fetch(&listed(serve(BODY, Server::Cut(11), 1))).unwrap_err();
    assert!(error.to_string().starts_with("could not download `data.bin` from `http://127.0.0.1"), "{error}");
    assert_eq!((error.exit_code(), folder.names()), (4, vec!["data.bin.part".to_owned()]));
    let list = listed(serve(BODY, Server::Ranges, 1));
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Downloaded { from: 11 }]);
}

#[test]
fn a_file_that_has_moved_is_followed() {
    let (folder, list) = (Folder::new("moved"), listed(serve(BODY, Server::Moved, 2)));
    folder.put("data.bin.part", &BODY[..11]);
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Downloaded { from: 11 }]);
    assert_eq!(RealFs.read(&folder.0.join("data.bin"), 99).unwrap(), BODY);
    assert_eq!(folder.names(), ["data.bin"]);
}

/// What lies there from another time is not gone on with for ever.
#[test]
fn the_beginning_of_something_else_is_thrown_away() {
    let (folder, list) = (Folder::new("else"), listed(serve(BODY, Server::Ranges, 3)));
    folder.put("data.bin.part", b"TEN little ");
    assert_eq!(folder.fetch(&list).unwrap_err().exit_code(), 8);
    assert!(folder.names().is_empty());
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Downloaded { from: 0 }]);
    // As long as the file, or longer: nobody is asked for the rest of it.
    let folder = Folder::new("else-long");
    folder.put("data.bin.part", &BODY.repeat(2));
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Downloaded { from: 0 }]);
    assert_eq!(RealFs.read(&folder.0.join("data.bin"), 99).unwrap(), BODY);
}

#[test]
fn wrong_bytes_are_refused_and_not_kept() {
    let folder = Folder::new("wrong");
    let wrong: &[u8] = b"ten little bytes, and some more of THEM";
    let error = folder.fetch(&listed(serve(wrong, Server::Ranges, 1))).unwrap_err();
    assert!(error.to_string().starts_with("`data.bin` wants 39 bytes with sha256 "), "{error}");
    assert_eq!((error.exit_code(), folder.names()), (8, vec![]));
}

#[test]
fn a_missing_file_is_a_failed_download() {
    let folder = Folder::new("missing");
    let error = folder.fetch(&listed(serve(BODY, Server::Missing, 1))).unwrap_err();
    assert_eq!((error.exit_code(), folder.names()), (4, vec![]));
    let said = error.to_string();
    assert!(said.starts_with("could not download `data.bin`: `http://127.0.0.1:"), "{said}");
    assert!(said.contains("/data.bin` answered 404; 404 and 410 say that it is not there"), "{said}");
}

#[test]
fn a_damaged_file_under_the_final_name_is_replaced() {
    let (folder, list) = (Folder::new("damaged"), listed(serve(BODY, Server::Ranges, 1)));
    folder.put("data.bin", b"something else");
    assert_eq!(folder.fetch(&list).unwrap(), [Fetched::Downloaded { from: 0 }]);
    assert_eq!(RealFs.read(&folder.0.join("data.bin"), 99).unwrap(), BODY);
}

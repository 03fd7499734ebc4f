//! What a disk holds now, and what it would still hold without power.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Component, Path};

use crate::rng::{Counter, Stream};

const ROOT: usize = 0;

/// Files and folders by number, as inodes are.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    nodes: Vec<Node>,
    /// Changes of names that are not durable yet, oldest first. Each happens as a whole or not at all.
    pending: Vec<Vec<Change>>,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    File(FileNode),
    Dir(DirNode),
}

#[derive(Debug, Clone)]
pub(super) struct FileNode {
    pub(super) now: Vec<u8>,
    pub(super) mode: u32,
    durable: Vec<u8>,
}

type Names = BTreeMap<OsString, usize>;

#[derive(Debug, Clone, Default)]
pub(super) struct DirNode {
    now: Names,
    durable: Names,
}

/// In folder `dir`, `name` now leads to `node`, or to nothing.
#[derive(Debug, Clone)]
struct Change {
    dir: usize,
    name: OsString,
    node: Option<usize>,
}

impl Node {
    pub(super) fn file(mode: u32) -> Node {
        Node::File(FileNode { now: Vec::new(), mode, durable: Vec::new() })
    }

    pub(super) fn dir() -> Node {
        Node::Dir(DirNode::default())
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self { nodes: vec![Node::dir()], pending: Vec::new() }
    }
}

impl Disk {
    pub(super) fn node(&self, node: usize) -> &Node {
        &self.nodes[node]
    }

    /// The number of what stands at a path.
    pub(super) fn find(&self, path: &Path) -> io::Result<usize> {
        let mut trail = vec![ROOT];
        for component in path.components() {
            let here = trail.last().copied().unwrap_or(ROOT);
            match component {
                Component::Normal(name) => {
                    trail.push(*self.dir(here)?.now.get(name).ok_or(ErrorKind::NotFound)?);
                }
                Component::ParentDir => drop(trail.pop()),
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
        }
        Ok(trail.last().copied().unwrap_or(ROOT))
    }

    /// The number of the file at a path.
    pub(super) fn find_file(&self, path: &Path) -> io::Result<usize> {
        let node = self.find(path)?;
        match self.node(node) {
            Node::File(_) => Ok(node),
            Node::Dir(_) => Err(ErrorKind::IsADirectory.into()),
        }
    }

    /// The names in the folder at a path, sorted.
    pub(super) fn names(&self, path: &Path) -> io::Result<Vec<OsString>> {
        Ok(self.dir(self.find(path)?)?.now.keys().cloned().collect())
    }

    /// Adds a file or a folder under a name that is free.
    pub(super) fn create(&mut self, path: &Path, node: Node) -> io::Result<usize> {
        let number = self.nodes.len();
        self.link(path, number)?;
        self.nodes.push(node);
        Ok(number)
    }

    /// Gives a node a name that is free.
    pub(super) fn link(&mut self, path: &Path, node: usize) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        if self.dir(dir)?.now.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.change(vec![Change { dir, name: name.to_owned(), node: Some(node) }]);
        Ok(())
    }

    /// Takes a name away.
    pub(super) fn remove(&mut self, path: &Path) -> io::Result<()> {
        let (dir, name) = self.place(path)?;
        self.change(vec![Change { dir, name: name.to_owned(), node: None }]);
        Ok(())
    }

    /// Takes one name away and gives another, as one change.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let node = self.find(from)?;
        let ((old_dir, old), (new_dir, new)) = (self.place(from)?, self.place(to)?);
        if let Some(&replaced) = self.dir(new_dir)?.now.get(new) {
            self.may_replace(node, replaced)?;
        }
        let taken = Change { dir: old_dir, name: old.to_owned(), node: None };
        let given = Change { dir: new_dir, name: new.to_owned(), node: Some(node) };
        self.change(vec![taken, given]);
        Ok(())
    }

    pub(super) fn write(&mut self, node: usize, change: impl FnOnce(&mut Vec<u8>)) {
        if let Node::File(file) = &mut self.nodes[node] {
            change(&mut file.now);
        }
    }

    pub(super) fn sync_bytes(&mut self, node: usize) {
        if let Node::File(file) = &mut self.nodes[node] {
            file.durable.clone_from(&file.now);
        }
    }

    pub(super) fn sync_names(&mut self, dir: usize) {
        let touches = |changes: &Vec<Change>| changes.iter().any(|change| change.dir == dir);
        let (now, later) = std::mem::take(&mut self.pending).into_iter().partition(touches);
        self.pending = later;
        self.make_durable(now);
    }

    /// Leaves what is durable, and of the rest what the dice decide.
    pub(super) fn crash(&mut self, dice: &mut Dice) {
        let kept = std::mem::take(&mut self.pending).into_iter().filter(|_| dice.below(2) == 1).collect();
        self.make_durable(kept);
        for node in &mut self.nodes {
            match node {
                Node::File(file) => file.crash(dice),
                Node::Dir(dir) => dir.now.clone_from(&dir.durable),
            }
        }
    }

    fn dir(&self, node: usize) -> io::Result<&DirNode> {
        match self.node(node) {
            Node::Dir(dir) => Ok(dir),
            Node::File(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    /// The folder a path lies in, and its name there.
    fn place<'a>(&self, path: &'a Path) -> io::Result<(usize, &'a OsStr)> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(ErrorKind::AlreadyExists.into()); // the root
        };
        let dir = self.find(parent)?;
        self.dir(dir).map(|_| (dir, name))
    }

    /// Files replace files, folders replace empty folders.
    fn may_replace(&self, node: usize, replaced: usize) -> io::Result<()> {
        match (self.node(node), self.node(replaced)) {
            (Node::File(_), Node::File(_)) => Ok(()),
            (Node::File(_), Node::Dir(_)) => Err(ErrorKind::IsADirectory.into()),
            (Node::Dir(_), Node::File(_)) => Err(ErrorKind::NotADirectory.into()),
            (Node::Dir(_), Node::Dir(dir)) if dir.now.is_empty() => Ok(()),
            (Node::Dir(_), Node::Dir(_)) => Err(ErrorKind::DirectoryNotEmpty.into()),
        }
    }

    fn change(&mut self, changes: Vec<Change>) {
        for change in &changes {
            if let Node::Dir(dir) = &mut self.nodes[change.dir] {
                change.apply(&mut dir.now);
            }
        }
        self.pending.push(changes);
    }

    fn make_durable(&mut self, changes: Vec<Vec<Change>>) {
        for change in changes.into_iter().flatten() {
            if let Node::Dir(dir) = &mut self.nodes[change.dir] {
                change.apply(&mut dir.durable);
            }
        }
    }
}

impl Change {
    fn apply(&self, names: &mut Names) {
        match self.node {
            Some(node) => names.insert(self.name.clone(), node),
            None => names.remove(&self.name),
        };
    }
}

impl FileNode {
    /// Keeps, drops, cuts, blanks or garbles the bytes that are not durable.
    fn crash(&mut self, dice: &mut Dice) {
        if self.now != self.durable {
            let same = self.now.iter().zip(&self.durable).take_while(|(now, durable)| now == durable).count();
            let fresh = &mut self.now[same..];
            match dice.below(5) {
                0 => {}
                1 => self.now.clone_from(&self.durable),
                2 => {
                    let kept = dice.below(fresh.len() as u32 + 1) as usize;
                    self.now.truncate(same + kept);
                }
                3 => fresh.fill(0),
                _ => fresh.fill_with(|| dice.below(256) as u8),
            }
        }
        self.durable.clone_from(&self.now);
    }
}

/// Throws that depend on the seed and their number alone.
pub(super) struct Dice {
    stream: Stream,
    thrown: u64,
}

impl Dice {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, thrown: 0 }
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.thrown += 1;
        self.stream.below(bound, Counter::once().at(self.thrown))
    }
}

//! A disk that loses whatever was not waited for, in any order.
//!
//! The model is pessimistic, as POSIX allows and journals need not be: the bytes of a file
//! are there for certain only after `fsync` of the file, and before that none, some first
//! ones, zeros in their place, or all; a change of a directory's names (a file created, linked, renamed, removed,
//! a directory made) is there for certain only after `fsync` of that directory, and before
//! that each change may be there without the others. A rename is one change. (Pillai et al.,
//! "All File Systems Are Not Created Equal", OSDI 2014.)

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use standstill::durable::trace::Event;

/// A file or a directory, whatever it is called.
type Inode = usize;

/// What a power loss can leave: files by path, and directories.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Left {
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    pub(crate) directories: BTreeSet<PathBuf>,
}

#[derive(Clone, Debug)]
enum Node {
    File {
        /// What is on the disk for certain.
        kept: Option<Vec<u8>>,
        /// What a reader sees.
        seen: Vec<u8>,
        /// Whether the disk failed to keep it, and will not try again.
        gone: bool,
    },
    Directory {
        kept: BTreeMap<PathBuf, Inode>,
        /// Changes that were not waited for, in order.
        changes: Vec<Change>,
    },
}

/// One change of a directory's names: these are taken away, these are set.
#[derive(Clone, Debug)]
struct Change {
    gone: Option<PathBuf>,
    set: Option<(PathBuf, Inode)>,
}

/// A disk, as far as a trace was replayed.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    nodes: Vec<Node>,
}

/// What may be lost: one change of a directory, or the bytes of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    Change(Inode, usize),
    Bytes(Inode),
}

impl Disk {
    /// Starts with what was left, all of it durable.
    pub(crate) fn new(root: &Path, left: &Left) -> Self {
        let mut disk = Self {
            root: root.to_owned(),
            nodes: vec![Node::Directory {
                kept: BTreeMap::new(),
                changes: Vec::new(),
            }],
        };
        for path in &left.directories {
            disk.apply(&Event::Make(root.join(path)));
        }
        for (path, bytes) in &left.files {
            disk.apply(&Event::Create(root.join(path), bytes.clone()));
        }
        for node in &mut disk.nodes {
            node.settle();
        }
        disk
    }

    /// Replays one event; those outside of the root are none.
    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::Create(path, bytes) => {
                let file = Node::File {
                    kept: None,
                    seen: bytes.clone(),
                    gone: false,
                };
                self.add(path, file);
            }
            Event::Make(path) => {
                let directory = Node::Directory {
                    kept: BTreeMap::new(),
                    changes: Vec::new(),
                };
                self.add(path, directory);
            }
            Event::Overwrite(path, bytes) => {
                let at = self.find(path);
                if let Some(Node::File { seen, gone, .. }) = at.map(|at| &mut self.nodes[at]) {
                    seen.clone_from(bytes);
                    *gone = false;
                }
            }
            Event::Link(from, to) => {
                if let Some(inode) = self.find(from) {
                    self.change(to, None, Some(inode));
                }
            }
            Event::Rename(from, to) => {
                assert_eq!(from.parent(), to.parent(), "renamed across directories");
                if let Some(inode) = self.find(from) {
                    self.change(to, from.file_name().map(PathBuf::from), Some(inode));
                }
            }
            Event::Remove(path) => {
                self.change(path, path.file_name().map(PathBuf::from), None);
            }
            Event::Sync(path, _) => {
                if let Some(at) = self.find(path) {
                    self.nodes[at].settle();
                }
            }
            Event::SyncFailed(path) => {
                // What failed once is not tried again: a later wait succeeds, and the bytes
                // are gone all the same (Rebello et al., "Can Applications Recover from
                // fsync Failures?", ATC 2020). Known gap of the store: not so for names.
                if let Some(Node::File { gone, .. }) = self.find(path).map(|at| &mut self.nodes[at])
                {
                    *gone = true;
                }
            }
            Event::Mark(_) => {}
        }
    }

    fn add(&mut self, path: &Path, node: Node) {
        let inode = self.nodes.len();
        self.nodes.push(node);
        self.change(path, None, Some(inode));
    }

    fn change(&mut self, path: &Path, gone: Option<PathBuf>, set: Option<Inode>) {
        let name = PathBuf::from(path.file_name().unwrap());
        let Some(parent) = self.find(path.parent().unwrap()) else {
            return;
        };
        if let Node::Directory { changes, .. } = &mut self.nodes[parent] {
            changes.push(Change {
                gone,
                set: set.map(|inode| (name, inode)),
            });
        }
    }

    /// Finds what a reader sees under a path.
    fn find(&self, path: &Path) -> Option<Inode> {
        let mut at = 0;
        for part in path.strip_prefix(&self.root).ok()? {
            let Node::Directory { kept, changes } = &self.nodes[at] else {
                return None;
            };
            let mut names = kept.clone();
            for change in changes {
                change.make(&mut names);
            }
            at = *names.get(Path::new(part))?;
        }
        Some(at)
    }

    /// Everything that a reader sees.
    pub(crate) fn seen(&self) -> Left {
        self.left(&[], &|_, _| true, 0)
    }

    /// The same disk, mounted elsewhere.
    pub(crate) fn mounted(mut self, root: &Path) -> Self {
        root.clone_into(&mut self.root);
        self
    }

    /// What a reader sees under a path.
    pub(crate) fn read(&self, path: &Path) -> Option<&[u8]> {
        match &self.nodes[self.find(path)?] {
            Node::File { seen, .. } => Some(seen),
            Node::Directory { .. } => None,
        }
    }

    /// Everything that a power loss can leave now: nothing of what is pending, all of it,
    /// each part alone, all but each, and some mixtures that `random` picks.
    pub(crate) fn losses(
        &self,
        mixtures: usize,
        random: &mut impl FnMut() -> u64,
    ) -> BTreeSet<Left> {
        let mut pending = Vec::new();
        for (at, node) in self.nodes.iter().enumerate() {
            match node {
                Node::Directory { changes, .. } => {
                    pending.extend((0..changes.len()).map(|change| Pending::Change(at, change)));
                }
                Node::File { kept, seen, .. } if kept.as_ref() != Some(seen) => {
                    pending.push(Pending::Bytes(at));
                }
                Node::File { .. } => {}
            }
        }
        let mut losses = BTreeSet::new();
        let mut add = |kept: &dyn Fn(usize, Pending) -> bool, torn: usize| {
            losses.insert(self.left(&pending, kept, torn));
        };
        add(&|_, _| false, 0);
        add(&|_, _| true, 0);
        for one in 0..pending.len() {
            add(&|at, _| at == one, 0);
            for torn in 0..TORN {
                add(&|at, _| at != one, torn);
            }
        }
        // Names without bytes, and bytes without names.
        add(&|_, what| matches!(what, Pending::Change(..)), 0);
        add(&|_, what| matches!(what, Pending::Change(..)), 1);
        add(&|_, what| matches!(what, Pending::Bytes(_)), 0);
        for _ in 0..mixtures {
            let mask = random();
            let torn = usize::try_from(random()).unwrap() % TORN;
            add(&|at, _| mask >> (at % 64) & 1 == 1, torn);
        }
        losses
    }

    /// What is left if of the pending those are kept that `kept` says; a file whose bytes
    /// are not has none of them, half, or all but one.
    fn left(
        &self,
        pending: &[Pending],
        kept: &dyn Fn(usize, Pending) -> bool,
        torn: usize,
    ) -> Left {
        let is_kept = |what: Pending| {
            let at = pending.iter().position(|one| *one == what);
            at.is_none_or(|at| kept(at, what))
        };
        let mut left = Left::default();
        let mut open = vec![(PathBuf::new(), 0)];
        while let Some((path, at)) = open.pop() {
            match &self.nodes[at] {
                Node::File { kept, seen, .. } => {
                    let bytes = if is_kept(Pending::Bytes(at)) {
                        seen.clone()
                    } else {
                        torn_file(kept.as_deref(), seen, torn)
                    };
                    left.files.insert(path, bytes);
                }
                Node::Directory { kept, changes } => {
                    let mut names = kept.clone();
                    for (number, change) in changes.iter().enumerate() {
                        if is_kept(Pending::Change(at, number)) {
                            change.make(&mut names);
                        }
                    }
                    left.directories.insert(path.clone());
                    open.extend(names.into_iter().map(|(name, at)| (path.join(name), at)));
                }
            }
        }
        left
    }
}

/// The ways in which [`torn_file`] tears.
const TORN: usize = 4;

/// What is left of a file that was not waited for: what was there before, if anything was;
/// half; all but one byte; or room for all of it, which was never filled.
fn torn_file(kept: Option<&[u8]>, seen: &[u8], torn: usize) -> Vec<u8> {
    match torn {
        0 => kept.unwrap_or_default().to_vec(),
        1 => seen[..seen.len() / 2].to_vec(),
        2 => seen[..seen.len().saturating_sub(1)].to_vec(),
        _ => vec![0; seen.len()],
    }
}

impl Node {
    /// Makes what is seen certain.
    fn settle(&mut self) {
        match self {
            Self::File { gone: true, .. } => {}
            Self::File { kept, seen, .. } => *kept = Some(seen.clone()),
            Self::Directory { kept, changes } => {
                for change in changes.drain(..) {
                    change.make(kept);
                }
            }
        }
    }
}

impl Change {
    fn make(&self, names: &mut BTreeMap<PathBuf, Inode>) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        if let Some((name, inode)) = &self.set {
            names.insert(name.clone(), *inode);
        }
    }
}

impl Left {
    /// Writes it into an empty directory.
    pub(crate) fn write(&self, root: &Path) {
        for directory in &self.directories {
            std::fs::create_dir_all(root.join(directory)).unwrap();
        }
        for (path, bytes) in &self.files {
            std::fs::write(root.join(path), bytes).unwrap();
        }
    }

    /// Reads what is in a directory.
    pub(crate) fn read(root: &Path) -> Self {
        let mut left = Self::default();
        let mut open = vec![PathBuf::new()];
        while let Some(path) = open.pop() {
            for entry in std::fs::read_dir(root.join(&path)).unwrap() {
                let name = path.join(entry.unwrap().file_name());
                if root.join(&name).is_dir() {
                    open.push(name);
                } else {
                    let bytes = std::fs::read(root.join(&name)).unwrap();
                    left.files.insert(name, bytes);
                }
            }
            left.directories.insert(path);
        }
        left
    }
}

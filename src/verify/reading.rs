//! Reads a log, or a bundle cut from one: its entries in order, and who else saw it.

use std::collections::BTreeMap;

use crate::attestation::IssuerId;
use crate::key::KeyId;
use crate::key::VerifierKey;
use crate::tlog::Checkpoint;
use crate::verify::checkpoints::KeptByLog;
use crate::verify::checkpoints::compare;
use crate::verify::checkpoints::gather;
use crate::verify::checks::Check;
use crate::verify::evidence::Evidence;
use crate::verify::evidence::Progress;
use crate::verify::evidence::Subject;
use crate::verify::findings::Findings;
use crate::verify::history::History;
use crate::verify::logged::Order;
use crate::verify::logged::Reader;
use crate::verify::replay::Keys;
use crate::verify::replay::Replay;
use crate::verify::replay::check;
use crate::verify::state::State;
use crate::verify::tree::KeptTree;
use crate::verify::tree::Tree;
use crate::verify::tree::Whole;
use crate::verify::trust::Trust;
use crate::verify::witnessed::Seen;

/// What was read of a log or a bundle.
pub(super) struct Read {
    /// The key of the log.
    pub(super) key: VerifierKey,
    /// Whether it is the whole log, and no bundle cut from it.
    pub(super) whole: bool,
    /// The checkpoint that it was read up to.
    pub(super) checkpoint: Checkpoint,
    pub(super) histories: Vec<History>,
    /// Issuers that the trust file does not name, by the root keys of their first
    /// statements.
    pub(super) foundings: BTreeMap<KeyId, IssuerId>,
    pub(super) anomalies: Vec<String>,
    /// What is wrong with the log itself.
    pub(super) findings: Findings,
    /// The checkpoints that are prefixes of it.
    pub(super) seen: Vec<Seen>,
    /// Whether a checkpoint that the auditor kept covers all of it.
    pub(super) seen_before: bool,
    /// What to go on from the next time, but for the histories; `None` where something is
    /// wrong with the log.
    state: Option<State>,
}

impl Read {
    /// Whether nothing about the log itself calls for a word.
    pub(super) fn is_sound(&self) -> bool {
        self.findings.told().all(|one| one.calls_for.is_none())
    }

    pub(super) fn into_state(self) -> Option<State> {
        let mut state = self.state?;
        state.replay.histories = self.histories;
        Some(state)
    }
}

/// A log or a bundle that was opened: its checkpoint is signed.
pub(super) struct Opened<'e> {
    subject: Subject<'e>,
    key: VerifierKey,
    pub(super) reader: Reader<'e>,
    /// What a bundle proves.
    proven: Option<Tree<'e>>,
}

impl<'e> Opened<'e> {
    /// Opens what the log of this key may have signed, or says why that cannot be read.
    pub(super) fn open(subject: Subject<'e>, key: VerifierKey) -> Result<Self, String> {
        let (reader, proven) = match subject {
            Subject::Bundle(bundle) => {
                let (reader, tree) = Reader::bundle(bundle, &key)?;
                (reader, Some(tree))
            }
            Subject::Log(files) => (Reader::log(files, &key)?, None),
        };
        Ok(Self {
            subject,
            key,
            reader,
            proven,
        })
    }

    /// Whether it is the whole log.
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self.subject, Subject::Log(_))
    }

    /// Reads everything, and compares it with what others saw; `findings` are there already.
    pub(super) fn read(
        self,
        evidence: &Evidence<'_>,
        trust: &Trust,
        mut findings: Findings,
        state: Option<State>,
    ) -> Read {
        let whole = self.is_whole();
        let Self {
            subject,
            key,
            mut reader,
            proven,
        } = self;
        let asked = findings.count();
        let (from, before) = match state {
            Some(state) => (Some((state.tree, state.replay)), state.kept),
            None => (None, KeptByLog::default()),
        };
        let (seen, kept) = gather(
            evidence,
            (&subject, &reader),
            (&key, trust),
            before.next,
            &mut findings,
        );
        let own = reader.checkpoint().clone();
        let size = own.size;
        let wanted = || {
            let all = seen.iter().chain(&kept.seen);
            all.map(|one| one.checkpoint.size).collect()
        };
        let (mut tree, mut replay) = match (proven, reader.files(), from) {
            (None, Some(files), Some((tree, replay))) => {
                reader.skip_to(tree.size());
                let whole = Whole::new(files, size, wanted(), tree);
                let tree = Tree::Whole(Box::new(whole));
                (tree, Replay::resume(key.clone(), replay))
            }
            (proven, files, _) => {
                let ids = trust.heard_in(&key);
                let replay = Replay::new(key.clone(), ids, whole, &evidence.ledgers);
                let none = KeptTree::default();
                let tree = |files| Tree::Whole(Box::new(Whole::new(files, size, wanted(), none)));
                let read = proven.or_else(|| files.map(tree));
                (read.unwrap_or(Tree::Proven(Vec::new())), replay)
            }
        };
        replay_all(&mut reader, &mut tree, &mut replay, evidence.progress);
        let readable = reader.is_readable();
        let note = reader.note().clone();
        findings.merge(reader.finish(&tree));
        let (mut seen, seen_before) = compare(evidence, seen, &tree, &own, &mut findings);
        let (new, _) = compare(evidence, kept.seen, &tree, &own, &mut findings);
        let kept = KeptByLog {
            seen: [before.seen, new].concat(),
            next: kept.next,
        };
        seen.extend_from_slice(&kept.seen);
        // What is wrong with the log is to be found again the next time.
        let clean = findings.count() == asked && evidence.ledgers.is_empty();
        let to_keep = clean.then(|| (replay.keep(), kept));
        let foundings = replay.take_foundings();
        let (mut histories, mut anomalies, unnamed) = replay.finish();
        if !readable {
            let everybodys = histories.iter_mut().map(|history| &mut history.findings);
            for findings in everybodys.chain([&mut findings]) {
                findings.excuse(UNREAD, Check::Unreadable);
            }
        }
        // What is not its own checkpoint's tree shows no fork of it.
        if tree.root_at(size) != Some(own.root) {
            for history in &mut histories {
                history
                    .findings
                    .excuse(&[Check::NotBeforeFork], Check::NotBefore);
            }
        }
        let state = to_keep.and_then(|(replay, kept)| {
            let tree = tree.into_kept()?;
            Some(State::new(trust, key.clone(), &note, tree, replay, kept))
        });
        if unnamed > 0 {
            anomalies.push(format!(
                "{unnamed} entries are of issuers that the trust file does not name"
            ));
        }
        Read {
            key,
            whole,
            checkpoint: own,
            histories,
            foundings,
            anomalies,
            findings,
            seen,
            seen_before,
            state,
        }
    }
}

/// What may be found only because a file could not be read.
const UNREAD: &[Check] = &[Check::Head, Check::Previous, Check::Root, Check::Sequence];

/// Reads every entry: while one chunk is followed in order, the next is read and checked
/// on the other cores.
fn replay_all<'e>(
    reader: &mut Reader<'e>,
    tree: &mut Tree<'e>,
    replay: &mut Replay<'_>,
    progress: Option<&Progress<'_>>,
) {
    let read = |order: Order<'e>, keys: &Keys| order.read(|index, entry| check(index, entry, keys));
    let Some(first) = reader.order() else { return };
    let mut chunk = read(first, &replay.keys());
    loop {
        if let Some(told) = progress {
            told(reader.checkpoint(), reader.reached());
        }
        let next = reader.order();
        let keys = replay.keys();
        let ((), after) = rayon::join(
            || {
                let entries = reader.take(chunk, tree);
                replay.follow(entries, tree);
            },
            || next.map(|next| read(next, &keys)),
        );
        match after {
            Some(after) => chunk = after,
            None => return,
        }
    }
}

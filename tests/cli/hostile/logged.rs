//! Files of the log itself, and entries in it.

use standstill::attestation::Envelope;
use standstill::key::SecretKey;
use standstill::keystore;
use standstill::store::log::Log;
use standstill::time::UnixSeconds;

use super::{Place, VERIFY, audited, bounded, rank, try_all};
use crate::lab::{AFTER, Lab};

#[test]
fn a_file_of_the_log_is_told_by_its_name_and_never_makes_a_verdict_better() {
    let lab = audited();
    let files: Vec<String> = lab
        .listing("lab/log")
        .into_keys()
        .filter_map(|path| {
            let path = path.strip_prefix(lab.path("lab/log")).unwrap().to_owned();
            lab.path("lab/log").join(&path).is_file().then_some(path)
        })
        .map(|path| path.display().to_string())
        .collect();
    let kind = |prefix: &str| {
        let found = files.iter().rev().find(|path| path.starts_with(prefix));
        found.unwrap().clone()
    };
    // Of each kind the newest, which the checkpoint requires.
    let size = lab.read("lab/log/checkpoint");
    let size = size.lines().nth(1).unwrap();
    let entries = format!("tile/entries/000.p/{size}");
    let tile = format!("tile/0/000.p/{size}");
    for name in [kind("checkpoint"), entries, tile] {
        assert!(files.contains(&name), "{name}: {files:?}");
        let file = format!("lab/log/{name}").leak();
        let named: &str = if name == "checkpoint" {
            "checkpoint"
        } else {
            &file["lab/log/".len()..]
        };
        try_all(
            &lab,
            &Place {
                file,
                typed: "verify lab/log --trust trust.toml --require-level E0",
                named,
                refused: false,
            },
        );
    }
}

/// Cosigned checkpoints say when; one that cannot be read says nothing, and lifts nothing.
#[test]
fn a_cosigned_checkpoint_is_told_and_never_makes_a_verdict_better() {
    let lab = audited();
    let count = lab.listing("lab/log/cosigned").len();
    assert!(count > 2);
    try_all(
        &lab,
        &Place {
            file: "lab/log/cosigned/001",
            typed: "verify lab/log --trust trust.toml --require-level E1",
            named: "cosigned/001",
            refused: false,
        },
    );
}

/// Adds entries behind those of the lab's log, with its own key.
fn add(lab: &Lab, entries: &[Vec<u8>]) {
    let now: UnixSeconds = AFTER.parse().unwrap();
    let key = keystore::read_note_key(&lab.path("lab/keys/log.key")).unwrap();
    let (public, private) = (lab.path("lab/log"), lab.path("lab/state/log"));
    let mut log = Log::open_in(&public, &private, key, &[], now).unwrap();
    log.append(entries, now).unwrap();
    drop(log);
    lab.cosign("lab/log");
}

/// Entries that the log holds and the lab's own keys may have signed: each is told by its
/// index, and none makes a verdict better.
#[test]
fn a_hostile_entry_is_told_by_its_index() {
    let lab = audited();
    let all = ["lab", "w1", "w2", "w3"];
    for name in all {
        lab.copy(name, &format!("kept/{name}"));
    }
    let good = bounded(&lab, VERIFY);
    let operations: SecretKey =
        keystore::read_issuer_key(&lab.path("lab/keys/operations.key")).unwrap();
    let signed = |payload: &[u8]| Envelope::sign(payload, &[&operations]).unwrap().to_bytes();
    let last = lab.entries().pop().unwrap();
    let payload = Envelope::parse(&last).unwrap().payload().to_vec();
    let text = String::from_utf8(payload).unwrap();
    let within = |inside: &str| text.replacen("\"figures\":[", inside, 1).into_bytes();
    let most = 65_535;
    let mut entries = vec![
        vec![0; most],
        vec![0xff; most],
        b"[".repeat(most),
        b"{\"a\":".repeat(most / 5),
        vec![b'9'; most],
        b"{\"payload\":1e999999999}".to_vec(),
        last[..last.len() / 2].to_vec(),
        [&last[..], b"\0"].concat(),
        String::from_utf8(last.clone())
            .unwrap()
            .replacen('{', "{\"payload\":\"\",", 1)
            .into_bytes(),
    ];
    let payloads = [
        Vec::new(),
        vec![0; 1000],
        vec![0xff; 1000],
        b"[".repeat(40_000),
        b"{\"a\":".repeat(8000),
        within(&format!("\"figures\":{}[", "[".repeat(10_000))),
        within("\"figures\":[1e999999999,"),
        within("\"figures\":[\"\\u0000\","),
        within("\"figures\":[],\"figures\":["),
        text.replacen("\"value\":\"", "\"value\":\"-0", 1)
            .into_bytes(),
        text.as_bytes()[..text.len() / 2].to_vec(),
    ];
    entries.extend(payloads.iter().map(|payload| signed(payload)));
    let size = lab.entries().len();
    for entry in entries {
        let shown = String::from_utf8_lossy(&entry[..entry.len().min(60)]).into_owned();
        add(&lab, &[entry]);
        let done = bounded(&lab, VERIFY);
        assert!(rank(&done) <= rank(&good), "{shown}: {done:?}");
        assert_ne!(done.code, 0, "{shown}: {done:?}");
        let told = format!("entry {size}");
        assert!(done.out.contains(&told), "{shown}: {done:?}");
        for name in all {
            lab.copy(&format!("kept/{name}"), name);
        }
    }
}

//! `log/proof`, receipts, and `log/tile`.

use standstill::key::Algorithm;
use standstill::merkle::{leaf_hash, prove_inclusion};
use standstill::tlog::Proof;

use super::{LOG, Set, about, checkpoint, entry, key, leaves, log_key, nodes};

pub fn make(set: &mut Set) {
    proofs(set);
    hashes(set);
    paths(set);
}

fn proof(index: u64, size: u64, extra: Option<&[u8]>) -> String {
    let path = prove_inclusion(index, size, &mut nodes(&leaves(size)));
    let proof = Proof {
        extra: extra.map(<[u8]>::to_vec),
        index,
        path: path.unwrap().unwrap(),
        note: checkpoint(size, &[1, 2]),
    };
    proof.to_text()
}

fn proofs(set: &mut Set) {
    let vkey = log_key().verifier().to_string();
    let good = proof(4, 7, None);
    let (head, note) = good.split_once("\n\n").unwrap();
    let hash = head.lines().last().unwrap();
    let mut add = |name: &str, spec, expect, what, number: u64, text: &str| {
        let leaf = leaf_hash(&entry(number)).to_string();
        let about = about(spec, expect, what);
        set.add(
            &format!("log/proof/{name}"),
            about,
            &[("key", &vkey), ("leaf", &leaf)],
            text,
        );
    };
    add("good", "log-26 log-27", "ok", "entry 4 of 7", 4, &good);
    add(
        "size_1",
        "log-26",
        "ok",
        "the only entry: no hashes",
        0,
        &proof(0, 1, None),
    );
    add(
        "last",
        "log-27",
        "ok",
        "the last entry of a tree that is not full",
        6,
        &proof(6, 7, None),
    );
    add(
        "extra",
        "log-26",
        "ok",
        "what nobody signed beside the proof",
        4,
        &proof(4, 7, Some(b"not to be believed")),
    );
    let surplus = |count: usize| format!("{head}\n{}\n{note}", format!("{hash}\n").repeat(count));
    for (name, spec, expect, what, text) in [
        (
            "hash_surplus",
            "log-17 log-27",
            "proof",
            "a hash too many",
            surplus(1),
        ),
        (
            "hash_missing",
            "log-17 log-27",
            "proof",
            "a hash too few",
            good.replacen(&format!("{hash}\n"), "", 1),
        ),
        (
            "hash_twice",
            "log-17 log-27",
            "proof",
            "the first hash in place of the second",
            {
                let second = head.lines().nth(3).unwrap();
                good.replacen(second, head.lines().nth(2).unwrap(), 1)
            },
        ),
        (
            "index_other",
            "log-17 log-27",
            "proof",
            "another index",
            good.replace("index 4", "index 5"),
        ),
        (
            "index_of_size",
            "log-17 log-27",
            "proof",
            "an index beyond the tree",
            good.replace("index 4", "index 7"),
        ),
        (
            "index_largest",
            "log-17 log-26",
            "proof",
            "2^63 - 1",
            good.replace("index 4", "index 9223372036854775807"),
        ),
        (
            "size_changed",
            "log-27",
            "checkpoint",
            "another size than was signed",
            good.replacen("\n7\n", "\n8\n", 1),
        ),
        (
            "index_too_large",
            "log-26",
            "malformed",
            "2^63",
            good.replace("index 4", "index 9223372036854775808"),
        ),
        (
            "index_leading_zero",
            "log-26",
            "malformed",
            "a leading zero",
            good.replace("index 4", "index 04"),
        ),
        (
            "index_sign",
            "log-26",
            "malformed",
            "a sign",
            good.replace("index 4", "index +4"),
        ),
        (
            "index_none",
            "log-26",
            "malformed",
            "no index",
            good.replace("index 4\n", ""),
        ),
        (
            "hashes_64",
            "log-26",
            "malformed",
            "a path longer than any tree is high",
            surplus(64),
        ),
        (
            "hash_bits",
            "log-26",
            "malformed",
            "bits set beyond the last byte",
            {
                let last = hash.chars().nth(42).unwrap();
                let other = char::from_u32(u32::from(last) + 1).unwrap();
                good.replacen(hash, &format!("{}{other}=", &hash[..42]), 1)
            },
        ),
        (
            "hash_hexadecimal",
            "log-26",
            "malformed",
            "a hash in hexadecimal",
            good.replacen(hash, &"07".repeat(32), 1),
        ),
        (
            "extra_empty",
            "log-26",
            "malformed",
            "extra data of no bytes is left out",
            good.replace("index", "extra \nindex"),
        ),
        (
            "extra_not_base64",
            "log-26",
            "malformed",
            "extra data that is no base64",
            good.replace("index", "extra ?\nindex"),
        ),
        (
            "extra_after_index",
            "log-26",
            "malformed",
            "extra data in another place",
            good.replace("index 4", "index 4\nextra AAAA"),
        ),
        (
            "extra_twice",
            "log-26",
            "malformed",
            "extra data in two lines",
            good.replace("index", "extra AAAA\nextra AAAA\nindex"),
        ),
        (
            "header_other",
            "log-26",
            "malformed",
            "another version",
            good.replace("@v1", "@v2"),
        ),
        (
            "header_none",
            "log-26",
            "malformed",
            "no first line",
            good.replacen("c2sp.org/tlog-proof@v1\n", "", 1),
        ),
        (
            "header_space",
            "log-26",
            "malformed",
            "a space behind the first line",
            good.replacen("@v1", "@v1 ", 1),
        ),
        (
            "carriage_returns",
            "log-26",
            "malformed",
            "lines as Windows ends them",
            good.replace('\n', "\r\n"),
        ),
        (
            "blank_none",
            "log-26",
            "malformed",
            "no empty line before the checkpoint",
            good.replacen("\n\n", "\n", 1),
        ),
        (
            "blank_twice",
            "log-26 log-10",
            "checkpoint",
            "a second empty line belongs to the checkpoint",
            good.replacen("\n\n", "\n\n\n", 1),
        ),
        (
            "note_none",
            "log-26",
            "note",
            "no checkpoint",
            format!("{head}\n\n"),
        ),
        ("empty", "log-26", "malformed", "no bytes", String::new()),
    ] {
        add(name, spec, expect, what, 4, &text);
    }
    add(
        "entry_other",
        "log-27",
        "proof",
        "the proof of another entry",
        5,
        &good,
    );
    let about = about(
        "log-27",
        "checkpoint",
        "a log that the auditor does not know",
    );
    let other = key(LOG, Algorithm::Ed25519, 9).verifier().to_string();
    let leaf = leaf_hash(&entry(4)).to_string();
    set.add(
        "log/proof/key_other",
        about,
        &[("key", &other), ("leaf", &leaf)],
        good,
    );
}

/// `path` names the tile; `size`, where it is there, a tree that has just this tile.
fn hashes(set: &mut Set) {
    let three: Vec<u8> = leaves(3).iter().flat_map(|hash| *hash.as_bytes()).collect();
    let full: Vec<u8> = leaves(256)
        .iter()
        .flat_map(|hash| *hash.as_bytes())
        .collect();
    let bundle = |entries: &[&[u8]]| {
        let length = |entry: &[u8]| u16::try_from(entry.len()).unwrap().to_be_bytes();
        let one = |entry: &&[u8]| [&length(entry)[..], entry].concat();
        entries.iter().flat_map(one).collect::<Vec<u8>>()
    };
    let two = bundle(&[b"", b"ab"]);
    let mut add = |name: &str, spec, expect, what, path: &str, size: &str, body: &[u8]| {
        let about = about(spec, expect, what);
        set.add(
            &format!("log/tile/{name}"),
            about,
            &[("path", path), ("size", size)],
            body,
        );
    };
    let partial = "tile/0/000.p/3";
    add(
        "hashes",
        "log-21",
        "ok",
        "three hashes",
        partial,
        "3",
        &three,
    );
    add(
        "hashes_full",
        "log-20 log-21",
        "ok",
        "256 hashes",
        "tile/0/000",
        "256",
        &full,
    );
    add(
        "hashes_level_1",
        "log-20 log-21",
        "ok",
        "one full tile below makes one hash",
        "tile/1/000.p/1",
        "256",
        &full[..32],
    );
    add(
        "hashes_level_7",
        "log-20",
        "ok",
        "the highest level that a tree below 2^63 has",
        "tile/7/000.p/127",
        "9223372036854775807",
        &[7; 127 * 32],
    );
    add(
        "hashes_too_few",
        "log-21",
        "content",
        "a hash too few",
        partial,
        "none",
        &three[..64],
    );
    add(
        "hashes_too_many",
        "log-21",
        "content",
        "a hash too many",
        "tile/0/000.p/2",
        "none",
        &three,
    );
    add(
        "hashes_cut",
        "log-21",
        "content",
        "a byte too few",
        partial,
        "none",
        &three[..95],
    );
    add(
        "hashes_none",
        "log-21",
        "content",
        "no bytes",
        partial,
        "none",
        b"",
    );
    add(
        "hashes_full_cut",
        "log-21",
        "content",
        "255 hashes at a full tile's path",
        "tile/0/000",
        "none",
        &full[32..],
    );
    add(
        "entries",
        "log-22",
        "ok",
        "an empty entry and one of two bytes",
        "tile/entries/000.p/2",
        "2",
        &two,
    );
    add(
        "entries_too_few",
        "log-22",
        "content",
        "an entry too few",
        "tile/entries/000.p/3",
        "none",
        &two,
    );
    add(
        "entries_too_many",
        "log-22",
        "content",
        "an entry too many",
        "tile/entries/000.p/1",
        "none",
        &two,
    );
    add(
        "entries_cut",
        "log-22",
        "content",
        "cut inside an entry",
        "tile/entries/000.p/2",
        "none",
        &two[..5],
    );
    add(
        "entries_cut_length",
        "log-22",
        "content",
        "cut inside a length",
        "tile/entries/000.p/2",
        "none",
        &two[..3],
    );
    add(
        "entries_little_endian",
        "log-22",
        "content",
        "a length with its bytes swapped",
        "tile/entries/000.p/1",
        "none",
        &[2, 0, b'a', b'b'],
    );
    add(
        "entries_surplus_byte",
        "log-22",
        "content",
        "a byte behind the last entry",
        "tile/entries/000.p/2",
        "none",
        &[&two[..], b"\n"].concat(),
    );
}

fn paths(set: &mut Set) {
    let mut add = |name: &str, expect, what, path: &str, size: &str| {
        let about = about("log-19", expect, what);
        // One hash, or 255.
        let body = if expect == "ok" {
            vec![7; 32]
        } else {
            Vec::new()
        };
        set.add(
            &format!("log/tile/path_{name}"),
            about,
            &[("path", path), ("size", size)],
            body,
        );
    };
    add(
        "one_group",
        "ok",
        "the tile after the 999th",
        "tile/0/x001/000.p/1",
        "256001",
    );
    add(
        "three_groups",
        "ok",
        "the example of tlog-tiles",
        "tile/0/x001/x234/067.p/1",
        "315921153",
    );
    for (name, what, path) in [
        ("level_64", "no such level", "tile/64/000.p/1"),
        ("level_leading_zero", "a leading zero", "tile/00/000.p/1"),
        ("level_sign", "a sign", "tile/+0/000.p/1"),
        ("level_none", "no level", "tile/000.p/1"),
        (
            "level_name",
            "static-ct's name for entries",
            "tile/data/000.p/1",
        ),
        ("index_short", "not three digits", "tile/0/00.p/1"),
        ("index_long", "four digits", "tile/0/1000.p/1"),
        ("index_no_x", "a group without `x`", "tile/0/001/000.p/1"),
        (
            "index_x_last",
            "an `x` before the last group",
            "tile/0/x001/x000.p/1",
        ),
        (
            "index_upper_case",
            "an upper-case `X`",
            "tile/0/X001/000.p/1",
        ),
        (
            "index_zero_group",
            "a group of zeros in front",
            "tile/0/x000/001.p/1",
        ),
        (
            "index_beyond_64_bits",
            "2^64",
            "tile/0/x018/x446/x744/x073/x709/x551/616.p/1",
        ),
        ("width_0", "an empty tile", "tile/0/000.p/0"),
        (
            "width_256",
            "a full tile spelled as a partial one",
            "tile/0/000.p/256",
        ),
        ("width_leading_zero", "a leading zero", "tile/0/000.p/01"),
        ("width_none", "no width", "tile/0/000.p/"),
        ("width_twice", "two widths", "tile/0/000.p/1.p/1"),
        ("slash_in_front", "a slash in front", "/tile/0/000.p/1"),
        ("slash_behind", "a slash behind", "tile/0/000/"),
        ("slash_twice", "two slashes", "tile//0/000.p/1"),
        ("dots", "a way out of the log", "tile/0/../000.p/1"),
        ("empty_parts", "nothing after the kind", "tile/entries/"),
    ] {
        add(name, "path", what, path, "none");
    }
}

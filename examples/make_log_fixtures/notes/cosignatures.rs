//! `log/cosignature`.

use standstill::key::Algorithm;
use standstill::note::{Note, SignatureLine};
use standstill::time::UnixSeconds;
use standstill::tlog::cosign;

use super::super::{SEEN, Set, about, checkpoint, key, log_key, witness};

pub(super) fn cosignatures(set: &mut Set) {
    let one = witness(1).verifier();
    let base = checkpoint(5, &[]);
    let line =
        |seconds| cosign(base.text(), &witness(1), UnixSeconds::new(seconds).unwrap()).unwrap();
    let good = line(SEEN).bytes().to_vec();
    let with = |bytes: Vec<u8>| {
        let mut note = base.clone();
        note.put(SignatureLine::new(&one, bytes));
        note.to_text()
    };
    // A time that this library does not spell, signed as it stands.
    let at = |time: u64| {
        let message = format!("cosignature/v1\ntime {time}\n{}", base.text());
        let signature = witness(1).secret().sign(message.as_bytes());
        with([&time.to_be_bytes()[..], &signature.to_bytes()].concat())
    };
    let mut refreshed = base.clone();
    refreshed.put(line(SEEN));
    let twice = format!("{}{}\n", refreshed.to_text(), line(SEEN + 60).to_line());
    let seen = SEEN.to_string();
    for (name, spec, expect, what, time, note) in [
        (
            "good",
            "log-13",
            "ok",
            "a time and a signature",
            seen.as_str(),
            with(good.clone()),
        ),
        (
            "time_least",
            "log-13",
            "ok",
            "the least time there is",
            "1",
            at(1),
        ),
        (
            "time_greatest",
            "log-13",
            "ok",
            "the end of year 9999",
            "253402300799",
            at(253_402_300_799),
        ),
        (
            "time_zero",
            "log-13",
            "bad-signature",
            "a time of zero says no time",
            "none",
            at(0),
        ),
        (
            "time_too_great",
            "log-13",
            "bad-signature",
            "year 10000",
            "none",
            at(253_402_300_800),
        ),
        (
            "time_largest",
            "log-13",
            "bad-signature",
            "2^64 - 1",
            "none",
            at(u64::MAX),
        ),
        (
            "time_changed",
            "log-13",
            "bad-signature",
            "a second later than was signed",
            "none",
            {
                let mut bytes = good.clone();
                bytes[7] += 1;
                with(bytes)
            },
        ),
        (
            "text_changed",
            "log-13",
            "bad-signature",
            "another size than was cosigned",
            "none",
            with(good.clone()).replacen("\n5\n", "\n6\n", 1),
        ),
        (
            "length_64",
            "log-13",
            "bad-signature",
            "a signature without its time",
            "none",
            with(good[8..].to_vec()),
        ),
        (
            "length_71",
            "log-13",
            "bad-signature",
            "a byte too few",
            "none",
            with(good[..71].to_vec()),
        ),
        (
            "length_73",
            "log-13",
            "bad-signature",
            "a byte too many",
            "none",
            with([&good[..], &[0]].concat()),
        ),
        (
            "length_7",
            "log-13",
            "bad-signature",
            "less than a time",
            "none",
            with(good[..7].to_vec()),
        ),
        (
            "header_none",
            "log-13",
            "bad-signature",
            "a signature over the checkpoint's text alone",
            "none",
            {
                let signature = witness(1).secret().sign(base.text().as_bytes());
                with([&SEEN.to_be_bytes()[..], &signature.to_bytes()].concat())
            },
        ),
        (
            "absent",
            "log-13",
            "absent",
            "no line of the witness",
            "none",
            checkpoint(5, &[2]).to_text(),
        ),
        (
            "name_other",
            "log-15",
            "absent",
            "the same public key under another name",
            "none",
            {
                let other = key("witness.example/other", Algorithm::CosignatureV1, 11);
                let mut note = base.clone();
                note.put(cosign(base.text(), &other, UnixSeconds::new(SEEN).unwrap()).unwrap());
                note.to_text()
            },
        ),
        (
            "type_1",
            "log-4",
            "absent",
            "a note signature by the witness's key",
            "none",
            {
                let plain = key("witness.example/w1", Algorithm::Ed25519, 11);
                let mut note = base.clone();
                note.put(Note::sign(base.text(), &plain).unwrap().signatures()[0].clone());
                note.to_text()
            },
        ),
        (
            "other_bad",
            "log-14",
            "ok",
            "another witness's line is not valid; this one stands",
            seen.as_str(),
            {
                let mut note = Note::parse(with(good.clone()).as_bytes()).unwrap();
                note.put(SignatureLine::new(&witness(2).verifier(), vec![7; 72]));
                note.to_text()
            },
        ),
        (
            "extension",
            "log-13",
            "ok",
            "extension lines are part of what is cosigned",
            seen.as_str(),
            {
                let mut note = Note::sign(&format!("{}more\n", base.text()), &log_key()).unwrap();
                note.put(
                    cosign(note.text(), &witness(1), UnixSeconds::new(SEEN).unwrap()).unwrap(),
                );
                note.to_text()
            },
        ),
        (
            "line_twice",
            "log-7",
            "malformed",
            "a refreshed line beside the older one",
            "none",
            twice,
        ),
    ] {
        let about = about(spec, expect, what);
        let more = [("key", &*one.to_string()), ("time", time)];
        set.add(&format!("log/cosignature/{name}"), about, &more, note);
    }
    let about = about("log-4", "type", "a key of type 0x01 cannot cosign");
    let wrong = key("witness.example/w1", Algorithm::Ed25519, 11).verifier();
    let more = [("key", &*wrong.to_string()), ("time", "none")];
    set.add("log/cosignature/key_of_type_1", about, &more, with(good));
}

//! `log/policy`. `met` and `unmet` list sets of witnesses, by the policy's names.

use std::fmt::Write as _;

use standstill::key::Algorithm;

use super::{LOG, Set, about, key, log_key, witness};

pub fn make(set: &mut Set) {
    good(set);
    refused(set);
}

/// `log`, and three witnesses called one, two and three.
fn head() -> String {
    let mut text = format!("log {}\n", log_key().verifier());
    for (number, name) in [(1, "one"), (2, "two"), (3, "three")] {
        writeln!(text, "witness {name} {}", witness(number).verifier()).unwrap();
    }
    text
}

fn good(set: &mut Set) {
    let head = head();
    let log = log_key().verifier();
    let w = |number| witness(number).verifier();
    let mut add = |name: &str, spec, what, met: &str, unmet: &str, text: &[u8]| {
        let more = [("met", met), ("unmet", unmet)];
        set.add(
            &format!("log/policy/{name}"),
            about(spec, "ok", what),
            &more,
            text,
        );
    };
    let two_of = "group g 2 one two three\nquorum g\n";
    add(
        "two_of_three",
        "log-31",
        "as in the specification",
        "one two; two three; one two three",
        "nobody; one; three",
        format!("{head}{two_of}").as_bytes(),
    );
    add(
        "one_witness",
        "log-31",
        "a witness is a quorum",
        "two; one two",
        "nobody; one three",
        format!("{head}quorum two\n").as_bytes(),
    );
    add(
        "none",
        "log-31",
        "no witness is needed",
        "nobody; one",
        "",
        format!("{head}quorum none\n").as_bytes(),
    );
    add(
        "all",
        "log-31",
        "`all` is as many as there are",
        "one two three",
        "one two; two three",
        format!("{head}group g all one two three\nquorum g\n").as_bytes(),
    );
    add(
        "any",
        "log-31",
        "`any` is one",
        "one; three",
        "nobody",
        format!("{head}group g any one two three\nquorum g\n").as_bytes(),
    );
    add(
        "members_unlisted",
        "log-31",
        "who is no member does not count",
        "one two",
        "one three; three",
        format!("{head}group g all one two\nquorum g\n").as_bytes(),
    );
    let nested = (1..=6).map(|number| {
        format!(
            "witness {}{} {}\n",
            if number < 4 { 'x' } else { 'y' },
            (number - 1) % 3 + 1,
            w(number)
        )
    });
    let nested = nested.collect::<String>();
    add("nested", "log-31", "the two levels of the example of tlog-policy", "x1 x2 y1; x2 x3 y3", "x1 x2; x1 y1 y2 y3; y1 y2", format!("log {log}\n{nested}group x 2 x1 x2 x3\ngroup y any y1 y2 y3\ngroup both all x y\nquorum both\n").as_bytes());
    add(
        "quorum_below_a_group",
        "log-31",
        "the quorum may be a member of a group that is not asked",
        "one two",
        "three; one",
        format!("{head}group g all one two\ngroup h any g three\nquorum g\n").as_bytes(),
    );
    add(
        "quorum_first",
        "log-31",
        "lines may follow the quorum",
        "one",
        "nobody",
        format!(
            "{}quorum one\n{}",
            head.lines().nth(1).map(|line| format!("{line}\n")).unwrap(),
            head.lines().next().map(|line| format!("{line}\n")).unwrap()
        )
        .as_bytes(),
    );
    add(
        "log_none",
        "log-29",
        "a policy without logs",
        "one",
        "two",
        head.lines()
            .skip(1)
            .map(|line| format!("{line}\n"))
            .chain(["quorum one\n".to_owned()])
            .collect::<String>()
            .as_bytes(),
    );
    add(
        "logs_two",
        "log-29",
        "any one log is enough",
        "one",
        "two",
        format!(
            "log {}\n{head}quorum one\n",
            key("log.example/b", Algorithm::Ed25519, 2).verifier()
        )
        .as_bytes(),
    );
    add("url", "log-29 log-30", "where a log and a witness can be asked", "one", "nobody", format!("log {log} https://log.example/lab\nwitness one {} https://witness.example/w1\nquorum one\n", w(1)).as_bytes());
    add(
        "spacing",
        "log-28",
        "tabs, spaces, empty lines, comments",
        "one",
        "two",
        format!("\n# a comment\n \t# another\n{head}\t quorum \t one \t\n \n").as_bytes(),
    );
    add(
        "comment_octets",
        "log-28",
        "octets that are no UTF-8, in a comment",
        "one",
        "two",
        &[b"# caf\xe9\n", head.as_bytes(), b"quorum one\n"].concat(),
    );
    add(
        "names_octets",
        "log-31",
        "names that differ in an octet that is no UTF-8",
        "one",
        "two",
        &[
            head.as_bytes(),
            b"group \xe9 any two\ngroup \xe8 any one\nquorum \xe8\n",
        ]
        .concat(),
    );
    add(
        "name_kelvin",
        "log-31",
        "the Kelvin sign is not the letter K",
        "one",
        "two",
        format!("{head}group K any two\ngroup \u{212a} any one\nquorum \u{212a}\n").as_bytes(),
    );
    let many = (0..64).map(|number| {
        let key = key(
            &format!("w/{number}"),
            Algorithm::CosignatureV1,
            100 + number,
        )
        .verifier();
        format!("witness w{number} {key}\n")
    });
    let many = many.collect::<String>();
    add(
        "witnesses_64",
        "log-31",
        "64 witnesses",
        "w63",
        "w0",
        format!("{many}quorum w63\n").as_bytes(),
    );
}

fn refused(set: &mut Set) {
    let head = head();
    let w = |number| witness(number).verifier();
    let log = log_key().verifier();
    let same = |name: &str, algorithm, seed| key(name, algorithm, seed).verifier();
    for (name, spec, what, tail) in [
        ("quorum_missing", "log-31", "no quorum line", String::new()),
        (
            "quorum_twice",
            "log-31",
            "two quorum lines",
            "quorum one\nquorum one\n".to_owned(),
        ),
        (
            "quorum_none_and_one",
            "log-31",
            "`none` and a witness",
            "quorum none\nquorum one\n".to_owned(),
        ),
        (
            "quorum_undefined",
            "log-31",
            "a name that no line defines",
            "quorum four\n".to_owned(),
        ),
        (
            "quorum_before_group",
            "log-31",
            "a group of a later line",
            "quorum g\ngroup g any one\n".to_owned(),
        ),
        (
            "quorum_other_case",
            "log-31",
            "names are compared octet by octet",
            "quorum One\n".to_owned(),
        ),
        (
            "quorum_no_name",
            "log-28",
            "a word too few",
            "quorum\n".to_owned(),
        ),
        (
            "quorum_two_names",
            "log-28",
            "a word too many",
            "quorum one two\n".to_owned(),
        ),
        (
            "quorum_comment_behind",
            "log-28",
            "a `#` behind a word is a word",
            "quorum one # why\n".to_owned(),
        ),
        (
            "threshold_0",
            "log-31",
            "none of one",
            "group g 0 one\nquorum g\n".to_owned(),
        ),
        (
            "threshold_above",
            "log-31",
            "two of one",
            "group g 2 one\nquorum g\n".to_owned(),
        ),
        (
            "threshold_sign",
            "log-31",
            "a sign",
            "group g +1 one\nquorum g\n".to_owned(),
        ),
        (
            "threshold_leading_zero",
            "log-31",
            "a leading zero",
            "group g 01 one\nquorum g\n".to_owned(),
        ),
        (
            "threshold_beyond",
            "log-31",
            "more than any number of members",
            "group g 18446744073709551617 one\nquorum g\n".to_owned(),
        ),
        (
            "threshold_word",
            "log-31",
            "neither number nor `all` nor `any`",
            "group g most one two\nquorum g\n".to_owned(),
        ),
        (
            "threshold_digit_beyond_ascii",
            "log-31",
            "an Arabic-Indic digit",
            "group g \u{661} one\nquorum g\n".to_owned(),
        ),
        (
            "members_none",
            "log-31",
            "a group of nobody",
            "group g any\nquorum g\n".to_owned(),
        ),
        (
            "members_all_none",
            "log-31",
            "all of nobody",
            "group g all\nquorum g\n".to_owned(),
        ),
        (
            "member_twice",
            "log-31",
            "a witness twice in a group",
            "group g 2 one one\nquorum g\n".to_owned(),
        ),
        (
            "member_of_two",
            "log-31",
            "a witness in two groups",
            "group g any one\ngroup h any one two\nquorum h\n".to_owned(),
        ),
        (
            "group_of_two",
            "log-31",
            "a group in two groups",
            "group g any one\ngroup h any g\ngroup i any g\nquorum i\n".to_owned(),
        ),
        (
            "member_undefined",
            "log-31",
            "a member of a later line",
            "group g any h\ngroup h any one\nquorum g\n".to_owned(),
        ),
        (
            "member_itself",
            "log-31",
            "a group in itself",
            "group g any g\nquorum g\n".to_owned(),
        ),
        (
            "member_none",
            "log-31",
            "`none` as a member",
            "group g any none one\nquorum g\n".to_owned(),
        ),
        (
            "name_none",
            "log-31",
            "a group called `none`",
            "group none any one\nquorum none\n".to_owned(),
        ),
        (
            "name_twice",
            "log-31",
            "a group with the name of a witness",
            "group one any two\nquorum one\n".to_owned(),
        ),
        (
            "group_twice",
            "log-31",
            "two groups of one name",
            "group g any one\ngroup g any two\nquorum g\n".to_owned(),
        ),
        (
            "witness_name_none",
            "log-31",
            "a witness called `none`",
            format!("witness none {}\nquorum none\n", w(4)),
        ),
        (
            "witness_name_twice",
            "log-31",
            "two witnesses of one name",
            format!("witness one {}\nquorum one\n", w(4)),
        ),
        (
            "witness_key_twice",
            "log-15 log-30",
            "one key under two names",
            format!("witness four {}\ngroup g 2 one four\nquorum g\n", w(1)),
        ),
        (
            "witness_key_twice_renamed",
            "log-15 log-30",
            "one key in two vkeys",
            format!(
                "witness four {}\ngroup g 2 one four\nquorum g\n",
                same("other.example/w", Algorithm::CosignatureV1, 11)
            ),
        ),
        (
            "witness_type_1",
            "log-4 log-30",
            "a key that signs notes",
            format!(
                "witness four {}\nquorum four\n",
                same("w", Algorithm::Ed25519, 5)
            ),
        ),
        (
            "log_type_4",
            "log-4 log-29",
            "a key that cosigns",
            format!(
                "log {}\nquorum one\n",
                same("l", Algorithm::CosignatureV1, 5)
            ),
        ),
        (
            "log_key_twice",
            "log-30",
            "one key of two logs",
            format!("log {log}\nquorum one\n"),
        ),
        (
            "log_key_twice_renamed",
            "log-30",
            "one key in two vkeys",
            format!(
                "log {}\nquorum one\n",
                same(&format!("{LOG}/2"), Algorithm::Ed25519, 1)
            ),
        ),
        (
            "log_key_broken",
            "log-3 log-29",
            "a vkey with another id",
            format!(
                "log {}\nquorum one\n",
                w(1).to_string().replace("w1+", "w2+")
            ),
        ),
        (
            "log_no_key",
            "log-28",
            "a word too few",
            "log\nquorum one\n".to_owned(),
        ),
        (
            "witness_no_key",
            "log-28",
            "a word too few",
            "witness four\nquorum one\n".to_owned(),
        ),
        (
            "witness_words_five",
            "log-28",
            "a word too many",
            format!("witness four {} https://w.example why\nquorum one\n", w(4)),
        ),
        (
            "word_unknown",
            "log-28",
            "a line of another kind",
            "wait 1\nquorum one\n".to_owned(),
        ),
        (
            "word_upper_case",
            "log-28",
            "a keyword in upper case",
            "QUORUM one\n".to_owned(),
        ),
        (
            "end_none",
            "log-28",
            "no newline behind the last line",
            "quorum one".to_owned(),
        ),
        (
            "carriage_return",
            "log-28",
            "lines as Windows ends them",
            "quorum one\r\n".to_owned(),
        ),
        (
            "zero_byte",
            "log-28",
            "a zero byte",
            "quorum one\n\0\n".to_owned(),
        ),
        (
            "vertical_tab",
            "log-28",
            "another white space than space and tab",
            "quorum\u{b}one\n".to_owned(),
        ),
        (
            "delete",
            "log-28",
            "0x7F",
            "# \u{7f}\nquorum one\n".to_owned(),
        ),
        (
            "no_break_space",
            "log-28",
            "U+00A0 parts no words",
            "quorum\u{a0}one\n".to_owned(),
        ),
    ] {
        let about = about(spec, "refused", what);
        set.add(
            &format!("log/policy/{name}"),
            about,
            &[],
            format!("{head}{tail}"),
        );
    }
    // The key of that name but for one octet, which a careless reader replaces.
    let replaced = key("caf\u{fffd}", Algorithm::CosignatureV1, 5).verifier();
    let mut octets = format!("{head}witness four ").into_bytes();
    let vkey = replaced.to_string();
    octets.extend_from_slice(b"caf\xe9");
    octets.extend_from_slice(&vkey.as_bytes()["caf\u{fffd}".len()..]);
    octets.extend_from_slice(b"\nquorum four\n");
    let what = "an octet of a key's name that is no UTF-8";
    let about_key = about("log-2 log-30", "refused", what);
    set.add("log/policy/witness_key_not_utf8", about_key, &[], octets);
    set.add(
        "log/policy/empty",
        about("log-31", "refused", "no bytes"),
        &[],
        "",
    );
}

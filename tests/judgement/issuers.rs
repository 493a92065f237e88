//! Whose claims a finding touches, and whom an auditor believes.

use super::*;

// spec: ver-13
#[test]
fn an_issuer_without_a_pledge_is_missing_evidence_and_no_fault_of_another() {
    let mut one = Lab::new(100);
    one.pledge(cap(1000, 2));
    one.usage(day(0), 10);
    one.usage(day(1), 10);
    let other = Lab::new(200);
    let mut both = one.clone();
    both.entries.extend(other.entries.iter().cloned());
    let files = seen_log(&both, 3, END);
    for labs in [[one.id, other.id], [other.id, one.id]] {
        let found = judge_log(&files, &labs, END, Known::default());
        assert_eq!(found.verdicts.len(), 1);
        assert_eq!(found.verdicts[0].headline(), "CONSISTENT@E1", "{found:#?}");
        assert!(!checks(&found.verdicts[0]).contains(&"no-pledge"));
        let code = found.outcome(Some(Level::E1)).code();
        assert_eq!(code, 3, "an expected claim is not there: {found:#?}");
    }
}

// spec: ver-12
#[test]
fn equivocation_is_a_failure_of_that_issuers_claims_and_nobody_elses() {
    let mut honest = Lab::new(100);
    honest.pledge(cap(1000, 1));
    honest.usage(day(0), 10);
    let mut other = Lab::new(200);
    other.pledge(cap(1000, 1));
    let (second, _) = other.sign_next(StreamId::new(1), usage(day(0), 11));
    other.usage(day(0), 10);
    let mut both = honest.clone();
    both.entries.extend(other.entries.iter().cloned());
    both.entries.push(second);
    let files = seen_log(&both, 3, END);
    let found = judge_log(&files, &[honest.id, other.id], END, Known::default());
    let word = |id: IssuerId| {
        let of = found.verdicts.iter().find(|verdict| verdict.issuer == id);
        of.unwrap().word
    };
    assert_eq!(word(honest.id), Word::Consistent);
    assert_eq!(word(other.id), Word::LogIntegrityFailure);
}

#[test]
fn two_first_statements_that_share_a_root_key_are_equivocation_of_both() {
    let mut one = Lab::new(100);
    one.pledge(cap(1000, 1));
    one.usage(day(0), 10);
    // The same keys under another log's origin make another first statement.
    let mut twin = Lab::renamed(100, "twin");
    twin.pledge(cap(1000, 1));
    twin.usage(day(0), 10);
    assert_ne!(one.id, twin.id);
    let mut both = one.clone();
    both.entries.extend(twin.entries.iter().cloned());
    let files = seen_log(&both, 3, END);
    let found = judge_log(&files, &[one.id, twin.id], END, Known::default());
    for verdict in &found.verdicts {
        assert_eq!(verdict.word, Word::LogIntegrityFailure, "{verdict:#?}");
        assert!(checks(verdict).contains(&"shared-root"));
    }
}

// spec: ver-7
#[test]
fn witnesses_whose_roots_belong_to_the_labs_do_not_count() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let level = |more: &str| {
        let trust = trust_with(&[lab.id], more);
        let found = judge_with(&files, &trust, END, Known::default());
        found.verdicts[0].headline()
    };
    assert_eq!(level(""), "CONSISTENT@E1");
    let related = |roots: &str| format!("[[related]]\nroots = [{roots}]\nwhy = \"ownership\"");
    assert_eq!(level(&related("\"lab\", \"outsider 1\"")), "CONSISTENT@E1");
    let both = related("\"lab\", \"outsider 1\", \"outsider 2\"");
    assert_eq!(level(&both), "CONSISTENT@E0");
    // Neither do those of the log's operator.
    let vkey = log_key().verifier();
    let operator = format!("[[operator]]\nlog = \"{vkey}\"\ntrust_root = \"outsider 3\"\n");
    assert_eq!(level(&operator), "CONSISTENT@E1");
    let both = format!("{operator}{}", related("\"outsider 3\", \"outsider 2\""));
    assert_eq!(level(&both), "CONSISTENT@E0");
}

#[test]
fn an_earlier_id_that_one_side_leaves_out_is_not_passed_over() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let earlier = sha256(b"what it was called before");
    let trust = trust_with(&[lab.id], &format!("earlier = [\"{earlier}\"]"));
    let found = judge_with(&files, &trust, END, Known::default());
    assert_eq!(found.verdicts[0].word, Word::NotShown);
    assert!(checks(&found.verdicts[0]).contains(&"earlier-id"));
}

#[test]
fn an_affiliate_that_the_pledge_leaves_out_is_named_in_what_is_not_shown() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let affiliate = sha256(b"a daughter company").to_string();
    let trust = trust_with(&[lab.id], &format!("affiliates = [\"{affiliate}\"]"));
    let found = judge_with(&files, &trust, END, Known::default());
    let lines = found.verdicts[0].does_not_show.join("\n");
    assert!(lines.contains(&affiliate), "{lines}");
}

/// What is told by one log, or by nobody.
fn refused(text: &str, policy: &str) -> String {
    Trust::parse(text, policy.as_bytes())
        .unwrap_err()
        .to_string()
}

// spec: ver-8
#[test]
fn a_trust_file_that_names_somebody_twice_or_nobody_is_refused() {
    let vkey = log_key().verifier();
    let witness = witness_key(1).verifier();
    let policy = format!("log {vkey}\nwitness w1 {witness}\nquorum w1\n");
    let id = sha256(b"an issuer");
    let head = "policy = \"policy\"\ngreatest_age = 1\n";
    let issuer = format!(
        "[[issuer]]\nid = \"{id}\"\nname = \"lab\"\ntrust_root = \"lab\"\nlog = \"{vkey}\"\n"
    );
    let one = "[[witness]]\nname = \"w1\"\ntrust_root = \"x\"\n";
    Trust::parse(&format!("{head}{issuer}{one}"), policy.as_bytes()).unwrap();
    for (text, expected) in [
        (head.to_owned(), "no issuer"),
        (format!("{head}{issuer}{issuer}"), "twice"),
        (format!("{head}{issuer}{one}{one}"), "twice"),
        (
            format!("{head}{issuer}{}", one.replace("w1", "w2")),
            "not a witness",
        ),
        (format!("{head}surplus = 1\n{issuer}"), "surplus"),
        (
            format!("{head}{issuer}").replace(&id.to_string(), "x"),
            "issuer.id",
        ),
    ] {
        let why = refused(&text, &policy);
        assert!(why.contains(expected), "{why}");
    }
}

// spec: ver-6
#[test]
fn the_digest_of_a_trust_file_is_over_it_and_its_policy_and_tells_them_apart() {
    let vkey = log_key().verifier();
    let id = sha256(b"an issuer");
    let text = format!(
        "policy = \"policy\"\ngreatest_age = 1\n[[issuer]]\nid = \"{id}\"\nname = \"lab\"\ntrust_root = \"lab\"\nlog = \"{vkey}\"\n"
    );
    let policy = format!("log {vkey}\nquorum none\n");
    let trust = Trust::parse(&text, policy.as_bytes()).unwrap();
    let framed = format!("{}\n{text}{}\n{policy}", text.len(), policy.len());
    assert_eq!(trust.digest(), sha256(framed.as_bytes()));
}

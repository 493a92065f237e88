//! Logs and bundles that are hostile, damaged, cut or gone.

use super::*;

// spec: ver-14
#[test]
fn a_server_without_an_end_and_a_size_without_a_log_do_not_hold_an_auditor_up() {
    /// Answers every path with the same bytes, or none but its checkpoint.
    struct Endless(Vec<u8>, bool);
    impl standstill::verify::LogFiles for Endless {
        fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
            Ok((self.1 || path == "checkpoint").then(|| self.0.clone()))
        }
    }
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    let page = b"<html>not found</html>".to_vec();
    let bytes = standstill::store::LogFiles::read(&files, "checkpoint")
        .unwrap()
        .unwrap();
    let from = std::time::Instant::now();
    for endless in [page, bytes] {
        let _ = judge_files(&Endless(endless, true), &trust(&[lab.id]), END);
    }
    let huge = standstill::tlog::Checkpoint {
        origin: standstill::tlog::Origin::new(ORIGIN).unwrap(),
        size: 1 << 62,
        root: sha256(b"whatever"),
    };
    let note = Note::sign(&huge.to_text(), &log_key()).unwrap();
    let bytes = note.to_text().into_bytes();
    let found = judge_files(&Endless(bytes, false), &trust(&[lab.id]), END).unwrap();
    let broken = |one: &Finding| one.check == "missing";
    assert!(found.findings.iter().any(broken), "{found:#?}");
    assert!(from.elapsed().as_secs() < 60, "{:?}", from.elapsed());
}

// spec: ver-10
#[test]
fn a_file_that_could_not_be_read_this_time_is_no_accusation() {
    struct Failing<'f>(&'f Files, &'static str);
    impl standstill::verify::LogFiles for Failing<'_> {
        fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
            if path.starts_with(self.1) {
                return Err("timed out".to_owned());
            }
            self.0.read(path)
        }
    }
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = Files(seen_log(&lab, 3, END));
    for failing in ["tile/entries", "tile/0", "tile"] {
        let found = judge_files(&Failing(&files, failing), &trust(&[lab.id]), END).unwrap();
        let broken = |one: &Finding| one.calls_for == Some(Word::LogIntegrityFailure);
        assert!(!found.findings.iter().any(broken), "{failing}: {found:#?}");
        assert_eq!(found.outcome(Some(Level::E0)).code(), 3);
    }
}

// spec: ver-11
#[test]
fn a_damaged_copy_is_broken_and_accuses_nobody_of_a_fork() {
    use standstill::store::Objects as _;
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 3));
    for number in 0..3 {
        lab.usage(day(number), 10);
    }
    let (first, rest) = lab.entries.split_at(4);
    let files = log(&[(first, Some(START + DAY)), (rest, Some(END))]);
    let path = "tile/entries/000.p/6";
    let mut bytes = standstill::store::LogFiles::read(&files, path)
        .unwrap()
        .unwrap();
    bytes[100] ^= 1;
    files.replace(path, &bytes).unwrap();
    let found = judge_log(&files, &[lab.id], END, Known::default());
    let named = |check: &str| found.findings.iter().any(|one| one.check == check);
    assert!(named("entry-hash") && named("root"), "{found:#?}");
    assert!(!named("fork"), "{found:#?}");
    assert_eq!(found.outcome(None).code(), 1);
    // Another tree of the same size that the log signed is one all the same.
    let mut other = Lab::new(200);
    other.pledge(cap(1000, 3));
    for number in 0..3 {
        other.usage(day(number), 10);
    }
    let other = seen_log(&other, 3, END);
    let bytes = standstill::store::LogFiles::read(&other, "checkpoint")
        .unwrap()
        .unwrap();
    let known = Known {
        seen: vec![Note::parse(&bytes).unwrap()],
        ..Known::default()
    };
    let found = judge_log(&files, &[lab.id], END, known);
    assert!(
        found.findings.iter().any(|one| one.check == "fork"),
        "{found:#?}"
    );
}

// spec: ver-38
#[test]
fn a_log_that_is_not_there_cannot_be_judged_unless_a_quorum_answers_for_it() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let there = seen_log(&lab, 3, END);
    let bytes = standstill::store::LogFiles::read(&there, "checkpoint")
        .unwrap()
        .unwrap();
    let gone = Files(MemoryObjects::new(&Faults::default()));
    assert!(judge_files(&gone, &trust(&[lab.id]), END).is_err());
    for (witnesses, judged) in [(vec![1], false), (vec![1, 2], true)] {
        let note = cosigned(&bytes, &witnesses, END);
        let evidence = Evidence {
            witnesses: vec![("witness".to_owned(), note)],
            ..Evidence::of(Subject::Log(&gone))
        };
        let catalogue = standstill::catalogue::Catalogue::embedded();
        let found = standstill::verify::judge(&evidence, &trust(&[lab.id]), &catalogue, at(END));
        assert_eq!(found.is_ok(), judged, "{witnesses:?}");
        if let Ok(found) = found {
            assert_eq!(found.outcome(None).code(), 3);
        }
    }
}

// spec: ver-35
#[test]
fn a_bundle_is_judged_as_of_the_last_statement_that_it_holds() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 3));
    for number in 0..3 {
        lab.usage(day(number), 10);
    }
    let files = seen_log(&lab, 3, END);
    let judged = |keep: &dyn Fn(u64) -> bool| {
        let bundle = bundle(&files, &lab, keep);
        let found = judge_bundle(&bundle, &[lab.id], END);
        assert_eq!(found.verdicts.len(), 1, "{found:#?}");
        found.verdicts[0].clone()
    };
    let all = judged(&|_| true);
    assert_eq!(all.headline(), "CONSISTENT@E1", "{all:#?}");
    let names_the_last = |verdict: &Verdict, last: &str| {
        let lines = verdict.does_not_show.join("\n");
        assert!(
            lines.contains("statements after the last one shown of area 1"),
            "{lines}"
        );
        assert!(lines.contains(last), "{lines}");
    };
    names_the_last(&all, "sequence 2");
    // Cut at the end of the stream: as the log was then, and never overdue.
    let cut = judged(&|index| index < 5);
    assert_eq!(cut.word, Word::NotShown, "{cut:#?}");
    assert!(checks(&cut).contains(&"report-missing"));
    names_the_last(&cut, "sequence 1");
    // One left out before the last shown is missed.
    let hole = judged(&|index| index != 4);
    assert_eq!(hole.word, Word::LogIntegrityFailure, "{hole:#?}");
}

// spec: ver-35
#[test]
fn a_governance_statement_that_a_shown_one_was_made_under_is_missed() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    // A second pledge, which the lab would rather not show.
    lab.pledge(cap(1, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 4, END);
    let bundle = bundle(&files, &lab, |index| index != 3);
    let found = judge_bundle(&bundle, &[lab.id], END);
    assert_eq!(found.verdicts[0].word, Word::NotShown, "{found:#?}");
    assert!(checks(&found.verdicts[0]).contains(&"head-missing"));
}

#[test]
fn whoever_waits_is_told_how_far_reading_is() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1_000_000, 30));
    for number in 0..600 {
        lab.usage(day(number), 10);
    }
    let files = Files(seen_log(&lab, 3, END));
    let told = std::sync::Mutex::new(Vec::new());
    let progress = |checkpoint: &standstill::tlog::Checkpoint, entries: u64| {
        told.lock().unwrap().push((checkpoint.size, entries));
    };
    let evidence = Evidence {
        progress: Some(&progress),
        ..Evidence::of(Subject::Log(&files))
    };
    let catalogue = standstill::catalogue::Catalogue::embedded();
    standstill::verify::judge(&evidence, &trust(&[lab.id]), &catalogue, at(END)).unwrap();
    let told = told.into_inner().unwrap();
    assert!(told.len() > 1 && told.is_sorted(), "{told:?}");
    assert_eq!(told.last(), Some(&(603, 603)));
}

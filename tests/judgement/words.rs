//! What a verdict says.

use super::*;

// spec: ver-3
#[test]
fn every_verdict_says_what_it_is_of_and_what_it_does_not_show() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let found = judge_log(&seen_log(&lab, 3, END), &[lab.id], END, Known::default());
    let text = standstill::report::text(&found);
    for part in [
        "perimeter   all areas: 1 \"cluster\"",
        "window      [2026-03-01T00:00:00Z, 2026-03-02T00:00:00Z)",
        "as of       lab.example/log with 4 entries",
        "level       E1, HOLDS needs E3",
        "resolution  none",
        "does not show",
        "undeclared sites",
        &found.trust.to_string(),
    ] {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

// spec: ver-25
#[test]
fn it_says_how_many_reports_were_corrected() {
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 4));
    let said: Vec<StatementId> = (0..4).map(|number| lab.usage(day(number), 10)).collect();
    let told = |lab: &Lab| {
        let found = verdict(&seen_log(lab, 3, END), lab, END);
        assert_eq!(found.word, Word::Consistent, "{found:#?}");
        let mut texts = found.findings.iter().filter(|one| one.check == "corrected");
        texts.next().map(|one| one.text.clone())
    };
    assert_eq!(told(&lab), None);
    for sequence in [1, 3, 3] {
        let at = usize::try_from(sequence).unwrap();
        lab.correct(sequence, said[at], usage(day(sequence), 20));
    }
    let text = told(&lab).unwrap();
    let first = day(1);
    assert!(text.contains("2 reports of"), "{text}");
    assert!(text.contains(&format!("first that of {first}")), "{text}");
}

// spec: ver-36
#[test]
fn an_opened_ledger_must_give_what_was_attested() {
    let reference = |count| LedgerReference {
        kind: standstill::ledger::Kind::Jobs,
        root: sha256(b"jobs"),
        count,
        sums: Vec::new(),
    };
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    let mut used = used(day(0), 10);
    used.ledgers.push(reference(3));
    lab.say(StreamId::new(1), Content::Usage(used));
    let files = Files(seen_log(&lab, 3, END));
    for (count, word) in [(3, Word::Consistent), (4, Word::NotShown)] {
        let evidence = Evidence {
            ledgers: vec![OpenedLedger {
                name: "a file".to_owned(),
                root: sha256(b"jobs"),
                count,
                sums: Vec::new(),
                devices: Vec::new(),
                series: Vec::new(),
            }],
            ..Evidence::of(Subject::Log(&files))
        };
        let catalogue = standstill::catalogue::Catalogue::embedded();
        let found =
            standstill::verify::judge(&evidence, &trust(&[lab.id]), &catalogue, at(END)).unwrap();
        assert_eq!(found.verdicts[0].word, word, "{found:#?}");
        let text = &found.verdicts[0].findings.last().unwrap().text;
        assert_eq!(text, "1 of 1 ledgers were opened");
    }
}

// spec: ver-37
#[test]
fn the_exit_code_is_that_of_all_findings() {
    let code = |files, lab: &Lab, level| {
        let found = judge_log(files, &[lab.id], END, Known::default());
        found.outcome(level).code()
    };
    let mut lab = Lab::new(100);
    lab.pledge(cap(1000, 1));
    lab.usage(day(0), 10);
    let files = seen_log(&lab, 3, END);
    assert_eq!(code(&files, &lab, None), 3);
    assert_eq!(code(&files, &lab, Some(Level::E1)), 0);
    assert_eq!(code(&files, &lab, Some(Level::E3)), 3);
    // A second pledge that is broken outweighs the first.
    lab.pledge(cap(1, 1));
    assert_eq!(code(&seen_log(&lab, 3, END), &lab, Some(Level::E1)), 1);
}

// spec: ver-39
#[test]
fn the_table_of_checks_is_that_of_the_document() {
    let document = std::fs::read_to_string("specs/verdicts.md").unwrap();
    let rows: Vec<Vec<&str>> = document
        .lines()
        .skip_while(|line| !line.starts_with("| check "))
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    let expected: Vec<Vec<String>> = standstill::verify::Check::ALL
        .iter()
        .map(|check| {
            let word = check.calls_for();
            let code = match word {
                Some(Word::Violated | Word::LogIntegrityFailure) => "1",
                Some(_) => "3",
                None => "–",
            };
            vec![
                format!("`{}`", check.name()),
                check.axis().to_string(),
                word.map_or_else(|| "–".to_owned(), |word| word.to_string()),
                code.to_owned(),
            ]
        })
        .collect();
    let found: Vec<Vec<String>> = rows
        .iter()
        .map(|row| [0, 2, 3, 4].map(|at| row[at].to_owned()).to_vec())
        .collect();
    assert_eq!(found, expected);
}

//! Claims that bind while others hold theirs.

use std::collections::BTreeSet;

use standstill::catalogue::Catalogue;
use standstill::claim::Conditional;
use standstill::verify::judge;

use super::*;

const TEXT: &[u8] = b"We slow down together.";

/// What one lab pledges: at most 1000 a day for two days, while `quorum` of the parties do.
fn together(parties: &[IssuerId], quorum: u64) -> standstill::claim::Pledge {
    let mut parties = parties.to_vec();
    parties.sort_unstable();
    changed(0, 2, |pledge| {
        pledge.terms = Terms::Conditional(Box::new(Conditional {
            wraps: Terms::Cap {
                limit: Quantity::from(2000_u64),
            },
            parties,
            quorum,
            party_level: Level::E1,
            party_grace: 0,
            pact: sha256(TEXT),
        }));
    })
}

/// Labs that pledge to one another, and what each says of two days: its turn, its use.
fn judged(quorum: u64, said: &[(usize, u64)], given: bool) -> Vec<Verdict> {
    let mut labs: Vec<Lab> = [100, 120, 140].map(Lab::new).to_vec();
    let ids: Vec<IssuerId> = labs.iter().map(|lab| lab.id).collect();
    for lab in &mut labs {
        let others: Vec<IssuerId> = ids.iter().copied().filter(|id| *id != lab.id).collect();
        lab.pledge(together(&others, quorum));
    }
    let mut all = labs[0].clone();
    all.entries = labs.iter().flat_map(|lab| lab.entries.clone()).collect();
    let founded = all.entries.len();
    let mut days = [0, 0, 0];
    for (who, amount) in said {
        labs[*who].usage(day(days[*who]), *amount);
        days[*who] += 1;
        all.entries.push(labs[*who].entries.last().unwrap().clone());
    }
    let files = Files(seen_log(&all, founded, END));
    let evidence = Evidence {
        pacts: if given {
            BTreeSet::from([sha256(TEXT)])
        } else {
            BTreeSet::new()
        },
        ..Evidence::of(Subject::Log(&files))
    };
    let found = judge(&evidence, &trust(&ids), &Catalogue::embedded(), at(END)).unwrap();
    ids.iter()
        .map(|id| {
            let mut of = found.verdicts.iter().filter(|one| one.issuer == *id);
            of.next().unwrap().clone()
        })
        .collect()
}

fn headlines(verdicts: &[Verdict]) -> Vec<String> {
    verdicts.iter().map(Verdict::headline).collect()
}

const KEPT: [(usize, u64); 6] = [
    (0, 1000),
    (1, 1000),
    (2, 1000),
    (0, 900),
    (1, 900),
    (2, 900),
];

// spec: ver-64
#[test]
fn a_pact_that_all_keep_is_kept_and_its_text_is_needed() {
    let found = judged(2, &KEPT, true);
    assert_eq!(headlines(&found), ["CONSISTENT@E1"; 3], "{found:#?}");
    assert!(!checks(&found[0]).contains(&"condition"), "{found:#?}");
    let found = judged(2, &KEPT, false);
    assert_eq!(headlines(&found), ["NOT-SHOWN"; 3]);
    assert!(checks(&found[0]).contains(&"pact-text"));
}

// spec: ver-65
#[test]
fn who_breaks_a_pact_first_is_the_one_who_broke_it() {
    // The second does, then the third.
    let said = [(0, 900), (1, 900), (2, 900), (1, 1900), (2, 1900), (0, 900)];
    let found = judged(2, &said, true);
    assert_eq!(
        headlines(&found),
        ["NOT-SHOWN", "VIOLATED", "NOT-SHOWN"],
        "{found:#?}"
    );
    for lapsed in [0, 2] {
        assert!(checks(&found[lapsed]).contains(&"lapsed"));
    }
    assert!(checks(&found[2]).contains(&"after-lapse"));
    // Where one other is enough, the third still had the first.
    let found = judged(1, &said, true);
    assert_eq!(
        headlines(&found),
        ["NOT-SHOWN", "VIOLATED", "VIOLATED"],
        "{found:#?}"
    );
}

// spec: ver-65
#[test]
fn silence_of_others_excuses_no_breach() {
    // The second says nothing of its second day.
    let said = [(0, 900), (1, 900), (2, 900), (2, 900), (0, 1900)];
    let found = judged(2, &said, true);
    assert_eq!(found[0].headline(), "VIOLATED", "{found:#?}");
    assert!(checks(&found[0]).contains(&"condition"));
    // For the third, the first broke it.
    assert!(checks(&found[2]).contains(&"lapsed"), "{found:#?}");
}

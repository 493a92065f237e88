//! scratch
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason="x")]
use standstill::simulate::*;
use standstill::verify::evidence::{OpenedLedger, Subject};
use standstill::verify::{Evidence, Judgement, LogFiles, Trust, judge};
use standstill::catalogue::Catalogue;

struct InHand<'f>(&'f Files);
impl LogFiles for InHand<'_> {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.get(path).cloned())
    }
}
pub fn judged(world: &World) -> Judgement {
    let trust = Trust::parse(&world.trust, world.policy.as_bytes()).unwrap();
    let files = InHand(&world.files);
    let named = |notes: &[standstill::note::Note]| notes.iter().map(|n| ("kept".to_owned(), n.clone())).collect();
    let evidence = Evidence {
        seen: named(&world.seen),
        witnesses: named(&world.witnesses),
        ledgers: world.ledgers.iter().map(|l| OpenedLedger{name: "x".into(), root: l.root(), count: l.count(), sums: l.sums().unwrap()}).collect(),
        ..Evidence::of(Subject::Log(&files))
    };
    judge(&evidence, &trust, &Catalogue::embedded(), world.at).unwrap()
}
#[test]
fn scratch() {
    let mut list: Vec<(String, Scenario)> = vec![];
    for others in [false, true] {
        let base = Scenario { others, ..Scenario::new(1) };
        list.push((format!("honest {others}"), base.clone()));
        list.push((format!("close {others}"), Scenario{close:true, ..base.clone()}));
        list.push((format!("runs {others}"), Scenario{claim: Claim::RunCap, act: Act::Runs{each:2, from: Lineage::Nothing}, ..base.clone()}));
        list.push((format!("ledgers {others}"), Scenario{areas:2, act: Act::Ledgers{flaw: Flaw::Nothing, opened:true}, ..base.clone()}));
        for cheat in Cheat::ALL {
            list.push((format!("{cheat} {others}"), base.clone().with(*cheat)));
        }
    }
    for (name, s) in list {
        let t = std::time::Instant::now();
        let world = match s.simulate() { Ok(w)=>w, Err(e)=>{println!("{name}: {e}"); continue;} };
        let made = t.elapsed();
        let j = judged(&world);
        for v in &j.verdicts {
            let mut f: Vec<&str> = v.findings.iter().map(|f| f.check).collect();
            f.dedup();
            println!("{name}: {} broken={} {:?} {:?} {made:?} {:?}", v.headline(), world.story.is_broken(), f, v.numbers.as_ref().map(|n| (n.lower.clone(), n.upper.clone(), n.limit.clone())), t.elapsed()-made);
        }
        if j.verdicts.is_empty() || !j.findings.is_empty() { println!("{name}: {:?}", j.findings); }
    }
}

//! Who tells what happened in one area: its reports and its runs, true or not.

use std::ops::Range;

use crate::attestation::Content;
use crate::attestation::Envelope;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::Ancestor;
use crate::attestation::content::Architecture;
use crate::attestation::content::FlopBounds;
use crate::attestation::content::Held;
use crate::attestation::content::Inheritance;
use crate::attestation::content::Origin;
use crate::attestation::content::Run;
use crate::attestation::content::RunArea;
use crate::attestation::content::RunEvent;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::attestation::figure::Figure;
use crate::ledger::Ledger;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::simulate::Impossible;
use crate::simulate::Scenario;
use crate::simulate::act::Act;
use crate::simulate::act::From;
use crate::simulate::act::Mangled;
use crate::simulate::mangle;
use crate::simulate::party::Chain;
use crate::simulate::party::Voice;
use crate::simulate::story::Day;
use crate::simulate::story::Site;
use crate::simulate::story::Story;
use crate::simulate::words;

/// What is said of an area in some periods.
#[derive(Debug, Default)]
pub(super) struct Chapter {
    pub(super) prompt: Vec<Vec<u8>>,
    pub(super) late: Vec<Vec<u8>>,
}

impl Chapter {
    /// What comes after something late is late too: one is said after the other.
    fn push(&mut self, entry: Vec<u8>, late: bool) {
        if late || !self.late.is_empty() {
            self.late.push(entry);
        } else {
            self.prompt.push(entry);
        }
    }
}

/// Who tells what happened in one area.
pub(super) struct Narrator<'s> {
    pub(super) scenario: &'s Scenario,
    pub(super) story: &'s Story,
    pub(super) site: &'s Site,
    pub(super) voice: Voice<'s>,
    pub(super) inventory: StatementId,
    pub(super) sheets: &'s [Ledger],
}

impl Narrator<'_> {
    /// Tells what happened in some periods; `runs` are the start of the run under way and
    /// that of the one before.
    pub(super) fn tell(
        &self,
        chain: &mut Chain,
        runs: &mut [Option<StatementId>; 2],
        periods: Range<usize>,
    ) -> Result<Chapter, Impossible> {
        let mut chapter = Chapter::default();
        let first = periods.start;
        for number in periods {
            let day = self.site.days.get(number).ok_or_else(Impossible::payload)?;
            let late = day.late;
            if let Act::Runs { each, from } = self.story.act
                && number.is_multiple_of(each)
            {
                let content = self.start(chain.stream, number, from, runs)?;
                let said = self.voice.say(chain, content)?;
                *runs = [Some(said.id), runs[0]];
                chapter.push(said.entry, late);
            }
            let ledger = number.checked_sub(first).and_then(|at| self.sheets.get(at));
            for entry in self.report(chain, number, day, ledger)? {
                chapter.push(entry, late);
            }
            if let Act::Runs { each, .. } = self.story.act
                && let Some(run) = runs[0]
                && number.saturating_add(1).is_multiple_of(each)
            {
                let begun = number.saturating_add(1).saturating_sub(each);
                let content = self.end(chain.stream, run, begun..number.saturating_add(1))?;
                chapter.push(self.voice.say(chain, content)?.entry, late);
            }
        }
        Ok(chapter)
    }

    /// Reports a period, once or, by way of a cheat, otherwise.
    fn report(
        &self,
        chain: &mut Chain,
        number: usize,
        day: &Day,
        ledger: Option<&Ledger>,
    ) -> Result<Vec<Vec<u8>>, Impossible> {
        let Some(told) = day.said else {
            return Ok(Vec::new());
        };
        let period = self.scenario.period(number, number.saturating_add(1))?;
        let mut ledgers = Vec::new();
        if let Some(ledger) = ledger {
            ledgers.push(ledger.reference().map_err(Impossible::of)?);
        }
        let report = |told| {
            let ledgers = ledgers.clone();
            let usage = words::usage(self.story, self.site, period, told, self.inventory, ledgers);
            Content::Usage(usage)
        };
        match self.story.act {
            Act::Equivocate { day: at } if at == number => {
                let mut real = day.clone();
                real.tell(told.gap);
                let other = self
                    .voice
                    .say_once(chain, report(real.said.unwrap_or(told)))?;
                let said = self.voice.say(chain, report(told))?;
                Ok(vec![said.entry, other.entry])
            }
            Act::Mangle { day: at, how } if at == number => {
                let said = self.voice.say_once(chain, report(told))?;
                if how == Mangled::Spaced {
                    let copy = mangle::spaced(&said.entry);
                    return Ok(vec![copy, self.voice.say(chain, report(told))?.entry]);
                }
                let envelope = Envelope::parse(&said.entry).map_err(Impossible::of)?;
                let payload = mangle::payload(envelope.payload(), how);
                Ok(vec![self.voice.mumble(chain, &payload)?])
            }
            _ => Ok(vec![self.voice.say(chain, report(told))?.entry]),
        }
    }

    fn start(
        &self,
        stream: StreamId,
        number: usize,
        from: From,
        runs: &[Option<StatementId>; 2],
    ) -> Result<Content, Impossible> {
        let bounds = |lower, upper| FlopBounds::new(lower, upper).ok_or_else(Impossible::payload);
        let origin = match (from, runs[0]) {
            (From::Each, Some(run)) => Some(Origin::Run {
                issuer: self.voice.id,
                run,
            }),
            (From::Undeclared, None) => Some(Origin::Undeclared {
                name: "a teacher".to_owned(),
                flop: bounds(Quantity::ZERO, None)?,
            }),
            (From::Imported, None) => {
                let flop = words::beyond(self.story)?;
                Some(Origin::Imported {
                    name: "a checkpoint of before".to_owned(),
                    flop: bounds(flop, Some(flop))?,
                })
            }
            _ => None,
        };
        let period = self.scenario.period(number, number.saturating_add(1))?;
        let from = period.start();
        let lineage = origin.map(|origin| Ancestor {
            gave: Inheritance::Parent,
            origin,
        });
        Ok(self.run(stream, RunEvent::Start { from }, Vec::new(), lineage, None))
    }

    fn end(
        &self,
        stream: StreamId,
        run: StatementId,
        periods: Range<usize>,
    ) -> Result<Content, Impossible> {
        let period = self.scenario.period(periods.start, periods.end)?;
        let days = self.site.days.get(periods).unwrap_or_default();
        let told = || days.iter().filter_map(|day| day.said);
        let amount: u64 = told().map(|told| told.seen.training).sum();
        let seen: u64 = told().map(|told| told.seen.total()).sum();
        let gap: u64 = told().map(|told| told.gap).sum();
        let coverage = Coverage::Known {
            observed: Quantity::from(seen),
            gap: Quantity::from(gap),
            resets: Quantity::ZERO,
        };
        let value = Interval::exactly(Quantity::from(amount));
        let model = &self.site.model;
        let figure = words::figure(model, Class::Training, self.story.basis, value, coverage);
        let architecture = words::architecture(amount)?;
        let event = RunEvent::End { run, period };
        Ok(self.run(stream, event, vec![figure], None, Some(architecture)))
    }

    fn run(
        &self,
        stream: StreamId,
        event: RunEvent,
        figures: Vec<Figure>,
        lineage: Option<Ancestor>,
        architecture: Option<Architecture>,
    ) -> Content {
        Content::Run(Box::new(Run {
            event,
            class: Class::Training,
            areas: vec![RunArea {
                area: words::measured(self.voice.id, stream),
                figures,
            }],
            architecture,
            lineage: lineage.into_iter().collect(),
            held: Held {
                code: None,
                data: None,
                checkpoints: None,
            },
        }))
    }
}

//! A story told: who says what, when, in which log.

use rayon::prelude::*;

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
use crate::attestation::content::StreamHead;
use crate::attestation::figure::Class;
use crate::attestation::figure::Coverage;
use crate::ledger::Ledger;
use crate::quantity::Interval;
use crate::quantity::Quantity;
use crate::simulate::Impossible;
use crate::simulate::Scenario;
use crate::simulate::books::Books;
use crate::simulate::mangle;
use crate::simulate::noise::Noise;
use crate::simulate::party::Chain;
use crate::simulate::party::Keys;
use crate::simulate::party::Party;
use crate::simulate::party::Voice;
use crate::simulate::story::Act;
use crate::simulate::story::Day;
use crate::simulate::story::From;
use crate::simulate::story::Mangled;
use crate::simulate::story::Other;
use crate::simulate::story::Site;
use crate::simulate::story::Story;
use crate::simulate::story::WHOLE;
use crate::simulate::story::share;
use crate::simulate::words;
use crate::simulate::world::World;
use crate::time::DAY;
use crate::time::UnixSeconds;

/// How long after the end of a period its report is made (formats: part 2): clocks differ.
const WAIT: u64 = 120;

/// How long before the first period everybody begins to speak.
const BEFORE: u64 = DAY;

/// Whether those who see the log are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Witnessing {
    /// To the end.
    Whole,
    /// No more once the first period has begun.
    Founding,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) world: World,
    pub(super) lab: Party,
    pub(super) others: Vec<(Other, Party)>,
    pub(super) affiliate: Option<Party>,
    pub(super) ledgers: Vec<Ledger>,
}

struct Teller<'s> {
    scenario: &'s Scenario,
    story: &'s Story,
    witnessing: Witnessing,
    told: Told,
    /// The statement of the inventory in force, by area.
    inventories: Vec<StatementId>,
    /// What else measures reads too much of, in millionths, by who.
    biases: Vec<i64>,
    /// What happens beside what ran.
    noise: Noise,
    books: Books,
    /// The start of the run under way, by area, and that of the one before.
    runs: Vec<[Option<StatementId>; 2]>,
}

/// Tells a story from its founding to its end.
pub(super) fn tell(
    scenario: &Scenario,
    story: &Story,
    witnessing: Witnessing,
) -> Result<Told, Impossible> {
    let mut teller = Teller::found(scenario, story, witnessing)?;
    let batch = scenario.batch();
    let mut first = 0;
    while first < scenario.periods {
        if first == story.baseline {
            teller.pledge()?;
        }
        let next = first.saturating_add(batch).min(scenario.periods);
        teller.chapter(first, next)?;
        first = next;
    }
    Ok(teller.told)
}

impl<'s> Teller<'s> {
    /// Founds the log and everybody who speaks in it.
    fn found(
        scenario: &'s Scenario,
        story: &'s Story,
        witnessing: Witnessing,
    ) -> Result<Self, Impossible> {
        let mut keys = Noise::new(scenario.seed, "keys");
        let start = Scenario::start()?;
        let before = |seconds: u64| {
            let time = start.get().checked_sub(seconds);
            time.and_then(UnixSeconds::new)
                .ok_or_else(Impossible::payload)
        };
        let mut world = World::create(&mut keys, before(BEFORE)?)?;
        let mut entries = Vec::new();
        let mut issuer = |keys: Keys, world: &World, twice: bool| {
            let issuer = keys.issuer(world.log(), world.heeded())?;
            if twice {
                // The same keys under another id.
                let mut second = issuer.clone();
                second.suspected_since = Some(start);
                entries.push(keys.found(second, None)?.1.entry);
            }
            let (party, said) = Party::found(keys, issuer, None)?;
            entries.push(said.entry);
            Ok::<_, Impossible>(party)
        };
        let mut lab = issuer(Keys::draw(&mut keys), &world, story.act == Act::SharedRoot)?;
        let mut others = Vec::new();
        for other in &story.others {
            others.push((*other, issuer(Keys::draw(&mut keys), &world, false)?));
        }
        let mut affiliate = None;
        if matches!(story.act, Act::Affiliate { .. }) {
            affiliate = Some(issuer(Keys::draw(&mut keys), &world, false)?);
        }
        world.append(&entries, before(BEFORE)?)?;
        world.cosign(before(BEFORE)?)?;
        let not_before = world.not_before();
        let mut entries = Vec::new();
        for number in 1..=story.sites.len() {
            let open = words::area(format!("hall {number}"), start, scenario.seconds)?;
            entries.push(lab.open(open, not_before.as_deref())?.entry);
            for (other, party) in &mut others {
                let stream = StreamId::new(u64::try_from(number).map_err(Impossible::of)?);
                let of = words::measured(lab.id, stream);
                let open = words::measuring(format!("{} of hall {number}", other.name), start, of);
                entries.push(party.open(open, not_before.as_deref())?.entry);
            }
        }
        if let Some(affiliate) = &mut affiliate {
            let open = words::area("elsewhere".to_owned(), start, scenario.seconds)?;
            entries.push(affiliate.open(open, not_before.as_deref())?.entry);
        }
        world.append(&entries, before(BEFORE / 2)?)?;
        world.cosign(before(BEFORE / 2)?)?;
        let mut books = Books::new(&mut keys, story);
        let not_before = world.not_before();
        let (mut entries, mut inventories, mut ledgers) = (Vec::new(), Vec::new(), Vec::new());
        for (number, site) in story.sites.iter().enumerate() {
            let ledger = books.inventory(number, site)?;
            let reference = ledger.reference().map_err(Impossible::of)?;
            let content = words::inventory(site, start, reference, Vec::new());
            let said = lab.say(number, content, not_before.as_deref())?;
            inventories.push(said.id);
            entries.push(said.entry);
            ledgers.push(ledger);
        }
        world.append(&entries, before(BEFORE / 4)?)?;
        world.cosign(before(BEFORE / 4)?)?;
        // What all readings of a meter have in common.
        let biases = story.others.iter().map(|other| {
            let mut noise = Noise::new(scenario.seed, other.name);
            noise.around(other.error.systematic)
        });
        Ok(Self {
            scenario,
            story,
            witnessing,
            inventories,
            biases: biases.collect(),
            noise: Noise::new(scenario.seed, "readings"),
            books,
            runs: vec![[None; 2]; story.sites.len()],
            told: Told {
                world,
                lab,
                others,
                affiliate,
                ledgers,
            },
        })
    }

    /// Signs the pledge for all that is still to come.
    fn pledge(&mut self) -> Result<(), Impossible> {
        let (scenario, story) = (self.scenario, self.story);
        let window = scenario.period(story.window(), scenario.periods)?;
        let baseline = if story.baseline > 0 {
            let heads = self.told.lab.areas.iter().map(|chain| {
                let last = chain.last();
                StreamHead {
                    stream: chain.stream,
                    sequence: last.sequence,
                    statement: last.statement,
                }
            });
            let period = scenario.period(0, story.baseline)?;
            Some((period, heads.collect()))
        } else {
            None
        };
        let pledge = words::pledge(story, window, scenario.seconds, baseline)?;
        let world = &mut self.told.world;
        let content = Content::Pledge(Box::new(pledge));
        let said = self
            .told
            .lab
            .govern(content, world.not_before().as_deref())?;
        // Before the window begins, so that nobody need believe that it did.
        let time = match story.baseline {
            0 => {
                let time = window.start().get().checked_sub(BEFORE / 8);
                time.and_then(UnixSeconds::new)
                    .ok_or_else(Impossible::payload)?
            }
            baseline => {
                let end = scenario.period(0, baseline)?.end();
                later(end, 2 * WAIT)?
            }
        };
        world.append(&[said.entry], time)?;
        world.cosign(time)
    }

    /// Tells what happened in some periods, all that is due at once.
    fn chapter(&mut self, first: usize, next: usize) -> Result<(), Impossible> {
        let (story, scenario) = (self.story, self.scenario);
        let not_before = self.told.world.not_before();
        let not_before = not_before.as_deref();
        let end = scenario.period(first, next)?.end();
        self.returned(first, not_before)?;
        let sheets = self.books.sheets(story, first..next)?;
        let voice = self.told.lab.voice(not_before);
        let inventories = &self.inventories;
        let mut chains = self.told.lab.areas.clone();
        let runs = &mut self.runs;
        let told: Vec<Result<Chapter, Impossible>> = chains
            .par_iter_mut()
            .zip(runs.par_iter_mut())
            .enumerate()
            .map(|(area, (chain, runs))| {
                let site = story.sites.get(area).ok_or_else(Impossible::payload)?;
                let inventory = inventories.get(area).ok_or_else(Impossible::payload)?;
                let narrator = Narrator {
                    scenario,
                    story,
                    site,
                    voice,
                    inventory: *inventory,
                    sheets: sheets.get(area).map_or(&[], Vec::as_slice),
                };
                narrator.tell(chain, runs, first..next)
            })
            .collect();
        self.told.lab.areas = chains;
        let (mut prompt, mut late) = (Vec::new(), Vec::new());
        for chapter in told {
            let chapter = chapter?;
            prompt.extend(chapter.prompt);
            late.extend(chapter.late);
        }
        self.told.ledgers.extend(sheets.into_iter().flatten());
        prompt.extend(self.measured(first, next, not_before)?);
        prompt.extend(self.elsewhere(first, next, not_before)?);
        let world = &mut self.told.world;
        let (soon, later) = (later(end, WAIT)?, later(end, LATE)?);
        world.append(&prompt, soon)?;
        if self.witnessing == Witnessing::Whole {
            world.cosign(soon)?;
        }
        if !late.is_empty() {
            world.append(&late, later)?;
            if self.witnessing == Witnessing::Whole {
                world.cosign(later)?;
            }
        }
        Ok(())
    }

    /// Has devices leave and come back as if they were others.
    fn returned(&mut self, first: usize, not_before: Option<&str>) -> Result<(), Impossible> {
        let story = self.story;
        if !self.books.returns() || first != self.scenario.periods / 2 {
            return Ok(());
        }
        let edge = self
            .scenario
            .period(first, first.saturating_add(1))?
            .start();
        let site = story.sites.first().ok_or_else(Impossible::payload)?;
        let (left, all) = self.books.swapped(site)?;
        let lab = &mut self.told.lab;
        let reference = left.reference().map_err(Impossible::of)?;
        let transfer = Content::Transfer(Books::transfer(edge, reference, site));
        let out = lab.say(0, transfer, not_before)?;
        let reference = all.reference().map_err(Impossible::of)?;
        let said = lab.say(
            0,
            words::inventory(site, edge, reference, vec![out.id]),
            not_before,
        )?;
        if let Some(known) = self.inventories.first_mut() {
            *known = said.id;
        }
        self.told.ledgers.extend([left, all]);
        let world = &mut self.told.world;
        let time = later(edge, 2 * WAIT)?;
        world.append(&[out.entry, said.entry], time)?;
        world.cosign(time)
    }

    /// What everybody else reads of some periods, area by area.
    fn measured(
        &mut self,
        first: usize,
        next: usize,
        not_before: Option<&str>,
    ) -> Result<Vec<Vec<u8>>, Impossible> {
        let (story, lab) = (self.story, self.told.lab.id);
        let period = self.scenario.period(first, next)?;
        let mut entries = Vec::new();
        for ((other, party), bias) in self.told.others.iter_mut().zip(&self.biases) {
            for (area, site) in story.sites.iter().enumerate() {
                let days = site.days.get(first..next).unwrap_or_default();
                let of = |part: fn(&Day) -> u64| days.iter().map(part).sum::<u64>();
                let mut read = |real: u64| {
                    let error = bias.saturating_add(self.noise.around(other.error.random));
                    let factor = WHOLE.saturating_add_signed(error);
                    share(share(real, factor), other.scale)
                };
                let training = read(of(|day| day.real.training));
                let inference = read(of(|day| day.real.inference));
                let [training, inference] = if other.bought {
                    [
                        of(|day| day.told().seen.training),
                        of(|day| day.told().seen.inference),
                    ]
                } else {
                    [training, inference]
                };
                let readings = [(Class::Inference, inference), (Class::Training, training)];
                let all = of(|day| day.real.total());
                let stream = party
                    .areas
                    .get(area)
                    .ok_or_else(Impossible::payload)?
                    .stream;
                let about = words::measured(lab, stream);
                let content = words::corroboration(story, other, about, period, (all, readings));
                entries.push(party.say(area, content, not_before)?.entry);
            }
        }
        Ok(entries)
    }

    /// What an affiliate reports of its own.
    fn elsewhere(
        &mut self,
        first: usize,
        next: usize,
        not_before: Option<&str>,
    ) -> Result<Vec<Vec<u8>>, Impossible> {
        let Some(affiliate) = &mut self.told.affiliate else {
            return Ok(Vec::new());
        };
        let site = self.story.sites.first().ok_or_else(Impossible::payload)?;
        let inventory = *self.inventories.first().ok_or_else(Impossible::payload)?;
        let mut entries = Vec::new();
        for number in first..next {
            let period = self.scenario.period(number, number.saturating_add(1))?;
            let day = site.days.get(number).map(Day::told).unwrap_or_default();
            let mut usage = words::usage(self.story, site, period, day, inventory, Vec::new());
            usage.inventory = None;
            let said = affiliate.say(0, Content::Usage(usage), not_before)?;
            entries.push(said.entry);
        }
        Ok(entries)
    }
}

/// How late a report is that is late.
const LATE: u64 = DAY / 2;

/// What is said of an area in some periods.
#[derive(Debug, Default)]
struct Chapter {
    prompt: Vec<Vec<u8>>,
    late: Vec<Vec<u8>>,
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
struct Narrator<'s> {
    scenario: &'s Scenario,
    story: &'s Story,
    site: &'s Site,
    voice: Voice<'s>,
    inventory: StatementId,
    sheets: &'s [Ledger],
}

impl Narrator<'_> {
    fn tell(
        &self,
        chain: &mut Chain,
        runs: &mut [Option<StatementId>; 2],
        periods: std::ops::Range<usize>,
    ) -> Result<Chapter, Impossible> {
        let mut chapter = Chapter::default();
        let first = periods.start;
        for number in periods {
            let day = self.site.days.get(number).ok_or_else(Impossible::payload)?;
            let late = day.delay > 0;
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
        periods: std::ops::Range<usize>,
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
        figures: Vec<crate::attestation::figure::Figure>,
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

fn later(time: UnixSeconds, seconds: u64) -> Result<UnixSeconds, Impossible> {
    time.plus(seconds).ok_or_else(Impossible::payload)
}

//! A story told: who says what, when, in which log.

use rayon::prelude::*;

use crate::attestation::Content;
use crate::attestation::StatementId;
use crate::attestation::StreamId;
use crate::attestation::content::StreamHead;
use crate::attestation::figure::Class;
use crate::ledger::Ledger;
use crate::simulate::Impossible;
use crate::simulate::Scenario;
use crate::simulate::act::Act;
use crate::simulate::books::Books;
use crate::simulate::draws::Beacon;
use crate::simulate::draws::Draws;
use crate::simulate::draws::Table;
use crate::simulate::narrator::Chapter;
use crate::simulate::narrator::Narrator;
use crate::simulate::noise::Noise;
use crate::simulate::party::Keys;
use crate::simulate::party::Party;
use crate::simulate::party::Said;
use crate::simulate::story::Day;
use crate::simulate::story::Other;
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
pub(super) struct Ending {
    pub(super) world: World,
    pub(super) lab: Party,
    pub(super) others: Vec<(Other, Party)>,
    pub(super) affiliate: Option<Party>,
    pub(super) ledgers: Vec<Ledger>,
    pub(super) beacon: Beacon,
    /// Answers to challenges.
    pub(super) answers: Vec<String>,
}

struct Teller<'s> {
    scenario: &'s Scenario,
    story: &'s Story,
    witnessing: Witnessing,
    told: Ending,
    /// The statement of the inventory in force, by area.
    inventories: Vec<StatementId>,
    /// The first area's first inventory.
    listed: Option<Said>,
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
) -> Result<Ending, Impossible> {
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
        let mut listed = None;
        for (number, site) in story.sites.iter().enumerate() {
            let ledger = books.inventory(number, site)?;
            let reference = ledger.reference().map_err(Impossible::of)?;
            let content = words::inventory(site, start, reference, Vec::new());
            let said = lab.say(number, content, not_before.as_deref())?;
            inventories.push(said.id);
            listed.get_or_insert_with(|| said.clone());
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
            listed,
            biases: biases.collect(),
            noise: Noise::new(scenario.seed, "readings"),
            books,
            runs: vec![[None; 2]; story.sites.len()],
            told: Ending {
                world,
                lab,
                others,
                affiliate,
                ledgers,
                beacon: Beacon::draw(&mut keys)?,
                answers: Vec::new(),
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
        let middle = scenario.periods / 2;
        match story.act {
            Act::Draws(draws) if (first..next).contains(&middle) => self.drawn(draws, end),
            _ => Ok(()),
        }
    }

    /// Has devices of the first area asked for after `end`, and shown.
    fn drawn(&mut self, draws: Draws, end: UnixSeconds) -> Result<(), Impossible> {
        let told = &mut self.told;
        let not_before = told.world.not_before();
        let (Some((_, auditor)), Some(listed)) = (told.others.first_mut(), &self.listed) else {
            // Nobody is there who could ask.
            return Ok(());
        };
        let mut table = Table {
            lab: &mut told.lab,
            auditor,
            ledger: told.ledgers.first().ok_or_else(Impossible::payload)?,
            listed,
            period: self.scenario.period(0, self.scenario.periods)?,
            not_before: not_before.as_deref(),
        };
        let spoken = draws.play(
            &told.beacon,
            &mut table,
            later(end, LATE.saturating_add(WAIT))?,
        )?;
        told.answers.push(spoken.answer);
        for (entries, time) in [spoken.asked, (vec![spoken.answered.0], spoken.answered.1)] {
            told.world.append(&entries, time)?;
            told.world.cosign(time)?;
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

fn later(time: UnixSeconds, seconds: u64) -> Result<UnixSeconds, Impossible> {
    time.plus(seconds).ok_or_else(Impossible::payload)
}

//! Devices that leave the areas which a pledge lists: charged at peak, or unknown.

use standstill::attestation::content::AreaOpen;
use standstill::attestation::figure::{Basis, Class, QuantityKind};
use standstill::claim::{AreaSelection, Baseline, Pledge};

use super::*;

/// What a lab with two areas says of four days: ten devices are in the first, and from the
/// third day on six.
struct Story {
    lab: Lab,
    /// Whether the second area has those that left, and from which day on.
    elsewhere: Option<u64>,
    model: &'static str,
}

const FOUR_DAYS: u64 = 4;
/// 400,000 s on two days, 200,000 s on two.
const USED: u64 = 1_200_000;
/// Four devices, two days.
const CHARGED: u64 = 4 * 2 * DAY;

impl Story {
    fn new(model: &'static str) -> Self {
        let mut lab = Lab::new(100);
        lab.open(
            2,
            AreaOpen {
                name: "other".to_owned(),
                ..days()
            },
        );
        let said = Content::Inventory(devices(0, model, DEVICES));
        lab.say(StreamId::new(1), said);
        Self {
            lab,
            elsewhere: None,
            model,
        }
    }

    fn account(
        &mut self,
        area: u64,
        number: u64,
        held: u64,
        training: u64,
        inventory: StatementId,
    ) {
        let all = held * DAY;
        let mut usage = used(day(number), training);
        usage.inventory = Some(inventory);
        self.model.clone_into(&mut usage.figures[0].model);
        usage.figures[0].coverage = seen(all, 0);
        let mut idle = usage.figures[0].clone();
        idle.class = Class::Idle;
        idle.value = Interval::exactly(Quantity::from(all - training));
        usage.figures.insert(0, idle);
        self.lab.say(StreamId::new(area), Content::Usage(usage));
    }

    /// Signs the pledge and tells of four days.
    fn tell(&mut self, pledge: Pledge) {
        self.lab.pledge(pledge);
        let first = last_inventory(&self.lab);
        for number in 0..2 {
            self.account(1, number, DEVICES, 400_000, first);
        }
        if let Some(from) = self.elsewhere {
            let said = Content::Inventory(devices(from, self.model, 4));
            let held = self.lab.say(StreamId::new(2), said);
            for number in 0..FOUR_DAYS {
                let count = if number < from { 0 } else { 4 };
                if count > 0 {
                    self.account(2, number, count, 1, held);
                } else {
                    let mut nothing = used(day(number), 0);
                    nothing.figures.clear();
                    self.lab.say(StreamId::new(2), Content::Usage(nothing));
                }
            }
        }
        let fewer = Content::Inventory(devices(2, self.model, 6));
        let second = self.lab.say(StreamId::new(1), fewer);
        for number in 2..FOUR_DAYS {
            self.account(1, number, 6, 200_000, second);
        }
    }

    fn judged(&self, others: &[(&Lab, &str)]) -> Verdict {
        self.judged_after(5, others)
    }

    /// As [`Self::judged`], of a lab that was founded by so many statements.
    fn judged_after(&self, founded: usize, others: &[(&Lab, &str)]) -> Verdict {
        let mut all = self.lab.clone();
        for (other, _) in others {
            all.entries.extend(other.entries.iter().cloned());
        }
        let files = seen_log(&all, founded, END);
        let trust = trust_with(&[self.lab.id], &expecting(&self.lab, others));
        let found = judge_with(&files, &trust, END, Known::default());
        found.verdicts[0].clone()
    }
}

fn last_inventory(lab: &Lab) -> StatementId {
    let envelopes = lab
        .entries
        .iter()
        .rev()
        .map(|bytes| standstill::attestation::Envelope::parse(bytes).unwrap());
    let mut found = envelopes
        .filter(|one| String::from_utf8_lossy(one.payload()).contains("attestation/inventory/v1"));
    found.next().unwrap().statement_id()
}

fn listed(areas: &[u64]) -> impl Fn(&mut Pledge) + use<> {
    let areas: Vec<StreamId> = areas.iter().copied().map(StreamId::new).collect();
    move |pledge| pledge.perimeter.areas = AreaSelection::Listed(areas.clone())
}

fn told(verdict: &Verdict) -> Vec<&str> {
    let mut all = checks(verdict);
    all.retain(|one| one.starts_with("capacity"));
    all
}

// spec: ver-30 ver-106
#[test]
fn what_leaves_a_listed_area_is_charged_until_the_window_ends() {
    let judged = |limit: u64, areas: &[u64]| {
        let mut story = Story::new("h100-sxm");
        story.tell(changed(limit, FOUR_DAYS, listed(areas)));
        story.judged(&[])
    };
    let found = judged(USED + CHARGED, &[1]);
    assert_eq!(found.headline(), "CONSISTENT@E2", "{found:#?}");
    assert_eq!(told(&found), ["capacity-charged"]);
    let numbers = found.numbers.as_ref().unwrap();
    assert_eq!(numbers.lower, USED.to_string());
    assert_eq!(numbers.upper, Some((USED + CHARGED).to_string()));
    let found = judged(USED + CHARGED - 1, &[1]);
    assert_eq!(found.word, Word::NotShown, "{found:#?}");
    assert!(checks(&found).contains(&"straddles"));
    // Where all areas count, nothing leaves them but what nobody has.
    let mut story = Story::new("h100-sxm");
    story.elsewhere = Some(2);
    story.tell(changed(USED + 2, FOUR_DAYS, |_| ()));
    let found = story.judged(&[]);
    assert!(told(&found).is_empty(), "{found:#?}");
}

// spec: ver-106
#[test]
fn what_leaves_once_the_pledge_was_seen_is_charged_though_the_window_begins_later() {
    // The window begins on the third day, at which they leave; on the fourth.
    for first in [2, 3] {
        let mut story = Story::new("h100-sxm");
        let list = listed(&[1]);
        let limit = Quantity::from(10_000_000_u64);
        let mut pledged = pledge(Terms::Cap { limit }, first, FOUR_DAYS - first, None);
        list(&mut pledged);
        pledged.falsifier = standstill::claim::falsifier(&pledged);
        story.tell(pledged);
        let found = story.judged(&[]);
        assert_eq!(told(&found), ["capacity-charged"], "{found:#?}");
        let days = FOUR_DAYS - first;
        let most = 200_000 * days + 4 * DAY * days;
        assert_eq!(found.numbers.unwrap().upper, Some(most.to_string()));
    }
}

// spec: ver-106
#[test]
fn what_moves_to_another_of_the_areas_is_not_charged() {
    // In the day of the move it stands in both; two days before, it is another.
    for (from, found) in [(2, 0), (1, 0), (0, 1)] {
        let mut story = Story::new("h100-sxm");
        story.elsewhere = Some(from);
        story.tell(changed(10_000_000, FOUR_DAYS, listed(&[1, 2])));
        let verdict = story.judged(&[]);
        assert_eq!(told(&verdict).len(), found, "{from}: {verdict:#?}");
        // To an area that is not of the list.
        let mut story = Story::new("h100-sxm");
        story.elsewhere = Some(from);
        story.tell(changed(10_000_000, FOUR_DAYS, listed(&[1])));
        let verdict = story.judged(&[]);
        assert_eq!(told(&verdict), ["capacity-charged"], "{from}");
    }
}

// spec: ver-106 ver-44
#[test]
fn what_others_bound_is_charged_on_top() {
    let judged = |limit: u64| {
        let mut story = Story::new("h100-sxm");
        story.tell(changed(limit, FOUR_DAYS, listed(&[1])));
        let mut cloud = corroborator(200, &story.lab);
        for number in 0..FOUR_DAYS {
            let most = if number < 2 { 420_000 } else { 210_000 };
            cloud.measure(measured(&story.lab, day(number), 0, most));
        }
        story.judged(&[(&cloud, "cloud")])
    };
    let most = 2 * (420_000 + 210_000) + CHARGED;
    let found = judged(most);
    assert_eq!(found.headline(), "HOLDS@E3", "{found:#?}");
    let found = judged(most - 1);
    assert_eq!(found.headline(), "CONSISTENT@E2", "{found:#?}");
    assert!(checks(&found).contains(&"corroborated"));
}

// spec: ver-30 ver-106
#[test]
fn what_no_peak_bounds_is_not_known() {
    type Change = fn(&mut Pledge);
    let changes: [(Change, &str, &str); 3] = [
        (
            |pledge| {
                pledge.counted.quantity = QuantityKind::EnergyJoules;
                pledge.counted.basis = Basis::Present;
                pledge.counted.boundary = Some(Boundary::Node);
            },
            "h100-sxm",
            "capacity-left",
        ),
        (
            |pledge| pledge.counted.quantity = QuantityKind::Flop,
            "h100-sxm",
            "capacity-charged",
        ),
        (
            |pledge| pledge.counted.quantity = QuantityKind::Flop,
            "uncatalogued:thing",
            "capacity-left",
        ),
    ];
    for (change, model, check) in changes {
        let mut story = Story::new(model);
        let listed = listed(&[1]);
        story.tell(changed(u64::MAX, FOUR_DAYS, |pledge| {
            listed(pledge);
            change(pledge);
        }));
        let found = story.judged(&[]);
        assert_eq!(told(&found), [check], "{found:#?}");
        if check == "capacity-left" {
            assert_eq!(found.word, Word::NotShown);
        }
    }
}

// spec: ver-106
#[test]
fn what_left_after_the_baseline_began_is_charged_in_the_window() {
    let mut story = Story::new("h100-sxm");
    let list = listed(&[1]);
    // Told first, and pledged when the baseline was over.
    let first = last_inventory(&story.lab);
    for number in 0..2 {
        story.account(1, number, DEVICES, 400_000, first);
    }
    let baseline = Baseline {
        period: Period::new(at(START), at(START + 2 * DAY)).unwrap(),
        heads: vec![story.lab.head(1)],
    };
    let half = Terms::Reduction {
        limit: Quantity::from(500_000_u64),
    };
    let mut pledged = pledge(half, 2, 2, Some(baseline));
    list(&mut pledged);
    pledged.falsifier = standstill::claim::falsifier(&pledged);
    let fewer = Content::Inventory(devices(2, "h100-sxm", 6));
    let second = story.lab.say(StreamId::new(1), fewer);
    story.lab.pledge(pledged);
    for number in 2..FOUR_DAYS {
        story.account(1, number, 6, 200_000, second);
    }
    let found = story.judged_after(4, &[]);
    assert_eq!(told(&found), ["capacity-charged"], "{found:#?}");
    let numbers = found.numbers.as_ref().unwrap();
    // 400,000 s and what four devices could do, of 800,000 s.
    let most = (400_000 + CHARGED) * 1_000_000;
    assert_eq!(numbers.upper, Some(most.div_ceil(800_000).to_string()));
    assert_eq!(numbers.lower, "500000");
}

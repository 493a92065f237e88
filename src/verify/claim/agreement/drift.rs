//! Has what others measure parted from what the lab says? Page's test of what differs
//! between both, meter by meter, over the periods of a claim's window.

use std::collections::BTreeMap;

use crate::attestation::StreamId;
use crate::attestation::content::CorroborationSource;
use crate::time::Period;
use crate::verify::accounting::Cusum;
use crate::verify::accounting::Drift;
use crate::verify::accounting::Parameters;
use crate::verify::accounting::Residuals;
use crate::verify::accounting::Score;
use crate::verify::checks::Check;
use crate::verify::claim::agreement::Pair;
use crate::verify::verdict::Finding;

/// One meter: who reads it, how, and the areas that it measures.
type Meter<'c> = (&'c str, CorroborationSource, &'c [StreamId]);

/// What each meter measured beside what was declared.
#[derive(Default)]
pub(super) struct Drifts<'c>(BTreeMap<Meter<'c>, Vec<Pair<'c>>>);

impl<'c> Drifts<'c> {
    /// Adds a pair of figures.
    pub(super) fn add(&mut self, who: &'c str, pair: Pair<'c>) {
        let meter = (who, pair.said.source, pair.said.about.streams.as_slice());
        self.0.entry(meter).or_default().push(pair);
    }

    /// Says which meters part from what the lab says, one finding each.
    pub(super) fn told(self, parameters: &Parameters) -> Vec<Finding> {
        let series: Vec<_> = self
            .0
            .into_iter()
            .map(|(meter, pairs)| (meter, scores(pairs)))
            .collect();
        let count: usize = series.iter().map(|(_, scores)| scores.len()).sum();
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        let Some(limit) = parameters.cusum_limit_of(count) else {
            return Vec::new();
        };
        let tested = series.into_iter().filter_map(|(meter, scores)| {
            let mut cusum = Cusum::with_limit(parameters, limit);
            cusum.extend(scores.iter().map(|(_, score)| *score));
            let alarm = cusum.alarm()?;
            let period = |index: u64| {
                let index = usize::try_from(index).ok()?;
                scores.get(index).map(|(period, _)| *period)
            };
            let (since, raised) = (period(alarm.since)?, period(alarm.index)?);
            Some(finding(
                meter,
                alarm.drift,
                since,
                raised,
                parameters,
                limit,
            ))
        });
        tested.collect()
    }
}

/// Returns the scores of one meter in the order of time. Of periods that overlap, the one
/// that ends first counts: no device-second may be scored twice.
fn scores(mut pairs: Vec<Pair<'_>>) -> Vec<(Period, Score)> {
    pairs.sort_by_key(|pair| {
        let period = pair.said.about.period;
        (period.end(), period.start())
    });
    let mut residuals = Residuals::default();
    let mut scores = Vec::new();
    let mut next = None;
    for pair in pairs {
        let period = pair.said.about.period;
        if next.is_some_and(|next| period.start() < next) {
            continue;
        }
        next = Some(period.end());
        let score = residuals.push(pair.declared, pair.measured);
        scores.extend(score.map(|score| (period, score)));
    }
    scores
}

fn finding(
    (who, source, streams): Meter<'_>,
    drift: Drift,
    since: Period,
    raised: Period,
    parameters: &Parameters,
    limit: u32,
) -> Finding {
    let streams: Vec<String> = streams.iter().map(ToString::to_string).collect();
    let (areas, less) = (
        streams.join(", "),
        match drift {
            Drift::Missing => "less",
            Drift::Surplus => "more",
        },
    );
    Finding::new(
        Check::Drift,
        format!(
            "the lab reports ever {less} beside what {who} measures ({source}) in area {areas}, from that of {since} on: what has changed came to more than {}.{:03} standard deviations in that of {raised}; {} ppm of honest labs at most come to as much",
            limit / 1000,
            limit % 1000,
            parameters.false_alarm.probability().get(),
        ),
    )
}

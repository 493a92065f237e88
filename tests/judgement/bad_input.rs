//! Bad input that an auditor is handed, signed and in the log: whatever it is, the verdict is
//! never better than without it, and nothing panics.

mod baselines;
mod extremes;
mod many_runs;
mod perimeters;
mod pledges;

use super::*;

/// What a lab of [`pledged`] reports of its first days, all of them training so much.
fn reported(mut lab: Lab, amounts: &[u64]) -> Verdict {
    for (number, amount) in (0..).zip(amounts) {
        lab.usage(day(number), *amount);
    }
    verdict(&seen_log(&lab, FOUNDED, END), &lab, END)
}

/// Whether a verdict says anything for the lab.
fn is_good(word: Word) -> bool {
    matches!(word, Word::Holds | Word::Consistent)
}

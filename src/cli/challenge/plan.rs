//! `standstill challenge plan`: how many records to draw.

use serde_json::json;

use crate::challenge::MAX_DRAWN;
use crate::challenge::Share;
use crate::challenge::missed;
use crate::challenge::size;
use crate::cli::Failure;
use crate::cli::World;

/// Say how many records must be drawn to find that some are not as they should be
///
/// By the hypergeometric law, exactly. What is drawn from must list everything: records that
/// were left out are never drawn.
#[derive(Debug, clap::Args)]
pub(super) struct PlanArgs {
    /// How many records the ledger has
    #[arg(long, value_name = "N")]
    of: u64,

    /// How many of them are to be found out, if so many are not as they should be
    #[arg(long, value_name = "D", required_unless_present = "share")]
    defects: Option<u64>,

    /// The same in percent of all, e.g. `0.5`
    #[arg(long, value_name = "PERCENT", conflicts_with = "defects", value_parser = percent)]
    share: Option<u32>,

    /// With what chance, in percent
    #[arg(long, value_name = "PERCENT", default_value = "95", value_parser = percent)]
    confidence: u32,
}

/// One million parts per million.
const MILLION: u32 = 1_000_000;

impl PlanArgs {
    pub(super) fn run(&self, world: &mut World<'_>) -> Result<(), Failure> {
        let share = self.share.unwrap_or_default();
        let defects = self.defects.unwrap_or_else(|| {
            let parts = u128::from(self.of).saturating_mul(share.into());
            let defects = parts.div_ceil(MILLION.into());
            u64::try_from(defects).unwrap_or(u64::MAX)
        });
        if defects == 0 || defects > self.of {
            let why = format!("{defects} of {} records cannot be found out", self.of);
            return Err(Failure::new(why).hint("`--defects` is at least 1 and at most `--of`"));
        }
        let chance = Share::of_ppm(MILLION.saturating_sub(self.confidence));
        // Of huge numbers, how many more than that would take hours to say.
        if missed(self.of, defects, MAX_DRAWN) > chance {
            let why =
                format!("more records are needed than the {MAX_DRAWN} that can be drawn at once");
            return Err(Failure::new(why)
                .hint("several challenges, or a larger share; or have the whole ledger opened"));
        }
        let drawn = size(self.of, defects, chance);
        let missed = missed(self.of, defects, drawn).ppm();
        world.answer(
            &json!({
                "of": self.of.to_string(),
                "defects": defects.to_string(),
                "drawn": drawn.to_string(),
                "missed_ppm": missed,
            }),
            &format!(
                "{drawn} of {}: if {defects} or more are not as they should be, one of them is drawn but for {missed} in a million",
                self.of
            ),
        )
    }
}

/// Reads a share in percent, with at most four decimals, as parts per million.
fn percent(text: &str) -> Result<u32, String> {
    let wrong =
        || format!("`{text}` is not more than 0 and less than 100, with four decimals at most");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 4 || !digits(whole) || !digits(decimals) {
        return Err(wrong());
    }
    let parts: u32 = format!("{whole}{decimals:0<4}")
        .parse()
        .map_err(|_| wrong())?;
    match parts {
        1..MILLION => Ok(parts),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_are_read_exactly_or_not_at_all() {
        for (text, parts) in [
            ("95", 950_000),
            ("0.5", 5_000),
            ("99.9999", 999_999),
            ("1.", 10_000),
        ] {
            assert_eq!(percent(text), Ok(parts), "{text}");
        }
        for text in [
            "0",
            "100",
            "",
            ".",
            ".5",
            "1e1",
            "-1",
            "+1",
            "1.00001",
            "99999999999",
        ] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}

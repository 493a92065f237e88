//! A judgement in words.

use std::fmt::Write as _;

use crate::claim::Level;
use crate::verify::Finding;
use crate::verify::Judgement;
use crate::verify::Verdict;
use crate::verify::Word;

/// The most findings that are told one by one for each claim.
const MAX_FINDINGS: usize = 25;

/// Spells a judgement for people.
pub fn text(judgement: &Judgement) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = write_judgement(&mut out, judgement);
    out
}

fn write_judgement(out: &mut String, judgement: &Judgement) -> std::fmt::Result {
    for verdict in &judgement.verdicts {
        write_verdict(out, judgement, verdict)?;
    }
    if judgement.verdicts.is_empty() {
        let broken = |one: &Finding| one.calls_for == Some(Word::LogIntegrityFailure);
        if judgement.findings.iter().any(broken) {
            writeln!(out, "LOG-INTEGRITY-FAILURE: no claim could be judged")?;
        } else {
            writeln!(out, "NOT-SHOWN: no claim could be judged")?;
        }
        write_label(out, judgement)?;
    }
    // What stands with a verdict is not said again.
    let told = |one: &&Finding| {
        judgement
            .verdicts
            .iter()
            .any(|of| of.findings.contains(one))
    };
    let others: Vec<&Finding> = judgement.findings.iter().filter(|one| !told(one)).collect();
    if !others.is_empty() {
        writeln!(out, "findings about the log and its issuers:")?;
        for finding in others.iter().take(MAX_FINDINGS) {
            let word = finding.calls_for.map_or("note", Word::as_str);
            writeln!(out, "  - {word}: {} ({})", finding.text, finding.check)?;
        }
        let more = others.len().saturating_sub(MAX_FINDINGS);
        if more > 0 {
            writeln!(out, "  - and {more} more: see `--json`")?;
        }
    }
    if !judgement.anomalies.is_empty() {
        writeln!(out, "anomalies, which change no verdict:")?;
        for anomaly in &judgement.anomalies {
            writeln!(out, "  - {anomaly}")?;
        }
    }
    writeln!(
        out,
        "judged at {} with the trust file {}",
        judgement.at, judgement.trust
    )
}

fn write_verdict(out: &mut String, judgement: &Judgement, verdict: &Verdict) -> std::fmt::Result {
    writeln!(out, "{}: {}", verdict.name, verdict.headline())?;
    writeln!(out, "  {}", meaning(verdict))?;
    write_label(out, judgement)?;
    writeln!(
        out,
        "  claim       {} (pledge {})",
        verdict.claim, verdict.pledge
    )?;
    writeln!(out, "  issuer      {}", verdict.issuer)?;
    writeln!(out, "  perimeter   {}", verdict.perimeter)?;
    writeln!(out, "  window      {}", verdict.window)?;
    if let Some(checkpoint) = &judgement.checkpoint {
        writeln!(
            out,
            "  as of       {} with {} entries, root {}",
            checkpoint.origin, checkpoint.size, checkpoint.root
        )?;
    }
    for beside in &judgement.beside {
        writeln!(
            out,
            "  beside      {} with {} entries, root {}",
            beside.origin, beside.size, beside.root
        )?;
    }
    if let Some(numbers) = &verdict.numbers {
        let upper = numbers.upper.as_deref().unwrap_or("unbounded");
        writeln!(
            out,
            "  quantity    {} to {upper}, limit {} {}",
            numbers.lower, numbers.limit, numbers.unit
        )?;
    }
    writeln!(
        out,
        "  level       {}, HOLDS needs {}",
        verdict.level, verdict.required
    )?;
    if !verdict.roots.is_empty() {
        writeln!(out, "  roots       {}", verdict.roots.join(", "))?;
    }
    writeln!(out, "  resolution  {}", verdict.resolution)?;
    if !verdict.findings.is_empty() {
        writeln!(out, "  findings")?;
        for finding in verdict.findings.iter().take(MAX_FINDINGS) {
            let word = finding.calls_for.map_or("note", Word::as_str);
            writeln!(out, "    - {word}: {} ({})", finding.text, finding.check)?;
        }
        let more = verdict.findings.len().saturating_sub(MAX_FINDINGS);
        if more > 0 {
            writeln!(out, "    - and {more} more: see `--json`")?;
        }
    }
    writeln!(out, "  does not show")?;
    for line in &verdict.does_not_show {
        writeln!(out, "    - {line}")?;
    }
    writeln!(out)
}

fn write_label(out: &mut String, judgement: &Judgement) -> std::fmt::Result {
    match &judgement.label {
        Some(label) => writeln!(out, "  [{label}]"),
        None => Ok(()),
    }
}

/// What a verdict's word says in plain words.
pub(super) fn meaning(verdict: &Verdict) -> &'static str {
    match verdict.word {
        Word::Violated => "signed records show that the limit was exceeded",
        Word::LogIntegrityFailure => "the log or the lab's history in it is broken",
        Word::Overdue => "a report is missing past its deadline",
        Word::NotShown => "it cannot be determined",
        Word::Consistent if verdict.level >= Level::E3 => {
            "consistent with what others measured too; the findings say why it does not hold"
        }
        Word::Consistent => "consistent with the lab's own records, not independently checked",
        Word::Holds => "supported by independent evidence",
    }
}

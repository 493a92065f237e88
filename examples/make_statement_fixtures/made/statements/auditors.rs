//! Challenges, and responses to them.

use super::super::{Case, Changed, made_up};

fn challenge(name: &str, what: &str) -> Case {
    Case::new("challenge", name, what)
}

fn response(name: &str, what: &str) -> Case {
    Case::new("challenge-response", name, what)
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        challenge("full", "records drawn by a beacon and a secret").keeps("sta-34"),
        challenge("inspection", "a visit, drawn by a secret alone")
            .keeps("sta-34")
            .set("kind", "inspection")
            .set("target", "none")
            .set("draw.beacon", "none"),
        challenge("target_none", "records of no ledger")
            .breaks("sta-34", "target")
            .with("none"),
        challenge("steered", "a draw that the auditor chooses")
            .set("draw.commitment", "none")
            .breaks("sta-34", "draw.beacon")
            .with("none"),
        challenge("count_zero", "nothing drawn")
            .breaks("sta-34", "draw.count")
            .with("0"),
        challenge("count_above", "more records drawn than there are")
            .breaks("sta-34", "draw.count")
            .with("17")
            .unseen(),
        challenge("of_itself", "a challenge to oneself")
            .breaks("sta-28", "issuer")
            .with(made_up("lab"))
            .unseen(),
        challenge("kind_unknown", "a kind of another version")
            .breaks("sta-34", "kind")
            .with("interview"),
        response("answered", "an answer").keeps("sta-35"),
        response("refused", "a refusal")
            .keeps("sta-35")
            .without("commitment")
            .set("outcome", "refused"),
        response("unable", "records that were lost")
            .keeps("sta-35")
            .without("commitment")
            .set("outcome", "unable"),
        response("answered_nothing", "an answer that shows nothing")
            .breaks("sta-35", "digest")
            .without("commitment"),
        response("refused_something", "a refusal that shows something")
            .breaks("sta-35", "commitment")
            .set("outcome", "refused"),
        response("to_itself", "an answer to oneself")
            .breaks("sta-28", "auditor")
            .with(made_up("lab"))
            .unseen(),
        response("outcome_unknown", "an outcome of another version")
            .breaks("sta-35", "outcome")
            .with("pending"),
    ];
    for kind in ["serials", "canary-load", "recomputation"] {
        cases.push(
            challenge(&kind.replace('-', "_"), "a kind")
                .keeps("sta-34")
                .set("kind", kind),
        );
    }
    cases
}

//! Whom the auditor of a simulated world believes.

use std::fmt::Write as _;

use crate::simulate::act::Act;
use crate::simulate::story::Story;
use crate::simulate::telling::Ending;
use crate::simulate::world::QUORUM;
use crate::time::DAY;

/// What the policy is called in the trust file.
pub(super) const POLICY: &str = "policy";

/// Returns the policy: which witnesses make a quorum.
pub(super) fn policy(told: &Ending) -> String {
    let mut text = format!("log {}\n", told.world.log().key);
    let mut names = Vec::new();
    for (number, key) in (1_usize..).zip(&told.world.heeded().keys) {
        let _ = writeln!(text, "witness w{number} {key}");
        names.push(format!("w{number}"));
    }
    let _ = writeln!(text, "group g {QUORUM} {}\nquorum g", names.join(" "));
    text
}

/// Returns the trust file.
pub(super) fn trust(told: &Ending, story: &Story) -> String {
    let log = told.world.log().key;
    let mut text = format!(
        "policy = \"{POLICY}\"\nlabel = \"a simulation\"\ngreatest_age = {}\ngrace = {DAY}\n",
        30 * DAY
    );
    let _ = write!(
        text,
        "\n[[issuer]]\nid = \"{}\"\nname = \"lab\"\ntrust_root = \"lab\"\nlog = \"{log}\"\n",
        told.lab.id
    );
    if let (Act::Affiliate { known: true }, Some(affiliate)) = (&story.act, &told.affiliate) {
        let _ = writeln!(text, "affiliates = [\"{}\"]", affiliate.id);
    }
    for number in 1..=told.world.heeded().keys.len() {
        let _ = write!(
            text,
            "\n[[witness]]\nname = \"w{number}\"\ntrust_root = \"outsider {number}\"\n"
        );
    }
    for (other, party) in &told.others {
        let name = other.name;
        let _ = write!(
            text,
            "\n[[corroborator]]\nid = \"{}\"\nname = \"{name}\"\ntrust_root = \"{name}\"\nmeasures = \"{}\"\n",
            party.id, told.lab.id
        );
    }
    if matches!(story.act, Act::Draws(_)) {
        text.push_str(&told.beacon.lines());
    }
    if story.act == Act::Owned {
        let roots: Vec<String> = story
            .others
            .iter()
            .map(|other| format!("\"{}\"", other.name))
            .collect();
        let _ = write!(
            text,
            "\n[[related]]\nroots = [\"lab\", {}]\nwhy = \"owned by the lab\"\n",
            roots.join(", ")
        );
    }
    text
}

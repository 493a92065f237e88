//! Corroboration, and evidence.

use serde_json::json;

use super::super::{Case, Changed, drop_member, items, made_up};

fn corroboration(name: &str, what: &str) -> Case {
    Case::new("corroboration", name, what)
}

fn evidence(name: &str, what: &str) -> Case {
    Case::new("evidence", name, what)
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        corroboration("full", "a campus feed, and devices counted").keeps("sta-27 sta-28"),
        corroboration("figures_none", "nothing measured")
            .breaks("sta-27", "figures")
            .with(json!([])),
        corroboration("boundary_other", "energy at another boundary")
            .breaks("sta-27", "figures")
            .set("boundary", "rack")
            .unseen()
            .admits(2),
        corroboration("boundary_unused", "a boundary without energy")
            .breaks("sta-27", "boundary")
            .edit(|p| {
                items(&mut p["figures"]).remove(0);
            })
            .unseen()
            .admits(1),
        corroboration("of_itself", "a lab that vouches for itself")
            .breaks("sta-28", "issuer")
            .with(made_up("lab"))
            .unseen(),
        corroboration("of_stream_0", "a stream that is no area")
            .breaks("sta-28", "streams")
            .set("streams[0]", "0"),
        corroboration("streams_unsorted", "streams that do not ascend as numbers")
            .breaks("sta-2", "streams")
            .with(json!(["10", "2"]))
            .unseen(),
        corroboration(
            "streams_sorted",
            "streams that ascend as numbers and not as text",
        )
        .keeps("sta-2")
        .set("streams", json!(["2", "10"])),
        corroboration("source_unknown", "a source of another version")
            .breaks("sta-27", "source")
            .with("hearsay"),
        corroboration("cover_unknown", "a cover of another version")
            .breaks("sta-27", "cover")
            .with("most"),
        evidence("full", "an inspector's report that could be guessed").keeps("sta-29 sta-30"),
        evidence("digest", "a quote that nobody could guess, and no figure")
            .keeps("sta-29 sta-30")
            .edit(|p| {
                drop_member(p, "commitment");
                p["digest"] = json!(made_up("quote"));
                p["kind"] = json!("tpm-quote");
                p["catalogue"] = json!("none");
                p["figures"] = json!([]);
            }),
        evidence("digest_twice", "a digest and a commitment")
            .breaks("sta-29", "digest")
            .with(made_up("quote")),
        evidence("digest_none", "bytes that are not named")
            .breaks("sta-29", "digest")
            .without("commitment"),
        evidence("catalogue_unused", "a catalogue without figures")
            .breaks("sta-30", "catalogue")
            .set("figures", json!([])),
        evidence("catalogue_missing", "figures of no catalogue")
            .breaks("sta-30", "catalogue")
            .with("none"),
        evidence("kind_unknown", "a kind of another version")
            .breaks("sta-29", "kind")
            .with("rumour"),
        evidence("nonce_long", "a nonce of 65 bytes")
            .breaks("sta-29", "nonce")
            .with("00".repeat(65)),
    ];
    for source in [
        "own-meter",
        "own-billing",
        "inspection",
        "recomputation",
        "shown-by-lab",
    ] {
        cases.push(
            corroboration(&format!("from_{}", source.replace('-', "_")), "a source")
                .keeps("sta-27")
                .set("source", source),
        );
    }
    for cover in ["all", "part"] {
        cases.push(
            corroboration(&format!("cover_{cover}"), "a cover")
                .keeps("sta-27")
                .set("cover", cover),
        );
    }
    for kind in ["gpu-attestation", "external"] {
        cases.push(
            evidence(&kind.replace('-', "_"), "a kind")
                .keeps("sta-29")
                .set("kind", kind),
        );
    }
    cases
}

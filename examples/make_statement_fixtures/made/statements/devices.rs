//! Inventories, transfers and seals.

use serde_json::{Value, json};

use super::super::{Case, Changed, items, made_up};

fn inventory(name: &str, what: &str) -> Case {
    Case::new("inventory", name, what)
}

fn transfer(name: &str, what: &str) -> Case {
    Case::new("transfer", name, what)
}

fn seal(name: &str, what: &str) -> Case {
    Case::new("seal", name, what)
}

pub fn cases() -> Vec<Case> {
    vec![
        inventory(
            "full",
            "every member there can be; one device more listed than present at once",
        )
        .keeps("sta-13 sta-22 sta-23"),
        inventory("zero", "no device, as before an area is closed")
            .keeps("sta-22")
            .set("capacity", json!([]))
            .set("watts", json!([]))
            .set("ledger.count", "0"),
        inventory("capacity_above", "capacity of more devices than are listed")
            .breaks("sta-22", "capacity")
            .set("capacity[0].count", "18")
            .unseen(),
        inventory("capacity_zero", "a model without devices")
            .breaks("sta-22", "capacity")
            .set("capacity[1].count", "0"),
        inventory("capacity_unsorted", "models that do not ascend")
            .breaks("sta-2", "capacity")
            .edit(|p| items(&mut p["capacity"]).swap(0, 1))
            .unseen(),
        inventory("capacity_none", "devices of no model")
            .breaks("sta-3", "capacity[0].model")
            .with("none"),
        inventory("capacity_beyond", "capacity beyond 38 digits")
            .breaks("sta-22", "capacity")
            .set("capacity[0].count", "9".repeat(38))
            .unseen(),
        inventory("ledger_of_usage", "a usage's list of devices")
            .breaks("sta-13", "ledger.kind")
            .set("ledger.order", "inventory"),
        inventory("ledger_sums", "sums of devices that count nothing")
            .breaks("sta-13", "ledger.sums[0].quantity")
            .set(
                "ledger.sums",
                json!([{
                "basis": "present",
                "boundary": "none",
                "quantity": "accelerator_seconds",
                "value": "1",
                }]),
            ),
        inventory("watts_zero", "rated at nothing: gaps would be free")
            .breaks("sta-23", "watts")
            .set("watts[0].watts", "0"),
        inventory("watts_twice", "one boundary twice")
            .breaks("sta-2", "watts")
            .set("watts[1].boundary", "gpu")
            .unseen(),
        inventory("transfers_twice", "one transfer twice")
            .breaks("sta-2", "transfers")
            .edit(|p| {
                let one = p["transfers"][0].clone();
                items(&mut p["transfers"]).push(one);
            }),
        transfer("full", "devices that leave for another issuer's area").keeps("sta-31"),
        transfer("outside", "devices that come from outside")
            .keeps("sta-31")
            .set("direction", "in")
            .set("counterpart", "outside"),
        transfer("nothing", "no device")
            .set("capacity", json!([]))
            .breaks("sta-31", "ledger.count")
            .with("0"),
        transfer("capacity_below", "more devices listed than counted")
            .breaks("sta-31", "capacity")
            .set("capacity[0].count", "7")
            .unseen(),
        transfer("to_itself", "a transfer to the area itself")
            .breaks("sta-32", "counterpart")
            .with(json!({"issuer": made_up("lab"), "stream": "1"}))
            .unseen(),
        transfer("to_stream_0", "a transfer to a stream that is no area")
            .breaks("sta-32", "counterpart.stream")
            .with("0"),
        transfer("direction_unknown", "neither in nor out")
            .breaks("sta-32", "direction")
            .with("away"),
        seal("apply", "seals put on").keeps("sta-33"),
        seal("heartbeat", "seals confirmed whole")
            .keeps("sta-33")
            .edit(|p| {
                instead(
                    p,
                    json!({
                        "action": "heartbeat",
                        "method": "inspection",
                        "nonce": "00ff",
                        "period": {"end": "2026-03-03T00:00:00Z", "start": "2026-03-02T00:00:00Z"},
                        "seal": made_up("seal"),
                    }),
                );
            }),
        seal("break", "seals taken off").keeps("sta-33").edit(|p| {
            instead(
                p,
                json!({
                    "action": "break",
                    "at": "2026-03-09T12:00:00Z",
                    "reason": "two devices are replaced",
                    "seal": made_up("seal"),
                }),
            );
        }),
        seal("none", "devices under no seal")
            .breaks("sta-33", "seals")
            .with(json!([])),
        seal("cadence_zero", "heartbeats that are never due")
            .breaks("sta-33", "cadence")
            .with("0"),
        seal("capacity_above", "more devices counted than listed")
            .breaks("sta-31", "capacity")
            .set("capacity[0].count", "9")
            .unseen(),
        seal("action_unknown", "an action of another version")
            .breaks("sta-33", "action")
            .with("renew"),
    ]
}

/// Puts members in place of those of the example, but for those common to all types.
fn instead(predicate: &mut Value, members: Value) {
    let common: Vec<(String, Value)> = ["governance", "notBefore", "previous"]
        .map(|name| (name.to_owned(), predicate[name].clone()))
        .into();
    *predicate = members;
    for (name, value) in common {
        predicate[name] = value;
    }
}

//! Devices of an area, and usage that names them.

use std::collections::BTreeSet;

use standstill::attestation::content::Inventory;
use standstill::attestation::{Content, StatementId};
use standstill::ledger::Ledger;

use crate::lab::{END, HALF, Lab};

/// The devices of a cluster, in an order that tells something.
fn devices(count: u32) -> String {
    let mut table = "serial,model,vendor\n".to_owned();
    for number in 0..count {
        let model = if number % 4 == 0 { "h200" } else { "h100" };
        table.push_str(&format!("1320{number:06},{model},vendor-{number}\n"));
    }
    table
}

const MODELS: &str = "--model h100=h100-sxm --model h200=h200-sxm";

fn inventories(lab: &Lab) -> Vec<(StatementId, Inventory)> {
    let entries = lab.entries();
    let statements = lab.statements();
    entries
        .iter()
        .zip(statements)
        .filter_map(|(entry, statement)| {
            let envelope = standstill::attestation::Envelope::parse(entry).unwrap();
            let inventory = match statement.content {
                Content::Inventory(inventory) => inventory,
                Content::Correction(correction) => match *correction.replacement {
                    Content::Inventory(inventory) => inventory,
                    _ => return None,
                },
                _ => return None,
            };
            Some((envelope.statement_id(), inventory))
        })
        .collect()
}

fn ledger(lab: &Lab, name: &str) -> Ledger {
    Ledger::parse(lab.read(&format!("lab/ledgers/1/{name}.ledger")).as_bytes()).unwrap()
}

#[test]
fn devices_are_committed_to_in_an_order_that_tells_nothing() {
    let lab = Lab::new();
    lab.write("devices.csv", devices(40));
    let out = lab.ok(&format!("inventory devices.csv {MODELS} --workspace lab"));
    assert!(
        out.contains("of 40 devices, in force from 2026-03-01T00:00:00Z"),
        "{out}"
    );
    lab.ok("publish --workspace lab");
    let (_, inventory) = inventories(&lab).remove(0);
    let capacity: Vec<(String, String)> = inventory
        .capacity
        .iter()
        .map(|one| (one.model.clone(), one.count.to_string()))
        .collect();
    assert_eq!(
        capacity,
        [
            ("h100-sxm".to_owned(), "30".to_owned()),
            ("h200-sxm".to_owned(), "10".to_owned())
        ]
    );
    let ledger = ledger(&lab, "inventory-0000000000");
    assert_eq!(ledger.root(), inventory.ledger.root);
    let column = |name: &str| -> Vec<String> {
        let values = ledger
            .records()
            .map(|record| record.value(name).unwrap().to_owned());
        values.collect()
    };
    assert!(column("serial").is_sorted());
    // Neither the order of the serials nor that of the file shines through.
    let vendors: Vec<u32> = column("vendor")
        .iter()
        .map(|vendor| vendor.trim_start_matches("vendor-").parse().unwrap())
        .collect();
    assert!(!vendors.is_sorted());
    // No serial leaves the lab, and none is in the clear in its own ledger.
    let public = lab.entries().concat();
    let kept = lab.read("lab/ledgers/1/inventory-0000000000.ledger");
    for text in [String::from_utf8_lossy(&public).into_owned(), kept] {
        assert!(!text.contains("1320000007"));
    }
}

#[test]
fn usage_names_the_inventory_in_force_in_its_period() {
    let mut lab = Lab::new();
    lab.write("first.csv", devices(8));
    lab.write("second.csv", devices(6));
    lab.ok(&format!("inventory first.csv {MODELS} --workspace lab"));
    lab.attest(HALF, "2026-03-05T00:00:00Z");
    lab.ok(&format!(
        "inventory second.csv {MODELS} --workspace lab --from 2026-03-10T00:00:00Z"
    ));
    lab.attest(HALF, "2026-03-12T00:00:00Z");
    // The first was wrong: later usage names its correction only where it is in force.
    lab.write("mended.csv", devices(7));
    let out = lab.ok(&format!(
        "correct 5 mended.csv {MODELS} --reason \"one was missing\" --workspace lab"
    ));
    assert!(out.contains(" corrects "), "{out}");
    lab.report(END, "2026-03-31T00:00:00Z");
    let known = inventories(&lab);
    let [(first, one), (second, two), (correction, three)] = known.as_slice() else {
        panic!("{known:?}");
    };
    assert_eq!((three.from, three.capacity.len()), (two.from, 2));
    assert!(one.from < two.from);
    let named: Vec<(String, StatementId)> = lab
        .statements()
        .iter()
        .filter_map(|statement| match &statement.content {
            Content::Usage(usage) => {
                let start = usage.period.start().to_string();
                Some((start[..10].to_owned(), usage.inventory.unwrap()))
            }
            _ => None,
        })
        .collect();
    for (day, inventory) in named {
        let expected = match day[8..].parse::<u8>().unwrap() {
            0..10 => first,
            10..12 => second,
            _ => correction,
        };
        assert_eq!(inventory, *expected, "{day}");
    }
    // A device keeps its commitment in every inventory.
    let serials = |name: &str| -> BTreeSet<String> {
        let ledger = ledger(&lab, name);
        let values = ledger
            .records()
            .map(|record| record.value("serial").unwrap().to_owned());
        values.collect()
    };
    let (all, fewer) = (
        serials("inventory-0000000000"),
        serials("inventory-0000000005"),
    );
    assert_eq!((all.len(), fewer.len()), (8, 6));
    assert!(fewer.is_subset(&all));
}

#[test]
fn an_inventory_of_none_can_be_declared() {
    let mut lab = Lab::new();
    lab.write("devices.csv", devices(8));
    lab.ok(&format!("inventory devices.csv {MODELS} --workspace lab"));
    lab.attest(END, "2026-03-31T00:00:00Z");
    let out = lab.ok("inventory --none --workspace lab --json");
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(shown["devices"], 0);
    assert_eq!(shown["from"], "2026-03-31T00:00:00Z");
    lab.ok("publish --workspace lab");
    assert!(inventories(&lab)[1].1.capacity.is_empty());
}

#[test]
fn a_model_that_the_catalogue_does_not_know_is_told() {
    let lab = Lab::new();
    lab.write("devices.csv", devices(8));
    let done = lab.run("inventory devices.csv --model h100=h100-sxm --workspace lab");
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.err.contains("2 devices are `uncatalogued:h200`"),
        "{done:?}"
    );
    let said = lab.refused("inventory devices.csv --model h100=h100 --workspace lab");
    assert!(said.contains("h100-sxm"), "it names what there is: {said}");
}

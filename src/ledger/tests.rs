use proptest::prelude::*;

use super::*;
use crate::attestation::figure::{Basis, Class, Coverage, QuantityKind};
use crate::encoding::json;
use crate::hash::sha256;
use crate::merkle;
use crate::quantity::{Interval, Quantity};
use crate::time::{Period, UnixSeconds};

fn secret() -> Secret {
    Secret::from_bytes([7; SALT_SIZE])
}

fn amount(quantity: QuantityKind, value: u64) -> Amount {
    Amount {
        quantity,
        basis: Basis::Allocated,
        value: Interval::exactly(Quantity::from(value)),
    }
}

/// A ledger of `count` jobs of four devices and one hour each.
fn jobs(count: u64) -> Ledger {
    let mut ledger = Ledger::new(Kind::Jobs, secret());
    let span = Period::new(UnixSeconds::EPOCH, UnixSeconds::new(3600).unwrap()).unwrap();
    let figures = [
        amount(QuantityKind::AcceleratorSeconds, 4 * 3600),
        amount(QuantityKind::JobSeconds, 9000),
    ];
    for number in 0..count {
        ledger
            .extend_jobs([JobRecord {
                job: &format!("job \"{number:06}\""),
                span,
                accelerators: Interval::exactly(Quantity::from(4)),
                model: "nvidia-h100-sxm",
                class: Class::Training,
                run: None,
                figures: &figures,
            }])
            .unwrap();
    }
    ledger
}

#[test]
fn an_empty_ledger_has_the_root_of_nothing() {
    let ledger = jobs(0);
    assert_eq!(ledger.root(), sha256(b""));
    assert_eq!(ledger.reference().unwrap().root, sha256(b""));
    assert_eq!(Ledger::parse(ledger.print().as_bytes()).unwrap().count(), 0);
}

#[test]
fn builder_and_judge_agree_on_roots_and_paths_of_every_small_size() {
    for count in 1..70 {
        let ledger = jobs(count);
        let root = ledger.root();
        assert_eq!(ledger.reference().unwrap().root, root, "{count}");
        for index in 0..count {
            let opening = ledger.open(index, &["class"]).unwrap();
            assert_eq!(
                opening.verify(&root, count),
                Ok(vec![("class", "training")])
            );
            assert!(opening.verify(&root, index).is_err(), "beyond the ledger");
        }
        assert!(ledger.open(count, &[]).is_none());
    }
}

#[test]
fn a_large_ledger_is_hashed_in_parts_to_the_same_root() {
    let ledger = jobs(3000);
    let leaves: Vec<_> = (0_u64..)
        .zip(ledger.records())
        .map(|(at, one)| {
            let fields = Kind::Jobs.fields().iter().zip(one.values());
            let digest =
                |(name, value): (&&str, &str)| field_digest(&secret().salt(at, name), name, value);
            merkle::leaf_hash(&leaf_data(fields.map(digest)))
        })
        .collect();
    assert_eq!(ledger.root(), merkle::root(&leaves));
}

// spec: led-13
#[test]
fn an_opening_binds_name_value_salt_index_and_record() {
    let ledger = jobs(5);
    let (root, count) = (ledger.root(), ledger.count());
    let opening = ledger.open(3, &["job", "class"]).unwrap();
    let text = opening.write().to_canonical();
    let read = |text: &str| Opening::read(&json::parse(text.as_bytes()).unwrap());
    assert_eq!(read(&text).as_ref(), Ok(&opening));
    assert_eq!(
        opening.verify(&root, count).unwrap(),
        [("job", "job \"000003\""), ("class", "training")]
    );
    for (from, to) in [
        ("training", "inference"),
        ("\"index\":\"3\"", "\"index\":\"2\""),
        ("000003", "000004"),
    ] {
        let forged = read(&text.replace(from, to)).unwrap();
        assert!(forged.verify(&root, count).is_err(), "{from}");
    }
    // Two fields changing places, or one left out, is another kind: nobody's.
    let swapped = text.replace("\"name\":\"job\"", "\"name\":\"run\"");
    assert!(read(&swapped).is_err());
    assert!(read(&text.replace("{\"fields\"", "{\"a.b\":\"\",\"fields\"")).is_err());
}

#[test]
fn salts_differ_by_index_name_and_secret() {
    let other = Secret::from_bytes([8; SALT_SIZE]);
    let salts = [
        secret().salt(0, "job"),
        secret().salt(1, "job"),
        secret().salt(0, "run"),
        other.salt(0, "job"),
        secret().commitment_salt("job", b""),
        secret().commitment_salt("jo", b"b"),
    ];
    for (at, one) in salts.iter().enumerate() {
        assert!(!salts[at + 1..].contains(one));
    }
    assert_eq!(format!("{:?}", secret()), "Secret(..)");
}

// spec: led-11
#[test]
fn sums_leave_maxima_out() {
    let sums = jobs(3).sums().unwrap();
    assert_eq!(sums.len(), 1);
    assert_eq!(sums[0].quantity, QuantityKind::AcceleratorSeconds);
    assert_eq!(
        sums[0].value,
        Interval::exactly(Quantity::from(3 * 4 * 3600))
    );
    let totals = jobs(3).totals().unwrap();
    assert_eq!(totals[0].model.as_deref(), Some("nvidia-h100-sxm"));
    assert_eq!(totals[0].class, Some(Class::Training));
}

// spec: led-1
#[test]
fn every_kind_round_trips() {
    let share = Interval::new(Quantity::ZERO, Quantity::from(5)).unwrap();
    let figures = [Amount {
        value: share,
        ..amount(QuantityKind::AcceleratorSeconds, 0)
    }];
    let coverage = Coverage::Known {
        observed: Quantity::from(3000),
        gap: Quantity::from(600),
        resets: Quantity::ZERO,
    };
    let serial = commitment(
        "serial",
        &secret().commitment_salt("serial", b"165"),
        b"165",
    );
    let mut devices = Ledger::new(Kind::Devices, secret());
    devices
        .push_device(&DeviceRecord {
            device: serial,
            model: "uncatalogued:gpu",
            figures: &figures,
            coverage,
        })
        .unwrap();
    let mut inventory = Ledger::new(Kind::Inventory, secret());
    inventory
        .push_inventory(&InventoryRecord {
            serial,
            model: "uncatalogued:gpu",
            vendor: None,
        })
        .unwrap();
    let mut meters = Ledger::new(Kind::Meters, secret());
    meters
        .push_meter(&MeterRecord {
            meter: "pdu-1",
            boundary: crate::attestation::figure::Boundary::Rack,
            figures: &[],
            coverage: Coverage::Unknown,
            series: sha256(b"readings"),
        })
        .unwrap();
    for ledger in [devices, inventory, meters, jobs(4)] {
        let text = ledger.print();
        let back = Ledger::parse(text.as_bytes()).unwrap();
        assert_eq!(back.print(), text);
        assert_eq!(back.root(), ledger.root());
        assert_eq!(back.kind(), ledger.kind());
    }
}

// spec: led-5
#[test]
fn records_out_of_order_are_refused_and_leave_the_ledger_as_it_was() {
    let mut ledger = jobs(2);
    let text = ledger.print();
    let fields: Vec<String> = ledger
        .record(0)
        .unwrap()
        .values()
        .map(str::to_owned)
        .collect();
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let error = ledger.push(&fields).unwrap_err();
    assert!(error.to_string().contains("order"), "{error:?}");
    assert_eq!(ledger.print(), text);
}

// spec: led-2 led-3 led-4
#[test]
fn a_record_cannot_claim_less_than_its_own_fields_say() {
    let text = jobs(1).print();
    for (from, to) in [
        ("14400", "0"),
        ("9000", "3599"),
        ("\"4\"", "\"5\""),
        ("T01:00:00Z", "T00:00:00Z"),
        ("T01:00:00Z", "T02:00:00Z"),
        ("training", "gaming"),
        ("allocated", "guessed"),
        ("\"none\"", "\"\""),
    ] {
        assert_ne!(text.replace(from, to), text, "{from}");
        let error = Ledger::parse(text.replace(from, to).as_bytes()).unwrap_err();
        assert!(
            matches!(error, LedgerError::Record { index: 0, .. }),
            "{error:?}"
        );
    }
}

// spec: led-12
#[test]
fn a_file_cut_or_altered_is_refused() {
    let text = jobs(3).print();
    for cut in 0..text.len() {
        assert!(Ledger::parse(&text.as_bytes()[..cut]).is_err(), "{cut}");
    }
    for (from, to) in [
        ("\"count\":\"3\"", "\"count\":\"4\""),
        ("\"count\":\"3\"", "\"count\":\"03\""),
        ("\"kind\":\"jobs\"", "\"kind\":\"devices\""),
        ("start,job,model", "job"),
        ("\"suite\":\"1\"", "\"suite\":\"2\""),
        ("0707", "07"),
        ("\n[", "\n ["),
        ("\n[", "\n\n["),
    ] {
        assert_ne!(text.replacen(from, to, 1), text, "{from}");
        assert!(
            Ledger::parse(text.replacen(from, to, 1).as_bytes()).is_err(),
            "{from}"
        );
    }
    assert!(Ledger::parse(b"\x7fELF\x00").is_err());
}

proptest! {
    #[test]
    fn reading_a_ledger_never_panics_and_what_is_read_prints_the_same(
        at in 0_usize..1000, byte: u8
    ) {
        let mut bytes = jobs(2).print().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(ledger) = Ledger::parse(&bytes) {
            prop_assert_eq!(ledger.print().into_bytes(), bytes);
        }
    }
}

//! Operations, figured from the activity of tensor units.

use std::num::NonZeroU64;

use standstill::attestation::figure::Boundary;
use standstill::attestation::figure::Coverage;
use standstill::attestation::figure::QuantityKind;
use standstill::catalogue::Catalogue;
use standstill::catalogue::Format;
use standstill::collector::Metering;
use standstill::collector::account::DeviceAccount;
use standstill::collector::account::Listed;
use standstill::collector::account::Rates;
use standstill::collector::account::Roll;
use standstill::collector::reading::Billionths;
use standstill::collector::reading::Measure;
use standstill::collector::reading::Meter;
use standstill::collector::reading::Millis;
use standstill::collector::reading::Sample;
use standstill::hash::Hash;
use standstill::ledger::Secret;
use standstill::time::Cadence;
use standstill::time::Period;
use standstill::time::UnixSeconds;

/// So many seconds after 2026-03-01T00:00:00Z.
fn at(second: u64) -> UnixSeconds {
    UnixSeconds::new(1_772_323_200 + second).unwrap()
}

// spec: red-26
#[test]
fn operations_follow_from_the_activity_of_tensor_units() {
    let hour = Period::new(at(0), at(3600)).unwrap();
    let cadence = Cadence::Seconds(NonZeroU64::new(3600).unwrap());
    let mut metering = Metering::new(cadence, hour, Some(10_000)).unwrap();
    let device = |name: &str| Meter {
        name: name.to_owned(),
        boundary: Boundary::Gpu,
        model: None,
    };
    // Of two devices, the tensor units of one are at half their rate all the time; of the
    // other, in the first half, after which nothing was read. A third has no rate.
    let half = Billionths::new(Billionths::ONE.get() / 2).unwrap();
    for (name, until) in [("a", 3600), ("b", 1800), ("c", 3600)] {
        let id = metering.meter(&device(name)).unwrap();
        for (row, second) in (2..).zip((0..=until).step_by(10)) {
            let at = Millis::from(at(second));
            let sample = Sample {
                at,
                value: half,
                row,
            };
            metering.sample(id, Measure::Tensor, sample).unwrap();
        }
    }
    let metered = metering.finish().unwrap();
    let listed = |number: u8, name: &str, model: &str| Listed {
        commitment: Hash::from_bytes([number; 32]),
        model: model.to_owned(),
        names: vec![name.to_owned()],
    };
    let roll = Roll::new(vec![
        listed(1, "a", "h100-sxm"),
        listed(2, "b", "h100-sxm"),
        listed(3, "c", "uncatalogued:c"),
    ])
    .unwrap();
    let catalogue = Catalogue::embedded();
    let model = catalogue.get("h100-sxm").unwrap();
    let rates = Rates::of(&catalogue, Format::Bf16);
    let account = DeviceAccount::new(hour, &roll, &metered.period(0), &rates);
    let models = account.models().unwrap();
    let flop = models["h100-sxm"].flop.unwrap();
    let least = model.peak(Format::Bf16).unwrap().lower().get();
    let most = model.peak_any().get();
    assert!(most > least);
    assert_eq!(flop.value.lower().get(), (1800 + 900) * least);
    // After its last reading nothing is known of the other: it stands for no more.
    assert!(flop.value.upper().get() >= (1800 + 900) * most);
    assert!(flop.value.upper().get() <= (1800 + 905) * most);
    let Coverage::Known { observed, gap, .. } = flop.coverage else {
        panic!("coverage is unknown");
    };
    assert_eq!(observed.plus(gap).unwrap().get(), 7200);
    assert!((1790..=1800).contains(&gap.get()), "{gap}");
    assert_eq!(models["uncatalogued:c"].flop, None);
    // The ledger's sum is the figure's.
    let ledger = account.ledger(Secret::from_bytes([1; 32])).unwrap();
    let sums = ledger.sums().unwrap();
    let sum = sums.iter().find(|one| one.quantity == QuantityKind::Flop);
    assert_eq!(sum.unwrap().value, flop.value);
    // Without a number format there is no figure.
    let account = DeviceAccount::new(hour, &roll, &metered.period(0), &Rates::default());
    assert_eq!(account.models().unwrap()["h100-sxm"].flop, None);
}

//! Tables of power meters.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use standstill::attestation::figure::Boundary;
use standstill::collector::Metered;
use standstill::collector::Metering;
use standstill::telemetry::Ambiguous;
use standstill::telemetry::Clock;
use standstill::telemetry::Gathered;
use standstill::telemetry::Input;
use standstill::telemetry::Source;
use standstill::telemetry::meter_table::MeterTable;
use standstill::time::Cadence;
use standstill::time::Period;
use standstill::time::UnixSeconds;

/// Millijoules in 10^-12 joules.
const MILLI: u128 = 1_000_000_000;

fn gather(source: &mut dyn Source, start: &str, seconds: u64) -> Result<Gathered, String> {
    let start: UnixSeconds = start.parse().unwrap();
    let range = Period::new(start, start.plus(seconds).unwrap()).unwrap();
    let cadence = Cadence::Seconds(NonZeroU64::new(seconds).unwrap());
    let mut gathered = Gathered::new(Metering::new(cadence, range, None).unwrap());
    source
        .read(&mut gathered)
        .map_err(|error| error.to_string())?;
    Ok(gathered)
}

/// By boundary and name: seconds seen, and the least and most in joules.
fn read(source: &mut dyn Source, seconds: u64) -> Result<Vec<(String, u64, u128, u128)>, String> {
    let gathered = gather(source, "2026-03-01T00:00:00Z", seconds)?;
    let metered = gathered
        .metering
        .finish()
        .map_err(|error| error.to_string())?;
    Ok(sums(&metered))
}

fn sums(metered: &Metered) -> Vec<(String, u64, u128, u128)> {
    let meters = metered.period(0);
    let sums = meters.iter().map(|one| {
        let cell = one.cells.values().next().unwrap();
        let name = format!("{} {}", one.meter.boundary, one.meter.name);
        (
            name,
            cell.observed / 1000,
            cell.lower / MILLI / 1000,
            cell.upper / MILLI / 1000,
        )
    });
    sums.collect()
}

fn table(text: &str) -> MeterTable {
    renamed(text, &[], None)
}

fn renamed(text: &str, columns: &[(&str, &str)], zone: Option<&str>) -> MeterTable {
    let input = Input::new(
        "table".to_owned(),
        std::io::Cursor::new(text.as_bytes().to_vec()),
    )
    .unwrap();
    let columns: BTreeMap<String, String> = columns
        .iter()
        .map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned()))
        .collect();
    let clock = Clock::new(zone, Ambiguous::Refuse).unwrap();
    MeterTable::new(input, columns, Boundary::Rack, clock)
}

// spec: red-25
#[test]
fn a_table_of_power_of_energy_and_of_counters_is_read() {
    let power = "meter,time,power_kw\nr1,2026-03-01T00:00:00Z,1.5\nr1,2026-03-01T00:05:00Z,1.5\n\
                 r1,2026-03-01T00:10:00Z,2.5\n";
    let one = |seen, lower, upper| vec![("rack r1".to_owned(), seen, lower, upper)];
    assert_eq!(
        read(&mut table(power), 600),
        Ok(one(600, 900_000, 1_200_000))
    );
    let counter = "meter,time,energy_kwh_total\nr1,2026-03-01T00:00:00Z,1000.25\nr1,2026-03-01T00:10:00Z,1000.75\n";
    assert_eq!(
        read(&mut table(counter), 600),
        Ok(one(600, 1_800_000, 1_800_000))
    );
    let lots = "meter,start,end,energy_wh\nr1,2026-03-01T00:00:00Z,2026-03-01T00:05:00Z,100\n\
                r1,2026-03-01T00:05:00Z,2026-03-01T00:10:00Z,50\n";
    assert_eq!(read(&mut table(lots), 600), Ok(one(600, 540_000, 540_000)));
    // Other names, a column of boundaries, quotation marks, a zone.
    let other = "\"Zeit\",\"Zähler, Halle\",Ort,Leistung\n2026-03-01 01:00:00,\"A, 1\",facility,100\n\
                 2026-03-01 01:10:00,\"A, 1\",facility,100\n";
    let columns = [
        ("time", "Zeit"),
        ("meter", "Zähler, Halle"),
        ("boundary", "Ort"),
        ("power_w", "Leistung"),
    ];
    assert_eq!(
        read(&mut renamed(other, &columns, Some("Europe/Paris")), 600),
        Ok(vec![("facility A, 1".to_owned(), 600, 60_000, 60_000)])
    );
}

// spec: red-25
#[test]
fn rows_that_can_be_read_in_two_ways_are_refused() {
    let row =
        |header: &str, row: &str| read(&mut table(&format!("{header}\n{row}\n")), 600).unwrap_err();
    let power = "meter,time,power_w";
    for (error, says) in [
        (
            row("meter,time,power_w,power_kw", "a,2026-03-01T00:00:00Z,1,1"),
            "beside `power_w`",
        ),
        (
            row("meter,time", "a,2026-03-01T00:00:00Z"),
            "`power_w` is missing",
        ),
        (
            row("meter,start,energy_wh", "a,2026-03-01T00:00:00Z,1"),
            "`end` is missing",
        ),
        (
            row(power, "a,2026-03-01T00:00:00Z,1 kW"),
            "row 2, `power_w`: `1 kW`",
        ),
        (row(power, "a,2026-03-01T00:00:00Z,-1"), "is negative"),
        (
            row(power, "a,2026-03-01T00:00:00Z,NaN"),
            "nothing was measured",
        ),
        (row(power, "a,2026-03-01T00:00:00,1"), "has no zone"),
        (row(power, "a,yesterday,1"), "is not a time"),
        (row(power, "a,2026-03-01T00:00:00Z"), "has 2 columns"),
        (row(power, ",2026-03-01T00:00:00Z,1"), "names no meter"),
        (
            row(
                "meter,boundary,time,power_w",
                "a,hall,2026-03-01T00:00:00Z,1",
            ),
            "`hall`",
        ),
        (
            row(
                "meter,start,end,energy_wh",
                "a,2026-03-01T00:00:00Z,2026-03-01T00:00:00Z,1",
            ),
            "not after the start",
        ),
    ] {
        assert!(error.contains(says), "{says}: {error}");
    }
    let error = read(
        &mut table("meter,time,power_w\na,2026-03-01T00:00:00Z,1"),
        600,
    )
    .unwrap_err();
    assert!(error.contains("cut off"), "{error}");
    let error = read(
        &mut renamed("meter,time,power_w\n", &[("watts", "x")], None),
        600,
    )
    .unwrap_err();
    assert!(error.contains("`watts` is not a column"), "{error}");
}

#[test]
fn a_gzip_file_that_is_cut_off_is_refused() {
    let text = "meter,time,power_w\n".to_owned() + &"a,2026-03-01T00:00:00Z,1\n".repeat(5000);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let read = |bytes: &[u8]| {
        let input = Input::new("packed".to_owned(), std::io::Cursor::new(bytes.to_vec())).unwrap();
        let clock = Clock::default();
        let mut table = MeterTable::new(input, BTreeMap::new(), Boundary::Rack, clock);
        gather(&mut table, "2026-03-01T00:00:00Z", 600).map(|gathered| gathered.intake.digest())
    };
    assert!(read(&packed).is_ok());
    for cut in [packed.len() - 1, packed.len() / 2, 12] {
        let error = read(&packed[..cut]).unwrap_err();
        assert!(error.contains("cut off"), "{cut}: {error}");
    }
    // The digest is that of the raw bytes.
    assert_eq!(read(&packed), Ok(Some(standstill::hash::sha256(&packed))));
}

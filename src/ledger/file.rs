//! A ledger as a file: one canonical JSON value a line.
//!
//! Specified in `specs/ledger.md`, section "File". The file opens every record: the lab
//! keeps it where others cannot read it, and hands it to an auditor who may see all.

use crate::attestation::fields::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::statement::read_count;
use crate::encoding::json;
use crate::encoding::json::Object;
use crate::encoding::json::Value;
use crate::ledger::Kind;
use crate::ledger::book::Ledger;
use crate::ledger::record::LedgerError;
use crate::ledger::suite::SUITE;
use crate::ledger::suite::Secret;

/// The most records of one ledger: over a hundred times the hours of the largest public
/// job log, and few enough for an index to fit wherever memory does.
pub const MAX_RECORDS: u64 = 100_000_000;

/// What the header's `format` says.
const FORMAT: &str = "standstill/ledger/v1";

impl Ledger {
    /// Spells the ledger as a file, the secret included: it is to be readable by its
    /// owner alone.
    pub fn print(&self) -> String {
        let fields: Vec<Value<'_>> = self
            .kind()
            .fields()
            .iter()
            .map(|one| (*one).into())
            .collect();
        let mut text = Object::new()
            .with("count", self.count().to_string())
            .with("fields", fields)
            .with("format", FORMAT)
            .with("kind", self.kind().as_str())
            .with("order", self.kind().order())
            .with("secret", self.secret().to_hex().to_string())
            .with("suite", SUITE)
            .to_canonical();
        text.push('\n');
        text.reserve(self.text_size());
        for record in self.records() {
            // Printed directly: a record as a value would take longer than its hash.
            let mut before = '[';
            for value in record.values() {
                text.push(before);
                json::print_text(value, &mut text);
                before = ',';
            }
            text.push_str("]\n");
        }
        text
    }

    /// Parses what [`Self::print`] wrote, and nothing else: every field is checked, the
    /// records ascend, and there are as many as the header says.
    pub fn parse(bytes: &[u8]) -> Result<Self, LedgerError> {
        Self::parse_lines(bytes.split_inclusive(|byte| *byte == b'\n'))
    }

    /// As [`Self::parse`], from lines that each end as they do in the file. It takes no more of
    /// them than up to the first that is wrong.
    pub fn parse_lines<L: AsRef<[u8]>>(
        mut lines: impl Iterator<Item = L>,
    ) -> Result<Self, LedgerError> {
        let header = lines.next();
        let header = header.as_ref().map(AsRef::as_ref).unwrap_or_default();
        let (mut ledger, expected) =
            parse_header(header).map_err(|why| LedgerError::Header { why })?;
        for (line, bytes) in (2_u64..).zip(lines) {
            let refuse = |why: String| LedgerError::Line { line, why };
            let value = parse_line(bytes.as_ref()).map_err(refuse)?;
            let items = value
                .as_list()
                .ok_or_else(|| refuse(format!("expected an array, found {}", value.kind())))?;
            let fields = items
                .iter()
                .map(|item| {
                    item.as_text()
                        .ok_or_else(|| refuse(format!("expected a string, found {}", item.kind())))
                })
                .collect::<Result<Vec<_>, _>>()?;
            ledger.push(&fields)?;
        }
        let found = ledger.count();
        if found == expected {
            return Ok(ledger);
        }
        Err(LedgerError::Count { expected, found })
    }
}

fn parse_line(line: &[u8]) -> Result<Value<'_>, String> {
    let line = line
        .strip_suffix(b"\n")
        .ok_or("it does not end with a line feed")?;
    json::parse(line).map_err(|error| error.to_string())
}

/// Returns the ledger, still empty, and the number of records to come.
fn parse_header(line: &[u8]) -> Result<(Ledger, u64), String> {
    let value = parse_line(line)?;
    read_header(&value).map_err(|error| error.to_string())
}

fn read_header(value: &Value<'_>) -> Result<(Ledger, u64), FieldError> {
    let mut fields = Fields::of(value)?;
    expect(&mut fields, "format", FORMAT)?;
    expect(&mut fields, "suite", SUITE)?;
    let names: Vec<String> = fields.parsed_list("fields", 16)?;
    let name = fields.text("kind")?;
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == name && names == kind.fields())
        .ok_or_else(|| {
            FieldError::new("kind", format!("`{name}` has no ledger with these fields"))
        })?;
    expect(&mut fields, "order", kind.order())?;
    let secret = Secret::from_hex(fields.text("secret")?)
        .ok_or_else(|| FieldError::new("secret", "is not 64 digits of lower-case hexadecimal"))?;
    let count = read_count(&mut fields, "count")?;
    fields.finish_exactly()?;
    Ok((Ledger::new(kind, secret), count))
}

fn expect(fields: &mut Fields<'_>, name: &'static str, wanted: &str) -> Result<(), FieldError> {
    let found = fields.text(name)?;
    if found == wanted {
        return Ok(());
    }
    Err(FieldError::new(
        name,
        format!("is `{found}`, not `{wanted}`"),
    ))
}

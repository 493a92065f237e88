//! A verdict read back from its JSON: what [`super::json`] spells and nothing else.

use crate::attestation::FieldError;
use crate::attestation::fields::Fields;
use crate::attestation::statement::read_count;
use crate::encoding::json::Value;
use crate::time::Period;
use crate::tlog::Checkpoint;
use crate::tlog::checkpoint::Origin;
use crate::verify::Check;
use crate::verify::Finding;
use crate::verify::UsedStream;
use crate::verify::Verdict;
use crate::verify::verdict::Numbers;
use crate::verify::verdict::Restated;
use crate::verify::verdict::plain;

/// The most items of one list; a bound on an adversary's work.
const MAX_ITEMS: usize = 1 << 20;

/// Takes the members of a verdict.
pub(super) fn verdict(fields: &mut Fields<'_>) -> Result<Verdict, FieldError> {
    let window = fields.nested("window", |window| {
        Period::new(window.parsed("start")?, window.parsed("end")?)
            .ok_or_else(|| FieldError::new("end", "is not after `start`"))
    })?;
    let headline = fields.text("headline")?;
    let mut verdict = Verdict {
        issuer: fields.parsed("issuer")?,
        name: said(fields, "name")?,
        pledge: fields.parsed("pledge")?,
        sequence: read_count(fields, "sequence")?,
        claim: said(fields, "claim")?,
        word: fields.parsed("word")?,
        restated: Restated::No,
        level: fields.parsed("level")?,
        required: fields.parsed("requiredLevel")?,
        perimeter: said(fields, "perimeter")?,
        window,
        numbers: nullable(fields, "numbers", |fields| {
            fields.nested("numbers", numbers)
        })?,
        resolution: said(fields, "resolution")?,
        roots: fields.list("roots", MAX_ITEMS, |item| {
            text(item).map_err(|why| FieldError::new("", why))
        })?,
        broken_at: nullable(fields, "brokenAt", |fields| read_count(fields, "brokenAt"))?,
        findings: fields.objects("findings", MAX_ITEMS, finding)?,
        does_not_show: fields.list("doesNotShow", MAX_ITEMS, |item| {
            text(item).map_err(|why| FieldError::new("", why))
        })?,
        used: fields.objects("streams", MAX_ITEMS, stream)?,
    };
    // The headline alone says whether a breach was restated.
    if verdict.headline() != headline {
        verdict.restated = Restated::Yes;
    }
    if verdict.headline() != headline {
        let why = format!("`{headline}` is not that of {}", verdict.word);
        return Err(FieldError::new("headline", why));
    }
    Ok(verdict)
}

/// Takes a checkpoint.
pub(super) fn checkpoint(fields: &mut Fields<'_>) -> Result<Checkpoint, FieldError> {
    let origin = fields.text("origin")?;
    Ok(Checkpoint {
        origin: Origin::new(origin).map_err(|error| FieldError::new("origin", error))?,
        size: read_count(fields, "size")?,
        root: fields.parsed("root")?,
    })
}

/// Takes the checkpoints of the logs that were read beside the one judged, if any were.
pub(super) fn beside(fields: &mut Fields<'_>) -> Result<Vec<Checkpoint>, FieldError> {
    match fields.optional("beside") {
        None => Ok(Vec::new()),
        Some(_) => fields.objects("beside", MAX_ITEMS, checkpoint),
    }
}

/// Takes a text that is to be shown to people: it may hold nothing that [`plain`] spells
/// out (ver-40).
pub(super) fn said(fields: &mut Fields<'_>, name: &'static str) -> Result<String, FieldError> {
    text(fields.required(name)?).map_err(|why| FieldError::new(name, why))
}

/// Takes a member with `read`, unless it is null.
pub(super) fn nullable<'v, T>(
    fields: &mut Fields<'v>,
    name: &'static str,
    read: impl FnOnce(&mut Fields<'v>) -> Result<T, FieldError>,
) -> Result<Option<T>, FieldError> {
    match fields.required(name)? {
        Value::Null => Ok(None),
        _ => read(fields).map(Some),
    }
}

fn numbers(fields: &mut Fields<'_>) -> Result<Numbers, FieldError> {
    Ok(Numbers {
        lower: digits(fields, "lower")?,
        upper: nullable(fields, "upper", |fields| digits(fields, "upper"))?,
        limit: digits(fields, "limit")?,
        unit: said(fields, "unit")?,
    })
}

fn finding(fields: &mut Fields<'_>) -> Result<Finding, FieldError> {
    let name = fields.text("check")?;
    let mut known = Check::ALL.iter().filter(|check| check.name() == name);
    let check = known
        .next()
        .ok_or_else(|| FieldError::new("check", format!("`{name}` is no check known here")))?;
    let found = Finding::new(*check, said(fields, "text")?);
    // Axis and word are those of the check (ver-39).
    let axis = fields.text("axis")?;
    if axis != found.axis.as_str() {
        let why = format!("`{axis}` is not the axis of the check `{name}`");
        return Err(FieldError::new("axis", why));
    }
    let word = nullable(fields, "callsFor", |fields| fields.parsed("callsFor"))?;
    if word != found.calls_for {
        let why = format!("is not the word of the check `{name}`");
        return Err(FieldError::new("callsFor", why));
    }
    Ok(found)
}

fn stream(fields: &mut Fields<'_>) -> Result<UsedStream, FieldError> {
    Ok(UsedStream {
        issuer: fields.parsed("issuer")?,
        stream: fields.parsed("stream")?,
        first: read_count(fields, "first")?,
        last: read_count(fields, "last")?,
        statement: fields.parsed("statement")?,
    })
}

/// Takes a number that may be wider than any quantity: a sum, or a product.
fn digits(fields: &mut Fields<'_>, name: &'static str) -> Result<String, FieldError> {
    let text = fields.text(name)?;
    let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !all || (text.len() > 1 && text.starts_with('0')) {
        return Err(FieldError::new(name, "is not a decimal integer"));
    }
    Ok(text.to_owned())
}

fn text(value: &Value<'_>) -> Result<String, String> {
    let text = value
        .as_text()
        .ok_or_else(|| format!("expected a string, found {}", value.kind()))?;
    if plain(text.to_owned()) != text {
        return Err("holds characters that are not shown".to_owned());
    }
    Ok(text.to_owned())
}

//! Reading the members of an object into types, strictly and with the place of a fault.

use std::str::FromStr;

use crate::encoding::json::{Object, Value};

/// A member that is not what its statement type requires.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}`: {why}")]
pub struct FieldError {
    path: String,
    why: String,
}

impl FieldError {
    /// A fault of the member called `name`.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers hand over an error that they have just made"
    )]
    pub fn new(name: impl Into<String>, why: impl ToString) -> Self {
        Self {
            path: name.into(),
            why: why.to_string(),
        }
    }

    /// Returns where it is, from the object that was read.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same fault, seen from the object that holds it as `name`.
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        let joint = if self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{name}{joint}{}", self.path);
        self
    }
}

/// The members of one object, taken one by one.
///
/// [`Self::finish`] refuses what was not taken, so that a member unknown to this version
/// is never passed over in silence.
#[derive(Debug)]
pub struct Fields<'v> {
    object: &'v Object<'v>,
    taken: Taken,
}

/// Which members of an object were taken, by their place: a bit each.
#[derive(Debug, Default)]
struct Taken {
    first: u64,
    /// Behind the 64th; few objects have so many.
    rest: Vec<u64>,
}

impl Taken {
    fn set(&mut self, at: usize) {
        let bit = 1_u64.checked_shl(u32::try_from(at % 64).unwrap_or_default());
        let bit = bit.unwrap_or_default();
        match (at / 64).checked_sub(1) {
            None => self.first |= bit,
            Some(word) => {
                if self.rest.len() <= word {
                    self.rest.resize(word.saturating_add(1), 0);
                }
                if let Some(word) = self.rest.get_mut(word) {
                    *word |= bit;
                }
            }
        }
    }

    fn has(&self, at: usize) -> bool {
        let word = match (at / 64).checked_sub(1) {
            None => self.first,
            Some(word) => self.rest.get(word).copied().unwrap_or_default(),
        };
        let shift = u32::try_from(at % 64).unwrap_or_default();
        word.checked_shr(shift).is_some_and(|bits| bits & 1 == 1)
    }
}

impl<'v> Fields<'v> {
    /// Starts reading `object`.
    pub fn new(object: &'v Object<'v>) -> Self {
        Self {
            object,
            taken: Taken::default(),
        }
    }

    /// Starts reading `value`, which must be an object.
    pub fn of(value: &'v Value<'v>) -> Result<Self, FieldError> {
        match value.as_object() {
            Some(object) => Ok(Self::new(object)),
            None => Err(FieldError::new(
                "",
                format!("expected an object, found {}", value.kind()),
            )),
        }
    }

    /// Takes the member called `name`, if there is one.
    pub fn optional(&mut self, name: &str) -> Option<&'v Value<'v>> {
        let (at, value) = self.object.find(name)?;
        self.taken.set(at);
        Some(value)
    }

    /// Takes the member called `name`.
    pub fn required(&mut self, name: &'static str) -> Result<&'v Value<'v>, FieldError> {
        self.optional(name)
            .ok_or_else(|| FieldError::new(name, "is missing"))
    }

    /// Takes a string.
    pub fn text(&mut self, name: &'static str) -> Result<&'v str, FieldError> {
        let value = self.required(name)?;
        text(value).map_err(|why| FieldError::new(name, why))
    }

    /// Takes a string and parses it.
    pub fn parsed<T>(&mut self, name: &'static str) -> Result<T, FieldError>
    where
        T: FromStr<Err: ToString>,
    {
        self.text(name)?
            .parse()
            .map_err(|error: T::Err| FieldError::new(name, error))
    }

    /// Takes a string and parses it, if the member is there.
    pub fn parsed_optional<T>(&mut self, name: &'static str) -> Result<Option<T>, FieldError>
    where
        T: FromStr<Err: ToString>,
    {
        if self.object.get(name).is_none() {
            return Ok(None);
        }
        self.parsed(name).map(Some)
    }

    /// Takes a string and parses it, `none` standing for nothing.
    pub fn parsed_or_none<T>(&mut self, name: &'static str) -> Result<Option<T>, FieldError>
    where
        T: FromStr<Err: ToString>,
    {
        if self.text(name)? == NONE {
            return Ok(None);
        }
        self.parsed(name).map(Some)
    }

    /// Takes an object and reads it with `read`, refusing what that leaves.
    pub fn nested<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'v>) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        let value = self.required(name)?;
        read_all(value, read).map_err(|error| error.within(name))
    }

    /// As [`Self::nested`], the string `none` standing for nothing.
    pub fn nested_or_none<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'v>) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        let value = self.required(name)?;
        if value.as_text() == Some(NONE) {
            return Ok(None);
        }
        read_all(value, read)
            .map(Some)
            .map_err(|error| error.within(name))
    }

    /// Takes an array and reads each item with `read`; at most `limit` items.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        limit: usize,
        mut read: impl FnMut(&'v Value<'v>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        let value = self.required(name)?;
        let items = value.as_list().ok_or_else(|| {
            FieldError::new(name, format!("expected an array, found {}", value.kind()))
        })?;
        if items.len() > limit {
            let why = format!("has {} items; at most {limit} are allowed", items.len());
            return Err(FieldError::new(name, why));
        }
        let item = |(index, item)| {
            read(item).map_err(|error: FieldError| error.within(&format!("{name}[{index}]")))
        };
        items.iter().enumerate().map(item).collect()
    }

    /// As [`Self::list`], of objects that `read` must read whole.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        limit: usize,
        mut read: impl FnMut(&mut Fields<'v>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        self.list(name, limit, |value| read_all(value, &mut read))
    }

    /// As [`Self::list`], of strings to be parsed.
    pub fn parsed_list<T>(&mut self, name: &'static str, limit: usize) -> Result<Vec<T>, FieldError>
    where
        T: FromStr<Err: ToString>,
    {
        self.list(name, limit, |value| {
            text(value)
                .and_then(|text| text.parse().map_err(|error: T::Err| error.to_string()))
                .map_err(|why| FieldError::new("", why))
        })
    }

    /// Ends the reading: what was not taken must be an extension ([`is_extension`]).
    pub fn finish(&self) -> Result<(), FieldError> {
        self.finish_with(is_extension)
    }

    /// Ends the reading where no extension is allowed.
    pub fn finish_exactly(&self) -> Result<(), FieldError> {
        self.finish_with(|_| false)
    }

    fn finish_with(&self, allowed: impl Fn(&str) -> bool) -> Result<(), FieldError> {
        let unknown = self
            .object
            .iter()
            .enumerate()
            .filter(|(at, _)| !self.taken.has(*at))
            .map(|(_, (name, _))| name)
            .find(|name| !allowed(name));
        match unknown {
            Some(name) => Err(FieldError::new(name, "is not a member known here")),
            None => Ok(()),
        }
    }
}

/// Whether `name` is a reverse-domain name, under which anybody may add members that
/// never change a figure (att-21): labels of letters, digits, `-` and `_`, joined by
/// dots, at least two.
pub fn is_extension(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.contains('.') && name.split('.').all(label)
}

/// What stands for nothing where a member is required (section "Values").
pub const NONE: &str = "none";

/// Reads the object `value` with `read`, refusing what that leaves.
pub fn read_all<'v, T>(
    value: &'v Value<'v>,
    read: impl FnOnce(&mut Fields<'v>) -> Result<T, FieldError>,
) -> Result<T, FieldError> {
    let mut fields = Fields::of(value)?;
    let result = read(&mut fields)?;
    fields.finish()?;
    Ok(result)
}

/// Returns `value` spelled, or `none`.
pub fn or_none(value: Option<&impl ToString>) -> String {
    value.map_or_else(|| NONE.to_owned(), ToString::to_string)
}

fn text<'v>(value: &'v Value<'v>) -> Result<&'v str, String> {
    value
        .as_text()
        .ok_or_else(|| format!("expected a string, found {}", value.kind()))
}

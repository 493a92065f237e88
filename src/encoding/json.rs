//! JSON without numbers, in the one spelling of RFC 8785.
//!
//! Specified in `specs/attestation.md`, section "Canonical JSON". Member names are
//! ASCII, so that the order of RFC 8785 (by UTF-16 code units) is that of bytes, and a
//! quantity is a decimal string, so that no reader can round it.
//!
//! [`parse`] accepts nothing but the canonical spelling, which is the same as parsing,
//! printing again and comparing bytes (a property test says so). [`parse_draft`] reads
//! what people write by hand: any order and white space, but as strict about duplicate
//! names and numbers. [`parse_claim`] reads what a signer spelled wrongly, to see what it
//! claims all the same. JSON of other programs is read with `serde_json` instead, unless
//! it is signed evidence: [`parse_foreign`] reads that, in one way only.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;

mod parser;

pub use parser::{
    JsonError, MAX_CLAIM_DEPTH, MAX_DEPTH, parse, parse_claim, parse_draft, parse_foreign,
};

/// A JSON value that holds no number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `true` or `false`.
    Bool(bool),
    /// An array.
    List(Vec<Value<'a>>),
    /// `null`.
    Null,
    /// An object.
    Object(Object<'a>),
    /// A string.
    Text(Cow<'a, str>),
}

impl<'a> Value<'a> {
    /// Returns the string, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the items, if it is an array.
    pub fn as_list(&self) -> Option<&[Value<'a>]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the object, if it is one.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Says what kind of value it is.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::List(_) => "an array",
            Self::Null => "null",
            Self::Object(_) => "an object",
            Self::Text(_) => "a string",
        }
    }

    /// Spells it as RFC 8785 does.
    pub fn to_canonical(&self) -> String {
        let mut text = String::new();
        self.print(&mut text);
        text
    }

    /// Spells it for people to read and edit, two spaces a level.
    pub fn to_pretty(&self) -> String {
        let mut text = String::new();
        self.print_pretty(&mut text, 0);
        text.push('\n');
        text
    }

    /// Copies what it borrows.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Bool(value) => Value::Bool(value),
            Self::List(items) => Value::List(items.into_iter().map(Self::into_owned).collect()),
            Self::Null => Value::Null,
            Self::Object(object) => Value::Object(object.into_owned()),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        }
    }

    fn print(&self, out: &mut String) {
        match self {
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.print(out);
                }
                out.push(']');
            }
            Self::Null => out.push_str("null"),
            Self::Object(object) => object.print(out),
            Self::Text(text) => print_text(text, out),
        }
    }

    fn print_pretty(&self, out: &mut String, depth: usize) {
        let inner = depth.saturating_add(1);
        let line = |out: &mut String, depth: usize| {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        };
        match self {
            Self::List(items) if !items.is_empty() => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    line(out, inner);
                    item.print_pretty(out, inner);
                }
                line(out, depth);
                out.push(']');
            }
            Self::Object(object) if !object.0.is_empty() => {
                out.push('{');
                for (index, (name, value)) in object.0.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    line(out, inner);
                    print_text(name, out);
                    out.push_str(": ");
                    value.print_pretty(out, inner);
                }
                line(out, depth);
                out.push('}');
            }
            _ => self.print(out),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_canonical())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Object<'a>> for Value<'a> {
    fn from(object: Object<'a>) -> Self {
        Self::Object(object)
    }
}

impl<'a, V: Into<Value<'a>>> From<Vec<V>> for Value<'a> {
    fn from(items: Vec<V>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

/// A JSON object: members sorted by name, no name twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Object<'a> {
    /// Returns an object without members.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a member, or replaces the one of that name.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Self {
        self.set(name, value);
        self
    }

    /// As [`Self::with`] if there is a value, otherwise nothing.
    #[must_use]
    pub fn with_some<V: Into<Value<'a>>>(
        self,
        name: impl Into<Cow<'a, str>>,
        value: Option<V>,
    ) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a member, or replaces the one of that name.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) {
        let (name, value) = (name.into(), value.into());
        match self.0.binary_search_by(|(other, _)| other.cmp(&name)) {
            Ok(at) => {
                if let Some(member) = self.0.get_mut(at) {
                    member.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// Returns the member called `name`.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.find(name).map(|(_, value)| value)
    }

    /// Returns the member called `name`, and its place in the order.
    pub fn find(&self, name: &str) -> Option<(usize, &Value<'a>)> {
        let at = self.0.iter().position(|(other, _)| other == name)?;
        self.0.get(at).map(|(_, value)| (at, value))
    }

    /// Returns the members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Returns the number of members.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no members.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Spells it as RFC 8785 does.
    pub fn to_canonical(&self) -> String {
        let mut text = String::new();
        self.print(&mut text);
        text
    }

    /// Copies what it borrows.
    pub fn into_owned(self) -> Object<'static> {
        Object(
            self.0
                .into_iter()
                .map(|(name, value)| (Cow::Owned(name.into_owned()), value.into_owned()))
                .collect(),
        )
    }

    fn print(&self, out: &mut String) {
        out.push('{');
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            print_text(name, out);
            out.push(':');
            value.print(out);
        }
        out.push('}');
    }
}

/// Spells a string with the escapes of RFC 8785, section 3.2.2.2, and no others.
pub(crate) fn print_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    // What needs no escape, nearly all there is, goes over in one piece.
    let special = |byte: u8| byte < b' ' || matches!(byte, b'"' | b'\\');
    while let Some(at) = rest.bytes().position(special) {
        let (plain, from) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\u{8}') => out.push_str("\\b"),
            Some('\t') => out.push_str("\\t"),
            Some('\n') => out.push_str("\\n"),
            Some('\u{c}') => out.push_str("\\f"),
            Some('\r') => out.push_str("\\r"),
            Some(control) => {
                // Writing to a `String` cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

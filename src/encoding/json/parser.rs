//! The parser: one pass, borrowing what needs no unescaping.

use std::borrow::Cow;

use super::{Object, Value};

/// How deep arrays and objects may nest (formats: 2).
pub const MAX_DEPTH: usize = 16;

/// Parses the canonical spelling of one value and nothing after it.
pub fn parse(bytes: &[u8]) -> Result<Value<'_>, JsonError> {
    Parser::new(bytes, Spelling::Canonical)?.document()
}

/// Parses a value written by hand: members in any order, white space, any escapes.
///
/// Duplicate names, numbers and names that are not ASCII are refused all the same.
pub fn parse_draft(bytes: &[u8]) -> Result<Value<'_>, JsonError> {
    Parser::new(bytes, Spelling::Draft)?.document()
}

/// Why bytes are not a value in the spelling asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: {fault}")]
pub struct JsonError {
    at: usize,
    fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the member `{0}` appears twice")]
    Duplicate(String),
    #[error("the text ends too early")]
    End,
    #[error("a control character must be escaped")]
    Control,
    #[error("an escape that is not the canonical one")]
    Escape,
    #[error("expected {0}")]
    Expected(&'static str),
    #[error("the member name `{0}` is not ASCII")]
    Name(String),
    #[error("a number; write it as a decimal string, in quotes")]
    Number,
    #[error("the member `{0}` stands out of order")]
    Order(String),
    #[error("nested deeper than {MAX_DEPTH} levels")]
    Depth,
    #[error("something follows the value")]
    Trailing,
    #[error("not UTF-8")]
    Utf8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Canonical,
    Draft,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    spelling: Spelling,
}

impl<'a> Parser<'a> {
    fn new(bytes: &'a [u8], spelling: Spelling) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(bytes).map_err(|error| JsonError {
            at: error.valid_up_to(),
            fault: Fault::Utf8,
        })?;
        Ok(Self {
            text,
            at: 0,
            spelling,
        })
    }

    fn document(mut self) -> Result<Value<'a>, JsonError> {
        self.space();
        let value = self.value(0)?;
        self.space();
        if self.peek().is_some() {
            return Err(self.fault(Fault::Trailing));
        }
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        match self.peek() {
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'{') => self.object(self.deeper(depth)?),
            Some(b'[') => self.list(self.deeper(depth)?),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => Err(self.fault(Fault::Number)),
            Some(_) => Err(self.fault(Fault::Expected("a value"))),
            None => Err(self.fault(Fault::End)),
        }
    }

    fn deeper(&self, depth: usize) -> Result<usize, JsonError> {
        if depth >= MAX_DEPTH {
            return Err(self.fault(Fault::Depth));
        }
        Ok(depth.saturating_add(1))
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Result<Value<'a>, JsonError> {
        if !self.rest().starts_with(word) {
            return Err(self.fault(Fault::Expected("a value")));
        }
        self.advance(word.len());
        Ok(value)
    }

    fn list(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.advance(1);
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Value::List(items));
        }
        loop {
            self.space();
            items.push(self.value(depth)?);
            self.space();
            if self.take(b']') {
                return Ok(Value::List(items));
            }
            self.require(b',', "`,` or `]`")?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.advance(1);
        let mut members: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
        self.space();
        if self.take(b'}') {
            return Ok(Value::Object(Object(members)));
        }
        loop {
            self.space();
            let name_at = self.at;
            let name = self.name(name_at)?;
            let place = self.place(&members, &name, name_at)?;
            self.space();
            self.require(b':', "`:`")?;
            self.space();
            let value = self.value(depth)?;
            members.insert(place, (name, value));
            self.space();
            if self.take(b'}') {
                return Ok(Value::Object(Object(members)));
            }
            self.require(b',', "`,` or `}`")?;
        }
    }

    fn name(&mut self, at: usize) -> Result<Cow<'a, str>, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.fault(Fault::Expected("a member name")));
        }
        let name = self.string()?;
        if !name.is_ascii() {
            let fault = Fault::Name(name.into_owned());
            return Err(JsonError { at, fault });
        }
        Ok(name)
    }

    /// Where a member called `name` belongs among those read so far.
    fn place(
        &self,
        members: &[(Cow<'a, str>, Value<'a>)],
        name: &str,
        at: usize,
    ) -> Result<usize, JsonError> {
        let last = members.last().map(|(last, _)| last.as_ref());
        if last.is_none_or(|last| last < name) {
            return Ok(members.len());
        }
        let fault = match members.binary_search_by(|(other, _)| other.as_ref().cmp(name)) {
            Ok(_) => Fault::Duplicate(name.to_owned()),
            Err(place) if self.spelling == Spelling::Draft => return Ok(place),
            Err(_) => Fault::Order(name.to_owned()),
        };
        Err(JsonError { at, fault })
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.advance(1);
        let plain = self.plain()?;
        if self.take(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        loop {
            text.push(self.escape()?);
            text.push_str(self.plain()?);
            if self.take(b'"') {
                return Ok(Cow::Owned(text));
            }
        }
    }

    /// Reads up to the next quotation mark or escape.
    fn plain(&mut self) -> Result<&'a str, JsonError> {
        let rest = self.rest();
        let length = rest
            .bytes()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
            .unwrap_or(rest.len());
        self.advance(length);
        match self.peek() {
            Some(b'"' | b'\\') => Ok(rest.get(..length).unwrap_or_default()),
            Some(_) => Err(self.fault(Fault::Control)),
            None => Err(self.fault(Fault::End)),
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let start = self.at;
        self.advance(1);
        let letter = self.peek().ok_or_else(|| self.fault(Fault::End))?;
        self.advance(1);
        let escaped = match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'b' => '\u{8}',
            b't' => '\t',
            b'n' => '\n',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'/' if self.spelling == Spelling::Draft => '/',
            b'u' => self.unicode_escape()?,
            _ => return Err(self.fault(Fault::Escape)),
        };
        if self.spelling == Spelling::Canonical {
            // Print it again and compare: every other spelling is refused.
            let mut canonical = String::new();
            super::print_text(escaped.encode_utf8(&mut [0; 4]), &mut canonical);
            if self.text.get(start..self.at) != canonical.get(1..canonical.len().saturating_sub(1))
            {
                return Err(self.fault(Fault::Escape));
            }
        }
        Ok(escaped)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let first = self.code_unit()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.fault(Fault::Escape));
        }
        if !self.rest().starts_with("\\u") {
            return Err(self.fault(Fault::Escape));
        }
        self.advance(2);
        let second = self.code_unit()?;
        let high = first.checked_sub(0xd800);
        let low = second.checked_sub(0xdc00).filter(|low| *low < 0x400);
        high.zip(low)
            .and_then(|(high, low)| char::from_u32((high << 10 | low).checked_add(0x1_0000)?))
            .ok_or_else(|| self.fault(Fault::Escape))
    }

    fn code_unit(&mut self) -> Result<u32, JsonError> {
        let digits = self
            .rest()
            .get(..4)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let unit = digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.fault(Fault::Escape))?;
        self.advance(4);
        Ok(unit)
    }

    fn space(&mut self) {
        if self.spelling == Spelling::Draft {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            self.advance(rest.len().saturating_sub(trimmed.len()));
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.advance(1);
        }
        found
    }

    fn require(&mut self, byte: u8, expected: &'static str) -> Result<(), JsonError> {
        if self.take(byte) {
            return Ok(());
        }
        Err(self.fault(match self.peek() {
            Some(_) => Fault::Expected(expected),
            None => Fault::End,
        }))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn fault(&self, fault: Fault) -> JsonError {
        JsonError { at: self.at, fault }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refusal(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        for text in [
            "",
            " {}",
            "{} ",
            "{\"b\":\"\",\"a\":\"\"}",
            "{\"a\":\"\",\"a\":\"\"}",
            "{\"a\" :\"\"}",
            "[\"\",]",
            "\"\\/\"",
            "\"\\u0041\"",
            "\"\\u000A\"",
            "\"\\u000a\"",
            "\"\\u001F\"",
            "\"\n\"",
            "\"\\ud800\"",
            "{\"\u{e9}\":\"\"}",
            "truely",
            "\"",
            "{\"a\":",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn a_number_is_refused_by_name_even_in_a_draft() {
        assert_eq!(
            refusal("{\"a\":1}"),
            "at byte 5: a number; write it as a decimal string, in quotes"
        );
        assert!(parse_draft(b"{ \"a\": -0.5 }").is_err());
    }

    #[test]
    fn a_duplicate_member_is_refused_even_in_a_draft() {
        let error = parse_draft(b"{\"b\":\"\",\"a\":\"\",\"b\":\"\"}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "at byte 15: the member `b` appears twice"
        );
    }

    #[test]
    fn sixteen_levels_are_the_limit() {
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn a_draft_is_read_in_any_order_and_prints_canonically() {
        let draft = b" { \"b\" : [ \"\\u00e9\\ud83d\\ude00\" ] ,\n\"a\":\"\\/\" } ";
        let value = parse_draft(draft).unwrap();
        assert_eq!(
            value.to_canonical(),
            "{\"a\":\"/\",\"b\":[\"\u{e9}\u{1f600}\"]}"
        );
    }

    fn values() -> impl Strategy<Value = Value<'static>> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                prop::collection::btree_map("[ -~]{0,6}", inner, 0..6).prop_map(|members| {
                    Value::Object(
                        members
                            .into_iter()
                            .fold(Object::new(), |object, (k, v)| object.with(k, v)),
                    )
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(value in values()) {
            let text = value.to_canonical();
            prop_assert_eq!(parse(text.as_bytes()).unwrap(), value.clone());
            let pretty = value.to_pretty();
            prop_assert_eq!(parse_draft(pretty.as_bytes()).unwrap(), value);
        }

        #[test]
        fn serde_json_prints_the_same(value in values()) {
            let text = value.to_canonical();
            let theirs: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(theirs.to_string(), text);
        }

        #[test]
        fn accepting_is_printing_again_and_comparing(
            value in values(), at in any::<prop::sample::Index>(), byte in any::<u8>()
        ) {
            let mut bytes = value.to_canonical().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let again = parse_draft(&bytes).map(|v| v.to_canonical().into_bytes() == bytes);
            prop_assert_eq!(parse(&bytes).is_ok(), again.unwrap_or(false));
        }
    }
}

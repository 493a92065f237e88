//! The parser: one pass, borrowing what needs no unescaping.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Object, Value};

/// How deep arrays and objects may nest (att-9).
pub const MAX_DEPTH: usize = 16;

/// How deep they may nest in what is read only to see what it claims (att-25): as deep as
/// `serde_json` reads, which many readers use.
pub const MAX_CLAIM_DEPTH: usize = 127;

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

/// Parses JSON as RFC 8259 has it, to see what an ill-formed text plainly claims.
///
/// A number is read as `null`: nothing here has a use for one. A duplicate name, a lone
/// surrogate and what is not UTF-8 are refused all the same, because two readers would
/// take them for two different things.
pub fn parse_claim(bytes: &[u8]) -> Result<Value<'_>, JsonError> {
    Parser::new(bytes, Spelling::Claim)?.document()
}

/// Parses JSON of other programs that is evidence, at most [`MAX_DEPTH`] levels deep.
///
/// As [`parse_claim`], but a number is read as its own text: who asks for one parses it, and
/// nothing is rounded.
pub fn parse_foreign(bytes: &[u8]) -> Result<Value<'_>, JsonError> {
    Parser::new(bytes, Spelling::Foreign)?.document()
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
    #[error("nested deeper than {0} levels")]
    Depth(usize),
    #[error("something follows the value")]
    Trailing,
    #[error("not UTF-8")]
    Utf8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Canonical,
    Claim,
    Draft,
    Foreign,
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
            Some(b'-' | b'0'..=b'9') if self.spelling == Spelling::Claim => {
                self.number().map(|_| Value::Null)
            }
            Some(b'-' | b'0'..=b'9') if self.spelling == Spelling::Foreign => {
                self.number().map(Value::from)
            }
            Some(b'-' | b'0'..=b'9') => Err(self.fault(Fault::Number)),
            Some(_) => Err(self.fault(Fault::Expected("a value"))),
            None => Err(self.fault(Fault::End)),
        }
    }

    fn deeper(&self, depth: usize) -> Result<usize, JsonError> {
        let limit = match self.spelling {
            Spelling::Canonical | Spelling::Draft | Spelling::Foreign => MAX_DEPTH,
            Spelling::Claim => MAX_CLAIM_DEPTH,
        };
        if depth >= limit {
            return Err(self.fault(Fault::Depth(limit)));
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

    /// Reads the text of a number of RFC 8259, section 6.
    fn number(&mut self) -> Result<&'a str, JsonError> {
        let (rest, start) = (self.rest(), self.at);
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            self.digits()?;
        }
        let length = self.at.saturating_sub(start);
        Ok(rest.get(..length).unwrap_or_default())
    }

    /// Reads at least one digit.
    fn digits(&mut self) -> Result<(), JsonError> {
        let rest = self.rest();
        let others = rest.trim_start_matches(|char: char| char.is_ascii_digit());
        let length = rest.len().saturating_sub(others.len());
        if length == 0 {
            return Err(self.fault(Fault::Expected("a digit")));
        }
        self.advance(length);
        Ok(())
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
        let mut members = Members::new(self.spelling);
        self.space();
        if self.take(b'}') {
            return Ok(Value::Object(members.finish()));
        }
        loop {
            self.space();
            let at = self.at;
            let name = self.name(at)?;
            members
                .check(&name)
                .map_err(|fault| JsonError { at, fault })?;
            self.space();
            self.require(b':', "`:`")?;
            self.space();
            let value = self.value(depth)?;
            members.push(name, value);
            self.space();
            if self.take(b'}') {
                return Ok(Value::Object(members.finish()));
            }
            self.require(b',', "`,` or `}`")?;
        }
    }

    fn name(&mut self, at: usize) -> Result<Cow<'a, str>, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.fault(Fault::Expected("a member name")));
        }
        let name = self.string()?;
        let ours = matches!(self.spelling, Spelling::Canonical | Spelling::Draft);
        if !name.is_ascii() && ours {
            let fault = Fault::Name(name.into_owned());
            return Err(JsonError { at, fault });
        }
        Ok(name)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.advance(1);
        let plain = self.plain()?;
        if self.take(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        // Texts with an escape are notes, and long.
        let mut text = String::with_capacity(plain.len().max(MIN_ESCAPED));
        text.push_str(plain);
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
        let length = plain_length(rest.as_bytes());
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
            b'/' if self.spelling != Spelling::Canonical => '/',
            b'u' => self.unicode_escape()?,
            _ => return Err(self.fault(Fault::Escape)),
        };
        // Only `u` has other spellings than the canonical one.
        if self.spelling == Spelling::Canonical && letter == b'u' {
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
        if self.spelling != Spelling::Canonical {
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

/// The members of most objects in statements: room for them is made at once.
const USUAL_MEMBERS: usize = 12;

/// Room that is made at once for a text with an escape in it, in bytes.
const MIN_ESCAPED: usize = 1024;

/// Returns how many bytes come before the first quotation mark, backslash or control
/// character, eight of them looked at together.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    // The high bit of a byte that is zero is set, and perhaps those of bytes behind it.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quotes = zeros(word ^ u64::from_le_bytes([b'"'; 8]));
        let escapes = zeros(word ^ u64::from_le_bytes([b'\\'; 8]));
        // Below 0x20: taken away from, and not above 0x7f before.
        let controls = word.wrapping_sub(u64::from_le_bytes([0x20; 8])) & !word & HIGHS;
        let found = quotes | escapes | controls;
        if found != 0 {
            let bits = usize::try_from(found.trailing_zeros()).unwrap_or_default();
            return number.saturating_mul(8).saturating_add(bits >> 3);
        }
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    let before = rest.iter().position(ends).unwrap_or(rest.len());
    bytes
        .len()
        .saturating_sub(rest.len())
        .saturating_add(before)
}

/// The members read so far: in order as they must come, or sorted as they do.
enum Members<'a> {
    InOrder(Vec<(Cow<'a, str>, Value<'a>)>),
    Sorted(BTreeMap<Cow<'a, str>, Value<'a>>),
}

impl<'a> Members<'a> {
    fn new(spelling: Spelling) -> Self {
        match spelling {
            Spelling::Canonical => Self::InOrder(Vec::with_capacity(USUAL_MEMBERS)),
            Spelling::Claim | Spelling::Draft | Spelling::Foreign => Self::Sorted(BTreeMap::new()),
        }
    }

    /// Whether a member called `name` may come next.
    fn check(&self, name: &str) -> Result<(), Fault> {
        let duplicate = || Fault::Duplicate(name.to_owned());
        match self {
            Self::InOrder(members) => match members.last() {
                Some((last, _)) if last.as_ref() >= name => {
                    let twice = members.iter().any(|(other, _)| other == name);
                    Err(if twice {
                        duplicate()
                    } else {
                        Fault::Order(name.to_owned())
                    })
                }
                _ => Ok(()),
            },
            Self::Sorted(members) if members.contains_key(name) => Err(duplicate()),
            Self::Sorted(_) => Ok(()),
        }
    }

    fn push(&mut self, name: Cow<'a, str>, value: Value<'a>) {
        match self {
            Self::InOrder(members) => members.push((name, value)),
            Self::Sorted(members) => {
                if let Entry::Vacant(place) = members.entry(name) {
                    place.insert(value);
                }
            }
        }
    }

    fn finish(self) -> Object<'a> {
        Object(match self {
            Self::InOrder(members) => members,
            Self::Sorted(members) => members.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eight_bytes_together_end_where_one_by_one_do(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'a'), Just(b'"')], 0..64),
        ) {
            let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
            let one_by_one = bytes.iter().position(ends).unwrap_or(bytes.len());
            prop_assert_eq!(plain_length(&bytes), one_by_one);
        }
    }

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

    #[test]
    fn a_claim_is_read_whatever_its_spelling_but_never_in_two_ways() {
        let read = |text: &str| parse_claim(text.as_bytes()).map(|value| value.to_canonical());
        for (text, found) in [
            (
                "{\"b\":-0.5e+3, \"a\":[0,10]}",
                "{\"a\":[null,null],\"b\":null}",
            ),
            ("{\"\u{e9}\":\"\\u0041\\/\"}", "{\"\u{e9}\":\"A/\"}"),
        ] {
            assert_eq!(read(text), Ok(found.to_owned()), "{text}");
        }
        for text in [
            "{\"a\":1,\"a\":2}",
            "{\"a\":1,\"\\u0061\":2}",
            "\"\\ud800\"",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "NaN",
            "\u{feff}{}",
            "{} {}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(&nested(MAX_CLAIM_DEPTH)).is_ok());
        assert!(read(&nested(MAX_CLAIM_DEPTH + 1)).is_err());
        assert!(read(&"[".repeat(1_000_000)).is_err());
        let theirs = |levels| serde_json::from_str::<serde_json::Value>(&nested(levels)).is_ok();
        assert!(theirs(MAX_CLAIM_DEPTH) && !theirs(MAX_CLAIM_DEPTH + 1));
    }

    #[test]
    fn a_foreign_number_is_its_own_text() {
        let value = parse_foreign(b"{\"iat\": 1772323200, \"x\": [-1.50e+3, 0]}").unwrap();
        let text = r#"{"iat":"1772323200","x":["-1.50e+3","0"]}"#;
        assert_eq!(value.to_canonical(), text);
        for refused in ["01", "1.", "-", "1e", r#"{"a":1,"a":1}"#, "1 1"] {
            assert!(parse_foreign(refused.as_bytes()).is_err(), "{refused}");
        }
    }

    #[test]
    fn names_in_the_worst_order_cost_no_more_than_sorting_them() {
        let members: Vec<String> = (0..60_000).rev().map(|n| format!("\"{n:05}\":0")).collect();
        let text = format!("{{{}}}", members.join(","));
        let value = parse_claim(text.as_bytes()).unwrap();
        assert_eq!(value.as_object().unwrap().len(), 60_000);
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

    fn without_numbers(value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value::{Array, Null, Number, Object};
        match value {
            Number(_) => Null,
            Array(items) => items.into_iter().map(without_numbers).collect(),
            Object(members) => members
                .into_iter()
                .map(|(name, value)| (name, without_numbers(value)))
                .collect(),
            other => other,
        }
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
        fn a_claim_is_what_serde_json_reads(
            value in values(), at in any::<prop::sample::Index>(), byte in any::<u8>()
        ) {
            let mut bytes = value.to_pretty().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let theirs = serde_json::from_slice::<serde_json::Value>(&bytes);
            // Ours refuses duplicate names too, of which theirs takes the last.
            if let Ok(ours) = parse_claim(&bytes) {
                prop_assert_eq!(ours.to_canonical(), without_numbers(theirs.unwrap()).to_string());
            }
        }

        #[test]
        fn bytes_order_is_that_of_utf16_for_the_names_that_are_allowed(
            one in "[\\x00-\\x7f]{0,4}", other in "[\\x00-\\x7f]{0,4}"
        ) {
            prop_assert_eq!(one.cmp(&other), one.encode_utf16().cmp(other.encode_utf16()));
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

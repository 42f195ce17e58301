//! Structured field values (RFC 9651), as far as the `RateLimit` fields need them.
//!
//! A list of items and a dictionary of items are read by the same rules: a member of a dictionary is
//! one with a key. Inner lists don't occur in these fields, and what is neither an integer nor a text
//! is read and forgotten.

use alloc::string::String;
use alloc::vec::Vec;

use super::cursor::Cursor;
use super::decimal;

/// A member of a list or of a dictionary.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Item,
    parameters: Vec<(&'a [u8], Item)>,
}

/// A bare item.
#[derive(Debug)]
pub(super) enum Item {
    Integer(i64),
    /// A string without its quotes and escapes, or a token.
    Text(String),
    /// Of any other type.
    Other,
}

impl Member<'_> {
    /// The parameter's value, if that is an integer that is not negative. The last one counts.
    pub(super) fn parameter(&self, key: &str) -> Option<u64> {
        let mut same = self.parameters.iter().filter(|(other, _)| *other == key.as_bytes());
        same.next_back().and_then(|(_, item)| item.unsigned())
    }
}

impl Item {
    /// The integer, if this is one that is not negative.
    pub(super) fn unsigned(&self) -> Option<u64> {
        match self {
            Self::Integer(number) => u64::try_from(*number).ok(),
            Self::Text(_) | Self::Other => None,
        }
    }
}

/// All members of the field value, which has no blanks around it. `None` if any of it is malformed: by the RFC the whole
/// field is then ignored.
pub(super) fn parse(value: &[u8]) -> Option<Vec<Member<'_>>> {
    let mut cursor = Cursor::new(value);
    let mut members = Vec::new();
    if cursor.is_empty() {
        return Some(members);
    }
    loop {
        members.push(member(&mut cursor)?);
        cursor.all(is_blank);
        if cursor.is_empty() {
            return Some(members);
        }
        cursor.literal(",")?;
        cursor.all(is_blank);
    }
}

fn member<'a>(cursor: &mut Cursor<'a>) -> Option<Member<'a>> {
    let mut ahead = *cursor;
    let key = key(&mut ahead).filter(|_| ahead.literal("=").is_some());
    if key.is_some() {
        *cursor = ahead;
    }
    let value = item(cursor)?;
    let mut parameters = Vec::new();
    while cursor.literal(";").is_some() {
        cursor.all(is_space);
        let key = self::key(cursor)?;
        let given = cursor.literal("=").is_some();
        parameters.push((key, if given { item(cursor)? } else { Item::Other }));
    }
    Some(Member { key, value, parameters })
}

fn key<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let inner = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'_' | b'-' | b'.' | b'*')
    };
    let starts = cursor.peek().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'*');
    starts.then(|| cursor.all(inner))
}

fn item(cursor: &mut Cursor<'_>) -> Option<Item> {
    match cursor.peek()? {
        b'-' | b'0'..=b'9' => number(cursor),
        b'"' => string(cursor).map(Item::Text),
        b'*' | b'A'..=b'Z' | b'a'..=b'z' => token(cursor),
        b':' => enclosed(cursor, ":", is_base64),
        b'%' => cursor.literal("%").and_then(|()| enclosed(cursor, "\"", is_display)),
        b'?' => cursor.one_of(&["?0", "?1"]).map(|_| Item::Other),
        b'@' => cursor.literal("@").and_then(|()| number(cursor)).map(|_| Item::Other),
        _ => None,
    }
}

/// An integer of at most 15 digits, or a decimal of at most 12 and 3.
fn number(cursor: &mut Cursor<'_>) -> Option<Item> {
    let negative = cursor.literal("-").is_some();
    let digits = cursor.all(|byte| byte.is_ascii_digit());
    if cursor.literal(".").is_some() {
        let fraction = cursor.all(|byte| byte.is_ascii_digit());
        let fits = (1..=12).contains(&digits.len()) && (1..=3).contains(&fraction.len());
        return fits.then_some(Item::Other);
    }
    if !(1..=15).contains(&digits.len()) {
        return None;
    }
    let number = i64::try_from(decimal::number(digits)).ok()?;
    Some(Item::Integer(if negative { number.saturating_neg() } else { number }))
}

/// Printable ASCII in quotes; a backslash stands before a quote or a backslash, and nowhere else.
fn string(cursor: &mut Cursor<'_>) -> Option<String> {
    cursor.literal("\"")?;
    let mut text = String::new();
    loop {
        match cursor.one(|byte| matches!(byte, b' '..=b'~'))? {
            b'"' => return Some(text),
            b'\\' => text.push(cursor.one(|byte| matches!(byte, b'"' | b'\\'))?.into()),
            byte => text.push(byte.into()),
        }
    }
}

fn token(cursor: &mut Cursor<'_>) -> Option<Item> {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte);
    let text = str::from_utf8(cursor.all(inner)).ok()?;
    Some(Item::Text(text.into()))
}

/// A byte sequence or a display string: what it holds is of no interest here.
fn enclosed(cursor: &mut Cursor<'_>, quote: &str, accept: fn(u8) -> bool) -> Option<Item> {
    cursor.literal(quote)?;
    cursor.all(accept);
    cursor.literal(quote)?;
    Some(Item::Other)
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

const fn is_display(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"'
}

const fn is_space(byte: u8) -> bool {
    byte == b' '
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

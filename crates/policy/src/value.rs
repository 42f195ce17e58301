//! TOML and JSON as far as tollgate needs them: one tree for both, which keeps duplicate names, so
//! that they can be refused.

use std::borrow::Cow;
use std::fmt;

use crate::policy_set::TextError;
use crate::toml_text;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// Longest text in bytes.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;

/// Most entries of one table.
pub const TABLE_ENTRIES_MAX: usize = 1_000;

/// Most items of one list.
pub const LIST_ITEMS_MAX: usize = 1_000;

/// A parsed value, which borrows from the text where it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// A whole number that is not negative.
    Number(u64),
    /// True or false.
    Truth(bool),
    /// A text.
    Text(Cow<'a, str>),
    /// Named values, in their order, repeated names included.
    Table(Vec<Entry<'a>>),
    /// Values in their order.
    List(Vec<Self>),
    /// JSON's `null`, which means the same as leaving it out.
    Null,
    /// Anything else: no field of tollgate is a date or another kind of number.
    Other,
}

/// A named value of a table.
pub type Entry<'a> = (Cow<'a, str>, Value<'a>);

impl Value<'_> {
    /// The same value, owned.
    #[must_use]
    pub fn to_static(&self) -> Value<'static> {
        let text = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::Truth(truth) => Value::Truth(*truth),
            Self::Text(it) => Value::Text(text(it)),
            Self::Table(entries) => {
                let entries = entries.iter().map(|(name, value)| (text(name), value.to_static()));
                Value::Table(entries.collect())
            }
            Self::List(items) => Value::List(items.iter().map(Self::to_static).collect()),
            Self::Null => Value::Null,
            Self::Other => Value::Other,
        }
    }
}

/// Reads a text: JSON if its first character is `{`, TOML otherwise.
pub(crate) fn parse(text: &str) -> Result<Value<'_>, TextError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(TextError(format!(
            "the text has {} bytes; at most {TEXT_BYTES_MAX} are read",
            text.len()
        )));
    }
    if is_json(text) {
        // From bytes, as bodies are: the edge then contains one JSON parser, not two.
        return serde_json::from_slice(text.as_bytes())
            .map_err(|error| TextError(error.to_string()));
    }
    toml_text::parse(text).map_err(TextError)
}

/// Whether a text is JSON, and not TOML.
pub(crate) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// A text of policies or keys as JSON without spaces: for text that is parsed often, since TOML takes
/// several times as long. `None` if it can't be parsed, or if the JSON would be too long.
///
/// ```
/// let text = "[policy.api]\nrequests = { algorithm = 'gcra', limit = 100, per = '1m' } # a comment";
/// let json = r#"{"policy":{"api":{"requests":{"algorithm":"gcra","limit":100,"per":"1m"}}}}"#;
/// assert_eq!(tollgate_policy::compact(text).unwrap(), json);
/// ```
#[must_use]
pub fn compact(text: &str) -> Option<String> {
    let json = serde_json::to_string(&parse(text).ok()?).ok()?;
    (json.len() <= TEXT_BYTES_MAX).then_some(json)
}

impl Serialize for Value<'_> {
    /// [`Value::Other`] is written as `null`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Truth(truth) => serializer.serialize_bool(*truth),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Table(entries) => {
                serializer.collect_map(entries.iter().map(|(name, value)| (name, value)))
            }
            Self::List(items) => serializer.collect_seq(items),
            Self::Null | Self::Other => serializer.serialize_unit(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

/// The name of an entry.
#[derive(serde::Deserialize)]
struct EntryName<'a>(#[serde(borrow)] Cow<'a, str>);

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value<'de>, E> {
        Ok(Value::Truth(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(u64::try_from(number).map_or(Value::Other, Value::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == LIST_ITEMS_MAX {
                return Err(A::Error::custom(format_args!(
                    "a list has more than {LIST_ITEMS_MAX} items"
                )));
            }
            items.push(item);
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some((EntryName(name), value)) = map.next_entry()? {
            if entries.len() == TABLE_ENTRIES_MAX {
                return Err(A::Error::custom(format_args!(
                    "a table has more than {TABLE_ENTRIES_MAX} entries"
                )));
            }
            entries.push((name, value));
        }
        Ok(Value::Table(entries))
    }
}

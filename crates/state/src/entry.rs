//! The lines of a dump.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tollgate_kv::{KEY_BYTES_MAX, VALUE_BYTES_MAX};

use crate::decoded::Decoded;

/// The format's name in the first line.
pub const FORMAT: &str = "tollgate state";
/// The version of the format that is written, and the only one that can be read.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
}

/// The last line.
#[derive(Debug, Serialize)]
struct End {
    records: u64,
}

/// One record in a dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The key in the store.
    pub key: String,
    /// The bytes, in lower-case hexadecimal.
    pub record: String,
    /// The bytes decoded, if their policy is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoded: Option<Decoded>,
}

impl Entry {
    /// The entry for `bytes` under `key`.
    #[must_use]
    pub fn new(key: String, bytes: &[u8], decoded: Option<Decoded>) -> Self {
        Self { key, record: base16ct::lower::encode_string(bytes), decoded }
    }
}

/// What is wrong with a line of a dump; the message names the field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LineError(pub(crate) String);

/// A line after the first one, as parsed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Record { key: String, bytes: Vec<u8> },
    End { records: u64 },
}

/// The fields that a line may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    key: Option<String>,
    record: Option<String>,
    #[serde(rename = "decoded")]
    _decoded: Option<IgnoredAny>,
    records: Option<u64>,
}

pub(crate) fn header_line() -> String {
    json(&Header { format: FORMAT.to_owned(), version: VERSION })
}

pub(crate) fn entry_line(entry: &Entry) -> String {
    json(entry)
}

pub(crate) fn end_line(records: u64) -> String {
    json(&End { records })
}

/// `line` as JSON. It has only strings and numbers under plain names, so this can't fail.
fn json(line: &impl Serialize) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

/// Checks the first line.
pub(crate) fn parse_header(line: &[u8]) -> Result<(), LineError> {
    let Ok(Header { format, version }) = serde_json::from_slice(line) else {
        return Err(LineError(format!("is not that of a dump, {}", header_line())));
    };
    if format != FORMAT {
        return Err(LineError(format!("format: is {FORMAT:?} in a dump, not {format:?}")));
    }
    if version != VERSION {
        return Err(LineError(format!("version: this program reads {VERSION}, not {version}")));
    }
    Ok(())
}

/// Reads any other line.
pub(crate) fn parse_line(line: &[u8]) -> Result<Line, LineError> {
    let fields: Fields =
        serde_json::from_slice(line).map_err(|error| LineError(error.to_string()))?;
    match fields {
        Fields { key: None, record: None, records: Some(records), .. } => Ok(Line::End { records }),
        Fields { records: Some(_), .. } => {
            Err(LineError("records: stands alone, on the last line".to_owned()))
        }
        Fields { key: None, .. } => Err(LineError("key: is missing".to_owned())),
        Fields { record: None, .. } => Err(LineError("record: is missing".to_owned())),
        Fields { key: Some(key), record: Some(record), .. } => {
            if !(1..=KEY_BYTES_MAX).contains(&key.len()) {
                let message = format!("key: has 1 to {KEY_BYTES_MAX} bytes, not {}", key.len());
                return Err(LineError(message));
            }
            Ok(Line::Record { key, bytes: parse_record(&record)? })
        }
    }
}

/// The bytes of a record written in hexadecimal, with digits of either case.
///
/// # Errors
/// [`LineError`] when `text` is not hexadecimal, or the record is longer than a store takes.
///
/// ```
/// assert_eq!(tollgate_state::parse_record("01fF").unwrap(), [1, 255]);
/// let odd = tollgate_state::parse_record("01f").unwrap_err();
/// assert_eq!(odd.to_string(), "record: is not hexadecimal, two digits a byte");
/// ```
pub fn parse_record(text: &str) -> Result<Vec<u8>, LineError> {
    let length = text.len().div_ceil(2);
    if length > VALUE_BYTES_MAX {
        let message = format!("record: has at most {VALUE_BYTES_MAX} bytes, not {length}");
        return Err(LineError(message));
    }
    base16ct::mixed::decode_vec(text)
        .map_err(|_| LineError("record: is not hexadecimal, two digits a byte".to_owned()))
}

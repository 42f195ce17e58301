//! TOML as a tree. Only toml's parser is used: it bounds the nesting depth, and unlike its serde side it
//! does not parse floats, which no policy has and whose parsing is a tenth of an edge function.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::value::{LIST_ITEMS_MAX, TABLE_ENTRIES_MAX, Value};

/// The tree of `text`, or what is wrong with it and where.
pub(crate) fn parse(text: &str) -> Result<Value<'_>, String> {
    let table = DeTable::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        format!("{} at {}", error.message(), place(text, start))
    })?;
    self::table(table.into_inner())
}

/// A table in the order of the text; the parser keeps it sorted by name.
fn table(table: DeTable<'_>) -> Result<Value<'_>, String> {
    if table.len() > TABLE_ENTRIES_MAX {
        return Err(format!("a table has more than {TABLE_ENTRIES_MAX} entries"));
    }
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_unstable_by_key(|(name, _)| name.span().start);
    let entries = entries.into_iter().map(|(name, entry)| {
        let value = value(entry)?;
        Ok((name.into_inner(), value))
    });
    Ok(Value::Table(entries.collect::<Result<_, String>>()?))
}

fn value(value: Spanned<DeValue<'_>>) -> Result<Value<'_>, String> {
    Ok(match value.into_inner() {
        DeValue::Table(inner) => table(inner)?,
        DeValue::String(text) => Value::Text(text),
        DeValue::Integer(number) => {
            u64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Other, Value::Number)
        }
        DeValue::Array(items) if items.len() > LIST_ITEMS_MAX => {
            return Err(format!("a list has more than {LIST_ITEMS_MAX} items"));
        }
        DeValue::Array(items) => {
            Value::List(items.into_iter().map(self::value).collect::<Result<_, _>>()?)
        }
        DeValue::Boolean(truth) => Value::Truth(truth),
        _ => Value::Other,
    })
}

/// A position in a text, for people.
pub(crate) fn place(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line = before.matches('\n').count() + 1;
    format!("line {line} column {}", before.len() - line_start + 1)
}

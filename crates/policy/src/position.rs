//! Where in a TOML text the field is that a message is about, for messages to people. Guests leave it
//! out: it reads the text once more.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::policy_set::TextError;
use crate::toml_text::place;

impl TextError {
    /// The line and the column, both from 1 and the column in bytes, of the field that it is about:
    /// `line 2 column 15`. Of a field that is missing they are those of what it belongs in. Nothing for
    /// JSON, for what stands in no field, and for what is no TOML at all, whose message says where.
    ///
    /// ```
    /// use tollgate_policy::PolicySet;
    /// let text = "[policy.api]\nrequests = { algorithm = \"gcra\", limit = 0, per = \"1s\" }";
    /// let error = PolicySet::parse(text).unwrap_err();
    /// assert_eq!(error.position(text).as_deref(), Some("line 2 column 42"));
    /// ```
    #[must_use]
    pub fn position(&self, text: &str) -> Option<String> {
        let table = DeTable::parse(text).ok()?;
        let (field, _) = self.parts();
        Some(place(text, in_table(table.get_ref(), field)?.start))
    }
}

/// Where the deepest field on the way to `field` is that there is.
fn in_table(table: &DeTable<'_>, field: &str) -> Option<Range<usize>> {
    let entries = table.iter().filter_map(|(name, value)| {
        // Names may have dots themselves: the longest one that fits is meant.
        let rest = field.strip_prefix(&**name.get_ref())?;
        let is_whole = rest.is_empty() || rest.starts_with(['.', '[']);
        is_whole.then_some((name, value, rest))
    });
    let (name, value, rest) = entries.max_by_key(|(name, ..)| name.get_ref().len())?;
    let is_table = matches!(value.get_ref(), DeValue::Table(_) | DeValue::Array(_));
    // What is wrong with a field is its value, and with a table that it is there.
    let here = if is_table { name.span() } else { value.span() };
    in_value(value, rest).or(Some(here))
}

fn in_value(value: &Spanned<DeValue<'_>>, field: &str) -> Option<Range<usize>> {
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, field.strip_prefix('.')?),
        DeValue::Array(items) => {
            let (index, rest) = field.strip_prefix('[')?.split_once(']')?;
            let item = items.get(index.parse::<usize>().ok()?)?;
            in_value(item, rest).or_else(|| Some(item.span()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::PolicySet;

    #[test]
    fn a_message_is_at_its_field_or_at_what_the_field_is_missing_in() {
        let rows = [
            (
                "[policy.a]\nr = { algorithm = \"gcra\", limit = 0, per = \"1s\" }",
                "line 2 column 35",
            ),
            ("[policy.a]\nr = { algorithm = \"gcra\", per = \"1s\" }", "line 2 column 1"),
            ("[policy.a]\nr = { algorithm = \"none\" }", "line 2 column 19"),
            (
                "[policy.a.r]\nalgorithm = \"gcra\"\nlimit = 1\nper = \"1s\"\nx = 1",
                "line 5 column 5",
            ),
            ("[policy.a]\nx = 3", "line 2 column 5"),
            ("[policy.\"A B\"]\n", "line 1 column 9"),
            ("[nothing.a]\n", "line 1 column 2"),
            ("[pool.p]\nmembers = [{ policy = \"a\", key = \"k\" }]", "line 2 column 23"),
            ("[pool.p]\nmembers = [{ key = \"k\" }]", "line 2 column 12"),
        ];
        for (text, expected) in rows {
            let error = PolicySet::parse(text).expect_err(text);
            assert_eq!(error.position(text).as_deref(), Some(expected), "{text}: {error}");
        }
    }

    #[test]
    fn json_and_broken_texts_have_no_position_beside_their_message() {
        for text in ["{\"policy\":{\"a\":{\"x\":3}}}", "[policy.a]\nrequests = {", "x"] {
            let error = PolicySet::parse(text).expect_err(text);
            assert_eq!(error.position(text), None, "{text}: {error}");
        }
    }
}

//! The position in a text of the field that a message is about, for messages to people. Guests leave it
//! out: it parses the text again.

use crate::policy_set::TextError;
use crate::spans::{self, Field, Inside, Span};
use crate::toml_text::place;

impl TextError {
    /// The line and the column, both from 1 and the column in bytes, of the field that it is about:
    /// `line 2 column 15`. For a missing field they are those of what it belongs in. `None` for an error in
    /// no field, and for a text that is neither TOML nor JSON, whose message says where.
    ///
    /// ```
    /// use tollgate_policy::PolicySet;
    /// let text = "[policy.api]\nrequests = { algorithm = \"gcra\", limit = 0, per = \"1s\" }";
    /// let error = PolicySet::parse(text).unwrap_err();
    /// assert_eq!(error.position(text).as_deref(), Some("line 2 column 42"));
    /// ```
    #[must_use]
    pub fn position(&self, text: &str) -> Option<String> {
        let (field, _) = self.parts();
        let Inside::Table(fields) = spans::parse(text)?.inside else { return None };
        Some(place(text, in_table(&fields, field)?))
    }
}

/// The position of the deepest existing field on the path to `field`.
fn in_table(fields: &[Field<'_>], field: &str) -> Option<usize> {
    let fields = fields.iter().filter_map(|there| {
        // Names may contain dots: the longest name that matches is meant.
        let rest = field.strip_prefix(&*there.name)?;
        let is_whole = rest.is_empty() || rest.starts_with(['.', '[']);
        is_whole.then_some((there, rest))
    });
    // Of two with the same name, the second is the mistake.
    let (there, rest) = fields.max_by_key(|(there, _)| there.name.len())?;
    // For a field, point at its value; for a table, at its name.
    let here = match there.value.inside {
        Inside::Nothing => there.value.start,
        _ => there.start,
    };
    in_value(&there.value, rest).or(Some(here))
}

fn in_value(value: &Span<'_>, field: &str) -> Option<usize> {
    match &value.inside {
        Inside::Table(fields) => in_table(fields, field.strip_prefix('.')?),
        Inside::List(items) => {
            let (index, rest) = field.strip_prefix('[')?.split_once(']')?;
            let item = items.get(index.parse::<usize>().ok()?)?;
            in_value(item, rest).or(Some(item.start))
        }
        Inside::Nothing => None,
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
            ("{\"policy\": {\n\"a\": {\"x\": 3}}}", "line 2 column 12"),
            ("{\"policy\": {\"a\": {\"r\": {\n\"algorithm\": \"gcra\"}}}}", "line 1 column 19"),
            ("{\"policy\": {\"a\": {},\n  \"a\": {}}}", "line 2 column 3"),
            ("\n{\"pool\": {\"p\": {\"members\": [{\"policy\": \"a\"}]}}}", "line 2 column 29"),
        ];
        for (text, expected) in rows {
            let error = PolicySet::parse(text).expect_err(text);
            assert_eq!(error.position(text).as_deref(), Some(expected), "{text}: {error}");
        }
    }

    #[test]
    fn what_can_not_be_read_has_no_position_beside_its_message() {
        for text in ["{\"policy\":{\"a\":}", "[policy.a]\nrequests = {", "x", "{}x"] {
            let error = PolicySet::parse(text).expect_err(text);
            assert_eq!(error.position(text), None, "{text}: {error}");
        }
    }
}

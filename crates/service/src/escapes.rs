//! Decodes percent escapes in paths and queries.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::problem::Problem;

/// The decoded text. A truncated or malformed escape is refused, since the text as it stands is not what was meant.
pub(crate) fn undone<'a>(field: &str, text: &'a str) -> Result<Cow<'a, str>, Problem> {
    let mut escapes = text.split('%').skip(1).map(|rest| rest.as_bytes().first_chunk::<2>());
    if !escapes.all(|digits| digits.is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit))) {
        return Err(Problem::invalid(field, "has a % that begins no escape; write %25"));
    }
    let text = percent_decode_str(text).decode_utf8();
    text.map_err(|_| Problem::invalid(field, "its percent escapes are no UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_whole_or_refused() {
        for (text, expected) in
            [("", ""), ("a+b", "a+b"), ("%2F%2f", "//"), ("%25", "%"), ("ü%C3%BC", "üü")]
        {
            assert_eq!(undone("key", text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["%", "a%2", "%zz", "%%25", "%2", "%ü", "100%", "%+1", "%ff", "%C3"] {
            assert!(undone("key", text).is_err(), "{text}");
        }
    }
}

//! The fields of one table, read one by one, each with an error that names it.

use tollgate_core::{Span, UNITS_MAX};

use crate::value::{Entry, Value};

/// The fields of one limit.
pub(crate) struct Fields<'a> {
    /// What the fields belong to, for messages.
    pub(crate) owner: &'a str,
    pub(crate) entries: &'a [Entry<'a>],
}

impl<'a> Fields<'a> {
    /// Refuses every field that is in none of these lists.
    pub(crate) fn has_only(&self, own: &[&str], general: &[&str]) -> Result<(), String> {
        let mut names = self.entries.iter().map(|(name, _)| &**name);
        match names.find(|name| !own.contains(name) && !general.contains(name)) {
            Some(name) => {
                let own = own.join(", ");
                Err(format!(".{name}: is no field of {}, which has {own}", self.owner))
            }
            None => Ok(()),
        }
    }

    pub(crate) fn get(&self, field: &str) -> Result<Option<&'a Value<'a>>, String> {
        let mut found = self.entries.iter().filter(|(name, _)| name == field);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(format!(".{field}: is given twice")),
            (Some((_, value)), None) => Ok(Some(value)),
            (None, None) => Ok(None),
        }
    }

    /// A required field.
    pub(crate) fn needed<T>(&self, field: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!(".{field}: {} needs it", self.owner))
    }

    pub(crate) fn number(&self, field: &str) -> Result<Option<u64>, String> {
        match self.get(field)? {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(*number)),
            Some(_) => {
                Err(format!(".{field}: must be a whole number without a sign, at most {UNITS_MAX}"))
            }
        }
    }

    pub(crate) fn needed_number(&self, field: &str) -> Result<u64, String> {
        self.needed(field, self.number(field)?)
    }

    pub(crate) fn text(&self, field: &str) -> Result<Option<&'a str>, String> {
        match self.get(field)? {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(format!(".{field}: must be a text")),
        }
    }

    /// True or false; false if absent.
    pub(crate) fn truth(&self, field: &str) -> Result<bool, String> {
        match self.get(field)? {
            None => Ok(false),
            Some(Value::Truth(truth)) => Ok(*truth),
            Some(_) => Err(format!(".{field}: must be true or false")),
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(
        &self,
        field: &str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, String> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let words: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                Err(format!(".{field}: must be {}", words.join(" or ")))
            }
        }
    }

    pub(crate) fn span(&self, field: &str) -> Result<Option<Span>, String> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let span = humantime::parse_duration(text).map_err(|_| {
            format!(".{field}: \"{text}\" is no period; write 1s, 5m, 1h, 1d or 1h 30m")
        })?;
        // What overflows is longer than the longest period, and refused as such.
        Ok(Some(Span::from_nanos(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))))
    }

    pub(crate) fn needed_span(&self, field: &str) -> Result<Span, String> {
        self.needed(field, self.span(field)?)
    }

    /// An offset from UTC in seconds: `+02:00`, `-05:30`; 0 if absent.
    pub(crate) fn utc_offset_secs(&self, field: &str) -> Result<i32, String> {
        let Some(text) = self.text(field)? else { return Ok(0) };
        offset_secs(text)
            .ok_or_else(|| format!(".{field}: \"{text}\" is no offset; write +02:00 or -05:30"))
    }
}

fn offset_secs(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = hours_and_minutes(rest)?;
    Some(sign * (i32::from(hours) * 3_600 + i32::from(minutes) * 60))
}

/// `09:30`: two digits each, and less than 60 minutes.
pub(crate) fn hours_and_minutes(text: &str) -> Option<(u16, u16)> {
    let two_digits = |part: &str| {
        let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (minutes < 60).then_some((hours, minutes))
}

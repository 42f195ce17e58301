//! Request bodies: bounded JSON, refused with the name of the field at fault.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use bytes::Bytes;
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tollgate_core::UNITS_MAX;
use tollgate_policy::{Entry, Value};

use crate::problem::Problem;

/// Longest request body in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The whole body, if it is not too long.
pub(crate) async fn read<B>(body: B) -> Result<Bytes, Problem>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Problem::too_long(format!("must have at most {BODY_BYTES_MAX} bytes")))
        }
        Err(_) => Err(Problem::invalid("body", "could not be read to its end")),
    }
}

/// The members of an object, each taken out once. What is left at the [end](Self::end) is refused.
pub(crate) struct Members<'a> {
    /// The list that the object is in, and its index there, if any: for messages.
    item_of: Option<(&'static str, usize)>,
    entries: Vec<Entry<'a>>,
}

/// A text and its name, which comes first.
pub(crate) type TextEntry<'a> = (Cow<'a, str>, Cow<'a, str>);

/// A number for a policy of one limit, or numbers by limit name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CostBody<'a> {
    One(u64),
    Named(Vec<(Cow<'a, str>, u64)>),
}

impl<'a> Members<'a> {
    /// The members of a body.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Problem> {
        let value = serde_json::from_slice(body)
            .map_err(|error| Problem::invalid("body", format!("is no JSON: {error}")))?;
        match value {
            Value::Table(entries) => Ok(Self { item_of: None, entries }),
            _ => Err(Problem::invalid("body", "must be an object")),
        }
    }

    /// The member's name with its path, as given in problems.
    pub(crate) fn field(&self, name: &str) -> String {
        match self.item_of {
            None => name.to_owned(),
            Some((list, index)) => format!("{list}[{index}].{name}"),
        }
    }

    /// A problem with a member.
    pub(crate) fn invalid(&self, name: &str, detail: impl Into<String>) -> Problem {
        Problem::invalid(&self.field(name), detail)
    }

    fn take(&mut self, name: &str) -> Result<Option<Value<'a>>, Problem> {
        let Some(index) = self.entries.iter().position(|(there, _)| there == name) else {
            return Ok(None);
        };
        let (_, value) = self.entries.swap_remove(index);
        if self.entries.iter().any(|(there, _)| there == name) {
            return Err(self.invalid(name, "is given twice"));
        }
        Ok(if value == Value::Null { None } else { Some(value) })
    }

    /// Whether the member is there, and is not null.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|(there, value)| there == name && *value != Value::Null)
    }

    pub(crate) fn needed_value(&mut self, name: &str) -> Result<Value<'a>, Problem> {
        self.take(name)?.ok_or_else(|| self.invalid(name, "is missing"))
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Problem> {
        match self.take(name)? {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.invalid(name, "must be a text")),
        }
    }

    pub(crate) fn needed_text(&mut self, name: &str) -> Result<Cow<'a, str>, Problem> {
        self.text(name)?.ok_or_else(|| self.invalid(name, "is missing"))
    }

    /// A whole number in this range.
    pub(crate) fn number(
        &mut self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Problem> {
        match self.take(name)? {
            None => Ok(None),
            Some(Value::Number(number)) if range.contains(&number) => Ok(Some(number)),
            Some(_) => {
                let (least, most) = range.into_inner();
                Err(self.invalid(name, format!("must be a whole number from {least} to {most}")))
            }
        }
    }

    pub(crate) fn needed_number(
        &mut self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<u64, Problem> {
        self.number(name, range)?.ok_or_else(|| self.invalid(name, "is missing"))
    }

    /// A list of 1 to `most` objects, which contain no lists of objects themselves.
    pub(crate) fn list(
        &mut self,
        name: &'static str,
        most: usize,
    ) -> Result<Option<Vec<Self>>, Problem> {
        let items = match self.take(name)? {
            None => return Ok(None),
            Some(Value::List(items)) if (1..=most).contains(&items.len()) => items,
            Some(_) => {
                return Err(self.invalid(name, format!("must be a list of 1 to {most} objects")));
            }
        };
        let objects = items.into_iter().enumerate().map(|(index, item)| match item {
            Value::Table(entries) => Ok(Self { item_of: Some((name, index)), entries }),
            _ => Err(self.invalid(&format!("{name}[{index}]"), "must be an object")),
        });
        objects.collect::<Result<_, _>>().map(Some)
    }

    /// Texts by name, at most so many; none if there is no such member.
    pub(crate) fn texts(&mut self, name: &str, most: usize) -> Result<Vec<TextEntry<'a>>, Problem> {
        let entries = match self.take(name)? {
            None => return Ok(Vec::new()),
            Some(Value::Table(entries)) if entries.len() <= most => entries,
            Some(_) => {
                let detail = format!("must be an object of at most {most} texts by name");
                return Err(self.invalid(name, detail));
            }
        };
        let mut texts: Vec<TextEntry<'a>> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let wrong = |detail: &str| Err(self.invalid(&format!("{name}.{key}"), detail));
            match value {
                Value::Text(_) if texts.iter().any(|(there, _)| *there == key) => {
                    return wrong("is given twice");
                }
                Value::Text(text) => texts.push((key, text)),
                _ => return wrong("must be a text"),
            }
        }
        Ok(texts)
    }

    pub(crate) fn cost(&mut self) -> Result<Option<CostBody<'a>>, Problem> {
        match self.take("cost")? {
            None => Ok(None),
            Some(Value::Table(members)) => {
                let named = members.into_iter().map(|(name, value)| match value {
                    Value::Number(units) if units <= UNITS_MAX => Ok((name, units)),
                    _ => Err(self.not_units(&format!("cost.{name}"))),
                });
                Ok(Some(CostBody::Named(named.collect::<Result<_, Problem>>()?)))
            }
            Some(Value::Number(units)) if units <= UNITS_MAX => Ok(Some(CostBody::One(units))),
            Some(_) => Err(self.not_units("cost")),
        }
    }

    fn not_units(&self, name: &str) -> Problem {
        self.invalid(name, format!("must be a whole number from 0 to {UNITS_MAX}"))
    }

    /// Refuses what was not taken. What is null is as if left out.
    pub(crate) fn end(self) -> Result<(), Problem> {
        match self.entries.iter().find(|(_, value)| *value != Value::Null) {
            None => Ok(()),
            Some((name, _)) => Err(self.invalid(name, "is no member of this request")),
        }
    }
}

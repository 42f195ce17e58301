//! The query of a path: `name=value` pairs, each taken out once.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::escapes;
use crate::problem::Problem;

/// Most parameters of a query. No path takes more than a few.
const PARAMETERS_MAX: usize = 16;

pub(crate) struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let parameters = pairs.take(PARAMETERS_MAX + 1).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name)?, decoded(value)?))
        });
        let parameters = parameters.collect::<Result<Vec<_>, Problem>>()?;
        if parameters.len() > PARAMETERS_MAX {
            let detail = format!("has more than {PARAMETERS_MAX} parameters");
            return Err(Problem::invalid("query", detail));
        }
        Ok(Self { parameters })
    }

    pub(crate) fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let Some(index) = self.parameters.iter().position(|(there, _)| there == name) else {
            return Ok(None);
        };
        let (_, value) = self.parameters.swap_remove(index);
        if self.parameters.iter().any(|(there, _)| there == name) {
            return Err(Problem::invalid(name, "is given twice"));
        }
        Ok(Some(value))
    }

    /// A whole number in this range.
    pub(crate) fn number(
        &mut self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Problem> {
        let Some(text) = self.take(name)? else { return Ok(None) };
        let digits = text.bytes().all(|byte| byte.is_ascii_digit()).then_some(&text);
        let number = digits.and_then(|text| text.parse().ok());
        let number = number.filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| {
            let (least, most) = range.into_inner();
            Problem::invalid(name, format!("must be a whole number from {least} to {most}"))
        })
    }

    /// Refuses all parameters, for a path that takes none.
    pub(crate) fn none(query: Option<&str>) -> Result<(), Problem> {
        Self::parse(query)?.end()
    }

    /// Refuses parameters that were not taken.
    pub(crate) fn end(self) -> Result<(), Problem> {
        match self.parameters.first() {
            None => Ok(()),
            Some((name, _)) => Err(Problem::invalid(name, "is no parameter of this path")),
        }
    }
}

/// Form encoding: a plus is a space.
fn decoded(text: &str) -> Result<String, Problem> {
    let spaced = text.replace('+', " ");
    escapes::undone("query", &spaced).map(Cow::into_owned)
}

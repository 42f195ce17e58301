//! One limit as it is written in a policy text.

use tollgate_core::{Limit, LimitError, Overrun};

use crate::algorithm_text;
use crate::fields::Fields;
use crate::value::Entry;

/// The limit that a table describes, or a message that starts with the field it is about.
pub(crate) fn limit(name: &str, entries: &[Entry<'_>]) -> Result<Limit, String> {
    let mut fields = Fields { owner: "a limit", entries };
    fields.owner = fields.needed("algorithm", fields.text("algorithm")?)?;
    let algorithm = algorithm_text::algorithm(&fields)?;
    let mut limit = Limit::new(name, algorithm).map_err(|error| message(&error))?;
    if let Some(cost) = fields.number("default_cost")? {
        limit = limit.with_default_cost(cost).map_err(|error| message(&error))?;
    }
    if fields.truth("per_call")? {
        if fields.get("default_cost")?.is_some() {
            return Err(String::from(".default_cost: every call of a per_call limit costs 1"));
        }
        limit = limit.per_call();
    }
    if fields.truth("shadow")? {
        limit = limit.shadow();
    }
    let words = [("debt", Overrun::Debt), ("refuse", Overrun::Refuse)];
    Ok(match fields.word("overrun", &words)? {
        Some(overrun) => limit.with_overrun(overrun),
        None => limit,
    })
}

/// A bad name is about the limit itself; everything else about one of its fields.
fn message(error: &LimitError) -> String {
    match error {
        LimitError::Name => format!(": its {error}"),
        _ => format!(".{error}"),
    }
}

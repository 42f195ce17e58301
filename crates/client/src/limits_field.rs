//! `Tollgate-Limits`: what a body would have said of each limit.
//! `"requests";limit=60;remaining=59;retry_after_ms=0;reset_after_ms=1000`, of several limits with a
//! comma between them. Names need no escapes, a number of 16 digits is a string, and what is missing is
//! `null`.

use std::time::Duration;

use crate::answer::{LimitStatus, Limits};
use crate::error::ClientError;

pub(crate) fn parse(field: &str) -> Result<Limits, ClientError> {
    let items = field.split(',').map(str::trim).filter(|item| !item.is_empty());
    let limits = items.map(item).collect::<Option<_>>();
    limits.ok_or_else(|| ClientError::protocol("the field Tollgate-Limits can't be read"))
}

fn item(item: &str) -> Option<(String, LimitStatus)> {
    let (name, parameters) = item.strip_prefix('"')?.split_once('"')?;
    let mut status = LimitStatus::default();
    for parameter in parameters.split(';').skip(1) {
        let (name, number) = parameter.split_once('=')?;
        let number = number.trim_matches('"').parse().ok()?;
        match name {
            "limit" => status.limit = number,
            "remaining" => status.remaining = number,
            "retry_after_ms" => status.retry_after = Some(Duration::from_millis(number)),
            "reset_after_ms" => status.reset_after = Some(Duration::from_millis(number)),
            "delay_ms" => status.delay = Duration::from_millis(number),
            // A later version may say more.
            _ => {}
        }
    }
    Some((name.to_owned(), status))
}

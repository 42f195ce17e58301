//! `POST /v1/acquire/batch`.

use std::time::Duration;

use serde::Deserialize;

use super::Call;
use super::acquire::{Acquire, AcquireBody};
use crate::answer::{Answer, CountedBy, Limits, Verdict};
use crate::error::ClientError;

#[derive(serde::Serialize)]
struct BatchBody<'a> {
    requests: Vec<AcquireBody<'a>>,
}

#[derive(Deserialize)]
struct BatchAnswer {
    results: Vec<ResultText>,
}

#[derive(Deserialize)]
struct ResultText {
    status: u16,
    retry_after_ms: Option<u64>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    repeated: bool,
    #[serde(default)]
    local: bool,
    #[serde(default)]
    uncounted: bool,
}

/// The outcome of each acquire of a batch, in their order.
pub(crate) type Batched = Vec<Result<Answer, ClientError>>;

/// Safe to repeat if each of its requests is.
pub(crate) fn try_acquire_batch(asked: &[Acquire]) -> Result<Call<Batched>, ClientError> {
    let named = asked.iter().map(Acquire::named).collect::<Result<Vec<_>, _>>()?;
    let body = BatchBody { requests: named.iter().map(Acquire::body).collect() };
    let is_repeatable = named.iter().all(Acquire::has_request_id);
    Ok(Call::post("/v1/acquire/batch", &body, is_repeatable, |heard| {
        let answer: BatchAnswer = heard.json()?;
        Ok(answer.results.into_iter().map(read).collect())
    }))
}

/// The answers, if there is one for each acquire.
pub(crate) fn one_each(asked: &[Acquire], answers: Batched) -> Result<Batched, ClientError> {
    if answers.len() == asked.len() {
        return Ok(answers);
    }
    let (answers, asked) = (answers.len(), asked.len());
    Err(ClientError::protocol(format!("it answers {answers} of {asked} acquires")))
}

fn read(result: ResultText) -> Result<Answer, ClientError> {
    let verdict = match result.status {
        200 => Verdict::Allowed,
        429 => Verdict::Limited,
        422 => Verdict::Impossible,
        status => {
            let detail = format!("status {status}");
            return Err(ClientError::Unavailable { detail, is_unclear: true });
        }
    };
    let retry_after = match verdict {
        Verdict::Allowed => Some(Duration::ZERO),
        Verdict::Limited | Verdict::Impossible => result.retry_after_ms.map(Duration::from_millis),
    };
    let counted_by = match (result.uncounted, result.local) {
        (true, _) => CountedBy::Nobody,
        (false, true) => CountedBy::Process,
        (false, false) => CountedBy::Store,
    };
    let is_repeated = result.repeated;
    Ok(Answer { counted_by, is_repeated, ..Answer::new(verdict, retry_after, result.limits) })
}

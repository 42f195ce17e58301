//! Adaptive capacities: `GET /v1/capacity/{policy}/{key}`, and `POST /v1/capacity/set`, `/clear` and `/reduce`.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{
    Algorithm, CapacitySetting, Note, Operation, REASON_BYTES_MAX, ReduceFactor, SOURCE_BYTES_MAX,
    Span, UNITS_MAX,
};
use tollgate_store::{Answer, Clock, Store};

use crate::answer::{CapacityAnswer, CapacityBody, done};
use crate::asked::check_key;
use crate::body::Members;
use crate::endpoints::control::limit;
use crate::limiter::Limiter;
use crate::opened::Opened;
use crate::problem::Problem;
use crate::session::Session;

/// Longest period of a capacity, in milliseconds: 366 days.
pub(crate) const PER_MS_MAX: u64 = Span::LONGEST_YEAR.as_millis_ceil();

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// The capacity in force for each adaptive limit.
    pub(crate) async fn capacity(
        &self,
        policy: &str,
        key: &str,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let opened = self.opened_for(policy, key)?;
        check_key("key", key)?;
        let limits = opened.limits().limits();
        let ask = |record: Option<&[u8]>, now| {
            let capacity =
                |limit| opened.capacity_of(&self.service.limiter, key, record, limit, now);
            let outcome = (0..limits.len()).map(capacity).collect::<Result<Vec<_>, _>>()?;
            Ok(Answer { outcome, record: None, forget_after: Span::NEVER })
        };
        let capacities =
            self.on_record(self.record_key(opened, key), opened.is_best_effort(), ask).await?;
        let named = limits.iter().zip(capacities);
        let capacities = named
            .filter_map(|(limit, capacity)| Some(CapacityBody::new(limit.name(), capacity?)))
            .collect();
        Ok(CapacityAnswer { policy, key, capacities }.response())
    }

    /// Sets the capacity of a limit for this key, and keeps it until it is cleared.
    pub(crate) async fn set_capacity(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let capacity = body.needed_number("capacity", 1..=UNITS_MAX)?;
        let per_ms = body.number("per_ms", 1..=PER_MS_MAX)?;
        let (opened, key) = self.policy_and_key(&mut body)?;
        let (limit, note) = adaptive(&mut body, opened)?;
        body.end()?;
        let policys = opened.limits().limits().get(limit).map(|limit| limit.period());
        let period = per_ms.map(Span::from_millis).or(policys).unwrap_or(Span::ZERO);
        let setting = CapacitySetting::new(capacity, period);
        let setting = setting.ok_or_else(|| Problem::invalid("per_ms", "is missing"))?;
        let set = Operation::SetCapacity { limit, capacity: Some(setting), note };
        self.change_one(opened, &key, &set).await
    }

    /// Goes back to the policy's numbers.
    pub(crate) async fn clear_capacity(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let (opened, key) = self.policy_and_key(&mut body)?;
        let (limit, note) = adaptive(&mut body, opened)?;
        body.end()?;
        let clear = Operation::SetCapacity { limit, capacity: None, note };
        self.change_one(opened, &key, &clear).await
    }

    /// Reduces a capacity because the upstream pushed back; it recovers by itself.
    pub(crate) async fn reduce(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let permille = body.number("factor_permille", 0..=999)?;
        let (opened, key) = self.policy_and_key(&mut body)?;
        let (limit, note) = adaptive(&mut body, opened)?;
        body.end()?;
        let factor = permille
            .and_then(|permille| ReduceFactor::from_permille(permille.try_into().ok()?))
            .unwrap_or_default();
        self.change_one(opened, &key, &Operation::Reduce { limit, factor, note }).await
    }

    async fn change_one(
        &self,
        opened: &Opened<L>,
        key: &str,
        operation: &Operation,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let applied = self.change_capacities(opened, key, operation).await?;
        Ok(done(opened, key, &applied.limits))
    }
}

/// The adaptive limit of a policy that a request names, and the note on who changes it.
fn adaptive<L: Limiter>(
    body: &mut Members<'_>,
    opened: &Opened<L>,
) -> Result<(usize, Note), Problem> {
    let limit = limit(body, opened)?;
    let algorithm = opened.limits().limits().get(limit).map(|limit| limit.algorithm());
    if !matches!(algorithm, Some(Algorithm::Adaptive { .. })) {
        return Err(body.invalid("limit", "is not adaptive: its capacity is the policy's"));
    }
    Ok((limit, note(body)?))
}

fn note(body: &mut Members<'_>) -> Result<Note, Problem> {
    let source = body.text("source")?.unwrap_or_default();
    let reason = body.text("reason")?.unwrap_or_default();
    if source.len() > SOURCE_BYTES_MAX {
        return Err(body.invalid("source", format!("must have at most {SOURCE_BYTES_MAX} bytes")));
    }
    Note::new(&source, &reason).ok_or_else(|| {
        body.invalid("reason", format!("must have at most {REASON_BYTES_MAX} bytes"))
    })
}

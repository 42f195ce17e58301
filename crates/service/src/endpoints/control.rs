//! An operator's operations on a key: `POST /v1/penalise`, `/v1/block`, `/v1/reset` and `/v1/lower`.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{Operation, Span, UNITS_MAX};
use tollgate_store::{Clock, Store};

use crate::answer::done;
use crate::body::Members;
use crate::limiter::Limiter;
use crate::opened::Opened;
use crate::problem::Problem;
use crate::session::Session;

/// Longest block, in milliseconds: 366 days.
pub(crate) const BLOCK_MS_MAX: u64 = Span::LONGEST_YEAR.as_millis_ceil();

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Charges even if there is no room.
    pub(crate) async fn penalise(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let leg = self.leg(&mut body)?;
        body.end()?;
        self.control(leg.opened, &leg.key, Operation::Penalise(leg.costs)).await
    }

    /// Lets nothing pass for the given time; 0 ends a block.
    pub(crate) async fn block(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let block_ms = body.needed_number("block_ms", 0..=BLOCK_MS_MAX)?;
        let (opened, key) = self.policy_and_key(&mut body)?;
        body.end()?;
        self.control(opened, &key, Operation::Block(Span::from_millis(block_ms))).await
    }

    /// Forgets everything about the key.
    pub(crate) async fn reset(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let (opened, key) = self.policy_and_key(&mut body)?;
        body.end()?;
        // A reset may end a reduction, which is announced.
        let applied = self.change_capacities(opened, &key, &Operation::Reset).await?;
        Ok(done(opened, &key, &applied.limits))
    }

    /// Lowers what remains of a limit to at most `remaining` units, as reported by another counter.
    pub(crate) async fn lower(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let remaining = body.needed_number("remaining", 0..=UNITS_MAX)?;
        let (opened, key) = self.policy_and_key(&mut body)?;
        let limit = limit(&mut body, opened)?;
        body.end()?;
        self.control(opened, &key, Operation::Lower { limit, remaining }).await
    }

    pub(super) async fn control(
        &self,
        opened: &Opened<L>,
        key: &str,
        operation: Operation,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let applied = self.apply(opened, key, operation).await?;
        Ok(done(opened, key, &applied.limits))
    }
}

/// The index of the limit that a request names; a policy's only limit needs no name.
pub(super) fn limit<L: Limiter>(
    body: &mut Members<'_>,
    opened: &Opened<L>,
) -> Result<usize, Problem> {
    let policy = opened.limits();
    match body.text("limit")? {
        Some(name) => {
            let index = policy.index_of(&name);
            index.ok_or_else(|| body.invalid("limit", "is no limit of this policy"))
        }
        None if policy.limits().len() == 1 => Ok(0),
        None => Err(body.invalid("limit", "is missing")),
    }
}

//! `POST /v1/feedback`: what an upstream's answer says about its own limits, learned by a key.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::feedback::{Feedback, HEADERS_MAX, Level};
use tollgate_core::{Operation, Policy};
use tollgate_store::{Clock, Store};

use crate::answer::{FeedbackAnswer, LevelBody};
use crate::body::Members;
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::session::Session;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Blocks the key for as long as the upstream asked, and lowers each limit whose name matches a level that the
    /// upstream reports. Nothing is ever raised.
    pub(crate) async fn feedback(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let status = body.needed_number("status", 100..=599)?;
        let headers = body.texts("headers", HEADERS_MAX)?;
        let (opened, key) = self.policy_and_key(&mut body)?;
        body.end()?;
        let headers = headers.iter().map(|(name, value)| (&**name, &**value));
        let status = u16::try_from(status).unwrap_or(u16::MAX);
        let feedback = Feedback::from_headers(status, headers, self.service.clock.now());
        let policy = opened.limits();
        let lowered: Vec<_> =
            feedback.levels.iter().filter_map(|level| lower(policy, level)).collect();
        let block = feedback.cooldown.map(Operation::Block);
        let peek = policy.no_costs().into();
        let ask = |record: Option<&[u8]>, now| {
            let blocked_for = opened.blocked_for(&self.service.limiter, &key, record, now)?;
            // A block in force that lasts longer stays.
            let block = block.iter().filter(|_| feedback.cooldown > Some(blocked_for));
            // With nothing to learn, this is a peek.
            let operations = lowered.iter().chain(block).chain([&peek]);
            self.ask_in_turn(opened, &key, record, operations, now)
        };
        let record_key = self.record_key(opened, &key);
        let applied = self.on_record(record_key, opened.is_best_effort(), ask).await?;
        if let Some(cooldown) = feedback.cooldown {
            self.note_limited(opened, &key, cooldown);
            self.tell_limited().await;
        }
        let limits = applied.last().map_or(&[][..], |applied| &applied.limits);
        let cooldown_ms = feedback.cooldown.map(|span| span.as_millis_ceil());
        let levels = feedback.levels.iter().map(LevelBody::new).collect();
        Ok(FeedbackAnswer::new(opened, &key, cooldown_ms, levels, limits).response())
    }
}

/// Lowers the limit of this name to what the upstream says is left, if the policy has such a limit.
fn lower(policy: &Policy, level: &Level) -> Option<Operation> {
    let limit = policy.index_of(level.dimension.as_str())?;
    Some(Operation::Lower { limit, remaining: level.remaining? })
}

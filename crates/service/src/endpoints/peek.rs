//! `GET /v1/limits/{policy}/{key}`: the state of a key, without charging it.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{Applied, Operation, Span};
use tollgate_store::{Answer, Clock, Store};

use crate::answer::Detail;
use crate::asked::check_key;
use crate::limiter::Limiter;
use crate::opened::Opened;
use crate::problem::Problem;
use crate::service::Fault;
use crate::session::Session;

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    pub(crate) async fn peek(
        &self,
        policy: &str,
        key: &str,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let opened = self.opened_for(policy, key)?;
        check_key("key", key)?;
        let (applied, blocked_for) =
            self.standing(opened, key, &opened.limits().no_costs().into()).await?;
        Ok(opened.answers(detail).peek(policy, key, &applied, blocked_for))
    }

    /// What a peek says, and for how long the key is blocked.
    pub(crate) async fn standing(
        &self,
        opened: &Opened<L>,
        key: &str,
        peek: &Operation,
    ) -> Result<(Applied, Span), Fault> {
        let ask = |record: Option<&[u8]>, now| {
            let blocked_for = opened.blocked_for(&self.service.limiter, key, record, now)?;
            let Answer { outcome, record, forget_after } =
                self.ask(opened, key, record, peek, now)?;
            Ok(Answer { outcome: (outcome, blocked_for), record, forget_after })
        };
        self.on_record(self.record_key(opened, key), opened.is_best_effort(), ask).await
    }
}

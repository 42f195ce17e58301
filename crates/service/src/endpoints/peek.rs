//! `GET /v1/limits/{policy}/{key}`: the state of a key, without charging it.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_store::{Answer, Clock, Store};

use crate::answer::Detail;
use crate::asked::check_key;
use crate::limiter::Limiter;
use crate::problem::Problem;
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
        let peek = opened.limits().no_costs().into();
        let ask = |record: Option<&[u8]>, now| {
            let blocked_for = opened.blocked_for(&self.service.limiter, key, record, now)?;
            let Answer { outcome, record, forget_after } =
                self.ask(opened, key, record, &peek, now)?;
            Ok(Answer { outcome: (outcome, blocked_for), record, forget_after })
        };
        let record_key = self.record_key(opened, key);
        let (applied, blocked_for) =
            self.on_record(record_key, opened.is_best_effort(), ask).await?;
        Ok(opened.answers(detail).peek(policy, key, &applied, blocked_for))
    }
}

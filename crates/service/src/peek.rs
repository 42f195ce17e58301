//! `GET /v1/limits/{policy}/{key}`: where a key stands, without charging it.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_store::{Clock, Store};

use crate::Service;
use crate::acquire::check_key;
use crate::answer::Detail;
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::service::Decided;

impl<S: Store, L: Limiter, C: Clock> Service<S, L, C> {
    pub(crate) async fn peek(
        &self,
        policy: &str,
        key: &str,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let opened = self.opened(policy)?;
        check_key(key)?;
        let peek = opened.named.limits().no_costs().into();
        let answers = opened.answers(detail);
        match self.decide(opened, key, &peek).await? {
            Decided::Counted(outcome) => Ok(answers.peek(policy, key, &outcome)),
            // There is nothing to let pass, and what this process alone knows is not where a key stands.
            Decided::Local(_) | Decided::Uncounted => Err(Problem::unavailable()),
        }
    }
}

//! `GET /v1/limits/{policy}/{key}`: where a key stands, without charging it.

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_store::{Clock, Store};

use crate::Service;
use crate::answer::Detail;
use crate::asked::check_key;
use crate::limiter::Limiter;
use crate::problem::Problem;

impl<S: Store, L: Limiter, C: Clock> Service<S, L, C> {
    pub(crate) async fn peek(
        &self,
        policy: &str,
        key: &str,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let opened = self.opened(policy)?;
        check_key("key", key)?;
        let peek = opened.named.limits().no_costs().into();
        let applied = self.apply(opened, key, peek).await?;
        Ok(opened.answers(detail).peek(policy, key, &applied))
    }
}

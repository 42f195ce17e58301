//! What a pool granted, as an HTTP answer.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::Applied;

use super::{LimitsBody, json};
use crate::limiter::Limiter;
use crate::opened::Opened;

#[derive(serde::Serialize)]
pub(crate) struct PoolAnswer<'a> {
    allowed: bool,
    policy: &'a str,
    key: &'a str,
    /// What the configuration says of the member beside that.
    member: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<&'a str>,
    limits: LimitsBody<'a>,
}

impl<'a> PoolAnswer<'a> {
    pub(crate) fn new<L: Limiter>(
        opened: &'a Opened<L>,
        key: &'a str,
        member: impl Iterator<Item = (&'a str, &'a str)>,
        applied: &'a Applied,
        lease: Option<&'a str>,
    ) -> Self {
        let limits = LimitsBody { policy: opened.named.limits(), limits: &applied.limits };
        let policy = opened.named.name();
        Self { allowed: true, policy, key, member: member.collect(), lease, limits }
    }

    pub(crate) fn response(&self) -> Response<Full<Bytes>> {
        json(self)
    }
}

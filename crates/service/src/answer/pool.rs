//! What a pool granted, as an HTTP answer.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::Effect;

use super::{Answers, DecisionBody, TOLLGATE_LOCAL, TOLLGATE_UNCOUNTED, TRUE, json};
use crate::decide::Decided;

/// The member of a pool that lets a request pass.
pub(crate) struct PoolAnswer<'a> {
    pub(crate) answers: Answers<'a>,
    pub(crate) policy: &'a str,
    pub(crate) key: &'a str,
    /// What the configuration says of it beside that.
    pub(crate) member: BTreeMap<&'a str, &'a str>,
}

#[derive(serde::Serialize)]
struct PoolBody<'a> {
    policy: &'a str,
    key: &'a str,
    member: &'a BTreeMap<&'a str, &'a str>,
    #[serde(flatten)]
    decision: DecisionBody<'a>,
}

impl PoolAnswer<'_> {
    /// 200, with which member it is, and with the lease where somebody counted it.
    pub(crate) fn granted(&self, decided: &Decided, lease: Option<&str>) -> Response<Full<Bytes>> {
        let (applied, by) = match decided {
            Decided::Counted(applied) => (Some(applied), None),
            Decided::Local(applied) => (Some(applied), Some(TOLLGATE_LOCAL)),
            Decided::Uncounted => (None, Some(TOLLGATE_UNCOUNTED)),
        };
        let limits = applied.map_or(&[][..], |applied| &applied.limits);
        let decision = DecisionBody {
            allowed: true,
            lease: lease.filter(|_| applied.is_some()),
            repeated: applied.is_some_and(|applied| applied.effect == Effect::Repeated),
            limits: self.answers.limits_body(limits),
            uncounted: applied.is_none(),
        };
        let (policy, key, member) = (self.policy, self.key, &self.member);
        let mut response = json(&PoolBody { policy, key, member, decision });
        let headers = response.headers_mut();
        if let Some(applied) = applied {
            self.answers.fields.insert(headers, self.answers.policy, applied);
        }
        headers.extend(by.map(|field| (field, TRUE)));
        response
    }
}

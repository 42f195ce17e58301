//! A grant by a pool as an HTTP answer.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderValue, Response};
use http_body_util::Full;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tollgate_core::Effect;

use super::{Answers, DecisionBody, Detail, TOLLGATE_LOCAL, TOLLGATE_UNCOUNTED, TRUE, json};
use crate::decide::Decided;

const TOLLGATE_MEMBER: HeaderName = HeaderName::from_static("tollgate-member");

/// The characters left as they are; all others are percent-encoded, so that any text fits into a header field.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The pool member that let a request pass.
pub(crate) struct PoolAnswer<'a> {
    pub(crate) answers: Answers<'a>,
    pub(crate) policy: &'a str,
    pub(crate) key: &'a str,
    /// The member's other pairs in the configuration.
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
    /// 200, with the member, and the lease if the store counted it.
    pub(crate) fn granted(&self, decided: &Decided, lease: Option<&str>) -> Response<Full<Bytes>> {
        match self.answers.detail {
            Detail::Full => self.full(decided, lease),
            Detail::Minimal => self.minimal(decided, lease),
        }
    }

    fn full(&self, decided: &Decided, lease: Option<&str>) -> Response<Full<Bytes>> {
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

    fn minimal(&self, decided: &Decided, lease: Option<&str>) -> Response<Full<Bytes>> {
        let mut response = self.answers.decided(decided, lease);
        // Percent-encoded, so always a valid header field value.
        let field = HeaderValue::try_from(self.member_field()).ok();
        response.headers_mut().extend(field.map(|field| (TOLLGATE_MEMBER, field)));
        response
    }

    /// The member, form-encoded: `policy=llm&key=account-a&region=eu`. Its own pairs are never named `policy` or
    /// `key`.
    fn member_field(&self) -> String {
        let place = [("policy", self.policy), ("key", self.key)];
        let about = self.member.iter().map(|(name, text)| (*name, *text));
        let pairs = place.into_iter().chain(about);
        let pairs =
            pairs.map(|(name, text)| format!("{name}={}", utf8_percent_encode(text, PLAIN)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

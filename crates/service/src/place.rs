//! Which record a request is about, for a host that places every record separately.

use std::borrow::Cow;

use http::Method;
use http::request::Parts;
use tollgate_core::is_key;
use tollgate_store::{Clock, Store};

use crate::asked::request_id;
use crate::body::Members;
use crate::lease::Lease;
use crate::limiter::Limiter;
use crate::route::{Get, Post, Route};
use crate::service::Service;
use crate::session::Session;

/// Whether a request may be repeated if its first answer was lost: it only reads, or it has an id by which a
/// repetition is recognised.
///
/// ```
/// use http::Method;
/// use tollgate_service::is_repeatable;
///
/// let body = br#"{"policy":"api","key":"alice"}"#;
/// assert!(!is_repeatable(&Method::POST, body));
/// let body = br#"{"policy":"api","key":"alice","request_id":"r-1"}"#;
/// assert!(is_repeatable(&Method::POST, body));
/// ```
#[must_use]
pub fn is_repeatable(method: &Method, body: &[u8]) -> bool {
    if matches!(*method, Method::GET | Method::HEAD) {
        return true;
    }
    let id = Members::parse(body).and_then(|mut body| request_id(&mut body));
    id.is_ok_and(|id| id.is_some())
}

impl<S: Store, L: Limiter, C: Clock> Service<S, L, C> {
    /// Where the one record that decides a request is stored. Nothing if there may be several, as for a pool or a
    /// batch, or none, as for most requests that are refused.
    ///
    /// A service whose store has this record, and those of whole tenants
    /// ([`is_of_tenant`](crate::is_of_tenant)), answers the request as this one would, if no policies are
    /// changed live.
    pub fn record_of(&self, parts: &Parts, body: &[u8]) -> Option<String> {
        let (tenant, route) = self.admit(parts).ok()?;
        let session = self.configured(tenant);
        match route {
            // It concerns the policies, and no record.
            Route::Change(..) => None,
            Route::Get(get, names) => session.record_looked_at(get, &names),
            Route::Post(post) => session.record_changed(post, Members::parse(body).ok()?),
        }
    }
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    fn record_looked_at(&self, get: Get, names: &[Cow<'_, str>]) -> Option<String> {
        match (get, names) {
            (Get::Peek | Get::Capacity, [policy, key]) => self.record_under(policy, key),
            (Get::Events, [upstream]) => Some(self.events_key(upstream)),
            (Get::Barrier, [barrier]) => Some(self.barrier_key(barrier)),
            _ => None,
        }
    }

    fn record_changed(&self, post: Post, mut body: Members<'_>) -> Option<String> {
        let mut text = |name| body.needed_text(name).ok();
        match post {
            Post::AcquireBatch | Post::PoolAcquire | Post::ValidatePolicy => None,
            Post::Settle | Post::Release | Post::Renew => {
                let lease = Lease::read(&text("lease")?).ok()?;
                let [(policy, key)] = &*lease.legs else { return None };
                self.record_under(policy, key)
            }
            Post::ReportEvent | Post::CleanUpEvents => Some(self.events_key(&text("upstream")?)),
            Post::CreateBarrier | Post::Arrive | Post::Leave => {
                Some(self.barrier_key(&text("barrier")?))
            }
            // An acquire of several keys names neither.
            _ => self.record_under(&text("policy")?, &text("key")?),
        }
    }

    fn record_under(&self, policy: &str, key: &str) -> Option<String> {
        let opened = self.opened(policy).ok()?;
        is_key(key).then(|| self.record_key(opened, key))
    }
}

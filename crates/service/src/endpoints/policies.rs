//! Policies, changed while they are in use: `GET /v1/policies`, `GET`, `PUT` and `DELETE` of
//! `/v1/policies/{policy}`, and `POST /v1/policies/validate`.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tollgate_core::{Carry, Name, Span, UNITS_MAX};
use tollgate_policy::NamedPolicy;
use tollgate_store::{Answer, Clock, Store};

use crate::answer::{PoliciesBody, PolicyBody, json};
use crate::body::Members;
use crate::limiter::{Limiter, LimiterError};
use crate::live::{
    Change, Document, LIVE_BYTES_MAX, LIVE_POLICIES_MAX, MIGRATIONS, Refusal, VERSIONS_MAX,
    migration,
};
use crate::problem::Problem;
use crate::query::Query;
use crate::session::Session;

#[derive(serde::Serialize)]
struct ValidBody {
    valid: bool,
}

impl<S: Store, L: Limiter, C: Clock> Session<'_, S, L, C> {
    /// Every policy that the tenant can name.
    pub(crate) async fn policies(&self) -> Result<Response<Full<Bytes>>, Problem> {
        let (document, now) = (self.document().await?, self.service.clock.now());
        let configured = self.service.policies().iter().map(|opened| opened.named.name());
        let names: BTreeSet<&Name> =
            configured.chain(document.histories.iter().map(|history| &history.name)).collect();
        let policies = names.into_iter().filter_map(|name| {
            PolicyBody::new(name, document.get(name), self.configured(name), now)
        });
        Ok(json(&PoliciesBody::new(document.revision, policies)))
    }

    /// The policy in force, and the one that takes effect next.
    pub(crate) async fn policy(&self, policy: &str) -> Result<Response<Full<Bytes>>, Problem> {
        let name = name(policy)?;
        self.told(&name, &self.document().await?)
    }

    /// Validates a policy without putting it.
    pub(crate) fn validate_policy(
        &self,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let name = match body.text("name")? {
            Some(name) => self::name(&name)?,
            None => name("policy")?,
        };
        self.put(&name, &mut body)?;
        body.end()?;
        self.may_change()?;
        Ok(json(&ValidBody { valid: true }))
    }

    /// Replaces the policy in force.
    pub(crate) async fn put_policy(
        &self,
        policy: &str,
        mut body: Members<'_>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let name = name(policy)?;
        let (put, carry) = self.put(&name, &mut body)?;
        let expected = body.number("revision", 0..=UNITS_MAX)?;
        body.end()?;
        self.change(&Change {
            name: &name,
            policy: Some(&put),
            configured: self.configured(&name),
            carry,
            expected,
        })
        .await
    }

    /// Deletes a live policy: the configuration's applies again.
    pub(crate) async fn delete_policy(
        &self,
        policy: &str,
        query: Option<&str>,
    ) -> Result<Response<Full<Bytes>>, Problem> {
        let name = name(policy)?;
        let mut query = Query::parse(query)?;
        let carry = carry(query.take("migration")?.as_deref())?;
        let expected = query.number("revision", 0..=UNITS_MAX)?;
        query.end()?;
        let configured = self.configured(&name);
        let is_known = configured.is_some() || self.document().await?.get(&name).is_some();
        if !is_known {
            return Err(Problem::unknown_policy());
        }
        self.change(&Change { name: &name, policy: None, configured, carry, expected }).await
    }

    /// The policy in a body, and what happens to existing records.
    fn put(&self, name: &Name, body: &mut Members<'_>) -> Result<(NamedPolicy, Carry), Problem> {
        let policy = NamedPolicy::new(name, &body.needed_value("policy")?).map_err(|error| {
            let (field, detail) = error.parts();
            Problem::invalid(field, detail)
        })?;
        let opened = self.service.limiter.open(policy.limits());
        opened.map_err(|error| body.invalid("policy", error.to_string()))?;
        Ok((policy, carry(body.text("migration")?.as_deref())?))
    }

    fn may_change(&self) -> Result<(), Problem> {
        if self.service.live.are_allowed() {
            return Ok(());
        }
        let detail = "the configuration says live_policies = false";
        Err(Problem::policy_conflict("policy", detail))
    }

    async fn change(&self, change: &Change<'_>) -> Result<Response<Full<Bytes>>, Problem> {
        self.may_change()?;
        let ask = |record: Option<&[u8]>, now| {
            let before = decoded(record)?;
            let changed = before.changed(change, now);
            let record = changed.as_ref().ok().map(Document::encode);
            Ok(Answer { outcome: changed, record, forget_after: Span::NEVER })
        };
        let changed = self.on_record(self.policies_key(), false, ask).await?;
        self.told(change.name, &changed.map_err(refused)?)
    }

    /// The tenant's live policies, loaded from the store now.
    async fn document(&self) -> Result<Document, Problem> {
        if !self.service.live.are_allowed() {
            return Ok(Document::default());
        }
        let ask = |record: Option<&[u8]>, _| {
            let (outcome, forget_after) = (decoded(record)?, Span::NEVER);
            Ok(Answer { outcome, record: None, forget_after })
        };
        Ok(self.on_record(self.policies_key(), false, ask).await?)
    }

    fn configured(&self, name: &str) -> Option<&NamedPolicy> {
        Some(&self.service.opened(name).ok()?.named)
    }

    fn told(&self, name: &Name, document: &Document) -> Result<Response<Full<Bytes>>, Problem> {
        let (history, now) = (document.get(name), self.service.clock.now());
        let body = PolicyBody::new(name, history, self.configured(name), now);
        Ok(json(&body.ok_or_else(Problem::unknown_policy)?))
    }
}

fn decoded(record: Option<&[u8]>) -> Result<Document, LimiterError> {
    Document::decode(record).map_err(|_| LimiterError::CorruptPolicies)
}

fn name(text: &str) -> Result<Name, Problem> {
    let must = || Problem::invalid("name", format!("must be {}", Name::RULE));
    Name::new(text).ok_or_else(must)
}

/// What happens to existing records: by default they are used as they are.
fn carry(word: Option<&str>) -> Result<Carry, Problem> {
    let must = || {
        let words = MIGRATIONS.map(|(word, _)| format!("\"{word}\"")).join(" or ");
        Problem::invalid("migration", format!("must be {words}"))
    };
    word.map_or(Ok(Carry::AsIs), |word| migration(word).ok_or_else(must))
}

fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::NotLive => Problem::policy_conflict(
            "policy",
            "it was not put live, and what the configuration says is changed there",
        ),
        Refusal::Revision(newest) => {
            Problem::policy_conflict("revision", format!("the newest revision is {newest}"))
        }
        Refusal::TooManyPolicies => Problem::policy_conflict(
            "policy",
            format!("there are {LIVE_POLICIES_MAX} live policies already; delete one"),
        ),
        Refusal::TooManyVersions => Problem::policy_conflict(
            "policy",
            format!("of {VERSIONS_MAX} versions the first is still in force; wait for the next"),
        ),
        Refusal::TooManyBytes => Problem::policy_conflict(
            "policy",
            format!("all live policies have at most {LIVE_BYTES_MAX} bytes; delete one"),
        ),
    }
}

//! `POST /v1/acquire`: charge a key, or say why not.

use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_body_util::Full;
use tollgate_core::{CostError, Costs, Policy};
use tollgate_store::{Clock, Store};

use crate::Service;
use crate::answer::Detail;
use crate::body::{self, AcquireBody, CostBody};
use crate::key::{KEY_BYTES_MAX, is_key};
use crate::limiter::Limiter;
use crate::problem::Problem;
use crate::service::Decided;

impl<S: Store, L: Limiter, C: Clock> Service<S, L, C> {
    pub(crate) async fn acquire<B>(
        &self,
        body: B,
        detail: Detail,
    ) -> Result<Response<Full<Bytes>>, Problem>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let asked = AcquireBody::parse(&body::read(body).await?)?;
        let opened = self.opened(&asked.policy)?;
        check_key(&asked.key)?;
        let acquire = costs(opened.named.limits(), asked.cost.as_ref())?.into();
        let answers = opened.answers(detail);
        Ok(match self.decide(opened, &asked.key, &acquire).await? {
            Decided::Counted(outcome) => answers.decision(&outcome),
            Decided::Local(outcome) => answers.local(&outcome),
            Decided::Uncounted => answers.uncounted(),
        })
    }
}

pub(crate) fn check_key(key: &str) -> Result<(), Problem> {
    if is_key(key) {
        return Ok(());
    }
    let detail = format!("must have 1 to {KEY_BYTES_MAX} bytes, not {}", key.len());
    Err(Problem::invalid("key", detail))
}

fn costs(policy: &Policy, cost: Option<&CostBody>) -> Result<Costs, Problem> {
    let costs = match cost {
        None => policy.costs([]),
        Some(CostBody::Named(named)) => {
            policy.costs(named.iter().map(|(name, units)| (&**name, *units)))
        }
        Some(CostBody::One(units)) => match policy.limits() {
            [limit] => policy.costs([(&**limit.name(), *units)]),
            limits => {
                let detail = format!(
                    "must be an object by limit name, since this policy has {} limits",
                    limits.len()
                );
                return Err(Problem::invalid("cost", detail));
            }
        },
    };
    costs.map_err(|error| {
        let field = match &error {
            CostError::Unknown(name) | CostError::Repeated(name) => format!("cost.{name}"),
            CostError::Missing(name) | CostError::TooLarge(name) | CostError::PerCall(name) => {
                format!("cost.{name}")
            }
            CostError::Count { .. } => String::from("cost"),
        };
        Problem::invalid(&field, error.to_string())
    })
}

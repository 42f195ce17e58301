//! Maps requests to operations.

use std::borrow::Cow;

use http::Method;
use tollgate_policy::Scope;

use crate::escapes;
use crate::problem::Problem;

/// The requested operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    Post(Post),
    /// With the path's segments for the template's names, in order.
    Get(Get, Vec<Cow<'a, str>>),
    /// With the path's segment for the template's name.
    Change(Change, Cow<'a, str>),
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Get {
    Peek,
    Capacity,
    Events,
    Barrier,
    Watch,
    Policies,
    Policy,
    OpenApi,
    Metrics,
    Ready,
    Health,
}

impl Get {
    /// Whether a query is allowed: the path reads it itself, or ignores it, since requests that need no scope and
    /// requests for metrics may come from a tool that adds one.
    pub(crate) const fn takes_query(self) -> bool {
        matches!(
            self,
            Self::Events | Self::Watch | Self::OpenApi | Self::Metrics | Self::Ready | Self::Health
        )
    }
}

/// Operations with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Post {
    Acquire,
    AcquireBatch,
    Settle,
    Release,
    Renew,
    Penalise,
    Block,
    Reset,
    Lower,
    SetCapacity,
    ClearCapacity,
    Reduce,
    PoolAcquire,
    Feedback,
    ReportEvent,
    CleanUpEvents,
    CreateBarrier,
    Arrive,
    Leave,
    ValidatePolicy,
}

/// What is done to the policy that a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    PutPolicy,
    DeletePolicy,
}

/// Paths that take a body.
pub(crate) const POSTS: [(&str, Post); 20] = [
    ("/v1/acquire", Post::Acquire),
    ("/v1/acquire/batch", Post::AcquireBatch),
    ("/v1/settle", Post::Settle),
    ("/v1/release", Post::Release),
    ("/v1/renew", Post::Renew),
    ("/v1/penalise", Post::Penalise),
    ("/v1/block", Post::Block),
    ("/v1/reset", Post::Reset),
    ("/v1/lower", Post::Lower),
    ("/v1/capacity/set", Post::SetCapacity),
    ("/v1/capacity/clear", Post::ClearCapacity),
    ("/v1/capacity/reduce", Post::Reduce),
    ("/v1/pools/acquire", Post::PoolAcquire),
    ("/v1/feedback", Post::Feedback),
    ("/v1/events", Post::ReportEvent),
    ("/v1/events/cleanup", Post::CleanUpEvents),
    ("/v1/barriers", Post::CreateBarrier),
    ("/v1/barriers/arrive", Post::Arrive),
    ("/v1/barriers/leave", Post::Leave),
    ("/v1/policies/validate", Post::ValidatePolicy),
];

/// Paths that are read. A name in braces stands for a segment of any text.
pub(crate) const GETS: [(&str, Get); 11] = [
    ("/v1/limits/{policy}/{key}", Get::Peek),
    ("/v1/capacity/{policy}/{key}", Get::Capacity),
    ("/v1/events/{upstream}", Get::Events),
    ("/v1/barriers/{barrier}", Get::Barrier),
    ("/v1/watch", Get::Watch),
    ("/v1/policies", Get::Policies),
    ("/v1/policies/{policy}", Get::Policy),
    ("/openapi.json", Get::OpenApi),
    ("/metrics", Get::Metrics),
    ("/readyz", Get::Ready),
    ("/healthz", Get::Health),
];

/// The path of `PUT` and `DELETE`.
pub(crate) const CHANGED: &str = "/v1/policies/{policy}";

/// Methods that change what a path names.
pub(crate) const CHANGES: [(Method, Change); 2] =
    [(Method::PUT, Change::PutPolicy), (Method::DELETE, Change::DeletePolicy)];

impl<'a> Route<'a> {
    /// The scope that a caller needs; `None` if everybody may.
    pub(crate) const fn scope(&self) -> Option<Scope> {
        match self {
            Self::Get(Get::Health | Get::Ready | Get::OpenApi, _) => None,
            Self::Get(..) => Some(Scope::Observe),
            Self::Post(post) => Some(post.scope()),
            Self::Change(..) => Some(Scope::Admin),
        }
    }

    /// The route of a request, or why there is none.
    pub(crate) fn find(method: &Method, path: &'a str) -> Result<Self, Problem> {
        let post = POSTS.iter().find(|(there, _)| *there == path).map(|(_, post)| *post);
        if let (Some(post), &Method::POST) = (post, method) {
            return Ok(Self::Post(post));
        }
        let change = CHANGES.iter().find(|(it, _)| it == method).map(|(_, change)| *change);
        let changed = matched(CHANGED, path).and_then(|names| names.first().copied());
        if let (Some((name, segment)), Some(change)) = (changed, change) {
            return Ok(Self::Change(change, escapes::undone(name, segment)?));
        }
        let get = GETS.iter().find_map(|(there, get)| Some((*get, matched(there, path)?)));
        match (get, post) {
            (Some((get, names)), _) if matches!(*method, Method::GET | Method::HEAD) => {
                let names = names.into_iter().map(|(name, segment)| escapes::undone(name, segment));
                Ok(Self::Get(get, names.collect::<Result<_, _>>()?))
            }
            (None, None) => Err(Problem::not_found()),
            (Some(_), None) if changed.is_some() => {
                Err(Problem::method_not_allowed("GET, HEAD, PUT, DELETE"))
            }
            (Some(_), Some(_)) if changed.is_some() => {
                Err(Problem::method_not_allowed("GET, HEAD, POST, PUT, DELETE"))
            }
            (None, Some(_)) => Err(Problem::method_not_allowed("POST")),
            (Some(_), None) => Err(Problem::method_not_allowed("GET, HEAD")),
            (Some(_), Some(_)) => Err(Problem::method_not_allowed("GET, HEAD, POST")),
        }
    }
}

impl Post {
    /// Asking for units and reporting the outcome needs `acquire`; everything else is for operators.
    const fn scope(self) -> Scope {
        match self {
            Self::Penalise
            | Self::Block
            | Self::Reset
            | Self::Lower
            | Self::SetCapacity
            | Self::ClearCapacity
            | Self::CleanUpEvents => Scope::Admin,
            Self::ValidatePolicy => Scope::Observe,
            _ => Scope::Acquire,
        }
    }
}

/// The names in a path's template and the segments in their places; `None` if the path does not match.
fn matched<'t, 'a>(template: &'t str, path: &'a str) -> Option<Vec<(&'t str, &'a str)>> {
    let (mut names, mut segments) = (Vec::new(), path.split('/'));
    for part in template.split('/') {
        let segment = segments.next()?;
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => names.push((name, segment)),
            None if part == segment => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(names)
}

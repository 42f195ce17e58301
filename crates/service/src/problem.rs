//! Refusals, as problem details for HTTP (RFC 9457).

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use tollgate_core::NAME_BYTES_MAX;
use tollgate_policy::Scope;

use crate::watch::WATCHERS_MAX;

/// Longest field name in a problem: the cost of the longest name of a limit, in the last acquire of a batch.
const FIELD_CHARS_MAX: usize = "requests[255].cost.".len() + NAME_BYTES_MAX;

/// Tells caches on the way not to keep an answer.
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The kind of a problem; clients tell problems apart by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemType {
    /// 429: a limit has no room now (draft-ietf-httpapi-ratelimit-headers).
    QuotaExceeded,
    /// 503: the store is unavailable (draft-ietf-httpapi-ratelimit-headers).
    TemporaryReducedCapacity,
    /// 429: the key is blocked (draft-ietf-httpapi-ratelimit-headers).
    AbnormalUsageDetected,
    /// 410: the lease is over.
    LeaseGone,
    /// 422: a cost is above its limit's capacity, and so can never pass.
    CostAboveCapacity,
    /// 400 or 413: something in the request is invalid; `field` says what.
    InvalidRequest,
    /// 401: no key was given, or an unknown one.
    Unauthorized,
    /// 403: the key lacks the scope.
    Forbidden,
    /// 404: no policy has this name.
    UnknownPolicy,
    /// 409: a policy can't be changed this way in its present state.
    PolicyConflict,
    /// 404: no pool has this name.
    UnknownPool,
    /// 404: nothing is at this path.
    NotFound,
    /// 500: the service is set up wrongly.
    Misconfigured,
    /// 405: this path does not take this method.
    MethodNotAllowed,
}

impl ProblemType {
    /// The `type` member: a URI.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::QuotaExceeded => "https://iana.org/assignments/http-problem-types#quota-exceeded",
            Self::TemporaryReducedCapacity => {
                "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
            }
            Self::AbnormalUsageDetected => {
                "https://iana.org/assignments/http-problem-types#abnormal-usage-detected"
            }
            Self::LeaseGone => "urn:tollgate:problem:lease-gone",
            Self::CostAboveCapacity => "urn:tollgate:problem:cost-above-capacity",
            Self::InvalidRequest => "urn:tollgate:problem:invalid-request",
            Self::Unauthorized => "urn:tollgate:problem:unauthorized",
            Self::Forbidden => "urn:tollgate:problem:forbidden",
            Self::UnknownPolicy => "urn:tollgate:problem:unknown-policy",
            Self::PolicyConflict => "urn:tollgate:problem:policy-conflict",
            Self::UnknownPool => "urn:tollgate:problem:unknown-pool",
            Self::NotFound => "urn:tollgate:problem:not-found",
            Self::Misconfigured => "urn:tollgate:problem:misconfigured",
            Self::MethodNotAllowed => "urn:tollgate:problem:method-not-allowed",
        }
    }

    /// The `title` member: the same sentence for every problem of a type.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::QuotaExceeded => "A quota is used up for now",
            Self::TemporaryReducedCapacity => "The service can't decide right now",
            Self::AbnormalUsageDetected => "The key is blocked",
            Self::LeaseGone => "The lease is over",
            Self::CostAboveCapacity => "The cost is above the capacity, so this can never pass",
            Self::InvalidRequest => "The request is not valid",
            Self::Unauthorized => "A key is needed",
            Self::Forbidden => "The key is not for this",
            Self::UnknownPolicy => "No policy has this name",
            Self::PolicyConflict => "The policy can't be changed so",
            Self::UnknownPool => "No pool has this name",
            Self::NotFound => "Nothing is here",
            Self::Misconfigured => "The service is not set up",
            Self::MethodNotAllowed => "This path does not take this method",
        }
    }
}

/// A refusal without a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemType,
    status: StatusCode,
    field: Option<String>,
    detail: String,
    allow: Option<&'static str>,
}

/// The members of a problem document.
#[derive(Serialize)]
pub(crate) struct Document<'a, Rest: Serialize> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    detail: &'a str,
    #[serde(flatten)]
    rest: Rest,
}

impl<'a, Rest: Serialize> Document<'a, Rest> {
    pub(crate) fn new(kind: ProblemType, status: StatusCode, detail: &'a str, rest: Rest) -> Self {
        let (kind, title, status) = (kind.uri(), kind.title(), status.as_u16());
        Self { kind, title, status, field: None, detail, rest }
    }
}

impl Problem {
    /// An invalid field. Its name may be the caller's: it is cut if it is longer than any real one.
    #[must_use]
    pub fn invalid(field: &str, detail: impl Into<String>) -> Self {
        let (kind, status) = (ProblemType::InvalidRequest, StatusCode::BAD_REQUEST);
        let field = field.chars().take(FIELD_CHARS_MAX).collect();
        Self { field: Some(field), ..Self::new(kind, status, detail) }
    }

    /// A body that is too long.
    #[must_use]
    pub fn too_long(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, ..Self::invalid("body", detail) }
    }

    /// A request without a known key.
    pub(crate) fn unauthorized() -> Self {
        let detail = "show a key of this service: Authorization: Bearer KEY";
        Self::new(ProblemType::Unauthorized, StatusCode::UNAUTHORIZED, detail)
    }

    /// A request whose key lacks this scope.
    pub(crate) fn forbidden(scope: Scope) -> Self {
        let scope = match scope {
            Scope::Acquire => "acquire",
            Scope::Observe => "observe",
            Scope::Admin => "admin",
        };
        let detail = format!("it needs the scope {scope}");
        Self::new(ProblemType::Forbidden, StatusCode::FORBIDDEN, detail)
    }

    /// An unknown policy.
    pub(crate) fn unknown_policy() -> Self {
        let (kind, status) = (ProblemType::UnknownPolicy, StatusCode::NOT_FOUND);
        let detail = "there is no policy of this name";
        Self { field: Some("policy".into()), ..Self::new(kind, status, detail) }
    }

    /// A change of a policy that its present state does not allow.
    pub(crate) fn policy_conflict(field: &str, detail: impl Into<String>) -> Self {
        let (kind, status) = (ProblemType::PolicyConflict, StatusCode::CONFLICT);
        Self { field: Some(field.into()), ..Self::new(kind, status, detail) }
    }

    /// A barrier that was never created.
    pub(crate) fn no_barrier() -> Self {
        let detail = "no barrier of this name was created";
        let (kind, status) = (ProblemType::NotFound, StatusCode::NOT_FOUND);
        Self { field: Some("barrier".into()), ..Self::new(kind, status, detail) }
    }

    /// An unknown pool.
    pub(crate) fn unknown_pool() -> Self {
        let (kind, status) = (ProblemType::UnknownPool, StatusCode::NOT_FOUND);
        let detail = "the configuration has no pool of this name";
        Self { field: Some("pool".into()), ..Self::new(kind, status, detail) }
    }

    /// A lease that was settled or released, or has expired.
    pub(crate) fn lease_gone() -> Self {
        let detail = "it was settled or released before, or has expired and was charged";
        let (kind, status) = (ProblemType::LeaseGone, StatusCode::GONE);
        Self { field: Some("lease".into()), ..Self::new(kind, status, detail) }
    }

    /// The same problem, of the field at this path.
    pub(crate) fn at(self, field: String) -> Self {
        Self { field: Some(field), ..self }
    }

    /// An unknown path.
    #[must_use]
    pub fn not_found() -> Self {
        let detail = "no path of the API is spelt like this";
        Self::new(ProblemType::NotFound, StatusCode::NOT_FOUND, detail)
    }

    /// A method that the path does not take.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        let (kind, status) = (ProblemType::MethodNotAllowed, StatusCode::METHOD_NOT_ALLOWED);
        Self { allow: Some(allow), ..Self::new(kind, status, format!("it takes {allow}")) }
    }

    /// A store that is unavailable.
    pub(crate) fn unavailable() -> Self {
        let detail = "the state of this key could not be read or written; nothing passes meanwhile";
        let kind = ProblemType::TemporaryReducedCapacity;
        Self::new(kind, StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// A process whose places for watchers are all taken.
    pub(crate) fn too_many_watchers() -> Self {
        let detail = format!("{WATCHERS_MAX} watch already; come back when one of them has gone");
        let kind = ProblemType::TemporaryReducedCapacity;
        Self::new(kind, StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// A service that can't be set up, whatever is asked of it.
    #[must_use]
    pub fn misconfigured(detail: &str) -> Self {
        Self::new(ProblemType::Misconfigured, StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    fn new(kind: ProblemType, status: StatusCode, detail: impl Into<String>) -> Self {
        Self { kind, status, field: None, detail: detail.into(), allow: None }
    }

    /// The problem as an answer.
    #[must_use]
    pub fn into_response(self) -> Response<Full<Bytes>> {
        #[derive(Serialize)]
        struct Nothing {}
        let document = Document {
            field: self.field.as_deref(),
            ..Document::new(self.kind, self.status, &self.detail, Nothing {})
        };
        let mut response = document_response(self.status, &document);
        if let Some(allow) = self.allow {
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// A problem document as an answer.
pub(crate) fn document_response<Rest: Serialize>(
    status: StatusCode,
    document: &Document<'_, Rest>,
) -> Response<Full<Bytes>> {
    // Strings and numbers under fixed names: serializing them can't fail.
    let body = serde_json::to_vec(document).unwrap_or_default();
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    // Caches may keep some statuses, and what is missing now may exist soon.
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    response
}

//! The document matches the code: paths, scopes, problem types, limits.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tollgate_core::barrier::PARTIES_MAX;
use tollgate_core::cooldown::{EVENTS_MAX, SAFETY_PERMILLE_MAX, TEXT_BYTES_MAX};
use tollgate_core::feedback::HEADERS_MAX;
use tollgate_core::{
    ACQUISITION_KEYS_MAX, KEY_BYTES_MAX, NAME_BYTES_MAX, REASON_BYTES_MAX, SOURCE_BYTES_MAX,
    UNITS_MAX,
};
use tollgate_policy::Scope;

use super::DOCUMENT;
use crate::asked::{HOLD_MS_MAX, REQUEST_ID_BYTES_MAX};
use crate::body::BODY_BYTES_MAX;
use crate::endpoints::acquire::WAIT_MS_MAX;
use crate::endpoints::barriers::TTL_MS_MAX;
use crate::endpoints::batch::BATCH_ACQUIRES_MAX;
use crate::endpoints::capacity::PER_MS_MAX;
use crate::endpoints::control::BLOCK_MS_MAX;
use crate::endpoints::events::DURATION_MS_MAX;
use crate::problem::ProblemType;
use crate::route::{CHANGED, CHANGES, GETS, POSTS, Route};
use crate::watch::WATCH_MS_MAX;

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

#[test]
fn it_has_every_path_and_no_other() {
    let posts = POSTS.map(|(path, _)| (path.to_owned(), "post".to_owned()));
    let gets = GETS.map(|(path, _)| (path.to_owned(), "get".to_owned()));
    let changes =
        CHANGES.map(|(method, _)| (CHANGED.to_owned(), method.as_str().to_ascii_lowercase()));
    let routes: BTreeSet<_> = posts.into_iter().chain(gets).chain(changes).collect();
    let document = document();
    let paths = document["paths"].as_object().unwrap().iter();
    let written = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys();
        methods.map(|method| (path.clone(), method.clone()))
    });
    assert_eq!(written.collect::<BTreeSet<_>>(), routes);
}

#[test]
fn each_operation_names_the_scope_that_it_needs() {
    let document = document();
    let posts = POSTS.map(|(path, post)| (path, String::from("post"), Route::Post(post)));
    let gets = GETS.map(|(path, get)| (path, String::from("get"), Route::Get(get, Vec::new())));
    let changes = CHANGES.map(|(method, change)| {
        let method = method.as_str().to_ascii_lowercase();
        (CHANGED, method, Route::Change(change, "".into()))
    });
    for (path, method, route) in posts.into_iter().chain(gets).chain(changes) {
        let security = match route.scope() {
            None => json!([]),
            Some(Scope::Acquire) => json!([{}, {"bearer": ["acquire"]}]),
            Some(Scope::Observe) => json!([{}, {"bearer": ["observe"]}]),
            Some(Scope::Admin) => json!([{}, {"bearer": ["admin"]}]),
        };
        assert_eq!(document["paths"][path][&method]["security"], security, "{method} {path}");
    }
}

#[test]
fn it_has_every_type_of_problem() {
    let document = document();
    let written = &document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
    let written: BTreeSet<_> =
        written.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let types = std::iter::successors(Some(ProblemType::QuotaExceeded), |kind| next(*kind));
    // Errors answered by a server in front have no type of their own.
    assert_eq!(written, types.map(ProblemType::uri).chain(["about:blank"]).collect());
}

/// Iterates over all types. The match is exhaustive, so a new type does not compile until it is added here.
const fn next(kind: ProblemType) -> Option<ProblemType> {
    Some(match kind {
        ProblemType::QuotaExceeded => ProblemType::TemporaryReducedCapacity,
        ProblemType::TemporaryReducedCapacity => ProblemType::AbnormalUsageDetected,
        ProblemType::AbnormalUsageDetected => ProblemType::LeaseGone,
        ProblemType::LeaseGone => ProblemType::CostAboveCapacity,
        ProblemType::CostAboveCapacity => ProblemType::InvalidRequest,
        ProblemType::InvalidRequest => ProblemType::Unauthorized,
        ProblemType::Unauthorized => ProblemType::Forbidden,
        ProblemType::Forbidden => ProblemType::UnknownPolicy,
        ProblemType::UnknownPolicy => ProblemType::PolicyConflict,
        ProblemType::PolicyConflict => ProblemType::UnknownPool,
        ProblemType::UnknownPool => ProblemType::NotFound,
        ProblemType::NotFound => ProblemType::Misconfigured,
        ProblemType::Misconfigured => ProblemType::MethodNotAllowed,
        ProblemType::MethodNotAllowed => return None,
    })
}

/// The document's maxima are those above which the parser refuses.
#[test]
fn its_limits_are_those_of_the_code() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let longest = [
        ("Name", NAME_BYTES_MAX),
        ("Key", KEY_BYTES_MAX),
        ("RequestId", REQUEST_ID_BYTES_MAX),
        ("Source", SOURCE_BYTES_MAX),
        ("Reason", REASON_BYTES_MAX),
        ("Code", TEXT_BYTES_MAX),
        ("Label", TEXT_BYTES_MAX),
    ];
    for (schema, bytes) in longest {
        assert_eq!(schemas[schema]["maxLength"], bytes, "{schema}");
    }
    let largest = [("Units", UNITS_MAX), ("HoldMs", HOLD_MS_MAX), ("WaitMs", WAIT_MS_MAX)];
    for (schema, most) in largest {
        assert_eq!(schemas[schema]["maximum"], most, "{schema}");
    }
    let body = |path: &str| {
        let body = &document["paths"][path]["post"]["requestBody"];
        body["content"]["application/json"]["schema"]["properties"].clone()
    };
    let largest = [
        ("/v1/block", "block_ms", BLOCK_MS_MAX),
        ("/v1/capacity/set", "capacity", UNITS_MAX),
        ("/v1/capacity/set", "per_ms", PER_MS_MAX),
        ("/v1/events", "duration_ms", DURATION_MS_MAX),
        ("/v1/events", "safety_permille", SAFETY_PERMILLE_MAX.into()),
        ("/v1/barriers", "parties", PARTIES_MAX.into()),
        ("/v1/barriers", "ttl_ms", TTL_MS_MAX),
    ];
    for (path, member, most) in largest {
        assert_eq!(body(path)[member]["maximum"], most, "{path} {member}");
    }
    assert_eq!(schemas["SeveralKeys"]["properties"]["keys"]["maxItems"], ACQUISITION_KEYS_MAX);
    assert_eq!(body("/v1/settle")["keys"]["maxItems"], ACQUISITION_KEYS_MAX);
    assert_eq!(body("/v1/acquire/batch")["requests"]["maxItems"], BATCH_ACQUIRES_MAX);
    assert_eq!(body("/v1/feedback")["headers"]["maxProperties"], HEADERS_MAX);
    let watch_ms = &document["paths"]["/v1/watch"]["get"]["parameters"][3]["schema"];
    assert_eq!(watch_ms["maximum"], WATCH_MS_MAX);
    let events =
        "/paths/~1v1~1events~1{upstream}/get/responses/200/content/application~1json/schema";
    let events = document.pointer(events).unwrap();
    assert_eq!(events["properties"]["events"]["maxItems"], EVENTS_MAX);
    let about = document["info"]["description"].as_str().unwrap();
    assert!(about.contains(&format!("at most {BODY_BYTES_MAX} bytes")));
}

/// Every reference resolves, and every component is referenced.
#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document();
    let mut used: BTreeSet<_> = DOCUMENT.split("\"$ref\":\"#").skip(1).collect();
    used = used.iter().filter_map(|rest| rest.split('"').next()).collect();
    for reference in &used {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
    for (kind, components) in document["components"].as_object().unwrap() {
        if kind == "securitySchemes" {
            continue;
        }
        for name in components.as_object().unwrap().keys() {
            assert!(used.contains(&*format!("/components/{kind}/{name}")), "{kind} {name}");
        }
    }
}

//! Bad input is told what is wrong with it, and nothing is charged.

use crate::program::{Program, RUNTIMES};

/// So much of a name is told: as long as the longest field that there is.
const LONG_NAME: &str =
    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";

/// A body, and the status and the field that it is refused with.
fn bodies() -> Vec<(String, u16, &'static str)> {
    let long_key = format!(r#"{{"policy":"budget","key":"{}"}}"#, "k".repeat(513));
    let crowd = (0..1_001).map(|n| format!(r#""x{n}":1"#)).collect::<Vec<_>>().join(",");
    let many = (0..17).map(|n| format!(r#""x{n}":1"#)).collect::<Vec<_>>().join(",");
    let deep = format!(r#"{{"policy":"budget","key":"a","cost":{}"#, "[".repeat(5_000));
    let rows = [
        ("", 400, "body"),
        (" ", 400, "body"),
        ("{", 400, "body"),
        ("null", 400, "body"),
        ("[]", 400, "body"),
        ("\"a\"", 400, "body"),
        (r#"{"policy":"budget","key":"a"} x"#, 400, "body"),
        (r#"{"policy":"budget","key":"a"}{"#, 400, "body"),
        ("{}", 400, "policy"),
        (r#"{"policy":"budget"}"#, 400, "key"),
        (r#"{"key":"a"}"#, 400, "policy"),
        (r#"{"policy":"budget","key":"a","costs":1}"#, 400, "costs"),
        (r#"{"policy":"budget","keys":null}"#, 400, "key"),
        (r#"{"policy":"budget","key":"a","key":"b"}"#, 400, "key"),
        (r#"["budget","a"]"#, 400, "body"),
        (r#"{"policy":1,"key":"a"}"#, 400, "policy"),
        (r#"{"policy":"budget","key":null}"#, 400, "key"),
        (r#"{"policy":"budget","key":["a"]}"#, 400, "key"),
        (r#"{"policy":"budget","key":""}"#, 400, "key"),
        (r#"{"policy":"budget","key":"\ud800"}"#, 400, "body"),
        (r#"{"policy":"none","key":"a"}"#, 404, "policy"),
        (r#"{"policy":"","key":"a"}"#, 404, "policy"),
        (r#"{"policy":"../budget","key":"a"}"#, 404, "policy"),
        (r#"{"policy":"budget","key":"a","cost":-1}"#, 400, "cost"),
        (r#"{"policy":"budget","key":"a","cost":1.5}"#, 400, "cost"),
        (r#"{"policy":"budget","key":"a","cost":1e99}"#, 400, "cost"),
        (r#"{"policy":"budget","key":"a","cost":"1"}"#, 400, "cost"),
        (r#"{"policy":"budget","key":"a","cost":true}"#, 400, "cost"),
        (r#"{"policy":"budget","key":"a","cost":[1]}"#, 400, "cost"),
        (r#"{"policy":"budget","key":"a","cost":9007199254740992}"#, 400, "cost"),
        (r#"{"policy":"budget","key":"a","cost":99999999999999999999}"#, 400, "cost"),
        (r#"{"policy":"budget","key":"a","cost":{"units":-1}}"#, 400, "cost.units"),
        (r#"{"policy":"budget","key":"a","cost":{"units":9007199254740992}}"#, 400, "cost.units"),
        (r#"{"policy":"budget","key":"a","cost":{"units":1,"units":1}}"#, 400, "cost.units"),
        (r#"{"policy":"budget","key":"a","cost":{"tokens":1}}"#, 400, "cost.tokens"),
        (r#"{"policy":"llm","key":"a","cost":1}"#, 400, "cost"),
        (r#"{"policy":"llm","key":"a"}"#, 400, "cost.input_tokens"),
        (r#"{"policy":"nothing","key":"a","cost":1}"#, 400, "cost"),
    ];
    let mut bodies: Vec<_> =
        rows.map(|(body, status, field)| (body.to_owned(), status, field)).into();
    bodies.push((long_key, 400, "key"));
    bodies.push((format!(r#"{{"policy":"llm","key":"a","cost":{{{many}}}}}"#), 400, "cost.x0"));
    bodies.push((format!("{{{crowd}}}"), 400, "body"));
    let long_name = "n".repeat(1_000);
    bodies.push((format!(r#"{{"policy":"budget","key":"a","{long_name}":1}}"#), 400, LONG_NAME));
    bodies.push((deep, 400, "body"));
    bodies
}

#[test]
fn a_bad_body_is_refused_with_the_field_and_charges_nothing() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        for (body, status, field) in bodies() {
            let answer = program.acquire(&body);
            let start: String = body.chars().take(120).collect();
            assert_eq!(answer.status, status, "{runtime:?} {start} {}", answer.text);
            assert_eq!(answer.header("content-type"), "application/problem+json");
            let problem = answer.json();
            assert_eq!(problem["field"], field, "{start} {problem}");
            assert_eq!(problem["status"], status);
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 5), "{problem}");
        }
        let peeked = program.get("/v1/limits/budget/a").json();
        assert_eq!(peeked["limits"]["units"]["remaining"], 100, "{runtime:?}: nothing is charged");
    }
}

#[test]
fn a_body_over_the_limit_is_413() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let body = format!(r#"{{"policy":"budget","key":"a"{}}}"#, " ".repeat(64 * 1024));
        let answer = program.acquire(&body);
        assert_eq!(answer.status, 413, "{runtime:?} {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem = answer.json();
        assert_eq!(problem["type"], "urn:tollgate:problem:invalid-request");
        assert_eq!(problem["field"], "body");
        assert_eq!(program.get("/healthz").status, 200);
    }
}

#[test]
fn paths_and_methods_that_are_not_there_are_404_and_405() {
    let rows = [
        ("GET", "/", 404, ""),
        ("GET", "/v1", 404, ""),
        ("GET", "/v1/limits", 404, ""),
        ("GET", "/v1/limits/budget", 404, ""),
        ("GET", "/v1/limits/budget/a/b", 404, ""),
        ("GET", "/v1/limits/none/a", 404, ""),
        ("GET", "/v1/../healthz", 404, ""),
        ("GET", "/V1/acquire", 404, ""),
        ("GET", "/v1/limits/budget/", 400, ""),
        ("GET", "/v1/limits/budget/%FF", 400, ""),
        ("GET", "/v1/acquire", 405, "POST"),
        ("PUT", "/v1/acquire", 405, "POST"),
        ("OPTIONS", "/v1/acquire", 405, "POST"),
        ("BREW", "/v1/acquire", 405, "POST"),
        ("POST", "/v1/limits/budget/a", 405, "GET, HEAD"),
        ("DELETE", "/v1/limits/budget/a", 405, "GET, HEAD"),
        ("POST", "/healthz", 405, "GET, HEAD"),
    ];
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        for (method, path, status, allow) in rows {
            let answer = program.send(method, path, &[], "");
            assert_eq!(answer.status, status, "{runtime:?} {method} {path} {}", answer.text);
            assert_eq!(answer.header("allow"), allow, "{method} {path}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
        assert_eq!(program.raw("CONNECT a:80 HTTP/1.1\r\nhost: a:80\r\n\r\n"), 404, "{runtime:?}");
        assert_eq!(program.raw("GET /healthz HTTP/1.1\r\n\r\n"), 400, "{runtime:?}: no host");
        let head = program.send("HEAD", "/v1/limits/budget/a", &[], "");
        assert_eq!(
            (head.status, &*head.text),
            (200, ""),
            "{runtime:?}: HEAD is GET without a body"
        );
    }
}

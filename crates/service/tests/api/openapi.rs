//! The document that describes the API: what it gives as examples is answered so.

use http::Request;
use serde_json::Value;

use crate::support::Api;

/// The policies and the pool that the examples speak of.
const POLICIES: &str = include_str!("openapi.toml");

/// Paths whose example uses what the example of another one made.
const AFTER: [(&str, &str); 5] = [
    ("/v1/settle", "/v1/acquire"),
    ("/v1/release", "/v1/acquire"),
    ("/v1/renew", "/v1/acquire"),
    ("/v1/barriers/arrive", "/v1/barriers"),
    ("/v1/barriers/leave", "/v1/barriers"),
];

fn example(document: &Value, path: &str) -> Value {
    let request = &document["paths"][path]["post"]["requestBody"];
    request["content"]["application/json"]["example"].clone()
}

fn answers(document: &Value, path: &str) {
    let api = Api::with(POLICIES);
    if let Some((_, before)) = AFTER.iter().find(|(after, _)| *after == path) {
        assert_eq!(api.post(before, &example(document, before)).0, 200, "{before} before {path}");
    }
    let (status, answer) = api.post(path, &example(document, path));
    assert_eq!(status, 200, "{path}: {answer}");
    let operation = &document["paths"][path]["post"];
    let written = &operation["responses"]["200"]["content"]["application/json"];
    let told = written.get("example");
    assert!(told.is_none_or(|told| *told == answer), "{path}: {answer}");
}

#[test]
fn every_example_is_answered_as_the_document_says() {
    let document = Api::new().get("/openapi.json");
    let paths = document["paths"].as_object().unwrap().iter();
    let posts: Vec<_> = paths.filter(|(_, methods)| methods.get("post").is_some()).collect();
    assert!(posts.len() > 18, "there are so many");
    for (path, _) in posts {
        answers(&document, path);
    }
}

/// What is put is named by its path.
#[test]
fn the_example_of_what_is_put_is_taken() {
    let api = Api::with(POLICIES);
    let operation = api.get("/openapi.json")["paths"]["/v1/policies/{policy}"]["put"].clone();
    let example = &operation["requestBody"]["content"]["application/json"]["example"];
    let (status, answer) = api.ask("PUT", "/v1/policies/api", example);
    assert_eq!((status, &answer["next"]["policy"]), (200, &example["policy"]));
}

#[test]
fn it_is_told_to_everybody_and_says_which_version_it_is() {
    let api = Api::with_keys("");
    let answer = api.send(Request::get("/openapi.json"), "");
    assert_eq!(answer.status, 200, "no key is needed");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json()["openapi"], "3.1.0");
}

/// What a path takes beside its own method is told in `Allow`, also where two of them meet.
#[test]
fn a_name_that_is_also_a_path_can_be_looked_at() {
    let api = Api::new();
    assert_eq!(api.get("/v1/events/cleanup")["upstream"], "cleanup");
    let both = api.send(Request::put("/v1/events/cleanup"), "");
    assert_eq!((both.status.as_u16(), both.header("allow")), (405, Some("GET, HEAD, POST")));
    let one = api.send(Request::put("/v1/limits/slow/k"), "");
    assert_eq!((one.status.as_u16(), one.header("allow")), (405, Some("GET, HEAD")));
    for path in ["/v1/limits/slow", "/v1/limits/slow/k/", "/v1/barriers/a/b", "/", "/healthz/"] {
        assert_eq!(api.send(Request::get(path), "").status, 404, "{path}");
    }
}

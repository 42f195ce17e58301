//! Parties that wait for each other.

use serde_json::{Value, json};

use crate::support::Api;

fn create(api: &Api, parties: u64) -> Value {
    let body = json!({"barrier": "start", "parties": parties, "ttl_ms": 60_000});
    api.post("/v1/barriers", &body).1
}

fn arrive(api: &Api, party: &str, generation: u64, wait_ms: u64) -> Value {
    let body = json!({
        "barrier": "start", "party": party, "generation": generation, "wait_ms": wait_ms,
    });
    api.post("/v1/barriers/arrive", &body).1
}

#[test]
fn the_last_one_opens_the_barrier() {
    let api = Api::new();
    assert_eq!(create(&api, 2), json!({"generation": 1, "begun": true}));
    assert_eq!(create(&api, 2), json!({"generation": 1, "begun": false}), "it is alive");
    let waiting = json!({"outcome": "waiting", "is_open": false, "remaining": 1});
    assert_eq!(arrive(&api, "a", 1, 0), waiting);
    assert_eq!(arrive(&api, "a", 1, 0), waiting, "to arrive twice is to arrive once");
    assert_eq!(arrive(&api, "b", 1, 0), json!({"outcome": "opened", "is_open": true}));
    assert_eq!(arrive(&api, "a", 1, 4_000)["outcome"], "already-open");
    let status = api.get("/v1/barriers/start");
    assert_eq!((&status["is_open"], &status["arrived"]), (&json!(true), &json!(2)));
}

#[test]
fn who_waits_is_answered_after_a_while_even_if_nobody_comes() {
    let api = Api::new();
    create(&api, 2);
    let before = api.clock_millis();
    assert_eq!(arrive(&api, "a", 1, 1_000)["outcome"], "waiting");
    let waited = api.clock_millis() - before;
    assert!((900..=1_000).contains(&waited), "{waited}");
}

#[test]
fn who_gives_up_is_not_counted_and_who_goes_on_makes_room_for_the_next_generation() {
    let api = Api::new();
    create(&api, 2);
    let leave = |party: &str| {
        let body = json!({"barrier": "start", "party": party, "generation": 1});
        api.post("/v1/barriers/leave", &body).1["outcome"].clone()
    };
    arrive(&api, "a", 1, 0);
    assert_eq!(leave("a"), "gave-up");
    assert_eq!(arrive(&api, "b", 1, 0)["outcome"], "waiting", "a is not counted any more");
    assert_eq!(arrive(&api, "a", 1, 0)["outcome"], "opened");
    assert_eq!((leave("a"), leave("b")), (json!("left"), json!("left")));
    assert_eq!(create(&api, 3), json!({"generation": 2, "begun": true}));
    let late = arrive(&api, "a", 1, 0);
    assert_eq!((&late["outcome"], &late["generation"]), (&json!("wrong-generation"), &json!(2)));
}

#[test]
fn who_leaves_while_it_waits_is_not_counted_again() {
    let api = Api::new();
    create(&api, 2);
    let [waited, left] = api.post_both([
        (
            "/v1/barriers/arrive",
            &json!({"barrier": "start", "party": "a", "generation": 1, "wait_ms": 4_000}),
        ),
        ("/v1/barriers/leave", &json!({"barrier": "start", "party": "a", "generation": 1})),
    ]);
    assert_eq!(left["outcome"], "gave-up");
    assert_eq!(waited, left, "it learns that it left");
    assert_eq!(arrive(&api, "b", 1, 0)["outcome"], "waiting", "for a");
    assert_eq!(arrive(&api, "a", 1, 0)["outcome"], "opened", "it may come back");
}

#[test]
fn an_expired_barrier_does_not_open() {
    let api = Api::new();
    create(&api, 2);
    arrive(&api, "a", 1, 0);
    api.pass(60_000);
    assert_eq!(arrive(&api, "b", 1, 0)["outcome"], "expired");
    assert_eq!(create(&api, 2)["generation"], 2);
}

#[test]
fn what_is_no_barrier_is_told() {
    let api = Api::new();
    assert_eq!(api.get("/v1/barriers/none")["status"], 404);
    assert_eq!(arrive(&api, "a", 1, 0)["outcome"], "no-barrier");
    for (body, field) in [
        (json!({"barrier": "b"}), "parties"),
        (json!({"barrier": "b", "parties": 0}), "parties"),
        (json!({"barrier": "b", "parties": 4_001}), "parties"),
        (json!({"barrier": "b", "parties": 2, "ttl_ms": 0}), "ttl_ms"),
        (json!({"barrier": "", "parties": 2}), "barrier"),
        (json!({"barrier": "b", "parties": 2, "party": "a"}), "party"),
    ] {
        let (status, answer) = api.post("/v1/barriers", &body);
        assert_eq!((status, &answer["field"]), (400, &json!(field)), "{body}");
    }
}

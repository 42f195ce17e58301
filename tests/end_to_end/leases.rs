//! Holding, settling, and what else the API can do, through the real program: what holds in virtual time
//! (`crates/service/tests/api`) holds in every runtime.

use serde_json::{Value, json};

use crate::program::{Program, RUNTIMES};

fn post(program: &Program, path: &str, body: &Value) -> (u16, Value) {
    let answer = program.send("POST", path, &[], &body.to_string());
    (answer.status, answer.json())
}

#[test]
fn what_was_held_is_settled_for_what_it_came_to() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let hold = json!({"policy": "budget", "key": "k", "cost": 60, "hold_ms": 60_000});
        let (status, held) = post(&program, "/v1/acquire", &hold);
        assert_eq!((status, &held["limits"]["units"]["remaining"]), (200, &json!(40)));
        assert_eq!(post(&program, "/v1/acquire", &hold).0, 429, "{runtime:?}: it is held");
        let settle = json!({"lease": held["lease"], "cost": 25});
        let (status, settled) = post(&program, "/v1/settle", &settle);
        assert_eq!(status, 200, "{runtime:?} {settled}");
        assert_eq!(settled["keys"][0]["limits"]["units"]["remaining"], 75);
        assert_eq!(post(&program, "/v1/settle", &settle).0, 410);
    }
}

#[test]
fn several_keys_are_charged_together_or_not_at_all() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let ask = |a: u64, b: u64| {
            let keys = json!([
                {"policy": "budget", "key": "a", "cost": a},
                {"policy": "budget", "key": "b", "cost": b},
            ]);
            post(&program, "/v1/acquire", &json!({ "keys": keys }))
        };
        assert_eq!(ask(60, 10).0, 200, "{runtime:?}");
        let (status, denied) = ask(60, 10);
        assert_eq!((status, &denied["keys"][0]["violated-policies"]), (429, &json!(["units"])));
        let peeked = program.get("/v1/limits/budget/b").json();
        assert_eq!(peeked["limits"]["units"]["remaining"], 90, "{runtime:?}: nothing was charged");
    }
}

#[test]
fn a_batch_is_decided_in_one_request() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let requests = vec![json!({"policy": "budget", "key": "k", "cost": 30}); 4];
        let (status, body) = post(&program, "/v1/acquire/batch", &json!({ "requests": requests }));
        assert_eq!(status, 200, "{runtime:?} {body}");
        let statuses: Vec<_> =
            body["results"].as_array().unwrap().iter().map(|it| &it["status"]).collect();
        assert_eq!(statuses, [200, 200, 200, 429]);
    }
}

#[test]
fn events_and_barriers_are_shared() {
    for runtime in RUNTIMES {
        let program = Program::in_memory(runtime);
        let event = json!({"upstream": "u", "code": "429", "duration_ms": 60_000});
        assert_eq!(post(&program, "/v1/events", &event).1["reported"], "added", "{runtime:?}");
        assert_eq!(program.get("/v1/events/u?code=429").json()["limited"], true);
        let barrier = json!({"barrier": "b", "parties": 2});
        assert_eq!(post(&program, "/v1/barriers", &barrier).1["generation"], 1);
        let arrive = |party: &str| {
            let body = json!({"barrier": "b", "party": party, "generation": 1});
            post(&program, "/v1/barriers/arrive", &body).1["outcome"].clone()
        };
        assert_eq!((arrive("x"), arrive("y")), (json!("waiting"), json!("opened")), "{runtime:?}");
        let reset = json!({"policy": "budget", "key": "k"});
        assert_eq!(post(&program, "/v1/reset", &reset).0, 200);
    }
}

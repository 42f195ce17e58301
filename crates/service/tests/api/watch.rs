//! What happens is told to who watches: in order, once, also to who comes back.

mod limited;

use http::{Request, StatusCode};
use serde_json::{Value, json};
use tollgate_core::Span;
use tollgate_service::LAST_EVENT_ID;
use tollgate_store::Clock as _;

use crate::support::{Api, Fault, POLICIES, Watcher};

fn reduce(api: &Api, key: &str) {
    let body = json!({"policy": "upstream", "key": key, "source": "agent-1", "reason": "429"});
    assert_eq!(api.post("/v1/capacity/reduce", &body).0, 200);
}

fn names(watcher: &mut Watcher<'_>) -> Vec<String> {
    watcher.told().into_iter().map(|event| event.name).collect()
}

#[test]
fn a_reduction_is_told_and_every_step_of_its_recovery() {
    let api = Api::new();
    let mut watcher = api.watch("/v1/watch");
    let reduced_at = api.clock_millis();
    reduce(&api, "k");
    let told = watcher.told();
    let expected = json!({
        "policy": "upstream", "key": "k", "limit": "calls", "capacity": 50, "original": 100, "per_ms": 1000,
        "source": "agent-1", "reason": "429", "at_ms": reduced_at,
    });
    assert_eq!((told.len(), &*told[0].name, &told[0].data), (1, "reduced", &expected));
    for (step, capacity) in [(1, 55), (2, 60), (3, 66)] {
        let told = watcher.told();
        let expected = json!({
            "policy": "upstream", "key": "k", "limit": "calls", "capacity": capacity, "original": 100,
            "per_ms": 1000, "at_ms": reduced_at + step * 30_000,
        });
        assert_eq!((told.len(), &*told[0].name, &told[0].data), (1, "recovered", &expected));
        assert!(api.clock_millis() < reduced_at + step * 30_000 + 500, "within half a second");
    }
    let mut capacity = 66;
    while capacity < 100 {
        capacity = watcher.told()[0].data["capacity"].as_u64().unwrap();
    }
    assert_eq!(names(&mut watcher), [""; 0], "it is over: what it was, and no more");
}

#[test]
fn what_operators_do_is_told_in_its_order() {
    let api = Api::new();
    let mut watcher = api.watch("/v1/watch");
    let set = json!({"policy": "upstream", "key": "k", "capacity": 10, "per_ms": 2_000});
    api.post("/v1/capacity/set", &set);
    reduce(&api, "k");
    let event = json!({"upstream": "u", "code": "429", "label": "gpt", "duration_ms": 10_000});
    api.post("/v1/events", &event);
    api.post("/v1/capacity/clear", &json!({"policy": "upstream", "key": "k"}));
    let told = watcher.told();
    let names: Vec<_> = told.iter().map(|event| &*event.name).collect();
    assert_eq!(names, ["capacity", "reduced", "event", "capacity"]);
    let capacities: Vec<_> = told.iter().map(|event| event.data["capacity"].clone()).collect();
    assert_eq!(capacities, [json!(10), json!(5), json!(null), json!(100)]);
    let now = api.clock_millis();
    let expected = json!({
        "upstream": "u", "code": "429", "label": "gpt", "at_ms": now, "expires_at_ms": now + 8_000,
    });
    assert_eq!(told[2].data, expected, "what the upstream says is counted for four fifths");
}

/// Whoever is told may act on it, so what changed nothing says nothing.
#[test]
fn what_changes_nothing_is_not_told() {
    let api = Api::new();
    let mut watcher = api.watch("/v1/watch?watch_ms=5000");
    let body = json!({"policy": "upstream", "key": "k", "factor_permille": 0});
    api.post("/v1/capacity/reduce", &body);
    api.post("/v1/capacity/reduce", &body);
    api.post("/v1/reset", &json!({"policy": "upstream", "key": "other"}));
    api.post("/v1/reset", &json!({"policy": "slow", "key": "k"}));
    let event = json!({"upstream": "u", "code": "429", "duration_ms": 1_000, "request_id": "e"});
    api.post("/v1/events", &event);
    api.post("/v1/events", &event);
    assert_eq!(api.post("/v1/capacity/set", &json!({"policy": "upstream", "key": "k"})).0, 400);
    assert_eq!(names(&mut watcher), ["reduced", "event"]);
    api.post("/v1/reset", &json!({"policy": "upstream", "key": "k"}));
    let told = watcher.told();
    assert_eq!((&*told[0].name, &told[0].data["capacity"]), ("capacity", &json!(100)), "it ended");
    assert_eq!(names(&mut watcher), [""; 0]);
}

#[test]
fn who_comes_back_goes_on_where_it_was() {
    let api = Api::new();
    let mut watcher = api.watch("/v1/watch");
    reduce(&api, "a");
    let id = watcher.told()[0].id.clone();
    drop(watcher);
    reduce(&api, "b");
    api.pass(70_000);
    let resume = |id: &str, path: &str| {
        let request = Request::get(path).header(LAST_EVENT_ID, id);
        api.watch_by(request).told()
    };
    let told = resume(&id, "/v1/watch");
    let what: Vec<_> =
        told.iter().map(|it| (&*it.name, it.data["key"].as_str().unwrap())).collect();
    assert_eq!(what, [("reduced", "b"), ("recovered", "a"), ("recovered", "b")]);
    assert!(told[1..].iter().all(|it| it.data["capacity"] == 60), "where it stands: {told:?}");
    let last = &told[2].id;
    assert_eq!(resume(last, "/v1/watch")[0].data["capacity"], 66, "and from there the next step");
    // What a client began with is in its path for ever; what it was told last is not.
    assert_eq!(resume(last, "/v1/watch?after=0")[0].data["capacity"], 66);
    let mut all = api.watch("/v1/watch?after=0");
    let told = all.told();
    assert_eq!((told.len(), &told[0].data["key"], &*told[0].name), (4, &json!("a"), "reduced"));
}

/// A heartbeat tells nothing, and yet who breaks off after it is told no recovery again.
#[test]
fn silence_is_broken_by_how_far_it_is() {
    let api = Api::new();
    let mut watcher = api.watch("/v1/watch");
    let start = api.clock_millis();
    let greeting = watcher.next().unwrap();
    assert!(greeting.starts_with("retry: 1000\nid: 0-1800000000000000000\n\n"), "{greeting}");
    assert_eq!(watcher.next().unwrap(), ":\nid: 0-1800000010000000000\n\n");
    assert_eq!(api.clock_millis() - start, 10_000);
    reduce(&api, "k");
    assert!(watcher.next().unwrap().contains("event: reduced\n"));
    api.pass(5_000);
    let later = watcher.next().unwrap();
    assert!(later.starts_with(":\nid: "), "{later}");
    assert!(later.ends_with("1-1800000020500000000\n\n"), "ten seconds later: {later}");
}

#[test]
fn a_stream_ends_when_it_was_asked_to_and_after_ten_minutes() {
    let api = Api::new();
    for (path, lasts_ms) in [("", 600_000), ("?watch_ms=1200", 1_200), ("?watch_ms=0", 0)] {
        let start = api.clock_millis();
        let mut watcher = api.watch(&format!("/v1/watch{path}"));
        while watcher.next().is_some() {}
        assert_eq!(api.clock_millis() - start, lasts_ms, "{path}");
        assert_eq!(watcher.next(), None, "it stays over");
    }
    reduce(&api, "k");
    let mut look = api.watch("/v1/watch?after=0&watch_ms=0");
    assert_eq!(names(&mut look), ["reduced"], "what there is, without waiting");
    assert_eq!(look.next(), None);
}

#[test]
fn who_was_away_for_too_long_is_told_what_it_missed() {
    let api = Api::new();
    let happens = |api: &Api, n: u32| {
        let event = json!({"upstream": format!("u{n}"), "code": "429", "duration_ms": 1_000});
        api.post("/v1/events", &event);
        api.watch("/v1/watch?after=0&watch_ms=0").told().pop().unwrap().id
    };
    let ids: Vec<String> = (0..130).map(|n| happens(&api, n)).collect();
    let told = api.watch("/v1/watch?after=0").told();
    assert_eq!((&*told[0].name, &told[0].data), ("missed", &json!({"events": 2})));
    assert_eq!((told.len(), &told[1].data["upstream"]), (129, &json!("u2")));
    let after = |api: &Api, id: &str| api.watch(&format!("/v1/watch?after={id}")).told();
    assert_eq!(after(&api, &ids[0])[0].data, json!({"events": 1}));
    let told = after(&api, &ids[1]);
    assert_eq!((told.len(), &*told[0].name), (128, "event"), "nothing was missed");
    // A store has lost its log, and has had as many entries since: how much was lost, nobody knows.
    let fresh = Api::new();
    fresh.pass(1_000);
    (0..130).for_each(|n| drop(happens(&fresh, n)));
    let told = after(&fresh, &ids[100]);
    assert_eq!((&*told[0].name, &told[0].data), ("missed", &json!({"events": null})));
    assert_eq!(told.len(), 129);
}

#[test]
fn filters_choose_policies_and_keys() {
    let api = Api::new();
    let told = |path: &str| {
        let told = api.watch(path).told();
        told.iter().map(|it| it.data["key"].clone()).collect::<Vec<Value>>()
    };
    reduce(&api, "a");
    reduce(&api, "b");
    api.post("/v1/events", &json!({"upstream": "a", "code": "429", "duration_ms": 1_000}));
    let path = "/v1/watch?watch_ms=0&after=0";
    assert_eq!(told(path), [json!("a"), json!("b"), json!(null)]);
    assert_eq!(told(&format!("{path}&key=b")), ["b"]);
    assert_eq!(told(&format!("{path}&policy=upstream")), ["a", "b"]);
    assert_eq!(told(&format!("{path}&policy=slow")), [json!(null); 0]);
    api.pass(30_000);
    assert_eq!(told(&format!("{path}&key=b")), ["b", "b"], "of recoveries, too");
}

#[test]
fn what_is_no_watch_is_refused_with_its_field() {
    let api = Api::new();
    for (query, status, field) in [
        ("policy=none", 404, "policy"),
        ("key=", 400, "key"),
        ("after=x", 400, "after"),
        ("watch_ms=600001", 400, "watch_ms"),
        ("watch_ms=-1", 400, "watch_ms"),
        ("watch_ms=%2B1", 400, "watch_ms"),
        ("watch_ms=", 400, "watch_ms"),
        ("x=1", 400, "x"),
    ] {
        let answer = api.get(&format!("/v1/watch?{query}"));
        assert_eq!((&answer["status"], &answer["field"]), (&json!(status), &json!(field)));
    }
    for id in ["x", "1-", "-"] {
        let answer = api.send(Request::get("/v1/watch").header(LAST_EVENT_ID, id), "").json();
        assert_eq!((&answer["status"], &answer["field"]), (&json!(400), &json!("Last-Event-ID")));
    }
    let fresh = Request::get("/v1/watch").header(LAST_EVENT_ID, "");
    assert!(api.watch_by(fresh).next().unwrap().contains("id: 0-"), "it was told nothing yet");
    assert_eq!(api.send(Request::post("/v1/watch"), "").status, StatusCode::METHOD_NOT_ALLOWED);
    let head = api.send(Request::head("/v1/watch"), "");
    assert_eq!(
        (head.status, head.header("content-type")),
        (StatusCode::OK, Some("text/event-stream"))
    );
}

#[test]
fn so_many_watch_and_no_more_until_one_goes_away() {
    let api = Api::new();
    let mut watchers: Vec<_> = (0..64).map(|_| api.watch("/v1/watch")).collect();
    let refused = api.send(Request::get("/v1/watch"), "");
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, Some("1")));
    let metrics = |api: &Api| {
        let body = api.send(Request::get("/metrics"), "").body;
        String::from_utf8_lossy(&body).into_owned()
    };
    assert!(metrics(&api).contains("\ntollgate_watchers 64\n"), "{}", metrics(&api));
    watchers.pop();
    watchers.push(api.watch("/v1/watch"));
    drop(watchers);
    assert!(metrics(&api).contains("\ntollgate_watchers 0\n"));
}

#[test]
fn a_store_that_fails_is_told_by_the_status_and_ends_the_stream() {
    let api = Api::new();
    let mut watcher = api.watch("/v1/watch");
    reduce(&api, "k");
    assert_eq!(names(&mut watcher), ["reduced"]);
    api.fault.set(Fault::Load);
    assert_eq!(watcher.next(), None);
    assert_eq!(api.get("/v1/watch")["status"], 503);
}

/// However many watch, one of them looks at the store for all; a tenant's watchers for that tenant.
#[test]
fn those_who_watch_here_look_together() {
    let api = Api::with(&["live_policies = false", POLICIES].concat());
    let mut watchers: Vec<_> = (0..60).map(|_| api.watch("/v1/watch?watch_ms=35000")).collect();
    reduce(&api, "k");
    let loads = api.loads.get();
    for watcher in &mut watchers {
        assert_eq!(names(watcher), ["reduced"], "each is told");
    }
    // The log, and where the capacity stands that may recover.
    assert_eq!(api.loads.get() - loads, 1 + 1);
    let loads = api.loads.get();
    api.pass(30_000);
    for watcher in &mut watchers {
        assert_eq!(names(watcher), ["recovered"], "each is told");
    }
    assert_eq!(api.loads.get() - loads, 1 + 1, "for a step of the recovery, too");
    let loads = api.loads.get();
    for watcher in &mut watchers {
        while watcher.next().is_some() {}
    }
    assert_eq!(api.loads.get() - loads, 10, "twice a second");
    let late = api.watch("/v1/watch?after=0&watch_ms=0").told();
    assert_eq!(late[0].name, "reduced");
}

/// It has happened: the caller must not ask again.
#[test]
fn what_can_not_be_announced_has_happened_nevertheless() {
    let api = Api::new();
    api.post("/v1/capacity/reduce", &json!({"policy": "upstream", "key": "k"}));
    api.corrupt("w/");
    let (status, _) = api.post("/v1/capacity/reduce", &json!({"policy": "upstream", "key": "k"}));
    assert_eq!(status, 200);
    assert_eq!(api.get("/v1/capacity/upstream/k")["capacities"][0]["capacity"], 25);
    assert_eq!(api.get("/v1/watch")["status"], 503, "and the operator is told why");
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_deaf() {
    let api = Api::new();
    let mut watcher = api.watch("/v1/watch");
    watcher.next();
    api.pass(300_000);
    watcher.next();
    let now = api.clock.now();
    api.clock.set(tollgate_core::Timestamp::from_nanos(
        now.as_nanos() - Span::from_secs(250).as_nanos(),
    ));
    let before = api.clock_millis();
    reduce(&api, "k");
    assert_eq!(names(&mut watcher), ["reduced"]);
    assert!(api.clock_millis() - before <= 500);
}

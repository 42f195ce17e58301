//! Watching, through the real program: streams that go on while requests come and go.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{Program, RUNTIMES, Runtime};
use crate::watcher::Watcher;

const POLICIES: &str = r#"
[policy.upstream]
calls = { algorithm = "adaptive", capacity = 100, per = "1s" }
"#;

fn start(runtime: Runtime) -> Program {
    let folder = tempfile::tempdir().unwrap();
    Program::start_with_policies(runtime, folder.path(), POLICIES, &["--store", "memory"])
}

fn reduce(program: &Program, key: &str) {
    let body = json!({"policy": "upstream", "key": key}).to_string();
    let answer = program.send("POST", "/v1/capacity/reduce", &[], &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Which key was reduced; `None` when the stream is over.
fn reduced(watcher: &mut Watcher) -> Option<Value> {
    let told = watcher.told()?;
    assert_eq!(told.name, "reduced");
    Some(told.data["key"].clone())
}

#[test]
fn what_happens_is_told_and_who_comes_back_goes_on_where_it_was() {
    for runtime in RUNTIMES {
        let program = start(runtime);
        let mut watchers =
            [Watcher::new(&program, "/v1/watch"), Watcher::new(&program, "/v1/watch?key=b")];
        reduce(&program, "a");
        reduce(&program, "b");
        assert_eq!(reduced(&mut watchers[0]), Some(json!("a")), "{runtime:?}");
        assert_eq!(reduced(&mut watchers[1]), Some(json!("b")), "{runtime:?}: it asked for that");
        let id = watchers[0].id.clone();
        drop(watchers);
        reduce(&program, "c");
        let mut back = Watcher::after(&program, "/v1/watch", &id);
        let told = [reduced(&mut back), reduced(&mut back)];
        assert_eq!(told, [Some(json!("b")), Some(json!("c"))], "{runtime:?}");
    }
}

/// A request may take five seconds, and a stream as long as it likes; a proxy may end it sooner.
#[test]
fn a_stream_outlives_the_time_of_a_request_and_ends_when_it_was_asked_to() {
    thread::scope(|scope| {
        for runtime in RUNTIMES {
            scope.spawn(move || {
                let program = start(runtime);
                let started = Instant::now();
                let mut watcher = Watcher::new(&program, "/v1/watch?watch_ms=8000");
                thread::sleep(Duration::from_secs(6));
                reduce(&program, "late");
                assert_eq!(reduced(&mut watcher), Some(json!("late")), "{runtime:?}");
                assert_eq!(reduced(&mut watcher), None, "{runtime:?}");
                assert!(started.elapsed() >= Duration::from_secs(8), "{runtime:?}");
            });
        }
    });
}

#[test]
fn so_many_watch_and_who_goes_away_makes_room() {
    for runtime in RUNTIMES {
        let program = start(runtime);
        let mut watchers: Vec<_> = (0..64).map(|_| Watcher::new(&program, "/v1/watch")).collect();
        let refused = program.get("/v1/watch");
        assert_eq!((refused.status, refused.header("retry-after")), (503, "1"), "{runtime:?}");
        reduce(&program, "others are served");
        drop(watchers.pop());
        // That a connection is gone is noticed soon.
        let deadline = Instant::now() + Duration::from_secs(10);
        let last = loop {
            match Watcher::try_after(&program, "/v1/watch", "0") {
                Ok(watcher) => break watcher,
                Err(status) => assert_eq!(status, 503, "{runtime:?}"),
            }
            assert!(Instant::now() < deadline, "{runtime:?}");
            thread::sleep(Duration::from_millis(20));
        };
        watchers.push(last);
        let told = reduced(watchers.last_mut().unwrap());
        assert_eq!(told, Some(json!("others are served")), "{runtime:?}");
    }
}

#[test]
fn a_stop_ends_the_streams() {
    for runtime in RUNTIMES {
        let program = start(runtime);
        let mut watcher = Watcher::new(&program, "/v1/watch");
        let started = Instant::now();
        program.stop();
        assert_eq!(watcher.told(), None, "{runtime:?}: it ends as a stream does");
        assert!(started.elapsed() < Duration::from_secs(5), "{runtime:?}: nobody waited for it");
    }
}

/// A key that was taken out of the file must not listen on.
#[test]
fn what_is_read_again_ends_the_streams() {
    for runtime in RUNTIMES {
        let folder = tempfile::tempdir().unwrap();
        let mut program =
            Program::start_with_policies(runtime, folder.path(), POLICIES, &["--store", "memory"]);
        let mut watcher = Watcher::new(&program, "/v1/watch");
        program.hang_up();
        program.log_until("it was read again");
        assert_eq!(watcher.told(), None, "{runtime:?}");
        let mut again = Watcher::after(&program, "/v1/watch", &watcher.id);
        reduce(&program, "k");
        assert_eq!(reduced(&mut again), Some(json!("k")), "{runtime:?}");
    }
}

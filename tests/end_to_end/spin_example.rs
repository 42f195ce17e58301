//! The example of a Spin component that asks the limiter itself (`examples/spin-limiter`), composed as Spin
//! does, in the embedded host.

use std::path::PathBuf;
use std::sync::Barrier;
use std::{env, fs, thread};

use tempfile::TempDir;

use crate::program::{Program, Runtime, program_path};

const RUNTIMES: [Runtime; 2] = [Runtime::Edge, Runtime::EdgeOnSpin];

fn start(runtime: Runtime) -> (Program, TempDir) {
    let component = program_path().ancestors().nth(2).unwrap().join("tollgate/spin-limiter.wasm");
    assert!(component.exists(), "{}: `cargo xtask guests` makes it", component.display());
    let folder = tempfile::tempdir().unwrap();
    let args = ["--store", "memory", "--edge", component.to_str().unwrap()];
    (Program::start(runtime, folder.path(), &args), folder)
}

#[test]
fn three_requests_pass_and_the_fourth_is_told_when() {
    for runtime in RUNTIMES {
        let (program, _folder) = start(runtime);
        let answers: Vec<_> = (0..4).map(|_| program.get("/alice")).collect();
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200, 200, 200, 429], "{runtime:?}");
        assert_eq!(answers[0].text, "2 left\n");
        let retry_after_s: u64 = answers[3].header("retry-after").parse().unwrap();
        assert!((1..=20).contains(&retry_after_s), "{retry_after_s}");
        assert_eq!(program.get("/bob").status, 200, "{runtime:?}: another caller");
        for nobody in ["/".to_owned(), format!("/{}", "k".repeat(201))] {
            assert_eq!(program.get(&nobody).status, 404, "{nobody}");
        }
    }
}

/// Once a caller has a record, no two requests are counted as one.
#[test]
fn as_many_pass_at_once_as_there_is_room_for() {
    for runtime in RUNTIMES {
        let (program, _folder) = start(runtime);
        assert_eq!(program.get("/alice").status, 200);
        let barrier = Barrier::new(16);
        let ask = || {
            barrier.wait();
            program.get("/alice").status
        };
        let statuses: Vec<_> = thread::scope(|scope| {
            let asking: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
            asking.into_iter().map(|asking| asking.join().unwrap()).collect()
        });
        let passed = statuses.iter().filter(|status| **status == 200).count();
        assert_eq!(passed, 2, "{runtime:?}: {statuses:?}");
    }
}

/// Every step of every vector gives the decision, the numbers and the bytes that stand there.
#[test]
fn the_component_does_what_the_vectors_say() {
    let (program, _folder) = start(Runtime::Edge);
    let said = program.get("/vectors");
    assert_eq!(said.status, 200, "{}", said.text);
    assert!(said.text.starts_with("adaptive\t{\"changed\":"), "{}", said.text);
    if let Some(folder) = env::var_os("TOLLGATE_TRANSCRIPTS") {
        fs::write(PathBuf::from(folder).join("spin.txt"), said.text).unwrap();
    }
}

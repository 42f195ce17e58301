//! The shared vectors (`tests/vectors/README.md` tells the format), run on the core itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../../tests/vectors/format.rs"]
mod format;
#[path = "../../../tests/vectors/said.rs"]
mod said;
#[path = "../../../tests/vectors/transcript.rs"]
mod transcript;

use format::{PolicyText, Vector, files};
use said::said;
use tollgate_core::{Record, Timestamp};
use transcript::Transcript;

/// Runs a vector; says how many steps it has.
fn run(file: &str, vector: Vector, transcript: &mut Transcript) -> usize {
    let mut bytes = vector.record();
    let mut policy = vector.policy.policy();
    let count = vector.steps.len();
    for step in vector.steps {
        policy = step.policy.map_or(policy, PolicyText::policy);
        let mut record = Record::decode(&policy, &bytes).unwrap();
        let operation = step.operation.operation(&policy);
        let now = Timestamp::from_nanos(step.now_ns);
        let decision = policy.apply(&mut record, &operation, now);
        let said = said(&policy, &decision, &bytes);
        assert_eq!(said, step.expect, "{file}: {} {}", vector.why, step.why);
        transcript.add(file, &said);
        bytes = format::unhex(&step.expect.record);
    }
    count
}

/// Every step of every vector gives the decision, the numbers and the bytes that stand there.
#[test]
fn the_core_does_what_the_vectors_say() {
    let (mut total, mut transcript) = (0, Transcript::default());
    for file in files() {
        let run = |vector| run(file.name, vector, &mut transcript);
        let steps: usize = file.vectors.into_iter().map(run).sum();
        println!("{:>5} steps in {}.json", steps, file.name);
        assert!(steps >= file.steps_min, "{} has lost steps: {steps} are left", file.name);
        total += steps;
    }
    println!("{total:>5} steps in all");
    transcript.write("native");
}

/// Each file stands for one thing, and they are all of them.
#[test]
fn no_file_is_forgotten() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let json = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut names: Vec<String> =
        json.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    // These have formats and tests of their own.
    names.retain(|name| !["barrier", "cooldown", "feedback"].contains(&&**name));
    assert_eq!(names, files().map(|file| file.name).collect::<Vec<_>>());
}

/// A field that its algorithm does not have is a mistake, not something to skip.
#[test]
fn unknown_fields_are_refused() {
    let parse = |limit: &str| {
        let text = format!(r#"{{"limits": [{{"name": "x", {limit}, "slots": 1}}]}}"#);
        serde_json::from_str::<PolicyText>(&text)
    };
    assert!(parse(r#""algorithm": "concurrency""#).is_ok());
    let error = parse(r#""algorithm": "sliding-log", "limit": 1, "per_ns": "1""#).err().unwrap();
    assert!(error.to_string().contains("unknown field `slots`"), "{error}");
}

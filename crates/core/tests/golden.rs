//! Golden records: the bytes of version 1, which never change, and what is refused as corrupt.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "golden/records.rs"]
mod records;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use records::Golden;
use tollgate_core::{Algorithm, Limit, Policy, Record, Recovery, Span, Timestamp, Windows};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// What is told as entries that don't fill the record: too few bytes or too many, and for each kind of
/// entry what it can't hold.
const CORRUPT: [&str; 30] = [
    "corrupt-truncated",
    "corrupt-trailing-byte",
    "corrupt-head",
    "corrupt-length",
    "corrupt-endless-length",
    "corrupt-meter",
    "corrupt-budget",
    "corrupt-window",
    "corrupt-counter",
    "corrupt-log-half",
    "corrupt-log-no-units",
    "corrupt-log-same-time",
    "corrupt-log-too-late",
    "corrupt-log-too-many",
    "corrupt-adaptive-short",
    "corrupt-adaptive-flags",
    "corrupt-adaptive-set",
    "corrupt-adaptive-set-nothing",
    "corrupt-adaptive-reduced",
    "corrupt-adaptive-note",
    "corrupt-adaptive-source",
    "corrupt-adaptive-trailing",
    "corrupt-hold-short",
    "corrupt-hold-tag",
    "corrupt-hold-repeated",
    "corrupt-hold-costs",
    "corrupt-block",
    "corrupt-request-ids",
    "corrupt-request-ids-too-many",
    "corrupt-revision",
];

/// What is told otherwise.
const CORRUPT_OTHERWISE: [(&str, &str); 4] = [
    ("corrupt-empty", "the record is empty"),
    ("corrupt-version-0", "the record has the unknown version 0"),
    ("corrupt-version-2", "the record has the unknown version 2"),
    ("corrupt-repeated", "the record has the entry 66ad5ad3 twice"),
];

/// A meter's entry, entries of limits that its policy does not have, and some of unknown kinds.
const FOREIGN: &str = "v1-foreign";
/// The entry of a limit that has since come to count in another way.
const OTHER_KIND: &str = "v1-other-kind";
/// A meter's entry, and the revision of a policy that was changed live.
const REVISION: &str = "v1-revision";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn read(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(folder().join(name).with_extension("hex")).unwrap();
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (pairs, rest) = digits.as_chunks::<2>();
    assert!(rest.is_empty(), "{name} has half a byte");
    let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.iter().map(|pair| byte(pair)).collect()
}

impl Golden {
    fn policy(&self) -> Policy {
        Policy::new(self.limits.clone()).unwrap()
    }

    fn end(&self) -> Timestamp {
        let last = self.steps.last().map_or(0, |(after, _)| *after);
        self.start.plus(Span::from_nanos(last))
    }

    /// The record of a fresh key to which all steps were done.
    fn record(&self, policy: &Policy) -> Record {
        let mut record = Record::new(policy);
        for (after, step) in &self.steps {
            let operation = step.clone().operation(policy);
            policy.apply(&mut record, &operation, self.start.plus(Span::from_nanos(*after)));
        }
        record
    }
}

/// This build writes the golden bytes.
#[test]
fn golden_records_are_written() {
    for golden in records::all() {
        let policy = golden.policy();
        assert_eq!(golden.record(&policy).encode(&policy), read(golden.name), "{}", golden.name);
    }
}

/// This build reads the golden bytes: all that was done to the key is there again, and no more.
#[test]
fn golden_records_are_read() {
    for golden in records::all() {
        let policy = golden.policy();
        let mut record = Record::decode(&policy, &read(golden.name)).unwrap();
        assert_eq!(record, golden.record(&policy), "{}", golden.name);
        let peek = policy.no_costs().into();
        let decision = policy.apply(&mut record, &peek, golden.end());
        let stands: Vec<_> = decision.limits().map(|it| (it.remaining, it.held)).collect();
        assert_eq!(stands, golden.stands, "{}", golden.name);
    }
}

/// A policy with a limit for every kind of entry.
fn all_kinds() -> Policy {
    let period = Span::from_secs(60);
    let windows = Windows::Aligned { period, utc_offset_secs: 0 };
    let recovery = Recovery::default();
    let limit = |name, algorithm| Limit::new(name, algorithm).unwrap();
    Policy::new([
        Limit::token_bucket("requests", 10, 3, period).unwrap(),
        Limit::token_bucket("credits", 10, 0, period).unwrap(),
        limit("window", Algorithm::FixedWindow { limit: 5, windows }),
        limit("counter", Algorithm::SlidingCounter { limit: 10, period }),
        limit("log", Algorithm::SlidingLog { limit: 10, period }),
        limit("adaptive", Algorithm::Adaptive { capacity: 10, period, recovery }),
    ])
    .unwrap()
}

/// Corrupt bytes are refused with a message that says what is wrong.
#[test]
fn corrupt_records_are_refused() {
    let policy = all_kinds();
    for name in CORRUPT {
        let bytes = read(name);
        let error = Record::decode(&policy, &bytes).unwrap_err();
        let message = format!("the record's entries do not fill its {} bytes", bytes.len());
        assert_eq!(error.to_string(), message, "{name}");
    }
    for (name, message) in CORRUPT_OTHERWISE {
        let error = Record::decode(&policy, &read(name)).unwrap_err();
        assert_eq!(error.to_string(), message, "{name}");
    }
}

fn requests() -> Policy {
    let limit = Limit::token_bucket("requests", 10, 3, Span::from_secs(1)).unwrap();
    Policy::new([limit]).unwrap()
}

/// Entries of a later build, and of limits that the policy does not have, are written as they came.
#[test]
fn foreign_entries_are_kept() {
    let (policy, bytes) = (requests(), read(FOREIGN));
    let mut record = Record::decode(&policy, &bytes).unwrap();
    assert_eq!(record.encode(&policy), bytes);
    let costs = policy.costs([]).unwrap().into();
    let decision = policy.apply(&mut record, &costs, NOW);
    assert_eq!(decision.limits().next().unwrap().remaining, 8, "and its own entry counts");
    assert_eq!(record.encode(&policy)[23..], bytes[23..]);
}

/// A record says under which revision of its policy it was written, and goes on saying so.
#[test]
fn a_revision_is_kept() {
    let (policy, bytes) = (requests(), read(REVISION));
    let record = Record::decode(&policy, &bytes).unwrap();
    assert_eq!((record.revision(), Record::revision_in(&bytes)), (7, Ok(7)));
    assert_eq!(record.encode(&policy), bytes);
}

/// What a limit counted in another way is not looked at, and is gone: it starts fresh.
#[test]
fn another_kind_starts_fresh() {
    let policy = requests();
    let record = Record::decode(&policy, &read(OTHER_KIND)).unwrap();
    assert_eq!(record, Record::new(&policy));
}

/// Every file in the folder is used above.
#[test]
fn no_golden_file_is_forgotten() {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "hex"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let written = records::all().into_iter().map(|golden| golden.name);
    let corrupt = CORRUPT.into_iter().chain(CORRUPT_OTHERWISE.map(|(name, _)| name));
    let used = written.chain(corrupt).chain([FOREIGN, OTHER_KIND, REVISION]);
    assert_eq!(files, used.map(str::to_owned).collect());
}

//! Golden records: the bytes of version 1, which never change, and what is refused as corrupt.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tollgate_core::{Limit, Policy, Record, Span, Timestamp, Verdict};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// The file with a record, and the charges that leave it on a fresh key.
type Golden = (&'static str, Timestamp, Vec<(Limit, u64)>);

fn golden() -> Vec<Golden> {
    let second = Span::from_secs(1);
    let requests = || Limit::token_bucket("requests", 10, 3, second).unwrap();
    let credits = || Limit::token_bucket("credits", 10, 0, second).unwrap();
    let tokens = || Limit::leaky_bucket("tokens", 100, 10, second).unwrap();
    let slowest = Limit::gcra("requests", 1, Span::MAX, 1).unwrap();
    let numbered = |i: u64| Limit::gcra(&format!("limit-{i}"), 3, second, 100).unwrap();
    vec![
        ("v1-no-limits", NOW, vec![]),
        ("v1-fresh", NOW, vec![(requests(), 0)]),
        ("v1-used", NOW, vec![(requests(), 1)]),
        ("v1-budget", NOW, vec![(credits(), 7)]),
        ("v1-latest", Timestamp::MAX, vec![(slowest, 1)]),
        ("v1-three", NOW, vec![(requests(), 1), (credits(), 7), (tokens(), 50)]),
        ("v1-sixteen", NOW, (0..16).map(|i| (numbered(i), i + 1)).collect()),
    ]
}

/// What is no record, and how that is told.
const CORRUPT: [(&str, &str); 8] = [
    ("corrupt-empty", "the record is empty"),
    ("corrupt-version-0", "the record has the unknown version 0"),
    ("corrupt-version-2", "the record has the unknown version 2"),
    ("corrupt-truncated", "the record's entries do not fill its 22 bytes"),
    ("corrupt-trailing-byte", "the record's entries do not fill its 24 bytes"),
    ("corrupt-short-meter", "the record's entries do not fill its 22 bytes"),
    ("corrupt-too-long", "the record's entries do not fill its 1378 bytes"),
    ("corrupt-repeated", "the record has the entry 66ad5ad3 twice"),
];

/// A meter's entry, one of a limit that its policy does not have, and one of an unknown kind.
const FOREIGN: &str = "v1-foreign";

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

/// This build writes the golden bytes.
#[test]
fn golden_records_are_written() {
    for (name, now, charges) in golden() {
        let policy = Policy::new(charges.iter().map(|(limit, _)| limit.clone())).unwrap();
        let units: Vec<u64> = charges.iter().map(|(_, cost)| *cost).collect();
        let costs = policy.costs_in_order(&units).unwrap().into();
        let mut record = Record::new(&policy);
        let decision = policy.apply(&mut record, &costs, now);
        assert_eq!(decision.verdict(), Verdict::Allowed, "{name}");
        assert_eq!(record.encode(&policy), read(name), "{name}");
    }
}

/// This build reads the golden bytes: every limit has what was charged, and no more, taken from it.
#[test]
fn golden_records_are_read() {
    for (name, now, charges) in golden() {
        let policy = Policy::new(charges.iter().map(|(limit, _)| limit.clone())).unwrap();
        let mut record = Record::decode(&policy, &read(name)).unwrap();
        let peek = policy.no_costs().into();
        let decision = policy.apply(&mut record, &peek, now);
        assert!(!decision.changed(), "{name}");
        for ((limit, cost), status) in charges.iter().zip(decision.limits()) {
            assert_eq!(status.remaining, limit.capacity() - cost, "{name}: {}", limit.name());
        }
    }
}

/// Corrupt bytes are refused with a message that says what is wrong.
#[test]
fn corrupt_records_are_refused() {
    let limits = [("requests", 3), ("credits", 0)];
    let limit = |(name, refill)| Limit::token_bucket(name, 10, refill, Span::from_secs(1)).unwrap();
    let policy = Policy::new(limits.map(limit)).unwrap();
    for (name, message) in CORRUPT {
        let error = Record::decode(&policy, &read(name)).unwrap_err();
        assert_eq!(error.to_string(), message, "{name}");
    }
}

/// Entries of a later build, and of a limit that the policy does not have, are written as they came.
#[test]
fn foreign_entries_are_kept() {
    let limit = Limit::token_bucket("requests", 10, 3, Span::from_secs(1)).unwrap();
    let policy = Policy::new([limit]).unwrap();
    let bytes = read(FOREIGN);
    let mut record = Record::decode(&policy, &bytes).unwrap();
    assert_eq!(record.encode(&policy), bytes);
    let costs = policy.costs([]).unwrap().into();
    let decision = policy.apply(&mut record, &costs, NOW);
    assert_eq!(decision.limits().next().unwrap().remaining, 8, "and its own entry counts");
    assert_eq!(record.encode(&policy)[23..], bytes[23..]);
}

/// Every file in the folder is used above.
#[test]
fn no_golden_file_is_forgotten() {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "hex"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let golden = golden().into_iter().map(|(name, ..)| name.to_owned());
    let used = golden.chain(CORRUPT.map(|(name, _)| name.to_owned()));
    let used = used.chain([FOREIGN.to_owned()]).collect();
    assert_eq!(files, used);
}

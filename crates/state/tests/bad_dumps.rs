//! An invalid dump is refused at the invalid line, and no key is overwritten unless asked.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tollgate_kv::{KEY_BYTES_MAX, KeyValue, Memory, VALUE_BYTES_MAX};
use tollgate_state::{Existing, LINE_BYTES_MAX, Restored, check, restore};

const HEADER: &str = r#"{"format":"tollgate state","version":1}"#;
const RECORD: &str = r#"{"key":"r/api/alice","record":"01"}"#;

/// Why a dump with these lines is refused.
fn refusal(lines: &[&str]) -> String {
    check(lines.join("\n").as_bytes()).unwrap_err().to_string()
}

#[test]
fn the_first_line_says_that_it_is_a_dump() {
    for no_header in ["", "{}", "requests = 7", RECORD, r#"{"format":"tollgate state"}"#] {
        let message = refusal(&[no_header, RECORD]);
        assert_eq!(message, format!("line 1: is not that of a dump, {HEADER}"), "{no_header}");
    }
    let other = r#"{"format":"other","version":1}"#;
    assert!(refusal(&[other]).starts_with("line 1: format: is "), "{}", refusal(&[other]));
    let later = r#"{"format":"tollgate state","version":2}"#;
    assert_eq!(refusal(&[later]), "line 1: version: this program reads 1, not 2");
}

#[test]
fn every_line_is_told_by_its_number_and_field() {
    let long_key = format!(r#"{{"key":"{}","record":""}}"#, "k".repeat(KEY_BYTES_MAX + 1));
    let long_record =
        format!(r#"{{"key":"k","record":"{}"}}"#, "0".repeat(2 * VALUE_BYTES_MAX + 2));
    let long_line = " ".repeat(LINE_BYTES_MAX + 1);
    for (line, expected) in [
        (r#"{"record":"01"}"#, "key: is missing"),
        (r#"{"key":"k"}"#, "record: is missing"),
        (r#"{"key":"","record":"01"}"#, "key: has 1 to 256 bytes, not 0"),
        (&*long_key, "key: has 1 to 256 bytes, not 257"),
        (&*long_record, "record: has at most 1048576 bytes, not 1048577"),
        (&*long_line, "has more than 2113536 bytes"),
        (r#"{"key":"k","record":"0"}"#, "record: is not hexadecimal, two digits a byte"),
        (r#"{"key":"k","record":"0x"}"#, "record: is not hexadecimal, two digits a byte"),
        (r#"{"key":"k","record":"01","records":1}"#, "records: stands alone, on the last line"),
        (r#"{"key":"k","record":"01","ttl":1}"#, "unknown field `ttl`"),
        (r#"{"key":"k","key":"l","record":"01"}"#, "duplicate field `key`"),
        (r#"{"key":7,"record":"01"}"#, "invalid type: integer `7`, expected a string"),
        ("", "EOF while parsing a value"),
        ("{", "EOF while parsing an object"),
        ("\u{0}", "expected value"),
    ] {
        let message = refusal(&[HEADER, RECORD, line, RECORD]);
        assert!(message.starts_with("line 3: "), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_dump_that_was_cut_off_is_found_out() {
    let whole = [HEADER, RECORD, r#"{"records":1}"#].join("\n");
    assert_eq!(check(whole.as_bytes()).unwrap(), 1);
    assert_eq!(check(whole.replace('\n', "\r\n").as_bytes()).unwrap(), 1);
    for length in 0..whole.len() {
        assert!(check(&whole.as_bytes()[..length]).is_err(), "{length} bytes");
    }
    assert!(refusal(&[HEADER, RECORD]).starts_with("the dump was cut off"));
    let missing = refusal(&[HEADER, RECORD, r#"{"records":2}"#]);
    assert_eq!(missing, "line 3: records: is 2, but there are 1");
    let trailing = refusal(&[HEADER, r#"{"records":0}"#, RECORD]);
    assert_eq!(trailing, "line 3: follows the last line of the dump");
}

#[test]
fn a_line_of_the_longest_record_is_read() {
    let longest = format!(r#"{{"key":"k","record":"{}"}}"#, "0".repeat(2 * VALUE_BYTES_MAX));
    let padded = format!("{longest}{}", " ".repeat(LINE_BYTES_MAX - longest.len()));
    for line in [longest, padded] {
        let dump = [HEADER, &line, r#"{"records":1}"#].join("\r\n");
        assert_eq!(check(dump.as_bytes()).unwrap(), 1);
    }
}

fn dump_of(records: &[(&str, &str)]) -> String {
    let lines = records.iter().map(|(key, hex)| format!(r#"{{"key":"{key}","record":"{hex}"}}"#));
    let lines: Vec<_> = lines.collect();
    format!("{HEADER}\n{}\n{{\"records\":{}}}\n", lines.join("\n"), lines.len())
}

#[tokio::test]
async fn a_key_that_is_there_stays_unless_told_otherwise() {
    let values = Memory::default();
    values.set("b", vec![7]).await.unwrap();
    let text = dump_of(&[("a", "01"), ("b", "02"), ("c", "03")]);
    let refused = restore(&values, text.as_bytes(), Existing::Refuse, |_| {}).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "line 3: key: the store has \"b\" already, with another record"
    );
    assert_eq!(values.get("a").await, Ok(Some(vec![1])), "what came before is restored");
    assert_eq!(values.get("b").await, Ok(Some(vec![7])));
    assert_eq!(values.get("c").await, Ok(None));

    let overwritten = restore(&values, text.as_bytes(), Existing::Overwrite, |_| {}).await.unwrap();
    assert_eq!(overwritten, Restored { written: 3, unchanged: 0 });
    assert_eq!(values.get("b").await, Ok(Some(vec![2])));
}

#[tokio::test]
async fn a_restore_that_broke_off_can_be_repeated() {
    let values = Memory::default();
    let text = dump_of(&[("a", "01"), ("b", "02")]);
    values.set("a", vec![1]).await.unwrap();
    let mut told = Vec::new();
    let restored = restore(&values, text.as_bytes(), Existing::Refuse, |so_far| told.push(so_far));
    assert_eq!(restored.await.unwrap(), Restored { written: 1, unchanged: 1 });
    assert_eq!(told, [(0, 1), (1, 1)].map(|(written, unchanged)| Restored { written, unchanged }));
}

//! Files of every kind, and what is said about those that are no trace.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::command::{replay, replay_text};

const LINE: &str = r#"192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1"#;

fn file(name: &str, bytes: &[u8]) -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

#[test]
fn an_empty_file_and_a_missing_one_and_a_folder_are_named() {
    let (folder, path) = file("empty.log", b"");
    let error = replay(&[&path]).error();
    assert!(error.ends_with("empty.log is empty: there is nothing to replay"), "{error}");
    let error = replay(&[&folder.path().join("missing.log")]).error();
    assert!(error.contains("missing.log can't be opened: No such file"), "{error}");
    let error = replay(&[folder.path()]).error();
    assert!(error.contains("can't be read: Is a directory"), "{error}");
}

#[test]
fn a_compressed_file_says_how_to_unpack_it() {
    let rows: [(&[u8], &str); 4] = [
        (b"\x1f\x8b\x08\x00\x00\x00", "(gzip); unpack it on the way: gzip -dc "),
        (b"\x28\xb5\x2f\xfd\x04\x00", "(zstd); unpack it on the way: zstd -dc "),
        (b"\xfd7zXZ\x00\x00", "(xz); unpack it on the way: xz -dc "),
        (b"BZh91AY&SY", "(bzip2); unpack it on the way: bzip2 -dc "),
    ];
    for (bytes, part) in rows {
        let (_folder, path) = file("access.log.gz", bytes);
        let error = replay(&[&path]).error();
        assert!(
            error.contains(part) && error.ends_with("access.log.gz | tollgate replay -"),
            "{error}"
        );
    }
}

#[test]
fn a_binary_file_is_no_trace_under_any_name() {
    for name in ["x.log", "x.csv", "x"] {
        let (_folder, path) = file(name, b"\x7fELF\x02\x01\x01\x00\x00");
        let error = replay(&[&path]).error();
        assert!(error.contains("is no text file; an access log or a CSV"), "{name}: {error}");
    }
    let (_folder, path) = file("x.log", b"\xff\xfe\xfa\n\xff\xff\n");
    let error = replay(&[&path]).error();
    assert!(error.contains("no line of"), "{error}");
}

#[test]
fn the_format_is_told_by_the_name_and_else_by_the_first_line() {
    let csv = "time,key\n2024-01-01T00:00:00Z,a\n";
    for (name, text) in [
        ("a.log", LINE),
        ("a.log.1", LINE),
        ("a.csv", csv),
        ("a.CSV", csv),
        ("a", csv),
        ("a", "time\n1700000000\n"),
    ] {
        let (_folder, path) = file(name, text.as_bytes());
        assert_eq!(replay(&[&path]).summary()["requests"], 1, "{name}");
    }
    // What the name says wrongly, the flag puts right.
    let (_folder, path) = file("a.csv", LINE.as_bytes());
    assert!(replay(&[&path]).error().contains("--time: no column is named"));
    assert_eq!(replay(&[&path]).arg("--format=combined").summary()["requests"], 1);
}

#[test]
fn a_file_of_one_line_needs_no_line_end_and_may_start_with_a_byte_order_mark() {
    for text in
        [LINE.to_owned(), format!("{LINE}\n"), format!("{LINE}\r\n"), format!("\u{feff}{LINE}")]
    {
        let summary = replay_text(&text, &[]).summary();
        assert_eq!((&summary["requests"], &summary["time"]["length_ms"]), (&1.into(), &0.into()));
        assert_eq!(summary["top_keys"][0]["key"], "192.0.2.1");
    }
}

#[test]
fn a_file_whose_lines_are_all_wrong_is_an_error_that_shows_what_was_expected() {
    let error = replay_text("no log\nb\n\nc\nd\ne\nf\n", &[]).error();
    assert!(
        error.starts_with("no line of - is a request (6 lines); an access log of Apache"),
        "{error}"
    );
    assert!(error.contains("\"GET /index.html HTTP/1.1\" 200 5120"), "{error}");
    assert!(error.contains("\nline 2: there is no space after the client"), "{error}");
    assert!(
        error.contains("\nline 6: ") && !error.contains("line 7"),
        "only five are shown: {error}"
    );
    let error = replay_text("time,key\n", &[]).error();
    assert!(error.starts_with("- has no requests in it; a CSV was expected"), "{error}");
}

#[test]
fn nothing_that_is_read_is_overwritten() {
    let (_folder, path) = file("trace.svg", LINE.as_bytes());
    let flag = |flag: &str, path: &Path| format!("{flag}={}", path.display());
    for name in ["--plot", "--decisions"] {
        let error = replay(&[&path]).arg(&flag(name, &path)).error();
        assert!(error.contains("this would overwrite what is read"), "{error}");
        let policies = flag("--policies", &path);
        let error = replay_text(LINE, &[&policies]).arg(&flag(name, &path)).error();
        assert!(error.contains("this would overwrite what is read"), "{error}");
    }
    assert_eq!(fs::read(&path).unwrap(), LINE.as_bytes());
    let both = path.with_file_name("both.svg");
    let (plot, decisions) = (flag("--plot", &both), flag("--decisions", &both));
    let error = replay(&[&path]).arg(&plot).arg(&decisions).error();
    assert!(error.starts_with("--plot and --decisions: both go to"), "{error}");
}

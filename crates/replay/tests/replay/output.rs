//! What is written where: text, JSON, decisions and the plot.

use std::fs;

use serde_json::Value;

use crate::command::{replay, replay_text};
use crate::samples;

const CSV: &str = "time,key\n1700000000,a\n1700000000,a\n1700000000,a\n1699999999,b\nx,y\n";

#[test]
fn the_summary_is_a_text_for_people() {
    let output = replay_text(CSV, &[]).output();
    let expected = "\
standard input through policy p
  2023-11-14T22:13:19Z to 2023-11-14T22:13:20Z: 1s

  requests                  4
  allowed                   3   75.0 %
  limited                   1   25.0 %
  impossible                0    0.0 %
  keys                      2
  bad lines                 1
  went back                 1

  limit                units asked            admitted     limited  impossible
  requests                       4                   3           1           0

  key             requests     allowed     limited  impossible
  a                      3           2           1           0
  b                      1           1           0           0

  some lines step back in time; --sort replays them in time order

  bad lines are left out; the first of them:
  line 6: time: \"x\" is no time
";
    assert_eq!(output.stdout, expected);
    assert_eq!(output.stderr, "");
}

#[test]
fn json_is_one_document_on_one_line() {
    let output = replay_text(CSV, &["--json", "--top", "1"]).output();
    let expected = concat!(
        r#"{"file":"standard input","policy":"p","requests":4,"allowed":3,"limited":1,"impossible":0,"#,
        r#""went_back":1,"time":{"first":"2023-11-14T22:13:19Z","last":"2023-11-14T22:13:20Z","#,
        r#""length_ms":1000},"keys":2,"limits":{"requests":{"requested_units":4,"admitted_units":3,"#,
        r#""limited":1,"impossible":0}},"top_keys":[{"key":"a","requests":3,"allowed":2,"limited":1,"#,
        r#""impossible":0}],"bad_lines":1,"first_bad_lines":[{"line":6,"reason":"time: \"x\" is no time"}]}"#,
        "\n"
    );
    assert_eq!(output.stdout, expected);
    assert_eq!(output.stderr, "");
}

#[test]
fn decisions_on_standard_output_send_the_text_elsewhere_and_end_with_the_json() {
    let output = replay_text(CSV, &["--decisions"]).output();
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 4);
    let third = concat!(
        r#"{"line":4,"time":"2023-11-14T22:13:20Z","time_ns":1700000000000000000,"key":"a","#,
        r#""cost":{"requests":1},"allowed":false,"verdict":"limited","limits":{"requests":"#,
        r#"{"limit":2,"remaining":0,"retry_after_ms":1000,"reset_after_ms":2000}}}"#
    );
    assert_eq!(lines[2], third);
    assert!(output.stderr.starts_with("standard input through policy p\n"));

    let output = replay_text(CSV, &["--decisions", "--json"]).output();
    let last: Value = serde_json::from_str(output.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["summary"], replay_text(CSV, &[]).summary());
    assert_eq!((output.stdout.lines().count(), output.stderr.as_str()), (5, ""));
}

#[test]
fn decisions_in_a_file_leave_standard_output_to_the_summary() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("decisions.jsonl");
    let flag = format!("--decisions={}", path.display());
    let output = replay_text(CSV, &[&flag, "--json"]).output();
    assert_eq!(output.stdout.lines().count(), 1);
    let on_stdout = replay_text(CSV, &["--decisions"]).output().stdout;
    assert_eq!(fs::read_to_string(&path).unwrap(), on_stdout);
    let flag = format!("--decisions={}/missing/d", folder.path().display());
    let error = replay_text(CSV, &[&flag]).error();
    assert!(error.contains("missing/d can't be written"), "{error}");
}

#[test]
fn a_key_can_not_write_to_the_terminal() {
    let csv = "time,key\n1,\u{1b}[31mred\n";
    let output = replay_text(csv, &[]).output();
    assert!(!output.stdout.contains('\u{1b}'));
    assert!(output.stdout.contains(r#""\u{1b}[31mred""#), "{}", output.stdout);
}

#[test]
fn the_plot_is_an_svg_with_title_legend_and_axes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plot.svg");
    let flag = format!("--plot={}", path.display());
    let (file, policies) = (samples::path("llm.csv"), samples::path("policies.toml"));
    let command = replay(&[&file]).arg("--policies").arg(&policies).arg("--policy=llm");
    let command = command.arg("--key=team").arg("--cost=input_tokens=input_tokens");
    let summary = command.arg("--cost=output_tokens=output_tokens").arg(&flag).summary();
    let svg = fs::read_to_string(&path).unwrap();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    let number = |name: &str| summary[name].as_u64().unwrap();
    for text in [
        "llm.csv through policy llm".to_owned(),
        format!("admitted {} (", number("allowed")),
        format!("limited {} (", number("limited")),
        format!("impossible {} (", number("impossible")),
        "requests per 5 seconds".to_owned(),
        "14 October 2024, UTC".to_owned(),
        "\n09:10\n".to_owned(),
        "font-family=\"sans-serif\"".to_owned(),
    ] {
        assert!(svg.contains(&text), "{text:?} is not in the plot");
    }
    assert!(svg.matches("<polygon").count() > 3, "there is something in it");
}

#[test]
fn a_plot_of_one_request_or_of_a_file_with_an_odd_name_is_a_plot() {
    let folder = tempfile::tempdir().unwrap();
    let (file, plot) = (folder.path().join("a<b>&.csv"), folder.path().join("p.SVG"));
    fs::write(&file, "time\n2024-01-01T00:00:00Z\n").unwrap();
    replay(&[&file]).arg("--plot").arg(&plot).output();
    let svg = fs::read_to_string(&plot).unwrap();
    assert!(svg.contains("a&lt;b&gt;&amp;.csv through policy p"));
    assert!(svg.contains("requests per millisecond") && svg.contains("1 January 2024, UTC"));
}

#[test]
fn a_plot_that_can_not_be_written_is_an_error() {
    let error = replay_text(CSV, &["--plot", "plot.png"]).error();
    assert_eq!(error, "--plot plot.png: only SVG is drawn; name the file .svg");
    let folder = tempfile::tempdir().unwrap();
    let flag = format!("--plot={}/missing/plot.svg", folder.path().display());
    let error = replay_text(CSV, &[&flag]).error();
    assert!(error.starts_with("--plot: ") && error.contains("can't be written"), "{error}");
}

#[test]
fn the_same_trace_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (file, policies) = (samples::path("access.log"), samples::path("policies.toml"));
    let run = |name: &str| {
        let plot = folder.path().join(name);
        let command = replay(&[&file]).arg("--policies").arg(&policies).arg("--policy=web");
        let command = command.arg("--json").arg("--decisions").arg("--plot").arg(&plot);
        (command.output().stdout, fs::read_to_string(&plot).unwrap())
    };
    assert!(run("first.svg") == run("second.svg"));
}

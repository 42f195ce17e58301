//! CSVs: columns, rows and costs.

use serde_json::json;

use crate::command::{bad_lines, replay_text};

const TOKENS: &str = r#"
[policy.llm]
requests = { algorithm = "gcra", limit = 60, per = "1m" }
input    = { algorithm = "token-bucket", capacity = 1000, refill = 10, per = "1s" }
output   = { algorithm = "token-bucket", capacity = 100, refill = 0 }
"#;

#[test]
fn costs_come_from_the_named_columns_and_from_the_defaults() {
    let csv = "ts,out,team,in\n1700000000,10,a,400\n1700000001.5,0,a,800\n1700000002,90,b,7\n";
    let args = ["--key", "team", "--cost", "input=in", "--cost", "output=out"];
    let decisions = replay_text(csv, &args).policies(TOKENS).decisions();
    assert_eq!(decisions[0]["cost"], json!({"requests": 1, "input": 400, "output": 10}));
    let limits = &decisions[1]["limits"];
    assert_eq!(decisions[1]["verdict"], "limited");
    // 600 units are left, 15 came back in 1.5 seconds, so 185 are missing at 10 a second.
    assert_eq!(limits["input"]["remaining"], 615);
    assert_eq!(limits["input"]["retry_after_ms"], 18_500);
    assert_eq!(limits["input"]["reset_after_ms"], 38_500);
    assert_eq!(limits["output"]["retry_after_ms"], 0);
    assert_eq!(
        limits["output"]["reset_after_ms"],
        serde_json::Value::Null,
        "a budget has no reset"
    );
    assert_eq!((&decisions[2]["key"], &decisions[2]["allowed"]), (&"b".into(), &true.into()));

    let text = replay_text(csv, &args).policies(TOKENS).arg("--decisions").output().stdout;
    let in_order = r#""cost":{"requests":1,"input":400,"output":10}"#;
    assert!(text.contains(in_order), "limits stand in the policy's order: {text}");

    let summary = replay_text(csv, &args).policies(TOKENS).summary();
    let input = &summary["limits"]["input"];
    assert_eq!((&input["requested_units"], &input["admitted_units"]), (&1207.into(), &407.into()));
    assert_eq!(
        (&input["limited"], &summary["limits"]["output"]["limited"]),
        (&1.into(), &0.into())
    );
}

#[test]
fn the_time_column_is_found_by_its_name_in_any_case() {
    for name in ["time", "Timestamp", "TS", "date"] {
        let csv = format!("x,{name}\n1,2024-01-01 00:00:01.0000001\n");
        let decisions = replay_text(&csv, &[]).decisions();
        assert_eq!(decisions[0]["time_ns"], 1_704_067_201_000_000_100_u64, "{name}");
    }
    let csv = "time,when\nnever,2024-01-01T00:00:00Z\n";
    assert_eq!(replay_text(csv, &["--time", "when"]).summary()["requests"], 1);
    let error = replay_text("when,who\n1,2\n", &[]).error();
    let expected =
        "--time: no column is named time, timestamp, ts, date; say which one it is of: when, who";
    assert_eq!(error, expected);
}

#[test]
fn the_key_is_a_column_or_shared_by_all() {
    let keys = |csv: &str, args: &[&str]| -> Vec<String> {
        let decisions = replay_text(csv, args).decisions();
        decisions.iter().map(|line| line["key"].as_str().unwrap().to_owned()).collect()
    };
    let csv = "time,Key,team\n1,k,t\n";
    assert_eq!(keys(csv, &[]), ["k"]);
    assert_eq!(keys(csv, &["--key", "team"]), ["t"]);
    assert_eq!(keys(csv, &["--key", "none"]), ["all"]);
    assert_eq!(keys("time,team\n1,t\n", &[]), ["all"]);
}

#[test]
fn a_column_that_is_missing_is_named_beside_those_that_are_there() {
    let csv = "time,key\n1,a\n";
    let rows: [(&[&str], &str); 3] = [
        (&["--time", "when"], "--time: there is no column \"when\"; there are: time, key"),
        (&["--key", "who"], "--key: there is no column \"who\"; there are: time, key"),
        (
            &["--cost", "requests=calls"],
            "--cost requests=calls: there is no column \"calls\"; there are: time, key",
        ),
    ];
    for (args, error) in rows {
        assert_eq!(replay_text(csv, args).error(), error);
    }
    let twice = "time,calls,calls\n1,2,3\n";
    let error = "--cost requests=calls: two columns are called \"calls\"";
    assert_eq!(replay_text(twice, &["--cost", "requests=calls"]).error(), error);
}

#[test]
fn rows_that_are_wrong_are_counted_and_left_out() {
    let long = "k".repeat(513);
    let bad = |cell: &str| format!("calls: {cell} is no whole number from 0 to 9007199254740991");
    let rows = [
        ("1,a,9007199254740991", None),
        ("1,a,0", None),
        ("1,a,9007199254740992", Some(bad("\"9007199254740992\""))),
        ("1,a,-1", Some(bad("\"-1\""))),
        ("1,a,1.5", Some(bad("\"1.5\""))),
        ("1,a,", Some(bad("\"\""))),
        ("1,a,many", Some(bad("\"many\""))),
        ("soon,a,1", Some("time: \"soon\" is no time".to_owned())),
        (",a,1", Some("time: the time is empty".to_owned())),
        ("1,,1", Some("the key is empty".to_owned())),
        ("1,a", Some("the row has 2 fields, the header 3".to_owned())),
        ("1,a,1,1", Some("the row has 4 fields, the header 3".to_owned())),
        (&format!("1,{long},1"), Some("the key has 513 bytes; at most 512 are taken".to_owned())),
    ];
    for (row, reason) in rows {
        // Each stands between two good rows, on line 3.
        let csv = format!("time,key,calls\n1,a,1\n{row}\n1,a,1\n");
        let summary = replay_text(&csv, &["--cost", "requests=calls"]).summary();
        let expected: Vec<(u64, &str)> = reason.iter().map(|reason| (3, reason.as_str())).collect();
        assert_eq!(bad_lines(&summary), expected, "{row}");
        assert_eq!(summary["requests"], 3 - expected.len(), "{row}");
    }
}

#[test]
fn a_cell_that_is_no_text_is_a_bad_line_where_it_is_used() {
    let csv = b"time,key,x\n1,\xff,a\n1,b,\xff\n";
    let summary = replay_text("", &[]).stdin(csv).summary();
    assert_eq!(bad_lines(&summary), [(2, "key: it is not UTF-8")]);
    assert_eq!(summary["requests"], 1);
}

#[test]
fn quotes_spaces_line_ends_and_empty_lines_are_read_as_they_are_meant() {
    for end in ["\n", "\r\n"] {
        let lines =
            ["time, key ", "1,a", "", "2,\" b, \"\"c\"\" \"", "", "", "3,\"d", "e\"", "4,f"];
        let decisions = replay_text(&lines.join(end), &[]).decisions();
        let found: Vec<(u64, &str)> = decisions
            .iter()
            .map(|line| (line["line"].as_u64().unwrap(), line["key"].as_str().unwrap()))
            .collect();
        let broken = format!("d{end}e");
        assert_eq!(found, [(2, "a"), (4, "b, \"c\""), (7, &broken), (9, "f")], "{end:?}");
    }
}

#[test]
fn a_quote_that_is_never_closed_does_not_take_the_rest_of_the_file() {
    let rows = "1,b\n".repeat(50_000);
    let error = replay_text(&format!("time,key\n1,a\n1,\"oops\n{rows}"), &[]).error();
    assert_eq!(error, "line 3: the row has more than 65536 bytes; is a closing quote missing?");
}

#[test]
fn a_row_of_the_longest_length_is_read_and_a_longer_one_is_not() {
    let csv = |bytes: usize| format!("time,key,x\n1,a,\n1,a,{}\n1,a,\n", "x".repeat(bytes - 5));
    let longest = 64 * 1024;
    assert_eq!(replay_text(&csv(longest), &[]).summary()["requests"], 3);
    let error = replay_text(&csv(longest + 1), &[]).error();
    assert!(error.starts_with("line 3: the row has more than 65536 bytes"), "{error}");
}

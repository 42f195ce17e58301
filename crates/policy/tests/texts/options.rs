//! What a policy, or a text, says beside its limits.

use tollgate_core::{Algorithm, Span};
use tollgate_policy::{Exactness, PolicySet};

use crate::error;

#[test]
fn a_local_policy_grants_a_share_of_every_limit() {
    let text = r#"
        [policy.a]
        on_store_failure = "local"
        local_share_percent = 10
        requests = { algorithm = "gcra", limit = 100, per = "1m", burst = 20 }
        tokens = { algorithm = "token-bucket", capacity = 5, refill = 0, default_cost = 2 }
    "#;
    let set = PolicySet::parse(text).unwrap();
    let local = set.get("a").unwrap().local().unwrap();
    let period = Span::from_secs(60);
    let requests = Algorithm::Gcra { limit: 10, period, burst: 2 };
    assert_eq!(local.limits()[0].algorithm(), requests);
    let Algorithm::TokenBucket { capacity, refill, initial, .. } = local.limits()[1].algorithm()
    else {
        panic!("it is another algorithm");
    };
    assert_eq!((capacity, refill, initial), (1, 0, 1), "at least one unit of what there is");
    assert_eq!(local.limits()[1].default_cost(), Some(2));
    let closed = PolicySet::parse("[policy.a]").unwrap();
    assert_eq!(closed.get("a").unwrap().local(), None);
}

#[test]
fn a_local_share_is_a_percentage_of_a_local_policy() {
    for (percent, message) in [
        ("0", "must be 1 to 100"),
        ("101", "must be 1 to 100"),
        ("-1", "must be a whole number without a sign, at most 9007199254740991"),
    ] {
        let text =
            format!("[policy.p]\non_store_failure = 'local'\nlocal_share_percent = {percent}");
        assert_eq!(error(&text), format!("policy.p.local_share_percent: {message}"));
    }
    assert_eq!(
        error("[policy.p]\nlocal_share_percent = 5"),
        "policy.p.local_share_percent: belongs to on_store_failure = \"local\""
    );
}

#[test]
fn a_policy_is_exact_unless_it_says_otherwise() {
    let text = "[policy.a]\n[policy.b]\nexactness = 'exact'\n[policy.c]\nexactness = 'best_effort'";
    let set = PolicySet::parse(text).unwrap();
    let exactness = |name| set.get(name).unwrap().exactness();
    let expected = [Exactness::Exact, Exactness::Exact, Exactness::BestEffort];
    assert_eq!(["a", "b", "c"].map(exactness), expected);
}

/// Policies may be changed live unless the text says that they may not.
#[test]
fn live_policies_are_on_until_a_text_says_no() {
    let has = |text: &str| PolicySet::parse(text).unwrap().has_live_policies();
    assert!(has("") && has("live_policies = true") && PolicySet::default().has_live_policies());
    assert!(!has("live_policies = false") && !has(r#"{"live_policies": false}"#));
    assert_eq!(error("live_policies = 0"), "live_policies: must be true or false");
    let twice = r#"{"live_policies": true, "live_policies": true}"#;
    assert_eq!(error(twice), "live_policies: is given twice");
}

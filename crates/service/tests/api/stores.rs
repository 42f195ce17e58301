//! What is answered where the store works and will not do.

use serde_json::json;

use crate::support::{Api, Fault};

/// An instance that can write no more is no store that fails: clients can tell them apart.
#[test]
fn used_up_handles_are_a_problem_of_their_own() {
    let api = Api::new();
    api.fault.set(Fault::Swap);
    let exhausted = api.acquire(&json!({"policy": "slow", "key": "k"}));
    assert_eq!((exhausted.status.as_u16(), exhausted.header("retry-after")), (503, Some("1")));
    assert_eq!(exhausted.json()["type"], "urn:tollgate:problem:instance-exhausted");
    api.fault.set(Fault::Load);
    let failed = api.acquire(&json!({"policy": "slow", "key": "k"}));
    assert_ne!(failed.json()["type"], exhausted.json()["type"]);
}

/// A store that can't compare and swap is refused with what to do, even by a policy that lets pass when
/// a store fails; only who allowed it is counted there.
#[test]
fn a_store_that_can_not_be_exact_is_for_who_allowed_it() {
    let api = Api::new();
    api.fault.set(Fault::Inexact);
    for policy in ["slow", "open", "local"] {
        let refused = api.acquire(&json!({"policy": policy, "key": "k"}));
        assert_eq!(refused.status, 500, "{policy}");
        assert_eq!(refused.json()["type"], "urn:tollgate:problem:misconfigured");
        let detail = refused.json()["detail"].to_string();
        for word in ["redis://", "allowed_outbound_hosts", "best_effort"] {
            assert!(detail.contains(word), "{detail}");
        }
    }
    let lossy = json!({"policy": "lossy", "key": "k"});
    assert_eq!([(); 3].map(|()| api.acquire(&lossy).status.as_u16()), [200, 200, 429]);
}

/// Several keys are one decision: one policy that wants exactness is enough to refuse it.
#[test]
fn several_keys_are_as_exact_as_the_strictest_of_their_policies() {
    let api = Api::new();
    api.fault.set(Fault::Inexact);
    let key = |policy: &str, key: &str| json!({"policy": policy, "key": key});
    let ask = |keys| api.acquire(&json!({ "keys": keys })).status.as_u16();
    assert_eq!(ask([key("lossy", "a"), key("lossy", "b")]), 200);
    assert_eq!(ask([key("lossy", "a"), key("slow", "b")]), 500);
}

//! Costs.

use tollgate_core::{CostError, Costs, LIMITS_MAX, Limit, Name, Policy, UNITS_MAX};

use crate::{SECOND, alone, numbered, refused};

/// A default cost and a cost are 0 to 2^53 - 1.
#[test]
fn costs() {
    let limit = || Limit::token_bucket("l", 1, 1, SECOND).unwrap();
    assert_eq!(limit().with_default_cost(0).unwrap().default_cost(), Some(0));
    assert_eq!(limit().with_default_cost(UNITS_MAX).unwrap().default_cost(), Some(UNITS_MAX));
    let error = refused(limit().with_default_cost(UNITS_MAX + 1));
    assert_eq!(error, "default_cost: must be 0 to 9007199254740991, not 9007199254740992");

    let policy = alone(limit());
    assert_eq!(policy.costs([("l", UNITS_MAX)]).unwrap().as_slice(), [UNITS_MAX]);
    let message = "l: must be 0 to 9007199254740991";
    assert_eq!(refused(policy.costs([("l", UNITS_MAX + 1)])), message);
    assert_eq!(refused(policy.costs_in_order(&[u64::MAX])), message);
}

/// One cost per limit, each given once and for a limit that there is.
#[test]
fn counts_of_costs() {
    let policy = Policy::new(numbered(2)).unwrap();
    let both = policy.costs([("limit-1", 5), ("limit-0", 4)]).unwrap();
    assert_eq!(both.as_slice(), [4, 5]);
    assert_eq!(policy.no_costs().as_slice(), [0, 0]);
    let twice = policy.costs([("limit-0", 1), ("limit-0", 1)]);
    assert_eq!(refused(twice), "limit-0: must be given once");
    let missing = policy.costs([("limit-0", 1)]).unwrap_err();
    assert_eq!(missing, CostError::Missing(Name::new("limit-1").unwrap()));
    assert_eq!(missing.to_string(), "limit-1: must be given, since this limit has no default cost");
    let unknown = policy.costs([("limit-2", 1)]).unwrap_err();
    assert_eq!(unknown, CostError::Unknown("limit-2"));
    for units in [&[1][..], &[1, 1, 1]] {
        let message = format!("costs: one cost per limit is wanted: 2, not {}", units.len());
        assert_eq!(refused(policy.costs_in_order(units)), message);
    }
    // Only a limit that stands alone, or is named `requests`, costs 1 without a word.
    let alone = Policy::new(numbered(1)).unwrap();
    assert_eq!(alone.costs([]).unwrap().as_slice(), [1]);
    let requests = Limit::gcra("requests", 1, SECOND, 1).unwrap();
    let tokens = numbered(1).map(|limit| limit.with_default_cost(7).unwrap());
    let policy = Policy::new(tokens.chain([requests])).unwrap();
    assert_eq!(policy.costs([]).unwrap().as_slice(), [7, 1]);
}

/// A limit that counts calls takes 0 and 1, and needs no cost.
#[test]
fn costs_of_calls() {
    let policy = alone(Limit::gcra("l", 1, SECOND, 1).unwrap().per_call());
    assert_eq!(policy.costs([]).unwrap().as_slice(), [1]);
    assert_eq!(policy.costs_in_order(&[0]).unwrap().as_slice(), [0]);
    assert_eq!(refused(policy.costs([("l", 2)])), "l: must be 1, since this limit counts calls");
}

/// Costs that are only passed on have the bounds that every policy has.
#[test]
fn carried_costs() {
    let costs = Costs::carried(&[3, 0, UNITS_MAX]).unwrap();
    assert_eq!(costs.as_slice(), [3, 0, UNITS_MAX]);
    assert_eq!(
        costs,
        Policy::new(numbered(3)).unwrap().costs_in_order(&[3, 0, UNITS_MAX]).unwrap()
    );
    assert_eq!(Costs::carried(&[UNITS_MAX + 1]), None);
    assert_eq!(Costs::carried(&[1; LIMITS_MAX]).map(|it| it.as_slice().len()), Some(LIMITS_MAX));
    assert_eq!(Costs::carried(&[1; LIMITS_MAX + 1]), None);
}

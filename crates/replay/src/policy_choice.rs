//! Chooses the policy to replay, and checks that it has every cost that it needs.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use tollgate_core::{CostError, Policy};
use tollgate_policy::{NamedPolicy, PolicySet, TEXT_BYTES_MAX};

use crate::args::{Args, CostSource};

/// The policy that the arguments name, with a cost for each of its limits.
pub(crate) fn choose(args: &Args) -> Result<NamedPolicy> {
    let set = match (&args.policies, &args.default_policies) {
        (Some(path), _) => {
            let text = read(path)?;
            PolicySet::parse(&text).with_context(|| format!("{}", path.display()))?
        }
        (None, Some(text)) => PolicySet::parse(text).context("the program's own policies")?,
        (None, None) => bail!("--policies: say which file holds the policies"),
    };
    let policy = match &args.policy {
        Some(name) => set.get(name).ok_or_else(|| {
            anyhow!("--policy {name}: there is no such policy; there are: {}", names(&set))
        })?,
        None => match &set.iter().collect::<Vec<_>>()[..] {
            [only] => only,
            [] => bail!("--policies: there is no policy in it"),
            _ => bail!("--policy: say which one of {}", names(&set)),
        },
    };
    check_costs(policy.limits(), &args.costs)?;
    check_holds(policy.limits())?;
    Ok(policy.clone())
}

/// Reads at most one byte more than a policy text may have, to see whether it is too long.
fn read(path: &Path) -> Result<String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(TEXT_BYTES_MAX as u64 + 1).read_to_string(&mut text))
        .with_context(|| format!("--policies: {} can't be read", path.display()))?;
    Ok(text)
}

fn names(set: &PolicySet) -> String {
    set.iter().map(|policy| policy.name().to_string()).collect::<Vec<_>>().join(", ")
}

/// Refuses limits that need holds: a trace does not say when a request ended.
fn check_holds(policy: &Policy) -> Result<()> {
    match policy.limits().iter().find(|limit| limit.needs_hold()) {
        Some(limit) => bail!(
            "--policy: {} counts what happens at the same time, and a trace does not tell how long \
             its requests took",
            limit.name()
        ),
        None => Ok(()),
    }
}

/// Reports once, at the start, what would otherwise be wrong with every request.
fn check_costs(policy: &Policy, costs: &[CostSource]) -> Result<()> {
    let named = costs.iter().map(|cost| (cost.limit.as_str(), 0));
    match policy.costs(named) {
        Ok(_) => Ok(()),
        Err(CostError::Unknown(limit)) => {
            let limits: Vec<&str> = policy.limits().iter().map(|limit| &**limit.name()).collect();
            bail!("--cost {limit}: the policy has no such limit; it has: {}", limits.join(", "))
        }
        Err(CostError::Missing(limit)) => {
            bail!("--cost {limit}=COLUMN is needed: this limit has no default cost")
        }
        Err(CostError::Repeated(limit)) => bail!("--cost {limit}: it is given twice"),
        Err(error) => Err(anyhow!("--cost {error}")),
    }
}

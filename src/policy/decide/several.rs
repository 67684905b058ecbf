//! Several policies, entries or faults that concern the same thing.

use super::Moment;
use super::tests::{DEPLOY, aws, github, good, load};
use crate::words::UnixTime;
use serde_json::json;

#[test]
fn a_policy_without_single_use_counts_whatever_its_file_is_called() {
    let once = DEPLOY.to_owned() + "replay: once\n";
    for (first, second, is_once) in [(DEPLOY, &*once, false), (&once, DEPLOY, false), (&once, &once, true)] {
        let ruleset = good(&[("policies/a.yaml", first), ("policies/b.yaml", second)]);
        let granted = ruleset.set().grant_one(&github(json!({})), &aws(), None, Moment::at(UnixTime::from_seconds(0))).unwrap();
        assert_eq!(granted.once, is_once);
    }
}

#[test]
fn the_same_credential_on_two_terms_in_a_policy_does_not_load() {
    let role = "    - role: arn:aws:iam::123456789012:role/shop-deploy\n";
    let audience = "id_token: { audience: https://api.partner.example, ttl: 10m }";
    for twice in [
        DEPLOY.replacen(role, &format!("{role}      ttl: 15m\n{role}"), 1),
        DEPLOY.replace(
            audience,
            "id_token: [{ audience: https://api.partner.example, ttl: 5m }, { audience: https://api.partner.example, ttl: 10m }]",
        ),
    ] {
        let (ruleset, faults) = load(&[("policies/a.yaml", &twice)]);
        assert!(
            ruleset.set().policies().is_empty() && faults[0].message.contains("is granted here on other terms than in line"),
            "{twice} {faults:?}"
        );
    }
    let equal = DEPLOY.replacen(
        audience,
        "id_token: [{ audience: https://api.partner.example }, { audience: https://api.partner.example }]",
        1,
    );
    let ruleset = good(&[("policies/a.yaml", &equal)]);
    assert!(ruleset.set().would_grant(&github(json!({})), &aws(), None, UnixTime::from_seconds(0)).is_ok());
}

#[test]
fn a_line_that_is_faulty_is_not_called_missing() {
    let misspelt = DEPLOY.replace("[push, manual]", "pull_request");
    let (ruleset, faults) = load(&[("policies/a.yaml", &misspelt)]);
    assert!(ruleset.set().policies().is_empty() && faults.len() == 1, "{faults:?}");
    assert!(faults[0].to_string().contains("did you mean `pull-request`?"), "{}", faults[0]);
    for nothing in ["[]", "~", "\"\""] {
        let empty = DEPLOY.replace("[push, manual]", nothing);
        assert!(load(&[("policies/a.yaml", &empty)]).0.set().policies().is_empty(), "{nothing}");
    }
}

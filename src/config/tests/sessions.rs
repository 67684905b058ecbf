//! How long sessions last.

use super::*;

#[test]
fn a_session_may_outlive_its_token_for_an_hour_at_most() {
    let with = |line: &str| {
        parse(&GOOD.replace(
            "    audiences: [https://daypass.acme.example]\n",
            &format!("    audiences: [https://daypass.acme.example]\n    {line}\n"),
        ))
    };
    let issuer = |line: &str| with(line).unwrap().issuers.remove(0).expected;
    assert_eq!((issuer("algorithms: [RS256]").session_max, issuer("algorithms: [RS256]").one_client), (None, false));
    assert!(
        issuer("session_max: 1h").session_max.is_some_and(|most| most.as_secs() == 3600) && issuer("bind: client").one_client
    );
    for (bad, expected) in
        [("session_max: 61m", "1h at most"), ("session_max: 0s", "ends with its token"), ("bind: always", "bind: client")]
    {
        assert!(with(bad).is_err_and(|faults| faults.contains(expected)), "{bad}");
    }
}

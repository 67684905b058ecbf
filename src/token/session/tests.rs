use super::*;
use crate::token::verify::tests::{NOW, expected, verified};
use crate::words::names::{Audience, IssuerUrl};
use serde_json::{Value, json};

fn at(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(NOW + seconds)
}

fn key(byte: u8) -> SessionKey {
    SessionKey::new(&Secret::new(vec![byte; SESSION_KEY_BYTES])).unwrap()
}

fn begin(change: Value, now: UnixTime) -> Result<(Secret, UnixTime), Denial> {
    let policy = Some(PolicyName::parse("shop/deploy").unwrap());
    let (issuer, client) = (IssuerName::parse("github").unwrap(), IpAddr::from([192, 0, 2, 1]));
    key(1).seal(&verified(change), &expected(), Beginning { id: DecisionId::new(), issuer, client, policy, lasting: None, now })
}

#[test]
fn only_the_same_key_opens_a_session() {
    let (token, expires_at) = begin(json!({}), at(0)).unwrap();
    let session = open(&token, &[key(2), key(1)]).unwrap();
    assert_eq!(session.claims().claim("sub"), Some(&json!("job")));
    assert_eq!((session.policy().map(PolicyName::as_str), session.expires_at()), (Some("shop/deploy"), expires_at));
    assert_eq!(session.token_identifier(), verified(json!({})).identifier().as_bytes(), "by its `jti`, whoever signed it");
    assert!(open(&token, &[key(2)]).is_err());
    assert!(open(&token, &[]).is_err());
    assert_ne!(begin(json!({}), at(0)).unwrap().0, token, "no two are alike");
}

#[test]
fn a_session_with_a_changed_bit_is_refused() {
    let (token, _) = begin(json!({}), at(0)).unwrap();
    let bytes = BASE64.decode(token.expose_text().unwrap().strip_prefix(PREFIX).unwrap()).unwrap();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let refused = open(&format!("{PREFIX}{}", BASE64.encode(&changed)).into(), &[key(1)]).err();
        assert_eq!(refused.map(|denial| denial.reason), Some(Reason::SessionRefused), "byte {place}");
        assert!(open(&format!("{PREFIX}{}", BASE64.encode(&bytes[..place])).into(), &[key(1)]).is_err());
    }
    let text = token.expose_text().unwrap();
    let long = "A".repeat(SESSION_BYTES_MAX + 1);
    for other in [&text[1..], &text[PREFIX.len()..], &format!("{text}="), &format!("{PREFIX}{long}"), PREFIX, "", "a.b.c", "…"]
    {
        assert!(open(&other.to_owned().into(), &[key(1)]).is_err(), "{other}");
    }
}

#[test]
fn a_session_ends_with_its_token_with_the_age_it_may_have_or_after_an_hour() {
    let ends = |change: Value, now: i64| begin(change, at(now)).map(|(_, at)| at).map_err(|denial| denial.reason);
    assert_eq!(ends(json!({}), 0), Ok(at(300)));
    assert_eq!(ends(json!({"exp": NOW + 7200}), 0), Ok(at(3600)));
    assert_eq!(ends(json!({"iat": NOW - 3000, "exp": NOW + 7200}), 0), Ok(at(600)), "tokens older than an hour are not taken");
    assert_eq!(ends(json!({"exp": NOW - 10, "iat": NOW - 300}), 0), Err(Reason::TokenExpired), "a leeway is no lifetime");
    let (token, _) = begin(json!({}), at(0)).unwrap();
    let session = open(&token, &[key(1)]).unwrap();
    assert!(session.check(&expected(), at(299)).is_ok());
    assert!(session.check(&expected(), at(300)).is_err_and(|denial| denial.cause == "it has ended"));
}

#[test]
fn todays_configuration_has_to_accept_its_token() {
    let session = open(&begin(json!({}), at(0)).unwrap().0, &[key(1)]).unwrap();
    assert!(session.check(&expected(), at(10)).is_ok());
    let changed = [
        Expected { issuer: IssuerUrl::parse("https://other.example").unwrap(), ..expected() },
        Expected { audiences: vec![Audience::parse("https://new.example").unwrap()], ..expected() },
        Expected { token_age_max: Duration::from_secs(60), ..expected() },
    ];
    assert!(changed.iter().all(|expected| session.check(expected, at(91)).is_err()));
}

#[test]
fn a_session_outlives_its_token_as_long_as_policies_and_issuer_let_it() {
    let minutes = |count: u64| Some(Duration::from_secs(60 * count));
    let lasting = |policies: Option<Duration>, issuer: Option<Duration>, change: Value| {
        let expected = Expected { session_max: issuer, ..expected() };
        let (name, client) = (IssuerName::parse("github").unwrap(), IpAddr::from([192, 0, 2, 1]));
        let beginning = Beginning { id: DecisionId::new(), issuer: name, client, policy: None, lasting: policies, now: at(0) };
        let (token, expires_at) = key(1).seal(&verified(change), &expected, beginning).unwrap();
        (open(&token, &[key(1)]).unwrap(), expires_at)
    };
    for (policies, issuer, ends) in [
        (None, minutes(30), 300),
        (minutes(30), None, 300),
        (minutes(30), minutes(20), 1200),
        (minutes(10), minutes(20), 600),
        (minutes(600), minutes(600), 3600),
        (minutes(2), minutes(20), 300),
    ] {
        let (session, expires_at) = lasting(policies, issuer, json!({}));
        assert_eq!((expires_at, session.outlives_token()), (at(ends), ends > 300), "{policies:?} {issuer:?}");
    }
    assert_eq!(lasting(minutes(30), minutes(30), json!({"exp": NOW + 7200})).1, at(3600), "its token lasts longer anyway");
    let (session, _) = lasting(minutes(30), minutes(20), json!({}));
    let today = |issuer: Option<Duration>, seconds: i64| {
        session.check(&Expected { session_max: issuer, ..expected() }, at(seconds)).map_err(|denial| denial.reason)
    };
    assert_eq!(today(minutes(20), 299), Ok(None), "its token has not ended");
    assert_eq!(today(minutes(20), 300), Ok(Some(Duration::from_secs(300))));
    assert_eq!(today(minutes(20), 1199), Ok(Some(Duration::from_secs(1199))));
    assert_eq!(today(minutes(20), 1200), Err(Reason::SessionRefused));
    assert_eq!(today(minutes(6), 360), Err(Reason::SessionRefused), "the configuration of today bounds it");
    assert_eq!(today(None, 300), Err(Reason::SessionRefused));
    assert_eq!(today(None, 299), Ok(None));
    assert_ne!(session.signed_by(), lasting(None, None, json!({})).0.signed_by(), "each of these tokens has a key of its own");
}

#[test]
fn a_lifetime_of_none_or_of_more_than_an_hour_does_not_load() {
    assert_eq!(parse_lifetime("1h"), Ok(SESSION_MAX));
    for bad in ["0s", "61m", "2h", "1d", "soon", ""] {
        assert!(parse_lifetime(bad).is_err(), "{bad}");
    }
}

proptest::proptest! {
    #[test]
    fn random_texts_are_refused(text in "(daypass-session\\.)?[A-Za-z0-9_=.…-]{0,80}") {
        proptest::prop_assert!(open(&text.into(), &[key(1)]).is_err());
    }
}

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
    key(1).seal(&verified(change), &expected(), Beginning { id: DecisionId::new(), issuer, client, policy, now })
}

#[test]
fn what_is_sealed_is_opened_with_the_same_key_alone() {
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
fn not_one_bit_of_it_can_be_changed() {
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
fn the_configuration_of_today_has_to_take_its_token() {
    let session = open(&begin(json!({}), at(0)).unwrap().0, &[key(1)]).unwrap();
    assert!(session.check(&expected(), at(10)).is_ok());
    let changed = [
        Expected { issuer: IssuerUrl::parse("https://other.example").unwrap(), ..expected() },
        Expected { audiences: vec![Audience::parse("https://new.example").unwrap()], ..expected() },
        Expected { token_age_max: Duration::from_secs(60), ..expected() },
    ];
    assert!(changed.iter().all(|expected| session.check(expected, at(91)).is_err()));
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_much_for_it(text in "(daypass-session\\.)?[A-Za-z0-9_=.…-]{0,80}") {
        proptest::prop_assert!(open(&text.into(), &[key(1)]).is_err());
    }
}

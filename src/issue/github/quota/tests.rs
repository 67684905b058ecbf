use super::*;

fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
    all.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn left(remaining: &'static str, reset: &'static str) -> HeaderMap {
    headers(&[("x-ratelimit-limit", "5000"), ("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)])
}

#[test]
fn the_end_is_told_once_before_it_comes_and_nothing_is_asked_behind_it() {
    let (quota, now) = (Quota::default(), UnixTime::from_seconds(1000));
    assert!(quota.note(&left("501", "2000"), now).is_none() && quota.spent(now).is_none());
    let due = RateLimit { limit: 5000, remaining: 500, resets_at: UnixTime::from_seconds(2000) };
    assert_eq!((quota.note(&left("500", "2000"), now), quota.note(&left("499", "2000"), now)), (Some(due), None));
    assert!(quota.note(&left("0", "2000"), now).is_none());
    assert_eq!(quota.spent(now), Some(UnixTime::from_seconds(2000)));
    assert_eq!(quota.spent(UnixTime::from_seconds(2000)), None, "the next window has begun");
    assert!(quota.note(&left("0", "5000"), UnixTime::from_seconds(2000)).is_some(), "and is told anew");
}

#[test]
fn what_is_left_is_known_from_the_first_answer_until_the_limit_is_reset() {
    let (quota, now) = (Quota::default(), UnixTime::from_seconds(1000));
    assert_eq!(quota.left(now), None);
    quota.note(&left("4999", "2000"), now);
    let known = RateLimit { limit: 5000, remaining: 4999, resets_at: UnixTime::from_seconds(2000) };
    assert_eq!((quota.left(now), quota.left(UnixTime::from_seconds(1999))), (Some(known), Some(known)));
    assert_eq!(quota.left(UnixTime::from_seconds(2000)), None);
    quota.note(&headers(&[("retry-after", "60")]), now);
    let paused = RateLimit { limit: 5000, remaining: 0, resets_at: UnixTime::from_seconds(1060) };
    assert_eq!((quota.left(now), quota.left(UnixTime::from_seconds(1060))), (Some(paused), None), "a pause that GitHub asks for");
    quota.note(&left("4998", "99999999999"), now);
    assert_eq!(quota.left(UnixTime::from_seconds(4600)), None, "no limit is for more than an hour");
    quota.note(&left("4997", "999"), now);
    assert_eq!(quota.left(now), None, "it was reset before its answer came");
}

#[test]
fn no_header_stops_us_for_longer_than_a_window() {
    let now = UnixTime::from_seconds(1000);
    for far in [left("0", "9000000000000000000"), headers(&[("retry-after", "18446744073709551615")]), left("0", "99999999999")] {
        let quota = Quota::default();
        quota.note(&far, now);
        assert_eq!(quota.spent(now), Some(UnixTime::from_seconds(4600)));
    }
    for none in
        [left("-1", "2000"), left("0", "soon"), left("0", "18446744073709551615"), headers(&[]), headers(&[("retry-after", "x")])]
    {
        let quota = Quota::default();
        assert!(quota.note(&none, now).is_none() && quota.spent(now).is_none());
    }
}

use super::*;
use std::collections::{BTreeSet, HashSet};

#[test]
fn names_keep_their_case_and_are_compared_without_it() {
    let (left, right) = (Repository::parse("Acme/Shop@7").unwrap(), Repository::parse("acme/shop@7").unwrap());
    assert_eq!(left, right);
    assert_eq!((left.to_string(), left.name.owner().folded()), ("Acme/Shop@7".to_owned(), "acme".to_owned()));
    assert_eq!(BTreeSet::from([left.clone(), right.clone()]).len(), 1);
    assert_eq!(HashSet::from([left.name, right.name]).len(), 1);
    assert_ne!(RepositoryName::parse("acme/shop"), RepositoryName::parse("acme/shop2"));
}

#[test]
fn only_names_of_github_are_names() {
    for good in ["a/b", "octo-org/.github", "jane_acme/x.y_z-1", &format!("{}/{}", "a".repeat(39), "b".repeat(100))] {
        assert!(RepositoryName::parse(good).is_ok(), "{good}");
    }
    let long = format!("acme/{}", "a".repeat(10_000));
    let hostile = [
        "",
        "/",
        "acme",
        "acme/",
        "/shop",
        "acme/.",
        "acme/..",
        "acme/shop/x",
        "-acme/shop",
        "acme/sh op",
        "acme/shop\"",
        "acme/'",
        "acme/shop\n",
        "acme/shop\r\nx: y",
        "acme/sh\0op",
        "acme/\u{202e}pohs",
        "acme/sho\u{440}",
        "acme\u{200f}/shop",
        "acme/shop?x",
        "acme/shop#x",
        "acme/%2e%2e",
        "ac.me/shop",
        "acme/shop@1",
        &long,
        &long[5..],
    ];
    for bad in hostile {
        let fault = RepositoryName::parse(bad).unwrap_err().to_string();
        assert!(fault.len() < 200 && !fault.contains('\n'), "{bad:?}: {fault}");
        assert!(Repository::parse(&format!("{bad}@1")).is_err(), "{bad:?}");
    }
}

#[test]
fn ids_are_digits() {
    assert_eq!(RepositoryId::parse("456789").map(RepositoryId::number), Ok(456_789));
    for bad in ["", "0", "-1", "+1", "01", "1 ", "1.0", "0x1", "\u{661}", "9223372036854775808", "99999999999999999999999"] {
        assert!(RepositoryId::parse(bad).is_err(), "{bad:?}");
        assert!(Repository::parse(&format!("acme/shop@{bad}")).is_err(), "{bad:?}");
    }
    assert!(serde_json::from_str::<RepositoryId>("0").is_err());
}

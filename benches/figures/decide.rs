//! One decision over many policies.

use crate::paired::medians;
use daypass::demo::issuer::{LocalIssuer, github_claims};
use daypass::identity::{Identity, Mapping};
use daypass::kind::{AwsTarget, IdTokenTarget, Target};
use daypass::policy::{Catalogue, IssuerEntry, Request, Ruleset, Tree};
use daypass::token::{Algorithm, Expected, KeySet, RawToken, verify};
use daypass::words::names::{Audience, IssuerName, IssuerUrl, RoleArn};
use daypass::words::{Clock, SystemClock};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

const COUNTS: [usize; 3] = [100, 10_000, 100_000];
const AUDIENCE: &str = "https://daypass.example";

pub(crate) fn run(thorough: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let issuer = runtime.block_on(LocalIssuer::start(Arc::new(SystemClock))).unwrap();
    let identity = identity(&issuer);
    let name = IssuerName::parse("github").unwrap();
    let entry = IssuerEntry {
        url: IssuerUrl::parse(issuer.url()).unwrap(),
        mapping: Mapping::built_in("github-actions").unwrap(),
        session_max: None,
    };
    let catalogue: Catalogue = std::iter::once((name, entry)).collect();
    for count in COUNTS.into_iter().filter(|count| thorough || *count == COUNTS[0]) {
        let (rules, faults) = Ruleset::load(&tree(count), &catalogue, None);
        assert!(faults.is_empty(), "{}", faults[0]);
        let policies = rules.set();
        let role = RoleArn::parse("arn:aws:iam::123456789012:role/shop-deploy").unwrap();
        let request = Request::one(Target::from(AwsTarget::of(role)), None);
        let other =
            Request::one(Target::IdToken(IdTokenTarget { audience: Audience::parse("https://else.example").unwrap() }), None);
        let now = SystemClock.now();
        let mut allow = || _ = black_box(policies.decide(&identity, &request, now).unwrap());
        let mut deny = || _ = black_box(policies.decide(&identity, &other, now).unwrap_err());
        let [allow, deny] = medians(thorough, [&mut allow, &mut deny]);
        println!("decide    {count:>6} policies, allowed {allow:>9.2?}, denied {deny:>9.2?}   (aim: 2 µs)");
    }
}

/// One policy that matches the identity, two for the same repository that do not match, and the rest for other repositories.
fn tree(count: usize) -> Tree {
    let policy = |repository: &str, reference: &str, role: &str| {
        format!(
            "issuer: github\nmatch:\n  repository: {repository}\n  ref: {reference}\n  event: [push, manual]\ngrant:\n  aws:\n    - role: arn:aws:iam::123456789012:role/{role}\n      ttl: 30m\n      tags: {{ commit: \"{{commit}}\" }}\n"
        )
    };
    let file = |number: usize| {
        let text = match number {
            0 => policy("acme/shop@456789", "refs/heads/main", "shop-deploy"),
            1 => policy("acme/shop@456789", "refs/heads/release/*", "shop-release"),
            2 => policy("acme/shop@456789", "refs/tags/v*", "shop-publish"),
            number => {
                policy(&format!("acme/service-{number}@{}", 900_000 + number), "refs/heads/main", &format!("service-{number}"))
            }
        };
        (format!("policies/p{number}.yaml"), Arc::from(text.into_bytes()))
    };
    (0..count).map(file).collect()
}

fn identity(issuer: &LocalIssuer) -> Identity {
    let token = issuer.mint(&github_claims("push", "refs/heads/main"), AUDIENCE).unwrap();
    let keys = KeySet::import(issuer.jwks().to_string().as_bytes()).unwrap();
    let expected = Expected {
        issuer: IssuerUrl::parse(issuer.url()).unwrap(),
        audiences: vec![Audience::parse(AUDIENCE).unwrap()],
        algorithms: vec![Algorithm::Rs256],
        token_age_max: Duration::from_secs(3600),
        one_client: false,
        session_max: None,
    };
    let verified = verify(RawToken::parse(token.into()).unwrap(), &keys, &expected, SystemClock.now()).unwrap();
    Mapping::built_in("github-actions").unwrap().identify(&IssuerName::parse("github").unwrap(), &expected, verified).unwrap()
}

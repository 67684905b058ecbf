use super::*;
use proptest::prelude::*;

fn read(method: &str, target: &str) -> Result<Address, u16> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Address::read(&method.parse().unwrap(), path, query).map_err(|denial| denial.reason.status())
}

#[test]
fn paths_of_clients_are_read() {
    let aws = |path: &str, policy: &str, query: &[(&str, &str)]| {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Address::Aws(Aws { path: path.to_owned(), policy: policy.to_owned(), query })
    };
    let mount = |path: &[&str]| Address::Mount(Mount::of(path).unwrap());
    let transit = |operation, key: &str| Address::Transit(Transit { operation, key: key.to_owned() });
    let cases = [
        ("GET", "/sys/health?standbyok=true", Address::Health),
        ("HEAD", "/sys/health", Address::Health),
        ("GET", "/sys/seal-status", Address::SealStatus),
        ("GET", "/sys/leader", Address::Leader),
        ("GET", "/sys/internal/ui/mounts/secret/shop/db", mount(&["secret"])),
        ("GET", "/sys/internal/ui/mounts/", Address::Mounts),
        ("PUT", "/auth/jwt/login", Address::Login),
        ("POST", "/auth/kubernetes/eu/login", Address::Login),
        ("GET", "/auth/token/lookup-self", Address::LookupSelf),
        ("PUT", "/auth/token/renew-self", Address::RenewSelf),
        ("POST", "/auth/token/revoke-self", Address::RevokeSelf),
        ("GET", "//secret//data/shop/db.yaml?version=0", Address::Read("shop/db.yaml".to_owned())),
        ("GET", "/kv/data/shop/db.yaml%23/password", Address::Read("shop/db.yaml#/password".to_owned())),
        ("GET", "/secret/data/shop/db?version=-1", Address::Read("shop/db".to_owned())),
        ("GET", "/team/kv/data/shop/data/db", Address::Read("shop/data/db".to_owned())),
        ("GET", "/secret/data/aws/creds/db", Address::Read("aws/creds/db".to_owned())),
        ("GET", "/secret/subkeys/shop/db?version=0&depth=2", Address::Subkeys("shop/db".to_owned(), 2)),
        ("GET", "/kv/metadata/shop/db?version=-1", Address::Metadata("shop/db".to_owned())),
        ("GET", "/kv/metadata/shop/db", Address::Metadata("shop/db".to_owned())),
        ("LIST", "/kv/metadata/shop/", Address::List("shop".to_owned())),
        ("GET", "/kv/metadata/?list=true", Address::List(String::new())),
        ("GET", "/aws/creds/shop/deploy", aws("aws/creds/shop/deploy", "shop/deploy", &[])),
        ("GET", "/a/b/creds/web?version=-1", aws("a/b/creds/web", "web", &[])),
        ("GET", "/transit/keys/team-a/flux", Address::TransitKey("team-a/flux".to_owned())),
        ("GET", "/transit/team-a/keys/flux?version=0", Address::TransitKey("team-a/flux".to_owned())),
        ("PUT", "/transit/keys/encrypt/flux", transit(Operation::Encrypt, "keys/flux")),
        ("PUT", "/transit/encrypt/flux", transit(Operation::Encrypt, "flux")),
        ("POST", "/any/decrypt/team-a/flux", transit(Operation::Decrypt, "team-a/flux")),
        ("PUT", "/transit/team-a/decrypt/flux", transit(Operation::Decrypt, "team-a/flux")),
        ("PUT", "/aws/sts/deploy?ttl=1h", aws("aws/sts/deploy", "deploy", &[("ttl", "1h")])),
    ];
    for (method, target, address) in cases {
        assert_eq!(read(method, target), Ok(address), "{method} {target}");
    }
}

#[test]
fn unserved_paths_and_paths_that_climb_are_refused() {
    let cases = [
        ("GET", "/"),
        ("GET", "/auth/jwt/login"),
        ("POST", "/auth/login"),
        ("POST", "/auth/token/create"),
        ("POST", "/auth/token/login"),
        ("GET", "/sys/mounts"),
        ("GET", "/secret/shop/db"),
        ("GET", "/secret/data"),
        ("POST", "/secret/data/shop/db"),
        ("DELETE", "/secret/metadata/shop/db"),
        ("GET", "/secret/data/a/../b"),
        ("GET", "/secret/data/%2e%2e/b"),
        ("GET", "/secret/data/a%2Fb"),
        ("GET", "/secret/data/a%00b"),
        ("GET", "/transit/decrypt/flux"),
        ("PUT", "/transit/decrypt"),
        ("PUT", "/decrypt/flux"),
        ("POST", "/transit/rewrap/flux"),
        ("POST", "/transit/keys/flux"),
        ("PUT", "/transit/decrypt/a%2Fb"),
        ("PUT", "/transit/decrypt/../flux"),
        ("PUT", "/transit/decrypt/flux?context=x"),
        ("GET", "/secret/data/a%zz"),
        ("GET", "/secret/data/%ff"),
        ("GET", "/secret/data/a?version=7"),
        ("GET", "/secret/data/a?version=x"),
        ("GET", "/secret/data/a?depth=1"),
        ("GET", "/secret/subkeys/a?depth=x"),
        ("GET", "/aws/creds/web?version=2"),
        ("GET", "/secret/subkeys"),
        ("LIST", "/transit/keys"),
        ("GET", "/transit/keys"),
        ("PUT", "/aws/creds"),
        ("GET", "/sys/internal/ui/mounts?x=1"),
        ("GET", "/secret/data/a?colour=red"),
        ("GET", "/secret/data/a?version=1&version=1"),
    ];
    // A 404 would mean that a secret is gone.
    for (method, target) in cases {
        assert_eq!(read(method, target), Err(400), "{method} {target}");
    }
}

#[test]
fn only_logins_and_transit_stand_at_the_root_too() {
    let at_root = |method: &str, path: &str| is_at_root(&method.parse().unwrap(), path);
    assert!(at_root("PUT", "/auth/kubernetes/login") && at_root("PUT", "/transit/decrypt/flux"));
    for (method, path) in [
        ("GET", "/secret/data/a"),
        ("GET", "/transit/decrypt/flux"),
        ("GET", "/transit/keys/flux"),
        ("GET", "/auth/token/lookup-self"),
        ("GET", "/sys/health"),
        ("PUT", "/aws/sts/x"),
    ] {
        assert!(!at_root(method, path), "{method} {path}");
    }
}

proptest! {
    #[test]
    fn no_path_climbs(path in "(/[a-z.%+#0-9é]{0,8}){0,8}", query in "[a-z=&%0-9]{0,20}") {
        if let Ok(Address::Read(name) | Address::Metadata(name) | Address::List(name)) = Address::read(&Method::GET, &path, &query) {
            prop_assert!(name.split('/').all(|part| part != ".." && part != "."));
        }
    }
}

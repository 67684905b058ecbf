use super::*;
use proptest::prelude::*;

fn read(method: &str, target: &str) -> Result<Address, u16> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Address::read(&method.parse().unwrap(), path, query).map_err(|denial| denial.reason.status())
}

#[test]
fn reads_what_clients_ask_for() {
    let aws = |policy: &str, query: &[(&str, &str)]| {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Address::Aws(Aws { policy: policy.to_owned(), query })
    };
    let transit = |operation, key: &str| Address::Transit(Transit { operation, key: key.to_owned() });
    let cases = [
        ("GET", "/sys/health?standbyok=true", Address::Health),
        ("HEAD", "/sys/health", Address::Health),
        ("GET", "/sys/seal-status", Address::SealStatus),
        ("GET", "/sys/leader", Address::Leader),
        ("GET", "/sys/internal/ui/mounts/secret/shop/db", Address::Mounts("secret".to_owned())),
        ("PUT", "/auth/jwt/login", Address::Login),
        ("POST", "/auth/kubernetes/eu/login", Address::Login),
        ("GET", "/auth/token/lookup-self", Address::LookupSelf),
        ("PUT", "/auth/token/renew-self", Address::RenewSelf),
        ("POST", "/auth/token/revoke-self", Address::RevokeSelf),
        ("GET", "//secret//data/shop/db.yaml?version=0", Address::Read("shop/db.yaml".to_owned())),
        ("GET", "/kv/data/shop/db.yaml%23/password", Address::Read("shop/db.yaml#/password".to_owned())),
        ("GET", "/kv/metadata/shop/db", Address::Metadata("shop/db".to_owned())),
        ("LIST", "/kv/metadata/shop/", Address::List("shop".to_owned())),
        ("GET", "/kv/metadata/?list=true", Address::List(String::new())),
        ("GET", "/aws/creds/shop/deploy", aws("shop/deploy", &[])),
        ("PUT", "/transit/encrypt/flux", transit(Operation::Encrypt, "flux")),
        ("POST", "/any/decrypt/team-a/flux", transit(Operation::Decrypt, "team-a/flux")),
        ("PUT", "/transit/team-a/decrypt/flux", transit(Operation::Decrypt, "team-a/flux")),
        ("PUT", "/aws/sts/deploy?ttl=1h", aws("deploy", &[("ttl", "1h")])),
    ];
    for (method, target, address) in cases {
        assert_eq!(read(method, target), Ok(address), "{method} {target}");
    }
}

#[test]
fn refuses_what_it_does_not_serve_and_paths_that_climb() {
    let cases = [
        ("GET", "/", 404),
        ("GET", "/auth/jwt/login", 404),
        ("POST", "/auth/login", 404),
        ("POST", "/auth/token/create", 404),
        ("POST", "/auth/token/login", 404),
        ("GET", "/sys/mounts", 404),
        ("GET", "/secret/shop/db", 404),
        ("GET", "/secret/data", 404),
        ("POST", "/secret/data/shop/db", 400),
        ("DELETE", "/secret/metadata/shop/db", 400),
        ("GET", "/secret/data/a/../b", 400),
        ("GET", "/secret/data/%2e%2e/b", 400),
        ("GET", "/secret/data/a%2Fb", 400),
        ("GET", "/secret/data/a%00b", 400),
        ("GET", "/transit/decrypt/flux", 404),
        ("PUT", "/transit/decrypt", 404),
        ("PUT", "/decrypt/flux", 404),
        ("POST", "/transit/rewrap/flux", 404),
        ("POST", "/transit/keys/flux", 404),
        ("PUT", "/transit/decrypt/a%2Fb", 400),
        ("PUT", "/transit/decrypt/../flux", 400),
        ("PUT", "/transit/decrypt/flux?context=x", 400),
        ("GET", "/secret/data/a%zz", 400),
        ("GET", "/secret/data/%ff", 400),
        ("GET", "/secret/data/a?version=7", 400),
        ("GET", "/secret/data/a?colour=red", 400),
        ("GET", "/secret/data/a?version=1&version=1", 400),
    ];
    for (method, target, status) in cases {
        assert_eq!(read(method, target), Err(status), "{method} {target}");
    }
}

#[test]
fn only_logins_and_transit_stand_at_the_root_too() {
    let at_root = |method: &str, path: &str| is_at_root(&method.parse().unwrap(), path);
    assert!(at_root("PUT", "/auth/kubernetes/login") && at_root("PUT", "/transit/decrypt/flux"));
    for (method, path) in [
        ("GET", "/secret/data/a"),
        ("GET", "/transit/decrypt/flux"),
        ("GET", "/auth/token/lookup-self"),
        ("GET", "/sys/health"),
        ("PUT", "/aws/sts/x"),
    ] {
        assert!(!at_root(method, path), "{method} {path}");
    }
}

proptest! {
    #[test]
    fn no_path_is_too_much_for_it(path in "(/[a-z.%+#0-9é]{0,8}){0,8}", query in "[a-z=&%0-9]{0,20}") {
        if let Ok(Address::Read(name) | Address::Metadata(name) | Address::List(name)) = Address::read(&Method::GET, &path, &query) {
            prop_assert!(name.split('/').all(|part| part != ".." && part != "."));
        }
    }
}

use super::*;
use crate::words::github::Permission;
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn good() -> Value {
    let repository = json!({ "id": 1, "full_name": "acme/shop", "owner": { "login": "acme" } });
    json!({
        "token": format!("ghs_{}", "a".repeat(36)), "expires_at": NOW.plus(LIFETIME_MAX).to_string(),
        "permissions": { "contents": "read", "metadata": "read" }, "repository_selection": "selected", "repositories": [repository],
    })
}

fn read(body: &[u8]) -> Result<Minted, Fault> {
    let (owner, repositories) = Repositories::of(&[Repository::parse("acme/shop@1").unwrap()]).unwrap();
    let permissions = Permissions::new([Permission::parse("contents", "read", &[]).unwrap()]).unwrap();
    let request = TokenRequest { app: "acme", owner: &owner, repositories: &repositories, permissions: &permissions };
    Minted::read(&Secret::new(body.to_vec()), 1, &request, NOW)
}

fn with(pointer: &str, value: Value) -> Option<Fault> {
    let mut answer = good();
    *answer.pointer_mut(pointer).unwrap() = value;
    read(answer.to_string().as_bytes()).err()
}

#[test]
fn the_edges_of_an_answer() {
    assert!(read(good().to_string().as_bytes()).is_ok());
    assert_eq!(with("/expires_at", NOW.to_string().into()), Some(Fault::Over));
    assert_eq!(with("/expires_at", NOW.plus(LIFETIME_MAX + CLOCKS_MAX).to_string().into()), None);
    let late = LIFETIME_MAX + CLOCKS_MAX + Duration::from_secs(1);
    assert_eq!(with("/expires_at", NOW.plus(late).to_string().into()), Some(Fault::TooLong));
    assert_eq!(with("/permissions", json!({})), Some(Fault::Permissions));
    assert_eq!(with("/permissions/metadata", "write".into()), Some(Fault::Permissions));
    assert_eq!(with("/repositories/0/full_name", "ACME/Shop".into()), None);
    assert_eq!(with("/repositories/0/full_name", "acme/renamed".into()), Some(Fault::Renamed));
    assert_eq!(with("/repositories/0/full_name", "evil/shop".into()), Some(Fault::Owner));
    assert_eq!(with("/repositories/0/id", 0.into()), Some(Fault::Form));
    for (length, fault) in [(35, Some(Fault::Token)), (36, None), (516, None), (8188, None), (8189, Some(Fault::Token))] {
        assert_eq!(with("/token", format!("ghs_{}", "a".repeat(length)).into()), fault, "{length}");
    }
    for token in ["", "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ghs_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"] {
        assert_eq!(with("/token", token.into()), Some(Fault::Token));
    }
}

/// A repository without an id does not make the ids of others unknown.
#[test]
fn an_id_that_is_known_is_compared_also_where_names_are_asked_for() {
    let of = |id: u64| {
        let named = ["acme/shop@1", "acme/site"].map(|one| Repository::parse(one).unwrap());
        let (owner, repositories) = Repositories::of(&named).unwrap();
        let permissions = Permissions::new([Permission::parse("contents", "read", &[]).unwrap()]).unwrap();
        let request = TokenRequest { app: "acme", owner: &owner, repositories: &repositories, permissions: &permissions };
        let mut answer = good();
        answer["repositories"][0]["id"] = id.into();
        Minted::read(&Secret::new(answer.to_string().into_bytes()), 1, &request, NOW).err()
    };
    assert_eq!((of(1), of(2)), (None, Some(Fault::Repositories)));
}

#[test]
fn tokens_are_seen_in_what_is_broken() {
    let token = format!("ghs_{}", "a".repeat(36));
    let tokens_in = |text: &str| tokens_within(&Secret::from(text.to_owned())).len();
    assert_eq!(tokens_in(&format!("{{\"token\" :\n \"{token}\", \"perm")), 1);
    assert_eq!(tokens_in(&format!("{{\"token\":\"{token}\",\"token\":\"{token}\"")), 2);
    assert_eq!(tokens_in(&format!("\"token\":\"{token}\"").repeat(100)), 3);
    assert_eq!(tokens_in(&format!("{{\"token\":\"{token}")), 0, "half a token is none");
    assert_eq!(tokens_in(&format!("{{\"token\":{token}}}")), 0);
}

proptest! {
    /// A token that is accepted may do no more than was asked for, and `tokens_within` finds it.
    #[test]
    fn no_answer_is_taken_for_more_than_was_asked(
        level in "read|write|admin|x", key in "contents|issues|metadata", id in 0_u64..3, owner in "acme|ACME|evil",
        selection in "all|selected|none", hours in 0_u64..4, cut in 0_usize..400, rest in ".{0,8}",
    ) {
        let mut answer = good();
        answer["permissions"][&key] = level.clone().into();
        answer["repositories"][0]["id"] = id.into();
        answer["repositories"][0]["owner"]["login"] = owner.clone().into();
        answer["repository_selection"] = selection.clone().into();
        answer["expires_at"] = NOW.plus(LIFETIME_MAX * u32::try_from(hours).unwrap()).to_string().into();
        let whole = answer.to_string();
        let good = level == "read" && key != "issues" && id == 1 && owner != "evil" && selection == "selected" && hours == 1;
        prop_assert_eq!(read(whole.as_bytes()).is_ok(), good);
        let broken = [&whole.as_bytes()[..cut.min(whole.len() - 1)], rest.as_bytes()].concat();
        if let Ok(minted) = read(&broken) {
            prop_assert!(tokens_within(&Secret::new(broken)).contains(&minted.token));
        }
    }
}

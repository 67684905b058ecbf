//! `credential_process` (AWS SDKs and Tools reference guide, "Process credential provider"): a document of version 1 on standard output,
//! faults on standard error with a status that is not 0.

use crate::client::answer::AwsCredential;
use serde_json::{Value, json};

/// The document. `Expiration` makes the SDK run the program again when it has passed.
pub fn document(aws: &AwsCredential) -> Value {
    let mut document = json!({
        "Version": 1, "AccessKeyId": aws.access_key_id,
        "SecretAccessKey": aws.secret_access_key.expose_text(), "SessionToken": aws.session_token.expose_text(),
        "Expiration": aws.expires_at.to_string(),
    });
    if let Some(account) = &aws.account {
        document["AccountId"] = account.as_str().into();
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::UnixTime;

    #[test]
    fn the_documented_members_and_no_others() {
        let aws = |account: Option<&str>| AwsCredential {
            access_key_id: "ASIA1".into(),
            secret_access_key: "s".to_owned().into(),
            session_token: "t".to_owned().into(),
            expires_at: UnixTime::from_seconds(1_800_000_000),
            account: account.map(str::to_owned),
        };
        let expected = json!({"Version": 1, "AccessKeyId": "ASIA1", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2027-01-15T08:00:00Z", "AccountId": "123456789012"});
        assert_eq!(document(&aws(Some("123456789012"))), expected);
        assert!(document(&aws(None)).get("AccountId").is_none(), "an empty one would not be the account's");
    }
}

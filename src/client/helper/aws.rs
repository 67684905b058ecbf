//! `credential_process` (AWS SDKs and Tools reference guide, "Process credential provider"): a document of version 1 on standard
//! output; failures on standard error, with a status other than 0.

use crate::kind::AwsKeys;
use serde_json::{Value, json};

/// The document. `Expiration` makes the SDK run the program again when it has passed.
pub fn document(aws: &AwsKeys) -> Value {
    json!({
        "Version": 1, "AccessKeyId": aws.access_key_id,
        "SecretAccessKey": aws.secret_access_key.expose_text(), "SessionToken": aws.session_token.expose_text(),
        "Expiration": aws.expires_at, "AccountId": aws.account,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::UnixTime;

    #[test]
    fn the_documented_members_and_no_others() {
        let keys = crate::answers::tests::keys(UnixTime::from_seconds(1_800_000_000));
        let expected = json!({"Version": 1, "AccessKeyId": "ASIA1", "SecretAccessKey": "hunter2", "SessionToken": "hunter2", "Expiration": "2027-01-15T08:00:00Z", "AccountId": "123456789012"});
        assert_eq!(document(&keys), expected);
    }
}

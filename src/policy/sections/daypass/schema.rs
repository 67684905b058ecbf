//! What the schemas say of uses of daypass itself.

use crate::kind::Permission;
use crate::policy::schema::{CredentialSchema, SectionSchema, Values, key, reference};
use serde_json::json;

pub(super) fn schema() -> SectionSchema {
    let permission = || reference("daypass_permission");
    let sample = Permission::PolicyReplay.as_str();
    SectionSchema {
        entries: Values {
            description: "Uses of daypass itself: no credential, used at its own API.",
            each: permission(),
            examples: json!([[sample]]),
        },
        patterns: Values { description: "Uses of daypass itself.", each: permission(), examples: json!([[sample]]) },
        credentials: vec![CredentialSchema {
            word: "daypass",
            alone: None,
            named: key("This use of daypass itself.", permission(), json!([sample])),
        }],
        definitions: vec![("daypass_permission", json!({ "enum": Permission::ALL.map(Permission::as_str) }))],
    }
}

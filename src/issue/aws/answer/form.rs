//! The forms of what STS answers: names, ids, keys.

use super::fault::Fault;
use crate::issue::aws::ask::Ask;
use crate::words::Secret;
use std::ops::RangeInclusive;

/// AWS STS, data type Credentials: the length of an access key's id. The ids of temporary keys begin with `ASIA`.
const ACCESS_KEY_ID_BYTES: RangeInclusive<usize> = 16..=128;
/// AWS's secret keys have 40 characters.
const SECRET_KEY_BYTES_MAX: usize = 256;
/// AWS sets no limit, and advises against assuming one. A longer token fits into no request: it is a header.
const SESSION_TOKEN_BYTES_MAX: usize = 16 * 1024;
/// AWS STS, data type AssumedRoleUser: the length of its id.
const SESSION_ID_BYTES: RangeInclusive<usize> = 2..=193;
/// AWS STS refuses a request whose packed policies and tags have more per cent of its limit.
const PER_CENT: RangeInclusive<i32> = 0..=100;

/// `arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION`. AWS leaves the role's path out of it.
pub(super) fn check_arn(arn: &str, request: &Ask<'_>) -> Result<(), Fault> {
    let role = request.role;
    if arn.split(':').nth(4) != Some(role.account()) {
        return Err(Fault::Account);
    }
    let expected = format!("arn:{}:sts::{}:assumed-role/{}/{}", role.partition(), role.account(), role.role_name(), request.name);
    if arn == expected { Ok(()) } else { Err(Fault::Arn) }
}

/// `ID:SESSION`, in the characters that AWS documents.
pub(super) fn is_session_id(id: &str, session: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@:-".contains(&byte);
    let role_id = id.strip_suffix(session).and_then(|id| id.strip_suffix(':')).unwrap_or_default();
    SESSION_ID_BYTES.contains(&id.len()) && id.bytes().all(good) && !role_id.is_empty() && !role_id.contains(':')
}

pub(super) fn check_keys(id: &str, secret_key: &Secret, token: &Secret) -> Result<(), Fault> {
    let is_id = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !id.starts_with("ASIA") || !ACCESS_KEY_ID_BYTES.contains(&id.len()) || !is_id {
        return Err(Fault::Key("AccessKeyId"));
    }
    for (key, most, name) in
        [(secret_key, SECRET_KEY_BYTES_MAX, "SecretAccessKey"), (token, SESSION_TOKEN_BYTES_MAX, "SessionToken")]
    {
        let bytes = key.expose();
        // A space or a control character fits into no header and no line of an environment.
        if bytes.is_empty() || bytes.len() > most || !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(Fault::Key(name));
        }
    }
    Ok(())
}

/// Refuses a size that is no percentage.
pub(super) fn check_size(size: Option<i32>, name: &'static str) -> Result<(), Fault> {
    if size.is_none_or(|size| PER_CENT.contains(&size)) { Ok(()) } else { Err(Fault::Size(name)) }
}

//! The resource of a scope. Entra accepts many spellings of a resource: it compares hosts as URIs do, and knows an application by its
//! id too. daypass accepts one spelling, so that no other spelling evades a guardrail (decision 36).

use super::names::Guid;
use reqwest::Url;

/// The pattern of a resource and `/.default` for JSON Schema.
pub(super) const SCOPE: &str = "^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(https|api)://[a-z0-9_-]+(\\.[a-z0-9_-]+)*(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?)/\\.default$";

/// The schemes of the identifier URIs for which Entra issues tokens ("Restrictions on identifier URIs"). Another scheme is a mistake.
const SCHEMES: [&str; 2] = ["https", "api"];

/// Whether it has the accepted spelling: an id in lower case; or one of these schemes and a host in lower case, no port, no dot at the
/// host's end, and segments that are neither empty nor begin with a dot. One slash may be at the end, because Entra needs it for
/// resources that are registered with it ("Trailing slash and .default").
pub(super) fn is_canonical(resource: &str) -> bool {
    if let Ok(id) = Guid::parse(resource) {
        return id.as_str() == resource;
    }
    let Some((scheme, rest)) = resource.split_once("://") else { return false };
    let mut parts = rest.strip_suffix('/').unwrap_or(rest).split('/');
    let host = parts.next().unwrap_or_default();
    SCHEMES.contains(&scheme) && host.split('.').all(is_label) && parts.all(is_segment)
}

/// The accepted spelling of another spelling, if there is one.
pub(super) fn accepted_spelling(resource: &str) -> Option<String> {
    if let Ok(id) = Guid::parse(resource) {
        return Some(id.to_string());
    }
    let url = Url::parse(resource).ok().filter(|url| url.query().is_none() && url.fragment().is_none())?;
    let host = url.host_str()?.to_ascii_lowercase();
    let path: String = url.path().split('/').filter(|part| !part.is_empty()).map(|part| format!("/{part}")).collect();
    let spelling = format!("{}://{}{path}", url.scheme(), host.trim_end_matches('.'));
    is_canonical(&spelling).then_some(spelling)
}

/// Whether it names an application by its id: `GUID`, or a URI that begins with `api://GUID`.
pub(super) fn is_by_id(resource: &str) -> bool {
    let named = resource.strip_prefix("api://").unwrap_or(resource);
    Guid::parse(named.split('/').next().unwrap_or_default()).is_ok()
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte))
}

fn is_segment(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('.') && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte))
}

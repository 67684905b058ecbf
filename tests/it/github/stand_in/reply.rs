//! The stand-in's answers: GitHub's errors, and tokens that are as wide as the request.

use super::Installation;
use axum::body::Body;
use axum::http::{Response, StatusCode};
use daypass::words::github::Permission;
use daypass::words::{Clock, SystemClock};
use serde_json::{Map, Value, json};
use std::time::Duration;

const NOT_GRANTED: &str = "The permissions requested are not granted to this installation.";
const NO_REPOSITORY: &str =
    "There is at least one repository that does not exist or is not accessible to the parent installation.";

pub fn json_reply(status: StatusCode, body: &Value) -> Response<Body> {
    let response = Response::builder().status(status).header("content-type", "application/json; charset=utf-8");
    response.body(Body::from(body.to_string())).unwrap()
}

pub fn error(status: StatusCode, message: &str) -> Response<Body> {
    let documentation = "https://docs.github.com/rest/apps/apps";
    json_reply(status, &json!({ "message": message, "documentation_url": documentation, "status": status.as_str() }))
}

/// The answer without its token, or why there is none.
pub fn minted(from: &Installation, requested: &Map<String, Value>) -> Result<Value, String> {
    if let Some(unknown) = requested.keys().find(|key| !["repositories", "repository_ids", "permissions"].contains(&key.as_str()))
    {
        return Err(format!("Invalid request.\n\n\"{unknown}\" is not a permitted key."));
    }
    let permissions = permissions(from, requested.get("permissions"))?;
    let chosen = repositories(from, requested)?;
    let ends = SystemClock.now().plus(Duration::from_secs(3600)).to_string();
    let mut answer =
        json!({ "token": "", "expires_at": ends, "permissions": permissions, "repository_selection": from.selection });
    if let Some(chosen) = chosen {
        answer["repository_selection"] = "selected".into();
        answer["repositories"] = chosen.into_iter().map(|(id, name)| described(from.login, id, name)).collect();
    }
    Ok(answer)
}

/// The given permissions. GitHub always adds `metadata: read`.
fn permissions(from: &Installation, requested: Option<&Value>) -> Result<Value, String> {
    let Some(requested) = requested else { return Ok(from.permissions.clone()) };
    let requested = requested.as_object().ok_or("Invalid request.\n\nFor 'properties/permissions', is not an object.")?;
    let order = |level: &Value| ["read", "write", "admin"].iter().position(|known| level == known);
    for (key, level) in requested {
        let known = level.as_str().is_some_and(|level| Permission::parse(key, level, &["next_weeks".to_owned()]).is_ok());
        if !known {
            return Err(format!("Invalid request.\n\nFor 'permissions/{key}', is not one of its values."));
        }
        if order(&from.permissions[key]) < order(level) {
            return Err(NOT_GRANTED.to_owned());
        }
    }
    let mut granted = requested.clone();
    granted.entry("metadata").or_insert("read".into());
    Ok(granted.into())
}

fn repositories(from: &Installation, requested: &Map<String, Value>) -> Result<Option<Vec<(u64, &'static str)>>, String> {
    let list = |key: &str| match requested.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Array(all)) if all.len() <= 500 => Ok(all.clone()),
        Some(_) => Err(format!("Invalid request.\n\nFor 'properties/{key}', is not an array of up to 500.")),
    };
    let (names, ids) = (list("repositories")?, list("repository_ids")?);
    let by_name =
        |name: &Value| from.repositories.iter().find(|(_, own)| name.as_str().is_some_and(|name| own.eq_ignore_ascii_case(name)));
    let by_id = |id: &Value| from.repositories.iter().find(|(own, _)| id.as_u64() == Some(*own));
    let found = names.iter().map(by_name).chain(ids.iter().map(by_id));
    let found: Vec<_> = found.map(|one| one.copied().ok_or(NO_REPOSITORY.to_owned())).collect::<Result<_, _>>()?;
    // GitHub treats an empty list as a missing one, which means all repositories.
    Ok(if found.is_empty() { None } else { Some(found) })
}

/// Some of the members that GitHub describes a repository with.
pub fn described(login: &str, id: u64, name: &str) -> Value {
    json!({
        "id": id, "node_id": "MDEwOlJlcG9zaXRvcnk=", "name": name, "full_name": format!("{login}/{name}"), "private": true,
        "owner": { "login": login, "id": 77, "type": "Organization", "site_admin": false }, "fork": false,
        "description": "a \"quoted\" one\u{202e}", "permissions": { "admin": false, "push": false, "pull": true },
    })
}

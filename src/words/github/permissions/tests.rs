use super::*;

fn all(all: &[(&str, &str)]) -> Result<Permissions, PermissionError> {
    Permissions::new(all.iter().map(|(key, level)| Permission::parse(key, level, &[]).unwrap()))
}

#[test]
fn the_schema_is_githubs() {
    assert_eq!(SCHEMA.len(), 55);
    assert!(SCHEMA.iter().all(|(key, levels)| Permission::check_key(key).is_ok() && !levels.is_empty()));
    assert_eq!((&SCHEMA["workflows"], &SCHEMA["organization_plan"]), (&vec![Level::Write], &vec![Level::Read]));
    assert_eq!(SCHEMA["organization_projects"], Level::ALL);
}

#[test]
fn unknown_keys_and_levels_are_refused_with_a_suggestion() {
    let message = |key: &str, level: &str| Permission::parse(key, level, &[]).unwrap_err().to_string();
    assert!(message("content", "read").contains("did you mean `contents`?"));
    assert!(message("pull-requests", "read").contains("lower-case letters and `_`"));
    assert!(message("contents", "admin").contains("it can be `read`, `write`"));
    assert!(message("workflows", "read").contains("it can be `write`"));
    for level in ["", "none", "Read", "read ", "write\n", "admin\u{202e}"] {
        assert!(message("contents", level).contains("`read`, `write` or `admin`"), "{level:?}");
    }
    for key in ["", "con\"tents", "contents\n", "con\0tents", "\u{202e}stnetnoc", &"c".repeat(10_000)] {
        let message = message(key, "read");
        assert!(message.len() < 200 && !message.contains('\n') && !message.contains('\u{202e}'), "{message}");
    }
}

#[test]
fn the_operator_may_add_keys() {
    let extra = ["next_weeks".to_owned(), "bad key".to_owned()];
    assert!(Permission::parse("next_weeks", "admin", &extra).is_ok());
    assert_eq!(Permission::parse("bad key", "read", &extra), Err(PermissionError::NoKey));
    assert!(Permission::parse("contents", "admin", &extra).is_err(), "what is known keeps its levels");
}

#[test]
fn a_higher_level_covers_a_lower_one_and_nothing_covers_what_it_lacks() {
    let write = all(&[("contents", "write"), ("issues", "read")]).unwrap();
    let read = all(&[("contents", "read")]).unwrap();
    assert!(write.covers(&read) && write.covers(&write) && !read.covers(&write));
    assert_eq!(read.missing_from(&write), Some(("contents", Level::Write)));
    assert_eq!(all(&[]), Err(PermissionError::None));
    let json = serde_json::to_string(&write).unwrap();
    assert_eq!(
        (json.as_str(), serde_json::from_str::<Permissions>(&json).unwrap()),
        (r#"{"contents":"write","issues":"read"}"#, write)
    );
    assert!(
        serde_json::from_str::<Permissions>("{}").is_err() && serde_json::from_str::<Permissions>(r#"{"A b":"read"}"#).is_err()
    );
}

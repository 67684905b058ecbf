//! SOPS's dotenv form: `NAME=value` lines, line ends as `\n`, and the metadata flattened into `sops_…` names.

use serde_json::{Map, Value, json};

/// Reads the lines; comments are not in the MAC and are left out.
pub(super) fn read(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the file is not UTF-8")?;
    let mut values = Map::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let (name, value) = line.split_once('=').ok_or_else(|| format!("line {}: expected NAME=value", number + 1))?;
        if values.insert(name.to_owned(), value.replace("\\n", "\n").into()).is_some() {
            return Err(format!("line {}: `{name}` stands twice", number + 1));
        }
    }
    Ok(values)
}

/// Takes the `sops_…` names out and gives them the shape of the `sops` section of the other formats.
pub(super) fn take_metadata(values: &mut Map<String, Value>) -> Result<Value, String> {
    let names: Vec<String> = values.keys().filter(|name| name.starts_with("sops_")).cloned().collect();
    if names.is_empty() {
        return Err("the file is neither age nor SOPS: it has no `sops_…` lines".to_owned());
    }
    let (mut section, mut stanzas) = (Map::new(), Vec::new());
    for name in names {
        let value = values.shift_remove(&name).unwrap_or_default();
        let short = name.trim_start_matches("sops_").to_owned();
        if short.starts_with("age__list_") && short.ends_with("__map_enc") {
            stanzas.push(json!({ "enc": value }));
        }
        if short.starts_with("key_groups") || (short == "shamir_threshold" && value != "0" && value != "1") {
            return Err("the data key is split among key groups; use one group with an age recipient".to_owned());
        }
        section.insert(short, value);
    }
    section.shift_remove("shamir_threshold");
    section.insert("age".to_owned(), stanzas.into());
    Ok(Value::Object(section))
}

/// Flattens the section into `sops_…` names: `sops_age__list_0__map_enc` and so on.
pub(super) fn put_metadata(values: &mut Map<String, Value>, section: &Value) {
    fn flatten(values: &mut Map<String, Value>, name: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| flatten(values, &format!("{name}__map_{key}"), value));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| flatten(values, &format!("{name}__list_{index}"), item));
            }
            leaf => _ = values.insert(name.to_owned(), leaf.clone()),
        }
    }
    let members = section.as_object().into_iter().flatten();
    members.for_each(|(key, value)| flatten(values, &format!("sops_{key}"), value));
}

/// The lines of the decrypted values.
pub(super) fn render(values: &Map<String, Value>) -> String {
    let line = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={}\n", text.replace('\n', "\\n"))
    };
    values.iter().map(line).collect()
}

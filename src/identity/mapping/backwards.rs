//! Makes claims from attributes, for examples: claims that give an attribute a wanted value.

use super::{Attribute, Mapping, Source};
use serde_json::{Map, Value};

/// The value of a claim of which only the presence counts.
const ANYTHING: &str = "x";

impl Mapping {
    /// Adds claims that give the attribute this text, or this name.
    pub fn put_text(&self, attribute: Attribute, text: &str, claims: &mut Map<String, Value>) {
        let mut sources = self.attributes.get(&attribute).into_iter().flatten();
        let _ = sources.any(|source| source.put_text(text, claims));
    }

    /// Adds the claim that gives the attribute this id.
    pub fn put_id(&self, attribute: Attribute, id: &str, claims: &mut Map<String, Value>) {
        let mut sources = self.attributes.get(&attribute).into_iter().flatten();
        if let Some(claim) = sources.find_map(|source| source.id.as_ref()) {
            put(claims, claim, id.into());
        }
    }
}

impl Source {
    fn put_text(&self, text: &str, claims: &mut Map<String, Value>) -> bool {
        let contradicts = |(claim, text): (&String, &String)| claims.get(claim).is_some_and(|other| other != text);
        let Some(claimed) = self.claimed(text) else { return false };
        if self.when.iter().any(contradicts) {
            return false;
        }
        claims.extend(self.when.iter().map(|(claim, text)| (claim.clone(), Value::from(text.as_str()))));
        if self.is.is_some() && self.claim.as_ref().is_some_and(|claim| claims.contains_key(claim)) {
            return true;
        }
        if let Some([left, right]) = &self.differs {
            let known = claims.get(left).or(claims.get(right)).and_then(Value::as_str).unwrap_or("1").to_owned();
            let other = if text == "true" { format!("{known}0") } else { known.clone() };
            let (known, other) = if claims.contains_key(right) { (other, known) } else { (known, other) };
            claims.insert(left.clone(), known.into());
            claims.insert(right.clone(), other.into());
        } else if let Some(claim) = self.claim.as_ref().or(self.name.as_ref()).or(self.flag.as_ref()) {
            put(claims, claim, claimed.into());
        }
        if let Some(flag) = &self.verified_by {
            put(claims, flag, true.into());
        }
        true
    }

    /// The CI's word for ours: the same word if the CI has it, else the first.
    fn claimed<'a>(&'a self, text: &'a str) -> Option<&'a str> {
        if let Some(word) = &self.is {
            return (word == text).then_some(ANYTHING);
        }
        let Some(values) = &self.values else { return text.strip_prefix(&*self.prefix) };
        let mut external = values.iter().filter(|(_, canonical)| *canonical == text).map(|(external, _)| external.as_str());
        if external.clone().any(|word| word == text) { Some(text) } else { external.next() }
    }
}

/// Adds a claim by its name, or at its JSON pointer with the objects above it.
pub fn put(claims: &mut Map<String, Value>, claim: &str, value: Value) {
    let Some(pointer) = claim.strip_prefix('/') else {
        claims.insert(claim.to_owned(), value);
        return;
    };
    let mut names: Vec<String> = pointer.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect();
    let Some(last) = names.pop() else { return };
    let mut at = claims;
    for name in names {
        let inner = at.entry(name).or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(members) = inner else { return };
        at = members;
    }
    at.insert(last, value);
}

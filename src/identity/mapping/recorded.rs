//! Facts from an audit record: for reports about the past, and never for grants.

use super::{Attribute, Attributes, Facts, Mapping, Value};
use crate::token::Claims;
use crate::words::names::IssuerName;
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

impl Mapping {
    /// The facts in a record's attributes, for a record whose claims are pruned. For an attribute with ids, the id is the part
    /// after the last `@`. There are no claims, so lines that compare claims cannot be decided. An attribute that every token has
    /// and the record lacks counts as unreadable.
    pub fn facts_of_record(&self, issuer: &IssuerName, recorded: &Map<String, Json>) -> Facts {
        let read = |(name, value): (&String, &Json)| {
            let attribute = Attribute::parse(name)?;
            Some((attribute, self.value_of_record(attribute, value)?))
        };
        let attributes: Attributes = recorded.iter().filter_map(read).collect();
        let lacking = |attribute: &&Attribute| self.lacks(**attribute, attributes.get(attribute));
        let unreadable = self.attributes.keys().filter(lacking).copied().collect();
        let claims = Claims::from(Map::new());
        Facts { issuer: issuer.clone(), attributes, unreadable, garbled: BTreeSet::new(), claims }
    }

    fn value_of_record(&self, attribute: Attribute, recorded: &Json) -> Option<Value> {
        match recorded {
            Json::Bool(flag) => Some(Value::Flag(*flag)),
            Json::String(text) if self.has_id(attribute) => {
                let (name, id) = text.rsplit_once('@').map_or((text.as_str(), None), |(name, id)| (name, Some(id)));
                Some(Value::Named { name: name.to_owned(), id: id.map(str::to_owned) })
            }
            Json::String(text) => Some(Value::Text(text.clone())),
            _ => None,
        }
    }
}

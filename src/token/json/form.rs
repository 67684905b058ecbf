//! Deserializes JSON values into our types. It has a deserializer of its own, so that its error is a type and holds no text of a
//! value.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

mod error;

pub use error::FormError;

/// Deserializes a value. A caller may see the error: of the value it holds only names of members, cut short.
pub fn from_json<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, FormError> {
    T::deserialize(Node(value))
}

/// A value, or one within it.
struct Node(Value);

impl Node {
    fn refused(&self, expected: &dyn Expected) -> FormError {
        let found = match &self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(flag) => Unexpected::Bool(*flag),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Unexpected::Unsigned(number),
                (None, Some(number)) => Unexpected::Signed(number),
                (None, None) => Unexpected::Float(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        FormError::invalid_type(found, expected)
    }
}

fn list<'de, V: Visitor<'de>>(items: Vec<Value>, visitor: V) -> Result<V::Value, FormError> {
    let length = items.len();
    let mut items = SeqDeserializer::new(items.into_iter().map(Node));
    let value = visitor.visit_seq(&mut items)?;
    items.end().map_err(|_| FormError::invalid_length(length, &"fewer elements in array"))?;
    Ok(value)
}

fn members<'de, V: Visitor<'de>>(members: Map<String, Value>, visitor: V) -> Result<V::Value, FormError> {
    let length = members.len();
    let mut members = MapDeserializer::new(members.into_iter().map(|(name, value)| (name, Node(value))));
    let value = visitor.visit_map(&mut members)?;
    members.end().map_err(|_| FormError::invalid_length(length, &"fewer elements in map"))?;
    Ok(value)
}

impl<'de> Deserializer<'de> for Node {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(flag),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => list(items, visitor),
            Value::Object(inner) => members(inner, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_newtype_struct(self)
    }

    /// serde's own readers of structs take the elements of an array for the members, in their order.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormError> {
        match self.0 {
            Value::Object(inner) => members(inner, visitor),
            other => Err(Node(other).refused(&visitor)),
        }
    }

    /// A word, or the one member of an object.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormError> {
        match self.0 {
            Value::String(word) => visitor.visit_enum(Variant { word, content: None }),
            Value::Object(inner) if inner.len() == 1 => {
                let mut inner = inner.into_iter();
                let (word, content) = inner.next().unwrap_or_default();
                visitor.visit_enum(Variant { word, content: Some(content) })
            }
            Value::Object(_) => Err(FormError::invalid_value(Unexpected::Map, &"map with a single key")),
            _ => Err(self.refused(&"string or map")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct
        map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, FormError> for Node {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A variant of an enum, by its name.
struct Variant {
    word: String,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = FormError;
    type Variant = Content;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content), FormError> {
        seed.deserialize(Node(Value::String(self.word))).map(|variant| (variant, Content(self.content)))
    }
}

/// The content of a variant.
struct Content(Option<Value>);

impl<'de> VariantAccess<'de> for Content {
    type Error = FormError;

    fn unit_variant(self) -> Result<(), FormError> {
        self.0.map_or(Ok(()), |content| serde::Deserialize::deserialize(Node(content)))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, FormError> {
        seed.deserialize(Node(self.0.ok_or_else(|| alone(&"newtype variant"))?))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, FormError> {
        match self.0 {
            Some(Value::Array(items)) if items.is_empty() => visitor.visit_unit(),
            Some(Value::Array(items)) => list(items, visitor),
            Some(other) => Err(Node(other).refused(&"tuple variant")),
            None => Err(alone(&"tuple variant")),
        }
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, FormError> {
        match self.0 {
            Some(Value::Object(inner)) => members(inner, visitor),
            Some(other) => Err(Node(other).refused(&"struct variant")),
            None => Err(alone(&"struct variant")),
        }
    }
}

fn alone(expected: &dyn Expected) -> FormError {
    FormError::invalid_type(Unexpected::UnitVariant, expected)
}

#[cfg(test)]
mod tests;

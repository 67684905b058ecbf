//! YAML with places: every value has its line and column, so that all faults of a file can be reported at once.

mod fault;
mod fields;
mod file_name;
mod messages;
mod syntax;

pub use fault::{FAULTS_MAX, Fault, Severity, distance, nearest, one_line};
pub use fields::Fields;
#[cfg(test)]
pub(crate) use fields::asked;
pub use file_name::FileName;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// The largest file. Policies and configurations have a few KiB.
pub const YAML_BYTES_MAX: usize = 1024 * 1024;

/// The deepest nesting. A session policy of AWS within a policy has a dozen levels. A level takes some 45 KiB of stack in a debug build,
/// and a worker has 2 MiB.
const NESTED_MAX: usize = 16;

/// A place in a file, counted from 1 as in editors.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A value and its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Its place.
    pub place: Place,
    /// The value.
    pub value: Yaml,
}

/// A YAML value.
#[derive(Clone, PartialEq, Debug)]
pub enum Yaml {
    /// Nothing, or `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the file.
    Mapping(Vec<(String, Place, Node)>),
}

/// The options for every file: a nesting that fits into the stack of a worker, and only `true` and `false` as booleans.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        with_snippet: false, strict_booleans: true, budget: serde_saphyr::budget! { max_depth: NESTED_MAX },
    }
}

/// Reads a whole file as one type.
pub fn read<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::new(file, Place::default(), "the file is not UTF-8"))?;
    if bytes.len() > YAML_BYTES_MAX {
        return Err(Fault::new(file, Place::default(), "the file is larger than 1 MiB"));
    }
    if let Some((place, message)) = syntax::check(text) {
        return Err(Fault::new(file, place, message).in_text(text));
    }
    serde_saphyr::from_str_with_options(text, options()).map_err(|fault| {
        let place = fault.location().map_or_else(Place::default, place);
        Fault::new(file, place, messages::of(&fault, text)).in_text(text)
    })
}

impl Node {
    /// Parses a file. An error of its syntax is one fault.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, Fault> {
        read::<Spanned<Yaml>>(file, bytes).map(node)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Yaml::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The type of the value, for a message.
    pub const fn kind(&self) -> &'static str {
        match self.value {
            Yaml::Null => "nothing",
            Yaml::Flag(_) => "true or false",
            Yaml::Integer(_) | Yaml::Float(_) => "a number",
            Yaml::Text(_) => "text",
            Yaml::List(_) => "a list",
            Yaml::Mapping(_) => "a mapping",
        }
    }

    /// The value as JSON, to compare it with a claim.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Yaml::Null => serde_json::Value::Null,
            Yaml::Flag(flag) => (*flag).into(),
            Yaml::Integer(number) => (*number).into(),
            Yaml::Float(number) => (*number).into(),
            Yaml::Text(text) => text.as_str().into(),
            Yaml::List(items) => items.iter().map(Self::to_json).collect(),
            Yaml::Mapping(members) => members.iter().map(|(key, _, value)| (key.clone(), value.to_json())).collect(),
        }
    }
}

fn place(location: serde_saphyr::Location) -> Place {
    Place { line: usize::try_from(location.line()).unwrap_or(0), column: usize::try_from(location.column()).unwrap_or(0) }
}

fn node(spanned: Spanned<Yaml>) -> Node {
    Node { place: place(spanned.referenced), value: spanned.value }
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyYaml)
    }
}

struct AnyYaml;

impl<'de> Visitor<'de> for AnyYaml {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_none<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Flag(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Yaml, E> {
        Ok(i64::try_from(value).map_or(Yaml::Float(value as f64), Yaml::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Yaml, E> {
        Ok(Yaml::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Yaml, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<Spanned<Yaml>>()? {
            items.push(node(item));
        }
        Ok(Yaml::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Yaml, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let value = access.next_value::<Spanned<Yaml>>()?;
            members.push((key.value, place(key.referenced), node(value)));
        }
        Ok(Yaml::Mapping(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A worker of the server has 2 MiB of stack, some of which is in use when it reads a file.
    const STACK: usize = 1024 * 1024;

    fn on_a_small_stack(text: String) -> Result<Node, Fault> {
        let reading = std::thread::Builder::new().stack_size(STACK).spawn(move || Node::parse("deep.yaml", text.as_bytes()));
        reading.unwrap().join().unwrap()
    }

    #[test]
    fn a_key_that_stands_twice_is_named_and_nothing_is_advised() {
        let fault = Node::parse("a.yaml", b"grant: {}\nmatch: {}\ngrant: {}\n").unwrap_err();
        assert_eq!((&*fault.message, fault.place.line), ("the key `grant` stands twice", 3));
    }

    /// Deep nesting must not overflow the stack. Otherwise one file of one source could stop the server at each start.
    #[test]
    fn too_deep_nesting_is_refused_at_its_place() {
        let block = |depth: usize| (0..depth).map(|level| format!("{}a:\n", "  ".repeat(level))).collect::<String>();
        let shapes: [&dyn Fn(usize) -> String; 4] = [
            &|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth)),
            &|depth| format!("{}1{}", "{a: ".repeat(depth), "}".repeat(depth)),
            &|depth| format!("{}1", "- ".repeat(depth)),
            &block,
        ];
        for shape in shapes {
            assert!(on_a_small_stack(shape(NESTED_MAX)).is_ok(), "{}", shape(NESTED_MAX));
            let fault = on_a_small_stack(shape(NESTED_MAX + 1)).unwrap_err();
            assert_eq!(&*fault.message, "the file is nested deeper than 16");
            for depth in [46, 64, 65, 500] {
                assert!(on_a_small_stack(shape(depth)).is_err(), "{depth}");
            }
        }
    }

    #[test]
    fn values_know_their_place_and_their_type() {
        let document = Node::parse("a.yaml", b"a: x\nb:\n  - 456789\n  - '456789'\n").unwrap();
        let Yaml::Mapping(members) = &document.value else { panic!("a mapping") };
        assert_eq!(members[1].1, Place { line: 2, column: 1 });
        let Yaml::List(items) = &members[1].2.value else { panic!("a list") };
        assert_eq!((items[0].kind(), items[0].place.line), ("a number", 3));
        assert_eq!(items[1].as_text(), Some("456789"));
    }
}

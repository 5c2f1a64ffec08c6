//! One element of a body, read field by field from its own text, so that whatever is wrong in it stays in it.
//!
//! The body has been scanned before: every text here is well-formed JSON. Scanning and skipping are loops,
//! not recursion, so no nesting is too deep.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A field's value as far as a data point needs to know it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Absent,
    Null,
    Bool,
    Number(&'a str),
    Text(Cow<'a, str>),
    List,
    Object,
}

impl<'a> Scalar<'a> {
    fn read(json: &'a str) -> Self {
        match json.as_bytes().first() {
            None => Self::Absent,
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Bool,
            Some(b'"') => Self::Text(text(json)),
            Some(b'[') => Self::List,
            Some(b'{') => Self::Object,
            Some(_) => Self::Number(json),
        }
    }
}

/// The fields of a data point. A key given twice counts as it was given last, as in JavaScript.
#[derive(Default)]
pub(crate) struct Fields<'a> {
    name: Option<&'a RawValue>,
    kind: Option<&'a RawValue>,
    value: Option<&'a RawValue>,
    timestamp: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
}

impl<'a> Fields<'a> {
    /// Reads an element; nothing if it is no object.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        json.starts_with('{').then(|| serde_json::from_str(json).ok()).flatten()
    }

    pub(crate) fn name(&self) -> Scalar<'a> {
        scalar(self.name)
    }

    pub(crate) fn kind(&self) -> Scalar<'a> {
        scalar(self.kind)
    }

    pub(crate) fn value(&self) -> Scalar<'a> {
        scalar(self.value)
    }

    pub(crate) fn timestamp(&self) -> Scalar<'a> {
        scalar(self.timestamp)
    }

    pub(crate) fn id(&self) -> Scalar<'a> {
        scalar(self.id)
    }
}

fn scalar(field: Option<&RawValue>) -> Scalar<'_> {
    field.map_or(Scalar::Absent, |raw| Scalar::read(raw.get()))
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a data point")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::Name => fields.name = Some(map.next_value()?),
                Key::Type => fields.kind = Some(map.next_value()?),
                Key::Value => fields.value = Some(map.next_value()?),
                Key::Timestamp => fields.timestamp = Some(map.next_value()?),
                Key::Id => fields.id = Some(map.next_value()?),
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

enum Key {
    Name,
    Type,
    Value,
    Timestamp,
    Id,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    /// From bytes, because a key may hold half of a surrogate pair, which no string can.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(KeyVisitor)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Key, E> {
        Ok(match key {
            b"name" => Key::Name,
            b"type" => Key::Type,
            b"value" => Key::Value,
            b"timestamp" => Key::Timestamp,
            b"id" => Key::Id,
            _ => Key::Other,
        })
    }
}

/// What a JSON string says. Half of a surrogate pair, as left by scripts that cut an emoji in two,
/// becomes the replacement character: such a data point is worth keeping.
fn text(json: &str) -> Cow<'_, str> {
    let inner = json.get(1..json.len().saturating_sub(1)).unwrap_or_default();
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    serde_json::from_str(json).map_or_else(
        |_| {
            let bytes: Result<Bytes, _> = serde_json::from_str(json);
            Cow::Owned(
                bytes
                    .map(|bytes| String::from_utf8_lossy(&bytes.0).into_owned())
                    .unwrap_or_default(),
            )
        },
        Cow::Owned,
    )
}

struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BytesVisitor)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes(bytes.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, Scalar};

    #[test]
    fn fields_are_told_apart_by_what_they_are() {
        let json = r#"{"value":[1],"name":"a\u0062","na\ud800me":1,"value":1e400,"type":null,"id":true}"#;
        let fields = Fields::read(json).unwrap();
        assert_eq!(fields.name(), Scalar::Text("ab".into()));
        assert_eq!(fields.value(), Scalar::Number("1e400"));
        assert_eq!(fields.kind(), Scalar::Null);
        assert_eq!(fields.id(), Scalar::Bool);
        assert_eq!(fields.timestamp(), Scalar::Absent);
        assert!(Fields::read("3").is_none());
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        let fields = Fields::read(r#"{"name":"a\ud83d"}"#).unwrap();
        let Scalar::Text(name) = fields.name() else {
            panic!("a text")
        };
        assert!(name.starts_with("a\u{fffd}"));
    }
}

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
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fields<'a> {
    pub(crate) name: Scalar<'a>,
    pub(crate) kind: Scalar<'a>,
    pub(crate) value: Scalar<'a>,
    pub(crate) timestamp: Scalar<'a>,
    pub(crate) id: Scalar<'a>,
}

impl Default for Fields<'_> {
    fn default() -> Self {
        use Scalar::Absent;
        Self {
            name: Absent,
            kind: Absent,
            value: Absent,
            timestamp: Absent,
            id: Absent,
        }
    }
}

impl<'a> Fields<'a> {
    /// Reads an element; nothing if it is no object.
    pub(crate) fn read(json: &'a str) -> Option<Self> {
        json.starts_with('{').then(|| serde_json::from_str(json).ok()).flatten()
    }

    /// The field with this key, if a data point has one.
    pub(crate) fn named(&mut self, key: &[u8]) -> Option<&mut Scalar<'a>> {
        match key {
            b"name" => Some(&mut self.name),
            b"type" => Some(&mut self.kind),
            b"value" => Some(&mut self.value),
            b"timestamp" => Some(&mut self.timestamp),
            b"id" => Some(&mut self.id),
            _ => None,
        }
    }
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
        while let Some(Bytes(key)) = map.next_key()? {
            match fields.named(&key) {
                Some(field) => *field = Scalar::read(map.next_value::<&RawValue>()?.get()),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

/// A string as bytes, because it may hold half of a surrogate pair, which no `str` can.
struct Bytes<'a>(Cow<'a, [u8]>);

impl<'de> Deserialize<'de> for Bytes<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BytesVisitor).map(Self)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(bytes))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(bytes.to_vec()))
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
            let bytes: Result<Bytes<'_>, _> = serde_json::from_str(json);
            Cow::Owned(
                bytes
                    .map(|Bytes(bytes)| String::from_utf8_lossy(&bytes).into_owned())
                    .unwrap_or_default(),
            )
        },
        Cow::Owned,
    )
}

#[cfg(test)]
mod tests {
    use super::{Fields, Scalar};

    #[test]
    fn fields_are_told_apart_by_what_they_are() {
        let json = r#"{"value":[1],"name":"a\u0062","na\ud800me":1,"value":1e400,"type":null,"id":true}"#;
        let fields = Fields::read(json).unwrap();
        assert_eq!(fields.name, Scalar::Text("ab".into()));
        assert_eq!(fields.value, Scalar::Number("1e400"));
        assert_eq!(fields.kind, Scalar::Null);
        assert_eq!(fields.id, Scalar::Bool);
        assert_eq!(fields.timestamp, Scalar::Absent);
        assert!(Fields::read("3").is_none());
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        let fields = Fields::read(r#"{"name":"a\ud83d"}"#).unwrap();
        let Scalar::Text(name) = &fields.name else {
            panic!("a text")
        };
        assert!(name.starts_with("a\u{fffd}"));
    }
}

//! Whether a value is what the API's document says: the part of JSON Schema that the document uses. A keyword that
//! isn't known here fails, so that nothing in the document goes unchecked.

use domain::dsn::PublicKey;
use domain::id::ProjectId;
use serde_json::Value;

/// The document as the program answers it.
pub(crate) struct Document(pub(crate) Value);

impl Document {
    /// The operation that a path of a request belongs to.
    pub(crate) fn operation(&self, path: &str, method: &str) -> &Value {
        let path = path.split('?').next().unwrap_or(path);
        let fits = |pattern: &str| {
            let parts = || pattern.split('/').zip(path.split('/'));
            pattern.split('/').count() == path.split('/').count()
                && parts().all(|(wanted, given)| wanted == given || wanted.starts_with('{'))
        };
        let paths = self.0["paths"].as_object().expect("paths");
        let found = paths.iter().find(|(pattern, _)| fits(pattern)).expect(path);
        &found.1[method]
    }

    /// Checks an answer's body against what its operation says of this status.
    ///
    /// # Panics
    /// If the status or the body is another than the document says.
    pub(crate) fn check_answer(&self, method: &str, path: &str, status: u16, body: &Value) {
        let responses = &self.operation(path, method)["responses"];
        let response = responses.get(status.to_string()).unwrap_or(&responses["default"]);
        let schema = &self.resolve(response)["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{path}: no schema for {status}");
        self.check(schema, body, "$")
            .unwrap_or_else(|problem| panic!("{path} ({status}): {problem}"));
    }

    fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str() {
            Some(pointer) => self.0.pointer(&pointer[1..]).expect(pointer),
            None => value,
        }
    }

    fn check(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        for (keyword, rule) in schema.as_object().ok_or("a schema is an object")? {
            self.keyword(keyword, rule, schema, value, at)?;
        }
        Ok(())
    }

    fn keyword(&self, keyword: &str, rule: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let fail = || Err(format!("{at}: {value} breaks {keyword} {rule}"));
        let length = || value.as_str().map_or(0, |text| text.chars().count() as u64);
        let holds = match keyword {
            "description" | "default" | "example" => true,
            "$ref" => return self.check(self.resolve(schema), value, at),
            "type" => match rule {
                Value::Array(types) => types.iter().any(|rule| is_a(rule, value)),
                one => is_a(one, value),
            },
            "enum" => rule.as_array().is_some_and(|all| all.contains(value)),
            "oneOf" => {
                let fits = |rule: &&Value| self.check(rule, value, at).is_ok();
                rule.as_array().is_some_and(|all| all.iter().filter(fits).count() == 1)
            }
            "minimum" => value.as_f64() >= rule.as_f64(),
            "maxItems" => value
                .as_array()
                .is_none_or(|all| all.len() as u64 <= rule.as_u64().unwrap_or(0)),
            "minLength" => length() >= rule.as_u64().unwrap_or(0),
            "maxLength" => length() <= rule.as_u64().unwrap_or(0),
            "format" => format(rule, value),
            "pattern" => rule == "^[0-9a-hjkmnp-tv-z]{10}$" && text(value).parse::<ProjectId>().is_ok(),
            "required" => rule
                .as_array()
                .is_some_and(|all| all.iter().all(|key| value.get(text(key)).is_some())),
            "additionalProperties" => value.as_object().is_none_or(|object| {
                *rule == Value::Bool(false) && object.keys().all(|key| schema["properties"].get(key).is_some())
            }),
            "properties" => {
                for (key, schema) in rule.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(key) {
                        self.check(schema, value, &format!("{at}.{key}"))?;
                    }
                }
                true
            }
            "items" => {
                for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.check(rule, item, &format!("{at}[{place}]"))?;
                }
                true
            }
            _ => return Err(format!("{at}: the check doesn't know {keyword}")),
        };
        if holds { Ok(()) } else { fail() }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_a(rule: &Value, value: &Value) -> bool {
    match text(rule) {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    }
}

fn format(rule: &Value, value: &Value) -> bool {
    let text = text(value);
    match self::text(rule) {
        "date-time" => text.ends_with('Z') && domain::timestamp::parse(text).is_some(),
        "uuid" => text.parse::<PublicKey>().is_ok(),
        _ => false,
    }
}

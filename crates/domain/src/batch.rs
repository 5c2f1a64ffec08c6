//! A batch: what an app publishes in one request, each element of it accepted or rejected for one reason.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use foldhash::fast::RandomState;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::{Fields, Scalar};
use crate::metric::{BadName, MetricName, MetricType};
use crate::plain;
use crate::reason::{Reason, Refusal, Rejection, Rejections, cut};
use crate::time::Micros;
use crate::timestamp;
use crate::value::Value;

/// Most characters of a data point's `id` and of a batch's key.
pub const MAX_KEY_CHARS: usize = 128;

/// What a batch is measured against.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// When the batch arrived: the time of data points that bring none.
    pub now: Micros,
    /// The oldest time the project keeps.
    pub oldest: Micros,
    /// Elements this door takes; the others are rejected as `too_many_data_points`.
    pub max_elements: usize,
}

/// A metric as a batch names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Metric {
    /// Its name.
    pub name: MetricName,
    /// Its type: a name with another type is another metric.
    pub kind: MetricType,
}

/// An accepted data point.
#[derive(Clone, Debug, PartialEq)]
pub struct DataPoint {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// Its metric's place in [`Batch::metrics`].
    pub metric: usize,
    /// When it happened.
    pub at: Micros,
    /// Its value.
    pub value: Value,
    /// What tells it from another data point with the same content, if the app says so.
    pub id: Option<String>,
}

/// Something that was put right, and that the app's author may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The data point's place in the batch, from 0.
    pub index: usize,
    /// The metric's name.
    pub name: String,
    /// What was done.
    pub message: &'static str,
}

/// A body, read: `points` and `rejections` together are its elements.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// How many elements the body had.
    pub elements: usize,
    /// The metrics the accepted data points belong to, each once.
    pub metrics: Vec<Metric>,
    /// What was accepted, in the body's order.
    pub points: Vec<DataPoint>,
    /// What was not.
    pub rejections: Rejections,
    /// The first of what was put right.
    pub warnings: Vec<Warning>,
}

/// A body is no JSON, or JSON that is neither a list nor an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InvalidJson {
    /// What is wrong, and where.
    pub message: String,
}

impl InvalidJson {
    fn new(problem: &impl fmt::Display) -> Self {
        Self {
            message: format!("body is not valid JSON: {problem}"),
        }
    }
}

impl Batch {
    /// Reads a body: a JSON array of data points, or one data point, with or without a byte order mark.
    ///
    /// # Errors
    /// If the text is broken anywhere, or is JSON of another shape. Nothing of it is accepted then.
    pub fn parse(body: &[u8], limits: &Limits) -> Result<Self, InvalidJson> {
        Self::read(body, limits, None)
    }

    /// Reads a body none of whose elements can be stored, whatever they are: all are rejected for one reason.
    ///
    /// # Errors
    /// As [`Batch::parse`].
    pub fn refuse(body: &[u8], reason: Reason) -> Result<Rejections, InvalidJson> {
        let limits = Limits {
            now: Micros(0),
            oldest: Micros(0),
            max_elements: usize::MAX,
        };
        Self::read(body, &limits, Some(reason)).map(|batch| batch.rejections)
    }

    /// Rejects accepted data points after all, for something that could not be known from the body alone:
    /// the place of each in the body, and of its metric in [`Batch::metrics`].
    pub fn reject(&mut self, reason: Reason, points: impl IntoIterator<Item = (usize, usize)>) {
        for (index, metric) in points {
            let Some(Metric { name, kind }) = self.metrics.get(metric) else {
                continue;
            };
            let sample = format!(
                r#"{{"name":{},"type":"{kind}"}}"#,
                serde_json::Value::from(name.as_str())
            );
            let rejection = Rejection {
                index,
                name: Some(name.as_str().to_owned()),
                refusal: reason.into(),
            };
            self.rejections.add(rejection, &sample);
        }
    }

    fn read(body: &[u8], limits: &Limits, refused: Option<Reason>) -> Result<Self, InvalidJson> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let text = std::str::from_utf8(body).map_err(|_| InvalidJson::new(&"not UTF-8"))?;
        match Self::read_plain(text, limits, refused) {
            Some(batch) => Ok(batch),
            None => Self::read_any(text, limits, refused),
        }
    }

    fn read_plain(text: &str, limits: &Limits, refused: Option<Reason>) -> Option<Self> {
        let mut reader = Reader::new(limits, refused);
        plain::each(text, |json, fields| reader.element(json, Some(fields))).then_some(reader.batch)
    }

    fn read_any(text: &str, limits: &Limits, refused: Option<Reason>) -> Result<Self, InvalidJson> {
        let mut reader = Reader::new(limits, refused);
        if text.trim_ascii_start().starts_with('[') {
            let mut json = serde_json::Deserializer::from_str(text);
            (&mut reader)
                .deserialize(&mut json)
                .and_then(|()| json.end())
                .map_err(|error| InvalidJson::new(&error))?;
        } else {
            let element: &RawValue = serde_json::from_str(text).map_err(|error| InvalidJson::new(&error))?;
            if !element.get().starts_with('{') {
                return Err(InvalidJson {
                    message: Reason::InvalidJson.message().to_owned(),
                });
            }
            reader.element(element.get(), Fields::read(element.get()));
        }
        Ok(reader.batch)
    }
}

struct Reader<'a> {
    limits: &'a Limits,
    refused: Option<Reason>,
    batch: Batch,
    /// Metrics as they were written, so that each way of writing one is read once.
    written: HashMap<(Cow<'a, str>, Cow<'a, str>), usize, RandomState>,
    read: Vec<Read>,
    /// The batch's metrics, once one was written in another way than it is called.
    places: Option<HashMap<Metric, usize, RandomState>>,
}

/// A metric that was read.
struct Read {
    kind: MetricType,
    place: Place,
}

enum Place {
    /// No data point of it was accepted yet.
    None(MetricName),
    /// Its place in the batch.
    At(usize),
}

impl<'a> Reader<'a> {
    fn new(limits: &'a Limits, refused: Option<Reason>) -> Self {
        Self {
            limits,
            refused,
            batch: Batch::default(),
            written: HashMap::default(),
            read: Vec::new(),
            places: None,
        }
    }

    fn element(&mut self, json: &'a str, fields: Option<Fields<'a>>) {
        if self.batch.elements >= self.limits.max_elements {
            return self.too_many();
        }
        let index = self.batch.elements;
        self.batch.elements += 1;
        let read = match (self.refused, &fields) {
            (Some(reason), _) => Err(reason.into()),
            (None, Some(fields)) => self.data_point(index, fields),
            (None, None) => Err(Refusal::new(Reason::InvalidJson, "data point must be a JSON object")),
        };
        if let Err(refusal) = read {
            let name = match fields.map(|fields| fields.name) {
                Some(Scalar::Text(name)) => Some(cut(&name, MetricName::MAX_CHARS).to_owned()),
                _ => None,
            };
            self.batch.rejections.add(Rejection { index, name, refusal }, json);
        }
    }

    fn data_point(&mut self, index: usize, fields: &Fields<'a>) -> Result<(), Refusal> {
        let metric = self.metric(fields)?;
        let (value, was_cut) = Value::read(self.read[metric].kind, &fields.value)?;
        let at = timestamp::read(&fields.timestamp, self.limits.now, self.limits.oldest)?;
        let id = read_id(&fields.id);
        let metric = self.place(metric);
        if was_cut {
            self.warn(index, metric, "value was cut to 256 characters");
        }
        if id.is_err() {
            let message = "id was ignored: it must be a string of at most 128 characters";
            self.warn(index, metric, message);
        }
        self.batch.points.push(DataPoint {
            index,
            metric,
            at,
            value,
            id: id.ok().flatten(),
        });
        Ok(())
    }

    /// The metric of a data point, by its place among those that were read.
    fn metric(&mut self, fields: &Fields<'a>) -> Result<usize, Refusal> {
        let (Scalar::Text(name), Scalar::Text(kind)) = (&fields.name, &fields.kind) else {
            read_name(&fields.name)?;
            return Err(Reason::UnknownType.into());
        };
        let written = (name.clone(), kind.clone());
        if let Some(metric) = self.written.get(&written) {
            return Ok(*metric);
        }
        let name = read_name(&fields.name)?;
        let read: MetricType = kind.parse().map_err(|_| Refusal::from(Reason::UnknownType))?;
        if self.places.is_none() && (name.as_str() != written.0 || read.name() != written.1) {
            let known = self.batch.metrics.iter().cloned();
            self.places = Some(known.zip(0..).collect());
        }
        let place = Place::None(name);
        self.read.push(Read { kind: read, place });
        self.written.insert(written, self.read.len() - 1);
        Ok(self.read.len() - 1)
    }

    /// The place in the batch of a metric that was read.
    fn place(&mut self, metric: usize) -> usize {
        let Read { kind, place } = &mut self.read[metric];
        let new = self.batch.metrics.len();
        let name = match std::mem::replace(place, Place::At(new)) {
            Place::At(known) => {
                *place = Place::At(known);
                return known;
            }
            Place::None(name) => name,
        };
        let metric = Metric { name, kind: *kind };
        if let Some(places) = &mut self.places {
            let known = *places.entry(metric.clone()).or_insert(new);
            if known != new {
                *place = Place::At(known);
                return known;
            }
        }
        self.batch.metrics.push(metric);
        new
    }

    fn warn(&mut self, index: usize, metric: usize, message: &'static str) {
        if self.batch.warnings.len() < Rejections::LISTED {
            self.batch.warnings.push(Warning {
                index,
                name: self.batch.metrics[metric].name.as_str().to_owned(),
                message,
            });
        }
    }

    fn too_many(&mut self) {
        let rejection = Rejection {
            index: self.batch.elements,
            name: None,
            refusal: Reason::TooManyDataPoints.into(),
        };
        self.batch.elements += 1;
        self.batch.rejections.add(rejection, "");
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reader<'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Reader<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("data points")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while self.batch.elements < self.limits.max_elements {
            match elements.next_element::<&RawValue>()? {
                Some(element) => self.element(element.get(), Fields::read(element.get())),
                None => return Ok(()),
            }
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {
            self.too_many();
        }
        Ok(())
    }
}

/// Control characters have no code of their own: such a name is as good as none.
fn read_name(given: &Scalar<'_>) -> Result<MetricName, Refusal> {
    let text = match given {
        Scalar::Text(text) => text,
        Scalar::Absent | Scalar::Null => return Err(Reason::MissingName.into()),
        _ => return Err(Refusal::new(Reason::MissingName, "name must be a string")),
    };
    MetricName::new(text).map_err(|bad| match bad {
        BadName::Missing => Refusal::new(Reason::MissingName, "name must not be empty"),
        BadName::Control => Refusal::new(Reason::MissingName, "name must not contain control characters"),
        BadName::TooLong => Reason::NameTooLong.into(),
    })
}

/// An id that can't be used is no reason to lose the data point.
fn read_id(given: &Scalar<'_>) -> Result<Option<String>, ()> {
    let text = match given {
        Scalar::Absent | Scalar::Null => return Ok(None),
        Scalar::Text(text) => text,
        Scalar::Number(text) => *text,
        _ => return Err(()),
    };
    if cut(text, MAX_KEY_CHARS).len() < text.len() {
        return Err(());
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests;

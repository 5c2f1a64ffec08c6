//! What goes into a query and comes out of a row: five kinds of value, and the domain's types made of them.

use domain::annotation::Kind;
use domain::board::{Picture, Width};
use domain::dsn::PublicKey;
use domain::id::{
    AnnotationId, BoardId, ChartId, CodeId, DsnId, EventId, ImportId, InvitationId, JobId, MetricId, OrganisationId,
    ProjectId, SessionId, ShareId, TokenId, UserId,
};
use domain::metric::MetricType;
use domain::name::Name;
use domain::role::Role;
use domain::share::Number;
use domain::time::Micros;

use crate::db::Row;
use crate::{Error, Result};

/// A parameter of a query; `None` is null, of the kind it stands for.
#[derive(Debug, Clone)]
pub enum Value {
    /// A whole number, an id, a time or a truth value.
    Int(Option<i64>),
    /// A number.
    Float(Option<f64>),
    /// Text.
    Text(Option<String>),
    /// Bytes: hashes of secrets.
    Bytes(Option<Vec<u8>>),
}

/// A type that a column of a row can be read as.
pub trait FromColumn: Sized {
    /// Reads the column named `column`.
    ///
    /// # Errors
    /// If there is no such column, or it holds something else.
    fn from_column(row: &Row, column: &'static str) -> Result<Self>;
}

macro_rules! plain {
    ($($kind:ident $type:ty),+) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$kind(Some(value))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                Self::$kind(value)
            }
        }
        impl FromColumn for $type {
            fn from_column(row: &Row, column: &'static str) -> Result<Self> {
                row.raw(column)
            }
        }
        impl FromColumn for Option<$type> {
            fn from_column(row: &Row, column: &'static str) -> Result<Self> {
                row.raw(column)
            }
        }
    )+};
}

plain!(Int i64, Float f64, Text String, Bytes Vec<u8>);

/// Types kept as a whole number: how one goes in and comes out.
macro_rules! whole {
    ($($type:ty: $into:expr, $out:expr;)+) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                let into: fn($type) -> i64 = $into;
                Self::Int(Some(into(value)))
            }
        }
        impl From<Option<$type>> for Value {
            fn from(value: Option<$type>) -> Self {
                let into: fn($type) -> i64 = $into;
                Self::Int(value.map(into))
            }
        }
        impl FromColumn for $type {
            fn from_column(row: &Row, column: &'static str) -> Result<Self> {
                let out: fn(i64) -> Option<$type> = $out;
                out(row.raw(column)?).ok_or(Error::Unreadable(column))
            }
        }
        impl FromColumn for Option<$type> {
            fn from_column(row: &Row, column: &'static str) -> Result<Self> {
                let out: fn(i64) -> Option<$type> = $out;
                row.raw::<Option<i64>>(column)?.map(|v| out(v).ok_or(Error::Unreadable(column))).transpose()
            }
        }
    )+};
}

whole! {
    AnnotationId: |id| id.0, |v| Some(AnnotationId(v));
    BoardId: |id| id.0, |v| Some(BoardId(v));
    ChartId: |id| id.0, |v| Some(ChartId(v));
    CodeId: |id| id.0, |v| Some(CodeId(v));
    DsnId: |id| id.0, |v| Some(DsnId(v));
    EventId: |id| id.0, |v| Some(EventId(v));
    ImportId: |id| id.0, |v| Some(ImportId(v));
    InvitationId: |id| id.0, |v| Some(InvitationId(v));
    JobId: |id| id.0, |v| Some(JobId(v));
    MetricId: |id| id.0, |v| Some(MetricId(v));
    OrganisationId: |id| id.0, |v| Some(OrganisationId(v));
    ProjectId: |id| id.0, |v| Some(ProjectId(v));
    SessionId: |id| id.0, |v| Some(SessionId(v));
    ShareId: |id| id.0, |v| Some(ShareId(v));
    TokenId: |id| id.0, |v| Some(TokenId(v));
    UserId: |id| id.0, |v| Some(UserId(v));
    Micros: |time| time.0, |v| Some(Micros(v));
    Kind: Kind::code, Kind::from_code;
    Width: Width::code, Width::from_code;
    Picture: Picture::code, Picture::from_code;
    Number: Number::code, Number::from_code;
    MetricType: MetricType::code, MetricType::from_code;
    Role: Role::code, Role::from_code;
    bool: i64::from, |v| Some(v != 0);
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

impl From<[u8; 32]> for Value {
    fn from(value: [u8; 32]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

impl From<Option<[u8; 32]>> for Value {
    fn from(value: Option<[u8; 32]>) -> Self {
        Self::Bytes(value.map(|bytes| bytes.to_vec()))
    }
}

impl From<&Name> for Value {
    fn from(value: &Name) -> Self {
        Self::from(value.as_str())
    }
}

impl From<PublicKey> for Value {
    fn from(value: PublicKey) -> Self {
        Self::Text(Some(value.to_string()))
    }
}

impl FromColumn for PublicKey {
    fn from_column(row: &Row, column: &'static str) -> Result<Self> {
        row.raw::<String>(column)?
            .parse()
            .map_err(|_| Error::Unreadable(column))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

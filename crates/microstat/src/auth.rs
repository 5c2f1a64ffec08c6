//! What a request proves: who asks, of which organisation they are a member, that their form is ours.

pub(crate) mod actor;
pub mod csrf;
pub mod member;
pub mod opening;
pub mod password;
pub mod session;
pub mod token;
pub mod visit;

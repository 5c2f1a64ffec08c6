//! The clock and the source of randomness: the only places that ask the system for either.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::time::Micros;
use sha2::{Digest, Sha256};

/// What time it is.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's time.
    System,
    /// A time that only [`Clock::advance`] moves, for tests.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `at`.
    #[must_use]
    pub fn fixed(at: Micros) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(at.0)))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Micros {
        match self {
            Self::System => system_time(),
            Self::Fixed(at) => Micros(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock forward. The system's can't be moved.
    pub fn advance(&self, micros: i64) {
        if let Self::Fixed(at) = self {
            at.fetch_add(micros, Ordering::SeqCst);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the system for the time"
)]
fn system_time() -> Micros {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Where random bits come from.
#[derive(Clone, Debug)]
pub enum Random {
    /// The operating system.
    System,
    /// The same bits every time, for tests.
    Seeded(Arc<AtomicU64>),
}

impl Random {
    /// Repeatable bits.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(AtomicU64::new(seed << 32)))
    }

    /// `N` random bytes, at most 32.
    ///
    /// # Panics
    /// If the operating system has no randomness to give: going on without would be worse.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system for randomness"
    )]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => getrandom::fill(&mut bytes).expect("the operating system gives random bytes"),
            Self::Seeded(next) => {
                let block = Sha256::digest(next.fetch_add(1, Ordering::SeqCst).to_be_bytes());
                bytes.copy_from_slice(&block[..N]);
            }
        }
        bytes
    }

    /// 64 random bits, as ids are made of.
    #[must_use]
    pub fn bits(&self) -> u64 {
        u64::from_be_bytes(self.bytes())
    }
}

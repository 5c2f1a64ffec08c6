//! What processes on one PostgreSQL database tell each other. On SQLite there is nobody to tell.
//!
//! Words are said beside transactions, never in one: a commit waits for nobody. So what is said may be lost when a
//! process dies or the server is away; whoever listens is told that something may have been, and nothing but speed may
//! depend on a word.

use sqlx::postgres::PgListener;

use super::{Db, Engine};
use crate::Result;

const CHANNEL: &str = "microstat";
/// Most bytes of a word; PostgreSQL takes a few more.
pub const LONGEST: usize = 7_000;

/// A connection that hears what others say.
#[derive(Debug)]
pub struct Ear(PgListener);

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Somebody said this; who listens hears itself too.
    Word(String),
    /// The connection was lost and is there again: words may have been missed.
    Gap,
}

impl Db {
    /// Listens, from now on; nothing on SQLite.
    ///
    /// # Errors
    /// If the server can't be reached.
    pub async fn listen(&self) -> Result<Option<Ear>> {
        let Engine::Postgres(pool) = &self.engine else {
            return Ok(None);
        };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Ear(listener)))
    }

    /// Says a word to all who listen.
    ///
    /// # Errors
    /// If the server can't be reached.
    pub async fn say(&self, word: &str) -> Result<()> {
        if let Engine::Postgres(pool) = &self.engine {
            sqlx::query("select pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(word)
                .execute(pool)
                .await?;
        }
        Ok(())
    }
}

impl Ear {
    /// What is heard next.
    ///
    /// # Errors
    /// If the server can't be reached again; then another one has to be had.
    pub async fn next(&mut self) -> Result<Heard> {
        let heard = self.0.try_recv().await?;
        Ok(heard.map_or(Heard::Gap, |heard| Heard::Word(heard.payload().to_owned())))
    }
}

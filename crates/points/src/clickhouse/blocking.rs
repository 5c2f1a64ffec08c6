//! ClickHouse for who waits for each answer: data points that are moved go one part after the other.

use std::cell::Cell;

use hyper::body::Bytes;
use tokio::runtime::Runtime;

use super::schema::{self, Layout, Table};
use super::{Address, Client, Failure, erase, ship};
use crate::Error;

/// A server, and a runtime of its own to speak with it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) layout: Layout,
    client: Client,
    runtime: Runtime,
    /// Whether something was done that replicas may not have yet.
    changed: Cell<bool>,
}

impl Server {
    /// Says where it is, and has the tables made there.
    pub(super) fn prepared(address: Address) -> Result<Self, Error> {
        let server = Self {
            layout: Layout::of(&address),
            client: Client::new(address)?,
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            changed: Cell::new(true),
        };
        server.runtime.block_on(schema::migrate(&server.client))?;
        Ok(server)
    }

    /// What a query without a format answers.
    pub(super) fn ask(&self, text: &str) -> Result<Bytes, Failure> {
        let text = format!("{text} FORMAT RowBinary");
        self.caught_up()?;
        self.runtime.block_on(self.client.ask(&text))
    }

    /// What the number a query answers comes to at all servers that can be asked.
    pub(super) fn count_everywhere(&self, text: &str) -> Result<u64, Failure> {
        self.runtime.block_on(ship::count_everywhere(&self.client, text))
    }

    fn caught_up(&self) -> Result<(), Failure> {
        if self.changed.replace(false) {
            self.runtime.block_on(erase::caught_up(&self.client, &self.layout))?;
        }
        Ok(())
    }

    /// Does something at each server of a cluster.
    pub(super) fn run_everywhere(&self, text: &str) -> Result<(), Failure> {
        if self.layout.cluster.is_none() {
            return self.run(text);
        }
        for place in 0..self.client.hosts() {
            self.runtime.block_on(self.client.run_at(place, text))?;
        }
        Ok(())
    }

    pub(super) fn run(&self, text: &str) -> Result<(), Failure> {
        self.changed.set(true);
        self.runtime
            .block_on(self.client.run_with(text, &self.client.inserts()))
            .map(drop)
    }

    /// Inserts rows under a name, even if the same came before.
    pub(super) fn insert_again(&self, table: &str, rows: &Bytes, id: &str) -> Result<(), Failure> {
        self.changed.set(true);
        let settings = format!("{}&query_id={id}", self.client.even_if_it_came_before());
        self.runtime.block_on(self.client.insert(table, rows, &settings))
    }

    pub(super) fn delete(&self, table: Table, which: &str) -> Result<(), Failure> {
        self.caught_up()?;
        self.runtime
            .block_on(erase::delete(&self.client, &self.layout, table, which))
    }

    pub(super) fn horizons(&self, project: i64) -> Result<crate::journal::entry::Horizons, Failure> {
        self.runtime.block_on(super::read::horizons(&self.client, project))
    }
}

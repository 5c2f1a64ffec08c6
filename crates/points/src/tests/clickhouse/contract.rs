//! What the embedded engine is held against, ClickHouse is held against too: the same things are done to both, and the same
//! is asked. Fewer cases of it, since a mutation takes a while.

use proptest::test_runner::{Config, TestRunner};

use super::Server;
use crate::Address;
use crate::tests::model::{Engine, OUTLIVING, PLAIN, Tried, agree, asked, done};

/// Does things to a store in a database of its own, so many times.
fn agrees(cases: u32, tried: Tried, address: impl Fn(u32) -> Address) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let nth = std::cell::Cell::new(0);
    let config = Config {
        // Each step less takes a while too.
        max_shrink_iters: 30,
        failure_persistence: None,
        ..Config::with_cases(cases)
    };
    let both = (done(tried), asked());
    let tried = TestRunner::new(config).run(&both, |(steps, asked)| {
        nth.set(nth.get() + 1);
        let to = address(nth.get());
        runtime.block_on(agree(Engine::ClickHouse(&to), tried, steps, &asked));
        Ok(())
    });
    tried.unwrap();
}

#[test]
fn reads_say_what_a_plain_list_says() {
    let server = Server::start();
    agrees(12, PLAIN, |nth| server.address(&format!("plain_{nth}")));
}

#[test]
fn so_they_do_where_minutes_are_all_that_is_left() {
    let server = Server::start();
    agrees(12, OUTLIVING, |nth| server.address(&format!("outliving_{nth}")));
}

//! What the embedded engine is held against, ClickHouse is held against too: the same things are done to both, and the same
//! is asked. Fewer cases of it, since a mutation takes a while.

use proptest::test_runner::{Config, TestRunner};

use super::Server;
use crate::tests::model::{Engine, OUTLIVING, PLAIN, Tried, agree, asked, done};

/// Does things to a store in a database of its own, again and again.
fn agrees(name: &str, tried: Tried) {
    let server = Server::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let nth = std::cell::Cell::new(0);
    let config = Config {
        // Each step less takes a while too.
        max_shrink_iters: 30,
        failure_persistence: None,
        ..Config::with_cases(12)
    };
    let both = (done(tried), asked());
    let tried = TestRunner::new(config).run(&both, |(steps, asked)| {
        let database = format!("{name}_{}", nth.get());
        nth.set(nth.get() + 1);
        let to: crate::Address = server.address(&database);
        runtime.block_on(agree(Engine::ClickHouse(&to), tried, steps, &asked));
        server.ask("default", &format!("DROP DATABASE {database}"));
        Ok(())
    });
    tried.unwrap();
}

#[test]
fn reads_say_what_a_plain_list_says() {
    agrees("plain", PLAIN);
}

#[test]
fn so_they_do_where_minutes_are_all_that_is_left() {
    agrees("outliving", OUTLIVING);
}

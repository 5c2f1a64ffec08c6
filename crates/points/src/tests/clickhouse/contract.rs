//! What the embedded engine is held against, ClickHouse is held against too: the same things are done to both, and the same
//! is asked. Fewer cases of it, since a mutation takes a while.

use proptest::test_runner::{Config, TestRunner};

use domain::id::MetricId;
use domain::time::MINUTE;
use domain::value::Value;

use super::Server;
use crate::Address;
use crate::tests::model::{Done, Engine, MOVED, MOVED_OUTLIVING, OUTLIVING, PLAIN, Tried, agree, asked, done};
use crate::tests::{NOW, point};

/// Does things to a store in a database of its own, so many times.
pub(super) fn agrees(
    cases: u32,
    tried: Tried,
    engine: for<'e> fn(&'e Address) -> Engine<'e>,
    address: impl Fn(u32) -> Address,
) {
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
        runtime.block_on(agree(engine(&to), tried, steps, &asked));
        Ok(())
    });
    tried.unwrap();
}

#[test]
fn reads_say_what_a_plain_list_says() {
    let server = Server::start();
    agrees(
        12,
        PLAIN,
        |to| Engine::ClickHouse(to),
        |nth| server.address(&format!("plain_{nth}")),
    );
}

#[test]
fn so_they_do_where_minutes_are_all_that_is_left() {
    let server = Server::start();
    agrees(
        12,
        OUTLIVING,
        |to| Engine::ClickHouse(to),
        |nth| server.address(&format!("outliving_{nth}")),
    );
}

/// Moved while it was used, once more at the end, and then back.
#[test]
fn so_they_do_of_what_was_moved_there_and_back() {
    let server = Server::start();
    agrees(
        12,
        MOVED,
        |to| Engine::Moved(to),
        |nth| server.address(&format!("moved_{nth}")),
    );
}

#[test]
fn so_they_do_where_minutes_are_all_that_was_moved() {
    let server = Server::start();
    agrees(
        12,
        MOVED_OUTLIVING,
        |to| Engine::Moved(to),
        |nth| server.address(&format!("outlived_{nth}")),
    );
}

/// What was published into days of which everything was forgotten outlives its data points as all else does.
#[test]
fn so_they_do_where_what_was_forgotten_came_again() {
    let server = Server::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ago = |minutes: i64| NOW - minutes * MINUTE;
    let all = vec![
        point(MetricId(1), ago(2_000), Value::Number(1.0)),
        point(MetricId(1), ago(2_200), Value::Number(-7.5)),
        point(MetricId(1), ago(300), Value::Number(40.0)),
        point(MetricId(3), ago(2_000), Value::Word("a".to_owned())),
        point(MetricId(2), ago(2_000), Value::Hits(9)),
    ];
    let steps = [Done::Forget(0), Done::Append(all), Done::Outlive(0)];
    let deleted = Done::DeleteRange(MetricId(1), 2_100 * MINUTE, 300 * MINUTE);
    let asked = [
        (2_900 * MINUTE, 2_900 * MINUTE, "30m"),
        (2_900 * MINUTE, 2_900 * MINUTE, "6h"),
    ];
    for (nth, more) in [Vec::new(), vec![deleted]].into_iter().enumerate() {
        let to = server.address(&format!("again_{nth}"));
        let steps = [&steps[..], &more].concat();
        runtime.block_on(agree(Engine::ClickHouse(&to), OUTLIVING, steps, &asked));
    }
}

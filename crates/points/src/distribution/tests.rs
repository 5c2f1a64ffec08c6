use domain::time::Micros;
use proptest::prelude::*;

use super::Distribution;
use crate::kind::Kind;
use crate::rollup::Hour;
use crate::sketch::Sketch;

/// How much greater a sketch's bin ends than it begins, and a little.
const BIN: f64 = 1.0203;

fn sum(values: &[f64]) -> Hour {
    let mut sum = Hour::default();
    for value in values {
        sum.add(Kind::Number, value.to_bits());
    }
    sum
}

fn exact(values: &[f64]) -> Distribution {
    Distribution::of_values(Micros(0), sum(values), values.to_vec())
}

fn sketched(values: &[f64]) -> Distribution {
    Distribution::of_sketch(Micros(0), sum(values), Sketch::of(values))
}

fn count(values: &[f64], lies: impl Fn(f64) -> bool) -> u64 {
    values.iter().filter(|value| lies(**value)).count() as u64
}

/// A value so much greater or less that it is in another bin.
fn off(value: f64, up: bool) -> f64 {
    if (value > 0.0) == up { value * BIN } else { value / BIN }
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(0.0),
        Just(f64::MAX),
        Just(f64::MIN),
        Just(f64::MIN_POSITIVE),
        (-20_i32..20).prop_map(f64::from),
        -1e3_f64..1e3,
        (-200.0_f64..200.0).prop_map(|power| 10_f64.powf(power)),
        (-200.0_f64..200.0).prop_map(|power| -10_f64.powf(power)),
    ]
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![
        prop::collection::vec(value(), 1..200),
        prop::collection::vec(0.0_f64..900.0, 1..200),
        prop::collection::vec((0_i32..40).prop_map(f64::from), 1..200),
    ]
}

proptest! {
    #[test]
    fn values_that_were_looked_at_are_counted_exactly(values in values(), at in value(), mut edges in prop::collection::vec(value(), 2..9)) {
        let found = exact(&values);
        let above = found.above(at);
        prop_assert!(above.is_exact() && found.is_exact());
        prop_assert_eq!(above.count, count(&values, |value| value > at));
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let lies = |place: usize, value: f64| {
            let is_last = place + 2 == edges.len();
            edges[place] <= value && (value < edges[place + 1] || (is_last && value <= edges[place + 1]))
        };
        let expected: Vec<u64> = (1..edges.len()).map(|end| count(&values, |value| lies(end - 1, value))).collect();
        prop_assert_eq!(found.bins(&edges), expected);
    }

    #[test]
    fn sketches_say_how_far_they_may_be_off(values in values(), at in value()) {
        let above = sketched(&values).above(at);
        let expected = count(&values, |value| value > at);
        prop_assert!(above.least <= expected && expected <= above.most, "{:?} for {}", above, expected);
        prop_assert!(above.least <= above.count && above.count <= above.most, "{:?}", above);
        prop_assert!(above.least >= count(&values, |value| value > off(at, true)));
        prop_assert!(above.most <= count(&values, |value| value >= off(at, false)));
    }

    #[test]
    fn bins_of_sketches_count_everything_near_where_it_is(values in values(), mut edges in prop::collection::vec(value(), 2..9)) {
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let found = sketched(&values);
        let first = found.below(edges[0]);
        let mut so_far = first;
        for (edge, bin) in edges[1..].iter().zip(found.bins(&edges)) {
            so_far += bin;
            let least = count(&values, |value| value < off(*edge, false));
            let most = count(&values, |value| value <= off(*edge, true));
            prop_assert!((least..=most).contains(&so_far), "{so_far} below {edge}, of {least} to {most}");
        }
    }

    #[test]
    fn quantiles_are_values_or_within_one_percent(values in values(), quantile in 0.0_f64..=1.0) {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let expected = exact(&values).quantile(quantile).unwrap();
        prop_assert!(sorted.contains(&expected));
        let found = sketched(&values).quantile(quantile).unwrap();
        prop_assert!((found - expected).abs() <= expected.abs() * 0.010_000_001, "{found} for {expected}");
        prop_assert_eq!(exact(&values).quantile(0.0), Some(sorted[0]));
        prop_assert_eq!(sketched(&values).quantile(1.0), Some(sorted[sorted.len() - 1]));
    }

    #[test]
    fn merged_is_as_if_counted_together(a in values(), b in values()) {
        let all = [a.clone(), b.clone()].concat();
        let mut both = exact(&a);
        both.merge(&exact(&b));
        prop_assert!(both.is_exact());
        prop_assert_eq!((both.count(), both.min(), both.quantile(0.3)), (exact(&all).count(), exact(&all).min(), exact(&all).quantile(0.3)));
        for (one, other) in [(exact(&a), sketched(&b)), (sketched(&a), exact(&b)), (sketched(&a), sketched(&b))] {
            let mut both = one;
            both.merge(&other);
            prop_assert_eq!((both.count(), both.max()), (sketched(&all).count(), sketched(&all).max()));
            prop_assert_eq!(&both.kept, &sketched(&all).kept);
        }
    }

    #[test]
    fn proposed_edges_rise_hold_everything_and_are_about_as_many(values in values(), about in 1_usize..60) {
        for found in [exact(&values), sketched(&values)] {
            let edges = found.edges(about);
            prop_assert!(edges.len() >= 2 && edges.windows(2).all(|pair| pair[0] < pair[1]), "{edges:?}");
            prop_assert!(edges.iter().all(|edge| edge.is_finite()));
            prop_assert!(edges.len() <= about * 3 + 6, "{} for {about}", edges.len());
            prop_assert_eq!(found.bins(&edges).iter().sum::<u64>(), found.count(), "{:?}", edges);
        }
    }
}

#[test]
fn edges_are_numbers_people_would_choose() {
    let spread = |from: f64, to: f64| {
        (0..=1_000)
            .map(|n| from + (to - from) * f64::from(n) / 1_000.0)
            .collect::<Vec<_>>()
    };
    let edges = |values: &[f64], about| exact(values).edges(about);
    assert_eq!(edges(&spread(3.3, 97.2), 10)[..4], [0.0, 10.0, 20.0, 30.0]);
    assert_eq!(
        edges(&spread(-1.0, 1.0), 8),
        [-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0]
    );
    let heavy: Vec<f64> = (0..400).map(|n| 10_f64.powf(f64::from(n) / 100.0)).collect();
    assert_eq!(
        edges(&heavy, 12),
        [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4]
    );
    let baskets: Vec<f64> = (0..100).map(|n| f64::from(n % 7 + 1)).collect();
    assert_eq!(edges(&baskets, 20), [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]);
    assert_eq!(sketched(&baskets).edges(20), edges(&baskets, 20));
    assert_eq!(
        sketched(&baskets).bins(&edges(&baskets, 20)),
        exact(&baskets).bins(&edges(&baskets, 20))
    );
    assert_eq!(edges(&[5.0], 20), [4.5, 5.5]);
    assert_eq!(edges(&[0.25], 20), [0.2375, 0.2625]);
    assert_eq!(edges(&[], 20), [0.0; 0]);
}

#[test]
fn nothing_is_said_of_no_data_points() {
    let none = Distribution::empty(Micros(5));
    assert_eq!(
        (none.count(), none.min(), none.avg(), none.quantile(0.5)),
        (0, None, None, None)
    );
    assert_eq!((none.above(1.0).count, none.bins(&[0.0, 1.0])), (0, vec![0]));
    let mut merged = none.clone();
    merged.merge(&sketched(&[2.0]));
    assert_eq!((merged.count(), merged.max()), (1, Some(2.0)));
}

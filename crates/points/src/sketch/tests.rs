use proptest::prelude::*;

use super::Sketch;
use crate::bytes::Reader;

fn exact(values: &[f64], rank: u64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[usize::try_from(rank).unwrap() - 1]
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= expected.abs() * 0.010_000_001 + f64::MIN_POSITIVE
}

fn values() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        Just(0.0),
        -1e3_f64..1e3,
        (-300.0_f64..300.0).prop_map(|power| 10_f64.powf(power)),
        (-300.0_f64..300.0).prop_map(|power| -10_f64.powf(power)),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
    ];
    prop::collection::vec(value, 1..300)
}

proptest! {
    #[test]
    fn every_rank_is_told_within_one_percent(values in values()) {
        let sketch = Sketch::of(&values);
        prop_assert_eq!(sketch.count(), values.len() as u64);
        for rank in 1..=values.len() as u64 {
            let [found] = sketch.at_ranks([rank]);
            let expected = exact(&values, rank);
            prop_assert!(close(found.unwrap(), expected), "{found:?} for {expected}");
        }
        prop_assert_eq!(sketch.at_ranks([values.len() as u64 + 1]), [None]);
    }

    #[test]
    fn merged_is_as_if_counted_together(a in values(), b in values(), c in values()) {
        let mut merged = Sketch::of(&a);
        merged.merge(&Sketch::of(&b));
        merged.merge(&Sketch::of(&c));
        prop_assert_eq!(&merged, &Sketch::of(&[a, b, c].concat()));
        let mut bytes = Vec::new();
        merged.encode(&mut bytes);
        let mut reader = Reader(&bytes);
        prop_assert_eq!(&Sketch::decode(&mut reader).unwrap(), &merged);
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn noise_is_no_sketch_and_no_panic(bytes in any::<Vec<u8>>()) {
        let _ = Sketch::decode(&mut Reader(&bytes));
    }
}

/// The same values as `fixture.py` gave Python's ddsketch, and what it said.
#[test]
fn agrees_with_the_reference_implementation() {
    let mut state = 42_u64;
    let mut values = Vec::new();
    for _ in 0..10_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let unit = f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX);
        values.push((unit * 12.0 - 4.0).exp() - 5.0);
    }
    let sketch = Sketch::of(&values);
    for line in include_str!("fixture.csv").lines().skip(1) {
        let (quantile, said) = line.split_once(',').unwrap();
        let (quantile, said): (f64, f64) = (quantile.parse().unwrap(), said.parse().unwrap());
        // It ranks from 0 by q·(n − 1).
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rank = (quantile * 9_999.0) as u64 + 1;
        let [found] = sketch.at_ranks([rank]);
        assert!(
            (found.unwrap() - said).abs() <= said.abs() * 1e-9,
            "{found:?}, {said} at {quantile}"
        );
    }
}

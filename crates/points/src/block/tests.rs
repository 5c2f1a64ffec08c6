use domain::time::DAY;
use proptest::prelude::*;

use super::{MOST, decode, encode};
use crate::kind::{Kind, Raw};

const START: i64 = 20_000 * DAY;

fn same(mut points: Vec<Raw>, kind: Kind) -> usize {
    points.sort_by_key(|point| point.at);
    let bytes = encode(&points, kind, START);
    let mut found = Vec::new();
    decode(&bytes, kind, START, &mut found).unwrap();
    assert_eq!(found, points);
    bytes.len()
}

#[test]
fn what_repeats_costs_next_to_nothing() {
    let every_minute = (0..1_440)
        .map(|n| Raw {
            at: START + n * 60_000_000,
            bits: 1,
        })
        .collect();
    assert!(same(every_minute, Kind::Hits) < 20);
    let one = vec![Raw {
        at: START,
        bits: 12.5_f64.to_bits(),
    }];
    assert!(same(one, Kind::Number) < 10);
}

fn points(values: impl Strategy<Value = u64>, most: usize) -> impl Strategy<Value = Vec<Raw>> {
    let at = prop_oneof![0..DAY, (0..DAY / 1_000).prop_map(|ms| ms * 1_000), Just(7)];
    prop::collection::vec(
        (at, values).prop_map(|(at, bits)| Raw { at: START + at, bits }),
        1..most,
    )
}

fn doubles() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |value| value.is_finite()),
        (-100_000_i32..100_000).prop_map(|tenths| f64::from(tenths) / 10.0),
        Just(-0.0),
        (0_i32..50).prop_map(f64::from),
    ]
    .prop_map(f64::to_bits)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_bit_comes_back(
        hits in points(1_u64..1_000_000, 400), words in points(0_u64..50, 400),
        mixed in points(doubles(), 400), tenths in points((0_i32..9_999).prop_map(|n| (f64::from(n) / 10.0).to_bits()), 400),
    ) {
        same(hits, Kind::Hits);
        same(words, Kind::Word);
        same(mixed, Kind::Number);
        same(tenths, Kind::Number);
    }

    #[test]
    fn damage_is_noticed_or_harmless(bytes in any::<Vec<u8>>(), points in points(doubles(), 60), place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut found = Vec::new();
        let _ = decode(&bytes, Kind::Number, START, &mut found);
        let mut points = points;
        points.sort_by_key(|point| point.at);
        let mut block = encode(&points, Kind::Number, START);
        let place = place.index(block.len());
        block[place] ^= 1 << bit;
        let _ = decode(&block, Kind::Number, START, &mut found);
        prop_assert!(found.len() <= 2 * MOST);
    }
}

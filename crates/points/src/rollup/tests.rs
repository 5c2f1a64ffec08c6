use domain::time::{DAY, HOUR};
use proptest::prelude::*;

use super::{Day, ProjectDay};
use crate::kind::{Kind, Raw};
use crate::sketch::Sketch;

proptest! {
    #[test]
    fn days_read_back(
        points in prop::collection::vec((0..DAY, any::<u32>(), -1e9_f64..1e9), 0..100),
        kind in prop_oneof![Just(Kind::Hits), Just(Kind::Number), Just(Kind::Word)],
        raw in any::<bool>(),
    ) {
        let mut day = Day::new(kind);
        day.raw = raw;
        if kind == Kind::Word {
            day.words = vec![("a".into(), 0), ("(other)".into(), 0)];
        }
        let points: Vec<Raw> = points.into_iter().map(|(at, hits, number)| Raw { at, bits: match kind {
            Kind::Hits => hits.into(),
            Kind::Number => number.to_bits(),
            Kind::Word => u64::from(hits % 2),
        } }).collect();
        day.add(&points);
        if kind == Kind::Number {
            day.sketch = Some(Sketch::of(&points.iter().map(|point| f64::from_bits(point.bits)).collect::<Vec<_>>()));
        }
        let bytes = day.encode();
        prop_assert_eq!(&Day::decode(&bytes).unwrap(), &day);
        prop_assert_eq!(Day::decode_hours(&bytes).unwrap().hours, day.hours);
        prop_assert_eq!(day.whole().count, points.len() as u64);
        let mut words = Vec::new();
        Day::each_word(&bytes, |word, count| words.push((word.to_owned(), count))).unwrap();
        prop_assert_eq!(words, day.words);
    }

    #[test]
    fn project_days_read_back(hours in prop::array::uniform24(any::<u64>()), metrics in prop::collection::btree_map(1_u32.., any::<u64>(), 0..50)) {
        let day = ProjectDay { hours, metrics };
        prop_assert_eq!(ProjectDay::decode(&day.encode()).unwrap(), day);
    }

    #[test]
    fn noise_is_no_day_and_no_panic(bytes in any::<Vec<u8>>()) {
        let _ = Day::decode(&bytes);
        let _ = ProjectDay::decode(&bytes);
    }
}

#[test]
fn the_last_microsecond_of_an_hour_is_its_own() {
    let mut day = Day::new(Kind::Hits);
    day.add(&[
        Raw {
            at: DAY + HOUR - 1,
            bits: 5,
        },
        Raw {
            at: DAY + HOUR,
            bits: 7,
        },
    ]);
    assert_eq!((day.hours[0].amount, day.hours[1].amount), (5, 7));
}

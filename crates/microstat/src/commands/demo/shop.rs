//! A small shop for paper and pens, as its metrics tell it: how many come, what they look for, what they buy, how long
//! they wait.

use domain::metric::MetricType;
use domain::time::{DAY, HOUR, MINUTE, Micros};
use domain::value::Value;

use super::dice::Dice;
use super::rhythm::{Year, tide, within};
use super::words;

const YEAR: i64 = 365;
/// Older page views were published in bundles, one of them every ten minutes.
const BUNDLED_BEFORE: i64 = 8 * DAY;

/// A metric and everything it was told, in the order of time.
pub(super) struct Story {
    pub(super) name: &'static str,
    pub(super) kind: MetricType,
    pub(super) values: Vec<(Micros, Value)>,
}

/// The shop's metrics.
pub(super) fn shop(year: Year) -> Vec<Story> {
    let mut dice = Dice::new(1);
    let sessions = year.moments(&mut dice, YEAR, 330.0, |at| year.bustle(at));
    let baskets = year.moments(&mut dice, YEAR, 260.0, |at| year.bustle(at));
    let searches = year.moments(&mut dice, YEAR, 140.0, |at| year.bustle(at));
    let orders = year.moments(&mut dice, YEAR, 110.0, |at| {
        year.bustle(at) * if year.is_incident(at) { 0.4 } else { 1.0 }
    });
    let subscribers = year.moments(&mut dice, YEAR, 11.0, |at| year.bustle(at));
    let errors = year.moments(&mut dice, YEAR, 3.0, |at| {
        year.bustle(at) * if year.is_incident(at) { 190.0 } else { 1.0 }
    });
    let samples = year.moments(&mut dice, YEAR, 300.0, |at| year.bustle(at));
    vec![
        page_views(year),
        hits("Add to Basket", baskets),
        hits("Order", orders.clone()),
        hits("Newsletter Sign-up", subscribers),
        hits("Server Error", errors),
        numbers("Order Value", MetricType::Counter, &orders, |dice, at| {
            cents(dice.skewed(27.0 + 6.0 * year.elapsed(at), 0.55).clamp(2.9, 480.0))
        }),
        numbers("Basket Items", MetricType::Counter, &orders, |dice, _| {
            f64::from(1 + dice.times(1.6))
        }),
        stock(year),
        visitors(year),
        numbers("Page Load", MetricType::Timer, &samples, |dice, at| {
            page_load(year, dice, at)
        }),
        numbers("Checkout Time", MetricType::Timer, &orders, |dice, at| {
            checkout(year, dice, at)
        }),
        numbers("Search Time", MetricType::Timer, &searches, |dice, at| {
            dice.skewed(46.0 + 18.0 * year.bustle(at), 0.5).round()
        }),
        spoken("Browser", &sessions, |dice, at| {
            dice.pick(&words::browsers(year.elapsed(at)))
        }),
        spoken("Country", &sessions, |dice, at| {
            dice.pick(&words::countries(year.elapsed(at)))
        }),
        spoken("Search Words", &searches, |dice, at| {
            dice.pick(&words::searches(year.elapsed(at), 0.5 + 0.5 * tide(at)))
        }),
        spoken("Payment Method", &orders, |dice, at| {
            dice.pick(&words::payments(year.elapsed(at)))
        }),
    ]
}

/// The box office of a choir: three metrics, two months.
pub(super) fn box_office(year: Year) -> Vec<Story> {
    let mut dice = Dice::new(2);
    let tickets = year.moments(&mut dice, 60, 34.0, |at| year.bustle(at));
    vec![
        hits("Ticket Sold", tickets.clone()),
        numbers("Ticket Price", MetricType::Counter, &tickets, |dice, _| {
            if dice.share() < 0.3 { 12.0 } else { 18.0 }
        }),
        spoken("Seat Area", &tickets, |dice, _| {
            dice.pick(&[
                ("Stalls", 5.0),
                ("Balcony", 2.6),
                ("Gallery", 1.4),
                ("Wheelchair space", 0.2),
            ])
        }),
    ]
}

fn hits(name: &'static str, moments: Vec<Micros>) -> Story {
    Story {
        name,
        kind: MetricType::HitCounter,
        values: moments.into_iter().map(|at| (at, Value::Hits(1))).collect(),
    }
}

fn numbers(
    name: &'static str,
    kind: MetricType,
    moments: &[Micros],
    number: impl Fn(&mut Dice, Micros) -> f64,
) -> Story {
    let mut dice = Dice::new(seed_of(name));
    let values = moments.iter().map(|at| (*at, Value::Number(number(&mut dice, *at))));
    Story {
        name,
        kind,
        values: values.collect(),
    }
}

fn spoken(name: &'static str, moments: &[Micros], word: impl Fn(&mut Dice, Micros) -> &'static str) -> Story {
    let mut dice = Dice::new(seed_of(name));
    let values = moments
        .iter()
        .map(|at| (*at, Value::Word(word(&mut dice, *at).to_owned())));
    Story {
        name,
        kind: MetricType::WordWeb,
        values: values.collect(),
    }
}

fn seed_of(name: &str) -> u64 {
    name.bytes()
        .fold(3, |seed, byte| seed * 31 % 1_000_003 + u64::from(byte))
}

fn page_views(year: Year) -> Story {
    const A_DAY: f64 = 3_900.0;
    const BUNDLE: i64 = 10 * MINUTE;
    let mut dice = Dice::new(3);
    let mut values = Vec::new();
    let mut start = (year.now - YEAR * DAY).floor(BUNDLE);
    let single = (year.now - BUNDLED_BEFORE).floor(HOUR);
    while start < single {
        let views = dice.times(A_DAY / 144.0 * year.bustle(start + BUNDLE / 2));
        if views > 0 {
            values.push((within(&mut dice, start, BUNDLE), Value::Hits(views)));
        }
        start = start + BUNDLE;
    }
    let recent = year.moments(&mut dice, BUNDLED_BEFORE / DAY, A_DAY, |at| year.bustle(at));
    values.extend(
        recent
            .into_iter()
            .filter(|at| *at >= single)
            .map(|at| (at, Value::Hits(1))),
    );
    Story {
        name: "Page View",
        kind: MetricType::HitCounter,
        values,
    }
}

/// Notebooks on the shelf, counted every hour: sold by day, delivered before they run out.
fn stock(year: Year) -> Story {
    let mut dice = Dice::new(4);
    let mut left = 240.0;
    let mut values = Vec::new();
    let mut at = year.day(YEAR);
    while at < year.now {
        left -= f64::from(dice.times(1.1 * year.bustle(at)));
        let morning = at.0.rem_euclid(DAY) == 7 * HOUR;
        if left < 45.0 && morning {
            left += 260.0;
        }
        left = f64::max(left, 0.0);
        values.push((at + 2 * MINUTE, Value::Number(left)));
        at = at + HOUR;
    }
    values.retain(|(at, _)| *at < year.now);
    Story {
        name: "Notebooks in Stock",
        kind: MetricType::Counter,
        values,
    }
}

/// People in the shop, counted every hour and lately every five minutes.
fn visitors(year: Year) -> Story {
    let mut dice = Dice::new(5);
    let mut values = Vec::new();
    let mut at = year.day(YEAR);
    while at < year.now {
        values.push((at, Value::Number(f64::from(dice.times(14.0 * year.bustle(at))))));
        at = at
            + if at < year.now - BUNDLED_BEFORE {
                HOUR
            } else {
                5 * MINUTE
            };
    }
    Story {
        name: "Visitors Now",
        kind: MetricType::Counter,
        values,
    }
}

/// Two months ago pictures became smaller.
fn page_load(year: Year, dice: &mut Dice, at: Micros) -> f64 {
    let usual = if at < year.day(60) { 830.0 } else { 610.0 };
    let incident = if year.is_incident(at) { 2.6 } else { 1.0 };
    dice.skewed((usual + 70.0 * year.bustle(at)) * incident, 0.42).round()
}

fn checkout(year: Year, dice: &mut Dice, at: Micros) -> f64 {
    let incident = if year.is_incident(at) { 9.0 } else { 1.0 };
    dice.skewed((320.0 + 80.0 * year.bustle(at)) * incident, 0.38).round()
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

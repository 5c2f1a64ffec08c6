//! What people say, and how it changes over the year: `t` is 0 at its start and 1 now;
//! `season` is 1 before Christmas and 0 in June.

/// A weight that goes from one value to another.
fn moves(from: f64, to: f64, t: f64) -> f64 {
    from + (to - from) * t.clamp(0.0, 1.0)
}

/// A weight that is nothing before `start` and then grows.
fn since(start: f64, to: f64, t: f64) -> f64 {
    ((t - start) / (1.0 - start)).max(0.0) * to
}

pub(super) fn browsers(t: f64) -> [(&'static str, f64); 8] {
    [
        ("Chrome", moves(52.0, 41.0, t)),
        ("Safari", moves(21.0, 22.0, t)),
        ("Firefox", moves(9.0, 18.0, t)),
        ("Edge", moves(10.0, 8.5, t)),
        ("Samsung Internet", 3.4),
        ("Opera", 1.8),
        ("Vivaldi", moves(0.4, 1.6, t)),
        ("DuckDuckGo", since(0.4, 1.9, t)),
    ]
}

pub(super) fn countries(t: f64) -> [(&'static str, f64); 14] {
    [
        ("Germany", moves(46.0, 38.0, t)),
        ("Austria", 11.0),
        ("Switzerland", 10.0),
        ("France", moves(6.0, 9.0, t)),
        ("Netherlands", 6.0),
        ("United Kingdom", 4.5),
        ("Denmark", 3.0),
        ("Poland", moves(2.0, 3.6, t)),
        ("Italy", 2.6),
        ("Sweden", 2.0),
        ("Japan", since(0.72, 7.5, t)),
        ("United States", 2.4),
        ("Egypt", 0.9),
        ("Israel", 0.8),
    ]
}

pub(super) fn searches(t: f64, season: f64) -> [(&'static str, f64); 24] {
    [
        ("notebook", 15.0),
        ("fountain pen", moves(12.0, 9.0, t)),
        ("ink", 8.0),
        ("washi tape", moves(9.0, 5.0, t)),
        ("stickers", moves(3.0, 9.0, t)),
        ("calendar", 2.0 + 16.0 * season * season),
        ("gift 🎁", 1.0 + 9.0 * season * season),
        ("🎄", 7.0 * season.powi(6)),
        ("wrapping paper", 1.0 + 6.0 * season * season),
        ("pencil", 6.0),
        ("Füller", 5.0),
        ("Füllfederhalter", 2.0),
        ("stylo plume", moves(1.0, 3.0, t)),
        ("agenda", 3.0),
        ("手帳", since(0.72, 6.0, t)),
        ("万年筆", since(0.72, 4.0, t)),
        ("دفتر ملاحظات", 2.2),
        ("יומן", 1.8),
        ("planner", 4.0),
        ("envelopes", 3.0),
        ("✏️", 1.4),
        ("dotted A5", moves(2.0, 6.0, t)),
        ("refill", 3.5),
        ("voucher", 0.6 + 3.0 * season),
    ]
}

pub(super) fn payments(t: f64) -> [(&'static str, f64); 6] {
    [
        ("Card", moves(41.0, 38.0, t)),
        ("PayPal", moves(34.0, 28.0, t)),
        ("Invoice", moves(17.0, 12.0, t)),
        ("Apple Pay", moves(5.0, 13.0, t)),
        ("Google Pay", moves(3.0, 8.0, t)),
        ("Voucher", 1.6),
    ]
}

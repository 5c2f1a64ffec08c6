//! How long a project keeps its data points.

/// What becomes of data points that are older: nothing is kept for longer than ten years.
pub const DAYS: std::ops::RangeInclusive<i64> = 1..=3650;

/// The days in a text; `None` if they are none, too few or too many.
#[must_use]
pub fn days(text: &str) -> Option<i64> {
    text.trim().parse().ok().filter(|days| DAYS.contains(days))
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn retention_is_1_to_3650_whole_days() {
        assert_eq!((days(" 1 "), days("3650")), (Some(1), Some(3650)));
        for text in ["", "0", "-1", "3651", "7.5", "a week", "99999999999999999999"] {
            assert_eq!(days(text), None, "{text}");
        }
    }
}

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{
    BadSettings, Cell, Delimiter, Elements, Form, Sample, Settings, Source, TimeForm, delimiter, guess, is_header,
};
use crate::batch::{Batch, Limits};
use crate::metric::MetricType;
use crate::reason::Reason;
use crate::time::{DAY, Micros};
use crate::value::Value;

/// 2026-11-24T10:00:00Z.
const NOW: Micros = Micros(1_795_514_400_000_000);
const CSV: Form = Form::Csv {
    delimiter: Delimiter::Comma,
    header: true,
};

fn texts(row: &[&str]) -> Vec<String> {
    row.iter().map(|&cell| cell.to_owned()).collect()
}

fn sample(columns: &[&str], rows: &[&[&str]]) -> Sample {
    Sample {
        columns: texts(columns),
        rows: rows.iter().map(|row| texts(row)).collect(),
    }
}

fn judged(settings: Settings, rows: &[&[&str]]) -> Batch {
    let elements = Elements::new(settings);
    let mut array = "[".to_owned();
    for row in rows {
        let cells: Vec<Cell<'_>> = row.iter().map(|cell| Cell::Text(cell)).collect();
        elements.push(&cells, &mut array);
    }
    array.push(']');
    let limits = Limits {
        now: NOW,
        oldest: NOW - 90 * DAY,
        max_elements: 1_000,
    };
    Batch::parse(array.as_bytes(), &limits).unwrap()
}

#[test]
fn an_export_of_ours_is_understood_without_a_word() {
    let rows: &[&[&str]] = &[
        &["2026-11-24T09:00:00Z", "'=Order", "Hit Counter", "3"],
        &["2026-11-24T09:00:00.000001Z", "Word", "Word Web", "'=1+1"],
    ];
    let settings = guess(sample(&["time", "metric", "type", "value"], rows), CSV, "export.csv");
    assert_eq!(settings.check(), Ok(()));
    assert_eq!(
        (settings.metric.column(), settings.kind.column(), settings.value),
        (Some(1), Some(2), Some(3))
    );
    let batch = judged(settings, rows);
    assert_eq!(batch.rejections.total(), 0);
    assert_eq!(batch.metrics[0].name.as_str(), "=Order");
    let values: Vec<&Value> = batch.points.iter().map(|point| &point.value).collect();
    assert_eq!(values, [&Value::Hits(3), &Value::Word("=1+1".to_owned())]);
    assert_eq!(batch.points[1].at.0 % 1_000, 1);
}

#[test]
fn a_table_with_a_column_a_metric() {
    let rows: &[&[&str]] = &[&["2026-11-24", "10", "0.5"], &["2026-11-23", "", "0.7"]];
    let settings = guess(sample(&["Day", "Orders", "Bounce rate"], rows), CSV, "x.csv");
    assert!(settings.is_wide);
    assert_eq!(settings.kind, Source::Fixed("Counter".to_owned()));
    let batch = judged(settings, rows);
    let names: Vec<&str> = batch.metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!((names, batch.points.len()), (vec!["Orders", "Bounce rate"], 3));
}

#[test]
fn numbers_with_a_comma_and_days_first() {
    let rows: &[&[&str]] = &[&["24.11.2026 08:30", "1,5"], &["23.11.2026", "-2"]];
    let form = Form::Csv {
        delimiter: Delimiter::Semicolon,
        header: true,
    };
    let settings = guess(sample(&["Zeit", "Wert"], rows), form, "Umsatz.csv");
    assert_eq!((settings.time_form, settings.decimal_comma), (TimeForm::DayFirst, true));
    assert_eq!(settings.metric, Source::Fixed("Umsatz".to_owned()));
    let batch = judged(settings, rows);
    let values: Vec<&Value> = batch.points.iter().map(|point| &point.value).collect();
    assert_eq!(values, [&Value::Number(1.5), &Value::Number(-2.0)]);
    assert_eq!(batch.points[0].at.to_string(), "2026-11-24T08:30:00Z");
}

#[test]
fn a_row_without_a_time_is_rejected_and_not_of_now() {
    let settings = guess(
        sample(&["time", "value"], &[&["2026-11-24T09:00:00Z", "1"]]),
        CSV,
        "Cart.csv",
    );
    let batch = judged(
        settings,
        &[
            &["", "1"],
            &["soon", "1"],
            &["2001-01-01", "1"],
            &["2026-11-24T09:00:00Z", ""],
        ],
    );
    let reasons: Vec<Reason> = batch.rejections.listed().iter().map(|one| one.refusal.reason).collect();
    assert_eq!(
        reasons,
        [
            Reason::InvalidValue,
            Reason::InvalidValue,
            Reason::TimestampTooOld,
            Reason::MissingValue
        ]
    );
}

#[test]
fn json_stays_as_it_is() {
    let settings = Settings {
        kind: Source::Fixed("Word Web".to_owned()),
        ..guess(
            sample(&["time", "name", "value"], &[&["1795514400", "w", "x"]]),
            Form::JsonLines,
            "",
        )
    };
    let elements = Elements::new(settings);
    let mut array = "[".to_owned();
    for value in ["1.0", "\"1.0\"", "\"=1\"", "null"] {
        elements.push(
            &[Cell::Json("1795514400"), Cell::Json("\"w\""), Cell::Json(value)],
            &mut array,
        );
    }
    array.push(']');
    let limits = Limits {
        now: NOW,
        oldest: NOW - DAY,
        max_elements: 10,
    };
    let batch = Batch::parse(array.as_bytes(), &limits).unwrap();
    let words: Vec<&Value> = batch.points.iter().map(|point| &point.value).collect();
    assert_eq!(
        words,
        ["1", "1.0", "=1"].map(|word| Value::Word(word.to_owned())).each_ref()
    );
    assert_eq!(batch.rejections.total(), 1);
}

#[test]
fn times_are_read_in_their_zone_and_form() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    for (form, text) in [
        (TimeForm::Auto, "2026-11-24T10:00:00Z"),
        (TimeForm::Auto, "2026-11-24 11:00"),
        (TimeForm::Auto, "1795514400"),
        (TimeForm::Seconds, "1795514400.0"),
        (TimeForm::Milliseconds, "1795514400000"),
        (TimeForm::Microseconds, "1795514400000000"),
        (TimeForm::DayFirst, "24/11/2026 11:00:00"),
        (TimeForm::MonthFirst, "11/24/2026, 11:00"),
    ] {
        assert_eq!(form.read(text, &berlin), Some(NOW), "{text}");
        assert_eq!(TimeForm::from_code(form.code()), Some(form));
    }
    for (form, text) in [
        (TimeForm::DayFirst, "11/24/2026"),
        (TimeForm::DayFirst, "24/11/26"),
        (TimeForm::Seconds, "x"),
    ] {
        assert_eq!(form.read(text, &berlin), None, "{text}");
    }
}

#[test]
fn delimiters_and_headers_are_recognised() {
    assert_eq!(delimiter("a;b\n1,5;2\n2,5;3\n"), Delimiter::Semicolon);
    assert_eq!(delimiter("a\tb,c\n1\t2\n"), Delimiter::Tab);
    assert_eq!(delimiter("word\nother\n"), Delimiter::Comma);
    assert!(is_header(&texts(&["time", "value"])));
    assert!(!is_header(&texts(&["2026-11-24", "Word"])) && !is_header(&texts(&["time", ""])) && !is_header(&[]));
}

#[test]
fn what_every_row_needs_is_asked_for_before() {
    let good = guess(sample(&["time", "value"], &[&["1795514400", "1"]]), CSV, "Cart.csv");
    let wrong = |change: fn(&mut Settings)| {
        let mut settings = good.clone();
        change(&mut settings);
        settings.check()
    };
    assert_eq!(wrong(|_| {}), Ok(()));
    assert_eq!(
        wrong(|s| s.metric = Source::Fixed(" ".to_owned())),
        Err(BadSettings::Metric)
    );
    assert_eq!(
        wrong(|s| s.kind = Source::Fixed("Gauge".to_owned())),
        Err(BadSettings::Kind)
    );
    assert_eq!(wrong(|s| s.time = 2), Err(BadSettings::Column));
    assert_eq!(wrong(|s| s.zone = "Mars/Olympus".to_owned()), Err(BadSettings::Zone));
}

proptest! {
    #[test]
    fn no_cell_breaks_out_of_its_data_point(cells in proptest::collection::vec(".*", 4), wide in any::<bool>()) {
        let mut settings = guess(sample(&["time", "metric", "type", "value"], &[]), CSV, "");
        settings.is_wide = wide;
        let rows: Vec<&str> = cells.iter().map(String::as_str).collect();
        let expected = if wide { None } else { Some(1) };
        let batch = judged(settings, &[&rows]);
        prop_assert!(expected.is_none_or(|expected| batch.elements == expected));
    }

    #[test]
    fn what_is_exported_is_imported_as_it_was(
        word in "\\PC{1,20}", number in any::<f64>(), hits in 1_u32..1_000_000, micros in 0_i64..80 * DAY,
    ) {
        let at = NOW - micros;
        let (word, number) = (format!("x{word}x"), if number.is_finite() { number } else { 0.5 });
        let rows = [
            vec![at.to_string(), "W".to_owned(), MetricType::WordWeb.to_string(), crate::csv::guarded(&word).into_owned()],
            vec![at.to_string(), "C".to_owned(), MetricType::Counter.to_string(), format!("{number:e}")],
            vec![at.to_string(), "H".to_owned(), MetricType::HitCounter.to_string(), hits.to_string()],
        ];
        let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        let batch = judged(guess(sample(&["time", "metric", "type", "value"], &rows), CSV, ""), &rows);
        let values: Vec<Value> = batch.points.iter().map(|point| point.value.clone()).collect();
        prop_assert_eq!(values, [Value::Word(word), Value::Number(number + 0.0), Value::Hits(hits)]);
        prop_assert!(batch.points.iter().all(|point| point.at == at));
    }
}

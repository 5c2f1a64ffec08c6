use std::io::Write as _;

use domain::import::{Cell, Delimiter, Form};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Records, Unreadable};

const CSV: Form = Form::Csv {
    delimiter: Delimiter::Comma,
    header: true,
};

fn file(text: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text).unwrap();
    file
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

/// All rows as texts, each read by a reader of its own from where the one before stopped.
fn rows(bytes: &[u8], form: Form) -> Vec<Vec<String>> {
    let file = file(bytes);
    let (mut place, mut number) = (0, 0);
    let mut rows = Vec::new();
    loop {
        let mut records = Records::open(file.path(), form, place, number).unwrap();
        let Some(record) = records.next().unwrap() else {
            return rows;
        };
        assert!(record.number > number);
        rows.push(match record.cells {
            Ok(cells) => cells.iter().map(Cell::text).collect(),
            Err(why) => vec![why.to_owned()],
        });
        (_, place, number) = records.progress();
    }
}

#[test]
fn every_row_is_read_from_where_the_one_before_ended() {
    let text = "\u{feff}time,word\r\n1,\"a\n\"\"b\"\"\"\r\n\r\n2,\r\n3,שלום".as_bytes();
    let expected = [
        vec!["time", "word"],
        vec!["1", "a\n\"b\""],
        vec!["2", ""],
        vec!["3", "שלום"],
    ];
    assert_eq!(rows(text, CSV), expected);
    assert_eq!(rows(&packed(text), CSV), expected);
    let twice = [packed(b"1,a\n"), packed(b"2,b\n")].concat();
    assert_eq!(rows(&twice, CSV), [["1", "a"], ["2", "b"]]);
}

#[test]
fn json_lines_are_read_one_by_one() {
    let text = "\u{feff}{\"a\": 1, \"b\": \"x\\n\"}\r\n\n[1]\n{\"a\": {\"c\": [1]}}".as_bytes();
    let expected = [
        vec!["1", "x\n"],
        vec!["the line must be a JSON object"],
        vec!["{\"c\": [1]}"],
    ];
    assert_eq!(rows(text, Form::JsonLines), expected);
    assert_eq!(rows(&packed(text), Form::JsonLines), expected);
}

#[test]
fn what_is_not_utf_8_is_told_and_the_next_row_goes_on() {
    let found = rows(b"1,caf\xe9\n2,x\n", CSV);
    assert_eq!(found, [vec!["the row is not UTF-8"], vec!["2", "x"]]);
}

#[test]
fn a_quotation_mark_that_never_ends_takes_no_memory() {
    let long = [b"1,a\n2,\"".as_slice(), &vec![b'x'; 3 << 20]].concat();
    for bytes in [long.clone(), packed(&long)] {
        let file = file(&bytes);
        let mut records = Records::open(file.path(), CSV, 0, 0).unwrap();
        assert!(records.next().unwrap().is_some());
        assert!(matches!(records.next(), Err(Unreadable::TooLong(2))));
    }
    let file = file(&vec![b'{'; 3 << 20]);
    let mut records = Records::open(file.path(), Form::JsonLines, 0, 0).unwrap();
    assert!(matches!(records.next(), Err(Unreadable::TooLong(1))));
}

#[test]
fn what_is_damaged_or_gone_says_so() {
    let mut bytes = packed(&vec![b'x'; 1 << 16]);
    bytes.truncate(40);
    let damaged = file(&bytes);
    let mut records = Records::open(damaged.path(), CSV, 0, 0).unwrap();
    assert!(matches!(records.next(), Err(Unreadable::Damaged)));
    let gone = Records::open(std::path::Path::new("/nowhere"), CSV, 0, 0);
    assert!(matches!(gone, Err(Unreadable::Gone)));
}

#[test]
fn progress_is_in_bytes_of_the_file() {
    let text = b"1,a\n".repeat(100_000);
    for bytes in [text.clone(), packed(&text)] {
        let file = file(&bytes);
        let mut records = Records::open(file.path(), CSV, 0, 0).unwrap();
        while records.next().unwrap().is_some() {}
        let (taken, place, rows) = records.progress();
        let length = |bytes: &[u8]| i64::try_from(bytes.len()).unwrap();
        assert_eq!((taken, place, rows), (length(&bytes), length(&text), 100_000));
    }
}

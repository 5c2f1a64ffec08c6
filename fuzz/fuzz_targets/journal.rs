//! The journal: whatever bytes it is made of, see `points::fuzzing`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| points::fuzzing::journal(bytes));

use std::sync::Arc;

use proptest::prelude::*;

use super::recovery::{Broken, Found, recover};
use super::simulated::{Fail, Simulated};
use super::{Failure, Journal, SEGMENT, record};

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Fail(Fail),
    /// Everything but the last few records is sealed.
    Seal(u64),
    Crash,
}

/// Mostly short records, or mostly such as fill a segment or more.
fn steps(short: u32, long: u32) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        short => (1_usize..3_000).prop_map(Step::Append),
        long => (100_000_usize..900_000).prop_map(Step::Append),
        1 => Just(Step::Append(3 << 20)),
        2 => prop_oneof![Just(Fail::Write), Just(Fail::Sync), Just(Fail::Create), Just(Fail::Power)].prop_map(Step::Fail),
        2 => (0_u64..4).prop_map(Step::Seal),
        2 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..40)
}

/// A journal and what it must hold.
struct Tried {
    disk: Simulated,
    journal: Journal,
    sealed: u64,
    /// Records that were acknowledged, by number.
    kept: Records,
    /// Records of which nobody can know whether one is on the disk: the power failed, or the disk altogether.
    perhaps: Vec<Vec<u8>>,
    written: u8,
}

/// Records and their numbers.
type Records = Vec<(u64, Vec<u8>)>;

fn find(disk: &Simulated, sealed: u64) -> Result<(Found, Records), Broken> {
    let mut records = Vec::new();
    let found = recover(disk, sealed, |seq, says| {
        records.push((seq, says.to_vec()));
        Ok(())
    })?;
    Ok((found, records))
}

impl Tried {
    fn new(seed: u64) -> Self {
        let disk = Simulated::new(seed);
        let (found, _) = find(&disk, 0).unwrap();
        let journal = Journal::after(Arc::new(disk.clone()), found, 64 << 20);
        Self {
            disk,
            journal,
            sealed: 0,
            kept: Vec::new(),
            perhaps: Vec::new(),
            written: 0,
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Append(length) => self.append(*length),
            Step::Fail(fail) => self.disk.state().fail = Some(*fail),
            Step::Seal(but) => {
                let last = self.journal.next_seq() - 1;
                self.sealed = self.sealed.max(last.saturating_sub(*but));
                self.journal.recycle(self.sealed, *but == 0);
                self.kept.retain(|(seq, _)| *seq > self.sealed);
            }
            Step::Crash => self.crash(),
        }
    }

    fn append(&mut self, length: usize) {
        self.written = self.written.wrapping_add(1);
        let mut says = vec![self.written; length];
        says[length / 2] = length.to_le_bytes()[0];
        let mut bytes = Vec::new();
        record::begin(&mut bytes);
        bytes.extend_from_slice(&says);
        match self.journal.append(&mut bytes, false) {
            Ok(seq) => {
                self.kept.push((seq, says));
                self.perhaps.clear();
            }
            Err(Failure::Full) => panic!("never that much"),
            Err(Failure::Disk(_)) => {
                // Made void by the head of the next segment, unless that could not be written either.
                let is_void = self.journal.current.as_ref().is_some_and(|current| current.begun);
                if is_void {
                    self.perhaps.clear();
                } else {
                    self.perhaps.push(says);
                }
            }
        }
    }

    fn crash(&mut self) {
        self.disk.crash();
        let (found, records) = find(&self.disk, self.sealed).expect("a crash is never damage");
        let kept = self.kept.len();
        assert!(
            records.len() >= kept,
            "{} of {kept} acknowledged records are there",
            records.len()
        );
        assert!(
            records[..kept] == self.kept[..],
            "what was acknowledged is there, once and in order"
        );
        if let [(seq, says)] = &records[kept..] {
            assert!(self.perhaps.contains(says), "record {seq} was refused and is there");
        } else {
            assert_eq!(records.len(), kept, "more is there than was written");
        }
        self.kept = records;
        self.perhaps.clear();
        self.journal = Journal::after(Arc::new(self.disk.clone()), found, 64 << 20);
    }
}

fn tried(seed: u64, steps: &[Step]) {
    let mut tried = Tried::new(seed);
    for step in steps {
        tried.step(step);
    }
    tried.crash();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_is_acknowledged_survives_and_what_is_refused_does_not(seed in any::<u64>(), steps in steps(20, 1)) {
        tried(seed, &steps);
    }


    #[test]
    fn noise_is_no_journal_and_no_panic(noise in prop::collection::vec(any::<u8>(), 0..400), epoch in 1_u64..3, first in 0_u64..3) {
        let disk = Simulated::new(1);
        let file = super::files::Disk::create(&disk, "00000001.journal", SEGMENT).unwrap();
        file.write_at(0, &super::segment::head(epoch, first)).unwrap();
        file.write_at(32, &noise).unwrap();
        let _ = find(&disk, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn so_it_does_from_segment_to_segment(seed in any::<u64>(), steps in steps(4, 10)) {
        tried(seed, &steps);
    }
}

#[test]
fn a_flipped_bit_is_refused_or_harms_nothing_but_the_end() {
    let mut tried = Tried::new(7);
    for n in 0..12 {
        tried.append(40 + n);
    }
    // A second segment, and one that was used before.
    tried.append(900_000);
    tried.append(300_000);
    tried.step(&Step::Seal(2));
    tried.append(50);
    tried.append(60);
    let all = tried.kept.clone();
    let mut refused = 0;
    for (name, used) in tried.disk.used() {
        // Every byte of the head, some of each record.
        let bytes = (0..used)
            .filter(|byte| *byte < 64 || (*byte < 1_200 && byte % 11 == 0) || byte % 99_991 == 0 || used - byte < 40);
        for byte in bytes {
            match find(
                &tried.disk.flipped(&name, byte, byte.to_le_bytes()[0] % 8),
                tried.sealed,
            ) {
                Err(Broken::Damaged(_)) => refused += 1,
                Err(Broken::Disk(error)) => panic!("{error}"),
                Ok((_, records)) => {
                    let end = records.len() + 1 >= all.len();
                    assert!(end && records[..] == all[..records.len()], "byte {byte} of {name}");
                }
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn segments_are_used_again() {
    let mut tried = Tried::new(3);
    for _ in 0..40 {
        tried.append(350_000);
        tried.step(&Step::Seal(1));
    }
    let (files, bytes) = (tried.disk.used().len(), tried.journal.bytes);
    assert!(files <= 4 && bytes <= 2 * SEGMENT, "{files} files, {bytes} bytes");
    tried.crash();
}

#[test]
fn a_full_disk_refuses_and_recovers() {
    let mut tried = Tried::new(3);
    tried.disk.state().room = Some(4 * SEGMENT);
    for _ in 0..20 {
        tried.append(500_000);
    }
    let kept = tried.kept.len();
    assert!((4..10).contains(&kept), "{kept}");
    tried.disk.state().room = None;
    tried.append(500_000);
    assert_eq!(tried.kept.len(), kept + 1);
    tried.crash();
}

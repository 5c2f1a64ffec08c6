//! Bodies that come packed, and bombs.

use std::io::Write;

use axum::http::header;
use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{DSN, OPEN, Publisher, STRICT, hit, list};
use crate::harness::Answer;

const MIB: usize = 1024 * 1024;
/// Four data points, packed by Node's brotli.
const BROTLI: &str = "1fa400f81d07ce5976165e10f81d2604b1394a55ae56d31b6c2296b1a46b436a169dae3ee0900390ef0c01c6987a89031411\
                      553fddc875db2106785348ed4293a1b8122413";
/// One data point and spaces up to 10 MiB; the next has one space more.
const BROTLI_10_MIB: &str = "9fffff9f009c07760c99065a58b8d3b903be112a3d45b6f61a292c8d4eb2e8f41548176cc00173a2792013ca19605c39\
                             aa2db2223e20da3fee96f79f07";
const BROTLI_TOO_LARGE: &str = "9f0000a0009c07760c99065a58b8d3b903be112a3d45b6f61a292c8d4eb2e8f41548176cc00173a2792013ca1960\
                                5c39aa2db2223e20da3fee97f79f07";

async fn packed(publisher: &Publisher, door: &str, encoding: &str, body: Vec<u8>) -> Answer {
    let request = Publisher::request(door).header(header::CONTENT_ENCODING, encoding);
    publisher.send(request, body).await
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

fn brotli(hex: &str) -> Vec<u8> {
    HEXLOWER.decode(hex.as_bytes()).unwrap()
}

/// A data point and spaces, `bytes` in all.
fn padded(bytes: usize) -> Vec<u8> {
    let mut text = list([hit("a")]).into_bytes();
    text.resize(bytes, b' ');
    text
}

/// A body of four data points in every encoding.
fn four() -> [(&'static str, Vec<u8>); 7] {
    let text = list(["a", "b", "c", "d"].map(hit)).into_bytes();
    [
        ("gzip", gzip(&text)),
        ("x-gzip", gzip(&text)),
        ("deflate", zlib(&text)),
        ("deflate", deflate(&text)),
        ("br", brotli(BROTLI)),
        ("zstd", zstd(&text)),
        ("identity", text),
    ]
}

#[tokio::test]
async fn bodies_come_packed_in_four_ways() {
    let publisher = Publisher::new().await;
    for door in [OPEN, STRICT] {
        for (encoding, body) in four() {
            let answer = packed(&publisher, door, encoding, body.clone()).await;
            assert_eq!(
                (answer.status.as_u16(), answer.json()["accepted"].as_u64()),
                (201, Some(4)),
                "{encoding}"
            );
            let answer = packed(&publisher, door, &encoding.to_uppercase(), body).await;
            assert_eq!(answer.status.as_u16(), 201, "{encoding}");
        }
    }
    assert_eq!(publisher.stored().await, 2 * 7 * 2 * 4);
}

#[tokio::test]
async fn one_body_of_several_members_or_frames() {
    let publisher = Publisher::new().await;
    let (start, end) = (format!("[{},", hit("a")), format!("{}]", hit("b")));
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    let frames = [zstd(start.as_bytes()), skippable, zstd(end.as_bytes())].concat();
    let members = [gzip(start.as_bytes()), gzip(end.as_bytes())].concat();
    for (encoding, body) in [("gzip", members), ("zstd", frames)] {
        assert_eq!(
            packed(&publisher, STRICT, encoding, body).await.json()["accepted"],
            2,
            "{encoding}"
        );
    }
}

#[tokio::test]
async fn what_can_t_be_unpacked_is_not_json() {
    let publisher = Publisher::new().await;
    for door in [OPEN, STRICT] {
        for (encoding, body) in &four()[..6] {
            for length in [body.len() - 1, body.len() / 2, 1, 0] {
                let answer = packed(&publisher, door, encoding, body[..length].to_vec()).await;
                assert_eq!(
                    answer.status.as_u16(),
                    400,
                    "{encoding} cut to {length}: {}",
                    answer.text
                );
            }
            let answer = packed(&publisher, door, encoding, b"[1, 2, 3, 4, 5, 6, 7, 8]".to_vec()).await;
            assert_eq!(answer.status.as_u16(), 400, "{encoding}");
        }
        for encoding in ["compress", "gzip, br", "?"] {
            let answer = packed(&publisher, door, encoding, hit("a").into_bytes()).await;
            assert_eq!(answer.status.as_u16(), 400, "{encoding}");
            assert_eq!(
                answer.json()["message"],
                "Content-Encoding must be gzip, deflate, br or zstd"
            );
        }
    }
    assert_eq!(publisher.stored().await, 0);
}

#[tokio::test]
async fn limits_hold_after_unpacking() {
    let publisher = Publisher::new().await;
    let most = padded(10 * MIB);
    let more = padded(10 * MIB + 1);
    let bodies = [
        ("gzip", gzip(&most), gzip(&more)),
        ("deflate", zlib(&most), zlib(&more)),
        ("deflate", deflate(&most), deflate(&more)),
        ("br", brotli(BROTLI_10_MIB), brotli(BROTLI_TOO_LARGE)),
        ("zstd", zstd(&most), zstd(&more)),
    ];
    for door in [OPEN, STRICT] {
        for (encoding, most, more) in &bodies {
            let answer = packed(&publisher, door, encoding, most.clone()).await;
            assert_eq!(answer.status.as_u16(), 201, "{encoding}");
            let answer = packed(&publisher, door, encoding, more.clone()).await;
            assert_eq!(answer.status.as_u16(), 413, "{encoding}");
        }
    }
    // On the wire: 2 MiB at the strict door. What deflate can't make smaller is stored as it is.
    let mut noise = list([hit("a")]);
    let mut state = 1_u32;
    while noise.len() < 3 * MIB {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.push(if state & (1 << 30) == 0 { ' ' } else { '\t' });
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(noise.as_bytes()).unwrap();
    let noise = encoder.finish().unwrap();
    assert_eq!(
        packed(&publisher, OPEN, "gzip", noise.clone()).await.status.as_u16(),
        201
    );
    assert_eq!(packed(&publisher, STRICT, "gzip", noise).await.status.as_u16(), 413);
}

/// A frame of Zstandard with a window descriptor and blocks of one byte repeated 128 KiB times.
fn repeated(window: u8, blocks: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
    for block in 1..=blocks {
        let head = (128 * 1024_u32) << 3 | 1 << 1 | u32::from(block == blocks);
        frame.extend_from_slice(&head.to_le_bytes()[..3]);
        frame.push(b' ');
    }
    frame
}

#[tokio::test]
async fn bombs_are_stopped_at_what_a_body_may_be() {
    let publisher = Publisher::new().await;
    // 4 bytes make 128 KiB: 64 GiB in all.
    let mut bombs = vec![("zstd", repeated(0x58, 500_000))];
    // 64 MiB, a thousandth of it on the wire.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let spaces = vec![b' '; MIB];
    for _ in 0..64 {
        encoder.write_all(&spaces).unwrap();
    }
    bombs.push(("gzip", encoder.finish().unwrap()));
    for (encoding, bomb) in bombs {
        assert_eq!(
            packed(&publisher, OPEN, encoding, bomb.clone()).await.status.as_u16(),
            413,
            "{encoding}"
        );
        assert_eq!(
            packed(&publisher, STRICT, encoding, bomb).await.status.as_u16(),
            413,
            "{encoding}"
        );
    }
    // A frame that asks for a window of two tebibytes before it says anything, and a thousand empty frames.
    let empty: Vec<u8> = std::iter::repeat_n([0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0], 1_000)
        .flatten()
        .collect();
    for bomb in [repeated(0xff, 1), repeated(0x80, 1), empty] {
        assert_eq!(packed(&publisher, STRICT, "zstd", bomb).await.status.as_u16(), 400);
    }
    // Half a million empty members.
    let members = gzip(b"").repeat(10 * MIB / gzip(b"").len());
    assert_eq!(packed(&publisher, OPEN, "gzip", members).await.status.as_u16(), 400);
}

#[tokio::test]
async fn a_batch_for_a_closed_project_is_unpacked_to_be_counted() {
    let publisher = Publisher::new().await;
    let query = store::db::sql("update dsns set disabled_at = 1 where public_key = $1");
    publisher.change(query.bind(DSN)).await;
    for (encoding, body) in four() {
        let answer = packed(&publisher, OPEN, encoding, body).await;
        assert_eq!(answer.status.as_u16(), 202);
        assert_eq!(answer.headers["x-microstat-dropped"], "4", "{encoding}");
    }
}

//! Bodies are unpacked and read here: small plain ones at once, all others on a thread of their own, few at a time.

use std::io::{self, Read};

use axum::http::{HeaderMap, header};
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use tokio::sync::OwnedSemaphorePermit;

use super::body::Arrived;
use super::refused::Refused;
use super::room::Room;

/// A plain body of up to this many bytes is read where it arrived: in about a millisecond.
const SMALL: usize = 128 * 1024;
/// Parts that one body may be packed in, gzip's members or Zstandard's frames: programs write one, or one for each
/// of their threads. Half a million empty ones would take seconds.
const PARTS: usize = 256;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Encoding {
    /// What `Content-Encoding` says.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refused> {
        let Some(given) = headers.get(header::CONTENT_ENCODING) else {
            return Ok(Self::Plain);
        };
        match given.to_str().unwrap_or("?").trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Plain),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "br" => Ok(Self::Brotli),
            "zstd" => Ok(Self::Zstd),
            _ => Err(Refused::unreadable(
                "Content-Encoding must be gzip, deflate, br or zstd",
            )),
        }
    }
}

/// Unpacks a body to at most `most` bytes and gives its text to `read`. While the turn that comes back is kept,
/// fewer other large bodies are read: it goes once what was made of this one is no longer large.
pub(crate) async fn read<T: Send + 'static>(
    room: &Room,
    arrived: Arrived<'_>,
    encoding: Encoding,
    most: usize,
    read: impl FnOnce(&[u8]) -> Result<T, Refused> + Send + 'static,
) -> Result<(T, Option<OwnedSemaphorePermit>), Refused> {
    if encoding == Encoding::Plain && arrived.bytes.len() <= SMALL {
        return Ok((read(&arrived.bytes)?, None));
    }
    // Boxed, or every small body would move this about in memory too.
    Box::pin(async move {
        let turn = room.turn().await.ok_or_else(Refused::no_room)?;
        let Arrived { bytes, share } = arrived;
        let bytes = bytes.into_owned();
        let work = move || {
            let _share = share;
            if encoding == Encoding::Plain {
                return read(&bytes);
            }
            read(&unpack(&bytes, encoding, most)?)
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(read) => Ok((read?, Some(turn))),
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    })
    .await
}

fn unpack(packed: &[u8], encoding: Encoding, most: usize) -> Result<Vec<u8>, Refused> {
    let mut unpacked = Vec::new();
    let bound = most as u64 + 1;
    let done = match encoding {
        Encoding::Plain => packed.take(bound).read_to_end(&mut unpacked),
        Encoding::Gzip => gzip(packed, most, &mut unpacked),
        Encoding::Deflate if has_zlib_header(packed) => ZlibDecoder::new(packed).take(bound).read_to_end(&mut unpacked),
        Encoding::Deflate => DeflateDecoder::new(packed).take(bound).read_to_end(&mut unpacked),
        Encoding::Brotli => brotli_decompressor::Decompressor::new(packed, 8 * 1024)
            .take(bound)
            .read_to_end(&mut unpacked),
        Encoding::Zstd => zstd(packed, most, &mut unpacked),
    };
    if unpacked.len() > most {
        return Err(Refused::too_large("body is too large when unpacked"));
    }
    match done {
        Ok(_) => Ok(unpacked),
        Err(_) => Err(Refused::unreadable(
            "body can't be unpacked as its Content-Encoding says",
        )),
    }
}

/// "deflate" means zlib's format, and some send what it is named after. Two bytes tell them apart (RFC 1950).
fn has_zlib_header(packed: &[u8]) -> bool {
    matches!(packed, [method, flags, ..] if method & 15 == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

/// Unpacks member after member.
fn gzip(mut packed: &[u8], most: usize, unpacked: &mut Vec<u8>) -> io::Result<usize> {
    for _ in 0..PARTS {
        let member = GzDecoder::new(&mut packed);
        member.take((most + 1 - unpacked.len()) as u64).read_to_end(unpacked)?;
        if packed.is_empty() || unpacked.len() > most {
            return Ok(unpacked.len());
        }
    }
    Err(io::Error::other("too many members"))
}

/// Unpacks frame after frame, skippable ones skipped. A frame may ask for a window no larger than what may come
/// out of it (RFC 9659 allows 8 MiB).
fn zstd(mut packed: &[u8], most: usize, unpacked: &mut Vec<u8>) -> io::Result<usize> {
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(most as u64);
    for _ in 0..PARTS {
        match StreamingDecoder::new_with_decoder(&mut packed, &mut decoder) {
            Ok(frame) => frame.take((most + 1 - unpacked.len()) as u64).read_to_end(unpacked)?,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let length = usize::try_from(length).map_err(io::Error::other)?;
                packed = packed.get(length..).ok_or(io::ErrorKind::UnexpectedEof)?;
                0
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        if packed.is_empty() || unpacked.len() > most {
            return Ok(unpacked.len());
        }
    }
    Err(io::Error::other("too many frames"))
}

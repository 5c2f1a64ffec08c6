//! As much of an answer as it takes to know that it is whole and that it is good.

use std::io;

/// How a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    Postgres,
}

impl Protocol {
    /// Whether the answer is whole.
    ///
    /// # Errors
    /// If it says that the request was not carried out.
    pub(crate) fn is_whole(self, answer: &[u8]) -> io::Result<bool> {
        match self {
            Self::Http => http(answer),
            Self::Postgres => postgres(answer),
        }
    }
}

fn http(answer: &[u8]) -> io::Result<bool> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(false);
    };
    let (head, body) = answer.split_at(end + 4);
    let status = head.get(9..12).unwrap_or_default();
    // 202 is how micro stat says that it dropped something
    if status.first() != Some(&b'2') || status == b"202" {
        return Err(refused(answer));
    }
    if status == b"204" {
        return Ok(true);
    }
    let mut lines = head.split(|&byte| byte == b'\n');
    let length = lines.find_map(|line| {
        let place = line.iter().position(|&byte| byte == b':')?;
        let is_length = line[..place].eq_ignore_ascii_case(b"content-length");
        is_length.then(|| {
            std::str::from_utf8(&line[place + 1..])
                .ok()?
                .trim()
                .parse::<usize>()
                .ok()
        })?
    });
    Ok(match length {
        Some(length) => body.len() >= length,
        None => body.ends_with(b"0\r\n\r\n"),
    })
}

/// Messages are a letter, and a length that counts itself; the last is `Z`, an error is `E`.
fn postgres(answer: &[u8]) -> io::Result<bool> {
    let mut rest = answer;
    while let [letter, a, b, c, d, ..] = *rest {
        let length = 1 + usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX - 1);
        if rest.len() < length {
            return Ok(false);
        }
        match letter {
            b'E' => return Err(refused(rest)),
            b'Z' => return Ok(true),
            _ => rest = &rest[length..],
        }
    }
    Ok(false)
}

fn refused(answer: &[u8]) -> io::Error {
    let text = String::from_utf8_lossy(&answer[..answer.len().min(600)]).replace(['\r', '\n', '\0'], " ");
    io::Error::other(format!("refused: {text}"))
}

#[cfg(test)]
mod tests {
    use super::Protocol::{Http, Postgres};

    #[test]
    fn an_answer_is_whole_with_its_last_byte() {
        let answer = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}";
        assert!(Http.is_whole(answer).unwrap());
        assert!(!Http.is_whole(&answer[..answer.len() - 1]).unwrap());
        assert!(Http.is_whole(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap());
        assert!(
            Http.is_whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                .unwrap()
        );
        assert!(Postgres.is_whole(b"C\0\0\0\x05xZ\0\0\0\x05I").unwrap());
        assert!(!Postgres.is_whole(b"C\0\0\0\x05xZ\0\0\0\x05").unwrap());
    }

    #[test]
    fn what_was_refused_or_dropped_is_an_error() {
        for refused in [
            "HTTP/1.1 503 x\r\n\r\n",
            "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n",
        ] {
            assert!(Http.is_whole(refused.as_bytes()).is_err(), "{refused}");
        }
        assert!(Postgres.is_whole(b"E\0\0\0\x05xZ\0\0\0\x05I").is_err());
    }
}

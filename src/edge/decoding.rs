//! Bodies that clients compress. Invariant: a handler never sees a compressed body, and a small one that becomes large is
//! refused where it passes the limit, not when all of it is there.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, header};

use crate::base::error::ApiError;
use crate::base::json::bounds::MOST_FIELDS;
use crate::call::is_form;

/// The most codings that one body may have, one around the other.
const MOST_CODINGS: usize = 2;

/// Decodes a body as `Content-Encoding` says, and removes that header and the length. Fails with 415 for a coding that is not
/// known, with 413 for more than `most` bytes and with 400 for a body that is not what it says. Source: real-use (the
/// platform reads gzip, deflate and br).
pub(super) fn decoded(headers: &mut HeaderMap, body: Bytes, most: usize) -> Result<Bytes, ApiError> {
    let Some(value) = headers.remove(header::CONTENT_ENCODING) else { return Ok(body) };
    let named = String::from_utf8_lossy(value.as_bytes()).to_lowercase();
    let codings: Vec<&str> =
        named.split(',').map(str::trim).filter(|coding| !coding.is_empty() && *coding != "identity").collect();
    if codings.len() > MOST_CODINGS {
        let why = format!("`Content-Encoding` has {} codings; {MOST_CODINGS} are the most", codings.len());
        return Err(ApiError::bad_request(why).with_status(415));
    }
    headers.remove(header::CONTENT_LENGTH);
    // The last one was put on last.
    codings.into_iter().rev().try_fold(body, |body, coding| decoded_once(coding, &body, most))
}

/// Refuses with 400 a form with too many fields, which whoever reads it holds one by one.
pub(super) fn check_fields(headers: &HeaderMap, body: Bytes) -> Result<Bytes, ApiError> {
    if is_form(headers) && body.split(|byte| *byte == b'&').nth(MOST_FIELDS).is_some() {
        return Err(ApiError::bad_request(format!("the form has more than {MOST_FIELDS} fields")));
    }
    Ok(body)
}

fn decoded_once(coding: &str, body: &[u8], most: usize) -> Result<Bytes, ApiError> {
    let plain = match coding {
        "gzip" | "x-gzip" => read_within(MultiGzDecoder::new(body), most),
        // By name it is zlib's form, and some clients send the bare one.
        "deflate" => match read_within(ZlibDecoder::new(body), most) {
            Err(Unreadable::Wrong(_)) => read_within(DeflateDecoder::new(body), most),
            read => read,
        },
        "br" => read_within(brotli_decompressor::Decompressor::new(body, 4_096), most),
        other => {
            let why = format!("`Content-Encoding: {other}` is not known; gzip, deflate and br are");
            return Err(ApiError::bad_request(why).with_status(415));
        }
    };
    plain.map(Bytes::from).map_err(|unreadable| match unreadable {
        Unreadable::Large => {
            let why = format!("the body is larger than {most} bytes (10 MB) when it is unpacked");
            ApiError::bad_request(why).with_status(413)
        }
        Unreadable::Wrong(why) => ApiError::bad_request(format!("the body is not {coding}, as it says: {why}")),
    })
}

/// Why a compressed body cannot be read.
enum Unreadable {
    /// It has more bytes than it may.
    Large,
    /// It is broken off, or is no such coding.
    Wrong(std::io::Error),
}

fn read_within(reader: impl Read, most: usize) -> Result<Vec<u8>, Unreadable> {
    let mut plain = Vec::new();
    // One byte more than allowed is read, to tell a body that is just as large as it may be from a larger one.
    let read = reader.take(most as u64 + 1).read_to_end(&mut plain);
    if plain.len() > most {
        return Err(Unreadable::Large);
    }
    read.map(|_| plain).map_err(Unreadable::Wrong)
}

//! This module converts for snippets: text and bytes in the encodings of `Buffer`, the web's base64, forms, digests.
//! Invariant: as in Node, no text is refused where bytes are read from it; what is wrong is skipped or ends it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE_NO_PAD};
use boa_engine::object::builtins::{JsArray, JsUint8Array};
use boa_engine::string::JsStr;
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use url::form_urlencoded;

use crate::sandbox::runtime::natives::{host_gone, text_of};

/// It takes bits that are left over, as `YR==` has, and no padding, which is cut off before.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Latin1,
    Ascii,
    Base64,
    Base64Url,
    Hex,
    Utf16Le,
}

impl Encoding {
    /// Returns the encoding of this name in `buffer.js`.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "utf8" => Self::Utf8,
            "latin1" => Self::Latin1,
            "ascii" => Self::Ascii,
            "base64" => Self::Base64,
            "base64url" => Self::Base64Url,
            "hex" => Self::Hex,
            "utf16le" => Self::Utf16Le,
            _ => return None,
        })
    }

    /// Returns the bytes that a text stands for.
    fn read(self, text: &JsString) -> Vec<u8> {
        match self {
            // Half a surrogate pair becomes U+FFFD.
            Self::Utf8 => text.to_std_string_lossy().into_bytes(),
            Self::Latin1 | Self::Ascii => {
                text.iter().map(|unit| u8::try_from(unit & 0xff).unwrap_or_default()).collect()
            }
            Self::Utf16Le => text.iter().flat_map(u16::to_le_bytes).collect(),
            Self::Base64 | Self::Base64Url => loose_base64(text),
            Self::Hex => hex_pairs(text),
        }
    }

    /// Returns the text that stands for bytes.
    fn write(self, bytes: &[u8]) -> JsString {
        match self {
            Self::Utf8 => JsString::from(String::from_utf8_lossy(bytes).as_ref()),
            Self::Latin1 => JsString::from(JsStr::latin1(bytes)),
            Self::Ascii => {
                let bytes: Vec<u8> = bytes.iter().map(|byte| byte & 0x7f).collect();
                JsString::from(JsStr::latin1(&bytes))
            }
            Self::Base64 => JsString::from(STANDARD.encode(bytes).as_str()),
            Self::Base64Url => JsString::from(URL_SAFE_NO_PAD.encode(bytes).as_str()),
            Self::Hex => JsString::from(hex::encode(bytes).as_str()),
            Self::Utf16Le => {
                // An odd byte at the end is dropped, and half a surrogate pair stays.
                let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
                JsString::from(units.as_slice())
            }
        }
    }
}

/// Reads base64 in either alphabet up to the first `=`, and skips what is none.
fn loose_base64(text: &JsString) -> Vec<u8> {
    let digits = text.iter().take_while(|unit| *unit != u16::from(b'='));
    let mut digits: Vec<u8> = digits
        .filter_map(|unit| match u8::try_from(unit).ok()? {
            b'-' => Some(b'+'),
            b'_' => Some(b'/'),
            digit if digit.is_ascii_alphanumeric() || matches!(digit, b'+' | b'/') => Some(digit),
            _ => None,
        })
        .collect();
    if digits.len() % 4 == 1 {
        // Six bits are no byte.
        digits.pop();
    }
    LENIENT.decode(digits).unwrap_or_default()
}

/// Reads pairs of hexadecimal digits up to the first that is none.
fn hex_pairs(text: &JsString) -> Vec<u8> {
    let digit = |unit: u16| char::from_u32(unit.into()).and_then(|digit| digit.to_digit(16));
    let units = text.to_vec();
    let pairs = units.as_chunks::<2>().0.iter();
    pairs.map_while(|[high, low]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()).collect()
}

fn js_text(arguments: &[JsValue], index: usize, context: &mut Context) -> JsResult<JsString> {
    arguments.get(index).cloned().unwrap_or_default().to_string(context)
}

/// Returns the bytes that a view shows.
fn bytes_of(arguments: &[JsValue], index: usize, context: &mut Context) -> JsResult<Vec<u8>> {
    let view = arguments.get(index).and_then(JsValue::as_object).ok_or_else(host_gone)?;
    JsUint8Array::from_object(view)?.to_vec(context)
}

/// Returns a `Uint8Array` that nobody else has.
pub(super) fn array_of(bytes: Vec<u8>, context: &mut Context) -> JsResult<JsValue> {
    Ok(JsUint8Array::from_iter(bytes, context)?.into())
}

fn encoding_of(arguments: &[JsValue], context: &mut Context) -> JsResult<Encoding> {
    let name = text_of(arguments, 1, context)?;
    Encoding::named(&name).ok_or_else(|| JsNativeError::typ().with_message(format!("no encoding `{name}`")).into())
}

/// Implements `native.read(text, encoding)`, which returns a `Uint8Array`.
pub(super) fn read(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let encoding = encoding_of(arguments, context)?;
    let text = js_text(arguments, 0, context)?;
    array_of(encoding.read(&text), context)
}

/// Implements `native.write(bytes, encoding)`, which returns a text.
pub(super) fn write(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let encoding = encoding_of(arguments, context)?;
    Ok(encoding.write(&bytes_of(arguments, 0, context)?).into())
}

/// Implements `native.digest('SHA-256', bytes)`, which returns a `Uint8Array`.
pub(super) fn digest(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let algorithm = text_of(arguments, 0, context)?;
    let bytes = bytes_of(arguments, 1, context)?;
    let digest = match algorithm.as_str() {
        "SHA-1" => <sha1::Sha1 as sha1::Digest>::digest(&bytes).to_vec(),
        "SHA-256" => Sha256::digest(&bytes).to_vec(),
        "SHA-384" => Sha384::digest(&bytes).to_vec(),
        "SHA-512" => Sha512::digest(&bytes).to_vec(),
        other => return Err(JsNativeError::typ().with_message(format!("no digest `{other}`")).into()),
    };
    array_of(digest, context)
}

/// Implements `native.atob(text)`, which returns a text of bytes, or undefined for what is no base64.
pub(super) fn atob(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = js_text(arguments, 0, context)?.to_std_string_lossy();
    let text: String = text.chars().filter(|c| !matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ')).collect();
    let digits = match text.len() % 4 {
        0 => text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(&text),
        _ => &text,
    };
    let bytes = LENIENT.decode(digits);
    Ok(bytes.map_or_else(|_| JsValue::undefined(), |bytes| JsString::from(JsStr::latin1(&bytes)).into()))
}

/// Implements `native.btoa(text)`, which returns base64, or undefined for a text that is not one of bytes.
pub(super) fn btoa(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = js_text(arguments, 0, context)?;
    let bytes: Option<Vec<u8>> = text.iter().map(|unit| u8::try_from(unit).ok()).collect();
    Ok(bytes.map_or_else(JsValue::undefined, |bytes| JsString::from(STANDARD.encode(bytes).as_str()).into()))
}

/// Implements `native.readForm(text)`, which returns pairs of name and value.
pub(super) fn read_form(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = js_text(arguments, 0, context)?.to_std_string_lossy();
    let pairs: Vec<JsValue> = form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| {
            let pair: [JsValue; 2] = [JsString::from(name.as_ref()).into(), JsString::from(value.as_ref()).into()];
            JsArray::from_iter(pair, context).into()
        })
        .collect();
    Ok(JsArray::from_iter(pairs, context).into())
}

/// Implements `native.writeForm(pairs)`, which returns a text.
pub(super) fn write_form(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let pairs = arguments.first().and_then(JsValue::as_object).ok_or_else(host_gone)?;
    let pairs = JsArray::from_object(pairs)?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    for index in 0..pairs.length(context)? {
        let pair = pairs.get(index, context)?.as_object().ok_or_else(host_gone)?;
        let [name, value] = [pair.get(0, context)?, pair.get(1, context)?];
        let (name, value) = (name.to_string(context)?, value.to_string(context)?);
        form.append_pair(&name.to_std_string_lossy(), &value.to_std_string_lossy());
    }
    Ok(JsString::from(form.finish().as_str()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_wrong_is_skipped_or_ends_it() {
        let base64 = |text: &str| loose_base64(&JsString::from(text));
        assert_eq!(
            (base64("YQ==YQ=="), base64("=YWJj"), base64("Y"), base64("YR")),
            (b"a".to_vec(), vec![], vec![], b"a".to_vec())
        );
        assert_eq!(base64("-_ \u{e9}+/"), base64("+/+/"));
        let hex = |text: &str| hex_pairs(&JsString::from(text));
        assert_eq!((hex("abxxcd"), hex("abc"), hex("")), (vec![0xab], vec![0xab], vec![]));
    }

    proptest! {
        #[test]
        fn bytes_come_back_from_their_text(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            for encoding in [Encoding::Latin1, Encoding::Base64, Encoding::Base64Url, Encoding::Hex] {
                prop_assert_eq!(encoding.read(&encoding.write(&bytes)), bytes.clone(), "{:?}", encoding);
            }
            let even = &bytes[..bytes.len() & !1];
            prop_assert_eq!(Encoding::Utf16Le.read(&Encoding::Utf16Le.write(even)), even);
        }

        #[test]
        fn text_comes_back_from_its_bytes(text in ".*") {
            let text = JsString::from(text.as_str());
            for encoding in [Encoding::Utf8, Encoding::Utf16Le] {
                prop_assert_eq!(encoding.write(&encoding.read(&text)), text.clone(), "{:?}", encoding);
            }
        }
    }
}

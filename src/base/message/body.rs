//! Bodies as values: JSON, text and forms. Invariant: what [`encode`] makes of a value, [`decode`] reads as that value,
//! except that everything in a form is text.

use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use url::form_urlencoded;

use crate::base::JsonMap;
use crate::base::json::bounds;

/// Names in a form nest this deep; a name with more brackets is taken as it stands.
const DEEPEST_NAME: usize = 10;

/// The two kinds of forms that HTML has.
enum FormType {
    /// `application/x-www-form-urlencoded`
    UrlEncoded,
    /// `multipart/form-data`; the boundary is none when the content type names none.
    Multipart(Option<String>),
}

impl FormType {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        match content_type.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Some(Self::UrlEncoded),
            "multipart/form-data" => Some(Self::Multipart(multer::parse_boundary(content_type).ok())),
            _ => None,
        }
    }
}

/// A value that is no object cannot be sent as a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is an object or text, because the content type says that it is a form")]
pub struct NotAForm;

/// Makes the bytes of a body, and its content type where `headers` have none: text as it is, nothing of null, an object as
/// the form that the content type names, and any other value as JSON. Members of objects in a form are named
/// `a[b]`, and those of lists `a[0]`, which is what Stripe and Rails read.
///
/// ```
/// use membrane_mock::base::message::body::encode;
/// use serde_json::json;
///
/// let mut headers = http::HeaderMap::new();
/// assert_eq!(encode(Some(&json!({"a": 1})), &mut headers).unwrap(), r#"{"a":1}"#);
/// assert_eq!(headers["content-type"], "application/json");
///
/// headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
/// assert_eq!(encode(Some(&json!({"a": {"b": 1}})), &mut headers).unwrap(), "a%5Bb%5D=1");
/// ```
pub fn encode(body: Option<&Value>, headers: &mut HeaderMap) -> Result<Bytes, NotAForm> {
    let (bytes, content_type) = match (body, FormType::of(headers)) {
        (None | Some(Value::Null), _) => return Ok(Bytes::new()),
        (Some(Value::String(text)), _) => (text.clone(), "text/plain; charset=utf-8"),
        (Some(Value::Object(members)), Some(form)) => {
            let mut fields = Vec::new();
            for (name, value) in members {
                add_fields(name, value, &mut fields);
            }
            return Ok(match form {
                FormType::UrlEncoded => {
                    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into()
                }
                FormType::Multipart(boundary) => multipart(&fields, boundary, headers),
            });
        }
        (Some(_), Some(_)) => return Err(NotAForm),
        (Some(value), None) => (value.to_string(), "application/json"),
    };
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
    Ok(Bytes::from(bytes))
}

/// Adds the fields of a member to those of a form. What is null or empty has none.
fn add_fields(name: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::String(text) => fields.push((name.to_owned(), text.clone())),
        Value::Bool(_) | Value::Number(_) => fields.push((name.to_owned(), value.to_string())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                add_fields(&format!("{name}[{index}]"), item, fields);
            }
        }
        Value::Object(members) => {
            for (inner, member) in members {
                add_fields(&format!("{name}[{inner}]"), member, fields);
            }
        }
    }
}

/// Writes fields as `multipart/form-data`, with a boundary that is in none of them.
fn multipart(fields: &[(String, String)], boundary: Option<String>, headers: &mut HeaderMap) -> Bytes {
    let boundary = boundary.unwrap_or_else(|| {
        let is_free = |boundary: &String| fields.iter().all(|(_, text)| !text.contains(boundary));
        let boundaries = (0_u64..).map(|number| format!("----form-boundary-{number}"));
        let boundary = boundaries.into_iter().find(is_free).unwrap_or_default();
        if let Ok(value) = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}")) {
            headers.insert(CONTENT_TYPE, value);
        }
        boundary
    });
    let parts = fields.iter().map(|(name, value)| {
        // As browsers do, these three are written by their codes within a name.
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    Bytes::from(parts.chain([format!("--{boundary}--\r\n")]).collect::<String>())
}

/// Reads a body as a value: null when it is empty, a form as an object, else JSON, else text. A form's `a[b]` is a member
/// of `a`; `a[]`, `a[0]` and a name that comes twice make a list. A file is `{filename, contentType, size}`.
///
/// ```
/// use membrane_mock::base::message::body::decode;
/// use serde_json::json;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
/// assert_eq!(decode(&b"a[b]=1&c[]=2&c[]=3"[..], &headers), json!({"a": {"b": "1"}, "c": ["2", "3"]}));
/// assert_eq!(decode(&b"[1]"[..], &http::HeaderMap::new()), json!([1]));
/// ```
pub fn decode(body: impl Into<Bytes>, headers: &HeaderMap) -> Value {
    let body = body.into();
    if body.is_empty() {
        return Value::Null;
    }
    let read = match FormType::of(headers) {
        Some(FormType::UrlEncoded) => Some(nested(
            form_urlencoded::parse(&body).map(|(name, text)| (name.into_owned(), Value::String(text.into_owned()))),
        )),
        Some(FormType::Multipart(Some(boundary))) => read_multipart(body.clone(), boundary).map(nested),
        Some(FormType::Multipart(None)) | None => None,
    };
    let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
    match read {
        Some(form) => form,
        None if bounds::excess(&body).is_some() => text(),
        None => serde_json::from_slice(&body).unwrap_or_else(|_| text()),
    }
}

/// Reads the fields of a multipart body; none when it is no such body.
fn read_multipart(body: Bytes, boundary: String) -> Option<Vec<(String, Value)>> {
    let whole = stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let fields = async {
        let mut fields = Vec::new();
        let mut form = multer::Multipart::new(whole, boundary);
        while let Some(field) = form.next_field().await? {
            let name = field.name().unwrap_or_default().to_owned();
            let filename = field.file_name().map(str::to_owned);
            let content_type = field.content_type().map(ToString::to_string);
            let bytes = field.bytes().await?;
            let value = match filename {
                None => Value::String(String::from_utf8_lossy(&bytes).into_owned()),
                Some(filename) => {
                    serde_json::json!({ "filename": filename, "contentType": content_type, "size": bytes.len() })
                }
            };
            fields.push((name, value));
        }
        Ok::<_, multer::Error>(fields)
    };
    // All of the body is there, so nothing waits.
    fields.now_or_never()?.ok()
}

/// Makes the object that the fields of a form describe by their names.
fn nested(fields: impl IntoIterator<Item = (String, Value)>) -> Value {
    let mut form = JsonMap::new();
    for (name, value) in fields {
        match segments(&name) {
            Some((first, inner)) => insert(form.entry(first).or_insert(Value::Null), &inner, value),
            None => insert(form.entry(name).or_insert(Value::Null), &[], value),
        }
    }
    form.values_mut().for_each(lists);
    Value::Object(form)
}

/// Splits `a[b][]` into `a` and what is in brackets; none when the brackets do not fit or are too many.
fn segments(name: &str) -> Option<(&str, Vec<&str>)> {
    let (first, rest) = name.split_once('[')?;
    let inner: Vec<&str> = rest.strip_suffix(']')?.split("][").collect();
    let fits = !first.is_empty() && inner.len() <= DEEPEST_NAME && inner.iter().all(|text| !text.contains(['[', ']']));
    fits.then_some((first, inner))
}

/// Puts a field where its name says. One that contradicts another, as `a=1&a[b]=2` does, takes its place.
fn insert(place: &mut Value, path: &[&str], value: Value) {
    match (path, place) {
        ([], place @ Value::Null) => *place = value,
        ([], Value::Array(items)) => items.push(value),
        ([], place) => *place = Value::Array(vec![place.take(), value]),
        ([""], place @ Value::Null) => *place = Value::Array(vec![value]),
        ([""], place) => insert(place, &[], value),
        ([name, rest @ ..], place) => {
            if !place.is_object() {
                *place = Value::Object(JsonMap::new());
            }
            if let Some(members) = place.as_object_mut() {
                insert(members.entry(*name).or_insert(Value::Null), rest, value);
            }
        }
    }
}

/// Makes lists of the objects whose members are numbered from 0.
fn lists(value: &mut Value) {
    let Value::Object(members) = value else { return };
    members.values_mut().for_each(lists);
    let is_list = members.keys().enumerate().all(|(index, name)| *name == index.to_string());
    if is_list && !members.is_empty() {
        *value = Value::Array(std::mem::take(members).into_iter().map(|(_, item)| item).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn headers(content_type: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::try_from(content_type).unwrap())])
    }

    const URLENCODED: &str = "application/x-www-form-urlencoded";

    #[test]
    fn both_kinds_of_forms_come_back_as_they_were_sent() {
        let sent =
            json!({"email": "a+b@example.com", "card": {"n": 4, "ok": true}, "tags": ["x", {"y": "é"}], "gone": null});
        let read = json!({"email": "a+b@example.com", "card": {"n": "4", "ok": "true"}, "tags": ["x", {"y": "é"}]});
        for content_type in [URLENCODED, "multipart/form-data", "multipart/form-data; boundary=\"of mine\""] {
            let mut headers = headers(content_type);
            let body = encode(Some(&sent), &mut headers).unwrap();
            assert_eq!(decode(body, &headers), read, "{headers:?}");
        }
    }

    #[test]
    fn a_file_is_told_and_a_boundary_is_in_no_field() {
        let body = "--b\r\ncontent-disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\ncontent-type: text/plain\r\n\r\nabc\r\n--b--\r\n";
        let read = decode(body, &headers("multipart/form-data; boundary=b"));
        assert_eq!(read, json!({"f": {"filename": "a.txt", "contentType": "text/plain", "size": 3}}));

        let mut headers = headers("Multipart/Form-Data");
        let sent = json!({"a": "----form-boundary-0"});
        let body = encode(Some(&sent), &mut headers).unwrap();
        assert_eq!(decode(body, &headers), sent);
        assert_eq!(headers[CONTENT_TYPE], "multipart/form-data; boundary=----form-boundary-1");
    }

    #[test]
    fn names_that_fit_nothing_are_names() {
        for (text, read) in [
            ("a=1&a=2&a=3", json!({"a": ["1", "2", "3"]})),
            ("a=1&a[b]=2", json!({"a": {"b": "2"}})),
            ("a[=1&b]=2&[c]=3&d[e=4", json!({"a[": "1", "b]": "2", "[c]": "3", "d[e": "4"})),
            ("a[1]=x", json!({"a": {"1": "x"}})),
            ("a[0][b]=x&a[1][b]=y", json!({"a": [{"b": "x"}, {"b": "y"}]})),
        ] {
            assert_eq!(decode(text, &headers(URLENCODED)), read, "{text}");
        }
    }

    #[test]
    fn what_is_no_form_stays_what_it_is() {
        assert_eq!(encode(Some(&json!([1])), &mut headers(URLENCODED)), Err(NotAForm));
        assert_eq!(decode("{\"a\":1}", &headers("multipart/form-data")), json!({"a": 1}));
        assert_eq!(decode("nothing", &headers("multipart/form-data; boundary=b")), json!("nothing"));
        assert_eq!(decode("", &headers(URLENCODED)), Value::Null);
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>, name in "[a-c\\[\\]0-9=&]{0,40}") {
            decode(name.clone(), &headers(URLENCODED));
            for content_type in [URLENCODED, "multipart/form-data; boundary=b", "text/plain"] {
                decode(body.clone(), &headers(content_type));
            }
        }
    }
}

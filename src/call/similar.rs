//! Fields of bodies and queries that look like ones that their route has. They are refused, because whoever sends one
//! means something by it; any other field that a route does not have is only noted, see [`crate::call::unread`].
//!
//! Invariant: a record that a route answered can be sent back to it, so that what only answers have is never refused.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::base::json::names::fields_of;
use crate::elements::model::title_of;

/// Refuses with 400 the first of the `unknown` fields of a body that looks like a field of `T`, and names that. Fields
/// inside others are passed over.
pub(super) fn refuse<T: DeserializeOwned>(unknown: &[String], body: &[u8], path: &str) -> Result<(), ApiError> {
    let mut top = unknown.iter().filter(|field| !field.contains(['.', '['])).peekable();
    if top.peek().is_none() {
        return Ok(());
    }
    refuse_of(top, fields_of::<T>(), &serde_json::from_slice(body).unwrap_or_default(), path)
}

/// The same for a body of which the `known` fields are these.
pub(super) fn refuse_of<'f>(
    unknown: impl Iterator<Item = &'f String>,
    known: &[&str],
    body: &Value,
    path: &str,
) -> Result<(), ApiError> {
    let nouns = nouns_in(path);
    for field in unknown {
        // What only answers have beside a text is an object or a list.
        let is_text = body.get(field).is_some_and(Value::is_string);
        let meant = meant_by(field, known, &nouns, is_text);
        if !meant.is_empty() {
            return Err(refusal("field", field, path, &meant));
        }
    }
    Ok(())
}

/// The 400 for a field that looks like others; `what` it is, a field or a query field, is said.
pub(crate) fn refusal(what: &str, field: &str, path: &str, meant: &[impl AsRef<str> + serde::Serialize]) -> ApiError {
    let names: Vec<String> = meant.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    let why = format!("`{field}` is no {what} of {path}; did you mean {}?", names.join(" or "));
    ApiError::bad_request(why).with_data(json!({ "field": field, "fields": meant }))
}

/// The nouns of a path in the singular, as fields are spelt: `dataSource` of `/connections/c/data-sources`, and what is said
/// for short, `source`.
pub(super) fn nouns_in(path: &str) -> Vec<String> {
    let plural = path.split('/').filter_map(|part| part.strip_suffix('s')).filter(|noun| !noun.is_empty());
    let spelt = plural.flat_map(|noun| {
        let mut words = noun.split('-');
        let first = words.next().unwrap_or_default().to_owned();
        let whole = words.fold(first, |whole, word| whole + &title_of(word));
        [whole, noun.rsplit('-').next().unwrap_or_default().to_owned()]
    });
    spelt.collect()
}

/// The fields of a query that whoever sends `field` may mean, beside what [`meant_by`] says: the same thing by its id, key or
/// UUID (`tenantKey` for `tenantId`), and `elementType` for `type`. Of a body they are none, since answers have all of these.
pub(super) fn meant_by_query<'k>(field: &str, known: &[&'k str], nouns: &[String]) -> Vec<&'k str> {
    if field.is_empty() {
        return Vec::new();
    }
    let meant = meant_by(field, known, nouns, true);
    if !meant.is_empty() {
        return meant;
    }
    let stem = |name: &str| ["Id", "Key", "Uuid"].iter().find_map(|end| name.strip_suffix(end)).map(str::to_owned);
    let of = stem(field);
    let ends = title_of(field);
    let is_meant = |name: &&&str| of.is_some() && stem(name) == of || name.ends_with(&ends);
    known.iter().filter(is_meant).copied().collect()
}

/// The fields that whoever sends `field` may mean.
pub(super) fn meant_by<'k>(field: &str, known: &[&'k str], nouns: &[String], is_text: bool) -> Vec<&'k str> {
    let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let like = |is_like: &dyn Fn(&str) -> bool| known.iter().copied().filter(|name| is_like(name)).collect::<Vec<_>>();
    let spelt_alike = like(&|name| plain(name) == plain(field));
    if !spelt_alike.is_empty() {
        return spelt_alike;
    }
    let misspelt = like(&|name| is_misspelt(name, field));
    if !misspelt.is_empty() {
        return misspelt;
    }
    // `actionKey` for the `key` of an action.
    let own = nouns.iter().find_map(|noun| field.strip_prefix(noun.as_str())).map(str::to_lowercase);
    let own = like(&|name| own.as_deref() == Some(name));
    if !own.is_empty() {
        return own;
    }
    // `integration` for `integrationKey`, `key` where only whole names are known, and `parameters` for `connectorParameters`.
    let longer = |name: &str| ["Id", "Key"].iter().any(|end| name.strip_suffix(end) == Some(field));
    let ends = format!("{}{}", field.get(..1).unwrap_or_default().to_uppercase(), field.get(1..).unwrap_or_default());
    let shorter = |name: &str| name.ends_with(&ends);
    match (field, is_text) {
        ("key" | "parameters", _) => like(&shorter),
        (_, true) => like(&longer),
        (_, false) => Vec::new(),
    }
}

/// Whether a name is the other with one letter lost, added or replaced, or with two of them swapped.
fn is_misspelt(name: &str, field: &str) -> bool {
    if name.len() <= 2 || strsim::damerau_levenshtein(name, field) != 1 {
        return false;
    }
    // Of a short name, a letter that is another one makes another word: `uri` is no `url`.
    let has_another_letter = name.len() == field.len() && strsim::levenshtein(name, field) == 1;
    name.len() > 4 || !has_another_letter
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only the names of the fields are looked at")]
    struct Body {
        key: Option<String>,
        integration_key: Option<String>,
        integration_id: Option<String>,
        input_schema: Option<Value>,
    }

    #[test]
    fn what_is_meant_is_named_and_what_answers_have_is_not() {
        assert_eq!(fields_of::<Body>(), ["key", "integrationKey", "integrationId", "inputSchema"]);
        assert_eq!(fields_of::<Value>(), [""; 0]);
        let meant = |field: &str, is_text| meant_by(field, fields_of::<Body>(), &["action".to_owned()], is_text);
        assert_eq!(meant("actionKey", true), ["key"]);
        assert_eq!(meant("integration", true), ["integrationKey", "integrationId"]);
        assert_eq!(meant("integration", false), [""; 0], "answers have the integration itself");
        assert_eq!(meant("input_schema", false), ["inputSchema"]);
        assert_eq!(meant("InputSchem", false), [""; 0]);
        assert_eq!(meant("inputSchem", false), ["inputSchema"]);
        assert_eq!(meant("flowKey", true), [""; 0]);
        assert_eq!(meant_by("key", &["integrationKey", "name"], &[], true), ["integrationKey"]);
        assert_eq!(meant_by("parameters", &["connectorParameters", "name"], &[], false), ["connectorParameters"]);
        assert_eq!(meant_by("appKey", &["key", "name"], &nouns_in("/external-apps"), true), ["key"]);
        let queries = ["tenantId", "elementType", "flowKey", "limit"];
        assert_eq!(meant_by_query("tenantKey", &queries, &[]), ["tenantId"]);
        assert_eq!(meant_by_query("type", &queries, &[]), ["elementType"]);
        assert_eq!(meant_by_query("flowUuid", &queries, &[]), ["flowKey"]);
        assert_eq!(meant_by_query("sort", &queries, &[]), [""; 0]);
        assert_eq!(meant_by_query("", &queries, &[]), [""; 0]);
    }
}

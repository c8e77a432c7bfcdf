//! What a person is told who has typed something else than a schema asks for, in the words of the form: its labels.
//!
//! Invariant: a rule is a keyword of JSON Schema with its limit, so whoever checks it, a page's script or the server, means the same.

use serde::Serialize;
use serde_json::{Value, json};

use crate::base::json::{member, schema};

/// What a field asks for, and what is said when it is not met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// A keyword of JSON Schema, or `needed`: the field is not empty.
    pub check: &'static str,
    /// What stands beside the keyword.
    pub limit: Value,
    /// A sentence; `{}` stands for what was typed.
    pub says: String,
}

/// The keywords that bound a value, and how a sentence about each begins and ends around its limit.
const BOUNDS: [(&str, &str, &str); 6] = [
    ("minLength", "must have at least ", " characters"),
    ("maxLength", "must have at most ", " characters"),
    ("minimum", "must be at least ", ""),
    ("maximum", "must be at most ", ""),
    ("exclusiveMinimum", "must be more than ", ""),
    ("exclusiveMaximum", "must be less than ", ""),
];

/// The rules of a field whose value the schema of a property is for.
pub fn rules(property: &Value, label: &str, is_needed: bool) -> Vec<Rule> {
    let rule = |check, limit: &Value, what: String| {
        let says = format!("“{label}” {what}.");
        Rule { check, limit: limit.clone(), says }
    };
    // A secret is not repeated, because whoever looks over the shoulder reads it.
    let typed = if schema::is_sensitive(property) { "" } else { ", not `{}`" };
    let needed = is_needed.then(|| rule("needed", &Value::Null, "is needed".to_owned()));
    let of_type = member(property, "type");
    let kind = match of_type.as_str() {
        Some("number") => Some("a number"),
        Some("integer") => Some("a whole number"),
        Some("array") => Some("a list, as JSON"),
        Some("object") => Some("an object, as JSON"),
        _ => None,
    };
    let kind = kind.map(|kind| rule("type", of_type, format!("must be {kind}{typed}")));
    let bound = |(check, begins, ends): (&'static str, &str, &str)| {
        let limit = member(property, check);
        let ends = if *limit == 1 { ends.trim_end_matches('s') } else { ends };
        limit.is_number().then(|| rule(check, limit, format!("{begins}{limit}{ends}")))
    };
    let pattern = member(property, "pattern");
    let form = pattern
        .is_string()
        .then(|| rule("pattern", pattern, format!("does not have the form that is asked for{typed}")));
    needed.into_iter().chain(kind).chain(BOUNDS.into_iter().filter_map(bound)).chain(form).collect()
}

/// The same as JSON, for the script of a page.
pub fn rules_as_text(property: &Value, label: &str, is_needed: bool) -> String {
    json!(rules(property, label, is_needed)).to_string()
}

impl Rule {
    fn is_met_by(&self, value: &Value) -> bool {
        let alone = json!({ self.check: self.limit });
        jsonschema::validator_for(&alone).is_ok_and(|validator| validator.is_valid(value))
    }
}

/// What is wrong with what was typed into a field; none when nothing is. An empty text stands for nothing typed, and a property
/// that is null for one without a schema.
pub fn complaint(property: &Value, label: &str, is_needed: bool, text: &str) -> Option<String> {
    let rules = rules(property, label, is_needed);
    if text.is_empty() {
        return rules.into_iter().find(|rule| rule.check == "needed").map(|rule| rule.says);
    }
    let value = schema::typed(property, text);
    let mut bounds = rules.into_iter().filter(|rule| rule.check != "needed");
    if let Some(broken) = bounds.find(|rule| !rule.is_met_by(&value)) {
        return Some(broken.says.replace("{}", text));
    }
    if property.is_null() {
        return None;
    }
    schema::check_value(property, &value, &format!("“{label}”")).err().map(|error| error.message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_form() {
        let key = json!({"type": "string", "minLength": 4, "pattern": "^sk_", "isSensitive": true});
        let size = json!({"type": "integer", "minimum": 1, "maximum": 9});
        for (property, text, says) in [
            (&key, "", Some("“It” is needed.")),
            (&key, "sk", Some("“It” must have at least 4 characters.")),
            (&key, "key_1", Some("“It” does not have the form that is asked for.")),
            (&key, "sk_1", None),
            (&size, "many", Some("“It” must be a whole number, not `many`.")),
            (&size, "2.5", Some("“It” must be a whole number, not `2.5`.")),
            (&size, "0", Some("“It” must be at least 1.")),
            (&size, "10", Some("“It” must be at most 9.")),
            (&json!({"type": "array"}), "a, b", Some("“It” must be a list, as JSON, not `a, b`.")),
            (&json!({"type": "array"}), "[1]", None),
            (&json!({"minLength": "four"}), "a", Some("the schema of “It” is not a valid JSON Schema")),
        ] {
            let said = complaint(property, "It", true, text);
            assert!(said.as_deref().unwrap_or_default().starts_with(says.unwrap_or_default()), "{text}: {said:?}");
            assert_eq!(said.is_some(), says.is_some(), "{text}: {said:?}");
        }
        assert_eq!(complaint(&size, "It", false, ""), None, "what is optional may be left out");
    }
}

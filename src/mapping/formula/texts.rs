//! The formulas that make texts: `$tpl`, `$concat`, `$firstName`, `$lastName`, `$domainFromEmail`, `$extractDate`,
//! `$extractTime`.

use serde_json::Value;

use super::super::{javascript, person};
use super::{Evaluation, Outcome, Way};
use crate::base::dates;

impl Evaluation<'_> {
    /// `{template, values}`: each `{name}` of `values` is replaced wherever it stands, one name after the other. A
    /// template that is no text is given back as it is, or is undefined.
    pub(super) fn template(&self, operand: &Value) -> Outcome {
        let template = operand.get("template");
        let Some(template) = template.and_then(Value::as_str) else {
            let given = template.filter(|_| self.budget.way != Way::Resolved);
            return self.take(given.cloned());
        };
        let mut text = template.to_owned();
        let values = operand.get("values").map(javascript::spread).unwrap_or_default();
        for (name, template) in javascript::members(&values) {
            let value = self.value(template)?;
            let value = value.filter(|value| !value.is_null()).map(|value| javascript::text(Some(&value)));
            text = replace_all(&text, &format!("{{{name}}}"), &value.unwrap_or_default());
            self.charge(text.len())?;
        }
        self.take(Some(Value::String(text)))
    }

    /// An array of parts, or `{values, delimiter}`: what is null or empty is passed over.
    pub(super) fn concat(&self, operand: &Value) -> Outcome {
        let (values, delimiter) = match operand {
            Value::Array(_) => (Some(operand), None),
            operand => (operand.get("values"), operand.get("delimiter").filter(|delimiter| !delimiter.is_null())),
        };
        let Some(Value::Array(parts)) = self.optional(values)? else { return Ok(None) };
        if parts.is_empty() {
            return Ok(None);
        }
        let delimiter = match delimiter {
            Some(delimiter) => javascript::text(self.value(delimiter)?.as_ref()),
            None => String::new(),
        };
        let parts: Vec<String> = parts.iter().map(javascript::text_in_list).filter(|part| !part.is_empty()).collect();
        self.charge(delimiter.len().saturating_mul(parts.len()))?;
        self.take(Some(Value::String(parts.join(&delimiter))))
    }

    /// The first name of a person whose last name is there too.
    pub(super) fn first_name(&self, operand: &Value) -> Outcome {
        let person = self.person(operand)?;
        Ok(person.last.filter(|last| !last.is_empty()).and(person.first).map(Value::String))
    }

    /// The last name of a person, or the only one.
    pub(super) fn last_name(&self, operand: &Value) -> Outcome {
        let person = self.person(operand)?;
        let known = |name: &String| !name.is_empty();
        Ok(person.last.filter(known).or(person.first.filter(known)).map(Value::String))
    }

    fn person(&self, operand: &Value) -> Result<person::Name, crate::base::error::ApiError> {
        let value = self.value(operand)?.filter(|value| !value.is_null());
        Ok(person::parse(&value.map(|value| javascript::text(Some(&value))).unwrap_or_default()))
    }

    /// What follows the only `@` of a text.
    pub(super) fn domain(&self, operand: &Value) -> Outcome {
        let value = self.value(operand)?;
        let parts = value.as_ref().and_then(Value::as_str).and_then(|email| email.split_once('@'));
        Ok(parts.filter(|(_, domain)| !domain.contains('@')).map(|(_, domain)| Value::from(domain)))
    }

    /// A part of a moment as it is written in UTC, such as `2025-01-01T00:00:00.000Z`.
    pub(super) fn extract(&self, operand: &Value, part: impl Fn(&str) -> Option<&str>) -> Outcome {
        let moment = dates::parse(&javascript::text(self.value(operand)?.as_ref()));
        Ok(moment.and_then(|moment| part(&moment.to_string()).map(Value::from)))
    }
}

/// Replaces each `sought` as JavaScript's `replace` does, where `$` with a sign after it is something of the match.
fn replace_all(text: &str, sought: &str, replacement: &str) -> String {
    if !replacement.contains('$') {
        return text.replace(sought, replacement);
    }
    let (mut out, mut at) = (String::new(), 0);
    for (start, found) in text.match_indices(sought) {
        let end = start + found.len();
        out.push_str(text.get(at..start).unwrap_or_default());
        let mut rest = replacement;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let meant = match after.chars().next() {
                Some('$') => Some("$"),
                Some('&') => Some(found),
                Some('`') => text.get(..start),
                Some('\'') => text.get(end..),
                _ => None,
            };
            out.push_str(meant.unwrap_or("$"));
            rest = if meant.is_some() { after.get(1..).unwrap_or_default() } else { after };
        }
        out.push_str(rest);
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::super::resolve;
    use super::*;
    use crate::base::clock::Timestamp;
    use serde_json::json;

    #[test]
    fn templates_take_values_and_leave_gaps_empty() {
        let template = json!({"$tpl": {"template": "/repos/{owner}/{repo}/{other}", "values": {
            "owner": {"$var": "$.input.owner"}, "repo": {"$var": "$.input.none"}}}});

        let text = resolve(&template, &json!({"input": {"owner": "acme"}}), Timestamp::from_millis(0)).unwrap();
        assert_eq!(text, Some(json!("/repos/acme//{other}")));
        assert_eq!(replace_all("a{x}b{x}", "{x}", "$$[$&$`$'$1]"), "a$[{x}ab{x}$1]b$[{x}a{x}b$1]");
    }

    #[test]
    fn texts_are_made_of_parts() {
        let variables = json!({ "name": "Dr. Ada King", "email": "ada@acme.example", "at": "May 1, 2024 10:30 PM" });
        for (formula, expected) in [
            (
                json!({ "$concat": ["a", null, { "$var": "none" }, "", 1.0, [1, null], { "a": 1 }] }),
                json!("a11,[object Object]"),
            ),
            (json!({ "$concat": { "values": ["a", "b"], "delimiter": ", " } }), json!("a, b")),
            (json!({ "$concat": { "values": ["a", "b"], "delimiter": { "$var": "none" } } }), json!("aundefinedb")),
            (json!({ "$firstName": { "$var": "name" } }), json!("Ada")),
            (json!({ "$lastName": { "$var": "name" } }), json!("King")),
            (json!({ "$domainFromEmail": { "$var": "email" } }), json!("acme.example")),
            (json!({ "$extractDate": { "$var": "at" } }), json!("2024-05-01")),
            (json!({ "$extractTime": { "$var": "at" } }), json!("22:30:00")),
        ] {
            assert_eq!(resolve(&formula, &variables, Timestamp::from_millis(0)).unwrap(), Some(expected), "{formula}");
        }
    }
}

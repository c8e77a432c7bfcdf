//! `$jsonata`: an expression of `JSONata` over the variables, as the reference implementation 1.8 evaluates it, which is the
//! client's.
//!
//! Invariant: an expression that fails, or takes more than its bounds, is undefined, as it is for the client. Known
//! differences: `docs/behaviour.md#jsonata`.

use std::time::Duration;

use base64::Engine as _;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::parser;
use jsonata_core::value::JValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::javascript;
use crate::base::clock::Timestamp;

/// The deepest that functions of an expression may call one another.
const DEEPEST: usize = 300;

/// The longest list that an expression may make.
const LONGEST_LIST: usize = 100_000;

/// The longest text that `$pad` makes.
const LONGEST_PAD: f64 = 1_000_000.0;

/// What `encodeURIComponent` leaves as it is.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What `encodeURI` leaves as it is.
const ADDRESS: &AsciiSet = &COMPONENT
    .remove(b';')
    .remove(b',')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b'#');

/// Functions that the library cannot have replaced by their own name; calls of them are renamed.
const RENAMED: &[(&str, &str)] = &[("number", "readNumber"), ("trim", "trimText")];

/// Functions that take what they stand in where they are called without an argument.
const OF_CONTEXT: &[&str] =
    &["number", "trim", "encodeUrl", "encodeUrlComponent", "base64encode", "base64decode", "clone"];

type Result1 = Result<JValue, EvaluatorError>;

/// Evaluates an expression over variables, at this moment and within `time`; none where it comes to nothing or fails.
pub(super) fn evaluate(expression: &str, variables: Option<&Value>, now: Timestamp, time: Duration) -> Option<Value> {
    let mut parsed = serde_json::to_value(parser::parse(expression).ok()?).ok()?;
    adapt(&mut parsed);
    let parsed: AstNode = serde_json::from_value(parsed).ok()?;
    let data = variables.map_or(JValue::Undefined, |variables| JValue::from(variables.clone()));
    let options = EvaluatorOptions {
        timeout_ms: u64::try_from(time.as_millis()).ok(),
        max_stack_depth: Some(DEEPEST),
        max_sequence_length: Some(LONGEST_LIST),
        ..EvaluatorOptions::default()
    };
    let mut evaluator = Evaluator::with_options(Context::new(), options);
    register(&mut evaluator, now).ok()?;
    let value = evaluator.evaluate(&parsed, &data).ok()?;
    if value.is_undefined() || value.is_function() {
        return None;
    }
    serde_json::from_str(&value.to_json_string().ok()?).ok()
}

/// Gives functions the argument that they have by their context, and renames those that are replaced.
fn adapt(node: &mut Value) {
    match node {
        Value::Array(nodes) => nodes.iter_mut().for_each(adapt),
        Value::Object(members) => {
            // What follows `~>` gets its first argument from before it.
            if let Some(Value::Object(binary)) = members.get_mut("Binary")
                && binary.get("op").and_then(Value::as_str).is_some_and(|op| op == "ChainPipe")
            {
                binary.values_mut().for_each(|side| adapt_call(side, false));
                return;
            }
            adapt_members(members, true);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn adapt_call(node: &mut Value, has_context: bool) {
    match node {
        Value::Object(members) => adapt_members(members, has_context),
        node => adapt(node),
    }
}

fn adapt_members(members: &mut crate::base::JsonMap, has_context: bool) {
    if let Some(Value::Object(call)) = members.get_mut("Function")
        && call.get("is_builtin") == Some(&Value::Bool(true))
    {
        let name = call.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(Value::Array(arguments)) = call.get_mut("args")
            && arguments.is_empty()
            && has_context
            && OF_CONTEXT.contains(&name.as_str())
        {
            arguments.push(json!({ "Variable": "" }));
        }
        if let Some((_, new)) = RENAMED.iter().find(|(old, _)| *old == name) {
            call.insert("name".into(), json!(new));
        }
    }
    members.values_mut().for_each(adapt);
}

fn wrong(why: &str) -> EvaluatorError {
    EvaluatorError::EvaluationError(why.to_owned())
}

/// What a function makes of a text; undefined stays.
fn of_text(given: &[JValue], make: impl Fn(&str) -> Result1) -> Result1 {
    match given.first() {
        None | Some(JValue::Undefined) => Ok(JValue::Undefined),
        Some(JValue::String(text)) => make(text),
        Some(_) => Err(wrong("the argument is no text")),
    }
}

/// Replaces the functions of the library that differ from the reference, or know more than the variables.
fn register(evaluator: &mut Evaluator, now: Timestamp) -> Result<(), EvaluatorError> {
    evaluator.register_fn_override("exists", |given: &[JValue]| {
        let value = given.first().ok_or_else(|| wrong("`$exists` takes one argument"))?;
        Ok(JValue::from(!value.is_undefined()))
    })?;
    evaluator.register_fn_override("encodeUrlComponent", |given: &[JValue]| {
        of_text(given, |text| Ok(JValue::from(utf8_percent_encode(text, COMPONENT).to_string())))
    })?;
    evaluator.register_fn_override("encodeUrl", |given: &[JValue]| {
        of_text(given, |text| Ok(JValue::from(utf8_percent_encode(text, ADDRESS).to_string())))
    })?;
    evaluator.register_fn_override("base64encode", |given: &[JValue]| {
        of_text(given, |text| {
            // Only the lower half of each unit counts.
            let bytes: Vec<u8> = text.encode_utf16().map(u16::to_le_bytes).map(|[low, _]| low).collect();
            Ok(JValue::from(base64::engine::general_purpose::STANDARD.encode(bytes)))
        })
    })?;
    evaluator.register_fn_override("base64decode", |given: &[JValue]| {
        of_text(given, |text| {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| wrong("it is no base64"))?;
            Ok(JValue::from(bytes.into_iter().map(char::from).collect::<String>()))
        })
    })?;
    evaluator.register_fn_override("pad", |given: &[JValue]| pad(given))?;
    evaluator.register_fn_override("now", move |given: &[JValue]| {
        if given.is_empty() { Ok(JValue::from(now.to_string())) } else { Err(wrong("`$now` takes no picture here")) }
    })?;
    #[expect(clippy::cast_precision_loss, reason = "moments are below 2^53 ms")]
    evaluator.register_fn_override("millis", move |_: &[JValue]| Ok(JValue::from(now.millis() as f64)))?;
    // What is left to chance would make a run that cannot be repeated.
    evaluator.register_fn_override("shuffle", |_: &[JValue]| Err(wrong("`$shuffle` is not here")))?;
    evaluator.register_fn("clone", |given: &[JValue]| Ok(given.first().cloned().unwrap_or(JValue::Undefined)))?;
    evaluator.register_fn("trimText", |given: &[JValue]| {
        of_text(given, |text| {
            let words = text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
            Ok(JValue::from(words.collect::<Vec<_>>().join(" ")))
        })
    })?;
    evaluator.register_fn("readNumber", |given: &[JValue]| match given.first() {
        Some(JValue::Number(number)) => Ok(JValue::from(*number)),
        Some(JValue::Bool(truth)) => Ok(JValue::from(i32::from(*truth))),
        given => of_text(given.map(std::slice::from_ref).unwrap_or_default(), |text| {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let is_plain = digits.starts_with(|c: char| c.is_ascii_digit())
                && digits.ends_with(|c: char| c.is_ascii_digit())
                && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
            let number = javascript::number_from(text).filter(|number| is_plain && number.is_finite());
            number.map(JValue::from).ok_or_else(|| wrong("it is no number"))
        }),
    })
}

/// Pads a text to a width, on the left for a negative one.
fn pad(given: &[JValue]) -> Result1 {
    let width = match given.get(1) {
        Some(JValue::Number(width)) if width.abs() <= LONGEST_PAD => width.trunc(),
        _ => return Err(wrong("`$pad` takes a width up to a million")),
    };
    of_text(given, |text| {
        let filler = match given.get(2) {
            Some(JValue::String(filler)) if !filler.is_empty() => filler.to_string(),
            _ => " ".to_owned(),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the width is at most a million")]
        let missing = (width.abs() as usize).saturating_sub(text.chars().count());
        let padding: String = filler.chars().cycle().take(missing).collect();
        Ok(JValue::from(if width < 0.0 { padding + text } else { text.to_owned() + &padding }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(expression: &str, variables: &Value) -> Option<Value> {
        evaluate(expression, Some(variables), Timestamp::from_millis(0), Duration::from_secs(5))
    }

    #[test]
    fn expressions_are_evaluated_as_the_reference_does() {
        let variables =
            json!({ "items": [{ "n": "a", "p": 2 }, { "n": "b", "p": 30 }], "name": " Ada  King ", "q": "7" });
        for (expression, expected) in [
            ("$sum(items.p)", json!(32)),
            ("items[p > 10].n", json!("b")),
            ("items.n", json!(["a", "b"])),
            ("items[$exists(p)].{'k': n}", json!([{ "k": "a" }, { "k": "b" }])),
            ("$trim(name)", json!("Ada King")),
            ("name.$trim()", json!("Ada King")),
            ("name ~> $trim", json!("Ada King")),
            ("$number(q) + 1", json!(8)),
            ("$encodeUrlComponent('a b.c')", json!("a%20b.c")),
            ("$base64decode($base64encode('é'))", json!("é")),
            ("$now()", json!("1970-01-01T00:00:00.000Z")),
            ("$millis()", json!(0)),
            ("$pad('x', -3, '#')", json!("##x")),
            ("$map(items, function($v, $i) { $i & ':' & $v.n })", json!(["0:a", "1:b"])),
            ("items^(>p).p", json!([30, 2])),
        ] {
            assert_eq!(of(expression, &variables), Some(expected), "{expression}");
        }
        for nothing in ["none", "1 +", "$number('0x1F')", "$pad('x', 1e12)", "function($x) { $x }"] {
            assert_eq!(of(nothing, &variables), None, "{nothing}");
        }
    }

    #[test]
    fn what_does_not_end_is_ended() {
        let time = Duration::from_millis(50);
        for endless in ["($f := function() { $f() }; $f())", "($f := function($s) { $f($s & $s) }; $f('ab'))"] {
            assert_eq!(evaluate(endless, None, Timestamp::from_millis(0), time), None);
        }
        let deep = "(".repeat(20_000) + "1" + &")".repeat(20_000);
        assert_eq!(of(&deep, &Value::Null), None);
    }
}

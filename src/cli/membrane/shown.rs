//! What people read of an answer: a table of a list, a line a field of a record.

use serde_json::Value;

use crate::base::json::member;

/// How an answer is shown.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) enum Form<'a> {
    /// A table of its items with these fields.
    List(&'a [&'a str]),
    /// A line for each field.
    Record,
    /// The output of a run, with its id.
    Run,
}

/// A value in one line; nothing for what is not there.
fn line(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace('\n', " "),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// The title of a column: `integrationKey` is `INTEGRATION KEY`.
fn title(field: &str) -> String {
    let words = field.chars().flat_map(|char| char.is_uppercase().then_some(' ').into_iter().chain([char]));
    words.collect::<String>().to_uppercase()
}

/// Texts below each other, each column as wide as its widest.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|text| text.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let row = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(text, width)| format!("{text:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

/// What a person reads of the body of an answer.
pub(super) fn show(body: &Value, form: Form<'_>) -> String {
    match form {
        Form::List(fields) => list(body, fields),
        Form::Record => record(body),
        Form::Run => {
            let output = member(body, "output");
            let pretty = serde_json::to_string_pretty(output).unwrap_or_else(|_| output.to_string());
            format!("{pretty}\nrun {}", line(member(body, "actionRunId")))
        }
    }
}

fn list(body: &Value, fields: &[&str]) -> String {
    let items = member(body, "items").as_array().or(body.as_array()).into_iter().flatten();
    let cell = |item: &Value, field: &str| {
        let own = member(item, field);
        // What was searched for stands in its own field of an item.
        line(if own.is_null() { member(member(item, "element"), field) } else { own })
    };
    let mut rows = vec![fields.iter().map(|field| title(field)).collect::<Vec<_>>()];
    rows.extend(items.map(|item| fields.iter().map(|field| cell(item, field)).collect()));
    if rows.len() == 1 {
        return "there are none".into();
    }
    let more = member(body, "cursor").as_str().map(|cursor| format!("\nthere are more: --cursor {cursor}"));
    table(&rows) + &more.unwrap_or_default()
}

/// The most characters of a list or object in a record; `--json` shows all.
const LONGEST: usize = 120;

/// The fields of records that hold other records of the API.
const RECORDS: [&str; 11] = [
    "action",
    "connection",
    "connector",
    "customer",
    "externalApp",
    "flow",
    "integration",
    "parent",
    "tenant",
    "user",
    "appliedToIntegrations",
];

/// The lines of a field: another record by its key or name, a line for each member of `clientAction`, and lists and objects as far
/// as they go.
fn field(name: &str, value: &Value) -> Vec<Vec<String>> {
    let one = |text: String| vec![vec![name.to_owned(), text]];
    match value {
        Value::Object(members) if name == "clientAction" => {
            members.iter().map(|(member, value)| vec![format!("{name}.{member}"), line(value)]).collect()
        }
        Value::Object(members) if RECORDS.contains(&name) => {
            let known = ["key", "internalId", "name"].iter().find_map(|known| members.get(*known)?.as_str());
            one(known.map_or_else(|| line(value), str::to_owned))
        }
        Value::Array(_) | Value::Object(_) => {
            let whole = line(value);
            let is_long = whole.chars().count() > LONGEST;
            one(if is_long { whole.chars().take(LONGEST).chain(['…']).collect() } else { whole })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => one(line(value)),
    }
}

fn record(body: &Value) -> String {
    match body {
        Value::Object(fields) => {
            let shown = fields.iter().filter(|(_, value)| !value.is_null());
            table(&shown.flat_map(|(name, value)| field(name, value)).collect::<Vec<_>>())
        }
        Value::Null => "done".into(),
        other => line(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_a_table_and_says_whether_there_is_more() {
        let body =
            json!({"items": [{"key": "a", "integrationKey": "github"}, {"key": "longer", "id": 7}], "cursor": "9"});
        assert_eq!(
            show(&body, Form::List(&["key", "integrationKey"])),
            "KEY     INTEGRATION KEY\na       github\nlonger\nthere are more: --cursor 9"
        );
        assert_eq!(show(&json!({"items": []}), Form::List(&["key"])), "there are none");
    }

    #[test]
    fn a_record_has_a_line_for_each_field() {
        let body = json!({"id": "1", "config": {"a": 1}, "none": null, "text": "two\nlines"});
        assert_eq!(show(&body, Form::Record), "id      1\nconfig  {\"a\":1}\ntext    two lines");
        let of = json!({"user": {"id": "7", "internalId": "ada", "name": "Ada"}, "output": {"id": "7", "name": "Ada"}});
        assert_eq!(show(&of, Form::Record), "user    ada\noutput  {\"id\":\"7\",\"name\":\"Ada\"}");
        let page = json!({"clientAction": {"type": "connect", "uiUrl": "x".repeat(200)}, "list": ["y".repeat(200)]});
        let shown = show(&page, Form::Record);
        assert!(
            shown.contains(&format!("clientAction.uiUrl  {}\n", "x".repeat(200))) && shown.ends_with('…'),
            "{shown}"
        );
        assert_eq!(show(&Value::Null, Form::Record), "done");
        assert_eq!(show(&json!({"output": {"a": 1}, "actionRunId": "x"}), Form::Run), "{\n  \"a\": 1\n}\nrun x");
    }
}

//! What a person may set of an element on its page, as data: which field of it, in which form, and what there is to choose.
//!
//! Invariant: a setting reads and writes a field of the kind's request body, so a page can set nothing that a call could not.

use serde_json::{Value, json};

use crate::base::JsonMap;
use crate::base::error::ApiError;
use crate::base::json::schema::Choice;
use crate::base::json::{member, schema, set_member};
use crate::mapping::formula::plain_text;

/// Stands on a page for a formula that is more than one field; choosing it leaves that as it is.
const FORMULA: &str = "(a formula)";

/// The form in which a person gives a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// What the schema of the setting says: one of the choices, a list or an object as JSON, else text.
    Text,
    /// A number.
    Number,
    /// `yes` or `no`.
    Truth,
    /// The name of a field of a record, which becomes a formula that reads it.
    FieldOfRecord,
}

/// One thing that a person may set of an element.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The field of the element that holds it.
    pub field: &'static str,
    /// The members that lead from there to the value; none where the field itself is meant. Of several, the first is a part
    /// that is changed alone, as a flow's nodes are.
    pub path: Vec<String>,
    /// What the page calls it.
    pub label: String,
    /// What the page says of it; may be empty.
    pub hint: String,
    /// What there is to choose; any text when empty.
    pub choices: Vec<Choice>,
    /// The form of the value.
    pub form: Form,
    /// The JSON Schema that the value fits; any value does where it says nothing.
    pub schema: Value,
    /// Whether it has to have a value.
    pub is_required: bool,
    /// Whether which other settings there are depends on its value.
    pub leads: bool,
}

impl Setting {
    /// A setting of a whole field.
    pub fn of_field(field: &'static str, label: &str, form: Form, choices: Vec<String>) -> Self {
        let choices = choices.into_iter().map(Choice::plain).collect();
        let (label, hint, schema) = (label.to_owned(), String::new(), json!({}));
        Self { field, path: Vec::new(), label, hint, choices, form, schema, is_required: false, leads: false }
    }

    /// A setting of a member of a field, in the form that the JSON Schema of the member asks for.
    pub fn of_member(field: &'static str, name: &str, of: &Value) -> Self {
        let text = |part: &str| member(of, part).as_str().map(str::to_owned);
        let form = match member(of, "type").as_str() {
            Some("number" | "integer") => Form::Number,
            Some("boolean") => Form::Truth,
            _ => Form::Text,
        };
        let default = member(of, "default");
        let default = (!default.is_null()).then(|| format!("Default: {}.", plain_text(default)));
        Self {
            field,
            path: vec![name.to_owned()],
            label: text("title").unwrap_or_else(|| name.to_owned()),
            hint: [text("description"), default].into_iter().flatten().collect::<Vec<_>>().join(" "),
            choices: schema::choices(of).unwrap_or_default(),
            form,
            schema: of.clone(),
            is_required: false,
            leads: false,
        }
    }

    /// A setting for each property of a JSON Schema that is not read-only, in its order.
    pub fn of_properties(field: &'static str, schema: Option<&Value>) -> Vec<Self> {
        let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
        let required = schema.and_then(|schema| schema.get("required")).and_then(Value::as_array);
        let is_required = |name: &String| required.is_some_and(|names| names.iter().any(|known| known == name));
        let is_set = |(_, of): &(&String, &Value)| *member(of, "readOnly") != Value::Bool(true);
        let setting = |(name, of): (&String, &Value)| Self {
            is_required: is_required(name) && member(of, "default").is_null(),
            ..Self::of_member(field, name, of)
        };
        properties.into_iter().flatten().filter(is_set).map(setting).collect()
    }

    /// A setting for each plain value of an object that lies where members lead, in the form that the value has now. A text of
    /// several lines is none, since a field of a page has one.
    pub fn of_values(field: &'static str, path: &[&str], of: &JsonMap) -> Vec<Self> {
        let setting = |(name, value): (&String, &Value)| {
            let of_type = match value {
                Value::String(text) if !text.contains(['\n', '\r']) => "string",
                Value::Number(_) => "number",
                Value::Bool(_) => "boolean",
                Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => return None,
            };
            let path = path.iter().copied().chain([name.as_str()]).map(str::to_owned).collect();
            Some(Self { path, ..Self::of_member(field, name, &json!({ "type": of_type })) })
        };
        of.iter().filter_map(setting).collect()
    }

    /// Whether the value is secret: a page does not show it, and it stays if nothing is typed.
    pub fn is_secret(&self) -> bool {
        schema::is_sensitive(&self.schema)
    }

    /// The same, as what the others depend on: with another value, theirs are gone.
    #[must_use]
    pub fn leading(self) -> Self {
        Self { leads: true, ..self }
    }

    /// The same, as a choice of fields of a record.
    #[must_use]
    pub fn from_fields(self, fields: &[String]) -> Self {
        let choices = fields.iter().cloned().map(Choice::plain).collect();
        Self { form: Form::FieldOfRecord, choices, ..self }
    }

    /// What an element has there now; `view` is the element as it is answered.
    fn current<'v>(&self, view: &'v Value) -> &'v Value {
        self.path.iter().fold(member(view, self.field), |at, name| member(at, name))
    }

    /// Whether an element has a value there.
    pub fn has_value(&self, view: &Value) -> bool {
        !self.current(view).is_null()
    }

    /// What the page shows of an element, as text.
    pub fn shown(&self, view: &Value) -> String {
        match (self.form, self.current(view)) {
            (_, Value::Null) => String::new(),
            _ if self.is_secret() => String::new(),
            (Form::Truth, value) => if *value == Value::Bool(true) { "yes" } else { "no" }.to_owned(),
            (Form::FieldOfRecord, value) => match value.get("$var").and_then(Value::as_str) {
                Some(read) => read.strip_prefix("$.").unwrap_or(read).to_owned(),
                None => FORMULA.to_owned(),
            },
            (Form::Text | Form::Number, value) => plain_text(value),
        }
    }

    /// What there is to choose, with what is shown among it.
    pub fn offered(&self, shown: &str) -> Vec<Choice> {
        let mut choices = match self.form {
            Form::Truth => ["yes", "no"].map(|word| Choice::plain(word.to_owned())).to_vec(),
            Form::Text | Form::Number | Form::FieldOfRecord => self.choices.clone(),
        };
        if !choices.is_empty() && !shown.is_empty() && !choices.iter().any(|choice| choice.value == shown) {
            choices.push(Choice::plain(shown.to_owned()));
        }
        choices
    }

    /// Writes what a person gave into a request body that changes the element. Fails with 400 for a value of another form.
    pub fn write(&self, body: &mut serde_json::Map<String, Value>, view: &Value, given: &str) -> Result<(), ApiError> {
        let wrong = |what: &str| ApiError::bad_request(format!("“{}” is {what}, not `{given}`", self.label));
        let value = match self.form {
            _ if given.is_empty() => Value::Null,
            Form::Text => schema::typed(&self.schema, given),
            Form::Number => serde_json::from_str::<serde_json::Number>(given).map_err(|_| wrong("a number"))?.into(),
            Form::Truth => Value::Bool(match given {
                "yes" => true,
                "no" => false,
                _ => return Err(wrong("yes or no")),
            }),
            Form::FieldOfRecord => json!({ "$var": format!("$.{given}") }),
        };
        if !value.is_null() && self.form != Form::FieldOfRecord {
            schema::check_value(&self.schema, &value, &format!("“{}”", self.label))?;
        }
        let Some((first, rest)) = self.path.split_first() else {
            body.insert(self.field.to_owned(), value);
            return Ok(());
        };
        let now = member(view, self.field);
        let whole = body.entry(self.field).or_insert_with(|| match now {
            Value::Object(whole) if rest.is_empty() => Value::Object(whole.clone()),
            _ => json!({}),
        });
        if !rest.is_empty() && member(whole, first).is_null() {
            set_member(whole, first.as_str(), member(now, first).clone());
        }
        match (value, self.path.as_slice()) {
            // Of a part, what is left out stays as it is.
            (Value::Null, [part, name]) => {
                if let Some(part) = whole.get_mut(part) {
                    set_member(part, name.as_str(), Value::Null);
                }
            }
            (value, path) => put(whole, path, value),
        }
        Ok(())
    }
}

/// Puts a value where members lead; what is no object on the way becomes one. A null takes away what is there.
fn put(into: &mut Value, path: &[String], value: Value) {
    if !into.is_object() {
        *into = json!({});
    }
    let (Some(members), Some((first, rest))) = (into.as_object_mut(), path.split_first()) else { return };
    if !rest.is_empty() {
        put(members.entry(first).or_insert_with(|| json!({})), rest, value);
    } else if value.is_null() {
        members.shift_remove(first);
    } else {
        members.insert(first.clone(), value);
    }
}

//! Makes forms and their fields.

use crate::pages::blocks::{Choice, Field, Form, Group, Link};

pub(crate) fn field(name: impl Into<String>, label: impl Into<String>) -> Field {
    Field { name: name.into(), label: label.into(), kind: "text", rows: 5, ..Field::default() }
}

impl Field {
    /// Another kind; one for JSON takes the whole width.
    pub(crate) fn kind(self, kind: &'static str) -> Self {
        let width = if kind == "json" && self.width.is_empty() { "wide" } else { self.width };
        Self { kind, width, ..self }
    }

    pub(crate) fn value(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    /// Texts to choose from; an empty one is any.
    pub(crate) fn choices<'t>(self, choices: impl IntoIterator<Item = &'t str>) -> Self {
        let choices = choices.into_iter().map(|each| choice(each, if each.is_empty() { "Any" } else { each }));
        Self { choices: choices.collect(), ..self }
    }

    pub(crate) fn named_choices(self, choices: impl IntoIterator<Item = Choice>) -> Self {
        Self { choices: choices.into_iter().collect(), ..self }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    pub(crate) fn example(self, example: impl Into<String>) -> Self {
        Self { example: example.into(), ..self }
    }

    pub(crate) fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub(crate) fn when(self, when: impl Into<String>) -> Self {
        Self { when: when.into(), ..self }
    }

    pub(crate) fn width(self, width: &'static str) -> Self {
        Self { width, ..self }
    }

    pub(crate) fn rows(self, rows: u8) -> Self {
        Self { rows, ..self }
    }
}

pub(crate) fn choice(value: impl Into<String>, label: impl Into<String>) -> Choice {
    Choice { value: value.into(), label: label.into() }
}

pub(crate) fn group(legend: &'static str, fields: Vec<Field>) -> Group {
    Group { legend, fields }
}

/// A form that the script sends as JSON.
pub(crate) fn form(
    id: impl Into<String>,
    call: impl Into<String>,
    button: impl Into<String>,
    fields: Vec<Field>,
) -> Form {
    Form {
        id: id.into(),
        call: call.into(),
        button: button.into(),
        groups: vec![group("", fields)],
        send: "call",
        button_look: "main",
        ..Form::default()
    }
}

/// A form of filters, which the browser sends to an address.
pub(crate) fn filter(address: impl Into<String>, button: impl Into<String>, fields: Vec<Field>) -> Form {
    Form { send: "get", look: "filter", button_look: "", ..form("filter-form", address, button, fields) }
}

impl Form {
    pub(crate) fn groups(self, groups: Vec<Group>) -> Self {
        Self { groups, ..self }
    }

    pub(crate) fn says(self, words: impl Into<String>) -> Self {
        Self { says: words.into(), ..self }
    }

    pub(crate) fn then(self, address: impl Into<String>) -> Self {
        Self { then: address.into(), ..self }
    }

    pub(crate) fn token(self, token: impl Into<String>) -> Self {
        Self { token: token.into(), ..self }
    }

    pub(crate) fn shows(self) -> Self {
        Self { shows: true, ..self }
    }

    pub(crate) fn keeps(self) -> Self {
        Self { keeps: true, ..self }
    }

    /// The button does not stand out.
    pub(crate) fn plain(self) -> Self {
        Self { button_look: "", ..self }
    }

    pub(crate) fn links(self, links: Vec<Link>) -> Self {
        Self { links, ..self }
    }
}

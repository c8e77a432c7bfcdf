//! The page on which a person sets what an instance lets be set, or of a flow one node (`nodeKey`), in the client's frame or in a
//! window of its own. Source: SDK (`openConfiguration`, `openEditor`, `embedEditor`); what it shows is our choice.
//!
//! Invariant: what was set is kept by the same rules as a call that changes the instance, and a wrong value changes nothing.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value};

use crate::base::error::ApiError;
use crate::base::json::words;
use crate::call::{Call, Query, Reply};
use crate::elements::routes::instance_selector;
use crate::elements::settings::{Form, Setting};
use crate::elements::{self, Change, Kind, by_id};
use crate::engine::Cx;
use crate::nouns::hosted_page::routes::embed::{check_page, plain};
use crate::nouns::hosted_page::routes::theme_of;
use crate::pages as screens;
use crate::pages::{Field, SettingsPage, Trail, in_full};

/// The instance that the address names, with what may be set of it and how it is answered.
async fn opened<E: Kind>(cx: &Cx, call: &Call) -> Result<(Arc<E>, Vec<Setting>, Value), ApiError> {
    check_page(call)?;
    let instance = elements::instance::<E>(cx, &instance_selector::<E>(call)?).await?;
    let world = cx.world();
    cx.directory(&world).check_in_service(&*instance)?;
    let lens = cx.view(&world);
    let node = call.query().text("nodeKey").filter(|key| !key.is_empty());
    let of_node = node.and_then(|key| E::settings_of_node(&instance, &key));
    let settings = of_node.unwrap_or_else(|| Ok(E::settings(&lens, &instance)))?;
    let view = serde_json::to_value(E::view(&lens, &instance, None)).map_err(ApiError::internal)?;
    Ok((instance, settings, view))
}

/// The schema of what is typed for a setting; of a choice that stands for another value there is none.
fn asked_of(setting: &Setting) -> Value {
    match setting.form {
        Form::Text | Form::Number => setting.schema.clone(),
        Form::Truth | Form::FieldOfRecord => Value::Null,
    }
}

/// The name of a setting in the form.
fn name_of(index: usize) -> String {
    format!("s{index}")
}

/// Why a form was not kept.
enum Wrong {
    /// What is wrong with some of its fields, by their places.
    Fields(Vec<(usize, String)>),
    /// What is wrong with the whole.
    Whole(ApiError),
}

/// The page with what an instance has, or with what was given and is wrong.
fn page<E: Kind>(
    cx: &Cx,
    call: &Call,
    instance: &E,
    settings: &[Setting],
    view: &Value,
    wrong: Option<(&Wrong, &Query)>,
) -> Result<Reply, ApiError> {
    let fields = settings.iter().enumerate().map(|(index, setting)| {
        let name = name_of(index);
        let shown = setting.shown(view);
        let is_kept = setting.is_secret() && setting.has_value(view);
        let value = match wrong {
            Some((_, given)) => given.text(&name).unwrap_or_default(),
            None => shown.clone(),
        };
        let required = setting.is_required && !is_kept || setting.form == Form::Truth && setting.path.is_empty();
        let problem = wrong.and_then(|(wrong, _)| match wrong {
            Wrong::Fields(all) => all.iter().find(|(at, _)| *at == index).map(|(_, says)| says.clone()),
            Wrong::Whole(_) => None,
        });
        Field {
            label: setting.label.clone(),
            hint: setting.hint.clone(),
            required,
            secret: setting.is_secret(),
            rules: words::rules_as_text(&asked_of(setting), &setting.label, required),
            again: setting.is_secret() && !value.is_empty(),
            problem,
            choices: setting.offered(&shown),
            value: if setting.is_secret() { String::new() } else { value },
            name,
        }
    });
    let page = SettingsPage {
        theme: theme_of(&call.query()),
        noun: E::NOUN,
        name: &instance.meta().name,
        fields: fields.collect(),
        leading: settings.iter().position(|setting| setting.leads).map(name_of),
        problem: wrong.and_then(|(wrong, _)| match wrong {
            Wrong::Fields(_) => None,
            Wrong::Whole(error) => Some(in_full(&error.message)),
        }),
        trail: trail_of(cx, instance),
        is_saved: false,
    };
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(Reply::html(status, screens::html(&page)?))
}

/// `GET /embed/<kind>-instances/{instance}/{page}`, any token: answers the page of an instance; 404 when there is none.
pub(crate) async fn show<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (instance, settings, view) = opened::<E>(&cx, &call).await?;
    if settings.is_empty() {
        return plain(&call, trail_of(&cx, &*instance));
    }
    page(&cx, &call, &*instance, &settings, &view, None)
}

/// What a form has of the setting at this place.
fn typed(given: &Query, index: usize) -> String {
    given.text(&name_of(index)).unwrap_or_default()
}

/// The setting that leads, with its place, where a form has another value of it.
fn led<'a>(settings: &'a [Setting], view: &Value, given: &Query) -> Option<(usize, &'a Setting)> {
    let mut all = settings.iter().enumerate();
    all.find(|(index, setting)| setting.leads && typed(given, *index) != setting.shown(view))
}

/// The change that a form asks for. With another value of the setting that leads, nothing else of the form counts, and what
/// the others had is gone. Fails with every value that is missing or wrong.
fn change_of(settings: &[Setting], view: &Value, given: &Query) -> Result<Map<String, Value>, Wrong> {
    let mut body = Map::new();
    if let Some((index, leading)) = led(settings, view, given) {
        body.extend(settings.iter().map(|setting| (setting.field.to_owned(), Value::Null)));
        leading.write(&mut body, view, &typed(given, index)).map_err(Wrong::Whole)?;
        return Ok(body);
    }
    let mut wrong = Vec::new();
    for (index, setting) in settings.iter().enumerate() {
        let text = typed(given, index);
        let is_needed = setting.is_required && !(setting.is_secret() && setting.has_value(view));
        let complaint = if text.is_empty() && is_needed {
            words::complaint(&setting.schema, &setting.label, true, &text)
        } else if text == setting.shown(view) {
            None
        } else {
            let complaint = words::complaint(&asked_of(setting), &setting.label, false, &text);
            complaint.or_else(|| setting.write(&mut body, view, &text).err().map(|error| error.message.clone()))
        };
        wrong.extend(complaint.map(|says| (index, in_full(&says))));
    }
    if wrong.is_empty() { Ok(body) } else { Err(Wrong::Fields(wrong)) }
}

/// The way to what the instance's connection has done.
fn trail_of<E: Kind>(cx: &Cx, instance: &E) -> Trail {
    match &instance.place().connection {
        Some(connection) => Trail::connection(&cx.space.key, connection.as_str()),
        None => Trail::runs(&cx.space.key),
    }
}

/// `POST /embed/<kind>-instances/{instance}/{page}`, any token: keeps what the form has and answers a page that says so, or
/// that asks for what else there is to set by now. A wrong value is shown with what is wrong about it.
pub(crate) async fn save<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (instance, settings, view) = opened::<E>(&cx, &call).await?;
    let given = call.form();
    let kept = async {
        let body = change_of(&settings, &view, &given)?;
        let body: E::Body = serde_json::from_value(Value::Object(body))
            .map_err(|error| Wrong::Whole(ApiError::bad_request(format!("the form is wrong: {error}"))))?;
        E::update(&cx, &by_id(&*instance), body, Change::Merge).await.map_err(Wrong::Whole)
    };
    if let Err(error) = kept.await {
        return page(&cx, &call, &*instance, &settings, &view, Some((&error, &given)));
    }
    if led(&settings, &view, &given).is_some() {
        let (instance, settings, view) = opened::<E>(&cx, &call).await?;
        if settings.len() > 1 {
            return page(&cx, &call, &*instance, &settings, &view, None);
        }
    }
    let page = SettingsPage {
        theme: theme_of(&call.query()),
        noun: E::NOUN,
        name: &instance.meta().name,
        fields: Vec::new(),
        leading: None,
        problem: None,
        trail: trail_of(&cx, &*instance),
        is_saved: true,
    };
    Ok(Reply::html(StatusCode::OK, screens::html(&page)?))
}

//! The page on which a person sets what an instance lets be set, in the client's frame or in a window of its own. Source: SDK
//! (`openConfiguration`, `openEditor`, `embedEditor`); what it shows is our choice.
//!
//! Invariant: what was set is kept by the same rules as a call that changes the instance, and a wrong value changes nothing.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value};

use crate::base::error::ApiError;
use crate::call::{Call, Query, Reply};
use crate::elements::routes::instance_selector;
use crate::elements::settings::{Form, Setting};
use crate::elements::{self, Change, Kind, by_id};
use crate::engine::Cx;
use crate::nouns::hosted_page::routes::embed::plain;
use crate::nouns::hosted_page::routes::theme_of;
use crate::pages as screens;
use crate::pages::{Field, SettingsPage};

/// The instance that the address names, with what may be set of it and how it is answered.
async fn opened<E: Kind>(cx: &Cx, call: &Call) -> Result<(Arc<E>, Vec<Setting>, Value), ApiError> {
    let instance = elements::instance::<E>(cx, &instance_selector::<E>(call)?).await?;
    let world = cx.world();
    cx.directory(&world).check_in_service(&*instance)?;
    let lens = cx.view(&world);
    let settings = E::settings(&lens, &instance);
    let view = serde_json::to_value(E::view(&lens, &instance, None)).map_err(ApiError::internal)?;
    Ok((instance, settings, view))
}

/// The name of a setting in the form.
fn name_of(index: usize) -> String {
    format!("s{index}")
}

/// The page with what an instance has, or with what was given and is wrong.
fn page<E: Kind>(
    call: &Call,
    instance: &E,
    settings: &[Setting],
    view: &Value,
    wrong: Option<(&ApiError, &Query)>,
) -> Result<Reply, ApiError> {
    let fields = settings.iter().enumerate().map(|(index, setting)| {
        let name = name_of(index);
        let shown = setting.shown(view);
        let is_kept = setting.is_secret() && setting.has_value(view);
        let value = match wrong {
            Some((_, given)) => given.text(&name).unwrap_or_default(),
            None => shown.clone(),
        };
        Field {
            label: setting.label.clone(),
            hint: setting.hint.clone(),
            required: setting.is_required && !is_kept || setting.form == Form::Truth && setting.member.is_none(),
            secret: setting.is_secret(),
            choices: setting.offered(&shown),
            value,
            name,
        }
    });
    let page = SettingsPage {
        theme: theme_of(&call.query()),
        noun: E::NOUN,
        name: &instance.meta().name,
        fields: fields.collect(),
        problem: wrong.map(|(error, _)| error.message.as_str()),
        is_saved: false,
    };
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(Reply::html(status, screens::html(&page)?))
}

/// `GET /embed/<kind>-instances/{instance}/{page}`, any token: answers the page of an instance; 404 when there is none.
pub(crate) async fn show<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (instance, settings, view) = opened::<E>(&cx, &call).await?;
    if settings.is_empty() { plain(&call) } else { page(&call, &*instance, &settings, &view, None) }
}

/// `POST /embed/<kind>-instances/{instance}/{page}`, any token: keeps what the form has and answers a page that says so. A
/// wrong value is shown with what is wrong about it.
pub(crate) async fn save<E: Kind>(call: Call) -> Result<Reply, ApiError> {
    let cx = call.cx()?;
    let (instance, settings, view) = opened::<E>(&cx, &call).await?;
    let given = call.form();
    let kept = async {
        let mut body = Map::new();
        for (index, setting) in settings.iter().enumerate() {
            let text = given.text(&name_of(index)).unwrap_or_default();
            if text.is_empty() && setting.is_required && !(setting.is_secret() && setting.has_value(&view)) {
                return Err(ApiError::bad_request(format!("“{}” is needed", setting.label)));
            }
            if text != setting.shown(&view) {
                setting.write(&mut body, &view, &text)?;
            }
        }
        let body: E::Body = serde_json::from_value(Value::Object(body))
            .map_err(|error| ApiError::bad_request(format!("the form is wrong: {error}")))?;
        E::update(&cx, &by_id(&*instance), body, Change::Merge).await
    };
    if let Err(error) = kept.await {
        return page(&call, &*instance, &settings, &view, Some((&error, &given)));
    }
    let page = SettingsPage {
        theme: theme_of(&call.query()),
        noun: E::NOUN,
        name: &instance.meta().name,
        fields: Vec::new(),
        problem: None,
        is_saved: true,
    };
    Ok(Reply::html(StatusCode::OK, screens::html(&page)?))
}

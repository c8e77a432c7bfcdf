//! What a route takes and answers, as the types of its handler: they are read before the handler begins, and the OpenAPI
//! document shows the same types.
//!
//! Invariant: a query field or a body that the types do not have is refused before anything happens.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use http::Method;
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::base::error::{ApiError, nearest};
use crate::base::json::names::fields_of;
use crate::call::router::{Access, Route, route};
use crate::call::{Call, Reply};

/// Gives a type's JSON Schema, and names it in the document where it has a name.
pub type ShapeOf = fn(&mut SchemaGenerator) -> Schema;

/// A body, as the document shows it.
#[derive(Debug, Clone, Copy)]
pub struct BodyShape {
    pub shape: ShapeOf,
    /// The content types that are read.
    pub kinds: &'static [&'static str],
}

/// An answer, as the document shows it.
#[derive(Debug, Clone, Copy)]
pub enum AnswerShape {
    /// A 200 with JSON.
    Json(ShapeOf),
    /// A 200 with JSON, or a 204 where there is nothing left to show.
    JsonOrNothing(ShapeOf),
    /// A 204.
    Nothing,
    /// A 200 of another content type.
    Other(&'static str),
}

/// What a route takes and answers.
#[derive(Debug, Clone, Copy)]
pub struct Contract {
    /// What a function is called that does it, such as `advanceClock`.
    pub name: &'static str,
    /// A sentence that says what it does.
    pub says: &'static str,
    pub query: Option<ShapeOf>,
    pub body: Option<BodyShape>,
    /// A body that makes sense, as JSON.
    pub example: Option<&'static str>,
    pub answer: AnswerShape,
}

/// Something that a handler is given of its call.
pub trait Argument: Sized + Send {
    /// The fields that the query may have.
    fn query_fields() -> &'static [&'static str] {
        &[]
    }
    /// The query as the document shows it.
    const QUERY: Option<ShapeOf> = None;
    /// The body as the document shows it.
    const BODY: Option<BodyShape> = None;

    /// Reads it. Fails with 400 where the call lacks something or says something wrong.
    fn read(call: &Call) -> Result<Self, ApiError>;
}

/// The query as a struct whose fields are texts, numbers or names.
#[derive(Debug)]
pub struct QueryOf<T>(pub T);

impl<T: DeserializeOwned + JsonSchema + Send> Argument for QueryOf<T> {
    fn query_fields() -> &'static [&'static str] {
        fields_of::<T>()
    }

    // The fields stand in the document one by one, so the struct is not named there.
    const QUERY: Option<ShapeOf> = Some(|generator| T::json_schema(generator));

    fn read(call: &Call) -> Result<Self, ApiError> {
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(call.raw_query.as_bytes()));
        let read = serde_path_to_error::deserialize(pairs).map_err(|error| {
            let (field, said) = (error.path().to_string(), error.inner().to_string());
            let value = form_urlencoded::parse(call.raw_query.as_bytes()).find(|(name, _)| *name == field);
            let value = value.map(|(_, value)| value.into_owned()).unwrap_or_default();
            // The reader of numbers does not say what it wants.
            let of_numbers = ["invalid digit", "number too", "cannot parse integer"];
            let is_number = of_numbers.iter().any(|start| said.starts_with(start));
            let said = if is_number { "it is a whole number" } else { &said };
            ApiError::bad_request(format!("the query field `{field}` is `{value}`: {said}"))
                .with_data(json!({ "field": field }))
        });
        read.map(Self)
    }
}

/// The body as JSON; an empty one is an object without fields.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + JsonSchema + Send> Argument for JsonBody<T> {
    const BODY: Option<BodyShape> =
        Some(BodyShape { shape: SchemaGenerator::subschema_for::<T>, kinds: &["application/json"] });

    fn read(call: &Call) -> Result<Self, ApiError> {
        call.json().map(Self)
    }
}

/// The body as a text of YAML or JSON, which the handler reads.
#[derive(Debug)]
pub struct TextBody<T>(pub String, pub std::marker::PhantomData<fn() -> T>);

impl<T: JsonSchema> Argument for TextBody<T> {
    const BODY: Option<BodyShape> = Some(BodyShape {
        shape: SchemaGenerator::subschema_for::<T>,
        kinds: &["application/json", "application/yaml"],
    });

    fn read(call: &Call) -> Result<Self, ApiError> {
        let text = std::str::from_utf8(&call.body).map_err(|_| ApiError::bad_request("the body is not UTF-8"))?;
        Ok(Self(text.to_owned(), std::marker::PhantomData))
    }
}

/// What a handler answers.
pub trait Answer: Send {
    /// The answer as the document shows it.
    const SHAPE: AnswerShape;

    /// Makes the reply.
    fn reply(self) -> Result<Reply, ApiError>;
}

/// A value as JSON.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize + JsonSchema + Send> Answer for Json<T> {
    const SHAPE: AnswerShape = AnswerShape::Json(SchemaGenerator::subschema_for::<T>);

    fn reply(self) -> Result<Reply, ApiError> {
        Reply::json(&self.0)
    }
}

/// A reply that has been written already, of a value of this type.
#[derive(Debug)]
pub struct JsonReply<T>(pub Reply, pub std::marker::PhantomData<fn() -> T>);

impl<T> From<Reply> for JsonReply<T> {
    fn from(reply: Reply) -> Self {
        Self(reply, std::marker::PhantomData)
    }
}

impl<T: JsonSchema> Answer for JsonReply<T> {
    const SHAPE: AnswerShape = AnswerShape::Json(SchemaGenerator::subschema_for::<T>);

    fn reply(self) -> Result<Reply, ApiError> {
        Ok(self.0)
    }
}

/// The same, or nothing where there is nothing left to show.
#[derive(Debug)]
pub struct JsonOrNothing<T>(pub Option<JsonReply<T>>);

impl<T: JsonSchema> Answer for JsonOrNothing<T> {
    const SHAPE: AnswerShape = AnswerShape::JsonOrNothing(SchemaGenerator::subschema_for::<T>);

    fn reply(self) -> Result<Reply, ApiError> {
        self.0.map_or_else(|| Ok(Reply::empty()), |shown| Ok(shown.0))
    }
}

/// Nothing: a 204.
#[derive(Debug)]
pub struct Done;

impl Answer for Done {
    const SHAPE: AnswerShape = AnswerShape::Nothing;

    fn reply(self) -> Result<Reply, ApiError> {
        Ok(Reply::empty())
    }
}

/// A stream of server-sent events.
#[derive(Debug)]
pub struct Events(pub Reply);

impl Answer for Events {
    const SHAPE: AnswerShape = AnswerShape::Other("text/event-stream");

    fn reply(self) -> Result<Reply, ApiError> {
        Ok(self.0)
    }
}

/// A text for other programs.
#[derive(Debug)]
pub struct Text(pub Reply);

impl Answer for Text {
    const SHAPE: AnswerShape = AnswerShape::Other("application/openmetrics-text");

    fn reply(self) -> Result<Reply, ApiError> {
        Ok(self.0)
    }
}

/// A handler that says by its types what it takes and answers; `Taken` is what it takes beside the call.
pub trait Typed<Taken>: Send + Sync + 'static {
    /// What it answers.
    type Answer: Answer;

    /// The query fields, the query and the body that it takes.
    fn takes() -> (&'static [&'static str], Option<ShapeOf>, Option<BodyShape>);

    /// Reads what it takes, and answers.
    fn answer(&self, call: Call) -> BoxFuture<'static, Result<Self::Answer, ApiError>>;
}

impl<F, R, A> Typed<()> for F
where
    F: Fn(Call) -> R + Send + Sync + 'static,
    R: Future<Output = Result<A, ApiError>> + Send + 'static,
    A: Answer + 'static,
{
    type Answer = A;

    fn takes() -> (&'static [&'static str], Option<ShapeOf>, Option<BodyShape>) {
        (&[], None, None)
    }

    fn answer(&self, call: Call) -> BoxFuture<'static, Result<A, ApiError>> {
        Box::pin(self(call))
    }
}

impl<F, R, A, T> Typed<(T,)> for F
where
    F: Fn(Call, T) -> R + Send + Sync + 'static,
    R: Future<Output = Result<A, ApiError>> + Send + 'static,
    A: Answer + 'static,
    T: Argument + 'static,
{
    type Answer = A;

    fn takes() -> (&'static [&'static str], Option<ShapeOf>, Option<BodyShape>) {
        (T::query_fields(), T::QUERY, T::BODY)
    }

    fn answer(&self, call: Call) -> BoxFuture<'static, Result<A, ApiError>> {
        match T::read(&call) {
            Ok(taken) => Box::pin(self(call, taken)),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

impl<F, R, A, Q, B> Typed<(Q, B)> for F
where
    F: Fn(Call, Q, B) -> R + Send + Sync + 'static,
    R: Future<Output = Result<A, ApiError>> + Send + 'static,
    A: Answer + 'static,
    Q: Argument + 'static,
    B: Argument + 'static,
{
    type Answer = A;

    fn takes() -> (&'static [&'static str], Option<ShapeOf>, Option<BodyShape>) {
        (Q::query_fields(), Q::QUERY, B::BODY)
    }

    fn answer(&self, call: Call) -> BoxFuture<'static, Result<A, ApiError>> {
        match Q::read(&call).and_then(|query| Ok((query, B::read(&call)?))) {
            Ok((query, body)) => Box::pin(self(call, query, body)),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

/// Makes a route of a handler that says by its types what it takes and answers. `name` is that of a function which does the
/// same in a client, and `says` a sentence about what it does.
pub fn typed<Taken, H: Typed<Taken>>(
    name: &'static str,
    method: Method,
    path: impl Into<String>,
    access: Access,
    source: &'static str,
    says: &'static str,
    handler: H,
) -> Route {
    let handler = Arc::new(handler);
    let (known, query, body) = H::takes();
    let takes_no_body = body.is_none() && method != Method::GET;
    let strict = move |call: Call| {
        let handler = Arc::clone(&handler);
        async move {
            check_query(&call, known)?;
            if takes_no_body {
                check_no_body(&call)?;
            }
            handler.answer(call).await?.reply()
        }
    };
    let contract = Contract { name, says, query, body, example: None, answer: H::Answer::SHAPE };
    route(Some(method), path, access, source, strict).contract(contract)
}

/// Refuses a body where there is nothing to say, before anything happens.
fn check_no_body(call: &Call) -> Result<(), ApiError> {
    let elsewhere = "it takes no body, and what it takes stands in its path and query";
    match call.any_json()? {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Object(fields)) => fields.keys().next().map_or(Ok(()), |name| {
            let why = format!("the field `{name}` is unknown; {elsewhere}");
            Err(ApiError::bad_request(why).with_data(json!({ "field": name })))
        }),
        Some(_) => Err(ApiError::bad_request(elsewhere)),
    }
}

/// Refuses a query field that is not among the known ones, and one that is there twice.
pub fn check_query(call: &Call, known: &[&str]) -> Result<(), ApiError> {
    let mut seen = std::collections::BTreeSet::new();
    for (name, _) in form_urlencoded::parse(call.raw_query.as_bytes()) {
        let wrong = |why: String| Err(ApiError::bad_request(why).with_data(json!({ "field": name })));
        if !known.contains(&name.as_ref()) {
            let hint = match nearest(&name, known.iter().copied()) {
                Some(near) => format!("; did you mean `{near}`?"),
                None if known.is_empty() => "; it takes no query".to_owned(),
                None => format!("; there are `{}`", known.join("`, `")),
            };
            return wrong(format!("the query field `{name}` is unknown{hint}"));
        }
        if !seen.insert(name.clone()) {
            return wrong(format!("the query field `{name}` is there twice"));
        }
    }
    Ok(())
}

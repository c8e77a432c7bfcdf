//! This module describes a failed call as plain data; every layer returns it, and the HTTP edge writes it out.
//!
//! Invariant: every failure that reaches a client is an [`ApiError`]; its HTTP status is derived from it in one place
//! ([`ApiError::status`]), never chosen by a handler.

use std::ops::{Deref, DerefMut};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The engine's error families. Clients choose their error class by this field alone.
///
/// Source: SDK `ErrorType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorType {
    /// The call was wrong, unauthenticated, refused or about something that does not exist.
    BadRequest,
    /// The connection to the external app does not work.
    Connection,
    /// An element is configured in a way that cannot run.
    Configuration,
    /// An element that another one depends on is missing.
    DependencyError,
    /// A flow run failed, or a call to it cannot be carried out.
    FlowRun,
    /// A flow instance could not be set up.
    FlowInstanceSetup,
    /// A lock could not be obtained in time, or something else changed the element meanwhile.
    Concurrency,
    /// The fake itself failed, or does not fake what was asked.
    Internal,
    /// The external app refused, or an action failed.
    ActionRun,
    /// An action instance could not be set up.
    ActionInstanceSetup,
    /// A single node of a flow failed.
    UnitRun,
    /// A JavaScript snippet threw an error, ran over a limit or could not be read.
    CustomCode,
    /// The workspace is out of credits.
    InsufficientCredit,
    /// The platform's agent has no model gateway (`OpenRouter`) configured.
    OpenrouterNotConfigured,
}

/// The key tells apart the errors of one family; the list is closed. Source: SDK `BadRequestErrorKey`,
/// `ConnectionErrorKey`, `ConcurrencyErrorKey`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKey {
    /// The thing asked for does not exist; the status is 404.
    NotFound,
    /// The call carries no valid token; the status is 401.
    NotAuthenticated,
    /// The caller may not do this; the status is 403.
    AccessDenied,
    /// Another element has this key already; the status is 400.
    AlreadyExists,
    /// The caller has made too many calls; the status is 429.
    RateLimitExceeded,
    /// The connection can never work again without its user.
    ConnectionIsDefunct,
    /// The connection's credentials no longer work.
    AccessTokenExpired,
    /// A lock could not be obtained in time.
    LockTimeout,
}

/// The code stands beside `type` and `key` for failures that a client can repair. Source: SEED (“Troubleshooting”).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The connection has lost its credentials, and its user must reconnect it.
    ConnectionDisconnected,
}

/// The error envelope is the JSON body of every failed call: `{type, key?, code?, message, data?,
/// causedByError?, logs?, stack?, actionRunId?}`.
///
/// Source: DOC:reference/overview/errors; `code` and `actionRunId` from SEED.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Error")]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The error's family; official clients choose their error class by it.
    #[serde(rename = "type")]
    pub kind: ErrorType,
    /// The key tells apart the errors of one family; it is absent when the family has no more specific one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<ErrorKey>,
    /// The code names a failure that a client can repair, such as `CONNECTION_DISCONNECTED`; mostly absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<ErrorCode>,
    /// The message tells people what was asked, what is wrong and what would work.
    pub message: String,
    /// Details for programs, mostly an object; absent when there are none. In an answer of the faked API they have `see`, the address
    /// in the dashboard of the run or call that failed (our choice: message and fields stay the platform's own).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data: Option<Value>,
    /// The error that caused this one, in the same form; absent when nothing did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub caused_by_error: Option<ApiError>,
    /// The console lines `{level, message}` that a snippet wrote before it failed; absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub logs: Vec<Value>,
    /// The stack of a snippet's error, as text; absent for other errors.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stack: Option<String>,
    /// The id of the run log of the action run that ended with this error; absent when no run did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action_run_id: Option<String>,
    /// Set to a status that family and key do not imply (405, 413, 501); it is not part of the JSON.
    #[serde(skip)]
    pub status_override: Option<u16>,
}

/// An error as it reaches the caller.
// It is an envelope in a box, because most results are not an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error, JsonSchema)]
#[serde(transparent)]
#[error("{}", .0.message)]
pub struct ApiError(Box<Envelope>);

impl Deref for ApiError {
    type Target = Envelope;

    fn deref(&self) -> &Envelope {
        &self.0
    }
}

impl DerefMut for ApiError {
    fn deref_mut(&mut self) -> &mut Envelope {
        &mut self.0
    }
}

impl ApiError {
    /// Makes any error, for faults, which may be any. Other callers use the constructors below.
    pub fn of(kind: ErrorType, key: Option<ErrorKey>, message: impl Into<String>) -> Self {
        Self::new(kind, key, message)
    }

    fn new(kind: ErrorType, key: Option<ErrorKey>, message: impl Into<String>) -> Self {
        Self(Box::new(Envelope {
            kind,
            key,
            code: None,
            message: message.into(),
            data: None,
            caused_by_error: None,
            logs: Vec::new(),
            stack: None,
            action_run_id: None,
            status_override: None,
        }))
    }

    /// Makes a 400: the call cannot be carried out as sent.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, None, message)
    }

    /// Makes a 404 with key `not_found`.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, Some(ErrorKey::NotFound), message)
    }

    /// Makes a 401 with key `not_authenticated`.
    pub fn not_authenticated(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, Some(ErrorKey::NotAuthenticated), message)
    }

    /// Makes a 403 with key `access_denied`.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, Some(ErrorKey::AccessDenied), message)
    }

    /// Makes a 400 with key `already_exists`.
    pub fn already_exists(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, Some(ErrorKey::AlreadyExists), message)
    }

    /// Makes a 429 with key `rate_limit_exceeded`.
    pub fn rate_limited(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, Some(ErrorKey::RateLimitExceeded), message)
    }

    /// Makes a 400 of the family `flow_run`.
    pub fn flow_run(message: impl Into<String>) -> Self {
        Self::of(ErrorType::FlowRun, None, message)
    }

    /// Makes a 400: an action failed for a reason of its own or of the external app.
    pub fn action_run(message: impl Into<String>) -> Self {
        Self::new(ErrorType::ActionRun, None, message)
    }

    /// Makes a 400: an element cannot run as configured.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorType::Configuration, None, message)
    }

    /// Makes a 400: a JavaScript snippet failed.
    pub fn custom_code(message: impl Into<String>) -> Self {
        Self::new(ErrorType::CustomCode, None, message)
    }

    /// Makes a 400: something else changed meanwhile, and the same call may succeed later.
    pub fn concurrency(message: impl Into<String>) -> Self {
        Self::new(ErrorType::Concurrency, None, message)
    }

    /// Makes a 400: the connection cannot be used, for the reason that `key` names.
    pub fn connection(key: ErrorKey, message: impl Into<String>) -> Self {
        Self::new(ErrorType::Connection, Some(key), message)
    }

    /// Makes a 500 for a failure of the fake's own; the message names the fake so that nobody blames the platform.
    pub fn internal(message: impl std::fmt::Display) -> Self {
        Self::new(ErrorType::Internal, None, format!("membrane-mock failed: {message}"))
    }

    /// Makes a 501 for what the platform does and the fake does not. Source: our choice: the message names the fake.
    pub fn not_faked(what: impl std::fmt::Display) -> Self {
        Self::new(ErrorType::Internal, None, format!("membrane-mock does not fake {what}")).with_status(501)
    }

    /// Replaces the status that family and key imply, as for a 405.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status_override = Some(status);
        self
    }

    /// Sets [`Envelope::data`], the details for programs.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    #[must_use]
    pub fn with_code(mut self, code: ErrorCode) -> Self {
        self.code = Some(code);
        self
    }

    /// Sets the error that caused this one.
    #[must_use]
    pub fn caused_by(mut self, cause: ApiError) -> Self {
        self.caused_by_error = Some(cause);
        self
    }

    /// Names the run at the top level and inside `data` (`docs/behaviour.md#log-error-place`).
    #[must_use]
    pub fn in_run(mut self, run_id: &str) -> Self {
        self.action_run_id = Some(run_id.to_owned());
        self.with_detail("actionRunId", run_id)
    }

    /// Says where the dashboard shows what ended with this error (`docs/behaviour.md#error-see`).
    #[must_use]
    pub fn shown_at(self, address: &str) -> Self {
        self.with_detail("see", address)
    }

    /// Adds a field to the details. Those of a fault may be anything, and then stay as they are.
    fn with_detail(mut self, name: &str, value: &str) -> Self {
        match &mut self.data {
            Some(Value::Object(data)) => {
                data.insert(name.to_owned(), json!(value));
            }
            Some(_) => {}
            none => *none = Some(json!({ name: value })),
        }
        self
    }

    /// Returns the HTTP status that family and key imply, or the one
    /// set instead. Source: DOC:reference/overview/errors.
    pub fn status(&self) -> u16 {
        if let Some(status) = self.status_override {
            return status;
        }
        match (self.kind, self.key) {
            (ErrorType::BadRequest, Some(ErrorKey::NotAuthenticated)) => 401,
            (ErrorType::BadRequest, Some(ErrorKey::AccessDenied)) => 403,
            (ErrorType::BadRequest, Some(ErrorKey::NotFound)) => 404,
            (ErrorType::BadRequest, Some(ErrorKey::RateLimitExceeded)) => 429,
            (ErrorType::Internal, _) => 500,
            (
                ErrorType::BadRequest
                | ErrorType::Connection
                | ErrorType::Configuration
                | ErrorType::DependencyError
                | ErrorType::FlowRun
                | ErrorType::FlowInstanceSetup
                | ErrorType::Concurrency
                | ErrorType::ActionRun
                | ErrorType::ActionInstanceSetup
                | ErrorType::UnitRun
                | ErrorType::CustomCode
                | ErrorType::InsufficientCredit
                | ErrorType::OpenrouterNotConfigured,
                _,
            ) => 400,
        }
    }
}

/// Returns the one of `known` that is spelled most like `asked`, for messages that suggest it; nothing when
/// none is close. Source: our choice.
pub fn nearest<'a>(asked: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Comparing costs the product of both lengths, and nobody misspells that much.
    if asked.len() > 200 {
        return None;
    }
    known
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(asked, candidate), candidate))
        .filter(|(score, _)| *score > 0.4)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

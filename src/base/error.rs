//! What a caller is told when a call fails, as plain data.
//!
//! Invariant: every failure that reaches a client is an [`ApiError`]; its HTTP status is derived from it in one
//! place ([`ApiError::status`]), never chosen by a handler.

use std::ops::{Deref, DerefMut};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The engine's error families. Clients map errors by this field alone.
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
    /// A flow run failed.
    FlowRun,
    /// A flow instance could not be set up.
    FlowInstanceSetup,
    /// A lock could not be had in time.
    Concurrency,
    /// The fake itself failed, or does not fake what was asked.
    Internal,
    /// The external app refused, or an action failed.
    ActionRun,
    /// An action instance could not be set up.
    ActionInstanceSetup,
    /// A unit of a flow failed.
    UnitRun,
    /// A JavaScript snippet failed.
    CustomCode,
    /// The workspace is out of credits.
    InsufficientCredit,
    /// No model gateway is configured.
    OpenrouterNotConfigured,
}

/// The closed list of error keys. Source: SDK `BadRequestErrorKey`, `ConnectionErrorKey`, `ConcurrencyErrorKey`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKey {
    /// 404.
    NotFound,
    /// 401.
    NotAuthenticated,
    /// 403.
    AccessDenied,
    /// 400: a key is taken.
    AlreadyExists,
    /// 429.
    RateLimitExceeded,
    /// The connection can never work again without its user.
    ConnectionIsDefunct,
    /// The connection's credentials no longer work.
    AccessTokenExpired,
    /// A lock was not had in time.
    LockTimeout,
}

/// Codes beside `type` and `key`. Source: SEED (“Troubleshooting”).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The connection lost its credentials: reconnect it.
    ConnectionDisconnected,
}

/// The error envelope `{type, key?, code?, message, data?, causedByError?, logs?, stack?, actionRunId?}`.
///
/// Source: DOC:reference/overview/errors; `code` and `actionRunId` from SEED.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Error")]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Family.
    #[serde(rename = "type")]
    pub kind: ErrorType,
    /// Key within the family.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<ErrorKey>,
    /// SEED's code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<ErrorCode>,
    /// What was asked, what is wrong, what would work.
    pub message: String,
    /// Facts for programs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub data: Option<Value>,
    /// The error below this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub caused_by_error: Option<ApiError>,
    /// Console lines of a snippet.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub logs: Vec<Value>,
    /// Stack of a snippet.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stack: Option<String>,
    /// The run this error ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action_run_id: Option<String>,
    /// A status that the family and key do not imply (405, 413, 501).
    #[serde(skip)]
    pub status_override: Option<u16>,
}

/// An error as it reaches the caller: an [`Envelope`], boxed because most results are not one.
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
    /// Any error: for faults, which may be any. Everything else has a constructor of its own.
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

    /// 400: the call cannot be carried out as sent.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, None, message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, Some(ErrorKey::NotFound), message)
    }

    /// 401.
    pub fn not_authenticated(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, Some(ErrorKey::NotAuthenticated), message)
    }

    /// 403.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, Some(ErrorKey::AccessDenied), message)
    }

    /// 400 with key `already_exists`.
    pub fn already_exists(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, Some(ErrorKey::AlreadyExists), message)
    }

    /// 429.
    pub fn rate_limited(message: impl Into<String>) -> Self {
        Self::new(ErrorType::BadRequest, Some(ErrorKey::RateLimitExceeded), message)
    }

    /// A flow run failed.
    pub fn flow_run(message: impl Into<String>) -> Self {
        Self::of(ErrorType::FlowRun, None, message)
    }

    /// 400: an action failed for a reason of its own or of the external app.
    pub fn action_run(message: impl Into<String>) -> Self {
        Self::new(ErrorType::ActionRun, None, message)
    }

    /// 400: an element cannot run as configured.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(ErrorType::Configuration, None, message)
    }

    /// 400: a snippet failed.
    pub fn custom_code(message: impl Into<String>) -> Self {
        Self::new(ErrorType::CustomCode, None, message)
    }

    /// 400: something else happened meanwhile; the call can be made again.
    pub fn concurrency(message: impl Into<String>) -> Self {
        Self::new(ErrorType::Concurrency, None, message)
    }

    /// A connection that cannot be used.
    pub fn connection(key: ErrorKey, message: impl Into<String>) -> Self {
        Self::new(ErrorType::Connection, Some(key), message)
    }

    /// 500: a fault of the fake's own; the message names it so that nobody blames the platform.
    pub fn internal(message: impl std::fmt::Display) -> Self {
        Self::new(ErrorType::Internal, None, format!("membrane-mock failed: {message}"))
    }

    /// 501: real on the platform, absent here. Source: our choice: loud, and named.
    pub fn not_faked(what: impl std::fmt::Display) -> Self {
        Self::new(ErrorType::Internal, None, format!("membrane-mock does not fake {what}")).with_status(501)
    }

    /// 405 or another status of the HTTP edge.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status_override = Some(status);
        self
    }

    /// Adds facts for programs.
    #[must_use]
    pub fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// Adds SEED's code.
    #[must_use]
    pub fn with_code(mut self, code: ErrorCode) -> Self {
        self.code = Some(code);
        self
    }

    /// Adds the error below.
    #[must_use]
    pub fn caused_by(mut self, cause: ApiError) -> Self {
        self.caused_by_error = Some(cause);
        self
    }

    /// Names the run at the top level and inside `data` (`docs/behaviour.md#log-error-place`).
    #[must_use]
    pub fn in_run(mut self, run_id: &str) -> Self {
        self.action_run_id = Some(run_id.to_owned());
        match &mut self.data {
            Some(Value::Object(data)) => {
                data.insert("actionRunId".into(), json!(run_id));
            }
            Some(_) => {}
            none => *none = Some(json!({ "actionRunId": run_id })),
        }
        self
    }

    /// The HTTP status. Source: DOC:reference/overview/errors.
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

/// The nearest of `known` to `asked`, for messages that help. Source: our choice.
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

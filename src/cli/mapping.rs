//! This module is `membrane-mock mapping`: the data-mapping language without a server, to try a formula out, or to hold
//! it against the client's own functions.

use std::io::BufRead as _;
use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::error::ApiError;
use crate::cli::output::print;
use crate::mapping::calls;

#[derive(Debug, Args)]
#[command(
    after_help = "Without a formula, standard input has one call a line, by the names of the client's functions:\n\
    {\"call\": \"buildData\", \"arguments\": [{\"$var\": \"$.x\"}, {\"x\": 1}]}\n\
    Each is answered by a line {\"value\": …}, which is {} for undefined, or {\"error\": …}."
)]
pub(super) struct MappingOptions {
    /// Evaluate this formula, as JSON: '{"$var": "$.input.title"}'
    #[arg(value_parser = json_text)]
    formula: Option<Value>,
    /// What `$var` looks into, as JSON
    #[arg(long, default_value = "{}", value_parser = json_text, value_name = "JSON")]
    variables: Value,
}

/// One line of standard input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    call: String,
    #[serde(default)]
    arguments: Vec<Value>,
}

fn json_text(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))
}

pub(super) fn run(options: MappingOptions) -> Result<ExitCode, String> {
    if let Some(formula) = options.formula {
        let value = calls::call("buildData", &[formula, options.variables]).map_err(|error| error.message.clone())?;
        print(&value.map_or_else(|| "undefined".to_owned(), |value| format!("{value:#}")));
        return Ok(ExitCode::SUCCESS);
    }
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| format!("cannot read standard input: {error}"))?;
        let call = serde_json::from_str(&line)
            .map_err(|error| ApiError::bad_request(format!("the line is no {{call, arguments}}: {error}")));
        let answer = match call.and_then(|Call { call, arguments }| calls::call(&call, &arguments)) {
            Ok(Some(value)) => json!({ "value": value }),
            Ok(None) => json!({}),
            Err(error) => json!({ "error": { "type": error.kind, "message": error.message } }),
        };
        print(&answer.to_string());
    }
    Ok(ExitCode::SUCCESS)
}

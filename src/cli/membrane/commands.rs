//! What the commands do: ask a server, and print what it says.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::cli::membrane::Target;
use crate::cli::membrane::shown::{Form, show};
use crate::cli::output::{complain, print};
use crate::client::actions::GetAction;
use crate::client::verbs::{Connect, WhoAmI};
use crate::client::{Answer, Client, Verb, waiting};

/// A verb, and where it is done.
#[derive(Debug, Args)]
pub(in crate::cli) struct With<V: Args> {
    #[command(flatten)]
    pub(in crate::cli) verb: V,
    /// Print the server's answer as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
    #[command(flatten)]
    pub(in crate::cli) target: Target,
}

/// Does what a future says, on this thread.
pub(in crate::cli) fn wait<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| format!("no runtime: {error}"))?.block_on(work)
}

/// Does a verb and prints what the server answers.
pub(super) fn simple<V: Args + Verb>(with: &With<V>, form: Form<'_>) -> Result<ExitCode, String> {
    let client = with.target.client()?;
    let answer = wait(client.ask(&with.verb))?;
    Ok(ended(with.json, &answer, form))
}

/// Prints an answer, and returns the status that the command ends with.
pub(in crate::cli) fn ended(json: bool, answer: &Answer, form: Form<'_>) -> ExitCode {
    if json {
        print(&answer.body.to_string());
    } else if answer.is_success() {
        print(&show(&answer.body, form));
    }
    if answer.is_success() {
        return ExitCode::SUCCESS;
    }
    let run = answer.body.get("actionRunId").and_then(serde_json::Value::as_str);
    let run = run.map_or_else(String::new, |id| format!(" (membrane action-run-log get {id} --details)"));
    complain(&format!("{}{run}", answer.reason()));
    ExitCode::FAILURE
}

/// Whether there is a server that knows the credentials.
pub(super) fn is_known(target: &Target) -> Result<bool, String> {
    let client = target.client()?;
    Ok(wait(client.ask(&WhoAmI)).is_ok_and(|answer| answer.is_success()))
}

/// Says whether the credentials are good for something.
pub(super) fn status(target: &Target, json: bool) -> Result<ExitCode, String> {
    let client = match target.client() {
        Ok(client) => client,
        Err(why) if json => {
            print(&json!({ "loggedIn": false, "reason": why }).to_string());
            return Ok(ExitCode::FAILURE);
        }
        Err(why) => return Err(why),
    };
    let known = wait(client.ask(&WhoAmI));
    let answer = match known {
        Ok(answer) if answer.is_success() => answer,
        other => {
            let why = other.map_or_else(|error| error, |answer| answer.reason());
            if json {
                print(&json!({ "loggedIn": false, "apiUri": client.api(), "reason": why }).to_string());
            } else {
                print(&format!("Not logged in\n{why}"));
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    let text = |name: &str| answer.body.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let (workspace, tenant) = (text("workspaceKey"), text("internalId"));
    print(&if json {
        json!({ "loggedIn": true, "apiUri": client.api(), "workspaceKey": workspace, "tenantKey": tenant }).to_string()
    } else {
        format!("Logged in\nWorkspace  {workspace}\nTenant     {tenant}\nAPI URI    {}", client.api())
    });
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConnectOptions {
    #[command(flatten)]
    pub(super) connect: Connect,
    /// Answer at once with the page to open, instead of waiting for the user
    #[arg(long = "non-interactive")]
    pub(super) non_interactive: bool,
}

/// Connects, and waits until the connection is READY or has failed.
pub(super) fn connect(with: &With<ConnectOptions>) -> Result<ExitCode, String> {
    let client = with.target.client()?;
    let answer = wait(async {
        let begun = client.ask(&with.verb.connect).await?;
        if with.verb.non_interactive {
            return Ok(begun);
        }
        let tell = |page: &str| complain(&format!("open {page} to connect; waiting until that is done"));
        waiting::connection(&client, begun, tell).await
    })?;
    let status = ended(with.json, &answer, Form::Record);
    let state = answer.body.get("state").and_then(serde_json::Value::as_str).unwrap_or_default();
    let is_fine = with.verb.non_interactive || state == "READY";
    if answer.is_success() && !is_fine {
        complain(&format!("the connection is {state}"));
        return Ok(ExitCode::FAILURE);
    }
    Ok(status)
}

/// Reads an action, and waits for it where that is asked for.
pub(super) fn get_action(with: &With<GetAction>) -> Result<ExitCode, String> {
    let client: Client = with.target.client()?;
    let answer = wait(waiting::action(&client, &with.verb))?;
    Ok(ended(with.json, &answer, Form::Record))
}

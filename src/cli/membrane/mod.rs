//! `membrane-mock membrane …`: the platform's own command line, as far as its documents tell of it. It is a client like any other:
//! it signs its tokens with the workspace's secret, and calls whatever address it is told. Source: SEED.
//!
//! `commands.rs` holds the commands, `session.rs` whose credentials they use, `shown.rs` what they print. Called by the name
//! `membrane`, as by a link, the program is this command alone. Invariant: with `--json`, what is printed of a verb's answer is its body.

mod commands;
mod session;
mod shown;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::credentials::{self, CredentialsOptions};
use crate::cli::membrane::commands::{ConnectOptions, connect, get_action, is_known, simple, status};
pub(super) use crate::cli::membrane::commands::{With, ended, wait};
pub(super) use crate::cli::membrane::session::Target;
use crate::cli::membrane::session::{LoginOptions, LogoutOptions};
pub(super) use crate::cli::membrane::shown::Form;
use crate::cli::token::{self, TokenOptions};
use crate::client::actions::{
    Act, CreateAction, DeleteAction, GetAction, GetRunLog, ListActions, ReplaceAction, UpdateAction,
};
use crate::client::verbs::{
    DeleteConnection, GetConnection, ListConnections, ListExternalApps, ListIntegrations, Search,
};

/// What `membrane` can do.
#[derive(Debug, Subcommand)]
pub(super) enum Membrane {
    /// Say whether there is a server that knows the credentials
    Status(With<Nothing>),
    /// Keep credentials for the commands that follow
    Login(LoginOptions),
    /// Forget the credentials that `login` kept
    Logout(LogoutOptions),
    /// Print the workspace's credentials
    Credentials(FromHome<CredentialsOptions>),
    /// Print a token for a client
    Token(FromHome<TokenOptions>),
    /// External apps
    #[command(subcommand)]
    ExternalApp(ExternalApps),
    /// Integrations
    #[command(subcommand)]
    Integration(Integrations),
    /// Connections
    #[command(subcommand)]
    Connection(Connections),
    /// Connect to an app, and wait until the connection is READY
    Connect(Box<With<ConnectOptions>>),
    /// Run an action, a request or a snippet
    Act(Box<With<Act>>),
    /// Actions
    #[command(subcommand)]
    Action(Actions),
    /// Logs of runs
    #[command(subcommand)]
    ActionRunLog(RunLogs),
    /// Find everything that has a name
    Search(With<Search>),
}

/// The options of a command that needs no server.
#[derive(Debug, Args)]
pub(super) struct FromHome<O: Args> {
    #[command(flatten)]
    options: O,
    /// Read what `login` kept in this folder [default: ~/.membrane]
    #[arg(long, env = "MEMBRANE_HOME", value_name = "FOLDER")]
    home: Option<String>,
}

/// A command without options of its own.
#[derive(Debug, Args)]
pub(super) struct Nothing;

#[derive(Debug, Subcommand)]
pub(super) enum ExternalApps {
    /// List external apps
    List(With<ListExternalApps>),
}

#[derive(Debug, Subcommand)]
pub(super) enum Integrations {
    /// List the integrations of the workspace
    List(With<ListIntegrations>),
}

#[derive(Debug, Subcommand)]
pub(super) enum Connections {
    /// List the connections of the tenant
    List(With<ListConnections>),
    /// Read a connection
    Get(With<GetConnection>),
    /// Archive a connection
    Delete(With<DeleteConnection>),
}

#[derive(Debug, Subcommand)]
pub(super) enum Actions {
    /// List actions: of a connection, of an app, or those that every app has
    List(With<ListActions>),
    /// Make an action from words or from a specification
    Create(Box<With<CreateAction>>),
    /// Read an action, and wait for it with --wait
    Get(With<GetAction>),
    /// Change the fields of an action that are given
    Update(With<UpdateAction>),
    /// Replace an action by what is given
    Replace(With<ReplaceAction>),
    /// Archive an action
    Delete(With<DeleteAction>),
}

#[derive(Debug, Subcommand)]
pub(super) enum RunLogs {
    /// Read the log of a run
    Get(With<GetRunLog>),
}

/// Runs a command, and returns its exit status: 1 where the server refuses what is asked. The error is a sentence for the user.
pub(super) fn run(command: Membrane) -> Result<ExitCode, String> {
    match command {
        Membrane::Status(with) => status(&with.target, with.json),
        Membrane::Login(options) => session::login(&options),
        Membrane::Logout(options) => session::logout(&options),
        Membrane::Credentials(of) => credentials::run(&of.options, session::kept(of.home.as_deref())),
        Membrane::Token(of) => token::run(&of.options, session::kept(of.home.as_deref())),
        Membrane::ExternalApp(ExternalApps::List(with)) => simple(&with, Form::List(&["key", "name", "id"])),
        Membrane::Integration(Integrations::List(with)) => {
            simple(&with, Form::List(&["key", "name", "connectorKey", "id"]))
        }
        Membrane::Connection(Connections::List(with)) => simple(&with, Form::List(&["key", "name", "state", "id"])),
        Membrane::Connection(Connections::Get(with)) => simple(&with, Form::Record),
        Membrane::Connection(Connections::Delete(with)) => simple(&with, Form::Record),
        Membrane::Connect(with) => connect(&with),
        Membrane::Act(with) => simple(&with, Form::Run),
        Membrane::Action(Actions::List(with)) => {
            simple(&with, Form::List(&["key", "name", "layer", "integrationKey", "id"]))
        }
        Membrane::Action(Actions::Create(with)) => simple(&with, Form::Record),
        Membrane::Action(Actions::Get(with)) => get_action(&with),
        Membrane::Action(Actions::Update(with)) => simple(&with, Form::Record),
        Membrane::Action(Actions::Replace(with)) => simple(&with, Form::Record),
        Membrane::Action(Actions::Delete(with)) => simple(&with, Form::Record),
        Membrane::ActionRunLog(RunLogs::Get(with)) => simple(&with, Form::Record),
        Membrane::Search(with) => simple(&with, Form::List(&["elementType", "key", "name", "id"])),
    }
}

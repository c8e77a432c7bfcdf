//! The fake's own verbs as commands: `membrane-mock workspace`, `journal`, `poke`, `fault`, `scenario`, `clock`, `snapshot`. Each is
//! a call of the control API, with the manners of [`super::membrane`].

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::cli::membrane::{Form, With, ended, wait};
use crate::client::control::{
    AddFault, AddScenario, AdvanceClock, BreakConnection, ControlVerb, CreateWorkspace, DeleteWorkspace, GetClock,
    GetWorkspace, ListFaults, ListScenarios, ListSnapshots, ListWorkspaces, PokeConnection, ReadHealth, ReadJournal,
    ReadReport, RemoveFault, RemoveSnapshot, RestoreSnapshot, SetClock, SettleClock, StartScenario, StopScenario,
    TakeSnapshot,
};

/// What can be done to the fake.
#[derive(Debug, Subcommand)]
pub(super) enum Mock {
    /// Make, list, read and delete workspaces
    #[command(subcommand)]
    Workspace(Workspaces),
    /// Read what was asked of the workspace, and what it asked of apps
    Journal(Box<With<ReadJournal>>),
    /// Move a connection to another state: break it, or let its user act
    Poke(With<PokeConnection>),
    /// Break a connection as its vendor does
    Break(With<BreakConnection>),
    /// Ask whether the server is ready; the status is 0 when it is
    Health(With<ReadHealth>),
    /// Read what went wrong in calls of the workspace
    Report(With<ReadReport>),
    /// Break calls on cue
    #[command(subcommand)]
    Fault(Faults),
    /// Play stories of things that go wrong
    #[command(subcommand)]
    Scenario(Scenarios),
    /// Read, move and set the workspace's clock
    #[command(subcommand)]
    Clock(Clock),
    /// Keep the workspace as it is, and go back to that
    #[command(subcommand)]
    Snapshot(Snapshots),
}

#[derive(Debug, Subcommand)]
pub(super) enum Workspaces {
    /// List the workspaces of the server
    List(With<ListWorkspaces>),
    /// Make a workspace for a test
    Create(With<CreateWorkspace>),
    /// Read a workspace, with its secret and tokens
    Get(With<GetWorkspace>),
    /// Delete a workspace
    Delete(With<DeleteWorkspace>),
}

#[derive(Debug, Subcommand)]
pub(super) enum Faults {
    /// List the faults, with how often each was met
    List(With<ListFaults>),
    /// Let calls go wrong from now on
    Add(With<AddFault>),
    /// End a fault, or all of them
    Remove(With<RemoveFault>),
}

#[derive(Debug, Subcommand)]
pub(super) enum Scenarios {
    /// List the scenarios
    List(With<ListScenarios>),
    /// Add a scenario, to be started
    Add(With<AddScenario>),
    /// Start a scenario
    Start(With<StartScenario>),
    /// Stop a scenario
    Stop(With<StopScenario>),
}

#[derive(Debug, Subcommand)]
pub(super) enum Clock {
    /// Read the clock
    Get(With<GetClock>),
    /// Move the clock forward, by 1h for instance
    Advance(With<AdvanceClock>),
    /// Let the clock run, or stand still at a moment
    Set(With<SetClock>),
    /// Let everything happen that is due
    Settle(With<SettleClock>),
}

#[derive(Debug, Subcommand)]
pub(super) enum Snapshots {
    /// List the snapshots
    List(With<ListSnapshots>),
    /// Keep the workspace as it is now
    Take(With<TakeSnapshot>),
    /// Take the workspace back to a snapshot
    Restore(With<RestoreSnapshot>),
    /// Forget a snapshot
    Remove(With<RemoveSnapshot>),
}

/// Does a verb and prints what the server answers.
fn done<V: Args + ControlVerb>(with: &With<V>, form: Form<'_>) -> Result<ExitCode, String> {
    let session = with.target.session()?;
    let client = session.client()?;
    let answer = wait(client.send(with.verb.request(&session.workspace)?))?;
    Ok(ended(with.json, &answer, form))
}

/// Runs a command, and returns its exit status. The error is a sentence for the user.
pub(super) fn run(command: Mock) -> Result<ExitCode, String> {
    match command {
        Mock::Workspace(Workspaces::List(with)) => done(&with, Form::List(&["key", "name", "tenantKey"])),
        Mock::Workspace(Workspaces::Create(with)) => done(&with, Form::Record),
        Mock::Workspace(Workspaces::Get(with)) => done(&with, Form::Record),
        Mock::Workspace(Workspaces::Delete(with)) => done(&with, Form::Record),
        Mock::Journal(with) => {
            done(&with, Form::List(&["at", "side", "method", "path", "status", "tenant", "connection", "faults"]))
        }
        Mock::Poke(with) => done(&with, Form::Record),
        Mock::Break(with) => done(&with, Form::Record),
        Mock::Health(with) => done(&with, Form::Record),
        Mock::Report(with) => done(&with, Form::List(&["kind", "says"])),
        Mock::Fault(Faults::List(with)) => done(&with, Form::List(&["id", "name", "on", "fault", "fired"])),
        Mock::Fault(Faults::Add(with)) => done(&with, Form::Record),
        Mock::Fault(Faults::Remove(with)) => done(&with, Form::Record),
        Mock::Scenario(Scenarios::List(with)) => done(&with, Form::List(&["name", "state"])),
        Mock::Scenario(Scenarios::Add(with)) => done(&with, Form::Record),
        Mock::Scenario(Scenarios::Start(with)) => done(&with, Form::Record),
        Mock::Scenario(Scenarios::Stop(with)) => done(&with, Form::Record),
        Mock::Clock(Clock::Get(with)) => done(&with, Form::Record),
        Mock::Clock(Clock::Advance(with)) => done(&with, Form::Record),
        Mock::Clock(Clock::Set(with)) => done(&with, Form::Record),
        Mock::Clock(Clock::Settle(with)) => done(&with, Form::Record),
        Mock::Snapshot(Snapshots::List(with)) => done(&with, Form::List(&["id", "name", "createdAt"])),
        Mock::Snapshot(Snapshots::Take(with)) => done(&with, Form::Record),
        Mock::Snapshot(Snapshots::Restore(with)) => done(&with, Form::Record),
        Mock::Snapshot(Snapshots::Remove(with)) => done(&with, Form::Record),
    }
}

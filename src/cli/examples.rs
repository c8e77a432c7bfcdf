//! Examples in the help of each command, and the completions that shells take.
//!
//! Invariant: every command that people see has an example, and each example is a command line that is read.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::cli::output::print;

/// What an example does, and the arguments after the command.
type Example = (&'static str, &'static [&'static str]);

/// The examples by command, as words. `membrane-mock` itself is the empty one.
const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "",
        &[
            ("the demo, with a line for each call", &[]),
            ("tests with a server of their own", &["exec", "--", "npm", "test"]),
        ],
    ),
    (
        "serve",
        &[
            ("the demo, with a line for each call", &[]),
            ("a folder that was pulled, planted anew when it changes", &["--seed", "./membrane", "--watch"]),
            ("on a free port, for a program that reads one line", &["--port", "0", "--json", "--quiet"]),
            ("the same times and ids at every start", &["--clock", "2026-01-01", "--rng-seed", "1"]),
        ],
    ),
    (
        "exec",
        &[
            ("tests with a server of their own", &["--", "npm", "test"]),
            ("and what went wrong in their calls, as a file", &["--report", "report.json", "--", "pytest"]),
            ("a program that has the platform's address in its source", &["--redirect", "--", "node", "app.mjs"]),
        ],
    ),
    (
        "token",
        &[
            ("a token of the default tenant, for an hour", &[]),
            ("one of a tenant that is about to expire", &["--tenantKey", "acme", "--expiresIn", "30s"]),
            ("a manager's", &["--manager"]),
        ],
    ),
    (
        "credentials",
        &[
            ("as one line of JSON", &["--json"]),
            ("for a shell: eval \"$(membrane-mock credentials --shell)\"", &["--shell"]),
        ],
    ),
    ("workspace", &[("make a workspace for a test", &["create"])]),
    ("workspace list", &[("the workspaces of the server", &[])]),
    (
        "workspace create",
        &[
            ("a copy of the first workspace as it began", &["--key", "test-1"]),
            ("an empty one, in which time stands still", &["--seed", "none", "--clock", "2026-01-01T00:00:00Z"]),
        ],
    ),
    ("workspace get", &[("its secret and tokens", &["test-1", "--json"])]),
    ("workspace delete", &[("with all that is in it", &["test-1"])]),
    (
        "journal",
        &[
            ("what a tenant did not find", &["--tenant", "acme", "--status", "404"]),
            ("what GitHub was asked, as JSON", &["--side", "upstream", "--connector", "github", "--json"]),
        ],
    ),
    (
        "poke",
        &[
            ("the user has to connect again", &["github-dev", "loseCredentials"]),
            ("it is broken for good", &["github-dev", "fail", "--error", "the vendor has closed the account"]),
        ],
    ),
    ("break", &[("the vendor has taken the access back", &["github-dev", "disconnect"])]),
    ("health", &[("wait until the server is ready: until membrane-mock health; do sleep 1; done", &[])]),
    ("report", &[("a sentence for each thing that went wrong", &[])]),
    ("fault", &[("the faults, with how often each was met", &["list"])]),
    ("fault list", &[("the faults, with how often each was met", &[])]),
    (
        "fault add",
        &[
            (
                "GitHub is down for the next three calls",
                &["--on", r#"{"connector": "github"}"#, "--times", "3", "--fault", r#"{"respond": {"status": 503}}"#],
            ),
            (
                "every action run takes two seconds more",
                &["--name", "slow", "--on", r#"{"operation": "act"}"#, "--fault", r#"{"latency": {"ms": 2000}}"#],
            ),
        ],
    ),
    ("fault remove", &[("one of them", &["slow"]), ("all of them", &[])]),
    ("scenario", &[("the stories that come with the program", &["list"])]),
    ("scenario list", &[("the stories that come with the program, and those of the workspace", &[])]),
    (
        "scenario add",
        &[(
            "an outage of a minute",
            &[
                r#"{"name": "blip", "steps": [{"at": {"clock": "+0m"}, "do": [{"fault": {"name": "out", "fault": {"respond": {"status": 503}}}}]}, {"at": {"clock": "+1m"}, "do": [{"removeFault": "out"}]}]}"#,
            ],
        )],
    ),
    (
        "scenario start",
        &[("with a value for one of its parameters", &["webhook-receiver-down", "--parameters", r#"{"minutes": 10}"#])],
    ),
    ("scenario stop", &[("and what it has still to do", &["webhook-receiver-down"])]),
    ("clock", &[("move on by an hour and a half", &["advance", "90m"])]),
    ("clock get", &[("what time it is there", &[])]),
    ("clock advance", &[("by an hour and a half", &["90m"]), ("to a moment", &["--to", "2030-01-01T00:00:00Z"])]),
    ("clock set", &[("let time stand still", &["2026-01-01T00:00:00Z"]), ("let it run again", &["system"])]),
    ("clock settle", &[("until nothing is due any more", &[])]),
    ("snapshot", &[("keep the workspace as it is", &["take"])]),
    ("snapshot list", &[("their ids, names and times", &[])]),
    ("snapshot take", &[("its id, for a script", &["--json"])]),
    ("snapshot restore", &[("back to how it was", &["snapshot-1"])]),
    ("snapshot remove", &[("when nobody goes back to it any more", &["snapshot-1"])]),
    (
        "mcp",
        &[
            ("tools for an agent, with a server of their own", &["--clock", "2026-01-01"]),
            ("tools that act on a server that runs", &["--apiUri", "http://127.0.0.1:6262"]),
        ],
    ),
    (
        "mapping",
        &[("a formula and what it looks into", &[r#"{"$var": "$.title"}"#, "--variables", r#"{"title": "Hello"}"#])],
    ),
    (
        "doctor",
        &[
            ("whether this machine can run tests, and how to mend what is wrong", &[]),
            ("the same for a program", &["--json"]),
        ],
    ),
    ("routes", &[("what of flows is faked", &["flow"]), ("what is not, and why", &["--missing"])]),
    (
        "completions",
        &[
            ("for this shell: source <(membrane-mock completions bash)", &["bash"]),
            ("for fish, in a file of its folder", &["fish"]),
        ],
    ),
    ("membrane", &[("connect to GitHub as the default tenant", &["connect", "--integrationKey", "github"])]),
    ("membrane status", &[("whose credentials are used, and whether they are good", &[])]),
    (
        "membrane login",
        &[("keep those of a workspace", &["--workspaceKey", "acme", "--workspaceSecret", "its-secret"])],
    ),
    ("membrane logout", &[("forget them", &[])]),
    ("membrane credentials", &[("as one line of JSON", &["--json"])]),
    ("membrane token", &[("one of a tenant", &["--tenantKey", "acme"])]),
    ("membrane external-app", &[("apps by name", &["list", "--search", "mail"])]),
    ("membrane external-app list", &[("by name", &["--search", "mail"])]),
    ("membrane integration", &[("those of the workspace", &["list"])]),
    ("membrane integration list", &[("by name, key or description", &["--search", "crm"])]),
    ("membrane connection", &[("those of the tenant, with their states", &["list"])]),
    ("membrane connection list", &[("those to GitHub", &["--integrationKey", "github"])]),
    ("membrane connection get", &[("by key, as JSON", &["github-dev", "--json"])]),
    ("membrane connection delete", &[("by key", &["github-dev"])]),
    (
        "membrane connect",
        &[
            ("print the page to open, and wait until the user is done", &["--integrationKey", "github"]),
            ("connect what is disconnected again", &["--connectionId", "6e109e22396f6c6c6baf305c"]),
        ],
    ),
    (
        "membrane act",
        &[
            (
                "a request to the app",
                &["--connectionKey", "github-dev", "--api", r#"{"method": "GET", "path": "/user"}"#],
            ),
            (
                "an action with an input",
                &[
                    "--connectionKey",
                    "hubspot-prod",
                    "--key",
                    "create-contact",
                    "--input",
                    r#"{"email": "ada@example.com"}"#,
                ],
            ),
            ("a snippet", &["--connectionKey", "github-dev", "--code", "module.exports = () => 6 * 7"]),
        ],
    ),
    ("membrane action", &[("what a connection can run", &["list", "--connectionKey", "github-dev"])]),
    (
        "membrane action list",
        &[("what a connection can run, by words", &["--connectionKey", "github-dev", "--intent", "open an issue"])],
    ),
    (
        "membrane action create",
        &[(
            "one of JavaScript, for GitHub",
            &[
                "--integrationKey",
                "github",
                "--key",
                "double",
                "--type",
                "run-javascript",
                "--config",
                r#"{"code": "module.exports = ({ input }) => 2 * input.n"}"#,
            ],
        )],
    ),
    ("membrane action get", &[("wait until it is built", &["059d953ddcddd91d36e1050d", "--wait"])]),
    (
        "membrane action update",
        &[("its name alone", &["create-issue", "--integrationKey", "github", "--data", r#"{"name": "New issue"}"#])],
    ),
    (
        "membrane action replace",
        &[(
            "all that it is",
            &[
                "create-issue",
                "--integrationKey",
                "github",
                "--data",
                r#"{"key": "create-issue", "type": "run-javascript"}"#,
            ],
        )],
    ),
    ("membrane action delete", &[("the one of GitHub", &["create-issue", "--integrationKey", "github"])]),
    (
        "membrane action-run-log",
        &[("a run, with what was sent to the app", &["get", "bf64ef38428ae015ec8122a3", "--details"])],
    ),
    ("membrane action-run-log get", &[("with what was sent to the app", &["bf64ef38428ae015ec8122a3", "--details"])]),
    ("membrane search", &[("everything that has these words in its name", &["contact"])]),
];

#[derive(Debug, Args)]
pub(super) struct CompletionsOptions {
    /// The shell that is to complete commands
    shell: Shell,
}

/// Prints what makes a shell complete the commands that people see.
pub(super) fn completions(options: &CompletionsOptions, command: &Command) {
    let seen = command.get_subcommands().filter(|below| !below.is_hide_set()).cloned();
    let mut seen = Command::new("membrane-mock").version(env!("CARGO_PKG_VERSION")).subcommands(seen);
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut seen, "membrane-mock", &mut script);
    print(String::from_utf8_lossy(&script).trim_end());
}

/// The examples of a command; none where the words name no command that people see.
fn examples_of(words: &str) -> &'static [Example] {
    EXAMPLES.iter().find(|(command, _)| *command == words).map_or(&[], |(_, examples)| examples)
}

/// An argument as a shell takes it.
fn quoted(argument: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@,".contains(letter);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

/// Adds the examples to the help of a command and of those below it. `program` is how the command is called, and `words` its
/// place in the list.
pub(super) fn with_examples(command: Command, program: &str, words: &str) -> Command {
    let line = |(does, arguments): &Example| {
        let arguments = arguments.iter().map(|argument| quoted(argument));
        let words: Vec<String> = std::iter::once(program.to_owned()).chain(arguments).collect();
        format!("  # {does}\n  {}", words.join(" "))
    };
    let lines: Vec<String> = examples_of(words).iter().map(line).collect();
    let names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
    let command = names.iter().fold(command, |command, name| {
        let below = format!("{words} {name}").trim_start().to_owned();
        command.mut_subcommand(name, |each| with_examples(each, &format!("{program} {name}"), &below))
    });
    if lines.is_empty() {
        return command;
    }
    let examples = format!("Examples:\n{}", lines.join("\n"));
    let before = command.get_after_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    command.after_help(before + &examples)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::{Cli, with_command};

    /// The words of each command that people see.
    fn seen(command: &Command, words: &str, found: &mut Vec<String>) {
        found.push(words.to_owned());
        for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
            seen(below, format!("{words} {}", below.get_name()).trim_start(), found);
        }
    }

    #[test]
    fn every_command_has_an_example_and_each_is_read() {
        let mut commands = Vec::new();
        seen(&Cli::command(), "", &mut commands);
        for words in &commands {
            assert!(!examples_of(words).is_empty(), "`{words}` has no example");
        }
        for (words, examples) in EXAMPLES {
            assert!(commands.iter().any(|command| command == words), "there is no command `{words}`");
            for (_, arguments) in *examples {
                let line =
                    ["membrane-mock"].into_iter().chain(words.split_whitespace()).chain(arguments.iter().copied());
                let line = with_command(line.map(Into::into).collect());
                if let Err(error) = Cli::command().try_get_matches_from(line) {
                    panic!("`{words}`: {error}");
                }
            }
        }
    }

    #[test]
    fn arguments_are_quoted_for_a_shell() {
        assert_eq!(quoted("--key"), "--key");
        assert_eq!(quoted(r#"{"a": 1}"#), r#"'{"a": 1}'"#);
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}

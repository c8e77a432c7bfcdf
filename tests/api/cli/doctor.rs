//! `membrane-mock doctor`: what it finds, and its status.

use serde_json::Value;

use super::commands::{run, text};
use crate::support::served::{Served, binary};

/// What it says of each thing, as `state: says`, with these variables; and whether it is content.
fn found(variables: &[(&str, &str)]) -> (Vec<(String, String)>, bool) {
    let output = binary(&[]).args(["doctor", "--json"]).envs(variables.iter().copied()).output().unwrap();
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let field = |found: &Value, name: &str| found[name].as_str().unwrap().to_owned();
    let said = findings
        .iter()
        .map(|found| (field(found, "what"), format!("{}: {}", field(found, "state"), field(found, "says"))));
    (said.collect(), output.status.success())
}

fn of<'a>(findings: &'a [(String, String)], what: &str) -> &'a str {
    findings.iter().find(|(of, _)| of == what).map_or("", |(_, said)| said)
}

#[test]
fn a_machine_that_can_run_tests_is_told_so() {
    let (findings, is_well) = found(&[]);

    assert!(is_well, "{findings:#?}");
    assert!(of(&findings, "server").starts_with("ok: membrane-mock "), "{findings:#?}");
    assert_eq!(of(&findings, "snippets"), "ok: JavaScript of actions runs in processes of its own");
    assert!(of(&findings, "environment").starts_with("note: MEMBRANE_API_URI is not set"), "{findings:#?}");
}

#[test]
fn an_environment_that_leads_nowhere_is_told_with_what_mends_it() {
    let (findings, is_well) = found(&[("MEMBRANE_API_URI", "http://127.0.0.1:1")]);
    assert!(!is_well);
    let said = of(&findings, "MEMBRANE_API_URI");
    assert!(said.starts_with("problem: no answer from http://127.0.0.1:1"), "{said}");
    assert!(said.ends_with("start it by `membrane-mock serve`, or run programs by `membrane-mock exec`"), "{said}");

    let platform = "https://api.integration.app";
    let (findings, is_well) = found(&[("MEMBRANE_API_URL", platform)]);
    assert!(is_well, "it may be meant");
    let said = of(&findings, "MEMBRANE_API_URL");
    assert!(said.starts_with("note: `https://api.integration.app` is the platform itself"), "{said}");

    let both = [("MEMBRANE_API_URI", "http://127.0.0.1:1"), ("MEMBRANE_API_URL", platform)];
    let (findings, is_well) = found(&both);
    assert!(!is_well);
    assert!(of(&findings, "environment").ends_with("programs go to different servers"), "{findings:#?}");
}

#[test]
fn a_server_and_its_token_are_tried() {
    let served = Served::by(&[]);
    let url = served.ready["url"].as_str().unwrap();
    let (findings, is_well) = found(&[("MEMBRANE_API_URI", url), ("MEMBRANE_TOKEN", "none")]);
    assert!(!is_well);
    assert!(of(&findings, "MEMBRANE_API_URI").starts_with("ok: a membrane-mock "), "{findings:#?}");
    assert!(of(&findings, "MEMBRANE_TOKEN").starts_with("problem: "), "{findings:#?}");

    let within = run(&["exec", "--", env!("CARGO_BIN_EXE_membrane-mock"), "doctor"]);
    assert!(within.status.success(), "{}", text(&within.stderr));
    assert!(text(&within.stdout).contains("the server takes it"), "{}", text(&within.stdout));
}

#[test]
fn what_it_prints_for_people_is_a_line_for_each_thing() {
    let output = binary(&[]).arg("doctor").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();

    assert!(lines.len() >= 4, "{printed}");
    assert!(lines.iter().all(|line| ["ok  ", "note", "prob"].iter().any(|state| line.starts_with(state))), "{printed}");
}

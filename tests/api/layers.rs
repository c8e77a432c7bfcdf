//! Which module may import which: what `lib.rs` says, held.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn sources(at: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules that a text imports by `crate::…`, in `use` lines and in the middle of code, doc comments aside.
fn imports(text: &str) -> BTreeSet<String> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for char in group.chars() {
                match char {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' | ':' if depth == 0 => {
                        found.insert(std::mem::take(&mut word));
                    }
                    char if depth == 0 && (char.is_alphanumeric() || char == '_') => word.push(char),
                    _ => {}
                }
            }
            found.insert(word);
        } else {
            found.insert(rest.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect());
        }
    }
    found
}

/// `(module, file, imported module)` of everything in `src`.
fn edges() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut edges = Vec::new();
    for file in files {
        let shown = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let module = shown.split(['/', '.']).next().unwrap().to_owned();
        for imported in imports(&std::fs::read_to_string(&file).unwrap()) {
            edges.push((module.clone(), shown.clone(), imported));
        }
    }
    edges
}

const MODULES: [&str; 22] = [
    "api", "auth", "cli", "clock", "config", "control", "engine", "error", "ids", "journal", "model", "sandbox",
    "screens", "server", "service", "store", "testing", "upstream", "fault", "metrics", "pattern", "redact",
];

/// Fails for imports of `module` outside `allowed`.
fn only(module: &str, allowed: &[&str]) {
    let wrong: Vec<String> = edges()
        .into_iter()
        .filter(|(from, _, to)| from == module && to != module && MODULES.contains(&to.as_str()))
        .filter(|(_, _, to)| !allowed.contains(&to.as_str()))
        .map(|(_, file, to)| format!("{file} imports {to}"))
        .collect();
    assert!(wrong.is_empty(), "`{module}` may import only {allowed:?}: {wrong:#?}");
}

/// Fails for imports of any of `banned` by `module`.
fn never(module: &str, banned: &[&str]) {
    let allowed: Vec<&str> = MODULES.into_iter().filter(|name| !banned.contains(name)).collect();
    only(module, &allowed);
}

#[test]
fn the_scan_sees_imports_of_every_form() {
    let text = "use crate::model::page;\nuse crate::{ids::Id, error, clock::{Clock, Timestamp}};\n// crate::cli\nlet x = crate::store::Db;";

    let found: Vec<String> = imports(text).into_iter().filter(|name| MODULES.contains(&name.as_str())).collect();

    assert_eq!(found, ["clock", "error", "ids", "model", "store"]);
    assert!(edges().len() > 100);
}

#[test]
fn the_model_is_pure() {
    only("model", &["ids", "clock", "error"]);
}

#[test]
fn the_bottom_imports_nothing_above_it() {
    only("clock", &[]);
    never("ids", &["api", "cli", "control", "engine", "screens", "server", "service", "store", "testing"]);
    never("error", &["api", "cli", "control", "engine", "screens", "server", "service", "store", "testing"]);
}

#[test]
fn leaves_import_no_sibling() {
    for leaf in ["fault", "journal", "sandbox", "upstream"] {
        only(leaf, &["model", "clock", "error", "ids", "pattern", "redact"]);
    }
    only("redact", &[]);
    only("pattern", &["error"]);
}

#[test]
fn the_store_knows_records_and_not_what_is_done_with_them() {
    only("store", &["model", "ids", "clock", "error"]);
}

#[test]
fn services_know_no_http_face() {
    never("service", &["api", "cli", "control", "screens", "server", "testing"]);
}

#[test]
fn the_api_knows_neither_the_server_nor_the_tests() {
    never("api", &["cli", "server", "testing"]);
    never("screens", &["api", "cli", "control", "server", "service", "store", "testing"]);
    never("control", &["cli", "server", "testing"]);
}

#[test]
fn only_server_and_testing_import_control_but_for_its_guard() {
    let wrong: Vec<String> = edges()
        .into_iter()
        .filter(|(from, file, to)| {
            to == "control" && !["control", "server", "testing"].contains(&from.as_str()) && file != "api/edge.rs"
        })
        .map(|(_, file, _)| file)
        .collect();

    assert!(wrong.is_empty(), "{wrong:?}");
}

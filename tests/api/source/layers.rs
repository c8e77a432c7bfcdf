//! Which room may know which: the table of the crate docs, held for every file.
//!
//! A room is a folder of `src`, with one exception: the pure types and machines of nouns (`model.rs`, or files below a
//! folder `model/`) are a room of their own, `model`, which lies below the store. Within a room files may know each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each room and the rooms that it may know beside itself, from the bottom to the top.
const ROOMS: [(&str, &[&str]); 22] = [
    ("base", &[]),
    ("client", &["base"]),
    ("mapping", &["base"]),
    ("model", &["base", "mapping"]),
    ("store", &["base", "model"]),
    ("sandbox", &["base"]),
    ("upstream", &["base", "model"]),
    ("fault", &["base", "model"]),
    ("journal", &["base", "model"]),
    ("pages", &["base", "model"]),
    ("engine", &[BELOW]),
    ("call", &[BELOW]),
    ("elements", &[BELOW]),
    ("nouns", &[BELOW]),
    ("world", &[BELOW]),
    ("edge", &[BELOW]),
    ("control", &[BELOW]),
    ("mcp", &[BELOW]),
    ("server", &[BELOW]),
    ("testing", &[BELOW]),
    ("cli", &[BELOW]),
    ("lib", &[BELOW]),
];

/// Stands for every room above it in the table.
const BELOW: &str = "every room below";

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

/// The paths of a `use` tree, groups taken apart: `a::{b, c::d}` gives `a::b` and `a::c::d`.
fn paths_of(tree: &str, before: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((start, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        found.push(format!("{before}{}", path.trim()));
        return;
    };
    let (before, mut depth, mut part) = (format!("{before}{}", start.trim()), 0, String::new());
    for char in rest.chars() {
        match char {
            '}' if depth == 0 => break,
            ',' if depth == 0 => paths_of(&std::mem::take(&mut part), &before, found),
            _ => {
                depth += i32::from(char == '{') - i32::from(char == '}');
                part.push(char);
            }
        }
    }
    if !part.trim().is_empty() {
        paths_of(&part, &before, found);
    }
}

/// The paths within the crate that a file names, in `use` lines and in the middle of code, comments aside; relative ones
/// are counted from `module`, the file's own.
fn named(text: &str, module: &[&str]) -> BTreeSet<Vec<String>> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    // Tests within a file have `super` for the file itself.
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for (at, word) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let is_start = !code[..at].ends_with(|char: char| char.is_alphanumeric() || "_:".contains(char));
        if !is_start {
            continue;
        }
        let end = code[at..]
            .find([';', '(', ')', '<', '>', ' ', '\n', '!', '?', '&', '"'])
            .map_or(code.len(), |end| at + end);
        let is_group = code[at..end].ends_with('{') || code[at..].starts_with(word) && code[..at].ends_with("use ");
        let tree = if is_group { code[at..].split(';').next().unwrap_or_default() } else { &code[at..end] };
        paths_of(tree, "", &mut found);
    }
    let absolute = |path: String| {
        let mut parts: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
        let ups = parts.iter().take_while(|part| *part == "super").count();
        if ups == 0 {
            return parts.split_off(1);
        }
        let above = &module[..module.len().saturating_sub(ups)];
        above.iter().map(|part| (*part).to_owned()).chain(parts.split_off(ups)).collect()
    };
    found.into_iter().map(absolute).collect()
}

fn room_of(path: &[impl AsRef<str>]) -> String {
    let mut parts = path.iter().map(AsRef::as_ref);
    if parts.clone().any(|part| part == "model") { "model" } else { parts.next().unwrap_or("lib") }.to_owned()
}

/// Where the crate's code is.
fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file of the crate's code.
pub(crate) fn files_of_src() -> Vec<PathBuf> {
    let mut files = Vec::new();
    sources(&src(), &mut files);
    files
}

pub(crate) fn text_of(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

/// `(room, file, room that it names)` of everything in `src`.
fn edges() -> Vec<(String, String, String)> {
    let path_to_room =
        |(module, file, path): (Vec<String>, String, Vec<String>)| (room_of(&module), file, room_of(&path));
    named_paths().into_iter().map(path_to_room).collect()
}

/// `(module, file, path that it names)` of everything in `src`.
fn named_paths() -> Vec<(Vec<String>, String, Vec<String>)> {
    let root = src();
    let mut found = Vec::new();
    for file in files_of_src() {
        let shown = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let module = shown.trim_end_matches(".rs").trim_end_matches("/mod");
        let module: Vec<&str> = module.split('/').filter(|part| *part != "lib" && *part != "main").collect();
        for path in named(&text_of(&file), &module) {
            found.push((module.iter().map(|part| (*part).to_owned()).collect(), shown.clone(), path));
        }
    }
    found
}

/// The big verbs, whose own `mod.rs` others may name.
const BIG_VERBS: [&str; 2] = ["nouns/action/run", "nouns/connection/connect"];

/// The file or folder of a noun that a path names past a `mod.rs` that is open to whoever is in `module`; none for one that
/// keeps to it. Models are a room of their own.
fn past_a_door(module: &[String], path: &[String]) -> Option<String> {
    let is_module = |path: &str| {
        let at = src().join(path);
        at.is_dir() || at.with_extension("rs").is_file()
    };
    let [nouns, noun, part, ..] = path else { return None };
    if nouns != "nouns" || part == "model" || module.starts_with(&[nouns.clone(), noun.clone()]) {
        return None;
    }
    let is_above = module.first().is_none_or(|room| room != "nouns");
    let part_at = format!("nouns/{noun}/{part}");
    if BIG_VERBS.contains(&part_at.as_str()) {
        let below = format!("{part_at}/{}", path.get(3)?);
        let is_open = is_above && below.ends_with("/routes");
        return (!is_open && is_module(&below)).then_some(below);
    }
    let is_open = is_above && ["routes", "seed"].contains(&part.as_str());
    (!is_open && is_module(&part_at)).then_some(part_at)
}

#[test]
fn the_scan_sees_paths_of_every_form() {
    let text = "use crate::nouns::{flow::model::Flow, tenant::{self, model}};\nuse crate::{base::ids::Id, store};\n\
                // crate::cli\nlet x = crate::engine::Cx::new(super::rules::find(y), crate::base::JsonMap::new());\n\
                use super::super::world::Clock;\n";

    let rooms: BTreeSet<String> = named(text, &["nouns", "action", "view"]).iter().map(|path| room_of(path)).collect();

    let expected = ["base", "engine", "model", "nouns", "store"];
    assert_eq!(rooms, expected.map(str::to_owned).into_iter().collect());
    assert!(edges().len() > 1_000, "{}", edges().len());
}

#[test]
fn every_module_is_a_room() {
    let lib = include_str!("../../../src/lib.rs");
    let modules =
        lib.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));

    for module in modules {
        assert!(ROOMS.iter().any(|(room, _)| *room == module), "`{module}` has no row in the table of rooms");
    }
}

#[test]
fn rooms_know_only_rooms_below_them() {
    let place = |name: &str| ROOMS.iter().position(|(room, _)| *room == name);
    let mut wrong = BTreeSet::new();
    for (room, file, named) in edges() {
        let (Some(own), Some(other)) = (place(&room), place(&named)) else { continue };
        let allowed = ROOMS[own].1;
        let is_below = other < own && (allowed.contains(&BELOW) || allowed.contains(&named.as_str()));
        if own != other && !is_below {
            wrong.insert(format!("{file} ({room}) names {named}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_crate_docs_print_the_same_rooms() {
    let lib = include_str!("../../../src/lib.rs");
    let rows: Vec<&str> = lib.lines().filter_map(|line| line.strip_prefix("//! | `")?.split('`').next()).collect();

    let rooms: Vec<&str> = ROOMS.iter().rev().map(|(room, _)| *room).filter(|room| *room != "lib").collect();
    assert_eq!(rows, rooms, "the table in the crate docs, from the top to the bottom");
}

#[test]
fn a_noun_is_named_through_its_own_mod_rs() {
    let wrong: BTreeSet<String> = named_paths()
        .into_iter()
        .filter_map(|(module, file, path)| Some(format!("{file} names {}", past_a_door(&module, &path)?)))
        .collect();
    assert!(wrong.is_empty(), "past the mod.rs of a noun; name there what others may use: {wrong:#?}");
}

#[test]
fn the_scan_of_nouns_sees_what_goes_past_their_mod_rs() {
    let seen = |from: &str, path: &str| {
        let parts = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
        past_a_door(&parts(from), &parts(path))
    };

    let past = [
        seen("nouns::flow::rules", "nouns::tenant::rules::admit"),
        seen("nouns::flow::rules", "nouns::tenant::routes"),
        seen("nouns::flow::rules", "nouns::connection::connect::attempt::Ending"),
        seen("world::worker", "nouns::tenant::view::TenantView"),
    ];
    assert!(past.iter().all(Option::is_some), "{past:?}");
    let open = [
        seen("nouns::flow::rules", "nouns::tenant::admit"),
        seen("nouns::flow::rules", "nouns::tenant::model::Tenant"),
        seen("nouns::flow::rules", "nouns::connection::connect::begin"),
        seen("nouns::flow::rules", "nouns::flow::view::FlowView"),
        seen("edge", "nouns::connection::connect::routes::ensure"),
    ];
    assert!(open.iter().all(Option::is_none), "{open:?}");
}

#[test]
fn of_a_noun_only_its_routes_and_its_kind_know_calls() {
    let wrong: BTreeSet<String> = edges()
        .into_iter()
        .filter(|(room, file, named)| {
            named == "call" && room == "nouns" && !file.contains("/routes") && !file.ends_with("/kind.rs")
        })
        .map(|(_, file, _)| file)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A file of more lines than this is more than one thing.
const MOST_LINES: usize = 500;

#[test]
fn no_file_is_longer_than_a_reader_likes() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 100, "the sources are elsewhere");

    let lines = |path: &PathBuf| std::fs::read_to_string(path).unwrap().lines().count();
    let long = files.iter().map(|path| (path, lines(path))).filter(|(_, lines)| *lines > MOST_LINES);

    assert_eq!(long.collect::<Vec<_>>(), []);
}

/// Connected products are a kind of element that no other noun knows. Whatever the others share about kinds is made of the list, so
/// all that there is of one outside its folder is what brings it into the list.
#[test]
fn a_kind_of_element_is_its_folder_and_three_lines() {
    let own = src().join("nouns/connected_product");
    let names_it = |line: &&str| {
        let plain: String = line.chars().filter(|letter| letter.is_alphanumeric()).collect();
        plain.to_lowercase().contains("connectedproduct")
    };
    let files = files_of_src().into_iter().filter(|file| !file.starts_with(&own));
    let lines: Vec<String> =
        files.flat_map(|file| text_of(&file).lines().filter(names_it).map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!((1..=3).contains(&lines.len()), "{lines:#?}");
}

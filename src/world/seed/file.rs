//! One file of a seed, and errors that say where in it something is wrong.

use std::path::Path;
use std::str::Chars;

use serde::de::DeserializeOwned;
use serde_path_to_error::Path as FieldPath;
use serde_path_to_error::Segment;
use serde_path_to_error::Track;
use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::Marker;

use crate::elements::origin::{Origin, PathStep};

/// Why a seed cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{file}{}: {message}", .line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct SeedError {
    /// The path of the file below the seed's folder, or the path of the only file.
    pub file: String,
    /// The line, counted from 1; none when it is not known.
    pub line: Option<usize>,
    /// What is wrong, with the field where there is one.
    pub message: String,
}

impl SeedError {
    pub(crate) fn new(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, message: message.into() }
    }
}

/// A file of a seed with its text.
#[derive(Debug, Clone)]
pub(crate) struct SeedFile {
    /// The path below the seed's folder.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Origin {
    /// Makes an error about what stands here, with its line.
    pub(crate) fn error(&self, files: &[SeedFile], message: impl Into<String>) -> SeedError {
        let file = files.iter().find(|file| file.path == self.file);
        let line = file.and_then(|file| file.line_of(&self.at));
        SeedError { file: self.file.clone(), line, message: message.into() }
    }
}

/// What a reader says it expected, without the names that types have in this program.
fn without_types(said: &str) -> String {
    match said.split_once("expected struct ") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|letter: char| letter.is_alphanumeric());
            format!("{before}expected an object of fields{rest}")
        }
        None => said.to_owned(),
    }
}

impl SeedFile {
    /// Whether the file holds a list of elements.
    pub(crate) fn is_list(&self) -> bool {
        let mut lines =
            self.text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.find(|line| *line != "---").is_some_and(|line| line.starts_with('-') || line.starts_with('['))
    }

    /// Reads the file as one element; `ignored` gets the fields that the element does not
    /// have. An error has line and field.
    pub(crate) fn parse<T: DeserializeOwned>(&self, mut ignored: impl FnMut(String)) -> Result<T, SeedError> {
        let reader = serde_yaml_ng::Deserializer::from_str(&self.text);
        let mut track = Track::new();
        let tracked = serde_path_to_error::Deserializer::new(reader, &mut track);
        let result = serde_ignored::deserialize(tracked, |path| ignored(path.to_string()));
        result.map_err(|error| {
            let path = track.path();
            let field = path.to_string();
            let line = error.location().map(|location| location.line()).or_else(|| self.line_of(&steps(&path)));
            // The reader says field and place in its own way, and both are said already.
            let said = error.to_string();
            let place = error.location().map(|at| format!(" at line {} column {}", at.line(), at.column()));
            let said = place.and_then(|place| said.strip_suffix(&place)).unwrap_or(&said);
            // It names what the field is in, or the field.
            let is_around = |place: &str| {
                field.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            };
            let said = said.split_once(": ").filter(|(place, _)| is_around(place)).map_or(said, |(_, said)| said);
            let said = without_types(said);
            let message = if field == "." { said } else { format!("field `{field}`: {said}") };
            SeedError { file: self.path.clone(), line, message }
        })
    }

    /// The line of a place in the file, or of the nearest thing around it that has one.
    pub(crate) fn line_of(&self, at: &[PathStep]) -> Option<usize> {
        let mut events = Parser::new_from_str(&self.text);
        let (mut event, _) = next_value(&mut events)?;
        let mut line = None;
        for step in at {
            let Some((value, found_at)) = found_in(&event, step, &mut events) else { break };
            (event, line) = (value, Some(found_at));
        }
        line
    }
}

/// What a step leads to in the list or mapping that `within` begins: the first event of the value, and its line or that of
/// its key. The events up to there are read.
fn found_in(within: &Event, step: &PathStep, events: &mut Parser<Chars<'_>>) -> Option<(Event, usize)> {
    match (step, within) {
        (PathStep::Item(wanted), Event::SequenceStart(..)) => {
            for _ in 0..*wanted {
                let (passed, _) = next_value(events)?;
                pass(&passed, events)?;
            }
            next_value(events).map(|(value, mark)| (value, mark.line()))
        }
        (PathStep::Field(name), Event::MappingStart(..)) => loop {
            let (key, mark) = next_value(events)?;
            let is_it = matches!(&key, Event::Scalar(text, ..) if text == name);
            pass(&key, events)?;
            let (value, _) = next_value(events)?;
            if is_it {
                return Some((value, mark.line()));
            }
            pass(&value, events)?;
        },
        _ => None,
    }
}

/// The event that the next value begins with; none at the end of what it would stand in, and where the syntax is wrong.
fn next_value(events: &mut Parser<Chars<'_>>) -> Option<(Event, Marker)> {
    loop {
        match events.next_token().ok()? {
            (Event::StreamStart | Event::DocumentStart | Event::Nothing, _) => {}
            (Event::StreamEnd | Event::DocumentEnd | Event::SequenceEnd | Event::MappingEnd, _) => return None,
            value => return Some(value),
        }
    }
}

/// Reads what a value that begins with `event` still has.
fn pass(event: &Event, events: &mut Parser<Chars<'_>>) -> Option<()> {
    let mut open = usize::from(matches!(event, Event::SequenceStart(..) | Event::MappingStart(..)));
    while open > 0 {
        match events.next_token().ok()?.0 {
            Event::SequenceStart(..) | Event::MappingStart(..) => open += 1,
            Event::SequenceEnd | Event::MappingEnd => open -= 1,
            _ => {}
        }
    }
    Some(())
}

fn steps(path: &FieldPath) -> Vec<PathStep> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(PathStep::Item(*index)),
            Segment::Map { key } => Some(PathStep::Field(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// Reads a text as one element, within the bounds of YAML texts; the element decides about unknown fields.
pub(crate) fn parse_text<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, SeedError> {
    let file = SeedFile { path: path.to_owned(), text: text.to_owned() };
    file.check_bounds()?;
    file.parse(|_| ())
}

/// Makes an error about a place in a text.
pub(crate) fn error_at(path: &str, text: &str, at: &[PathStep], message: impl Into<String>) -> SeedError {
    let line = SeedFile { path: path.to_owned(), text: text.to_owned() }.line_of(at);
    SeedError { file: path.to_owned(), line, message: message.into() }
}

/// Whether a file is none that seeds are made of, such as prose: it ends in neither `.yaml`, `.yml` nor `.json`.
pub(crate) fn is_prose(file_name: &str) -> bool {
    file_name.rsplit_once('.').is_none_or(|(_, extension)| !matches!(extension, "yaml" | "yml" | "json"))
}

/// Collects the files of a folder and of those below it, without prose.
pub(crate) fn collect(root: &Path, at: &Path, files: &mut Vec<SeedFile>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(at)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if !is_prose(&name) {
                files.push(SeedFile { path: name, text: std::fs::read_to_string(&path)? });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::seed::SeedConnector;

    #[test]
    fn an_error_carries_file_line_and_field() {
        let file = SeedFile {
            path: "connectors/x/spec.yaml".into(),
            text: "key: x\nname: X\nbaseUri: https://x.example\ntype: magic\n".into(),
        };

        let error = file.parse::<SeedConnector>(|_| ()).unwrap_err().to_string();

        assert!(error.starts_with("connectors/x/spec.yaml:4: field `type`: unknown variant `magic`"), "{error}");
        assert!(!error.contains(" line 4"), "the place is said once: {error}");
    }

    #[test]
    fn lines_are_found_in_yaml_and_json() {
        let file = |text: &str| SeedFile { path: "x".into(), text: text.into() };
        let at = [PathStep::Item(1), PathStep::Field("a".into()), PathStep::Field("missing".into())];

        assert_eq!(file("- a: 1\n-\n  b: 1\n  a: {c: 1}\n").line_of(&at), Some(4));
        assert_eq!(file("[{\"a\": 1},\n {\"b\": 1,\n \"a\": {}}]").line_of(&at), Some(3));
        assert_eq!(file("a: 1").line_of(&at), None);
    }
}

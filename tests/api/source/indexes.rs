//! No code of the crate takes something by an index in brackets: of a JSON map, a slice or a text it panics where there is
//! nothing. Clippy refuses the indexes of slices and texts, but does not see all of those of maps.

use crate::source::layers::{files_of_src, text_of};

/// The code of a file without its tests, comments, texts and characters, which are empty now.
fn bare(source: &str) -> String {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let (mut bare, mut chars) = (String::new(), source.chars().peekable());
    while let Some(char) = chars.next() {
        match char {
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|char| *char != '\n').is_some() {},
            '"' => {
                let hashes = bare.chars().rev().take_while(|char| *char == '#').count();
                let is_raw = bare[..bare.len() - hashes].ends_with('r');
                let (mut before, mut text) = (char, String::new());
                for char in chars.by_ref() {
                    text.push(char);
                    let ends = if is_raw {
                        text.ends_with(&format!("\"{}", "#".repeat(hashes)))
                    } else {
                        char == '"' && before != '\\'
                    };
                    before = if before == '\\' && char == '\\' { ' ' } else { char };
                    if ends {
                        break;
                    }
                }
                bare.push_str("\"\"");
            }
            '\'' => {
                // A character, and not the name of a lifetime.
                let mut ahead = chars.clone();
                let first = ahead.next();
                if first == Some('\\') {
                    chars.next();
                    chars.next();
                    while chars.next_if(|char| *char != '\'').is_some() {}
                    chars.next();
                } else if ahead.next() == Some('\'') {
                    chars.next();
                    chars.next();
                }
            }
            char => bare.push(char),
        }
    }
    bare
}

/// The lines that have an index.
fn indexes(source: &str) -> Vec<String> {
    let is_index = |line: &&str| {
        line.match_indices('[').any(|(at, _)| {
            let before = line[..at].chars().next_back();
            before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '_' | ')' | ']' | '?' | '"'))
        })
    };
    bare(source).lines().filter(is_index).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn the_scan_sees_an_index_and_nothing_else() {
    for index in ["value[\"a\"]", "list[0]", "text[..2]", "f(x)[1]", "a[0][1]", "read()?[i]", "self.runs[place].x = 1;"]
    {
        assert_eq!(indexes(index).len(), 1, "{index}");
    }
    for other in [
        "let a: [u8; 2] = [1, 2];",
        "vec![1]",
        "#[derive(Debug)]",
        "fn f(all: &[u8]) {}",
        "// value[\"a\"]",
        "let text = \"a[0] \\\" b[1]\";",
        "let raw = r#\"a[0] \" b[1]\"#;",
        "let is = matches!(c, '\\'' | '[' | 'a');",
        "let [one] = all else { return };",
    ] {
        assert_eq!(indexes(other), Vec::<String>::new(), "{other}");
    }
}

#[test]
fn nothing_is_taken_by_an_index() {
    let found: Vec<String> = files_of_src()
        .iter()
        .flat_map(|file| indexes(&text_of(file)).into_iter().map(|line| format!("{}: {line}", file.display())))
        .collect();

    assert!(found.is_empty(), "ask for it with `get`, `member` or a pattern:\n{}", found.join("\n"));
}

#[test]
fn headers_that_callers_name_are_made_in_one_place() {
    // The map of headers panics when it grows too large, and only that place counts.
    let found: Vec<String> = files_of_src()
        .iter()
        .filter(|file| !file.ends_with("base/message/headers.rs") && text_of(file).contains("HeaderName::try_from"))
        .map(|file| file.display().to_string())
        .collect();

    assert!(found.is_empty(), "use `headers_of`: {found:?}");
}

//! The names of people: which part is the first name and which the last. It reads them as the parser of the client does
//! (`humanparser` 2.7), titles, suffixes and compound surnames included.

use super::javascript::is_space;

const TITLES: &[&str] = &[
    "mr",
    "master",
    "mister",
    "mrs",
    "miss",
    "ms",
    "dr",
    "prof",
    "rev",
    "fr",
    "judge",
    "honorable",
    "hon",
    "tuan",
    "sr",
    "srta",
    "br",
    "pr",
    "mx",
    "sra",
];
const SUFFIXES: &[&str] = &[
    "i", "ii", "iii", "iv", "v", "senior", "junior", "jr", "sr", "phd", "apr", "rph", "pe", "md", "ma", "dmd", "cme",
    "qc", "kc",
];
/// Parts of a surname. One with a dot is never met, because dots are taken away before it is looked for.
const COMPOUNDS: &[&str] = &[
    "vere", "von", "van", "de", "del", "della", "der", "den", "di", "da", "pietro", "vanden", "du", "st", "la", "lo",
    "ter", "bin", "ibn", "te", "ten", "op", "ben", "al",
];

/// What a name has been found to have.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Name {
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

/// Reads a name, `Ada King` or `King, Ada`.
pub(super) fn parse(name: &str) -> Name {
    let mut parts = words(&with_spaces_after_commas(name.trim_matches(is_space)));
    let is_one_of = |known: &[&str], part: &str| known.contains(&part.to_lowercase().replace('.', "").as_str());
    let without_comma = |part: &str| part.replacen(',', "", 1);
    let only = (parts.len() == 1).then(|| parts.first().cloned()).flatten();
    if parts.len() > 1 && parts.last().is_some_and(|last| is_one_of(SUFFIXES, last)) {
        parts.pop();
        if let Some(last) = parts.last_mut() {
            *last = without_comma(last);
        }
    }
    let trimmed = |part: String| part.trim_matches(is_space).to_owned();
    if let Some(comma) = parts.iter().position(|part| part.contains(',')) {
        // The surname comes first.
        let first = parts.get(comma + 1).cloned().or(only);
        let mut last: Vec<String> = parts.into_iter().take(comma + 1).collect();
        if let Some(end) = last.pop().map(|end| without_comma(&end)).filter(|end| !is_one_of(SUFFIXES, end)) {
            last.push(end);
        }
        return Name { first: first.map(trimmed), last: Some(trimmed(last.join(" "))) };
    }
    let mut parts = std::collections::VecDeque::from(parts);
    let has_title = parts.len() > 1 && parts.front().is_some_and(|part| is_one_of(TITLES, part));
    if has_title {
        parts.pop_front();
    }
    // After a title a single word is the surname.
    let first = if has_title && parts.len() == 1 { only } else { parts.pop_front() };
    let mut last = parts.pop_back().unwrap_or_default();
    while let Some(part) = parts.pop_back().filter(|part| is_one_of(COMPOUNDS, part)) {
        last = format!("{part} {last}");
    }
    Name { first: first.map(trimmed), last: Some(trimmed(last)) }
}

/// Puts a space after the first comma between two words, and none before it.
fn with_spaces_after_commas(name: &str) -> String {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    let chars: Vec<char> = name.chars().collect();
    let at = |index: usize| chars.get(index).copied();
    let spaces_from = |from: usize| chars.iter().skip(from).take_while(|c| is_space(**c)).count();
    let mut out = None;
    for start in (1..chars.len()).filter(|start| is_word(at(start - 1))) {
        // `King , Ada` becomes `King, Ada`.
        let before = spaces_from(start);
        let comma = start + before;
        let after = spaces_from(comma + 1);
        if before > 0 && at(comma) == Some(',') && after > 0 && is_word(at(comma + 1 + after)) {
            let kept = chars.iter().take(start).chain(chars.iter().skip(comma));
            out = Some(kept.collect::<String>());
            break;
        }
    }
    let name = out.unwrap_or_else(|| name.to_owned());
    let chars: Vec<char> = name.chars().collect();
    let at = |index: usize| chars.get(index).copied();
    let comma = (1..chars.len()).find(|&i| at(i) == Some(',') && is_word(at(i - 1)) && is_word(at(i + 1)));
    match comma {
        Some(comma) => chars.iter().take(comma + 1).chain(&[' ']).chain(chars.iter().skip(comma + 1)).collect(),
        None => name,
    }
}

/// The words of a name; what stands in quotes is one. A name that has none is one empty word.
fn words(name: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            let inner = rest.get(1..).unwrap_or_default();
            match inner.split_once('"').filter(|(quoted, _)| !quoted.is_empty()) {
                Some((quoted, after)) => {
                    // The pattern that takes quotes off does not cross lines.
                    let is_one_line = !quoted.contains(['\n', '\r', '\u{2028}', '\u{2029}']);
                    out.push(if is_one_line { quoted.to_owned() } else { format!("\"{quoted}\"") });
                    rest = after;
                }
                None => rest = inner,
            }
        } else if is_space(c) {
            rest = rest.trim_start_matches(is_space);
        } else {
            let end = rest.find(|c| is_space(c) || c == '"').unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            out.push(word.to_owned());
            rest = after;
        }
    }
    if out.is_empty() {
        // What has no word is split at its spaces; quotes around a piece are taken off.
        let quoted = |piece: &str| piece.strip_prefix('"')?.strip_suffix('"').map(str::to_owned);
        let pieces = name.split(is_space).filter(|piece| name.is_empty() || !piece.is_empty());
        out.extend(pieces.map(|piece| quoted(piece).unwrap_or_else(|| piece.to_owned())));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_names_are_told_apart() {
        for (name, first, last) in [
            ("Ada King", Some("Ada"), "King"),
            ("Dr. Ada Byron King PhD", Some("Ada"), "King"),
            ("King, Ada", Some("Ada"), "King"),
            ("King ,Ada", None, "King Ada"),
            ("King , Ada", Some("Ada"), "King"),
            ("King,Ada", Some("Ada"), "King"),
            ("King Jr., Ada M", Some("Ada"), "King"),
            ("Ludwig van der Berg", Some("Ludwig"), "van der Berg"),
            ("Mr. King", None, "King"),
            ("Ada \"Countess of\" Lovelace, Jr.", Some("Ada"), "Lovelace"),
            ("Ada", Some("Ada"), ""),
            ("", Some(""), ""),
        ] {
            let expected = Name { first: first.map(str::to_owned), last: Some(last.to_owned()) };
            assert_eq!(parse(name), expected, "{name}");
        }
    }
}

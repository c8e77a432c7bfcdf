//! This module ranks texts by a query, always with the same result. It stands in for the platform's semantic search.
//! Source: our choice (it works with no network).

/// Returns how well `text` answers `query`, from 0 (not at all) to 1.
///
/// Each word of the query counts once, by its best match among the words of the text; weak similarities count as 0.
pub fn score(query: &str, text: &str) -> f64 {
    let wanted = words(query);
    let offered = words(text);
    if wanted.is_empty() || offered.is_empty() {
        return 0.0;
    }
    let found: f64 = wanted
        .iter()
        .map(|word| {
            let best = offered
                .iter()
                .map(|other| if word == other { 1.0 } else { strsim::jaro_winkler(word, other) })
                .fold(0.0, f64::max);
            if best < 0.85 { 0.0 } else { best }
        })
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a handful of words")]
    let share = found / wanted.len() as f64;
    share
}

/// Returns the items that score above 0, the best first; ties keep their order.
pub fn best<T>(query: &str, items: Vec<T>, text: impl Fn(&T) -> String) -> Vec<T> {
    let mut scored: Vec<(f64, T)> =
        items.into_iter().map(|item| (score(query, &text(&item)), item)).filter(|(score, _)| *score > 0.0).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().map(|(_, item)| item).collect()
}

const NOISE: [&str; 16] =
    ["a", "an", "the", "my", "to", "of", "in", "for", "and", "or", "with", "on", "me", "i", "connect", "account"];

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| !NOISE.contains(&word.as_str()))
        .map(|word| if word.len() > 3 { word.trim_end_matches('s').to_owned() } else { word })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_action_that_says_it_comes_first() {
        let actions = vec!["List repositories", "Open pull request", "Create issue"];

        let ranked = best("open a pull request", actions, |text| (*text).to_owned());

        assert_eq!(ranked.first(), Some(&"Open pull request"));
    }

    #[test]
    fn noise_alone_matches_nothing() {
        assert!(score("connect my account", "GitHub").abs() < f64::EPSILON);
    }
}

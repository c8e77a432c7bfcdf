//! The search in the fake's own documents, section by section, and in the ledger of its routes and behaviours.

use std::borrow::Cow;
use std::sync::LazyLock;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::base::rank;
use crate::control::ledger_in_words;

/// Searches the documents of this fake: how calls are made, what it does as the platform, and what it does not.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchDocs {
    /// What to look for
    query: String,
}

/// The most sections, and the most lines of the ledger, that are answered.
const MOST: usize = 5;

/// The most characters of a section that are answered.
const LONGEST: usize = 2_000;

const DOCUMENTS: [(&str, &str); 21] = [
    ("docs/agents.md", include_str!("../../docs/agents.md")),
    ("docs/recipes/connect.md", include_str!("../../docs/recipes/connect.md")),
    ("docs/recipes/act.md", include_str!("../../docs/recipes/act.md")),
    ("docs/recipes/clients.md", include_str!("../../docs/recipes/clients.md")),
    ("docs/recipes/data.md", include_str!("../../docs/recipes/data.md")),
    ("docs/recipes/flows.md", include_str!("../../docs/recipes/flows.md")),
    ("docs/recipes/tests.md", include_str!("../../docs/recipes/tests.md")),
    ("docs/recipes/webhooks.md", include_str!("../../docs/recipes/webhooks.md")),
    ("docs/behaviour.md", include_str!("../../docs/behaviour.md")),
    ("docs/command-line.md", include_str!("../../docs/command-line.md")),
    ("docs/control-api.md", include_str!("../../docs/control-api.md")),
    ("docs/coverage.md", include_str!("../../docs/coverage.md")),
    ("docs/determinism.md", include_str!("../../docs/determinism.md")),
    ("docs/faults-and-scenarios.md", include_str!("../../docs/faults-and-scenarios.md")),
    ("docs/isolation.md", include_str!("../../docs/isolation.md")),
    ("docs/limits.md", include_str!("../../docs/limits.md")),
    ("docs/rust.md", include_str!("../../docs/rust.md")),
    ("docs/python.md", include_str!("../../docs/python.md")),
    ("docs/seeds.md", include_str!("../../docs/seeds.md")),
    ("docs/troubleshooting.md", include_str!("../../docs/troubleshooting.md")),
    ("docs/typescript.md", include_str!("../../docs/typescript.md")),
];

/// A part of a document, under one heading, or a line of the ledger.
struct Section {
    document: &'static str,
    heading: Cow<'static, str>,
    text: Cow<'static, str>,
}

impl Section {
    /// How well it answers a query: what it is about counts more than what else it mentions.
    fn score(&self, query: &str) -> f64 {
        let title = format!("{} {}", self.heading, self.document);
        2.0 * rank::score(query, &title) + rank::score(query, &self.text)
    }
}

/// The sections of a document: each begins with a heading.
fn sections(document: &'static str, text: &'static str) -> Vec<Section> {
    let mut starts: Vec<usize> = text.match_indices("\n#").map(|(at, _)| at + 1).collect();
    starts.insert(0, 0);
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let parts = starts.iter().zip(ends).filter_map(|(start, end)| text.get(*start..end));
    let of = |text: &'static str| Section {
        document,
        heading: text.lines().next().unwrap_or_default().trim_start_matches('#').trim().into(),
        text: text.into(),
    };
    parts.filter(|text| !text.trim().is_empty()).map(of).collect()
}

static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    let documents = DOCUMENTS.iter().flat_map(|(document, text)| sections(document, text));
    let ledger = ledger_in_words().into_iter().map(|(heading, text)| Section {
        document: "ledger",
        heading: heading.into(),
        text: text.into(),
    });
    documents.chain(ledger).collect()
});

/// The lines of a section that fit best, where it is too long to answer: its rules and rows stand in lines of their own.
fn excerpt(query: &str, section: &Section) -> String {
    if section.text.len() <= LONGEST {
        return section.text.trim().to_owned();
    }
    let blocks: Vec<&str> = section.text.split("\n- ").flat_map(|block| block.split("\n\n")).collect();
    let best = rank::best(query, blocks, |block| (*block).to_owned());
    let mut shown = String::new();
    for block in best {
        if !shown.is_empty() && shown.len() + block.len() > LONGEST {
            break;
        }
        shown.push_str(block.trim());
        shown.push_str("\n\n");
    }
    shown.chars().take(LONGEST).collect::<String>().trim().to_owned()
}

/// The sections that fit best, the best first, and after them the lines of the ledger that do.
pub(super) fn search(of: &SearchDocs) -> Value {
    let found = |of_ledger: bool| {
        let all = SECTIONS.iter().filter(|section| (section.document == "ledger") == of_ledger);
        let scored = all.map(|section| (section.score(&of.query), section)).filter(|(score, _)| *score > 0.0);
        let mut scored: Vec<(f64, &Section)> = scored.collect();
        scored.sort_by(|one, other| other.0.total_cmp(&one.0));
        scored.into_iter().take(MOST).map(|(_, section)| section)
    };
    let shown = found(false).chain(found(true)).map(|section| {
        json!({
            "document": section.document,
            "heading": section.heading,
            "text": excerpt(&of.query, section),
        })
    });
    json!({ "about": "the documents of membrane-mock, a fake of the platform", "items": shown.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_found() {
        let found = search(&SearchDocs { query: "advance clock".into() });
        let items = found["items"].as_array().unwrap();
        assert!(items.iter().any(|item| item["text"].as_str().unwrap().contains("advance")), "{found:#}");
        let of_route = search(&SearchDocs { query: "POST /act".into() });
        let lines = of_route["items"].as_array().unwrap().iter().filter(|item| item["document"] == "ledger");
        assert!(
            lines
                .map(|item| item["text"].as_str().unwrap())
                .any(|text| text.starts_with("POST /act: documented, by SEED")),
            "{of_route:#}"
        );
        assert!(items.iter().all(|item| item["text"].as_str().unwrap().chars().count() <= LONGEST));
        assert!(search(&SearchDocs { query: "xyzzyplugh".into() })["items"].as_array().unwrap().is_empty());
    }
}

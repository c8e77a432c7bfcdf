//! This module is `membrane-mock routes`: which operations of the platform are faked, and why the others are not. It also
//! makes `docs/coverage.md`, which a test holds against it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::call::router::Route;
use crate::cli::output::print;
use crate::edge;

#[derive(Debug, Args)]
pub(super) struct RoutesOptions {
    /// Print only those whose method, path or reason has this text
    filter: Option<String>,
    /// Print a line of JSON for each: {method, path, faked, why?, source}
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the page of the documentation
    #[arg(long)]
    markdown: bool,
    /// Print only those that answer 501
    #[arg(long)]
    missing: bool,
}

fn method(route: &Route) -> &str {
    route.method.as_ref().map_or("any", |method| method.as_str())
}

pub(super) fn run(options: &RoutesOptions) -> ExitCode {
    if options.markdown {
        print(page().trim_end());
        return ExitCode::SUCCESS;
    }
    let wanted = |route: &&Route| {
        let text = format!("{} {} {}", method(route), route.path, route.lacks.as_deref().unwrap_or_default());
        let fits = options.filter.as_ref().is_none_or(|filter| text.to_lowercase().contains(&filter.to_lowercase()));
        fits && (route.lacks.is_some() || !options.missing)
    };
    for route in edge::routes().iter().filter(wanted) {
        let why = route.lacks.as_deref();
        if options.json {
            let line = json!({
                "method": method(route), "path": route.path, "faked": why.is_none(), "why": why, "source": route.source,
            });
            print(&line.to_string());
        } else {
            let state = why.map_or("faked".to_owned(), |why| format!("501 ({why})"));
            print(&format!("{:7} {}  {state}", method(route), route.path));
        }
    }
    ExitCode::SUCCESS
}

/// The page `docs/coverage.md`.
fn page() -> String {
    let routes = edge::routes();
    let (faked, missing): (Vec<&Route>, Vec<&Route>) = routes.iter().partition(|route| route.lacks.is_none());
    let mut text = format!(
        "# Coverage\n\n\
         Every operation of the platform that is known, by the first part of its path: {} are faked, and {} answer 501\n\
         with what is missing. `any` is every method. [Methods of the clients](client-methods.md) has the same from the\n\
         clients' side. `membrane-mock routes --markdown` prints this page, and a test holds it.\n\n\
         ## Not faked\n\n| operation | what is missing |\n|---|---|\n",
        faked.len(),
        missing.len(),
    );
    for route in missing {
        let why = route.lacks.as_deref().unwrap_or_default();
        writeln!(text, "| `{} {}` | {why} |", method(route), route.path).ok();
    }
    let mut parts: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in faked {
        parts.entry(route.path.split('/').nth(1).unwrap_or_default()).or_default().push(route);
    }
    text.push_str("\n## Faked\n");
    for (part, routes) in parts {
        write!(text, "\n### /{part}\n\n| operation | known from |\n|---|---|\n").ok();
        for route in routes {
            let source = route.source.replace('|', "\\|");
            writeln!(text, "| `{} {}` | {source} |", method(route), route.path).ok();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_of_coverage_is_what_the_routes_are() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/coverage.md");
        let page = super::page();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        let differs = written.lines().zip(page.lines()).find(|(written, page)| written != page);
        assert!(written == page, "write it anew: membrane-mock routes --markdown > docs/coverage.md; {differs:?}");
    }
}

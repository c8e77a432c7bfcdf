//! This module cuts lists into pages: `{items, cursor?}`, continued by a cursor.
//!
//! Invariant: a cursor names the last item that was shown, so an item archived between two pages skips nothing.

use serde::Serialize;

/// One page of a list. Source: SDK `createPaginationResponseSchema`.
#[derive(Debug, Clone, Serialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// A client sends this text to get the next page; it is absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// The request for one page; a `cursor` of 0 means the first one (SDK `findAll`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// The page has at most this many items, 1 to 1000; the default is 100 (assumed).
    pub limit: usize,
    /// The page starts after the item at this position; 0 starts at the beginning.
    pub after: u64,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: 100, after: 0 }
    }
}

impl PageRequest {
    /// Takes a page out of `(position, item)` pairs, which must come in rising order of position.
    pub fn take<T>(self, all: impl Iterator<Item = (u64, T)>) -> Page<T> {
        let mut rest = all.filter(|(position, _)| *position > self.after);
        let mut items = Vec::new();
        let mut last = 0;
        for (position, item) in rest.by_ref().take(self.limit) {
            last = position;
            items.push(item);
        }
        let cursor = rest.next().map(|_| last.to_string());
        Page { items, cursor }
    }
}

impl<T> Page<T> {
    /// Converts every item and keeps the cursor.
    pub fn map<U>(self, into: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(into).collect(), cursor: self.cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn pages_shown_in_turn_show_everything_once(all: BTreeSet<u16>, limit in 1_usize..20) {
            let all: Vec<u64> = all.into_iter().map(|n| u64::from(n) + 1).collect();
            let mut seen = Vec::new();
            let mut after = 0;
            loop {
                let page = PageRequest { limit, after }.take(all.iter().map(|n| (*n, *n)));
                seen.extend(page.items);
                match page.cursor {
                    Some(cursor) => after = cursor.parse().unwrap(),
                    None => break,
                }
            }
            prop_assert_eq!(seen, all);
        }

        #[test]
        fn removing_shown_items_between_pages_skips_nothing(all: BTreeSet<u16>, limit in 1_usize..20) {
            let mut left: BTreeSet<u64> = all.iter().map(|n| u64::from(*n) + 1).collect();
            let mut seen = BTreeSet::new();
            let mut after = 0;
            loop {
                let page = PageRequest { limit, after }.take(left.iter().map(|n| (*n, *n)));
                for item in &page.items {
                    left.remove(item);
                }
                seen.extend(page.items);
                match page.cursor {
                    Some(cursor) => after = cursor.parse().unwrap(),
                    None => break,
                }
            }
            prop_assert_eq!(seen.len(), all.len());
        }
    }
}

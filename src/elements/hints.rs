//! What is answered where a selector means no element, or several: a 404 or 400 that says what would work.
//!
//! Invariant: a key of a tenant's own element is told only to a caller that means this tenant.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::error::ApiError;
use crate::elements::Kind;
use crate::engine::directory::{Directory, hint};
use crate::engine::tokens::Caller;

/// So many connections are named in a message.
const MOST_NAMED: usize = 3;

impl Directory<'_> {
    /// A 400 for a key that several elements have; it names them.
    pub(super) fn ambiguous<E: Kind>(&self, key: &str, candidates: &[&Arc<E>]) -> ApiError {
        let names: Vec<String> = candidates
            .iter()
            .map(|element| {
                let of = element.place().integration.as_ref().and_then(|id| self.world.integrations.get(id.as_str()));
                match of {
                    Some(integration) => format!("`{}.{key}` ({})", integration.key(), element.id()),
                    None => format!("`{}`", element.id()),
                }
            })
            .collect();
        ApiError::bad_request(format!(
            "{} `{key}` matches {} elements: {}; add `integrationKey` or use an id",
            E::NOUN,
            names.len(),
            names.join(", ")
        ))
        .with_data(serde_json::json!({ "candidates": candidates.iter().map(|a| a.id()).collect::<Vec<_>>() }))
    }

    /// A 404 for an element, with where its key is, or a similar key. Keys of a connection are told to whose it is, and none of
    /// these without a caller. Source: SEED words the beginning.
    pub fn no_element<E: Kind>(&self, caller: Option<&Caller>, text: &str) -> ApiError {
        // `github.task` asks for the `task` of an integration.
        let dotted = text.split_once('.').filter(|(integration, _)| self.integration_with_key(integration).is_some());
        let key = dotted.map_or(text, |(_, key)| key);
        // Keys of a tenant's own elements are not told to others.
        let shared = |element: &&Arc<E>| !element.meta().is_archived() && element.place().tenant.is_none();
        let elsewhere: Vec<&str> = E::table(self.world)
            .with_key(key)
            .filter(shared)
            .filter_map(|element| {
                Some(self.world.integrations.get(element.place().integration.as_ref()?.as_str())?.key())
            })
            .collect();
        if !elsewhere.is_empty() {
            let (of, first) = (elsewhere.join("`, `"), elsewhere.first().copied().unwrap_or_default());
            return ApiError::not_found(format!(
                "no matching {}: `{key}` is there only for the integration `{of}`; name that and no other, as `{first}.{key}` \
                 or by `integrationKey={first}`, or a connection of it",
                E::NOUN
            ));
        }
        let is_own = |element: &&Arc<E>| {
            let tenant = element.place().tenant.as_ref();
            !element.meta().is_archived() && tenant.zip(caller).is_some_and(|(of, caller)| caller.means(of.as_str()))
        };
        let own = E::table(self.world).with_key(key).filter(is_own).filter_map(|element| {
            let connection = self.world.connections.get(element.place().connection.as_ref()?.as_str())?;
            Some(connection.meta.key.as_deref().unwrap_or(connection.id.as_str()))
        });
        let own: BTreeSet<&str> = own.collect();
        if let Some(first) = own.first() {
            let mut of = own.iter().take(MOST_NAMED).copied().collect::<Vec<_>>().join("`, `");
            if own.len() > MOST_NAMED {
                of = format!("{of}` and {} more, such as `{first}", own.len() - MOST_NAMED);
            }
            return ApiError::not_found(format!(
                "no matching {}: `{key}` is there only for the connection `{of}`; name that, as by `connectionKey={first}`",
                E::NOUN
            ));
        }
        let keys = E::table(self.world).iter().filter(shared).map(|element| element.key());
        ApiError::not_found(format!(
            "no matching {}: `{text}`{}; list them with GET /{}",
            E::NOUN,
            hint(text, keys),
            E::PLURAL
        ))
    }

    /// A 404 for an instance that an id does not name.
    pub fn no_instance<E: Kind>(id: &str) -> ApiError {
        ApiError::not_found(format!("no matching {0} instance: `{id}`; list them with GET /{1}s", E::NOUN, E::INSTANCE))
    }
}

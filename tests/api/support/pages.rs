//! Pages that a user sees, and what addresses carry.

use serde_json::Value;
use url::Url;

use crate::support::Bed;

/// The page of a connection that waits for its user.
pub(crate) fn page_of(connection: &Value) -> String {
    connection["clientAction"]["uiUrl"].as_str().expect("a page").to_owned()
}

/// Where the page of a connection sends its user.
pub(crate) async fn vendor_page(bed: &Bed, connection: &Value) -> Url {
    bed.press(&page_of(connection), &[("action", "connect")]).await.parse().unwrap()
}

/// Where a page's first form leads.
pub(crate) fn leads_to(page: &str) -> &str {
    let rest = page.split("action=\"").nth(1).expect("a form");
    rest.split('"').next().expect("an address")
}

/// What an address carries under a name.
pub(crate) fn query_value(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Fields as a form or a query has them.
pub(crate) fn form_encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

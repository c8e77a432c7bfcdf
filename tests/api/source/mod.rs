//! What the crate's own source holds to.

mod indexes;
pub(crate) mod layers;

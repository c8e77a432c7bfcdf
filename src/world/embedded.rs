//! The fixtures that are part of the binary, as `build.rs` listed them: paths below their folder and texts, in the order of
//! the paths.

include!(concat!(env!("OUT_DIR"), "/fixtures.rs"));

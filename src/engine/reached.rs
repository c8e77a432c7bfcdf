//! The origins at which callers reach the server, such as `http://mock:6262` from another container: what a call is told leads there.
//!
//! Invariant: an origin is known for the length of a call alone; what the server does by itself tells its own address. Callers make
//! the server keep a limited number of origins, however many they name.

use std::sync::OnceLock;

/// So many origins are kept. Who comes by a further one is told the server's own address.
const MOST: usize = 64;

/// An origin has so many characters at most.
const LONGEST: usize = 255;

tokio::task_local! {
    /// The place in [`Reached`] of the origin of the call that this task answers.
    static PLACE: Option<usize>;
}

/// The origins that callers have come by.
#[derive(Debug)]
pub(crate) struct Reached([OnceLock<String>; MOST]);

impl Default for Reached {
    fn default() -> Self {
        Self([const { OnceLock::new() }; MOST])
    }
}

impl Reached {
    /// The place of an origin; none where there is no room for another one.
    pub(crate) fn place_of(&self, origin: &str) -> Option<usize> {
        if origin.len() > LONGEST {
            return None;
        }
        self.0.iter().position(|place| place.get_or_init(|| origin.to_owned()) == origin)
    }

    /// The origin by which the call came that this task answers.
    pub(crate) fn now(&self) -> Option<&str> {
        let place = PLACE.try_with(|place| *place).ok().flatten()?;
        self.0.get(place)?.get().map(String::as_str)
    }
}

/// Does the work of a call that came by an origin.
pub(crate) async fn by<T>(place: Option<usize>, work: impl Future<Output = T>) -> T {
    PLACE.scope(place, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_knows_its_own_origin_and_only_so_many_are_kept() {
        let reached = Reached::default();
        let place = reached.place_of("http://mock:6262");
        assert_eq!(reached.place_of("http://mock:6262"), place);
        assert_eq!(by(place, async { reached.now() }).await, Some("http://mock:6262"));
        assert_eq!(by(None, async { reached.now() }).await, None);
        assert_eq!(reached.now(), None);
        for n in 1..MOST {
            assert!(reached.place_of(&format!("http://mock-{n}")).is_some());
        }
        assert_eq!(reached.place_of("http://another"), None);
        assert_eq!(reached.place_of(&"h".repeat(LONGEST + 1)), None);
    }
}

//! How far long work is, such as reading and planting a large seed: whoever started the server may be told.
//!
//! Invariant: who is told changes nothing about the work, and of work that is short nobody is told.

use std::fmt;
use std::sync::Arc;

/// Work with fewer parts is over before anybody could read of it.
const FEWEST: usize = 1_000;

/// A whole is told of in so many steps at most.
const STEPS: usize = 50;

/// How far a piece of work is: `done` of `of` parts, such as “reading 300 of 5,000 files”. Once all are done it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is done: `reading`, `planting` or `writing`.
    pub doing: &'static str,
    /// What the parts are: `files`, `elements`, or the plural of a kind of element.
    pub parts: &'static str,
    pub done: usize,
    pub of: usize,
}

/// Whoever is told how far work is; nobody by default.
#[derive(Clone, Default)]
pub struct Listener(Option<Arc<dyn Fn(Step) + Send + Sync>>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").field(&self.0.is_some()).finish()
    }
}

impl Listener {
    /// Tells this function.
    pub fn new(told: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(told)))
    }

    /// Begins work of so many parts.
    pub fn begin(&self, doing: &'static str, parts: &'static str, of: usize) -> Work {
        let listener = if of < FEWEST { Self::default() } else { self.clone() };
        Work { listener, step: Step { doing, parts, done: 0, of } }
    }
}

/// A piece of work that is under way. When it is dropped it is over, also where it came to nothing.
#[derive(Debug)]
pub struct Work {
    listener: Listener,
    step: Step,
}

impl Work {
    /// One part more is done. More than there were thought to be changes nothing.
    pub fn one_done(&mut self) {
        let Step { done, of, .. } = &mut self.step;
        *done = (*done + 1).min(*of);
        // The end is told when it is over.
        if *done < *of && done.is_multiple_of((*of / STEPS).max(1)) {
            self.tell();
        }
    }

    fn tell(&self) {
        if let Some(told) = &self.listener.0 {
            told(self.step);
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.step.done = self.step.of;
        self.tell();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn large_work_is_told_of_in_some_steps_and_ends_once() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&told);
        let listener = Listener::new(move |step| seen.lock().unwrap().push(step.done));

        let mut work = listener.begin("reading", "files", 1_000);
        (0..1_100).for_each(|_| work.one_done());
        drop(work);

        let expected: Vec<usize> = (1..=50).map(|step| step * 20).collect();
        assert_eq!(*told.lock().unwrap(), expected);
    }

    #[test]
    fn small_work_is_not_told_of() {
        let listener = Listener::new(|step| panic!("{step:?}"));
        let mut work = listener.begin("reading", "files", 999);
        work.one_done();
    }

    #[test]
    fn work_that_comes_to_nothing_is_over_too() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&told);
        let listener = Listener::new(move |step| seen.lock().unwrap().push((step.done, step.of)));

        drop(listener.begin("planting", "elements", 5_000));

        assert_eq!(*told.lock().unwrap(), [(5_000, 5_000)]);
    }
}

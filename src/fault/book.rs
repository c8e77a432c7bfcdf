//! This module keeps the fault rules of one workspace, counts the calls they match, and records what they
//! did. Invariant: whether a rule fires depends only on its own count, the seed and the clock, so the
//! same calls meet the same faults.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::base::redact::masked;
use crate::fault::{By, CallFacts, Effect, RateLimit, Rule};

/// A book remembers this many firings; then the oldest goes.
const MOST_FIRINGS: usize = 10_000;
/// A workspace has at most this many rules.
const MOST_RULES: usize = 1_000;
/// A rate limit has this many buckets; when there are more, those that are full again are dropped first.
const MOST_BUCKETS: usize = 10_000;

/// The book has the rules of one workspace.
#[derive(Debug)]
pub struct Book {
    // A std mutex: held for a few instructions and never across an await.
    inner: Mutex<BookState>,
    /// This is the number of rules, so that a workspace without rules costs each call only one look.
    rules: AtomicUsize,
}

#[derive(Debug)]
struct BookState {
    seed: u64,
    rules: Vec<Held>,
    fired: VecDeque<Firing>,
    plan: Option<BTreeSet<(String, u64)>>,
    made: u64,
}

#[derive(Debug, Clone)]
struct Held {
    id: String,
    name: String,
    rule: Rule,
    matched: u64,
    fired: u64,
    buckets: HashMap<String, Bucket>,
}

/// A token bucket as it was at a moment. Its level is counted in tokens times milliseconds, so that nothing is rounded.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: u128,
    at: Timestamp,
}

/// A rule together with its counts, as the control API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The control API finds the rule by this id, such as `fault-1`, or by its name.
    pub id: String,
    #[serde(flatten)]
    pub rule: Rule,
    /// The rule matched this many calls.
    pub matched: u64,
    /// The rule broke this many calls.
    pub fired: u64,
}

/// A firing says which rule broke which call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Firing {
    /// The rule with this name fired.
    pub rule: String,
    /// It fired at the n-th call that it matched, counted from 1.
    pub n: u64,
    /// The fault's name, as in JSON: `latency`, `disconnect`.
    #[serde(default)]
    pub fault: String,
    /// The call is shown as method and path, without secrets.
    #[serde(default)]
    pub call: String,
    /// It fired at this moment of the workspace's clock.
    #[serde(default = "epoch")]
    pub at: Timestamp,
}

fn epoch() -> Timestamp {
    Timestamp::from_millis(0)
}

/// The part of a book that a fork, a snapshot and an export take along.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// All chance in the book's rules derives from this seed.
    pub seed: u64,
    /// The rules come without their counts, in the order in which they are tried.
    pub rules: Vec<Rule>,
    /// When a story is being played, each rule fires exactly at these counts instead of by its own conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<BTreeSet<(String, u64)>>,
}

/// A rule that fires at a call, and what it does to it.
#[derive(Debug, Clone)]
pub struct Fired {
    /// The rule with this name fires.
    pub rule: String,
    /// It fires at the n-th call that it matched, counted from 1.
    pub n: u64,
    pub effect: Effect,
    /// This number from 0 to 1 decides whatever is random about the effect.
    pub chance: f64,
    /// For a rate limit: after this many milliseconds the bucket has a token again.
    pub retry_after_ms: Option<u64>,
}

impl Book {
    /// Makes a book without rules whose chance derives from `seed`.
    pub fn new(seed: u64) -> Self {
        let inner = BookState { seed, rules: Vec::new(), fired: VecDeque::new(), plan: None, made: 0 };
        Self { inner: Mutex::new(inner), rules: AtomicUsize::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, BookState> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what a fork and a snapshot take along.
    pub fn sheet(&self) -> Sheet {
        let inner = self.lock();
        let rules = inner.rules.iter().map(|held| held.rule.clone()).collect();
        Sheet { seed: inner.seed, rules, plan: inner.plan.clone() }
    }

    /// Replaces the book's rules by those of a sheet, with counts that start at 0.
    pub fn adopt(&self, sheet: Sheet) {
        self.clear();
        {
            let mut inner = self.lock();
            (inner.seed, inner.plan) = (sheet.seed, sheet.plan);
        }
        for rule in sheet.rules {
            // The rules were checked in the book that they come from.
            self.add(rule).ok();
        }
    }

    /// Returns whether the book has no rule.
    pub fn is_empty(&self) -> bool {
        self.rules.load(Ordering::Acquire) == 0
    }

    /// Adds a rule, which is tried last; it replaces a rule of the same name. It fails when the rule makes no sense,
    /// or when there are too many.
    pub fn add(&self, rule: Rule) -> Result<Standing, ApiError> {
        let added = self.add_all(vec![rule])?;
        added.into_iter().next().ok_or_else(|| ApiError::internal("a fault got lost"))
    }

    /// Adds rules as [`Self::add`] does, all of them or, when it fails, none.
    pub fn add_all(&self, rules: Vec<Rule>) -> Result<Vec<Standing>, ApiError> {
        rules.iter().try_for_each(Rule::check)?;
        let mut inner = self.lock();
        let replaced = |held: &Held| rules.iter().any(|rule| rule.name.as_ref() == Some(&held.name));
        let others = inner.rules.iter().filter(|held| !replaced(held)).count();
        if others + rules.len() > MOST_RULES {
            return Err(ApiError::bad_request(format!("a workspace has at most {MOST_RULES} faults; delete some")));
        }
        let mut added = Vec::with_capacity(rules.len());
        for rule in rules {
            inner.made += 1;
            let id = format!("fault-{}", inner.made);
            let name = rule.name.clone().unwrap_or_else(|| id.clone());
            inner.rules.retain(|held| held.name != name);
            let rule = Rule { name: Some(name.clone()), ..rule };
            let held = Held { id, name, rule, matched: 0, fired: 0, buckets: HashMap::new() };
            added.push(standing(&held));
            inner.rules.push(held);
        }
        self.rules.store(inner.rules.len(), Ordering::Release);
        Ok(added)
    }

    /// Replaces a rule by id or name, and keeps its place and its counts. It fails when there is none, or when
    /// another rule has the new name.
    pub fn replace(&self, id: &str, rule: Rule) -> Result<Standing, ApiError> {
        rule.check()?;
        let mut inner = self.lock();
        let at = inner.rules.iter().position(|held| held.id == id || held.name == id).ok_or_else(|| no_fault(id))?;
        let taken =
            |name: &String| inner.rules.iter().enumerate().any(|(other, held)| other != at && held.name == *name);
        if let Some(name) = rule.name.as_ref().filter(|name| taken(name)) {
            return Err(ApiError::already_exists(format!("another fault is called `{name}`")));
        }
        let held = inner.rules.get_mut(at).ok_or_else(|| no_fault(id))?;
        held.name = rule.name.clone().unwrap_or_else(|| held.name.clone());
        held.rule = Rule { name: Some(held.name.clone()), ..rule };
        Ok(standing(held))
    }

    /// Removes a rule by id or name and returns it, or fails with a 404.
    pub fn remove(&self, id: &str) -> Result<Standing, ApiError> {
        let mut inner = self.lock();
        let at = inner.rules.iter().position(|held| held.id == id || held.name == id).ok_or_else(|| no_fault(id))?;
        let held = inner.rules.remove(at);
        self.rules.store(inner.rules.len(), Ordering::Release);
        Ok(standing(&held))
    }

    /// Removes every rule, and forgets what fired.
    pub fn clear(&self) {
        let mut inner = self.lock();
        (inner.plan, inner.fired) = (None, VecDeque::new());
        inner.rules.clear();
        self.rules.store(0, Ordering::Release);
    }

    /// Returns the rule with this id or name, or a 404.
    pub fn get(&self, id: &str) -> Result<Standing, ApiError> {
        let inner = self.lock();
        inner.rules.iter().find(|held| held.id == id || held.name == id).map(standing).ok_or_else(|| no_fault(id))
    }

    /// Returns every rule, in the order in which they are tried.
    pub fn list(&self) -> Vec<Standing> {
        self.lock().rules.iter().map(standing).collect()
    }

    /// Returns the seed and what fired, in order; playing them again repeats the same faults.
    pub fn story(&self) -> (u64, Vec<Firing>) {
        let inner = self.lock();
        (inner.seed, inner.fired.iter().cloned().collect())
    }

    /// Makes rules fire as a story says, each at the calls it names; without a story, rules fire by their own
    /// conditions again. All counts start at 0.
    pub fn play(&self, seed: Option<u64>, story: Option<&[Firing]>) {
        let mut inner = self.lock();
        inner.seed = seed.unwrap_or(inner.seed);
        inner.plan = story.map(|story| story.iter().map(|firing| (firing.rule.clone(), firing.n)).collect());
        inner.fired.clear();
        for held in &mut inner.rules {
            (held.matched, held.fired) = (0, 0);
            held.buckets.clear();
        }
    }

    /// Returns the rules that fire at a call, in order. A rule that answers the call itself is the last.
    pub fn fire(&self, call: &CallFacts, now: Timestamp) -> Vec<Fired> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut inner = self.lock();
        let BookState { seed, rules, fired, plan, .. } = &mut *inner;
        let mut firing = Vec::new();
        for held in rules.iter_mut().filter(|held| held.rule.on.fits(call)) {
            held.matched += 1;
            let n = held.matched;
            let chance = chance(*seed, &held.name, n);
            let due = match plan {
                Some(plan) => plan.contains(&(held.name.clone(), n)),
                None => held.is_due(n, chance, now),
            };
            let (due, retry_after_ms) = match &held.rule.fault {
                Effect::RateLimit(limit) => {
                    let wait = limit.take(&mut held.buckets, call, now);
                    // A story says by itself when the bucket was empty.
                    (due && (plan.is_some() || wait.is_some()), wait)
                }
                _ => (due, None),
            };
            if !due {
                continue;
            }
            held.fired += 1;
            if fired.len() == MOST_FIRINGS {
                fired.pop_front();
            }
            let what = held.rule.fault.name().to_owned();
            let call = format!("{} {}", call.method, masked(&call.path));
            fired.push_back(Firing { rule: held.name.clone(), n, fault: what, call, at: now });
            let effect = held.rule.fault.clone();
            let goes_on = effect.lets_go_on();
            firing.push(Fired { rule: held.name.clone(), n, effect, chance, retry_after_ms });
            if !goes_on {
                break;
            }
        }
        firing
    }
}

impl Book {
    /// Takes a firing back, because the call had nothing for it to break.
    pub fn retract(&self, fired: &Fired) {
        let mut inner = self.lock();
        inner.fired.retain(|known| !(known.rule == fired.rule && known.n == fired.n));
        if let Some(held) = inner.rules.iter_mut().find(|held| held.name == fired.rule) {
            held.fired = held.fired.saturating_sub(1);
        }
    }
}

impl Held {
    fn is_due(&self, n: u64, chance: f64, now: Timestamp) -> bool {
        let Rule { times, nth, after, probability, until, .. } = &self.rule;
        times.is_none_or(|times| self.fired < times)
            && nth.is_none_or(|nth| n == nth)
            && after.is_none_or(|after| n > after)
            && probability.is_none_or(|probability| chance < probability)
            && until.is_none_or(|until| now < until)
    }
}

impl RateLimit {
    /// Takes a token from the caller's bucket, or returns in how many milliseconds there will be one.
    fn take(&self, buckets: &mut HashMap<String, Bucket>, call: &CallFacts, now: Timestamp) -> Option<u64> {
        let whose = match self.by {
            By::Workspace => None,
            By::Tenant => call.tenant.clone(),
            By::Connection => call.connection.first().cloned(),
        };
        let (limit, cost) = (u128::from(self.limit), u128::from(self.per_ms));
        let full = limit * cost;
        if buckets.len() >= MOST_BUCKETS {
            buckets.retain(|_, bucket| now.since(bucket.at) < self.per_ms);
        }
        // Whoever was let in longest ago is forgotten where all are still to be known.
        if buckets.len() >= MOST_BUCKETS
            && let Some(oldest) = buckets.iter().min_by_key(|(_, bucket)| bucket.at).map(|(whose, _)| whose.clone())
        {
            buckets.remove(&oldest);
        }
        let bucket = buckets.entry(whose.unwrap_or_default()).or_insert(Bucket { level: full, at: now });
        let grown = u128::from(now.since(bucket.at)).saturating_mul(limit);
        *bucket = Bucket { level: bucket.level.saturating_add(grown).min(full), at: now };
        if bucket.level >= cost {
            bucket.level -= cost;
            return None;
        }
        let wait = (cost - bucket.level).div_ceil(limit);
        Some(u64::try_from(wait).unwrap_or(u64::MAX).max(1))
    }
}

/// Returns a number that is at least 0 and less than 1: a hash of seed, rule and count, so that
/// no rule's chance depends on another's.
fn chance(seed: u64, rule: &str, n: u64) -> f64 {
    let hash =
        Sha256::new().chain_update(seed.to_le_bytes()).chain_update(rule).chain_update(n.to_le_bytes()).finalize();
    let bits = hash.iter().take(7).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) >> 3;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let chance = bits as f64 / 9_007_199_254_740_992.0;
    chance
}

fn standing(held: &Held) -> Standing {
    Standing { id: held.id.clone(), rule: held.rule.clone(), matched: held.matched, fired: held.fired }
}

fn no_fault(id: &str) -> ApiError {
    ApiError::not_found(format!("fault not found: `{id}`; list them with GET …/faults"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::operation::Operation;
    use crate::fault::{Fault, act, any_call};

    fn call(connection: &str) -> CallFacts {
        CallFacts { operation: Some(Operation::Act), connection: vec![connection.into()], ..CallFacts::default() }
    }

    fn fires(book: &Book, connection: &str, calls: usize) -> Vec<bool> {
        let now = Timestamp::from_millis(0);
        (0..calls).map(|_| !book.fire(&call(connection), now).is_empty()).collect()
    }

    #[test]
    fn only_the_nth_matching_call_is_broken() {
        let book = Book::new(1);
        book.add(Fault::on(act().connection("a")).nth(2).reset().rule()).unwrap();

        assert_eq!(fires(&book, "b", 3), [false; 3]);
        assert_eq!(fires(&book, "a", 3), [false, true, false]);
    }

    #[test]
    fn times_and_after_go_together() {
        let book = Book::new(1);
        book.add(Fault::on(any_call()).after(1).times(2).close().rule()).unwrap();

        assert_eq!(fires(&book, "a", 5), [false, true, true, false, false]);
    }

    #[test]
    fn a_seed_repeats_and_a_story_plays_again() {
        let rule = Fault::on(any_call()).named("flaky").probability(0.5).close().rule();
        let (one, other, third) = (Book::new(7), Book::new(7), Book::new(8));
        for book in [&one, &other, &third] {
            book.add(rule.clone()).unwrap();
        }
        let first = fires(&one, "a", 50);
        assert_eq!(first, fires(&other, "a", 50));
        assert_ne!(first, fires(&third, "a", 50));

        let (_, story) = one.story();
        third.play(None, Some(&story));
        assert_eq!(first, fires(&third, "a", 50));
    }

    #[test]
    fn each_firing_has_a_chance_of_its_own() {
        let book = Book::new(7);
        book.add(Fault::on(any_call()).latency_between(0, 9).rule()).unwrap();
        let now = Timestamp::from_millis(0);
        let mut chances: Vec<f64> = (0..20).map(|_| book.fire(&call("a"), now)[0].chance).collect();

        assert!(chances.iter().all(|chance| (0.0..1.0).contains(chance)));
        chances.sort_by(f64::total_cmp);
        assert!(chances[0] < 0.3 && chances[19] > 0.7, "{chances:?}");
        chances.dedup();
        assert_eq!(chances.len(), 20);
    }

    #[test]
    fn a_bucket_fills_up_with_time() {
        let book = Book::new(1);
        book.add(Fault::on(any_call()).rate_limit(2, 1_000).rule()).unwrap();
        let at = |ms: i64| book.fire(&call("a"), Timestamp::from_millis(ms)).first().map(|fired| fired.retry_after_ms);

        assert_eq!((at(0), at(0)), (None, None));
        assert_eq!(at(0), Some(Some(500)));
        assert_eq!(at(500), None);
        assert_eq!(at(500), Some(Some(500)));
    }
}

//! This module decides which snippet runs next: as many run at once as there are cores, and always one for each tenant.
//!
//! Invariant: a tenant whose snippets are stuck delays nobody else. The snippets of one tenant run in the order in
//! which they came, and tenants take turns. A snippet that another one waits for has a level of its own, so that the
//! two never wait for each other.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::base::clock::real_sleep;

/// At most this many snippets of one tenant wait at one level.
pub(super) const MOST_WAITING: usize = 100;
/// At most this many snippets run at one level when many tenants have one each.
const MOST_AT_ONCE: usize = 16;
/// At most this many snippets run at one level once the others have run for [`PATIENCE`], because those may be stuck.
const MOST_STUCK: usize = 256;
/// A tenant that runs nothing waits this long for others.
const PATIENCE: Duration = Duration::from_millis(250);

/// The gate gives snippets their turn.
#[derive(Debug)]
pub(super) struct Gate {
    levels: Vec<Arc<Mutex<GateLevel>>>,
}

#[derive(Debug, Default)]
struct GateLevel {
    seats: usize,
    running: HashMap<String, usize>,
    waiting: HashMap<String, VecDeque<oneshot::Sender<Pass>>>,
    /// These tenants have snippets waiting; the one at the front is next.
    turns: VecDeque<String>,
}

impl GateLevel {
    fn has_room_for(&self, tenant: &str) -> bool {
        self.running.values().sum::<usize>() < self.seats || self.has_first_seat_for(tenant, MOST_AT_ONCE)
    }

    /// Returns whether a tenant that runs nothing may start one snippet while at most `most` run.
    fn has_first_seat_for(&self, tenant: &str, most: usize) -> bool {
        !self.running.contains_key(tenant) && self.running.values().sum::<usize>() < most.max(self.seats)
    }

    /// Gives a seat to a tenant that runs nothing and has waited for [`PATIENCE`]; returns false when all are taken.
    fn takes_first_seat(&mut self, tenant: &str) -> bool {
        let has_room = self.has_first_seat_for(tenant, MOST_STUCK);
        if has_room {
            self.seat(tenant);
        }
        has_room
    }

    fn seat(&mut self, tenant: &str) {
        *self.running.entry(tenant.to_owned()).or_default() += 1;
    }

    fn unseat(&mut self, tenant: &str) {
        if let Some(count) = self.running.get_mut(tenant) {
            *count -= 1;
            if *count == 0 {
                self.running.remove(tenant);
            }
        }
    }

    /// Returns how many snippets of a tenant wait; waiters that were cancelled do not count.
    fn queued(&mut self, tenant: &str) -> usize {
        let Some(queue) = self.waiting.get_mut(tenant) else { return 0 };
        queue.retain(|waiter| !waiter.is_closed());
        let queued = queue.len();
        if queued == 0 {
            self.waiting.remove(tenant);
            self.turns.retain(|known| known != tenant);
        }
        queued
    }

    /// Gives a seat to the next waiting snippet that there is room for, and returns its tenant and its channel.
    fn next(&mut self) -> Option<(String, oneshot::Sender<Pass>)> {
        let place = self.turns.iter().position(|tenant| self.has_room_for(tenant))?;
        let tenant = self.turns.remove(place)?;
        let queue = self.waiting.get_mut(&tenant)?;
        let next = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(&tenant);
        } else {
            self.turns.push_back(tenant.clone());
        }
        let next = next?;
        self.seat(&tenant);
        Some((tenant, next))
    }
}

fn lock(level: &Mutex<GateLevel>) -> MutexGuard<'_, GateLevel> {
    level.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pass is the permission to run; dropping it gives the seat to the next snippet.
#[derive(Debug)]
pub(super) struct Pass {
    level: Arc<Mutex<GateLevel>>,
    tenant: String,
}

impl Drop for Pass {
    fn drop(&mut self) {
        lock(&self.level).unseat(&self.tenant);
        loop {
            // The lock is not taken in the head of the loop, because it would be held while a refused
            // pass is dropped, which locks too.
            let next = lock(&self.level).next();
            let Some((tenant, waiter)) = next else { break };
            // A cancelled waiter hands the pass back, and dropping it lets the next one in.
            waiter.send(Self { level: Arc::clone(&self.level), tenant }).ok();
        }
    }
}

/// The tenant has too many snippets waiting already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Gate {
    /// Makes a gate with `seats` seats at each of `levels` levels.
    pub(super) fn new(seats: usize, levels: usize) -> Self {
        let level = || Arc::new(Mutex::new(GateLevel { seats, ..GateLevel::default() }));
        Self { levels: std::iter::repeat_with(level).take(levels).collect() }
    }

    /// Waits for a turn at a level. It returns nothing when the level does not exist, and [`Full`] when too
    /// many of the tenant's snippets wait.
    pub(super) async fn enter(&self, tenant: &str, level: usize) -> Option<Result<Pass, Full>> {
        let level = self.levels.get(level)?;
        let waiting = {
            let mut state = lock(level);
            let queued = state.queued(tenant);
            if queued == 0 && state.has_room_for(tenant) {
                state.seat(tenant);
                return Some(Ok(Pass { level: Arc::clone(level), tenant: tenant.to_owned() }));
            }
            if queued >= MOST_WAITING {
                return Some(Err(Full));
            }
            if queued == 0 {
                state.turns.push_back(tenant.to_owned());
            }
            let (sender, receiver) = oneshot::channel();
            state.waiting.entry(tenant.to_owned()).or_default().push_back(sender);
            receiver
        };
        let mut waiting = waiting;
        let pass = tokio::select! {
            biased;
            pass = &mut waiting => Some(pass),
            () = real_sleep(PATIENCE) => None,
        };
        let pass = match pass {
            Some(pass) => pass,
            None if lock(level).takes_first_seat(tenant) => {
                return Some(Ok(Pass { level: Arc::clone(level), tenant: tenant.to_owned() }));
            }
            None => waiting.await,
        };
        Some(pass.map_err(|_| Full))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    async fn pass(gate: &Gate, tenant: &str) -> Pass {
        gate.enter(tenant, 0).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_tenant_that_fills_every_seat_keeps_no_other_out() {
        let gate = Gate::new(2, 1);
        let _stuck = [pass(&gate, "a").await, pass(&gate, "a").await];

        assert!(gate.enter("a", 0).now_or_never().is_none());
        assert!(gate.enter("b", 0).now_or_never().is_some());
    }

    #[tokio::test]
    async fn however_many_are_stuck_another_tenant_gets_in() {
        let gate = Gate::new(2, 1);
        let mut stuck = Vec::new();
        for tenant in 0..MOST_AT_ONCE {
            stuck.push(pass(&gate, &tenant.to_string()).await);
        }

        assert!(gate.enter("b", 0).now_or_never().is_none(), "they may be done in a moment");
        assert!(gate.enter("b", 0).await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn tenants_take_turns() {
        let gate = Gate::new(1, 1);
        let first = pass(&gate, "a").await;
        let of_b = pass(&gate, "b").await;
        let mut a = Box::pin(pass(&gate, "a"));
        let mut b = Box::pin(pass(&gate, "b"));
        assert!((&mut a).now_or_never().is_none() && (&mut b).now_or_never().is_none());

        drop(of_b);
        let b = b.now_or_never();
        assert!(b.is_some(), "b runs nothing, so it comes before a");
        drop(first);
        assert!(a.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_waiter_that_goes_away_loses_its_turn_and_nothing_else() {
        let gate = Gate::new(1, 1);
        let first = pass(&gate, "a").await;
        let mut gone = Box::pin(pass(&gate, "a"));
        let mut stays = Box::pin(pass(&gate, "a"));
        assert!((&mut gone).now_or_never().is_none() && (&mut stays).now_or_never().is_none());

        drop(gone);
        drop(first);

        assert!(stays.now_or_never().is_some());
        assert!(gate.enter("a", 0).now_or_never().is_some(), "all seats are free again");
    }

    #[tokio::test]
    async fn a_full_queue_refuses() {
        let gate = Gate::new(1, 1);
        let _first = pass(&gate, "a").await;
        let mut waiting: Vec<_> = (0..MOST_WAITING).map(|_| Box::pin(gate.enter("a", 0))).collect();
        for one in &mut waiting {
            assert!(one.now_or_never().is_none());
        }

        assert_eq!(gate.enter("a", 0).await.unwrap().unwrap_err(), Full);
        assert!(gate.enter("a", 1).await.is_none(), "there is only one level");
    }
}

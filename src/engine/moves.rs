//! What moves by itself: one trait for state that moves within a transaction, one for work that goes over HTTP, and both
//! as data for the worker's list.
//!
//! Invariant: whether something is due is read from the agendas that the store keeps in order, and from nothing else.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Engine, WorkspaceRuntime};
use crate::base::agenda::{Lane, Wait};
use crate::base::clock::Timestamp;
use crate::base::error::ApiError;
use crate::store::{Record, Tx, World};

/// A kind whose state moves by itself when its moment has come, within one transaction.
pub trait Moves: Record + Clone {
    /// Whether a record that is due may move; another one may have to be over first.
    fn may_move(_: &World, _: &Self) -> bool {
        true
    }

    /// Moves one that is due. An error moves nothing.
    fn step(engine: &Engine, space: &WorkspaceRuntime, tx: &mut Tx, record: Self) -> Result<(), ApiError>;

    /// Ends one that cannot be moved, so that it holds up nothing else: it is no longer due and says why.
    fn give_up(space: &WorkspaceRuntime, tx: &mut Tx, record: Self, error: ApiError) -> Result<(), ApiError>;
}

/// A kind for which work falls due that goes over HTTP: it is neither done within a transaction nor waited for.
pub trait Works: Record {
    /// Whether the work may begin; other work may have to be over first.
    fn may_begin(_: &WorkspaceRuntime, _: &World, _: &Self) -> bool {
        true
    }

    /// Does the work. Whoever does it looks first whether it is still due.
    fn work(
        engine: Arc<Engine>,
        space: Arc<WorkspaceRuntime>,
        record: Arc<Self>,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// Something that is due, as the worker's list knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRecord {
    /// The moment at which it fell due.
    pub at: Timestamp,
    /// Its id.
    pub id: String,
    /// Whether it is due because it was read often enough; reads are then counted anew.
    pub was_read: bool,
}

impl DueRecord {
    fn of<R: Record>(at: Timestamp, record: &R, was_read: bool) -> Self {
        Self { at, id: record.record_id().to_string(), was_read }
    }
}

/// One kind in the worker's list.
pub struct Mover {
    /// The record of the kind that has been due longest, at this moment.
    pub due: fn(&WorkspaceRuntime, &World, Timestamp) -> Option<DueRecord>,
    /// The next moment at which a record of the kind falls due, past moments included.
    pub moment: fn(&WorkspaceRuntime, &World) -> Option<Timestamp>,
    /// How it moves.
    pub way: Way,
}

/// Does the work that is due for the record with this id.
pub type WorkFn = fn(Arc<Engine>, Arc<WorkspaceRuntime>, String) -> BoxFuture<'static, Result<(), ApiError>>;

/// How a record that is due moves.
pub enum Way {
    /// Within the worker's transaction.
    Step {
        /// Moves the record with this id.
        step: fn(&Engine, &WorkspaceRuntime, &mut Tx, &str) -> Result<(), ApiError>,
        /// Ends the record with this id, which could not be moved.
        give_up: fn(&WorkspaceRuntime, &mut Tx, &str, ApiError) -> Result<(), ApiError>,
    },
    /// In a task of its own.
    Work(WorkFn),
}

/// A kind whose state moves, for the worker's list.
pub const fn moves<R: Moves>() -> Mover {
    Mover {
        due: |space, world, now| {
            let by_time = first_due::<R>(space, world, now, Lane::State, |record| R::may_move(world, record));
            let by_turn = next_in_turn::<R>(world);
            let by_turn = by_turn.map(|(at, _, record)| DueRecord::of::<R>(at, record, false));
            [by_time, by_turn].into_iter().flatten().min_by_key(|due| due.at)
        },
        moment: |_, world| {
            let mut waiting = R::table(world).by_moment(Lane::State);
            let first = waiting.find(|(_, _, record)| R::may_move(world, record)).map(|(at, ..)| at);
            first.into_iter().chain(next_in_turn::<R>(world).map(|(since, ..)| since)).min()
        },
        way: Way::Step {
            step: |engine, space, tx, id| match R::table(tx).get(id).map(|record| (**record).clone()) {
                Some(record) => R::step(engine, space, tx, record),
                None => Ok(()),
            },
            give_up: |space, tx, id, error| match R::table(tx).get(id).map(|record| (**record).clone()) {
                Some(record) => R::give_up(space, tx, record, error),
                None => Ok(()),
            },
        },
    }
}

/// A kind that has work to be done, for the worker's list.
pub const fn works<R: Works>() -> Mover {
    Mover {
        due: |space, world, now| {
            first_due::<R>(space, world, now, Lane::Work, |record| is_free::<R>(space, world, record))
        },
        moment: |space, world| {
            let mut waiting = R::table(world).by_moment(Lane::Work);
            waiting.find(|(_, _, record)| is_free::<R>(space, world, record)).map(|(at, ..)| at)
        },
        way: Way::Work(|engine, space, id| {
            Box::pin(async move {
                // It may have been done meanwhile, by whoever looked at the same moment.
                let record = R::table(&space.world()).get(&id).cloned();
                match record.filter(|record| is_still_due(&space, &**record)) {
                    Some(record) => {
                        space.count_moved(1);
                        R::work(engine, space, record).await
                    }
                    None => Ok(()),
                }
            })
        }),
    }
}

/// Of the records whose turn has come, the one that has waited longest, with since when. A turn comes at whatever moment.
fn next_in_turn<R: Moves>(world: &World) -> Option<(Timestamp, u64, &Arc<R>)> {
    let heads = R::table(world).heads_of_queues().filter(|(_, record)| R::may_move(world, record));
    let waiting = heads.filter_map(|(seq, record)| match record.agenda().state? {
        Wait::Turn(since) => Some((since, seq, record)),
        Wait::At(_) | Wait::Reads(_) => None,
    });
    waiting.min_by_key(|(since, seq, _)| (*since, *seq))
}

/// Whether the work for a record is not under way and may begin.
fn is_free<R: Works>(space: &WorkspaceRuntime, world: &World, record: &R) -> bool {
    !space.in_flight.has(record.record_id().as_str()) && R::may_begin(space, world, record)
}

/// Whether work for a record is due. What waited for reads was read often enough when it was sent off.
fn is_still_due<R: Record>(space: &WorkspaceRuntime, record: &R) -> bool {
    match record.agenda().work {
        Some(Wait::At(at)) => at <= space.clock.now(),
        Some(Wait::Reads(_) | Wait::Turn(_)) => true,
        None => false,
    }
}

/// The record that has been due longest in a lane. One that waits for reads is due now, once it was read often enough.
fn first_due<R: Record>(
    space: &WorkspaceRuntime,
    world: &World,
    now: Timestamp,
    lane: Lane,
    may: impl Fn(&R) -> bool,
) -> Option<DueRecord> {
    let table = R::table(world);
    let by_moment = table.by_moment(lane).take_while(|(at, ..)| *at <= now).find(|(_, _, record)| may(record));
    let read_enough = |reads: u64, record: &R| space.reads_of(record.record_id().as_str()) >= reads && may(record);
    let by_reads = table.by_reads(lane).find(|(reads, _, record)| read_enough(*reads, record));
    let by_moment = by_moment.map(|(at, seq, record)| (at, seq, record, false));
    let by_reads = by_reads.map(|(_, seq, record)| (now, seq, record, true));
    let first = [by_moment, by_reads].into_iter().flatten().min_by_key(|(at, seq, ..)| (*at, *seq));
    first.map(|(at, _, record, was_read)| DueRecord::of::<R>(at, record, was_read))
}

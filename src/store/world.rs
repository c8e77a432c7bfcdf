//! This module is the model of one workspace's rows. Its maps are persistent, so that a copy for a writer, a fork or a
//! snapshot costs almost nothing. Invariant: a world can be rebuilt from its rows.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Bound;
use std::sync::Arc;

use imbl::{HashMap, OrdMap, OrdSet};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::agenda::{Agenda, Lane, Wait};
use crate::base::clock::Timestamp;
use crate::base::ids::{Id, Index, NameFn};
use crate::nouns::workspace::model::Workspace;
use crate::store::records::{RecordKind, World};
use crate::store::{Row, StoreError};

/// What a record is found by beside its id and key.
pub trait Indexed {
    /// Tells each name of the record. Invariant: it depends on the record alone.
    fn each_name(&self, _: &mut NameFn<'_>) {}
}

/// A type whose values are rows of the table `record`.
pub trait Record: Indexed + Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    const KIND: RecordKind;
    fn record_id(&self) -> &Id<Self>;
    /// Returns the text that the record is looked up by, beside its id.
    fn index_key(&self) -> Option<&str>;
    /// Returns what the record waits for.
    fn agenda(&self) -> Agenda {
        Agenda::default()
    }
    /// Returns the queue in which the record waits for its turn; the oldest of a queue is next.
    fn queue(&self) -> Option<&str> {
        None
    }
    /// Returns the table in which a world keeps this kind.
    fn table(world: &World) -> &Table<Self>;
    /// Returns the table in which a world keeps this kind, for changes.
    fn table_mut(world: &mut World) -> &mut Table<Self>;
}

/// A table has all records of one kind, in order of creation.
#[derive(Debug)]
pub struct Table<R: 'static> {
    rows: OrdMap<u64, Arc<R>>,
    by_id: HashMap<Id<R>, u64>,
    by_key: OrdSet<(Arc<str>, u64)>,
    /// By index, hash of the name, and place in the order of creation. Names that share a hash are told apart by the records.
    by_name: OrdSet<(Index, u64, u64)>,
    by_moment: OrdSet<(Lane, Timestamp, u64)>,
    by_reads: OrdSet<(Lane, u64, u64)>,
    by_queue: OrdSet<(Arc<str>, u64)>,
}

impl<R> Clone for Table<R> {
    fn clone(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            by_id: self.by_id.clone(),
            by_key: self.by_key.clone(),
            by_name: self.by_name.clone(),
            by_moment: self.by_moment.clone(),
            by_reads: self.by_reads.clone(),
            by_queue: self.by_queue.clone(),
        }
    }
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self {
            rows: OrdMap::new(),
            by_id: HashMap::new(),
            by_key: OrdSet::new(),
            by_name: OrdSet::new(),
            by_moment: OrdSet::new(),
            by_reads: OrdSet::new(),
            by_queue: OrdSet::new(),
        }
    }
}

/// The same in every process, as ids and their order are.
fn hash_of(name: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// What a record is found by, as the table keeps it.
fn hashed_names(record: &impl Indexed) -> Vec<(Index, u64)> {
    let mut names = Vec::new();
    record.each_name(&mut |index, name| names.push((index, hash_of(name))));
    names
}

impl<R: Record> Table<R> {
    /// Returns the record with this id.
    pub fn get(&self, id: &str) -> Option<&Arc<R>> {
        self.rows.get(self.by_id.get(id)?)
    }

    /// Returns the records with this key, in order of creation.
    pub fn with_key<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Arc<R>> + use<'a, R> {
        let key: Arc<str> = key.into();
        self.by_key.range((Arc::clone(&key), 0)..=(key, u64::MAX)).filter_map(|(_, seq)| self.rows.get(seq))
    }

    /// Returns the records with this name in an index, in order of creation. What has another name is not looked at.
    pub fn with<'a>(&'a self, index: Index, name: &[&str]) -> impl DoubleEndedIterator<Item = &'a Arc<R>> + use<'a, R> {
        self.with_after(index, name, 0).map(|(_, row)| row)
    }

    /// Returns the records with this name in an index after a position, with their positions.
    pub fn with_after<'a>(
        &'a self,
        index: Index,
        name: &[&str],
        position: u64,
    ) -> impl DoubleEndedIterator<Item = (u64, &'a Arc<R>)> + use<'a, R> {
        let hash = hash_of(name);
        let places = (Bound::Excluded((index, hash, position)), Bound::Included((index, hash, u64::MAX)));
        let rows = self.by_name.range(places).filter_map(|(_, _, seq)| Some((*seq, self.rows.get(seq)?)));
        let name: Vec<String> = name.iter().map(ToString::to_string).collect();
        rows.filter(move |(_, row)| {
            let mut has_it = false;
            row.each_name(&mut |of, own| has_it |= of == index && own == name);
            has_it
        })
    }

    /// Returns all records, in order of creation.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<R>> {
        self.rows.values()
    }

    /// Returns all records after a position, with their positions.
    pub fn after(&self, position: u64) -> impl Iterator<Item = (u64, &Arc<R>)> {
        self.rows.range((Bound::Excluded(position), Bound::Unbounded)).map(|(seq, row)| (*seq, row))
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the record's place in the order of creation.
    pub(super) fn position(&self, id: &str) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    /// Returns the last record's place in the order of creation, or 0.
    pub(super) fn last_position(&self) -> u64 {
        self.rows.get_max().map_or(0, |(seq, _)| *seq)
    }

    pub(super) fn put(&mut self, seq: u64, record: R) {
        debug_assert_eq!(
            record.queue().is_some(),
            matches!(record.agenda().state, Some(Wait::Turn(_))),
            "what waits for its turn waits in a queue"
        );
        let old = self.rows.get(&seq).cloned();
        self.reindex(seq, old.as_deref(), Some(&record));
        if old.is_none() {
            self.by_id.insert(record.record_id().clone(), seq);
        }
        self.rows.insert(seq, Arc::new(record));
    }

    pub(super) fn remove(&mut self, id: &str) {
        let Some(seq) = self.by_id.remove(id) else { return };
        let old = self.rows.remove(&seq);
        self.reindex(seq, old.as_deref(), None);
    }

    /// Keeps the indexes that a row's contents decide, for what stood at a place and what stands there from now on. An index is
    /// written only where it changes: most changes of a record leave all of them alone.
    fn reindex(&mut self, seq: u64, was: Option<&R>, is: Option<&R>) {
        let (old, new) = (was.and_then(Record::index_key), is.and_then(Record::index_key));
        if old != new {
            old.map(|key| self.by_key.remove(&(Arc::from(key), seq)));
            new.map(|key| self.by_key.insert((Arc::from(key), seq)));
        }
        let (old, new) = (was.map(hashed_names), is.map(hashed_names));
        if old != new {
            for (index, hash) in old.into_iter().flatten() {
                self.by_name.remove(&(index, hash, seq));
            }
            for (index, hash) in new.into_iter().flatten() {
                self.by_name.insert((index, hash, seq));
            }
        }
        let (old, new) = (was.map(Record::agenda), is.map(Record::agenda));
        if old != new {
            for (lane, wait) in old.into_iter().flat_map(Agenda::waits) {
                match wait {
                    Wait::At(at) => self.by_moment.remove(&(lane, at, seq)).is_some(),
                    Wait::Reads(reads) => self.by_reads.remove(&(lane, seq, reads)).is_some(),
                    Wait::Turn(_) => false,
                };
            }
            for (lane, wait) in new.into_iter().flat_map(Agenda::waits) {
                match wait {
                    Wait::At(at) => self.by_moment.insert((lane, at, seq)).is_some(),
                    Wait::Reads(reads) => self.by_reads.insert((lane, seq, reads)).is_some(),
                    Wait::Turn(_) => false,
                };
            }
        }
        let (old, new) = (was.and_then(Record::queue), is.and_then(Record::queue));
        if old != new {
            old.map(|queue| self.by_queue.remove(&(Arc::from(queue), seq)));
            new.map(|queue| self.by_queue.insert((Arc::from(queue), seq)));
        }
    }

    /// The records that wait for a moment, the earliest first and of one moment the oldest first, with that moment.
    pub fn by_moment(&self, lane: Lane) -> impl Iterator<Item = (Timestamp, u64, &Arc<R>)> {
        let first = (lane, Timestamp::from_millis(i64::MIN), 0);
        let of_lane =
            self.by_moment.range((Bound::Included(first), Bound::Unbounded)).take_while(move |(of, ..)| *of == lane);
        of_lane.filter_map(|(_, at, seq)| Some((*at, *seq, self.rows.get(seq)?)))
    }

    /// The first record of each queue, with its place in the order of creation. What stands behind it is not looked at.
    pub fn heads_of_queues(&self) -> impl Iterator<Item = (u64, &Arc<R>)> {
        let first = self.by_queue.iter().next();
        let heads = std::iter::successors(first, |(queue, _)| {
            let past = (Arc::clone(queue), u64::MAX);
            self.by_queue.range((Bound::Excluded(past), Bound::Unbounded)).next()
        });
        heads.filter_map(|(_, seq)| Some((*seq, self.rows.get(seq)?)))
    }

    /// The records that wait until they have been read so often, the oldest first, with that number.
    pub fn by_reads(&self, lane: Lane) -> impl Iterator<Item = (u64, u64, &Arc<R>)> {
        let of_lane = self.by_reads.iter().filter(move |(of, ..)| *of == lane);
        of_lane.filter_map(|(_, seq, reads)| Some((*reads, *seq, self.rows.get(seq)?)))
    }
}

impl World {
    /// Returns the rows that this world is a model of, in order of creation. It fails when a
    /// record cannot be written as JSON.
    pub fn rows(&self) -> Result<Vec<Row>, StoreError> {
        let mut rows = vec![self.own_row()?];
        self.add_rows(&mut rows)?;
        rows.sort_by_key(|row| row.seq);
        Ok(rows)
    }

    /// Returns the row of the workspace itself, which comes before all others.
    pub(super) fn own_row(&self) -> Result<Row, StoreError> {
        Ok(Row {
            workspace: self.workspace.key.clone(),
            kind: RecordKind::Workspace.name().into(),
            id: self.workspace.id.to_string(),
            seq: 0,
            body: serde_json::to_string(&*self.workspace)?,
        })
    }

    pub(super) fn rows_of<R: Record>(&self, rows: &mut Vec<Row>) -> Result<(), StoreError> {
        for (seq, record) in R::table(self).after(0) {
            rows.push(Row {
                workspace: self.workspace.key.clone(),
                kind: R::KIND.name().into(),
                id: record.record_id().to_string(),
                seq,
                body: serde_json::to_string(&**record)?,
            });
        }
        Ok(())
    }

    /// Rebuilds the world of each workspace from all rows. It fails when a row cannot be read,
    /// or when its workspace is missing.
    pub fn rebuild(rows: Vec<Row>) -> Result<Vec<Self>, StoreError> {
        let mut worlds: Vec<Self> = Vec::new();
        let mut rows = rows;
        // The workspace's own row has the number 0 and comes first.
        rows.sort_by(|a, b| (&a.workspace, a.seq).cmp(&(&b.workspace, b.seq)));
        for row in rows {
            if row.kind == RecordKind::Workspace.name() {
                worlds.push(Self::new(decode(&row)?));
                continue;
            }
            let Some(world) = worlds.last_mut().filter(|world| world.workspace.key == row.workspace) else {
                return Err(corrupt(&row, "its workspace is missing"));
            };
            world.load(&row)?;
        }
        Ok(worlds)
    }

    /// Drops the webhooks that wait to be sent, because in a copy they are the original's to send.
    /// It returns whether there were any.
    pub fn drop_waiting_webhooks(&mut self) -> bool {
        let waiting = self.deliveries.by_moment(Lane::Work).map(|(.., delivery)| delivery.id.to_string());
        let waiting: Vec<String> = waiting.collect();
        for id in &waiting {
            self.deliveries.remove(id);
        }
        !waiting.is_empty()
    }

    pub(super) fn set_workspace(&mut self, workspace: Workspace) {
        self.workspace = Arc::new(workspace);
    }
}

pub(super) fn decode<T: DeserializeOwned>(row: &Row) -> Result<T, StoreError> {
    serde_json::from_str(&row.body).map_err(|error| corrupt(row, &error.to_string()))
}

pub(super) fn corrupt(row: &Row, why: &str) -> StoreError {
    StoreError::Corrupt { kind: row.kind.clone(), id: row.id.clone(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::nouns::flow_run::model::FlowRun;
    use crate::nouns::webhook::model::{DeliveryState, WebhookDelivery, WorkspaceEvent};

    fn delivery(id: u64, next_attempt_at: Option<i64>) -> WebhookDelivery {
        WebhookDelivery {
            id: id.to_string().as_str().into(),
            event_type: WorkspaceEvent::Created,
            url: String::new(),
            payload: Value::Null,
            state: next_attempt_at.map_or(DeliveryState::Delivered, |_| DeliveryState::Pending),
            attempts: Vec::new(),
            next_attempt_at: next_attempt_at.map(Timestamp::from_millis),
            created_at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn of_each_queue_the_oldest_is_its_head() {
        let run = |id: &str, connection: &str, state: &str| -> FlowRun {
            let run = json!({
                "id": id, "name": "r", "tenant": "t", "flow": "f", "connection": connection, "startNode": "s",
                "state": state, "history": [], "startedAt": "2025-01-01T00:00:00.000Z", "errors": [], "nodeRuns": [],
                "bytes": 0,
            });
            serde_json::from_value(run).unwrap()
        };
        let mut table = Table::<FlowRun>::default();
        for (seq, connection) in [(1, "b"), (2, "a"), (3, "b"), (4, "a"), (5, "c")] {
            table.put(seq, run(&seq.to_string(), connection, "queued"));
        }
        let heads = |table: &Table<FlowRun>| table.heads_of_queues().map(|(seq, _)| seq).collect::<Vec<_>>();
        assert_eq!(heads(&table), [2, 1, 5]);

        table.put(2, run("2", "a", "running"));
        table.remove("5");
        assert_eq!(heads(&table), [4, 1]);
        assert_eq!(table.with_key("a").count(), 1);
    }

    /// What a table finds by name, and what a look at every record finds.
    fn assert_named(table: &Table<WebhookDelivery>) {
        let found: Vec<u64> = table.with_after(Index::Over, &[], 0).map(|(seq, _)| seq).collect();
        let is_over = |row: &WebhookDelivery| row.state != DeliveryState::Pending;
        let all: Vec<u64> = table.after(0).filter(|(_, row)| is_over(row)).map(|(seq, _)| seq).collect();
        assert_eq!(found, all);
        assert_eq!(table.with(Index::Over, &["other"]).count(), 0);
        assert_eq!(table.with(Index::Tenant, &[]).count(), 0);
    }

    proptest! {
        #[test]
        fn what_is_due_is_kept_in_order_whatever_was_written(
            writes in proptest::collection::vec((1_u64..8, any::<bool>(), proptest::option::of(-3_i64..3)), 0..40),
        ) {
            let mut table = Table::<WebhookDelivery>::default();
            for (seq, is_removal, next_attempt_at) in writes {
                if is_removal {
                    table.remove(&seq.to_string());
                } else {
                    table.put(seq, delivery(seq, next_attempt_at));
                }
                assert_named(&table);
            }

            let due: Vec<(Timestamp, u64)> = table.by_moment(Lane::Work).map(|(at, seq, _)| (at, seq)).collect();

            let mut scanned: Vec<(Timestamp, u64)> =
                table.after(0).filter_map(|(seq, row)| Some((row.next_attempt_at?, seq))).collect();
            scanned.sort_unstable();
            prop_assert_eq!(due, scanned);
            prop_assert_eq!(table.by_moment(Lane::State).count(), 0);
            prop_assert_eq!(table.by_reads(Lane::Work).count(), 0);
        }
    }
}

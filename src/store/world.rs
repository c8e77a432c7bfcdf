//! The model of one workspace's rows: persistent maps, so that a copy for a writer, a fork or a snapshot costs nothing.

use std::ops::Bound;
use std::sync::Arc;

use imbl::{HashMap, OrdMap, OrdSet};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Row, StoreError};
use crate::ids::Id;
use crate::model::action::Action;
use crate::model::connection::Connection;
use crate::model::connection_request::ConnectionRequest;
use crate::model::connector::Connector;
use crate::model::external_app::ExternalApp;
use crate::model::grant::Grant;
use crate::model::integration::Integration;
use crate::model::stub::Stub;
use crate::model::tenant::Tenant;
use crate::model::workspace::Workspace;

/// Kinds of record: the values of `record.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The workspace itself.
    Workspace,
    /// A tenant.
    Tenant,
    /// A workspace's own external app.
    ExternalApp,
    /// A workspace's own connector, or its shadow of a catalog one.
    Connector,
    /// An integration.
    Integration,
    /// A connection.
    Connection,
    /// An action.
    Action,
    /// A connection request.
    ConnectionRequest,
    /// An entry of the stub vendor's book.
    Grant,
    /// A stub.
    Stub,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Workspace,
        Self::Tenant,
        Self::ExternalApp,
        Self::Connector,
        Self::Integration,
        Self::Connection,
        Self::Action,
        Self::ConnectionRequest,
        Self::Grant,
        Self::Stub,
    ];

    /// The text in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Tenant => "tenant",
            Self::ExternalApp => "external-app",
            Self::Connector => "connector",
            Self::Integration => "integration",
            Self::Connection => "connection",
            Self::Action => "action",
            Self::ConnectionRequest => "connection-request",
            Self::Grant => "grant",
            Self::Stub => "stub",
        }
    }
}

/// A model type that is a row of `record`.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    /// Its kind.
    const KIND: Kind;
    /// Its id.
    fn record_id(&self) -> &Id<Self>;
    /// The text it is looked up by beside its id.
    fn index_key(&self) -> Option<&str>;
    /// Where a world keeps its kind.
    fn table(world: &World) -> &Table<Self>;
    /// Where a world keeps its kind.
    fn table_mut(world: &mut World) -> &mut Table<Self>;
}

/// All records of one kind, in order of creation.
#[derive(Debug)]
pub struct Table<R: 'static> {
    rows: OrdMap<u64, Arc<R>>,
    by_id: HashMap<Id<R>, u64>,
    by_key: OrdSet<(Arc<str>, u64)>,
}

impl<R> Clone for Table<R> {
    fn clone(&self) -> Self {
        Self { rows: self.rows.clone(), by_id: self.by_id.clone(), by_key: self.by_key.clone() }
    }
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self { rows: OrdMap::new(), by_id: HashMap::new(), by_key: OrdSet::new() }
    }
}

impl<R: Record> Table<R> {
    /// The record with this id.
    pub fn get(&self, id: &str) -> Option<&Arc<R>> {
        self.rows.get(self.by_id.get(id)?)
    }

    /// The records with this key, in order of creation.
    pub fn with_key<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Arc<R>> + use<'a, R> {
        let key: Arc<str> = key.into();
        self.by_key.range((Arc::clone(&key), 0)..=(key, u64::MAX)).filter_map(|(_, seq)| self.rows.get(seq))
    }

    /// All, in order of creation.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<R>> {
        self.rows.values()
    }

    /// All after a position, with their positions.
    pub fn after(&self, position: u64) -> impl Iterator<Item = (u64, &Arc<R>)> {
        self.rows.range((Bound::Excluded(position), Bound::Unbounded)).map(|(seq, row)| (*seq, row))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The place of a record in the order of creation.
    pub(super) fn position(&self, id: &str) -> Option<u64> {
        self.by_id.get(id).copied()
    }

    pub(super) fn put(&mut self, seq: u64, record: R) {
        if let Some(old) = self.rows.get(&seq).and_then(|old| old.index_key()) {
            self.by_key.remove(&(Arc::from(old), seq));
        }
        if let Some(key) = record.index_key() {
            self.by_key.insert((Arc::from(key), seq));
        }
        self.by_id.insert(record.record_id().clone(), seq);
        self.rows.insert(seq, Arc::new(record));
    }

    pub(super) fn remove(&mut self, id: &str) {
        let Some(seq) = self.by_id.remove(id) else { return };
        if let Some(old) = self.rows.remove(&seq)
            && let Some(key) = old.index_key()
        {
            self.by_key.remove(&(Arc::from(key), seq));
        }
    }
}

/// Everything a workspace holds, at one moment.
#[derive(Debug, Clone)]
pub struct World {
    /// The workspace.
    pub workspace: Arc<Workspace>,
    /// Tenants, by tenant key.
    pub tenants: Table<Tenant>,
    /// Own external apps.
    pub external_apps: Table<ExternalApp>,
    /// Own connectors and shadows.
    pub connectors: Table<Connector>,
    /// Integrations.
    pub integrations: Table<Integration>,
    /// Connections, by key.
    pub connections: Table<Connection>,
    /// Actions, by key.
    pub actions: Table<Action>,
    /// Connection requests.
    pub connection_requests: Table<ConnectionRequest>,
    /// The stub vendors' book, by access token.
    pub grants: Table<Grant>,
    /// Stubs, by connector.
    pub stubs: Table<Stub>,
}

impl World {
    /// An empty workspace.
    pub fn new(workspace: Workspace) -> Self {
        Self {
            workspace: Arc::new(workspace),
            tenants: Table::default(),
            external_apps: Table::default(),
            connectors: Table::default(),
            integrations: Table::default(),
            connections: Table::default(),
            actions: Table::default(),
            connection_requests: Table::default(),
            grants: Table::default(),
            stubs: Table::default(),
        }
    }

    /// The rows this world is a model of.
    pub fn rows(&self) -> Result<Vec<Row>, StoreError> {
        let mut rows = vec![Row {
            workspace: self.workspace.key.clone(),
            kind: Kind::Workspace.name().into(),
            id: self.workspace.id.to_string(),
            seq: 0,
            body: serde_json::to_string(&*self.workspace)?,
        }];
        self.rows_of::<Tenant>(&mut rows)?;
        self.rows_of::<ExternalApp>(&mut rows)?;
        self.rows_of::<Connector>(&mut rows)?;
        self.rows_of::<Integration>(&mut rows)?;
        self.rows_of::<Connection>(&mut rows)?;
        self.rows_of::<Action>(&mut rows)?;
        self.rows_of::<ConnectionRequest>(&mut rows)?;
        self.rows_of::<Grant>(&mut rows)?;
        self.rows_of::<Stub>(&mut rows)?;
        rows.sort_by_key(|row| row.seq);
        Ok(rows)
    }

    fn rows_of<R: Record>(&self, rows: &mut Vec<Row>) -> Result<(), StoreError> {
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

    /// Rebuilds the model of each workspace from its rows.
    pub fn rebuild(rows: Vec<Row>) -> Result<Vec<Self>, StoreError> {
        let mut worlds: Vec<Self> = Vec::new();
        let mut rows = rows;
        // The workspace's own row has the number 0 and comes first.
        rows.sort_by(|a, b| (&a.workspace, a.seq).cmp(&(&b.workspace, b.seq)));
        for row in rows {
            if row.kind == Kind::Workspace.name() {
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

    fn load(&mut self, row: &Row) -> Result<(), StoreError> {
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == row.kind) else {
            return Err(corrupt(row, "its kind is unknown"));
        };
        match kind {
            Kind::Workspace => self.workspace = Arc::new(decode(row)?),
            Kind::Tenant => self.tenants.put(row.seq, decode(row)?),
            Kind::ExternalApp => self.external_apps.put(row.seq, decode(row)?),
            Kind::Connector => self.connectors.put(row.seq, decode(row)?),
            Kind::Integration => self.integrations.put(row.seq, decode(row)?),
            Kind::Connection => self.connections.put(row.seq, decode(row)?),
            Kind::Action => self.actions.put(row.seq, decode(row)?),
            Kind::ConnectionRequest => self.connection_requests.put(row.seq, decode(row)?),
            Kind::Grant => self.grants.put(row.seq, decode(row)?),
            Kind::Stub => self.stubs.put(row.seq, decode(row)?),
        }
        Ok(())
    }
}

fn decode<T: DeserializeOwned>(row: &Row) -> Result<T, StoreError> {
    serde_json::from_str(&row.body).map_err(|error| corrupt(row, &error.to_string()))
}

fn corrupt(row: &Row, why: &str) -> StoreError {
    StoreError::Corrupt { kind: row.kind.clone(), id: row.id.clone(), why: why.to_owned() }
}

impl Record for Tenant {
    const KIND: Kind = Kind::Tenant;
    fn record_id(&self) -> &Id<Self> {
        &self.id
    }
    fn index_key(&self) -> Option<&str> {
        Some(&self.internal_id)
    }
    fn table(world: &World) -> &Table<Self> {
        &world.tenants
    }
    fn table_mut(world: &mut World) -> &mut Table<Self> {
        &mut world.tenants
    }
}

impl Record for ExternalApp {
    const KIND: Kind = Kind::ExternalApp;
    fn record_id(&self) -> &Id<Self> {
        &self.id
    }
    fn index_key(&self) -> Option<&str> {
        self.meta.key.as_deref()
    }
    fn table(world: &World) -> &Table<Self> {
        &world.external_apps
    }
    fn table_mut(world: &mut World) -> &mut Table<Self> {
        &mut world.external_apps
    }
}

impl Record for Connector {
    const KIND: Kind = Kind::Connector;
    fn record_id(&self) -> &Id<Self> {
        &self.id
    }
    fn index_key(&self) -> Option<&str> {
        self.meta.key.as_deref()
    }
    fn table(world: &World) -> &Table<Self> {
        &world.connectors
    }
    fn table_mut(world: &mut World) -> &mut Table<Self> {
        &mut world.connectors
    }
}

impl Record for Integration {
    const KIND: Kind = Kind::Integration;
    fn record_id(&self) -> &Id<Self> {
        &self.id
    }
    fn index_key(&self) -> Option<&str> {
        self.meta.key.as_deref()
    }
    fn table(world: &World) -> &Table<Self> {
        &world.integrations
    }
    fn table_mut(world: &mut World) -> &mut Table<Self> {
        &mut world.integrations
    }
}

impl Record for Connection {
    const KIND: Kind = Kind::Connection;
    fn record_id(&self) -> &Id<Self> {
        &self.id
    }
    fn index_key(&self) -> Option<&str> {
        self.meta.key.as_deref()
    }
    fn table(world: &World) -> &Table<Self> {
        &world.connections
    }
    fn table_mut(world: &mut World) -> &mut Table<Self> {
        &mut world.connections
    }
}

impl Record for Action {
    const KIND: Kind = Kind::Action;
    fn record_id(&self) -> &Id<Self> {
        &self.id
    }
    fn index_key(&self) -> Option<&str> {
        self.meta.key.as_deref()
    }
    fn table(world: &World) -> &Table<Self> {
        &world.actions
    }
    fn table_mut(world: &mut World) -> &mut Table<Self> {
        &mut world.actions
    }
}

impl Record for ConnectionRequest {
    const KIND: Kind = Kind::ConnectionRequest;
    fn record_id(&self) -> &Id<Self> {
        &self.id
    }
    fn index_key(&self) -> Option<&str> {
        None
    }
    fn table(world: &World) -> &Table<Self> {
        &world.connection_requests
    }
    fn table_mut(world: &mut World) -> &mut Table<Self> {
        &mut world.connection_requests
    }
}

impl Record for Grant {
    const KIND: Kind = Kind::Grant;
    fn record_id(&self) -> &Id<Self> {
        &self.id
    }
    fn index_key(&self) -> Option<&str> {
        Some(&self.access_token)
    }
    fn table(world: &World) -> &Table<Self> {
        &world.grants
    }
    fn table_mut(world: &mut World) -> &mut Table<Self> {
        &mut world.grants
    }
}

impl Record for Stub {
    const KIND: Kind = Kind::Stub;
    fn record_id(&self) -> &Id<Self> {
        &self.id
    }
    fn index_key(&self) -> Option<&str> {
        Some(&self.connector_key)
    }
    fn table(world: &World) -> &Table<Self> {
        &world.stubs
    }
    fn table_mut(world: &mut World) -> &mut Table<Self> {
        &mut world.stubs
    }
}

//! The kinds of record that a workspace holds, from the list of kinds: each with its name in the database and its table in a
//! [`World`].

use std::sync::Arc;

use crate::base::agenda::Agenda;
use crate::base::ids::{Id, Index, NameFn};
use crate::nouns::model::for_each_kind;
use crate::nouns::workspace::model::Workspace;
use crate::store::world::{Indexed, Record, Table, corrupt, decode};
use crate::store::{Row, StoreError};

/// Puts both halves of the list together: to the store, elements are records like others.
macro_rules! records {
    (records { $($records:tt)* } elements { $($elements:tt)* }) => {
        tables! { $($records)* $($elements)* }
        names_of_records! { $($records)* }
        names_of_elements! { $($elements)* }
    };
}

/// The world and what stores it, from both halves of the list.
macro_rules! tables {
    ($($(#[$doc:meta])* $kind:ident($name:literal) in $table:ident: $record:ty, by $key:expr $(, waits $agenda:expr)? $(, queues $queue:expr)? $(, names $names:expr)?;)*) => {
        /// A kind of record; its name is the value of `record.kind`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum RecordKind {
            /// There is exactly one record of this kind per workspace.
            Workspace,
            $($(#[$doc])* $kind,)*
        }

        impl RecordKind {
            /// Returns the name of the kind in the database.
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Workspace => "workspace",
                    $(Self::$kind => $name,)*
                }
            }
        }

        /// Everything that a workspace holds at one moment. Copies are cheap, because tables share their rows.
        #[derive(Debug, Clone)]
        pub struct World {
            pub workspace: Arc<Workspace>,
            $($(#[$doc])* pub $table: Table<$record>,)*
        }

        impl World {
            /// Makes a workspace that holds nothing else.
            pub fn new(workspace: Workspace) -> Self {
                Self { workspace: Arc::new(workspace), $($table: Table::default(),)* }
            }

            pub(super) fn add_rows(&self, rows: &mut Vec<Row>) -> Result<(), StoreError> {
                $(self.rows_of::<$record>(rows)?;)*
                Ok(())
            }

            /// Returns the highest place in the order of creation that a record has, or 0.
            pub fn last_position(&self) -> u64 {
                [$(self.$table.last_position(),)*].into_iter().max().unwrap_or(0)
            }

            pub(super) fn load(&mut self, row: &Row) -> Result<(), StoreError> {
                match row.kind.as_str() {
                    "workspace" => self.set_workspace(decode(row)?),
                    $($name => self.$table.put(row.seq, decode(row)?),)*
                    _ => return Err(corrupt(row, "its kind is unknown")),
                }
                Ok(())
            }
        }

        $(impl Record for $record {
            const KIND: RecordKind = RecordKind::$kind;
            fn record_id(&self) -> &Id<Self> {
                &self.id
            }
            fn index_key(&self) -> Option<&str> {
                let key: fn(&Self) -> Option<&str> = $key;
                key(self)
            }
            $(fn agenda(&self) -> Agenda {
                let agenda: fn(&Self) -> Agenda = $agenda;
                agenda(self)
            })?
            $(fn queue(&self) -> Option<&str> {
                let queue: fn(&Self) -> Option<&str> = $queue;
                queue(self)
            })?
            fn table(world: &World) -> &Table<Self> {
                &world.$table
            }
            fn table_mut(world: &mut World) -> &mut Table<Self> {
                &mut world.$table
            }
        })*
    };
}

/// What records of kinds by themselves are found by, as their lines say.
macro_rules! names_of_records {
    ($($(#[$doc:meta])* $kind:ident($name:literal) in $table:ident: $record:ty, by $key:expr $(, waits $agenda:expr)? $(, queues $queue:expr)? $(, names $names:expr)?;)*) => {
        $(impl Indexed for $record {
            $(fn each_name(&self, name: &mut NameFn<'_>) {
                let names: fn(&Self, &mut NameFn<'_>) = $names;
                names(self, name);
            })?
        })*
    };
}

/// What elements are found by, whatever their kind: by UUID, by what they are versions of, and by where they are.
macro_rules! names_of_elements {
    ($($(#[$doc:meta])* $kind:ident($name:literal) in $table:ident: $element:ty, by $key:expr $(, waits $agenda:expr)? $(, queues $queue:expr)?;)*) => {
        $(impl Indexed for $element {
            fn each_name(&self, name: &mut NameFn<'_>) {
                name(Index::Uuid, &[&self.meta.uuid]);
                self.place.names(name);
            }
        })*
    };
}

for_each_kind!(records);

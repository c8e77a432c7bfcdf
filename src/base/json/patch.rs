//! This module has [`Patch`], a field of a partial update, which tells apart an absent field, `null` and a value.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

/// The change that a partial update asks for in one field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// The field is absent from the update and keeps its value.
    #[default]
    Keep,
    /// The field is `null` in the update and loses its value.
    Clear,
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

impl<T> Patch<T> {
    /// Applies the change to an optional field.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }

    /// Applies the change to a field that always has a value; `null` leaves it as it is.
    pub fn apply_required(self, field: &mut T) {
        if let Self::Set(value) = self {
            *field = value;
        }
    }

    /// Returns the new value, if the update sets one.
    pub fn set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

impl Patch<crate::base::JsonMap> {
    /// Merges the members one level deep and removes those that are `null`. Source: assumed, no depth is documented.
    pub fn merge(self, field: &mut crate::base::JsonMap) {
        match self {
            Self::Keep => {}
            Self::Clear => field.clear(),
            Self::Set(members) => merge_members(field, members),
        }
    }
}

/// Merges `members` into `object`; a `null` member removes the member of that name.
pub fn merge_members(object: &mut crate::base::JsonMap, members: crate::base::JsonMap) {
    for (name, value) in members {
        if value.is_null() {
            object.shift_remove(&name);
        } else {
            object.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_patch() -> impl Strategy<Value = Patch<u8>> {
        prop_oneof![Just(Patch::Keep), Just(Patch::Clear), any::<u8>().prop_map(Patch::Set)]
    }

    proptest! {
        #[test]
        fn applying_twice_is_applying_once(start: Option<u8>, patch in any_patch()) {
            let (mut once, mut twice) = (start, start);
            patch.clone().apply(&mut once);
            patch.clone().apply(&mut twice);
            patch.apply(&mut twice);
            prop_assert_eq!(once, twice);
        }

        #[test]
        fn keep_changes_nothing(start: Option<u8>) {
            let mut field = start;
            Patch::Keep.apply(&mut field);
            prop_assert_eq!(field, start);
        }
    }
}

//! The stored type of kinds that are their fields.

/// Makes the stored type of the list that describes such a kind. A kind's `model.rs` has the list, as a macro that calls
/// another one with it.
macro_rules! stored_type {
    (
        $(#[$about:meta])*
        $name:ident {
            noun: $noun:literal, plural: $plural:literal, singular: $singular:literal,
            instance: $instance:literal, source: $source:literal,
            holders: $holders:ident, body: $body:ident, seed: $seed:ident, view: $view:ident as $wire:literal,
            parent: $parent:ident, $parent_id:ident as $parent_id_name:literal, $parent_key_name:literal, $revision:ident,
            $(universal: $universal:ident as $universal_name:literal,)?
            fields: { $( $(#[$about_field:meta])* $field:ident: $type:ty, )* }
        }
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            pub id: $crate::base::ids::Id<$name>,
            #[serde(flatten)]
            pub meta: $crate::elements::model::Meta,
            #[serde(flatten)]
            pub place: $crate::elements::model::place::Place<$name>,
            $(
                $(#[$about_field])*
                #[serde(skip_serializing_if = "Option::is_none", default)]
                pub $field: Option<$type>,
            )*
            /// Whether a version was changed since it was copied from its parent.
            #[serde(default)]
            pub is_customized: bool,
            /// The revision that the parent had when it was last copied; none when nothing was copied.
            #[serde(skip_serializing_if = "Option::is_none", default)]
            pub parent_revision: Option<String>,
        }
    };
}

pub(crate) use stored_type;

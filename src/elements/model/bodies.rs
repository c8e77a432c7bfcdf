//! What the request bodies of kinds have in common, whose fields are the kind's own struct's: what they say of place and names.
//!
//! The fields are not flattened into one struct, because a wrong or unknown one could then no longer be named in messages.

/// What a body that has them says of the place of an element, for an `impl` of the body.
macro_rules! place_of_a_body {
    () => {
        /// The integration or connection that it names.
        pub(crate) fn scope(&self) -> $crate::elements::model::Scope {
            $crate::elements::model::Scope {
                integration_id: self.integration_id.clone(),
                integration_key: self.integration_key.clone(),
                connection_id: self.connection_id.clone(),
                connection_key: self.connection_key.clone(),
            }
        }

        /// The id or key of the external app that it names.
        pub(crate) fn external_app(&self) -> Option<String> {
            self.external_app_id.clone().or_else(|| self.external_app_key.clone())
        }
    };
}

/// Gives an element the names and descriptions that a body has for it, and its instance key.
macro_rules! apply_names {
    ($body:ident to $element:ident) => {
        $body.key.apply(&mut $element.meta.key);
        $body.uuid.apply_required(&mut $element.meta.uuid);
        $body.name.apply_required(&mut $element.meta.name);
        $body.description.apply(&mut $element.meta.description);
        $body.meta.apply(&mut $element.meta.meta);
        $body.instance_key.apply(&mut $element.place.instance_key);
    };
}

pub(crate) use {apply_names, place_of_a_body};

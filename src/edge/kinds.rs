//! The routes that the list of kinds gives each kind of element.

use crate::call::router::{Access, Route};
use crate::edge::{delete, get, patch, post, put};
use crate::elements::{Address, Holders, Kind, routes as elements};
use crate::nouns::hosted_page::routes::{configuration, embed};
use crate::world::portable;
use crate::world::seed::{EachKind, Seeded};
use Access::{Anyone, Form, Manager};

/// The routes of each kind of element.
pub(super) struct RoutesOfKinds(pub(super) Vec<Route>);

impl EachKind for RoutesOfKinds {
    type Error = std::convert::Infallible;

    fn kind<K: Seeded>(&mut self) -> Result<(), Self::Error> {
        self.0.extend(layered::<K>());
        Ok(())
    }
}

/// Returns the routes of one kind of element. An element has two addresses: plural with the selector in the path,
/// singular with it in the query; at the three layers, it has a third one below what customises it.
fn layered<E: Kind>() -> Vec<Route> {
    let (plural, source) = (E::PLURAL, E::SOURCE);
    let instance = format!("/{}", E::INSTANCE);
    let has_instances = E::HOLDERS != Holders::Nobody;
    let mut instances =
        if has_instances { vec![instance.clone(), format!("{instance}s/{{instance}}")] } else { Vec::new() };
    let (mut all, mut ones) = (Vec::new(), Vec::new());
    for (plural, singular) in E::FORMER_NAMES.into_iter().chain([(E::PLURAL, E::SINGULAR)]) {
        ones.extend([format!("/{plural}/{{selector}}"), format!("/{singular}")]);
        all.extend([
            get(&format!("/{plural}"), Anyone, source, elements::list::<E>),
            // Its handler asks for a manager's token, unless the workspace lets tenants do it.
            post(&format!("/{plural}"), Anyone, source, elements::create::<E>),
        ]);
    }
    for base in ["/embed", "/isolated-embed"] {
        let source = "SDK (openConfiguration, openEditor, embedEditor)";
        all.push(get(&format!("{base}/{plural}/{{selector}}/{{page}}"), Form, source, embed::element::<E>));
        if has_instances {
            let at = format!("{base}{instance}s/{{instance}}/{{page}}");
            all.push(get(&at, Form, source, configuration::show::<E>));
            all.push(post(&at, Form, "our choice: the button of the page", configuration::save::<E>));
        }
    }
    let has_layers = E::HOLDERS == Holders::Connections;
    if has_layers {
        for base in &ones {
            all.push(post(&format!("{base}/apply"), Manager, "SDK (legacy)", elements::apply::<E>));
        }
        let at_integration = format!("/integrations/{{integration}}/{plural}");
        let at_connection = format!("/connections/{{connection}}/{plural}");
        all.extend([
            get(&at_integration, Anyone, "SDK", elements::list::<E>),
            post(&at_integration, Manager, "SDK", elements::create::<E>),
            get(&at_connection, Anyone, "SDK", elements::list::<E>),
            // As that of the kind itself.
            post(&at_connection, Anyone, "OAS; assumed for other kinds than actions", elements::create::<E>),
        ]);
        ones.push(format!("{at_integration}/{{selector}}"));
        instances.insert(0, format!("{at_connection}/{{selector}}"));
    }
    if has_instances {
        all.extend([
            get(&format!("{instance}s"), Anyone, "SDK", elements::list_instances::<E>),
            post(&instance, Anyone, "SDK", elements::put_instance::<E>),
        ]);
    }
    for base in ones {
        all.extend([
            get(&base, Anyone, source, E::get),
            patch(&base, Anyone, source, elements::patch::<E>),
            put(&base, Anyone, source, elements::put::<E>),
            delete(&base, Anyone, source, elements::archive::<E>),
            post(&format!("{base}/restore"), Anyone, source, elements::restore::<E>),
            post(&format!("{base}/refresh"), Manager, "OAS", E::get),
            get(&format!("{base}/export"), Anyone, "OAS", portable::export::<E>),
            get(&format!("{base}/dependencies"), Anyone, "OAS", portable::dependencies::<E>),
        ]);
        if has_layers {
            all.extend([
                post(&format!("{base}/reset"), Anyone, "OAS", elements::reset::<E>),
                post(&format!("{base}/clone"), Manager, "OAS", elements::clone::<E>),
            ]);
        }
        all.extend(E::more_routes(&base, Address::Element));
    }
    for base in instances {
        let source = if base.ends_with("{instance}") { "PG; assumed for other kinds than flows" } else { "SDK" };
        all.extend([
            get(&base, Anyone, source, elements::get_instance::<E>),
            put(&base, Anyone, source, elements::put_instance::<E>),
            patch(&base, Anyone, source, elements::patch_instance::<E>),
            delete(&base, Anyone, source, elements::archive_instance::<E>),
            post(&format!("{base}/setup"), Anyone, "SDK", elements::setup_instance::<E>),
            post(&format!("{base}/restore"), Anyone, source, elements::restore_instance::<E>),
            get(&format!("{base}/export"), Anyone, "OAS", portable::export_instance::<E>),
        ]);
        if has_layers {
            all.push(post(&format!("{base}/reset"), Anyone, "SDK", E::reset_instance));
        }
        all.extend(E::more_routes(&base, Address::Instance));
    }
    all
}

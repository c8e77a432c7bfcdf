//! Where a page is: its workspace, and what stands around its sections.

use std::sync::Arc;

use http::Method;
use serde::de::DeserializeOwned;

use crate::base::clock::{ClockMode, Timestamp};
use crate::base::error::ApiError;
use crate::call::Call;
use crate::call::contract::Json;
use crate::call::router::Route;
use crate::control::{faults, space, workspaces};
use crate::edge::known_routes;
use crate::engine::WorkspaceRuntime;
use crate::engine::directory::Directory;
use crate::engine::past::ReportKind;
use crate::engine::tokens::Caller;
use crate::nouns::connector::model::Connector;
use crate::nouns::integration::model::Integration;
use crate::pages::blocks::{Cell, Link, NavGroup, NavItem, Page, Section};
use crate::pages::make::{badge, in_path, moment, note, way};

/// The workspace that a page is about.
pub(super) struct Place {
    pub(super) call: Call,
    pub(super) space: Arc<WorkspaceRuntime>,
    pub(super) workspace: workspaces::WorkspaceView,
    /// The address of the workspace's overview, without a slash at its end.
    pub(super) base: String,
    /// What time it is in the workspace.
    pub(super) now: Timestamp,
}

/// The address of a workspace.
pub(super) fn at(key: &str) -> String {
    format!("/__mock/workspaces/{}", in_path(key))
}

impl Place {
    /// Reads the workspace that a call names; a 404 when there is none.
    pub(super) async fn of(call: Call) -> Result<Self, ApiError> {
        let space = space(&call)?;
        let Json(workspace) = workspaces::get(call.clone()).await?;
        let (base, now) = (at(&workspace.key), workspace.clock.now);
        Ok(Self { call, space, workspace, base, now })
    }

    /// A field of the page's query; empty where there is none.
    pub(super) fn asked(&self, name: &str) -> String {
        self.call.query().text(name).unwrap_or_default()
    }

    /// The call of a handler that names something beside the workspace.
    pub(super) fn call_of(&self, name: &str, value: &str) -> Call {
        let mut call = self.call.clone();
        call.params.push((name.to_owned(), value.to_owned()));
        call
    }

    /// What `GET path` of the faked API answers to a manager. Nothing of it is in the journal, and no fault meets it.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str, asked: String) -> Result<T, ApiError> {
        let is_it = |route: &&Route| route.method == Some(Method::GET) && route.path == path;
        let route =
            known_routes().iter().find(is_it).ok_or_else(|| ApiError::internal(format!("no route GET {path}")))?;
        let call = Call {
            who: Some((Arc::clone(&self.space), Caller::Manager(None))),
            path: path.to_owned(),
            raw_query: asked,
            params: Vec::new(),
            read: Arc::default(),
            ..self.call.clone()
        };
        let reply = route.begin(call).answer.await?;
        serde_json::from_slice(&reply.body).map_err(ApiError::internal)
    }

    /// The key of a tenant, or its id where it is gone.
    pub(super) fn tenant_key(&self, id: &str) -> String {
        let world = self.space.world();
        world.tenants.get(id).map_or_else(|| id.to_owned(), |tenant| tenant.internal_id.clone())
    }

    /// The connectors of the workspace.
    pub(super) fn connectors(&self) -> Vec<Arc<Connector>> {
        Directory::new(&self.space.world(), &self.call.engine.catalog).connectors().collect()
    }

    /// The integrations of the workspace that are not archived.
    pub(super) fn integrations(&self) -> Vec<Arc<Integration>> {
        self.space.world().integrations.iter().filter(|it| !it.meta.is_archived()).cloned().collect()
    }

    /// The way back to a list.
    pub(super) fn crumb(&self, name: &str, below: &str) -> Vec<Link> {
        vec![way(name, format!("{}{below}", self.base))]
    }

    /// Makes a page; `here` is the place in the navigation.
    pub(super) async fn page(
        &self,
        here: &str,
        title: impl Into<String>,
        lead: impl Into<String>,
        sections: Vec<Section>,
    ) -> Result<Page, ApiError> {
        let Json(report) = workspaces::report(self.call.clone()).await?;
        let Json(rules) = faults::list(self.call.clone()).await?;
        let is_wrong = |kind: ReportKind| !matches!(kind, ReportKind::Faults | ReportKind::Forgotten);
        let wrong = report.items.iter().filter(|line| is_wrong(line.kind)).count();
        let to = |label: &'static str, below: &str| NavItem {
            label,
            href: format!("{}{below}", self.base),
            current: here == below,
            count: String::new(),
            tone: "",
        };
        let counted = |item: NavItem, count: usize, tone: &'static str| {
            let count = if count == 0 { String::new() } else { count.to_string() };
            NavItem { count, tone, ..item }
        };
        let group = |label: &'static str, items: Vec<NavItem>| NavGroup { label, items };
        let nav = vec![
            group("", vec![counted(to("Overview", "/"), wrong, "bad")]),
            group("What happened", vec![to("Journal", "/journal"), to("Runs", "/runs"), to("Webhooks", "/webhooks")]),
            group(
                "What is there",
                vec![to("Connections", "/connections"), to("Elements", "/elements"), to("Apps", "/upstreams")],
            ),
            group(
                "What you change",
                vec![
                    counted(to("Faults", "/faults"), rules.items.len(), ""),
                    to("Scenarios", "/scenarios"),
                    to("Clock", "/clock"),
                    to("Snapshots", "/snapshots"),
                ],
            ),
            group("How well it fakes", vec![to("Fidelity", "/fidelity")]),
        ];
        let name = if self.workspace.name.is_empty() { &self.workspace.key } else { &self.workspace.name };
        Ok(Page {
            title: title.into(),
            lead: lead.into(),
            place: name.clone(),
            home: format!("{}/", self.base),
            nav,
            facts: vec![self.clock()],
            live: true,
            sections,
            ..Page::default()
        })
    }

    /// The clock as a chip of the bar.
    fn clock(&self) -> Vec<Cell> {
        let (word, tone) = match self.workspace.clock.mode {
            ClockMode::Manual { .. } => ("stands still", "info"),
            ClockMode::System { advanced_ms } if advanced_ms > 0 => ("moved", ""),
            ClockMode::System { .. } => ("runs", ""),
        };
        vec![note("Clock"), moment(self.now), badge(word, tone)]
    }
}

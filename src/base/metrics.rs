//! This module counts requests for dashboards and load tests, and writes the counts as Prometheus text. Durations are
//! real time, not the workspaces' clocks.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    fault: String,
}

/// The metrics hold the counters of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    duration: Histogram,
    faults: Family<FaultLabels, Counter>,
    workspaces: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("membrane_mock");
        let (requests, faults) = (Family::default(), Family::default());
        let duration = Histogram::new(exponential_buckets(0.000_25, 2.0, 16));
        let workspaces = Gauge::default();
        registry.register("requests", "Requests of the faked API, by route and status", requests.clone());
        registry.register_with_unit("request_duration", "How long they took", Unit::Seconds, duration.clone());
        registry.register("faults", "Calls that a fault broke, by the fault's name", faults.clone());
        registry.register("workspaces", "Workspaces that there are", workspaces.clone());
        Self { registry, requests, duration, faults, workspaces }
    }
}

impl Metrics {
    /// Counts an answered request. A request without a route counts under the route `none`, so that callers cannot
    /// make the number of series grow.
    pub fn request(&self, method: &str, route: Option<&str>, status: u16, took: Duration, faults: &[String]) {
        let (method, route) = (method.to_owned(), route.unwrap_or("none").to_owned());
        self.requests.get_or_create(&RequestLabels { method, route, status }).inc();
        self.duration.observe(took.as_secs_f64());
        for fault in faults {
            self.faults.get_or_create(&FaultLabels { fault: fault.clone() }).inc();
        }
    }

    /// Returns the counts as text, or an error when they cannot be written. Source: the OpenMetrics text format.
    pub fn text(&self, workspaces: usize) -> Result<String, std::fmt::Error> {
        self.workspaces.set(i64::try_from(workspaces).unwrap_or(i64::MAX));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

//! What Prometheus reads. Names begin with `vestibule_`; times are in seconds.

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};

/// The service's own measures.
pub struct Metrics {
    registry: Registry,
    /// Requests by route, method and status class.
    pub requests: IntCounterVec,
    /// Seconds a request took, by route.
    pub request_seconds: HistogramVec,
    /// Seconds a request waited for a database connection, by login.
    pub pool_wait: HistogramVec,
    /// Seconds from a change to its events' commit.
    pub event_lag: Histogram,
    /// Age in seconds of the oldest due outbox row.
    pub outbox_age: IntGauge,
    /// Callers whose requests this instance counts.
    pub callers: IntGauge,
    /// Requests that showed something of a portal and could not be counted.
    pub usage_uncounted: IntCounter,
    /// Requests whose counts Redis may have forgotten, at most.
    pub usage_lost: IntCounter,
}

impl Metrics {
    pub fn new() -> anyhow::Result<Self> {
        let fast = vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
        let histogram = |name: &str, help: &str, labels: &[&str]| {
            HistogramVec::new(HistogramOpts::new(name, help).buckets(fast.clone()), labels)
        };
        let metrics = Self {
            registry: Registry::new(),
            requests: IntCounterVec::new(
                Opts::new("vestibule_requests_total", "Requests by route, method and status class."),
                &["route", "method", "status"],
            )?,
            request_seconds: histogram("vestibule_request_seconds", "Seconds a request took.", &["route"])?,
            pool_wait: histogram(
                "vestibule_pool_wait_seconds",
                "Seconds a request waited for a connection.",
                &["login"],
            )?,
            event_lag: Histogram::with_opts(
                HistogramOpts::new(
                    "vestibule_event_lag_seconds",
                    "Seconds from a change to its events' commit.",
                )
                .buckets(fast.clone()),
            )?,
            outbox_age: IntGauge::new("vestibule_outbox_age_seconds", "Age of the oldest due outbox row.")?,
            callers: IntGauge::new(
                "vestibule_callers_remembered",
                "Callers whose requests are counted for limits.",
            )?,
            usage_uncounted: IntCounter::new(
                "vestibule_usage_uncounted_total",
                "Requests to portals that could not be counted.",
            )?,
            usage_lost: IntCounter::new(
                "vestibule_usage_lost_total",
                "Requests to portals whose counts Redis forgot, at most.",
            )?,
        };
        metrics.registry.register(Box::new(metrics.requests.clone()))?;
        metrics.registry.register(Box::new(metrics.request_seconds.clone()))?;
        metrics.registry.register(Box::new(metrics.pool_wait.clone()))?;
        metrics.registry.register(Box::new(metrics.event_lag.clone()))?;
        metrics.registry.register(Box::new(metrics.outbox_age.clone()))?;
        metrics.registry.register(Box::new(metrics.callers.clone()))?;
        metrics.registry.register(Box::new(metrics.usage_uncounted.clone()))?;
        metrics.registry.register(Box::new(metrics.usage_lost.clone()))?;
        Ok(metrics)
    }

    /// The text that Prometheus scrapes.
    pub fn text(&self) -> anyhow::Result<String> {
        Ok(TextEncoder::new().encode_to_string(&self.registry.gather())?)
    }
}

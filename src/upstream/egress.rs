//! The egress rule: which hosts the server may call (`docs/behaviour.md#egress`).
//!
//! Invariant: whether a host may be called is known without asking anybody. Only names that the user allowed are looked up;
//! all others mean loopback by what this machine knows of itself, or nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::sync::OnceLock;

use url::{Host, Url};

use crate::upstream::client::{UpstreamError, shown};

/// The addresses that this machine gives names by itself.
const HOSTS_FILE: &str = "/etc/hosts";

/// The egress rule says which hosts the server may call.
#[derive(Debug, Default)]
pub struct Egress {
    allowed: Vec<String>,
    own: OnceLock<(IpAddr, u16)>,
    stub_server: OnceLock<u16>,
}

impl Egress {
    /// Makes the rule that admits loopback and the hosts of these names.
    pub fn new(allowed: Vec<String>) -> Self {
        Self { allowed: allowed.into_iter().map(|host| host.to_lowercase()).collect(), ..Self::default() }
    }

    /// Tells the rule the server's own address and port, which are never called as an upstream.
    pub fn set_own(&self, address: IpAddr, port: u16) {
        self.own.set((address, port)).ok();
    }

    /// Tells the rule the port of the stub server, which is called in place of apps and by nobody else.
    pub fn set_stub_server(&self, port: u16) {
        self.stub_server.set(port).ok();
    }

    /// Returns whether an address is the stub server's.
    pub(super) fn is_stub_server(&self, url: &Url) -> bool {
        url.port().is_some_and(|port| self.stub_server.get() == Some(&port)) && url.host_str() == Some("127.0.0.1")
    }

    /// Returns whether the user named this host.
    pub fn names(&self, host: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == host)
    }

    fn admits(&self, host: &str, address: IpAddr) -> bool {
        address.is_loopback() || self.names(host)
    }

    /// The addresses of a name that may be called; none when it may not. Only a name that the user allowed is looked up,
    /// and only that can fail.
    pub(super) async fn addresses(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        let name = name.trim_end_matches('.').to_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        if self.names(&name) {
            return Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.map(|found| found.ip()).collect());
        }
        let hosts = tokio::fs::read_to_string(HOSTS_FILE).await.unwrap_or_default();
        Ok(addresses_in(&hosts, &name).filter(IpAddr::is_loopback).collect())
    }

    /// Refuses an address that the rule does not admit, before anything is sent. `in_place` is whether the address stands in
    /// for that of an app, which the stub server's may.
    pub(super) async fn check(&self, url: &Url, in_place: bool) -> Result<(), UpstreamError> {
        let refused = |host: &str| UpstreamError::EgressRefused { host: host.to_owned() };
        match (url.scheme(), url.host()) {
            ("http", Some(_)) => {}
            ("https", Some(_)) if cfg!(feature = "tls") => {}
            ("https", Some(_)) => return Err(UpstreamError::NoTls { url: shown(url) }),
            _ => return Err(UpstreamError::BadUrl { url: shown(url) }),
        }
        let (host, addresses) = match url.host() {
            Some(Host::Ipv4(ip)) => (ip.to_string(), vec![IpAddr::from(ip)]),
            Some(Host::Ipv6(ip)) => (ip.to_string(), vec![IpAddr::from(ip)]),
            Some(Host::Domain(name)) => (
                name.to_owned(),
                self.addresses(name)
                    .await
                    .map_err(|why| UpstreamError::Transport { url: shown(url), why: why.to_string() })?,
            ),
            None => return Err(UpstreamError::BadUrl { url: shown(url) }),
        };
        if addresses.is_empty() || !addresses.iter().all(|address| self.admits(&host, *address)) {
            return Err(refused(&host));
        }
        let port = url.port_or_known_default().unwrap_or(0);
        if addresses.iter().any(|address| self.is_own(*address, port, in_place)) {
            return Err(UpstreamError::OwnPort { url: shown(url) });
        }
        Ok(())
    }

    /// Whether an address and port are the server's own, or those of the stub server for who does not stand in for an app.
    fn is_own(&self, address: IpAddr, port: u16, in_place: bool) -> bool {
        let listens_there = self.own.get().is_some_and(|(own, own_port)| {
            let is_it = *own == address || own.is_loopback() && address.is_loopback();
            // One that listens on every address is at each that this machine has.
            *own_port == port && (is_it || own.is_unspecified() && is_here(address))
        });
        listens_there || !in_place && address.is_loopback() && self.stub_server.get() == Some(&port)
    }
}

/// Whether an address is one of this machine's: only those can be bound.
fn is_here(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

/// The addresses that a hosts file gives a name.
fn addresses_in<'a>(hosts: &'a str, name: &'a str) -> impl Iterator<Item = IpAddr> + 'a {
    hosts.lines().filter_map(move |line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hosts_file_names_addresses() {
        let hosts = "127.0.0.1 localhost here # there\n# 127.0.0.9 there\n::1\tip6 HERE\n10.0.0.1 far\nnonsense\n";
        let found = |name| addresses_in(hosts, name).collect::<Vec<_>>();
        assert_eq!(found("here"), [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)]);
        assert_eq!(found("there"), [] as [IpAddr; 0]);
    }

    #[tokio::test]
    async fn names_are_known_without_asking() {
        let egress = Egress::new(Vec::new());
        for name in ["localhost", "LOCALHOST.", "app.localhost"] {
            assert_eq!(egress.addresses(name).await.unwrap().len(), 2, "{name}");
        }
        assert!(egress.addresses("example.com").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn the_servers_own_ports_are_refused_by_address() {
        let egress = Egress::new(Vec::new());
        egress.set_own(Ipv4Addr::UNSPECIFIED.into(), 81);
        egress.set_stub_server(82);
        let check = async |url: &str, in_place| egress.check(&url.parse().unwrap(), in_place).await;
        for url in ["http://127.0.0.1:81/", "http://127.8.8.8:81", "http://[::1]:81", "http://a.localhost:81"] {
            assert!(matches!(check(url, true).await, Err(UpstreamError::OwnPort { .. })), "{url}");
        }
        assert!(matches!(check("http://localhost:82/ws/app", false).await, Err(UpstreamError::OwnPort { .. })));
        assert!(check("http://localhost:82/ws/app", true).await.is_ok());
        assert!(check("http://localhost:83", false).await.is_ok());
        assert!(matches!(check("http://10.0.0.1:83", false).await, Err(UpstreamError::EgressRefused { .. })));
    }
}

//! Where webhooks may go, as far as an address tells by itself. Where a name leads is looked at when it is called.

use std::net::IpAddr;

use dermaga_ports::webhooks::is_public;
use url::{Host, Url};

/// The longest address.
const MAX_LENGTH: usize = 2_000;

/// The address as it will be called, or what is wrong with it. In `development`, this machine and private networks may be
/// called too, this machine also without encryption.
pub(super) fn checked(text: &str, development: bool) -> Result<String, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("must have at most {MAX_LENGTH} characters"));
    }
    let url = Url::parse(text.trim()).map_err(|_| "must be a URL, for example https://example.com/hooks".to_owned())?;
    let Some(host) = url.host() else { return Err("must name a host".to_owned()) };
    let here = is_here(&host);
    match url.scheme() {
        "https" => {}
        "http" if here && development => {}
        _ => return Err("must begin with https://".to_owned()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a name or a password: every webhook is signed instead".to_owned());
    }
    if url.fragment().is_some() {
        return Err("must not have a fragment (#)".to_owned());
    }
    let literal = match host {
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
        Host::Domain(_) => None,
    };
    if !development && (here || literal.is_some_and(|address| !is_public(address))) {
        return Err("must be on the public internet".to_owned());
    }
    Ok(url.into())
}

/// Whether it is this machine.
fn is_here(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_earnest_only_the_public_internet_and_only_encrypted() {
        assert_eq!(checked("https://Example.com/hooks?a=b", false).as_deref(), Ok("https://example.com/hooks?a=b"));
        assert_eq!(checked("https://8.8.8.8/", false).as_deref(), Ok("https://8.8.8.8/"));
        for wrong in [
            "",
            "example.com",
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://",
            "https://user@example.com/",
            "https://user:password@example.com/",
            "https://example.com/#part",
            "https://localhost/",
            "https://localhost./",
            "https://a.localhost/",
            "http://127.0.0.1:8080/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
        ] {
            assert!(checked(wrong, false).is_err(), "{wrong}");
        }
        assert!(checked(&format!("https://example.com/{}", "a".repeat(MAX_LENGTH)), false).is_err());
    }

    #[test]
    fn in_development_also_this_machine_and_its_network() {
        for right in ["http://127.0.0.1:8080/", "http://localhost:3000/hook", "http://[::1]/", "https://10.0.0.1/"] {
            assert!(checked(right, true).is_ok(), "{right}");
        }
        for wrong in ["http://10.0.0.1/", "http://example.com/", "https://user@localhost/"] {
            assert!(checked(wrong, true).is_err(), "{wrong}");
        }
    }
}

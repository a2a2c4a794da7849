//! Looking names up, and leaving out what must not be called.

use std::{io, net::SocketAddr};

use dermaga_ports::webhooks::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What a name leads to, if all of it is public. One address that is not makes the name suspicious as a whole: which of
/// them would be called is up to chance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(checked(found)?.into_iter()) as Addrs)
        })
    }
}

fn checked(found: Vec<SocketAddr>) -> io::Result<Vec<SocketAddr>> {
    if found.iter().all(|address| is_public(address.ip())) {
        return Ok(found);
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, NOT_PUBLIC))
}

/// Why a call was not made.
pub(crate) const NOT_PUBLIC: &str = "the address is not on the public internet";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_inside_is_one_too_many() {
        let outside: SocketAddr = "8.8.8.8:0".parse().expect("an address");
        let inside: SocketAddr = "10.0.0.1:0".parse().expect("an address");
        assert_eq!(checked(vec![outside]).expect("public"), [outside]);
        assert!(checked(vec![inside]).is_err());
        assert!(checked(vec![outside, inside]).is_err());
    }

    #[tokio::test]
    async fn this_machine_is_not_found_by_its_name() {
        let refused = PublicOnly.resolve("localhost".parse().expect("a name")).await.map(drop);
        assert!(refused.expect_err("refused").to_string().contains(NOT_PUBLIC));
    }
}

//! Who is asking, and under which name the log knows the request.
//!
//! Both are found once, at the door, and travel in one extension of the request: an extension is a heap allocation
//! and every request pays for it. A handler asks for [`RequestId`] or [`ClientAddress`] as a plain argument:
//!
//! ```text
//! async fn login(&self, app: Data<&App>, client: ClientAddress, body: Json<Login>) -> ApiResult<Json<Tokens>>
//! ```

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use poem::{
    FromRequest, Request, RequestBody, Result,
    http::{HeaderMap, HeaderName, HeaderValue},
};
use uuid::Uuid;

/// The header that carries the id of a request, in and out.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The largest body that is read when nothing else was configured.
pub const DEFAULT_BODY_LIMIT: usize = 1 << 20;

/// The name of one request in answers, problems and the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id the caller sent, when it is one a log can bear; otherwise a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        match headers.get(&X_REQUEST_ID) {
            Some(value) if is_sane(value.as_bytes()) => Self(value.clone()),
            _ => Self::fresh(),
        }
    }

    fn fresh() -> Self {
        #[expect(clippy::disallowed_methods, reason = "names a request in the log; no rule ever reads it")]
        let id = Uuid::now_v7();
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        let text = id.hyphenated().encode_lower(&mut text);
        Self(HeaderValue::from_str(text).expect("hex digits and hyphens are a header value"))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The id as the header that echoes it.
    pub fn header(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Short, and of characters that cannot forge a line or a field of the log.
fn is_sane(id: &[u8]) -> bool {
    (1..=128).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
}

/// Where a request comes from; `None` when it did not come over IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// The peer, or what the proxy in front says about it. Only a proxy that overwrites `X-Forwarded-For` may be
    /// trusted: whoever can write the header chooses their address.
    pub fn of(request: &Request, trust_forwarded: bool) -> Self {
        let forwarded = || -> Option<IpAddr> {
            let list = request.headers().get(&X_FORWARDED_FOR)?.to_str().ok()?;
            list.split(',').next()?.trim().parse().ok()
        };
        let peer = || request.remote_addr().as_socket_addr().map(|peer| peer.ip());
        let address = if trust_forwarded { forwarded().or_else(peer) } else { peer() };
        Self(address.map(|address| address.to_canonical()))
    }

    /// What limits are counted by. One household has a whole /64 of IPv6, so that counts as one.
    pub fn bucket(self) -> u128 {
        match self.0 {
            None => 0,
            Some(IpAddr::V4(v4)) => v4.to_ipv6_mapped().to_bits(),
            Some(IpAddr::V6(v6)) => v6.to_bits() & !Ipv6Addr::from_bits(u64::MAX.into()).to_bits(),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

/// What the door found out about a request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The name of the request.
    pub id: RequestId,
    /// Where it comes from.
    pub client: ClientAddress,
    /// How many bytes of body are read at most.
    pub body_limit: usize,
}

impl RequestContext {
    /// The body limit of a request, also of one that did not pass the door (in a test of a single API).
    pub fn body_limit(request: &Request) -> usize {
        request.data::<Self>().map_or(DEFAULT_BODY_LIMIT, |context| context.body_limit)
    }
}

impl<'a> FromRequest<'a> for RequestId {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(match request.data::<RequestContext>() {
            Some(context) => context.id.clone(),
            None => Self::of(request.headers()),
        })
    }
}

impl<'a> FromRequest<'a> for ClientAddress {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Ok(match request.data::<RequestContext>() {
            Some(context) => context.client,
            None => Self::of(request, false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_of(sent: &'static str) -> RequestId {
        RequestId::of(&HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_static(sent))]))
    }

    #[test]
    fn a_sane_id_is_kept_and_a_forged_one_replaced() {
        assert_eq!(id_of("order-7.retry:2").as_str(), "order-7.retry:2");
        for forged in ["", "a b", "x\"y", "level=error", "{\"a\":1}"] {
            assert_ne!(id_of(forged).as_str(), forged);
        }
        assert_eq!(RequestId::of(&HeaderMap::new()).as_str().len(), 36);
        assert!(!is_sane(&[b'a'; 129]));
    }

    #[test]
    fn the_forwarded_address_counts_only_when_trusted() {
        let request = Request::builder().header(X_FORWARDED_FOR, "203.0.113.9, 10.0.0.1").finish();
        assert_eq!(ClientAddress::of(&request, true).to_string(), "203.0.113.9");
        assert_eq!(ClientAddress::of(&request, false), ClientAddress(None));
        let nonsense = Request::builder().header(X_FORWARDED_FOR, "localhost").finish();
        assert_eq!(ClientAddress::of(&nonsense, true), ClientAddress(None));
    }

    #[test]
    fn an_ipv6_network_is_one_bucket() {
        let bucket = |text: &str| ClientAddress(Some(text.parse::<IpAddr>().expect("an address"))).bucket();
        assert_eq!(bucket("2001:db8::1"), bucket("2001:db8::ffff:2"));
        assert_ne!(bucket("2001:db8::1"), bucket("2001:db8:0:1::1"));
        assert_ne!(bucket("203.0.113.9"), bucket("203.0.113.10"));
    }
}

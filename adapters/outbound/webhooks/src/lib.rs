//! Sends webhooks: to public addresses only, unless this is development.
//!
//! # Shape
//! [`HttpSender`] is the socket `WebhookSender` over an HTTP client. [`resolve`] is how that client finds addresses: it
//! looks a name up once and gives away only what may be called, so nothing can change between the check and the call.

mod resolve;
mod sender;

pub use sender::HttpSender;

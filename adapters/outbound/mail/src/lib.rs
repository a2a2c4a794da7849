//! Messages to people: e-mail over SMTP, text messages over HTTP, and a log for development.
//!
//! # Permanent or transient
//! A server that refuses the address or the message refuses it for good (5xx of SMTP, the provider's codes for numbers
//! that do not exist or are unsubscribed). Everything else may be better in a minute: an answer of 4xx or 429, a server
//! that is away or too slow, and also a server that refuses *us*: a wrong password, a certificate that is not trusted. What
//! is wrong with the configuration of a host must not cost people their messages.
//!
//! # What is told
//! The reason of a refusal is read by people. It carries what the server said about the message, bounded to a line, and
//! never a password, a token or the name of a host; those are in the log, without the secrets.

mod log;
mod phone;
mod reason;
mod sms;
mod smtp;

pub use log::LogSender;
pub use sms::{SmsSender, SmsSettings};
pub use smtp::{SmtpSender, SmtpSettings, Tls};

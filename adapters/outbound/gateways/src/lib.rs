//! Payment gateways: how money comes in from outside.
//!
//! # Shape
//! - [`MidtransCore`], [`MidtransSnap`], [`Xendit`]: remote gateways. Each call is one question with three outcomes;
//!   waiting, asking again and repeating are decided in `domain::payments`.
//! - [`WalletGateway`]: a wallet of this system as a gateway.
//! - [`InstantSandbox`]: for demonstrations.
//! - `wire`: what the remote ones share, from secrets to exact amounts.

mod midtrans;
mod sandbox;
mod wallet;
mod wire;
mod xendit;

pub use midtrans::{MidtransConfig, MidtransCore, MidtransSnap};
pub use sandbox::InstantSandbox;
pub use wallet::WalletGateway;
pub use wire::{ConfigError, Environment, Secret, Timeouts};
pub use xendit::{Xendit, XenditConfig};

//! Decorators that do together what concurrent callers ask for at the same time.
//!
//! - [`Coalescer`]: the ledger port; what gathers during a commit shares the next.
//! - [`GatheringStore`]: the store; balances and titles of wallets that are asked for during a question share the next.
//!
//! Neither waits for company: an idle system answers as fast as without them.

mod gather;
mod ledger;
mod queue;
mod sealed;
mod store;
mod wallets;

pub use ledger::{Coalescer, Limits};
pub use store::GatheringStore;

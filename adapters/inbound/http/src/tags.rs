//! How the documentation groups the operations.

use poem_openapi::Tags;

/// The chapters of the API.
#[derive(Tags)]
pub enum Tag {
    /// Registering, logging in, roles
    Auth,
    /// Profiles
    Users,
    /// Wallets, balances, statements
    Wallets,
    /// What was done with money, and its life cycle
    Transactions,
    /// Paying merchants and other users
    Payments,
    /// What is sold, and how much of it is there
    Products,
    /// What people want to buy, until it is theirs
    Orders,
    /// Events that people attend, tickets, and the door
    Attendance,
    /// What is bought from suppliers: credits
    Travel,
    /// What people are told
    Notifications,
    /// What the business turned over, and what somebody's money did
    Reports,
    /// The books, for those who keep them
    Ledger,
    /// What happened, told to others: webhooks, and what could not be told
    Events,
    /// For trusted services, with a service token
    Internal,
}

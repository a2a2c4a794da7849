//! The permission matrix.
//!
//! One row for each permission, one mark for each kind of caller that has it. A snapshot test shows every change of it
//! to a reviewer, and the authorisation test tries every operation of the API against it.

use dermaga_ports::auth::{Principal, Role};

use crate::error::{Code, Error, Result};

/// Who can be granted a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grantee {
    Guest,
    User,
    Committee,
    Admin,
    Service,
}

impl Grantee {
    /// The columns of the matrix.
    pub const ALL: [Grantee; 5] = [Self::Guest, Self::User, Self::Committee, Self::Admin, Self::Service];

    /// The name of the column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::User => "user",
            Self::Committee => "committee",
            Self::Admin => "admin",
            Self::Service => "service",
        }
    }
}

impl From<Role> for Grantee {
    fn from(role: Role) -> Self {
        match role {
            Role::Guest => Self::Guest,
            Role::User => Self::User,
            Role::Committee => Self::Committee,
            Role::Admin => Self::Admin,
        }
    }
}

macro_rules! matrix {
    ($($(#[$doc:meta])* $permission:ident $name:literal => $($grantee:ident)*;)*) => {
        /// Something a caller may or may not do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Permission { $($(#[$doc])* $permission,)* }

        impl Permission {
            /// The rows of the matrix.
            pub const ALL: &'static [Permission] = &[$(Permission::$permission,)*];

            /// The name on the wire and in the matrix.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$permission => $name,)* }
            }

            /// Who has it.
            pub fn grantees(self) -> &'static [Grantee] {
                match self { $(Self::$permission => &[$(Grantee::$grantee,)*],)* }
            }
        }
    };
}

matrix! {
    /// Read, change and close one's own account.
    OwnProfile "profile.own" => User Committee Admin;
    /// Read any profile.
    ReadProfiles "profile.read" => Admin Service;
    /// Create, change and close any profile.
    ManageProfiles "profile.manage" => Admin;
    /// See the state of accounts and change roles.
    ManageRoles "role.manage" => Admin;
    /// Create, read and top up one's own wallets, and pay from them.
    OwnWallets "wallet.own" => User Committee Admin;
    /// Read any wallet, its balance and its statement.
    ReadWallets "wallet.read" => Admin Service;
    /// Take money out of a named wallet.
    DeductWallets "wallet.deduct" => Service;
    /// Put money into and take it out of any user's wallet.
    AdjustBalances "balance.adjust" => Admin Service;
    /// Start a transfer in a user's name.
    TransferForOthers "transfer.for_others" => Service;
    /// Read, complete and cancel one's own transactions.
    OwnTransactions "transaction.own" => User Committee Admin;
    /// Read any transaction.
    ReadTransactions "transaction.read" => Admin Service;
    /// Complete, fail and cancel any pending transaction.
    SettleTransactions "transaction.settle" => Admin Service;
    /// Give money back.
    RefundTransactions "transaction.refund" => Admin;
    /// Pay one's own purchases and orders, and read one's own payments.
    OwnPayments "payment.own" => Guest User Committee Admin;
    /// Read any payment.
    ReadPayments "payment.read" => Admin Service;
    /// Accept, capture, approve, deny and cancel any payment, and read what gateways told.
    ManagePayments "payment.manage" => Admin;
    /// Give money back through a payment gateway.
    RefundPayments "payment.refund" => Admin;
    /// Offer products, change and retire them.
    ManageProducts "product.manage" => Admin;
    /// Say how many of a product are there.
    AdjustStock "stock.adjust" => Admin Service;
    /// See the journal of the stock and who holds it.
    ReadStock "stock.read" => Admin Service;
    /// Count the stock again, and mend it.
    VerifyStock "stock.verify" => Admin;
    /// Order, and read and cancel one's own orders.
    OwnOrders "order.own" => Guest User Committee Admin;
    /// Read any order.
    ReadOrders "order.read" => Admin Service;
    /// Complete and cancel any order.
    ManageOrders "order.manage" => Admin;
    /// Book, and read one's own bookings.
    OwnBookings "booking.own" => Guest User Committee Admin;
    /// Read any booking, and what waits for a person.
    ReadBookings "booking.read" => Admin Service;
    /// Cancel any booking, and decide what waits for a person.
    ManageBookings "booking.manage" => Admin;
    /// Write down that an order was paid elsewhere.
    RecordPayments "order.record_payment" => Admin Service;
    /// Read the books.
    ReadLedger "ledger.read" => Admin;
    /// Recount the books.
    VerifyLedger "ledger.verify" => Admin;
    /// Read what one was told.
    OwnNotifications "notification.own" => User Committee Admin;
    /// Read what anybody was told.
    ReadNotifications "notification.read" => Admin Service;
    /// Write to people, and change, withdraw and send what is written to them.
    ManageNotifications "notification.manage" => Admin Service;
    /// Read reports of one's own transactions, and one's own sums.
    OwnReports "report.own" => User Committee Admin;
    /// Read anybody's reports and sums.
    ReadReports "report.read" => Admin;
    /// Make reports of transactions.
    MakeReports "report.make" => Admin Service;
    /// Read what the business turns over.
    ReadFigures "figures.read" => Admin;
    /// Recount the roll-ups and build them anew.
    RebuildFigures "figures.rebuild" => Admin;
    /// Read events and what is sold of them, and one's own tickets.
    VisitEvents "attendance.visit" => Guest User Committee Admin;
    /// Make and change events and what is sold of them.
    RunEvents "attendance.run" => Committee Admin;
    /// Issue, read and revoke anybody's tickets.
    ManageTickets "ticket.manage" => Committee Admin;
    /// Replace the key that signs tickets.
    ManageTicketKeys "ticket.keys" => Admin;
    /// Let people in, and annul what was a mistake.
    CheckIn "checkin.record" => Committee Admin;
    /// Read who has come.
    ReadAttendance "attendance.read" => Committee Admin;
    /// Read the audit trail.
    ReadAudit "audit.read" => Admin;
    /// Read and replay events that a subscriber could not handle.
    ManageEvents "event.manage" => Admin;
    /// Name the addresses that webhooks go to, read what was sent, and send it again.
    ManageWebhooks "webhook.manage" => Admin;
}

impl Permission {
    /// Whether this kind of caller has it.
    pub fn granted_to(self, grantee: impl Into<Grantee>) -> bool {
        self.grantees().contains(&grantee.into())
    }

    /// # Errors
    /// [`Code::PermissionDenied`] naming the permission, so that a person knows what to ask an administrator for.
    pub fn check(self, principal: &Principal) -> Result<()> {
        let granted = match principal {
            Principal::User { role, .. } => self.granted_to(*role),
            Principal::Service { .. } => self.granted_to(Grantee::Service),
            Principal::Operator => true,
        };
        if granted {
            return Ok(());
        }
        Err(Error::new(Code::PermissionDenied, format!("This needs the permission {}.", self.as_str())))
    }

    /// Everything a role may do.
    pub fn of(role: Role) -> impl Iterator<Item = Permission> {
        Self::ALL.iter().copied().filter(move |permission| permission.granted_to(role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_runs_nothing() {
        let staff_only = [Permission::ManageRoles, Permission::AdjustBalances, Permission::RefundTransactions];
        assert!(staff_only.iter().all(|permission| !permission.granted_to(Role::User)));
    }

    #[test]
    fn more_responsibility_never_means_fewer_rights_of_ones_own() {
        for permission in Permission::of(Role::Guest) {
            assert!(permission.granted_to(Role::User), "{permission:?}");
        }
        for permission in Permission::of(Role::User) {
            assert!(permission.granted_to(Role::Committee) && permission.granted_to(Role::Admin), "{permission:?}");
        }
    }
}

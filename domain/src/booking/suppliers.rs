//! The suppliers that a host has.

use std::sync::Arc;

use dermaga_ports::booking::PpobSupplier;

use crate::error::{Code, Error, Result};

/// At most one supplier of each kind. Cheap to clone.
#[derive(Clone, Default)]
pub struct Suppliers {
    /// Of credits and bills.
    pub ppob: Option<Arc<dyn PpobSupplier>>,
}

impl Suppliers {
    /// # Errors
    /// [`Code::SupplierUnavailable`] if this host has none.
    pub(super) fn ppob(&self) -> Result<&Arc<dyn PpobSupplier>> {
        self.ppob.as_ref().ok_or_else(|| Error::new(Code::SupplierUnavailable, "Nobody sells credits and bills here."))
    }
}

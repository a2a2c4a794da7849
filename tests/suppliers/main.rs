//! Suppliers, tried against the port's rules.

//! Offers go out to people and come back to be booked: what comes back must be what went out.

/// Makes texts that nobody else can make. They are signed and not hidden: nothing secret goes into one.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait OfferSeal: Send + Sync {
    /// The content as a text for URLs. The same content gives the same text, on every host of one deployment.
    fn seal(&self, content: &str) -> String;

    /// The content of a text that was made here; nothing for any other.
    fn open(&self, sealed: &str) -> Option<String>;
}

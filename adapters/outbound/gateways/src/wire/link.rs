//! Links that a gateway gives us for the payer.

/// A page or an application's link: nothing that a browser would run or read from its own disk.
pub(crate) fn is_harmless(url: &str) -> bool {
    let scheme = url.split("://").next().unwrap_or_default().to_ascii_lowercase();
    url.contains("://")
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !matches!(scheme.as_str(), "javascript" | "data" | "vbscript" | "file" | "blob")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_a_browser_would_run_is_none() {
        for good in ["https://app.example/pay", "gojek://gopay/x", "HTTP://x"] {
            assert!(is_harmless(good), "{good}");
        }
        for bad in
            ["javascript://%0aalert(1)", "JavaScript://x", "data://x", "javascript:alert(1)", "", "://x", " a://x"]
        {
            assert!(!is_harmless(bad), "{bad}");
        }
    }
}

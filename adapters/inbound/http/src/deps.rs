//! What the operations work with: the use cases, and the tokens of trusted services.

use std::sync::Arc;

use dermaga_domain::App;
use dermaga_ports::auth::Principal;
use subtle::ConstantTimeEq;

/// Handed to every operation as `Data<&Deps>`, as a clone of its own: so it has to be one counter and not twenty, on
/// which all processors would meet.
#[derive(Clone)]
pub struct Deps {
    /// The use cases.
    pub app: Arc<App>,
    /// Who may call as a service.
    pub services: ServiceTokens,
}

/// The tokens of trusted services, each with the service's name for the audit trail.
#[derive(Clone, Default)]
pub struct ServiceTokens(Arc<[(String, String)]>);

impl ServiceTokens {
    /// From pairs of name and token. An empty token would let everyone in, so it is left out.
    pub fn new(tokens: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(tokens.into_iter().filter(|(_, token)| !token.is_empty()).collect())
    }

    /// Whose token it is. Compares in constant time: how long it takes tells nothing about how much was right.
    pub fn principal(&self, token: &str) -> Option<Principal> {
        let mut found = None;
        for (name, known) in self.0.iter() {
            if bool::from(known.as_bytes().ct_eq(token.as_bytes())) {
                found = Some(Principal::Service { name: name.clone() });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_counts_and_an_empty_one_never() {
        let tokens = ServiceTokens::new([("orders".to_owned(), "s3cret".to_owned()), ("x".to_owned(), String::new())]);
        assert_eq!(tokens.principal("s3cret"), Some(Principal::Service { name: "orders".to_owned() }));
        for wrong in ["", "s3cre", "s3cret ", "S3CRET"] {
            assert_eq!(tokens.principal(wrong), None, "{wrong:?}");
        }
    }
}

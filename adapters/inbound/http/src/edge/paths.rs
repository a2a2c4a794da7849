//! What the OpenAPI document says about a path: for `Allow`, for parameters, for the labels of metrics.
//!
//! poem answers 405 without saying what would be allowed, names a bad parameter by a Rust type, and calls a route
//! `/users/:param0`. The document knows better, and it is read here only when something went wrong or is new.

use poem::http::{HeaderValue, Method};
use serde_json::{Map, Value};

/// The paths of a document, ready to be asked about a request.
pub struct Paths {
    document: Value,
    routes: Vec<Route>,
}

struct Route {
    /// As in the document, with the prefix: `/v1/users/{id}`.
    template: String,
    /// As poem knows it: `/v1/users/:param0`.
    pattern: String,
    operations: Map<String, Value>,
}

impl Paths {
    /// Reads a document whose paths are served under `prefix`. A text that is no document has no paths.
    pub fn of(document: &str, prefix: &str) -> Self {
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        let paths = document.get("paths").and_then(Value::as_object).cloned().unwrap_or_default();
        let routes = paths.into_iter().map(|(path, operations)| Route {
            pattern: format!("{prefix}{}", pattern(&path)),
            template: format!("{prefix}{path}"),
            operations: match operations {
                Value::Object(operations) => operations,
                _ => Map::new(),
            },
        });
        Self { routes: routes.collect(), document }
    }

    /// The value of `Allow` for a path that exists. Pages beside the API are only read.
    pub fn allow(&self, path: &str) -> HeaderValue {
        let methods: Vec<String> = match self.route(path) {
            None => vec!["GET".into(), "HEAD".into()],
            Some(route) => {
                let named = route.operations.keys().map(|method| method.to_ascii_uppercase());
                let mut methods: Vec<String> = named.collect();
                if route.operations.contains_key("get") {
                    methods.push("HEAD".into());
                }
                methods.sort();
                methods
            }
        };
        HeaderValue::from_str(&methods.join(", ")).expect("method names are a header value")
    }

    /// The path of the document that a request path belongs to.
    pub fn template(&self, path: &str) -> Option<&str> {
        self.route(path).map(|route| route.template.as_str())
    }

    /// The path of the document that poem knows as `pattern`.
    pub fn template_of_pattern(&self, pattern: &str) -> Option<&str> {
        self.routes.iter().find(|route| route.pattern == pattern).map(|route| route.template.as_str())
    }

    /// What a parameter must be, in words; `None` when the document does not know it.
    pub fn expectation(&self, path: &str, method: &Method, parameter: &str) -> Option<String> {
        let operation = self.route(path)?.operations.get(&method.as_str().to_ascii_lowercase())?;
        let parameters = operation.get("parameters")?.as_array()?;
        let named = |known: &&Value| {
            known.get("name").and_then(Value::as_str).is_some_and(|name| name.eq_ignore_ascii_case(parameter))
        };
        self.words(parameters.iter().find(named)?.get("schema")?)
    }

    /// Several templates may fit: `/users/verify` and `/users/{id}`. The more literal one is the one poem takes.
    fn route(&self, path: &str) -> Option<&Route> {
        let fitting = self.routes.iter().filter(|route| fits(&route.template, path));
        fitting.min_by_key(|route| route.template.matches('{').count())
    }

    fn words(&self, schema: &Value) -> Option<String> {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            return self.words(self.document.pointer(name.strip_prefix('#')?)?);
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return parts.iter().find_map(|part| self.words(part));
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            let names: Vec<_> = allowed.iter().filter_map(Value::as_str).collect();
            return Some(format!("must be one of {}", names.join(", ")));
        }
        let bound = |name| schema.get(name).and_then(Value::as_f64);
        let format = schema.get("format").and_then(Value::as_str);
        Some(match (schema.get("type")?.as_str()?, format) {
            ("integer", _) => match (bound("minimum"), bound("maximum")) {
                (Some(min), Some(max)) => format!("must be a whole number from {min} to {max}"),
                (Some(min), None) => format!("must be a whole number of at least {min}"),
                (None, Some(max)) => format!("must be a whole number of at most {max}"),
                (None, None) => "must be a whole number".into(),
            },
            ("number", _) => "must be a number".into(),
            ("boolean", _) => "must be true or false".into(),
            (_, Some("uuid")) => "must be a UUID".into(),
            (_, Some("date-time")) => "must be a time such as 2026-01-31T09:30:00Z".into(),
            (_, Some("date")) => "must be a date such as 2026-01-31".into(),
            ("string", _) => match (bound("minLength"), bound("maxLength")) {
                (Some(min), Some(max)) => format!("must have {min} to {max} characters"),
                (Some(min), None) => format!("must have at least {min} characters"),
                (None, Some(max)) => format!("must have at most {max} characters"),
                (None, None) => return None,
            },
            ("array", _) => self.words(schema.get("items")?)?,
            _ => return None,
        })
    }
}

/// How poem-openapi spells a path of the document for poem.
fn pattern(path: &str) -> String {
    let mut count = 0;
    let segments = path.split('/').map(|segment| {
        if !segment.starts_with('{') {
            return segment.to_owned();
        }
        count += 1;
        format!(":param{}", count - 1)
    });
    segments.collect::<Vec<_>>().join("/")
}

fn fits(template: &str, path: &str) -> bool {
    let mut wanted = template.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths() -> Paths {
        let document = serde_json::json!({
            "paths": {
                "/users/{id}": {"get": {"parameters": [{"name": "limit", "schema": {"$ref": "#/components/limit"}}]}},
                "/users/verify": {"post": {}},
                "/users/{id}/wallets/{wallet}": {"delete": {}, "put": {}},
            },
            "components": {"limit": {"type": "integer", "minimum": 1, "maximum": 100}},
        });
        Paths::of(&document.to_string(), "/v1")
    }

    #[test]
    fn the_more_literal_path_decides() {
        assert_eq!(paths().allow("/v1/users/verify"), "POST");
        assert_eq!(paths().allow("/v1/users/7"), "GET, HEAD");
        assert_eq!(paths().allow("/v1/users/7/wallets/8"), "DELETE, PUT");
        assert_eq!(paths().template("/v1/users/7/wallets"), None);
    }

    #[test]
    fn patterns_of_poem_are_found_again() {
        let paths = paths();
        let found = paths.template_of_pattern("/v1/users/:param0/wallets/:param1");
        assert_eq!(found, Some("/v1/users/{id}/wallets/{wallet}"));
    }

    #[test]
    fn a_parameter_is_explained_through_references() {
        let words = paths().expectation("/v1/users/7", &Method::GET, "limit");
        assert_eq!(words.as_deref(), Some("must be a whole number from 1 to 100"));
        assert_eq!(paths().expectation("/v1/users/7", &Method::GET, "after"), None);
    }
}

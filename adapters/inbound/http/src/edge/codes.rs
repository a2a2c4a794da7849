//! Every code a caller can meet, with its status: the domain's table and the edge's own.
//!
//! A client switches on `code`, so the codes are as much an interface as the routes. The domain names what its rules
//! refuse; what goes wrong before a rule is asked (no such route, a body that is not JSON) or around it (too often,
//! too slow) is named here. [`table`] joins both for the snapshot and for the page at `/problems`.

use dermaga_domain::error::{Class, Code};
use poem::http::StatusCode;

macro_rules! edge_codes {
    ($($variant:ident, $code:literal, $status:ident, $title:literal;)*) => {
        /// A stable, machine-readable name for what the edge itself refuses.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EdgeCode { $(#[doc = $title] $variant,)* }

        impl EdgeCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [EdgeCode] = &[$(EdgeCode::$variant,)*];

            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(EdgeCode::$variant => $code,)* }
            }

            /// The status it is sent with.
            pub fn status(self) -> StatusCode {
                match self { $(EdgeCode::$variant => StatusCode::$status,)* }
            }

            /// One sentence that is the same for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(EdgeCode::$variant => $title,)* }
            }
        }
    };
}

edge_codes! {
    MalformedJson, "malformed_json", BAD_REQUEST, "The body is not JSON";
    BodyUnreadable, "body_unreadable", BAD_REQUEST, "The body could not be read";
    BadParameter, "bad_parameter", BAD_REQUEST, "A parameter is not valid";
    BadRequest, "bad_request", BAD_REQUEST, "The request cannot be understood";
    PreflightRefused, "preflight_refused", FORBIDDEN, "The browser may not send this from another site";
    RouteUnknown, "route_unknown", NOT_FOUND, "There is no such route";
    PathIdInvalid, "path_id_invalid", NOT_FOUND, "The path holds no valid id";
    MethodNotAllowed, "method_not_allowed", METHOD_NOT_ALLOWED, "This route does not take this method";
    NotAcceptable, "not_acceptable", NOT_ACCEPTABLE, "The answer does not exist in the format asked for";
    BodyTooLarge, "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    UnsupportedMediaType, "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body has the wrong format";
    RateLimited, "rate_limited", TOO_MANY_REQUESTS, "Too many requests";
    Timeout, "timeout", GATEWAY_TIMEOUT, "The answer took too long";
}

/// The status that a domain error is sent with.
pub fn status_of(class: Class) -> StatusCode {
    match class {
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict => StatusCode::CONFLICT,
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Throttled => StatusCode::TOO_MANY_REQUESTS,
        Class::Upstream => StatusCode::BAD_GATEWAY,
        Class::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Class::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// One line of the table of all codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The name on the wire.
    pub code: &'static str,
    /// The HTTP status it is sent with.
    pub status: u16,
    /// One sentence that is the same for every occurrence.
    pub title: &'static str,
}

/// All codes by status and name: the edge's and the domain's.
pub fn table() -> Vec<Row> {
    let edge = EdgeCode::ALL.iter().map(|code| Row {
        code: code.as_str(),
        status: code.status().as_u16(),
        title: code.title(),
    });
    let domain = Code::ALL.iter().map(|code| Row {
        code: code.as_str(),
        status: status_of(code.class()).as_u16(),
        title: code.title(),
    });
    let mut rows: Vec<Row> = edge.chain(domain).collect();
    rows.sort_by_key(|row| (row.status, row.code));
    rows
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_code_is_given_twice() {
        let rows = table();
        let names: HashSet<_> = rows.iter().map(|row| row.code).collect();
        assert_eq!(names.len(), rows.len());
        assert!(rows.iter().all(|row| row.status >= 400 && !row.title.is_empty()));
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }

    #[test]
    fn both_tables_are_in_it() {
        let rows = table();
        assert_eq!(rows.len(), EdgeCode::ALL.len() + Code::ALL.len());
        assert!(rows.iter().any(|row| row.code == "malformed_json" && row.status == 400));
        assert!(rows.iter().any(|row| row.code == "insufficient_funds" && row.status == 409));
    }
}

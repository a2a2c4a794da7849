//! What the API says about itself: the OpenAPI document and the pages that show it.
//!
//! A browser that opens these pages talks to this host only: no fonts, scripts, logos or validators from elsewhere, so
//! that they work without the internet and tell nobody which API is being read. The document is made once and served
//! as it is; a host's `openapi` command prints the same bytes.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use poem::{
    Endpoint, Request, Response, Result, Route,
    endpoint::BoxEndpoint,
    error::NotFoundError,
    get,
    http::{HeaderValue, Method, StatusCode, header},
};
use poem_openapi::{
    OpenApi, OpenApiService, Webhook,
    registry::{MetaApi, MetaOperation, MetaPath, Registry},
};
use utoipa_swagger_ui::Config;

use super::{codes, problem::PROBLEM_JSON};

/// The `Content-Security-Policy` of pages: scripts of this host only; styles also inline, because those of the API
/// browsers are made while they run. An operation that answers HTML sends it too: what an answer may load is nothing
/// unless it says otherwise.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                    font-src 'self' data:; connect-src 'self'; worker-src blob:; form-action 'self'; \
                    base-uri 'none'; frame-ancestors 'none'";
const ALWAYS_ASK: &str = "no-cache";
const FOR_A_DAY: &str = "public, max-age=86400";

/// The document of a service as it is served and checked in: pretty-printed, one final newline.
pub fn document<T: OpenApi, W: Webhook>(service: &OpenApiService<T, W>) -> String {
    // poem-openapi names a date without a zone in a way that no generator knows.
    let mut document = service.spec().replace(r#""format": "naive-date""#, r#""format": "date""#);
    document.push('\n');
    document
}

/// Makes the document of any APIs say what is true: one entry per path, although several APIs may share it, and only
/// refusals that an operation can give. The document leaves the prefix to its `servers`; the routes have it.
pub struct Tidy<T> {
    pub apis: T,
    pub prefix: &'static str,
}

impl<T: OpenApi> OpenApi for Tidy<T> {
    fn meta() -> Vec<MetaApi> {
        let mut paths: Vec<MetaPath> = Vec::new();
        for path in T::meta().into_iter().flat_map(|api| api.paths) {
            match paths.iter_mut().find(|known| known.path == path.path) {
                Some(known) => known.operations.extend(path.operations),
                None => paths.push(path),
            }
        }
        for path in &mut paths {
            let mut methods = Vec::new();
            for operation in &mut path.operations {
                assert!(!methods.contains(&operation.method), "two operations are {} {}", operation.method, path.path);
                methods.push(operation.method.clone());
                prune(operation);
            }
        }
        vec![MetaApi { paths }]
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        let mut bare = HashMap::new();
        self.apis.add_routes(&mut bare);
        routes.extend(bare.into_iter().map(|(path, operations)| (format!("{}{path}", self.prefix), operations)));
    }
}

/// Without a body there is none to be too large or in the wrong format; without anything to read nothing is unreadable.
fn prune(operation: &mut MetaOperation) {
    let body = operation.request.is_some();
    let readable = body || !operation.params.is_empty();
    operation.responses.responses.retain(|response| {
        let refusal = response.content.iter().any(|content| content.content_type == PROBLEM_JSON);
        match response.status {
            Some(413 | 415) if refusal => body,
            Some(400) if refusal => readable,
            _ => true,
        }
    });
}

/// Adds `/openapi.json`, `/docs`, `/redoc` and `/problems`.
pub(super) fn pages(routes: Route, document: String) -> Route {
    let swagger = Config::from("/openapi.json").validator_url("none").display_request_duration(true);
    let redoc = Page::new("text/html; charset=utf-8", REDOC).policy(PAGE_POLICY);
    routes
        .at("/openapi.json", get(Page::new("application/json", document)))
        .nest_no_strip("/docs", get(Swagger(Arc::new(swagger))))
        .at("/redoc", get(redoc))
        .at("/redoc/init.js", get(Page::new("text/javascript; charset=utf-8", REDOC_INIT)))
        .at("/redoc/redoc.js", get(Page::new("text/javascript; charset=utf-8", redoc_script()).cache(FOR_A_DAY)))
        .at("/problems", get(html(problems())))
}

/// A page of HTML under the policy of all pages: it may use its own host, inline styles, and no inline scripts.
pub(super) fn html(text: String) -> Page {
    Page::new("text/html; charset=utf-8", text).policy(PAGE_POLICY)
}

/// Something that is always the same, shared by all who ask for it.
pub(super) struct Page {
    body: Bytes,
    content_type: &'static str,
    policy: Option<&'static str>,
    cache: &'static str,
}

impl Page {
    fn new(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), content_type, policy: None, cache: ALWAYS_ASK }
    }

    fn policy(self, policy: &'static str) -> Self {
        Self { policy: Some(policy), ..self }
    }

    fn cache(self, cache: &'static str) -> Self {
        Self { cache, ..self }
    }
}

impl Endpoint for Page {
    type Output = Response;

    async fn call(&self, _: Request) -> Result<Response> {
        let mut response = Response::builder().content_type(self.content_type).body(self.body.clone());
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(self.cache));
        if let Some(policy) = self.policy {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
        }
        Ok(response)
    }
}

/// Swagger UI, whose files are inside the binary.
struct Swagger(Arc<Config<'static>>);

impl Endpoint for Swagger {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let Some(file) = request.uri().path().strip_prefix("/docs/") else {
            // The page names its scripts relative to itself.
            let moved = Response::builder().status(StatusCode::PERMANENT_REDIRECT);
            return Ok(moved.header(header::LOCATION, "/docs/").finish());
        };
        let found = utoipa_swagger_ui::serve(file, self.0.clone());
        let found =
            found.map_err(|error| poem::Error::from_string(error.to_string(), StatusCode::INTERNAL_SERVER_ERROR))?;
        let found = found.ok_or(NotFoundError)?;
        let cache = if file.ends_with(".html") || file.is_empty() { ALWAYS_ASK } else { FOR_A_DAY };
        Ok(Response::builder()
            .content_type(&found.content_type)
            .header(header::CACHE_CONTROL, cache)
            .header(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)
            .body(found.bytes.into_owned()))
    }
}

const REDOC: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference</title>
<link rel="icon" href="data:,">
<style>body { margin: 0 }</style>
</head>
<body>
<div id="redoc"></div>
<script src="/redoc/redoc.js"></script>
<script src="/redoc/init.js"></script>
</body>
</html>
"#;

const REDOC_INIT: &str = r#"Redoc.init("/openapi.json", {
  scrollYOffset: 0,
  theme: { typography: { fontFamily: "sans-serif", headings: { fontFamily: "sans-serif" } } },
}, document.getElementById("redoc"));
"#;

/// The script is inside poem-openapi, but only as part of a page that fetches fonts and runs inline scripts.
fn redoc_script() -> String {
    let page = OpenApiService::new((), "", "").redoc_html();
    let script = page.split_once(r#"<script charset="UTF-8">"#).and_then(|(_, rest)| rest.split_once("</script>"));
    script.map(|(script, _)| script.to_owned()).expect("the page of poem-openapi starts with the script of ReDoc")
}

/// Where the `type` of a problem leads.
fn problems() -> String {
    let rows: String = codes::table()
        .iter()
        .map(|row| {
            let codes::Row { code, status, title } = row;
            format!("<tr id=\"{code}\"><td>{status}</td><td><code>{code}</code></td><td>{title}</td></tr>\n")
        })
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Problems</title>\n\
         <link rel=\"icon\" href=\"data:,\">\n<style>body {{ font: 1rem/1.5 sans-serif; margin: 2rem }} \
         td, th {{ padding: .1rem 1rem .1rem 0; text-align: left }} :target {{ background: #ffd }}</style>\n</head>\n<body>\n\
         <h1>Problems</h1>\n<p>Every refusal is <code>application/problem+json</code> with one of these codes.</p>\n\
         <table>\n<tr><th>status</th><th>code</th><th>meaning</th></tr>\n{rows}</table>\n</body>\n</html>\n"
    )
}

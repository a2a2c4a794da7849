//! Who is calling: the security schemes of the API.
//!
//! An operation states by the type of its first parameter who may call it at all: [`Person`], [`Service`], or
//! [`Caller`] for either. What they may do is for the use case to judge.

use dermaga_domain::{Code, Error};
use dermaga_ports::auth::Principal;
use poem::{Request, RequestBody, Result, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{deps::Deps, edge::ApiError};

/// A person with an access token.
pub struct Person(pub Principal);

/// Anybody: a person with an access token, or somebody who has none.
pub struct Anyone(pub Option<Principal>);

/// A trusted service.
pub struct Service(pub Principal);

/// A person or a service.
pub struct Caller(pub Principal);

const ACCESS_TOKEN: &str = "access_token";
const SERVICE_TOKEN: &str = "service_token";
const SERVICE_HEADER: &str = "X-Service-Token";

fn register_access_token(registry: &mut Registry) {
    let description = "The `access_token` that `POST /auth/login` answers.";
    registry.create_security_scheme(
        ACCESS_TOKEN,
        MetaSecurityScheme {
            ty: "http",
            description: Some(description),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: Some("JWT"),
            flows: None,
            openid_connect_url: None,
        },
    );
}

fn register_service_token(registry: &mut Registry) {
    let description = "The token of a trusted service, as the host is configured (`SERVICE_TOKEN`).";
    registry.create_security_scheme(
        SERVICE_TOKEN,
        MetaSecurityScheme {
            ty: "apiKey",
            description: Some(description),
            name: Some(SERVICE_HEADER),
            key_in: Some("header"),
            scheme: None,
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        },
    );
}

fn deps(request: &Request) -> Result<&Deps, ApiError> {
    request.data::<Deps>().ok_or_else(|| Error::internal("the API is served without its dependencies").into())
}

fn person(request: &Request) -> Result<Principal, ApiError> {
    let missing = || Error::new(Code::TokenMissing, "Send the header Authorization: Bearer <access token>.");
    let header = request.headers().get(header::AUTHORIZATION).ok_or_else(missing)?;
    let token = header.to_str().ok().and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    Ok(deps(request)?.app.auth.principal(token.ok_or_else(missing)?)?)
}

fn service(request: &Request) -> Result<Option<Principal>, ApiError> {
    let Some(header) = request.headers().get(SERVICE_HEADER) else { return Ok(None) };
    let principal = header.to_str().ok().and_then(|token| deps(request).ok()?.services.principal(token));
    let wrong = || Error::new(Code::ServiceTokenInvalid, "The service token is not one that this host knows.");
    Ok(Some(principal.ok_or_else(wrong)?))
}

impl<'a> ApiExtractor<'a> for Anyone {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::PoemExtractor];

    type ParamType = ();
    type ParamRawType = ();

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        // A token that is there has to be good.
        let shown = request.headers().contains_key(header::AUTHORIZATION);
        Ok(Self(if shown { Some(person(request)?) } else { None }))
    }
}

macro_rules! schemes {
    ($($name:ident: [$($scheme:ident => $register:ident),*], $resolve:expr;)*) => {$(
        impl<'a> ApiExtractor<'a> for $name {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                $($register(registry);)*
            }

            fn security_schemes() -> Vec<&'static str> {
                vec![$($scheme),*]
            }

            async fn from_request(
                request: &'a Request,
                _body: &mut RequestBody,
                _options: ExtractParamOptions<()>,
            ) -> Result<Self> {
                let resolve: fn(&Request) -> Result<Principal, ApiError> = $resolve;
                Ok(Self(resolve(request)?))
            }
        }
    )*};
}

schemes! {
    Person: [ACCESS_TOKEN => register_access_token], person;
    Service: [SERVICE_TOKEN => register_service_token], |request| {
        let missing = || Error::new(Code::ServiceTokenInvalid, "Send the header X-Service-Token.");
        Ok(service(request)?.ok_or_else(missing)?)
    };
    Caller: [ACCESS_TOKEN => register_access_token, SERVICE_TOKEN => register_service_token], |request| {
        match service(request)? {
            Some(principal) => Ok(principal),
            None => person(request),
        }
    };
}

//! The OpenAPI document, made from the route table.
//!
//! It is checked in as `openapi.json` beside this crate; a test fails on drift, and the web panel's client is generated
//! from it.

use crate::route::{Answer, Body, Route};
use gantry_types::{
    permission::Permission,
    problem::{Code, Problem},
};
use http::Method;
use std::collections::BTreeMap;
use utoipa::{
    ToSchema,
    openapi::{
        ComponentsBuilder, Content, HttpMethod, InfoBuilder, License, OpenApi, OpenApiBuilder, Ref, RefOr,
        Required,
        header::HeaderBuilder,
        path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder},
        request_body::RequestBodyBuilder,
        response::{Response, ResponseBuilder},
        schema::{ObjectBuilder, Schema, Type},
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
        tag::TagBuilder,
    },
};

const ABOUT: &str = "The control plane of Gantry, a panel for game servers.\n\n\
Answers are JSON with camelCase fields; times are RFC 3339 in UTC, ids UUIDs. Errors are `application/problem+json` \
with a stable `code`. Lists come in pages: pass `nextCursor` as `cursor`. Calls that create take an `Idempotency-Key` \
header, and repeat their first answer for the same key within a day. Long work answers 202 with an `operationId`. \
Unsafe methods that carry the session's cookie must come from the panel itself.\n\n\
Every answer to a limited route carries `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` (Unix \
seconds), and with status 429 `Retry-After`.";

/// The document of these routes.
pub(crate) fn of(routes: &[Route], tags: &[(&str, &str)]) -> OpenApi {
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    let mut collected = Vec::new();
    Problem::schemas(&mut collected);
    collected.push((Problem::name().into_owned(), <Problem as utoipa::PartialSchema>::schema()));
    let mut paths = PathsBuilder::new();
    for route in routes {
        collected.extend(route.schemas.iter().cloned());
        paths = paths.path(route.path, PathItem::new(method(&route.method), operation(route)));
    }
    schemas.extend(collected);
    // Their texts come from a table that the derive cannot read.
    schemas.insert(Code::name().into_owned(), texts(Code::ALL.iter().map(|code| code.as_str())));
    schemas.insert(Permission::name().into_owned(), texts(Permission::ALL.iter().map(|one| one.as_str())));

    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        "gantry_session",
        "Set by signing in; `__Host-gantry_session` where the panel is served over https.",
    )));
    let components = schemas
        .into_iter()
        .fold(ComponentsBuilder::new(), |components, (name, schema)| components.schema(name, schema))
        .security_scheme("session", cookie)
        .build();
    let tags =
        tags.iter().map(|(name, about)| TagBuilder::new().name(*name).description(Some(*about)).build());
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Gantry")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT))
                .license(Some(License::new("Apache-2.0")))
                .build(),
        )
        .paths(paths)
        .components(Some(components))
        .tags(Some(tags))
        .build()
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> RefOr<Schema> {
    RefOr::T(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values)).into())
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(route: &Route) -> utoipa::openapi::path::Operation {
    let mut operation = OperationBuilder::new()
        .tag(route.tag)
        .operation_id(Some(route.id))
        .summary(Some(route.summary))
        .description(Some(route.description()));
    for parameter in route.path_parameters().into_iter().chain(route.query.iter().cloned()) {
        operation = operation.parameter(parameter);
    }
    if route.idempotent {
        let text = ObjectBuilder::new().schema_type(Type::String).max_length(Some(200));
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "Of the client's choosing; the same key and body repeat the first answer for a day.",
            ))
            .schema(Some(text));
        operation = operation.parameter(key);
    }
    operation = match &route.body {
        Body::None => operation,
        Body::Json(schema) => operation.request_body(Some(body("application/json", schema.clone()))),
        Body::Bytes(media_type) => {
            let bytes = ObjectBuilder::new().content_media_type(*media_type);
            operation.request_body(Some(body(media_type, RefOr::T(bytes.into()))))
        }
    };
    operation = operation.response(route.status.to_string(), success(route));
    for (status, codes) in by_status(&route.all_problems()) {
        operation = operation.response(status.to_string(), problem(&codes));
    }
    if route.requirement.needs_session() {
        operation = operation.security(SecurityRequirement::new("session", Vec::<String>::new()));
    }
    operation.build()
}

fn body(media_type: &str, schema: RefOr<Schema>) -> utoipa::openapi::request_body::RequestBody {
    RequestBodyBuilder::new()
        .required(Some(Required::True))
        .content(media_type, Content::new(Some(schema)))
        .build()
}

fn success(route: &Route) -> Response {
    let text = match route.status {
        101 => "The connection becomes a WebSocket",
        201 => "Created",
        202 => "Recorded; the operation goes on",
        204 => "Done",
        _ => "The answer",
    };
    let response = ResponseBuilder::new().description(text);
    match &route.answer {
        Answer::Empty => response.build(),
        Answer::Json(schema) => {
            response.content("application/json", Content::new(Some(schema.clone()))).build()
        }
        Answer::Text(media_type) => {
            let text: Schema = ObjectBuilder::new().schema_type(Type::String).into();
            response.content(*media_type, Content::new(Some(text))).build()
        }
        Answer::Bytes(media_type) => {
            let bytes: Schema = ObjectBuilder::new().content_media_type(*media_type).into();
            response.content(*media_type, Content::new(Some(bytes))).build()
        }
    }
}

fn by_status(codes: &[Code]) -> BTreeMap<u16, Vec<Code>> {
    let mut map: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        map.entry(code.status()).or_default().push(*code);
    }
    map
}

fn problem(codes: &[Code]) -> Response {
    let names: Vec<_> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title())).collect();
    let reference = RefOr::<Schema>::Ref(Ref::from_schema_name(Problem::name()));
    let mut response = ResponseBuilder::new()
        .description(names.join("; "))
        .content("application/problem+json", Content::new(Some(reference)));
    if codes.contains(&Code::RateLimited) {
        let seconds = HeaderBuilder::new()
            .description(Some("Seconds to wait"))
            .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)));
        response = response.header("Retry-After", seconds.build());
    }
    response.build()
}

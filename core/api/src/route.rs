//! One route as data: where it is, who may use it, how often, what goes in and out.
//!
//! The router, the guard in front of each handler, the API document and the matrix test are all made from the same
//! value, so none of them can forget what another knows. A route without a requirement cannot be written down.

use crate::{edge::Edge, extract::BodyLimit, guard::Preset};
use axum::{
    handler::Handler,
    routing::{self, MethodRouter},
};
use gantry_types::{permission::Permission, problem::Code};
use http::Method;
use std::time::Duration;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Ref, RefOr, Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type},
    },
};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Everybody.
    Public,
    /// Whoever has a session; the use case decides what they get to see.
    SignedIn,
    Administrator,
    /// Whoever has this permission on the server that the path names.
    Server(Permission),
    /// Whoever has the one of these that the body asks for, on the server that the path names.
    ServerOneOf(&'static [Permission]),
    /// Whoever has this permission on the server that the thing in the path belongs to.
    Nested(Permission),
    /// A WebSocket: its first frame carries a one-time ticket; with a permission on the server that the path names.
    Ticket(Option<Permission>),
    /// A daemon, by its one-time token or its key.
    Daemon,
    /// Loopback, or whoever has the metrics token.
    Scraper,
}

impl Requirement {
    /// Every permission that can open the route.
    pub fn permissions(self) -> Vec<Permission> {
        match self {
            Self::Server(permission) | Self::Nested(permission) | Self::Ticket(Some(permission)) => {
                vec![permission]
            }
            Self::ServerOneOf(permissions) => permissions.to_vec(),
            Self::Public
            | Self::SignedIn
            | Self::Administrator
            | Self::Ticket(None)
            | Self::Daemon
            | Self::Scraper => Vec::new(),
        }
    }

    /// Whether the guard needs a session before it lets a request in.
    pub const fn needs_session(self) -> bool {
        match self {
            Self::SignedIn
            | Self::Administrator
            | Self::Server(_)
            | Self::ServerOneOf(_)
            | Self::Nested(_) => true,
            Self::Public | Self::Ticket(_) | Self::Daemon | Self::Scraper => false,
        }
    }

    fn sentence(self) -> String {
        match self {
            Self::Public => "Open to everybody.".to_owned(),
            Self::SignedIn => "Needs a session.".to_owned(),
            Self::Administrator => "Needs an administrator.".to_owned(),
            Self::Server(permission) => format!("Needs `{}` on the server.", permission.as_str()),
            Self::ServerOneOf(permissions) => {
                let names: Vec<_> = permissions.iter().map(|each| format!("`{}`", each.as_str())).collect();
                format!("Needs the one of {} that the body asks for, on the server.", names.join(", "))
            }
            Self::Nested(permission) => {
                format!("Needs `{}` on the server it belongs to.", permission.as_str())
            }
            Self::Ticket(None) => "The first frame carries a ticket from `/api/ws/token`.".to_owned(),
            Self::Ticket(Some(permission)) => format!(
                "The first frame carries a ticket from `/api/ws/token`, of somebody with `{}` on the server.",
                permission.as_str()
            ),
            Self::Daemon => "For daemons.".to_owned(),
            Self::Scraper => "From loopback, or with the metrics token as bearer token.".to_owned(),
        }
    }

    fn problems(self) -> &'static [Code] {
        match self {
            Self::Public => &[],
            Self::SignedIn => &[Code::NotSignedIn],
            Self::Administrator | Self::Scraper => &[Code::NotSignedIn, Code::Forbidden],
            Self::Server(_) | Self::ServerOneOf(_) | Self::Nested(_) => {
                &[Code::NotSignedIn, Code::Forbidden, Code::NotFound]
            }
            Self::Ticket(_) | Self::Daemon => &[Code::Forbidden],
        }
    }
}

/// What a request carries.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a few dozen, made once at start")]
pub(crate) enum Body {
    None,
    Json(RefOr<Schema>),
    /// Bytes of this media type.
    Bytes(&'static str),
}

/// What a successful answer carries.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a few dozen, made once at start")]
pub(crate) enum Answer {
    Empty,
    Json(RefOr<Schema>),
    Text(&'static str),
    /// Bytes of this media type.
    Bytes(&'static str),
}

/// One method of one path.
pub struct Route {
    pub method: Method,
    /// With parameters in braces, as axum and OpenAPI both write it.
    pub path: &'static str,
    /// The operation's name in the document and in generated clients.
    pub id: &'static str,
    pub requirement: Requirement,
    pub preset: Preset,
    /// The largest body in bytes.
    pub body_limit: usize,
    /// Whether `Idempotency-Key` is honoured.
    pub idempotent: bool,
    /// Whether the request may take as long as it likes, as WebSockets and uploads do.
    pub unhurried: bool,
    /// How long its body may take to arrive.
    pub body_time: Duration,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) details: &'static str,
    pub(crate) query: Vec<Parameter>,
    pub(crate) body: Body,
    pub(crate) status: u16,
    pub(crate) answer: Answer,
    pub(crate) problems: Vec<Code>,
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
    pub(crate) handler: MethodRouter<Edge>,
}

/// Largest JSON body: a form, never a file.
pub const JSON_LIMIT: usize = 256 * 1024;
/// How long the body of a form may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(20);
/// How long the body of an upload may take to arrive.
pub const UPLOAD_TIME: Duration = Duration::from_secs(300);
/// How long a file may take that is passed on as it comes.
pub const TRANSFER_TIME: Duration = Duration::from_secs(3_600);

impl Route {
    fn new(
        method: Method,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        requirement: Requirement,
        handler: MethodRouter<Edge>,
    ) -> Self {
        Self {
            method,
            path,
            id,
            requirement,
            preset: Preset::General,
            body_limit: JSON_LIMIT,
            idempotent: false,
            unhurried: false,
            body_time: BODY_TIME,
            tag: "",
            summary,
            details: "",
            query: Vec::new(),
            body: Body::None,
            status: 200,
            answer: Answer::Empty,
            problems: Vec::new(),
            schemas: Vec::new(),
            handler,
        }
    }

    pub(crate) fn get<H: Handler<T, Edge>, T: 'static>(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        needs: Requirement,
        handler: H,
    ) -> Self {
        Self::new(Method::GET, path, id, summary, needs, routing::get(handler))
    }
    pub(crate) fn post<H: Handler<T, Edge>, T: 'static>(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        needs: Requirement,
        handler: H,
    ) -> Self {
        Self::new(Method::POST, path, id, summary, needs, routing::post(handler))
    }
    pub(crate) fn put<H: Handler<T, Edge>, T: 'static>(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        needs: Requirement,
        handler: H,
    ) -> Self {
        Self::new(Method::PUT, path, id, summary, needs, routing::put(handler))
    }
    pub(crate) fn patch<H: Handler<T, Edge>, T: 'static>(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        needs: Requirement,
        handler: H,
    ) -> Self {
        Self::new(Method::PATCH, path, id, summary, needs, routing::patch(handler))
    }
    pub(crate) fn delete<H: Handler<T, Edge>, T: 'static>(
        path: &'static str,
        id: &'static str,
        summary: &'static str,
        needs: Requirement,
        handler: H,
    ) -> Self {
        Self::new(Method::DELETE, path, id, summary, needs, routing::delete(handler))
    }

    /// More than the summary says, in Markdown.
    pub(crate) fn details(mut self, details: &'static str) -> Self {
        self.details = details;
        self
    }
    pub(crate) fn preset(mut self, preset: Preset) -> Self {
        self.preset = preset;
        self
    }
    /// Honours `Idempotency-Key`: for calls that create.
    pub(crate) fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }
    pub(crate) fn unhurried(mut self) -> Self {
        self.unhurried = true;
        self.body_time = UPLOAD_TIME;
        self
    }
    /// Answers when it is done, however long that takes.
    pub(crate) fn patient(mut self) -> Self {
        self.unhurried = true;
        self
    }
    /// Passes a body on as it comes, for as long as the largest file may take.
    pub(crate) fn flowing(mut self) -> Self {
        self.unhurried = true;
        self.body_time = TRANSFER_TIME;
        self
    }
    pub(crate) fn query<Q: IntoParams>(mut self) -> Self {
        self.query.extend(Q::into_params(|| Some(ParameterIn::Query)));
        self
    }
    pub(crate) fn takes<T: ToSchema>(mut self) -> Self {
        self.body = Body::Json(self.register::<T>());
        self
    }
    pub(crate) fn takes_bytes(mut self, media_type: &'static str, limit: usize) -> Self {
        self.body = Body::Bytes(media_type);
        self.body_limit = limit;
        self
    }
    pub(crate) fn answers<T: ToSchema>(mut self) -> Self {
        self.answer = Answer::Json(self.register::<T>());
        self
    }
    /// Answers with one page of a list of `T`.
    pub(crate) fn pages<T: ToSchema>(mut self) -> Self {
        let item = self.register::<T>();
        let name = format!("{}Page", T::name().trim_end_matches("View"));
        let next = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("Where the next page begins; null is the end."));
        let page = ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(item))
            .required("items")
            .property("nextCursor", next)
            .required("nextCursor");
        self.schemas.push((name.clone(), RefOr::T(page.into())));
        self.answer = Answer::Json(RefOr::Ref(Ref::from_schema_name(name)));
        self
    }
    pub(crate) fn answers_text(mut self, media_type: &'static str) -> Self {
        self.answer = Answer::Text(media_type);
        self
    }
    pub(crate) fn answers_bytes(mut self, media_type: &'static str) -> Self {
        self.answer = Answer::Bytes(media_type);
        self
    }
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }
    /// Problems beyond those that requirement, body and limit imply.
    pub(crate) fn fails(mut self, codes: &[Code]) -> Self {
        self.problems.extend_from_slice(codes);
        self
    }
    /// Schemas that only prose refers to, such as frames of a WebSocket.
    pub(crate) fn mentions<T: ToSchema>(mut self) -> Self {
        self.register::<T>();
        self
    }

    /// What its body may be.
    pub(crate) fn body_limit(&self) -> BodyLimit {
        BodyLimit { most: self.body_limit, time: self.body_time }
    }

    fn register<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.schemas);
        let name = T::name().into_owned();
        self.schemas.push((name.clone(), T::schema()));
        RefOr::Ref(Ref::from_schema_name(name))
    }

    /// Names in braces, in order.
    pub(crate) fn path_parameters(&self) -> Vec<Parameter> {
        let names = self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        names
            .map(|name| {
                let blueprint = self.path.starts_with("/api/blueprints/") && name == "id";
                let uuid = !blueprint && !matches!(name, "action" | "digest" | "name");
                let format = uuid.then_some(SchemaFormat::KnownFormat(KnownFormat::Uuid));
                let text = ObjectBuilder::new().schema_type(Type::String).format(format);
                let help = match name {
                    _ if blueprint => "`plugin:blueprint`",
                    "action" => "The action's id",
                    "digest" => "SHA-256 of the component, in lower-case hex",
                    "name" => "The name that the plugin gave it",
                    _ => "UUID",
                };
                ParameterBuilder::new()
                    .name(name)
                    .parameter_in(ParameterIn::Path)
                    .required(Required::True)
                    .description(Some(help))
                    .schema(Some(text))
                    .build()
            })
            .collect()
    }

    /// Everything that can go wrong before and in the use case, by status.
    pub(crate) fn all_problems(&self) -> Vec<Code> {
        let mut codes = self.requirement.problems().to_vec();
        codes.extend_from_slice(&self.problems);
        if !matches!(self.body, Body::None) {
            codes.extend([
                Code::InvalidRequest,
                Code::ValidationFailed,
                Code::PayloadTooLarge,
                Code::UnsupportedMediaType,
                Code::DeadlineExceeded,
            ]);
        } else if !self.query.is_empty() || self.path.contains('{') {
            codes.push(Code::InvalidRequest);
        }
        if self.method != Method::GET {
            codes.push(Code::CrossSite);
        }
        if self.idempotent {
            codes.push(Code::IdempotencyMismatch);
        }
        codes.extend([Code::RateLimited, Code::Internal, Code::Unavailable]);
        codes.sort_by_key(|code| (code.status(), code.as_str()));
        codes.dedup();
        codes
    }

    /// The description in the document: prose, then who may.
    pub(crate) fn description(&self) -> String {
        let mut text = self.details.to_owned();
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&self.requirement.sentence());
        text
    }

    pub(crate) fn tagged(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }
}

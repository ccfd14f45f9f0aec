//! A server's files: lists and texts as JSON, everything else as bytes that pass through.
//!
//! What a tenant wrote never becomes a page of the panel: text travels inside JSON, and a download is an attachment of no
//! known type that browsers are told not to guess at.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{self, Caller, Flowing, OCTETS, Octets, Path, Query},
    guard::Preset,
    problem::EdgeError,
    route::{Requirement, Route},
    wire::{
        FileContentView, FileCopyInput, FileDeleteInput, FileDeletionView, FileDirectoryInput, FileListing,
        FileOutcome, FileQuery, FileRenameInput, FileSaveQuery, FileSaved, FileUploadQuery, SftpView,
    },
};
use axum::{
    Json,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use gantry_app::{BodyStream, FileUpload, MAX_TEXT, wire::MAX_UPLOAD};
use gantry_types::{ServerId, permission::Permission, problem::Code};
use http::{HeaderMap, HeaderValue, header};

/// What can be wrong with a path and the node it leads to.
const PATHS: &[Code] = &[
    Code::FileRefused,
    Code::NotInstalled,
    Code::OperationInProgress,
    Code::NodeUnreachable,
    Code::DeadlineExceeded,
];
/// What can be wrong with what is changed.
const CHANGES: &[Code] = &[Code::FileProtected];
/// What can be wrong with what is added.
const ROOM: &[Code] = &[Code::FileExists, Code::QuotaExceeded, Code::DiskFull];

const READ: Requirement = Requirement::Server(Permission::FilesRead);
const WRITE: Requirement = Requirement::Server(Permission::FilesWrite);

pub(super) fn routes() -> Vec<Route> {
    let mut routes = contents();
    routes.extend(names());
    routes
}

fn contents() -> Vec<Route> {
    vec![
        Route::get("/api/servers/{id}/files", "listFiles", "What is in a directory", Requirement::Server(Permission::FilesList), list)
            .details("Directories first, then by name; at most 5,000. Links are listed as links. A name that is not plain text is spelled as `%%` and its bytes, percent-encoded, here and in every path.")
            .query::<FileQuery>()
            .answers::<FileListing>()
            .fails(PATHS),
        Route::get("/api/servers/{id}/sftp", "serverSftp", "How the files are reached by SFTP", Requirement::Server(Permission::FilesList), sftp)
            .details("With what the caller has to show there, and why the door is closed where it is.")
            .answers::<SftpView>(),
        Route::get("/api/servers/{id}/files/content", "fileContent", "A text file of at most 1 MiB", READ, content)
            .preset(Preset::Files)
            .query::<FileQuery>()
            .answers::<FileContentView>()
            .fails(PATHS),
        Route::put("/api/servers/{id}/files/content", "saveFile", "Saves a file of at most 1 MiB as a whole", WRITE, save)
            .details("With the version that was read, so that nobody's change is overwritten unseen.")
            .preset(Preset::Files)
            .query::<FileSaveQuery>()
            .takes_bytes(OCTETS, MAX_TEXT)
            .answers::<FileSaved>()
            .fails(PATHS)
            .fails(CHANGES)
            .fails(ROOM)
            .fails(&[Code::FileChanged]),
        Route::get("/api/servers/{id}/files/download", "downloadFile", "A file as an attachment", READ, download)
            .preset(Preset::Files)
            .unhurried()
            .query::<FileQuery>()
            .answers_bytes(OCTETS)
            .fails(PATHS)
            .fails(&[Code::Overloaded]),
        Route::put("/api/servers/{id}/files/upload", "uploadFile", "Puts a file of at most 1 GiB in its place", WRITE, upload)
            .details("The directory must be there. Until all bytes have come, nothing is in the place.")
            .preset(Preset::Files)
            .flowing()
            .query::<FileUploadQuery>()
            .takes_bytes(OCTETS, usize::try_from(MAX_UPLOAD).unwrap_or(usize::MAX))
            .answers::<FileSaved>()
            .fails(PATHS)
            .fails(CHANGES)
            .fails(ROOM)
            .fails(&[Code::Overloaded]),
    ]
}

fn names() -> Vec<Route> {
    vec![
        Route::post(
            "/api/servers/{id}/files/directory",
            "makeDirectory",
            "Makes a directory",
            WRITE,
            make_directory,
        )
        .preset(Preset::Files)
        .takes::<FileDirectoryInput>()
        .answers::<FileOutcome>()
        .fails(PATHS)
        .fails(CHANGES)
        .fails(ROOM),
        Route::post(
            "/api/servers/{id}/files/rename",
            "renameFile",
            "Renames or moves a file or a directory",
            WRITE,
            rename,
        )
        .preset(Preset::Files)
        .takes::<FileRenameInput>()
        .answers::<FileOutcome>()
        .fails(PATHS)
        .fails(CHANGES)
        .fails(&[Code::FileExists]),
        Route::post(
            "/api/servers/{id}/files/copy",
            "copyFile",
            "Copies a file, or a directory with all that is in it",
            WRITE,
            copy,
        )
        .details("Links are copied as links; pipes, sockets, devices and mounts are left out and counted.")
        .preset(Preset::Files)
        .unhurried()
        .takes::<FileCopyInput>()
        .answers::<FileOutcome>()
        .fails(PATHS)
        .fails(CHANGES)
        .fails(ROOM),
        Route::post(
            "/api/servers/{id}/files/delete",
            "deleteFiles",
            "Deletes files, and directories with all that is in them",
            Requirement::Server(Permission::FilesDelete),
            delete,
        )
        .details(
            "Each path is tried, whatever becomes of the others, and the answer has an account of all of them. Of a single \
             path a refusal is a problem.",
        )
        .preset(Preset::Files)
        .unhurried()
        .takes::<FileDeleteInput>()
        .answers::<FileDeletionView>()
        .fails(PATHS)
        .fails(CHANGES),
    ]
}

async fn sftp(State(edge): State<Edge>, Caller(ctx): Caller, Path(id): Path<ServerId>) -> Answer<SftpView> {
    Ok(Json(edge.app().server_sftp(&ctx, id).await?))
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<FileQuery>,
) -> Answer<FileListing> {
    Ok(Json(edge.app().list_files(&ctx, id, &query.path).await?))
}

async fn content(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<FileQuery>,
) -> Answer<FileContentView> {
    Ok(Json(edge.app().file_content(&ctx, id, &query.path).await?))
}

async fn save(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<FileSaveQuery>,
    Octets(text): Octets,
) -> Answer<FileSaved> {
    Ok(Json(edge.app().save_file(&ctx, id, &query.path, query.version.as_deref(), text).await?))
}

async fn download(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<FileQuery>,
) -> Result<Response, EdgeError> {
    let file = edge.app().download_file(&ctx, id, &query.path).await?;
    passed_on(OCTETS, &file.name, Some(file.bytes), file.content)
}

/// Bytes of a node as an attachment.
pub(super) fn passed_on(
    kind: &'static str,
    name: &str,
    bytes: Option<u64>,
    content: BodyStream,
) -> Result<Response, EdgeError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(bytes) = bytes {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    }
    headers.insert(header::CONTENT_DISPOSITION, attachment(name)?);
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok((headers, Body::from_stream(content)).into_response())
}

/// An attachment's name by RFC 6266, every byte but the plainest escaped.
pub(super) fn attachment(name: &str) -> Result<HeaderValue, EdgeError> {
    let mut text = "attachment; filename*=UTF-8''".to_owned();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => text.push(char::from(byte)),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    HeaderValue::from_str(&text).map_err(|_| EdgeError::invalid("The file's name cannot be told."))
}

async fn upload(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    Query(query): Query<FileUploadQuery>,
    Flowing { length, content, broken }: Flowing,
) -> Answer<FileSaved> {
    let upload = FileUpload { path: query.path, replace: query.replace, length, content };
    let saved = edge.app().upload_file(&ctx, id, upload).await;
    Ok(Json(saved.map_err(|error| broken.reason(error))?))
}

async fn make_directory(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<FileDirectoryInput>,
) -> Answer<FileOutcome> {
    Ok(Json(edge.app().make_directory(&ctx, id, input).await?))
}

async fn rename(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<FileRenameInput>,
) -> Answer<FileOutcome> {
    Ok(Json(edge.app().rename_file(&ctx, id, input).await?))
}

async fn copy(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<FileCopyInput>,
) -> Answer<FileOutcome> {
    Ok(Json(edge.app().copy_file(&ctx, id, input).await?))
}

async fn delete(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<FileDeleteInput>,
) -> Answer<FileDeletionView> {
    Ok(Json(edge.app().delete_files(&ctx, id, input).await?))
}

//! Images by pull and by build.
//!
//! A built recipe is kept under a tag that is the digest of its text, and counts only if the label inside says the
//! same: a tag can be moved by anybody on the node, a label cannot.

use super::{DockerRuntime, errors, registries};
use crate::{
    error::RuntimeError,
    image::{ImageId, ImageProgress, MAX_LINE, ProgressSink, recipe_digest},
};
use bollard::{
    body_full,
    models::{BuildInfo, CreateImageInfo},
    query_parameters::{BuildImageOptions, CreateImageOptions},
};
use futures_util::{Stream, StreamExt};
use gantry_types::plan::{Image, RecipeFile};
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

/// Label that a built image carries.
const LABEL_RECIPE: &str = "gantry.recipe";
/// Most lines and bytes that a recipe may have.
const MAX_FILES: usize = 64;
const MAX_RECIPE_BYTES: usize = 1 << 20;
const MAX_REFERENCE: usize = 512;
/// Characters of a message of the engine that are kept.
const SAID: usize = 512;
/// Lines of output that a failure keeps.
const TAIL: usize = 40;
/// Memory of one step of a build, in bytes: as much as the engine's interface can say. Without it a recipe could take
/// all that the games beside it live on.
const BUILD_MEMORY: i32 = 2_047 << 20;
/// A build's share of the processor beside a game's 1,024.
const BUILD_CPU_SHARES: i32 = 256;
/// After this a pull or a build counts as failed.
const LONGEST: Duration = Duration::from_secs(45 * 60);

impl DockerRuntime {
    pub(super) async fn ensure(
        &self,
        image: &Image,
        progress: &dyn ProgressSink,
    ) -> Result<ImageId, RuntimeError> {
        match image {
            Image::Reference { reference } => {
                check_reference(reference)?;
                if let Some(id) = self.local(reference, None).await? {
                    return Ok(id);
                }
                registries::check(reference, &self.config.registries).await?;
                self.images.run(reference, progress, |sink| self.pull(reference, sink)).await
            }
            Image::Recipe { dockerfile, files } => {
                check_recipe(dockerfile, files)?;
                let digest = recipe_digest(dockerfile, files);
                let tag = format!("gantry/recipe:{digest}");
                if let Some(id) = self.local(&tag, Some(&digest)).await? {
                    return Ok(id);
                }
                for reference in registries::images_of(dockerfile)? {
                    check_reference(&reference)?;
                    if self.local(&reference, None).await?.is_none() {
                        registries::check(&reference, &self.config.registries).await?;
                    }
                }
                let context = context(dockerfile, files)?;
                let build = |sink| self.build(&tag, &digest, context.clone(), sink);
                self.images.run(&tag, progress, build).await
            }
        }
    }

    /// The image if the node has it, with the right label if there must be one.
    async fn local(&self, name: &str, recipe: Option<&str>) -> Result<Option<ImageId>, RuntimeError> {
        let image = match self.docker.inspect_image(name).await {
            Ok(image) => image,
            Err(error) if errors::status(&error) == Some(404) => return Ok(None),
            Err(error) => return Err(errors::engine("inspect image", error)),
        };
        let labels = image.config.and_then(|config| config.labels).unwrap_or_default();
        let fits = recipe.is_none_or(|digest| labels.get(LABEL_RECIPE).is_some_and(|label| label == digest));
        Ok(image.id.filter(|_| fits).map(ImageId))
    }

    async fn pull(&self, reference: &str, sink: Box<dyn ProgressSink + '_>) -> Result<ImageId, RuntimeError> {
        let options = CreateImageOptions {
            // Without a tag the engine would pull every tag there is.
            from_image: Some(with_tag(reference)),
            ..Default::default()
        };
        let steps = self.docker.create_image(Some(options), None, None);
        let mut pulled = Pulled::default();
        let failed = |message: String, tail: Tail| RuntimeError::Pull {
            reference: reference.to_owned(),
            message,
            log_tail: tail.0.into(),
        };
        let mut tail = Tail::default();
        match drive(steps, |step| pulled.take(step, &mut tail, sink.as_ref())).await {
            Ok(()) => {}
            Err(Failure::Engine(RuntimeError::Refused { message, .. })) | Err(Failure::Step(message)) => {
                tracing::info!(reference, said = %plain(&message), "an image cannot be pulled");
                return Err(failed(why_not(&message).to_owned(), tail));
            }
            Err(Failure::Late) => return Err(failed(late(), tail)),
            Err(Failure::Engine(error)) => return Err(error),
        }
        let local = self.local(reference, None).await?;
        local.ok_or_else(|| failed("the registry sent no image".to_owned(), tail))
    }

    async fn build(
        &self,
        tag: &str,
        digest: &str,
        context: bytes::Bytes,
        sink: Box<dyn ProgressSink + '_>,
    ) -> Result<ImageId, RuntimeError> {
        let options = BuildImageOptions {
            dockerfile: "Dockerfile".to_owned(),
            t: Some(tag.to_owned()),
            rm: true,
            forcerm: true,
            memory: Some(BUILD_MEMORY),
            // Memory and swap together: none of the latter.
            memswap: Some(BUILD_MEMORY),
            cpushares: Some(BUILD_CPU_SHARES),
            labels: Some(HashMap::from([(LABEL_RECIPE.to_owned(), digest.to_owned())])),
            ..Default::default()
        };
        let steps = self.docker.build_image(options, None, Some(body_full(context)));
        let mut tail = Tail::default();
        let failed = |message: String, tail: Tail| RuntimeError::Build { message, log_tail: tail.0.into() };
        match drive(steps, |step| built(step, &mut tail, sink.as_ref())).await {
            Ok(()) => {}
            Err(Failure::Engine(RuntimeError::Refused { message, .. })) | Err(Failure::Step(message)) => {
                return Err(failed(plain(&message), tail));
            }
            Err(Failure::Late) => return Err(failed(late(), tail)),
            Err(Failure::Engine(error)) => return Err(error),
        }
        let local = self.local(tag, Some(digest)).await?;
        local.ok_or_else(|| failed("the build ended without an image".to_owned(), tail))
    }
}

enum Failure {
    Engine(RuntimeError),
    Step(String),
    Late,
}

fn late() -> String {
    format!("it took longer than {} minutes", LONGEST.as_secs() / 60)
}

/// What a registry or the engine says, for one line of a log or of a failure.
fn plain(message: &str) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    message.chars().take(SAID).map(plain).collect()
}

/// Why an image was not pulled, in words of our own. What is behind a registry's name may be anything, and its answer stands
/// in the engine's message: whoever chose the name must not be able to read there what others say to this machine.
fn why_not(message: &str) -> &'static str {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["manifest unknown", "not found", "repository does not exist", "name unknown"]) {
        "its registry has no such image or tag, or shows it only to whom it knows"
    } else if says(&["toomanyrequests", "too many requests", "rate limit"]) {
        "its registry takes no more requests from this node for now"
    } else if says(&["denied", "unauthorized", "authentication required", "forbidden"]) {
        "its registry shows it only to whom it knows"
    } else if says(&["no matching manifest", "does not match the specified platform"]) {
        "it is not made for this node's processor"
    } else if says(&["no space left"]) {
        "the node's disk is full"
    } else if says(&[
        "no such host",
        "connection refused",
        "timeout",
        "deadline exceeded",
        "unreachable",
        "certificate",
        "tls:",
        "x509",
        "http response to https",
    ]) {
        "its registry cannot be reached"
    } else {
        "its registry does not answer as one; the daemon's log has more"
    }
}

/// Runs through the steps until one fails or the time is over.
async fn drive<T>(
    steps: impl Stream<Item = Result<T, bollard::errors::Error>>,
    mut take: impl FnMut(T) -> Result<(), String>,
) -> Result<(), Failure> {
    let all = async {
        let mut steps = std::pin::pin!(steps);
        while let Some(step) = steps.next().await {
            let step = step.map_err(|error| Failure::Engine(errors::engine("get an image", error)))?;
            take(step).map_err(Failure::Step)?;
        }
        Ok(())
    };
    tokio::time::timeout(LONGEST, all).await.map_err(|_| Failure::Late)?
}

/// The last lines of output.
#[derive(Default)]
struct Tail(VecDeque<String>);

impl Tail {
    fn push(&mut self, line: &str) {
        if self.0.len() == TAIL {
            self.0.pop_front();
        }
        self.0.push_back(line.to_owned());
    }
}

fn built(step: BuildInfo, tail: &mut Tail, sink: &dyn ProgressSink) -> Result<(), String> {
    for text in [step.stream, step.status].into_iter().flatten() {
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let line = cut(line);
            tail.push(line);
            sink.report(ImageProgress::Line(line.to_owned()));
        }
    }
    step.error_detail.map_or(Ok(()), |error| Err(error.message.unwrap_or_default()))
}

/// How far each layer is.
#[derive(Default)]
struct Pulled {
    layers: HashMap<String, (u64, u64)>,
}

impl Pulled {
    fn take(
        &mut self,
        step: CreateImageInfo,
        tail: &mut Tail,
        sink: &dyn ProgressSink,
    ) -> Result<(), String> {
        if let Some(error) = step.error_detail {
            return Err(error.message.unwrap_or_default());
        }
        let status = step.status.unwrap_or_default();
        let positive =
            |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).filter(|n| *n > 0);
        let detail = step.progress_detail.unwrap_or_default();
        match (step.id, positive(detail.current), positive(detail.total)) {
            (Some(layer), Some(done), Some(total)) if status == "Downloading" => {
                self.layers.insert(layer, (done, total));
                let sum = |(done, total), (one, of): &(u64, u64)| (done + one, total + of);
                let (done, total) = self.layers.values().fold((0, 0), sum);
                sink.report(ImageProgress::Bytes { done, total });
            }
            (_, Some(_), _) | (_, _, Some(_)) => {}
            (layer, None, None) => {
                let line = layer.map_or_else(|| status.clone(), |layer| format!("{layer}: {status}"));
                tail.push(cut(&line));
                sink.report(ImageProgress::Line(cut(&line).to_owned()));
            }
        }
        Ok(())
    }
}

fn cut(line: &str) -> &str {
    &line[..line.floor_char_boundary(MAX_LINE)]
}

fn check_reference(reference: &str) -> Result<(), RuntimeError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"./:@_-".contains(&byte);
    let begins = reference.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if begins && reference.len() <= MAX_REFERENCE && reference.bytes().all(allowed) {
        Ok(())
    } else {
        Err(RuntimeError::InvalidImage(format!("{:?} is not an image reference", cut(reference))))
    }
}

fn with_tag(reference: &str) -> String {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    if name.contains([':', '@']) { reference.to_owned() } else { format!("{reference}:latest") }
}

fn check_recipe(dockerfile: &str, files: &[RecipeFile]) -> Result<(), RuntimeError> {
    let bytes =
        dockerfile.len() + files.iter().map(|file| file.path.len() + file.content.len()).sum::<usize>();
    if files.len() > MAX_FILES || bytes > MAX_RECIPE_BYTES {
        return Err(RuntimeError::InvalidImage(format!(
            "a recipe has at most {MAX_FILES} files and {MAX_RECIPE_BYTES} bytes"
        )));
    }
    match files.iter().find(|file| !is_context_path(&file.path)) {
        Some(file) => {
            Err(RuntimeError::InvalidImage(format!("{:?} cannot be a file of a recipe", cut(&file.path))))
        }
        None => Ok(()),
    }
}

fn is_context_path(path: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.len() <= 100;
    path.len() <= 200
        && path.split('/').all(part)
        && !path.contains(['\0', '\\'])
        && path != "Dockerfile"
        && path != ".dockerignore"
}

/// The build context as a tar archive that is the same for the same recipe.
fn context(dockerfile: &str, files: &[RecipeFile]) -> Result<bytes::Bytes, RuntimeError> {
    let mut archive = tar::Builder::new(Vec::new());
    let recipe = std::iter::once(("Dockerfile", dockerfile));
    let all = recipe.chain(files.iter().map(|file| (file.path.as_str(), file.content.as_str())));
    let mut append = |path: &str, content: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(if content.starts_with("#!") { 0o755 } else { 0o644 });
        archive.append_data(&mut header, path, content.as_bytes())
    };
    let written = all.into_iter().try_for_each(|(path, content)| append(path, content));
    let whole = written.and_then(|()| archive.into_inner());
    whole
        .map(Into::into)
        .map_err(|error| RuntimeError::InvalidImage(format!("its files cannot be packed: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_that_could_smuggle_parameters_are_refused() {
        for good in ["debian:bookworm-slim", "ghcr.io/a/b@sha256:00ff", "localhost:5000/x"] {
            assert!(check_reference(good).is_ok(), "{good}");
        }
        for bad in ["", " debian", "a&fromSrc=b", "a?b", "-a", "a\nb", "a b"] {
            assert!(check_reference(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn why_an_image_is_not_there_is_said_in_our_own_words() {
        let said = "Error response from daemon: manifest for a/b:9 not found: manifest unknown: secret";
        assert!(why_not(said).contains("no such image or tag"));
        assert!(why_not("dial tcp 127.0.0.1:1: connect: connection refused").contains("cannot be reached"));
        assert!(why_not("denied: INTERNAL-SECRET-BODY").contains("to whom it knows"));
        assert!(why_not("error parsing HTTP 418 response body: INTERNAL").contains("does not answer as one"));
        assert!(plain(&"\u{1b}\n".repeat(SAID)).chars().all(|letter| letter == ' '));
    }

    #[test]
    fn a_reference_without_tag_means_latest() {
        assert_eq!(with_tag("localhost:5000/x"), "localhost:5000/x:latest");
        assert_eq!(with_tag("x:1"), "x:1");
        assert_eq!(with_tag("x@sha256:00"), "x@sha256:00");
    }

    #[test]
    fn recipe_files_stay_inside_the_context() {
        for bad in ["", "/etc/passwd", "../x", "a//b", "a/./b", "Dockerfile", ".dockerignore"] {
            assert!(!is_context_path(bad), "{bad}");
        }
        assert!(is_context_path("scripts/run.sh"));
    }
}

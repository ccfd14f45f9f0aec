//! How far a plan may go: what it has the node do must have been asked for and granted.
//!
//! Plans of 0.1 come from a contract that had no such capabilities; they may what they always could.

use gantry_types::hosts;
use gantry_types::plan::{Action, Image, InstallPlan, StepUser};
use url::Url;

use crate::capability::{CONTAINER_ROOT, CONTAINER_RUN, DOWNLOAD, IMAGE_BUILD};
use crate::error::{CallError, PluginFailure};
use crate::generations::Generation;
use crate::plugin::Plugin;

impl Plugin {
    /// The plan, with the hosts that its downloads are held to, or what is missing.
    pub(crate) fn allowed_plan(&self, mut plan: InstallPlan) -> Result<InstallPlan, CallError> {
        if self.0.generation == Generation::V0_1 {
            return Ok(plan);
        }
        for step in &mut plan.steps {
            let place = format!("the step {:?}", step.title);
            match &mut step.action {
                Action::Download(download) => {
                    self.may(DOWNLOAD, &place, "downloads")?;
                    let named = self.manifest().hosts(DOWNLOAD);
                    let url = Url::parse(&download.url).ok().filter(|url| url.port().is_none());
                    let host = url.as_ref().and_then(Url::host_str);
                    if !host.is_some_and(|host| hosts::allows(&named, host)) {
                        return Err(beyond(format!(
                            "{place} downloads {:?}, and the plugin's manifest does not name that host under `download`",
                            download.url
                        )));
                    }
                    download.hosts = named;
                }
                Action::BuildImage { image } => self.allowed_image(image, &place)?,
                Action::Run(run) => {
                    self.may(CONTAINER_RUN, &place, "runs a command")?;
                    if run.user == StepUser::Root {
                        self.may(CONTAINER_ROOT, &place, "runs a command as root")?;
                    }
                    self.allowed_image(&run.image, &place)?;
                }
                Action::Extract(_)
                | Action::Write(_)
                | Action::EditConfig(_)
                | Action::MakeDirectory { .. }
                | Action::Remove { .. }
                | Action::Copy { .. }
                | Action::Move { .. }
                | Action::SetMode { .. }
                | Action::Link { .. } => {}
            }
        }
        Ok(plan)
    }

    /// Whether an image may be used: building one takes a capability, and naming one does not.
    pub(crate) fn allowed_image(&self, image: &Image, place: &str) -> Result<(), CallError> {
        match image {
            Image::Recipe { .. } if self.0.generation != Generation::V0_1 => {
                self.may(IMAGE_BUILD, place, "builds an image")
            }
            Image::Recipe { .. } | Image::Reference { .. } => Ok(()),
        }
    }

    fn may(&self, capability: &'static str, place: &str, does: &str) -> Result<(), CallError> {
        if self.grants().contains(capability) {
            return Ok(());
        }
        let why = if self.manifest().asks_for(capability) {
            format!(
                "an administrator has not granted the capability `{capability}` to this version of the plugin"
            )
        } else {
            format!(
                "its manifest does not ask for the capability `{capability}`; its author must add it with a reason"
            )
        };
        Err(beyond(format!("{place} {does}: {why}")))
    }
}

fn beyond(message: String) -> CallError {
    CallError::Failed(PluginFailure { code: "capability_denied".to_owned(), message, retry_after: None })
}

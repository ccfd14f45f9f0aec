//! A document for one server: every template filled, every choice and condition settled, every script run.
//!
//! What a script answers is taken as it is: a value in it is never read as a template, since it may come from people.

use crate::{
    Fault,
    script::Scripts,
    server::{Local, Server},
    verbatim,
};
use gantry_document::{
    Document,
    model::{
        Choose, ConfigEdit, Copy, Digest, Download, Edit, Effect, Extract, HttpProbe, ImageText, Install,
        Link, Mode, Probe, Run, RunStep, Step, StopStep, Text, Write,
    },
    template::Template,
};
use std::collections::BTreeMap;

/// Fills parts of a document for one server.
#[derive(Debug)]
pub struct Filler<'a> {
    document: &'a Document,
    server: &'a Server,
    scripts: Scripts<'a>,
    local: Local,
}

type Filled<T> = Result<T, Fault>;

/// What a filled text says.
#[must_use]
pub fn plain(text: &Text) -> &str {
    match text {
        Text::Template(text) | Text::Literal(text) => text,
        Text::Choose(_) | Text::Script(_) => "",
    }
}

impl<'a> Filler<'a> {
    /// For what a document says of this server.
    #[must_use]
    pub fn new(document: &'a Document, server: &'a Server, local: Local) -> Self {
        Self { document, server, scripts: Scripts::new(document), local }
    }

    /// The text for this server.
    ///
    /// # Errors
    /// What a filter or a script refuses.
    pub fn text(&self, at: &str, text: &Text) -> Filled<String> {
        match text {
            Text::Literal(text) => Ok(text.clone()),
            Text::Template(template) => {
                let template = Template::parse(template).map_err(|error| Fault::new(at, error.0))?;
                let value = |place: &_| self.server.value(place, &self.local);
                template.fill(&value).map_err(|error| Fault::new(at, error.0))
            }
            Text::Script(script) => {
                self.scripts.text(&format!("{at}.script"), script, self.server, &self.local)
            }
            Text::Choose(choose) => {
                let Choose { choose, from, otherwise } = choose.as_ref();
                let case = self.text(&format!("{at}.choose"), choose)?;
                match from.get(&case).or(otherwise.as_ref()) {
                    Some(text) => self.text(&format!("{at}.from.{case}"), text),
                    None => {
                        Err(Fault::new(at, "it says nothing for what was chosen, and has no `otherwise`"))
                    }
                }
            }
        }
    }

    fn filled(&self, at: &str, text: &Text) -> Filled<Text> {
        self.text(at, text).map(Text::literal)
    }

    fn option(&self, at: &str, text: Option<&Text>) -> Filled<Option<Text>> {
        text.map(|text| self.filled(at, text)).transpose()
    }

    fn texts(&self, at: &str, texts: &BTreeMap<String, Text>) -> Filled<BTreeMap<String, Text>> {
        texts
            .iter()
            .map(|(key, text)| Ok((key.clone(), self.filled(&format!("{at}.{key}"), text)?)))
            .collect()
    }

    fn list(&self, at: &str, texts: &[Text]) -> Filled<Vec<Text>> {
        texts.iter().enumerate().map(|(number, text)| self.filled(&format!("{at}[{number}]"), text)).collect()
    }

    pub(crate) fn holds(&self, at: &str, when: Option<&str>) -> Filled<bool> {
        let condition =
            |script| self.scripts.condition(&format!("{at}.when"), script, self.server, &self.local);
        when.map_or(Ok(true), condition)
    }

    /// The plan of the installation.
    ///
    /// # Errors
    /// What cannot be filled, with its place.
    pub fn install(&self) -> Filled<Install> {
        let mut steps = Vec::new();
        for (number, step) in self.document.install.steps.iter().enumerate() {
            self.step(&format!("install.steps[{number}]"), step, &mut steps)?;
        }
        for (number, step) in steps.iter_mut().enumerate() {
            step.id.get_or_insert_with(|| format!("step-{}", number + 1));
        }
        Ok(Install {
            version: self.option("install.version", self.document.install.version.as_ref())?,
            steps,
        })
    }

    fn step(&self, at: &str, step: &Step, steps: &mut Vec<Step>) -> Filled<()> {
        if !self.holds(at, step.when.as_deref())? {
            return Ok(());
        }
        if let Some(script) = &step.script {
            let at = format!("{at}.script");
            let answered: Vec<Step> = self.scripts.list(&at, script, self.server, &self.local)?;
            steps.extend(answered.into_iter().map(|step| Step {
                when: None,
                script: None,
                ..verbatim::step(step)
            }));
            return Ok(());
        }
        let path = |name: &str, text: &Option<Text>| self.option(&format!("{at}.{name}"), text.as_ref());
        let pair = |name: &str, copy: &Option<Copy>| -> Filled<Option<Copy>> {
            let fill = |copy: &Copy| {
                Ok(Copy {
                    from: self.filled(&format!("{at}.{name}.from"), &copy.from)?,
                    to: self.filled(&format!("{at}.{name}.to"), &copy.to)?,
                })
            };
            copy.as_ref().map(fill).transpose()
        };
        let edit = match &step.edit {
            Some(edit) => match self.config_edit(&format!("{at}.edit"), edit)? {
                Some(edit) => Some(edit),
                None => return Ok(()),
            },
            None => None,
        };
        steps.push(Step {
            title: self.filled(&format!("{at}.title"), &step.title)?,
            id: step.id.clone(),
            weight: step.weight,
            may_fail: step.may_fail,
            when: None,
            download: step
                .download
                .as_ref()
                .map(|each| self.download(&format!("{at}.download"), each))
                .transpose()?,
            extract: step
                .extract
                .as_ref()
                .map(|each| self.extract(&format!("{at}.extract"), each))
                .transpose()?,
            write: step.write.as_ref().map(|each| self.write(&format!("{at}.write"), each)).transpose()?,
            edit,
            image: step.image.as_ref().map(|each| self.image(&format!("{at}.image"), each)).transpose()?,
            run: step.run.as_ref().map(|each| self.run_step(&format!("{at}.run"), each)).transpose()?,
            make_directory: path("make-directory", &step.make_directory)?,
            remove: path("remove", &step.remove)?,
            copy: pair("copy", &step.copy)?,
            move_to: pair("move", &step.move_to)?,
            set_mode: match &step.set_mode {
                Some(mode) => Some(Mode {
                    path: self.filled(&format!("{at}.set-mode"), &mode.path)?,
                    mode: mode.mode.clone(),
                }),
                None => None,
            },
            link: match &step.link {
                Some(link) => Some(Link {
                    path: self.filled(&format!("{at}.link.path"), &link.path)?,
                    target: self.filled(&format!("{at}.link.target"), &link.target)?,
                }),
                None => None,
            },
            script: None,
        });
        Ok(())
    }

    fn download(&self, at: &str, download: &Download) -> Filled<Download> {
        let digest = |digest: &Digest| {
            Ok(Digest {
                sha256: self.option(at, digest.sha256.as_ref())?,
                sha512: self.option(at, digest.sha512.as_ref())?,
                sha1: self.option(at, digest.sha1.as_ref())?,
            })
        };
        Ok(Download {
            url: self.filled(&format!("{at}.url"), &download.url)?,
            path: self.filled(&format!("{at}.path"), &download.path)?,
            expect: download.expect.as_ref().map(digest).transpose()?,
            max_mib: download.max_mib,
        })
    }

    fn extract(&self, at: &str, extract: &Extract) -> Filled<Extract> {
        let archive = self.filled(&format!("{at}.archive"), &extract.archive)?;
        Ok(Extract { archive, into: self.filled(&format!("{at}.into"), &extract.into)?, ..extract.clone() })
    }

    fn write(&self, at: &str, write: &Write) -> Filled<Write> {
        let path = self.filled(&format!("{at}.path"), &write.path)?;
        Ok(Write { path, content: self.filled(&format!("{at}.content"), &write.content)?, ..write.clone() })
    }

    fn run_step(&self, at: &str, run: &RunStep) -> Filled<RunStep> {
        Ok(RunStep {
            image: self.image(&format!("{at}.image"), &run.image)?,
            command: self.list(&format!("{at}.command"), &run.command)?,
            environment: self.texts(&format!("{at}.environment"), &run.environment)?,
            files: self.texts(&format!("{at}.files"), &run.files)?,
            ..run.clone()
        })
    }

    fn image(&self, at: &str, image: &ImageText) -> Filled<ImageText> {
        Ok(match image {
            ImageText::Reference(text) => ImageText::Reference(self.filled(at, text)?),
            ImageText::Recipe(recipe) => ImageText::Recipe(recipe.clone()),
        })
    }

    /// How it runs.
    ///
    /// # Errors
    /// What cannot be filled, with its place.
    pub fn run(&self) -> Filled<Run> {
        let run = &self.document.run;
        let mut edits = Vec::new();
        for (number, edit) in run.edits.iter().enumerate() {
            edits.extend(self.config_edit(&format!("run.edits[{number}]"), edit)?);
        }
        let mut ready = Vec::new();
        for (number, probe) in run.ready.iter().enumerate() {
            let at = format!("run.ready[{number}]");
            if self.holds(&at, probe.when.as_deref())? {
                ready.push(self.probe(&at, probe)?);
            }
        }
        let stop = run.stop.iter().enumerate().map(|(number, step)| {
            let command = self.option(&format!("run.stop[{number}].command"), step.command.as_ref())?;
            Ok(StopStep { command, ..step.clone() })
        });
        Ok(Run {
            image: self.image("run.image", &run.image)?,
            command: self.list("run.command", &run.command)?,
            environment: self.texts("run.environment", &run.environment)?,
            edits,
            ready,
            stop: stop.collect::<Filled<_>>()?,
            ..run.clone()
        })
    }

    fn probe(&self, at: &str, probe: &Probe) -> Filled<Probe> {
        let http = |http: &HttpProbe| {
            Ok(HttpProbe {
                endpoint: http.endpoint.clone(),
                path: self.filled(&format!("{at}.http.path"), &http.path)?,
            })
        };
        Ok(Probe { http: probe.http.as_ref().map(http).transpose()?, when: None, ..probe.clone() })
    }

    /// Edits of a file; nothing where its condition is not true.
    ///
    /// # Errors
    /// What cannot be filled, with its place.
    pub fn config_edit(&self, at: &str, edit: &ConfigEdit) -> Filled<Option<ConfigEdit>> {
        if !self.holds(at, edit.when.as_deref())? {
            return Ok(None);
        }
        let mut edits = Vec::new();
        for (place, value) in &edit.set {
            let value = self.filled(&format!("{at}.set.{place}"), value)?;
            edits.push(Edit { at: Text::literal(place), value, ..Edit::default() });
        }
        for (number, each) in edit.edits.iter().enumerate() {
            let at = format!("{at}.edits[{number}]");
            if self.holds(&at, each.when.as_deref())? {
                edits.push(Edit {
                    at: self.filled(&format!("{at}.at"), &each.at)?,
                    value: self.filled(&format!("{at}.value"), &each.value)?,
                    if_equals: self.option(&format!("{at}.if-equals"), each.if_equals.as_ref())?,
                    when: None,
                    ..each.clone()
                });
            }
        }
        if let Some(script) = &edit.script {
            let answered: Vec<Edit> =
                self.scripts.list(&format!("{at}.script"), script, self.server, &self.local)?;
            edits.extend(answered.into_iter().map(verbatim::edit));
        }
        let path = self.filled(&format!("{at}.path"), &edit.path)?;
        Ok(Some(ConfigEdit { path, edits, set: BTreeMap::new(), script: None, when: None, ..edit.clone() }))
    }

    /// What is done to the running game.
    ///
    /// # Errors
    /// What cannot be filled, with its place.
    pub fn effects(&self, at: &str, effects: &[Effect]) -> Filled<Vec<Effect>> {
        let mut filled = Vec::new();
        for (number, effect) in effects.iter().enumerate() {
            let at = format!("{at}[{number}]");
            if !self.holds(&at, effect.when.as_deref())? {
                continue;
            }
            let edit = match &effect.edit {
                Some(edit) => match self.config_edit(&format!("{at}.edit"), edit)? {
                    Some(edit) => Some(edit),
                    None => continue,
                },
                None => None,
            };
            filled.push(Effect {
                command: self.option(&format!("{at}.command"), effect.command.as_ref())?,
                message: self.option(&format!("{at}.message"), effect.message.as_ref())?,
                edit,
                when: None,
                ..effect.clone()
            });
        }
        Ok(filled)
    }

    pub(crate) fn condition(&self, at: &str, script: &str) -> Filled<bool> {
        self.scripts.condition(at, script, self.server, &self.local)
    }
}

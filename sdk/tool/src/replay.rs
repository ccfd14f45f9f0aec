//! `gantry plugin replay`: a call that failed elsewhere, once more and at one's own desk.
//!
//! The record has the question, the digest of the component and everything that the call was told, so that the same component
//! does the same again. With another build of it, the answer says whether the failure is gone.

use crate::{
    cli::ReplayArgs,
    desk::Desk,
    embedded::put,
    fault::{Fault, for_author, remedy_of},
    origin::Origin,
    source::Source,
    standing::Standing,
    terminal::Verdict,
};
use gantry_host::{
    Lent,
    record::{Ended, Record},
};
use serde_json::json;
use std::{fmt::Write as _, fs, path::Path};

/// Keeps the record of a call beside others; the fault then says how it is asked again.
pub(crate) fn keep(folder: &Path, record: &Record, fault: Fault) -> Fault {
    let text = record.to_lines();
    let name = &hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&text))[..12];
    let file = folder.join(format!("{}-{name}.jsonl", record.plugin));
    match put(&file, text.as_bytes()) {
        Ok(()) => {
            let remedy =
                format!("{} The call is kept: `gantry plugin replay {}`.", fault.remedy, file.display());
            Fault { remedy, ..fault }
        }
        // The fault itself says more than that it could not be kept.
        Err(_) => fault,
    }
}

pub(crate) async fn replay(desk: &Desk, asked: &ReplayArgs) -> Result<Verdict, Fault> {
    let unreadable =
        |error: std::io::Error| Fault::io(format!("{} cannot be read", asked.record.display()), &error);
    let text = fs::read_to_string(&asked.record).map_err(unreadable)?;
    let record = Record::from_lines(&text).map_err(|error| {
        let remedy = "Take the file that the host wrote, whole.";
        Fault::new("record", error.message, remedy).at(format!("{}:{}", asked.record.display(), error.line))
    })?;
    if record.is_cut {
        let (what, remedy) = (
            "the call was told more than the host keeps of one, so that it cannot be told the same again",
            "Read the record, which has the question; ask the plugin something smaller that fails alike.",
        );
        return Err(Fault::new("record", what.to_owned(), remedy).at(asked.record.display()));
    }
    let source = Source::at(desk, asked.component.as_deref().unwrap_or(&asked.folder)).await?;
    let standing = Standing::load(desk, source.component, Origin::of(&asked.folder)).await?;
    let is_same_component = standing.plugin.digest() == record.digest;
    if !is_same_component {
        desk.terminal.warn("this is another component than the record's; what it does may differ");
    }
    let call = standing.call(Lent::default());
    let replayed = standing.plugin.replay(&call, &record).await;
    let log = standing.log.take();
    let is_same =
        replayed.ended == record.ended && replayed.strange.is_empty() && replayed.unasked.is_empty();
    let manifest = standing.plugin.manifest();
    let value = json!({
        "ok": is_same, "same": is_same, "sameComponent": is_same_component,
        "plugin": record.plugin, "version": record.version, "asked": manifest.version, "question": record.question,
        "recorded": record.ended, "ended": replayed.ended,
        "strange": replayed.strange, "unasked": replayed.unasked, "log": log,
    });
    let mut words = String::new();
    let mut line = |text: String| {
        // Text grows without fault.
        writeln!(words, "{text}").ok();
    };
    line(format!("{} {}: {}", manifest.id, manifest.version, told(&replayed.ended)));
    log.iter().for_each(|text| line(format!("  log: {}", standing.origin.placed(text))));
    replayed.strange.iter().for_each(|text| line(format!("  it asks what was not recorded: {text}")));
    replayed.unasked.iter().for_each(|told| line(format!("  it does not ask: {} {}", told.call, told.given)));
    line(if is_same {
        format!("It ends as recorded of version {}.", record.version)
    } else {
        format!("It ends otherwise than recorded of version {}: {}", record.version, told(&record.ended))
    });
    if let Ended::Stopped { reason, .. } = &replayed.ended {
        line(format!("  → {}", remedy_of(reason, &standing.origin)));
    }
    desk.terminal.answer(&value, &words)?;
    Ok(if is_same { Verdict::Good } else { Verdict::Bad })
}

fn told(ended: &Ended) -> String {
    match ended {
        Ended::Answer(answer) => format!("answers {answer}"),
        Ended::Failed { code, message } => format!("says no: {message} ({code})"),
        Ended::Stopped { message, .. } => for_author(message).to_owned(),
        Ended::Host { message } => message.clone(),
    }
}

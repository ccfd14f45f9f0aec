//! What a script answers, as it is: a value in it may come from people, and is never read as a template.

use gantry_document::model::{Digest, Edit, ImageText, Step, Text};

/// A template that a script answered is text.
fn as_it_is(text: &mut Text) {
    if let Text::Template(template) = text {
        *text = Text::literal(std::mem::take(template));
    }
}

pub(crate) fn edit(mut edit: Edit) -> Edit {
    as_it_is(&mut edit.at);
    as_it_is(&mut edit.value);
    edit.if_equals.iter_mut().for_each(as_it_is);
    Edit { when: None, ..edit }
}

pub(crate) fn step(mut step: Step) -> Step {
    as_it_is(&mut step.title);
    let image = |image: &mut ImageText| {
        if let ImageText::Reference(text) = image {
            as_it_is(text);
        }
    };
    if let Some(download) = &mut step.download {
        as_it_is(&mut download.url);
        as_it_is(&mut download.path);
        if let Some(Digest { sha256, sha512, sha1 }) = &mut download.expect {
            [sha256, sha512, sha1].into_iter().flatten().for_each(as_it_is);
        }
    }
    if let Some(extract) = &mut step.extract {
        as_it_is(&mut extract.archive);
        as_it_is(&mut extract.into);
    }
    if let Some(write) = &mut step.write {
        as_it_is(&mut write.path);
        as_it_is(&mut write.content);
    }
    if let Some(edit) = &mut step.edit {
        as_it_is(&mut edit.path);
        let set = std::mem::take(&mut edit.set).into_iter();
        let all = set.map(|(at, value)| Edit { at: Text::literal(at), value, ..Edit::default() });
        edit.edits = all.chain(std::mem::take(&mut edit.edits)).map(self::edit).collect();
    }
    step.image.iter_mut().for_each(image);
    if let Some(run) = &mut step.run {
        image(&mut run.image);
        run.command
            .iter_mut()
            .chain(run.environment.values_mut())
            .chain(run.files.values_mut())
            .for_each(as_it_is);
    }
    step.make_directory.iter_mut().chain(step.remove.iter_mut()).for_each(as_it_is);
    for copy in step.copy.iter_mut().chain(step.move_to.iter_mut()) {
        as_it_is(&mut copy.from);
        as_it_is(&mut copy.to);
    }
    step.set_mode.iter_mut().for_each(|mode| as_it_is(&mut mode.path));
    if let Some(link) = &mut step.link {
        as_it_is(&mut link.path);
        as_it_is(&mut link.target);
    }
    step
}
